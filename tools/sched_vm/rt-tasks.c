// SPDX-License-Identifier: GPL-2.0
/* Sets of tasks, and how many there need to be. */
#include <stdlib.h>

#include "rt-model.h"

static int by_deadline(const void *a, const void *b)
{
	const struct rt_task *x = a, *y = b;

	if (x->d != y->d)
		return x->d < y->d ? -1 : 1;
	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void rt_sort(struct rt_task *tasks, int nr)
{
	qsort(tasks, nr, sizeof(*tasks), by_deadline);
}

uint64_t rt_utilisation(const struct rt_task *tasks, int nr)
{
	__uint128_t sum = 0;
	int i;

	for (i = 0; i < nr; i++)
		sum += (((__uint128_t)tasks[i].c << 64) + tasks[i].t - 1) / tasks[i].t;
	return (sum + UINT32_MAX) >> 32;
}

rt_time rt_demand(const struct rt_task *tasks, int nr, rt_time t)
{
	rt_time sum = 0;
	int i;

	/* Sorted by deadline: those behind have none in the window. */
	for (i = 0; i < nr && tasks[i].d <= t; i++)
		sum += ((t - tasks[i].d) / tasks[i].t + 1) * tasks[i].c;
	return sum;
}

static int merge_equal(struct rt_task *tasks, int nr)
{
	int i, to = 0;

	for (i = 1; i < nr; i++) {
		if (tasks[i].d == tasks[to].d && tasks[i].t == tasks[to].t)
			tasks[to].c += tasks[i].c;
		else
			tasks[++to] = tasks[i];
	}
	return nr ? to + 1 : 0;
}

static rt_time round_down(rt_time t, int digits)
{
	int drop = 64 - __builtin_clzll(t) - digits;

	return drop > 0 ? t >> drop << drop : t;
}

/* A task that would not have time for itself any more stays as it is. */
static void round_task(struct rt_task *task, int digits)
{
	rt_time t = round_down(task->t, digits), d = round_down(task->d, digits);

	if (d > t)
		d = t;
	if (task->c > d)
		return;
	task->t = t;
	task->d = d;
}

int rt_reduce(struct rt_task *tasks, int nr, int most, int *digits)
{
	int i;

	*digits = 0;
	rt_sort(tasks, nr);
	nr = merge_equal(tasks, nr);
	if (nr <= most)
		return nr;
	for (*digits = 12; nr > most && *digits > 2; --*digits) {
		for (i = 0; i < nr; i++)
			round_task(&tasks[i], *digits - 1);
		rt_sort(tasks, nr);
		nr = merge_equal(tasks, nr);
	}
	return nr;
}
