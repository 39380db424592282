#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Are the tables of published values what they say? Prints what is wrong.

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
	END { exit bad }' sources.csv [!s]*.csv
