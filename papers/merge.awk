# SPDX-License-Identifier: GPL-2.0
#
# From the files published/ID.csv and OUT/{model,kernel,guest}/*.csv, in this order:
# DIR/ID.csv, one line for each condition, with a column for each that has a value. A
# value that is missing is left empty. Variable: dir

BEGIN {
	FS = OFS = ","
	n = split("published model kernel guest", who, " ")
}

FNR == 1 {
	column = "published"
	for (i = 2; i <= n; i++)
		if (index(FILENAME, "/" who[i] "/"))
			column = who[i]
	next
}

{
	# published: id,source,section,condition,value,unit,kind
	id = $1
	condition = column == "published" ? $4 : $2
	v = column == "published" ? $5 : $3
	u = column == "published" ? $6 : $4
	if (!((id, condition) in unit)) {
		unit[id, condition] = u
		order[id, ++count[id]] = condition
	}
	value[id, condition, column] = v
	if (column != "published")
		ran[id] = has[id, column] = 1
}

END {
	for (id in ran) {
		file = dir "/" id ".csv"
		head = "id,condition,unit,published"
		for (i = 2; i <= n; i++)
			if ((id, who[i]) in has)
				head = head OFS who[i]
		print head >file
		for (k = 1; k <= count[id]; k++) {
			c = order[id, k]
			line = id OFS c OFS unit[id, c] OFS value[id, c, "published"]
			for (i = 2; i <= n; i++)
				if ((id, who[i]) in has)
					line = line OFS value[id, c, who[i]]
			print line >file
		}
		close(file)
	}
}
