# SPDX-License-Identifier: GPL-2.0
#
# The model's lines of "reclaim" as a table, set apart by tabs: a line for each set, and
# the jobs missed, in percent, with and without extra time and reclaiming. Sets of which no
# job is missed are left out.

BEGIN {
	FS = ","
	OFS = "\t"
	EXTRAS = split("none fair idle", extra, " ")
	WAYS = split("no cash any", way, " ")
	printf "set"
	for (e = 1; e <= EXTRAS; e++)
		for (w = 1; w <= WAYS; w++)
			printf "\t%s, %s", extra[e], way[w] == "no" ? "cbs" : way[w]
	printf "\n"
}

$1 == "reclaim" {
	set = $2
	sub(/ extra=.*/, "", set)
	if (!(set in missed))
		order[++sets] = set
	missed[set] += $3
	value[$2] = $3
}

END {
	for (i = 1; i <= sets; i++) {
		if (!missed[order[i]])
			continue
		line = order[i]
		for (e = 1; e <= EXTRAS; e++)
			for (w = 1; w <= WAYS; w++)
				line = line sprintf("\t%.2f", value[order[i] " extra=" extra[e] " reclaim=" way[w]])
		print line
	}
}
