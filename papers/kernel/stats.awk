# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -v length_us=US -f stats.awk SET JOBS
#
# What became of the jobs of a set: JOBS are lines task,job,release,finish in us. Output, for
# each task and each domain ("d1"; "all"): the jobs whose deadlines are not after the end,
# those that missed theirs, and the longest response, in us; and what jobs that ended by the
# end have executed, if all of their cost.

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
			late = !ended || response > deadline[k]
			work = ended ? cost[k] : 0
			add(k, late, response, work)
			add(domain[k], late, response, work)
			add("all", late, response, work)
		}
	}
	for (i = 1; i <= nr_names; i++)
		print order[i], jobs[order[i]], missed[order[i]] + 0, worst[order[i]] + 0, done[order[i]]
}
