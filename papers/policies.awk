# SPDX-License-Identifier: GPL-2.0
#
# From a file OUT/ID.csv with conditions "WHAT policy=NAME", a table as it was published: a
# line for each WHAT, a column for each policy, and of the kernel's one, in this order.

BEGIN {
	FS = ","
	OFS = "\t"
}

FNR == 1 {
	for (i = 1; i <= NF; i++)
		column[$i] = i
	next
}

{
	at = match($2, / policy=/)
	if (!at)
		next
	what = substr($2, 1, at - 1) ", " $3
	policy = substr($2, at + 8)
	number = $column["published"]
	if (number == "" && ("kernel" in column)) {
		number = $column["kernel"]
		policy = policy " (kernel)"
	}
	if (!(what in lines)) {
		lines[what]
		name[++nr] = what
	}
	if (!(policy in policies)) {
		policies[policy]
		order[++columns] = policy
	}
	value[what, policy] = number == "" ? "" : number + 0
}

END {
	head = "10 s"
	for (c = 1; c <= columns; c++)
		head = head OFS order[c]
	print head
	for (i = 1; i <= nr; i++) {
		line = name[i]
		for (c = 1; c <= columns; c++)
			line = line OFS value[name[i], order[c]]
		print line
	}
}
