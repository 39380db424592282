#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Are the tables of published values what they say, and Table 4.2 in Documentation that of its
# values and ours? Prints what is wrong.

cd "$(dirname "$0")/../published" || exit 2
awk -F , '
	function wrong(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
	FILENAME == "sources.csv" { source[$1] = 1; next }
	FNR == 1 {
		if ($0 != "id,source,section,condition,value,unit,kind")
			wrong("another head")
		next
	}
	NF != 7 { wrong("not 7 columns"); next }
	$1 ".csv" != FILENAME { wrong("the id is not that of the file") }
	!($2 in source) { wrong("no such source") }
	$4 == "" || $5 == "" { wrong("no condition, or no value") }
	($7 == "number") != ($5 ~ /^-?[0-9]+([.][0-9]+)?$/) { wrong("number or text?") }
	$7 != "number" && $7 != "text" { wrong("a kind is number or text") }
	($1, $4) in seen { wrong("twice the same condition") }
	{ seen[$1, $4] = 1 }
	END { exit bad }' sources.csv [!s]*.csv || exit 1

# All of the others have the same, but for 0.1; and the table has one digit.
awk -F , '
	function wrong(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
	FNR == 1 { files++ }
	files == 1 && $4 ~ /domain=/ { value[$4, "published"] = $5 }
	files == 2 && $1 == "t4.2" { value[$2, "here"] = $3 }
	files == 3 && /^ (4\/10 ms|others), (published|here|idle|fair) / {
		rows++
		n = split($0, word, / +/)
		who = word[2] == "others," ? word[3] : word[4]
		extra = who ~ /idle|fair/ ? "extra=" who " " : ""
		others = word[2] == "others,"
		for (i = 0; i <= 5 - others; i++) {
			is = word[n - 5 + others + i]
			at = "others=" i + others " " extra "domain=" (others ? 1 : "rt")
			if (extra)
				who = "here"
			if (!((at, who) in value) || is - value[at, who] > 0.11 || value[at, who] - is > 0.11)
				wrong(at ", " who ": " is " is not " value[at, who])
		}
	}
	END { exit bad || rows != 8 }' t4.2.csv ../test/kernel.csv \
	../../Documentation/scheduler/sched-deadline-reservation.rst
