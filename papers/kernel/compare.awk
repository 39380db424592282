# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -v length_us=US -v firm_us=US -v within=US -f compare.awk MODEL... KERNEL
#
# When jobs end: task,job,release,finish in us. The first file is the model's, the others
# of the model are runs with a little more to do, a little less budget, or a wake-up a little
# later. The kernel's end must be between the first and the last of these, within so many us.
# A job is *firm* if these are at most firm_us apart, so that overheads cannot matter much.
# Output: jobs, firm ones, jobs that end elsewhere, and the largest difference between kernel
# and model of a firm one in us.

BEGIN {
	FS = ","
	files = ARGC - 1
}

FNR == 1 { file++ }

{ key = $1 FS $2 }

file == 1 { first[key] = low[key] = high[key] = $4; runs[key] = 1 }

file > 1 && file < files && (key in first) {
	runs[key]++
	if ($4 < low[key])
		low[key] = $4
	if ($4 > high[key])
		high[key] = $4
}

file == files { ends[key] = $4 }

END {
	for (key in first) {
		# Was there time enough for it in each of them?
		if (runs[key] < files - 1 || high[key] + 2 * within > length_us)
			continue
		jobs++
		if (!(key in ends)) {
			elsewhere++
			continue
		}
		if (high[key] - low[key] <= firm_us) {
			firm++
			d = ends[key] - first[key]
			if (d < 0)
				d = -d
			if (d > worst)
				worst = d
		}
		if (ends[key] < low[key] - within || ends[key] > high[key] + within)
			elsewhere++
	}
	print jobs + 0, firm + 0, elsewhere + 0, worst + 0
}
