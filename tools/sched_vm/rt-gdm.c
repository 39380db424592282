// SPDX-License-Identifier: GPL-2.0
/*
 * Global fixed priorities, the shorter the deadline the higher, on whole CPUs: M. Bertogna
 * and M. Cirinei, Response-time analysis for globally scheduled symmetric multiprocessor
 * platforms (RTSS 2007).
 */
#include "rt-model.h"

/* The most that a task of a higher priority executes in a window of @w, if it is in time */
static rt_time carried(const struct rt_task *task, rt_time w)
{
	rt_time last = w + task->d - task->c, whole = last / task->t, rest = last % task->t;

	return whole * task->c + (rest < task->c ? rest : task->c);
}

/* The longest response of the last of @nr tasks, those before it being in time */
static bool last_in_time(const struct rt_task *tasks, int nr, int nr_cpus)
{
	const struct rt_task *task = &tasks[nr - 1];
	rt_time w = task->c, last = 0, sum, most;
	int i;

	while (w != last && w <= task->d) {
		last = w;
		most = last - task->c + 1;
		for (i = 0, sum = 0; i < nr - 1; i++) {
			w = carried(&tasks[i], last);
			sum += w < most ? w : most;
		}
		w = task->c + sum / nr_cpus;
	}
	return w <= task->d;
}

bool rt_fits_gdm(const struct rt_task *tasks, int nr, int nr_cpus)
{
	int i;

	for (i = 1; i <= nr; i++)
		if (!last_in_time(tasks, i, nr_cpus))
			return false;
	return true;
}
