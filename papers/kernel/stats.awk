# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -v length_us=US [-v grace_us=US] [-v quartile=DOMAIN] -f stats.awk SET JOBS
#
# What became of the jobs of a set: JOBS are lines task,job,release,finish in us. Output, for
# each task and each domain ("d1"; "all"): the jobs whose deadlines are not after the end,
# those that missed theirs, and the longest response, in us; and what jobs that ended by the
# end have executed, if all of their cost. A job is late by more than the grace.
# With quartile, only that of response / deadline of the jobs of a domain: 75 % have no more.
# More than 3 counts as 3, and so does a job that does not end.

FNR == 1 { file++ }

file == 1 && $1 == "task" {
	nr++
	domain[nr] = "d" $2
	cost[nr] = $4
	period[nr] = $5
	deadline[nr] = $6
	offset[nr] = $7
	next
}

file == 1 { next }

{
	split($0, job, ",")
	finish[job[1], job[2]] = job[4]
}

function note_ratio(k, n, release,    ratio) {
	ratio = (k, n) in finish ? (finish[k, n] - release) / deadline[k] : 3
	bin[int(1000 * (ratio < 3 ? ratio : 3) + 0.999)]++
	ratios++
}

function print_quartile(    i, sum) {
	for (i = 0; i < 3000; i++) {
		sum += bin[i]
		if (sum >= 0.75 * ratios)
			break
	}
	print i / 1000
}

function add(what, late, response, work) {
	if (!(what in jobs))
		order[++nr_names] = what
	jobs[what]++
	missed[what] += late
	done[what] += work
	if (response > worst[what])
		worst[what] = response
}

END {
	for (k = 1; k <= nr; k++) {
		for (n = 0; (release = offset[k] + n * period[k]) + deadline[k] <= length_us; n++) {
			ended = (k, n) in finish
			response = ended ? finish[k, n] - release : length_us - release
			late = !ended || response > deadline[k] + grace_us
			work = ended ? cost[k] : 0
			if ("d" quartile == domain[k])
				note_ratio(k, n, release)
			add(k, late, response, work)
			add(domain[k], late, response, work)
			add("all", late, response, work)
		}
	}
	if (quartile)
		print_quartile()
	for (i = 1; i <= nr_names && !quartile; i++)
		print order[i], jobs[order[i]], missed[order[i]] + 0, worst[order[i]] + 0, done[order[i]]
}
