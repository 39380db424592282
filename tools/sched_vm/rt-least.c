// SPDX-License-Identifier: GPL-2.0
/* The least budget that is enough. More never hurts: the supply only grows with it. */
#include <stddef.h>

#include "rt-model.h"

static struct rt_server server_with(const struct rt_question *q, rt_time budget)
{
	struct rt_server s = q->server;

	s.q = budget;
	return s;
}

bool rt_fits(const struct rt_question *q, rt_time budget, struct rt_failure *f)
{
	struct rt_server s[RT_MOST_CPUS];
	int i;

	s[0] = server_with(q, budget);
	if (q->policy == RT_FP)
		return rt_fits_fp(q->tasks, q->nr, s, f);
	if (q->policy == RT_EDF)
		return rt_fits_edf(q->tasks, q->nr, s, f);
	for (i = 1; i < q->nr_cpus; i++)
		s[i] = s[0];
	return rt_fits_gedf(q->tasks, q->nr, s, q->nr_cpus, f);
}

/*
 * The least multiple of step from @low up to the most for which @test is true: it is
 * for the most, and if it is for one, it is for all above.
 */
static rt_time bisect(const struct rt_question *q, rt_time low,
		      bool (*test)(const struct rt_question *q, rt_time budget, void *data),
		      void *data)
{
	rt_time a = low / q->step, b = q->most / q->step, middle;

	while (a < b) {
		middle = a + (b - a) / 2;
		if (test(q, middle * q->step, data))
			b = middle;
		else
			a = middle + 1;
	}
	return b * q->step;
}

/* Fixed priorities: each task needs at least so much, and one of them no more. */
static bool task_fits(const struct rt_question *q, rt_time budget, void *data)
{
	const struct rt_server s = server_with(q, budget);

	return rt_last_in_time(q->tasks, *(int *)data, &s, NULL);
}

static rt_time least_fp(const struct rt_question *q, rt_time low, struct rt_failure *f)
{
	const struct rt_server most = server_with(q, q->most);
	int nr;

	for (nr = q->nr; nr; nr--) {
		if (task_fits(q, low, &nr))
			continue;
		if (!rt_last_in_time(q->tasks, nr, &most, f))
			return 0;
		low = bisect(q, low, task_fits, &nr);
	}
	return low;
}

/* There is enough in the window in which there was too little. */
static bool window_fits(const struct rt_question *q, rt_time budget, void *data)
{
	const struct rt_server s = server_with(q, budget);
	const struct rt_failure *f = data;

	return q->nr_cpus * rt_supply(&s, f->window) >= f->demand;
}

static bool all_fit(const struct rt_question *q, rt_time budget, void *data)
{
	return rt_fits(q, budget, data);
}

/*
 * What the test for the policy asks for at least in the window up to the first deadline of
 * task @k: on several CPUs, others count for no longer than the task itself may wait.
 */
static rt_time first_demand(const struct rt_question *q, int k)
{
	const struct rt_task *task = &q->tasks[k];
	rt_time sum = q->nr_cpus * task->c, other;
	int i;

	if (q->policy == RT_EDF)
		return rt_demand(q->tasks, q->nr, task->d);
	for (i = 0; i < q->nr; i++) {
		if (i == k)
			continue;
		other = rt_demand(&q->tasks[i], 1, task->d);
		sum += other < task->d - task->c ? other : task->d - task->c;
	}
	return sum;
}

/* The first deadlines, which mostly decide: then less has to be tried. */
static rt_time from_first_deadlines(const struct rt_question *q, rt_time low)
{
	struct rt_failure first = {};
	int i;

	for (i = 0; i < q->nr; i++) {
		first.window = q->tasks[i].d;
		first.demand = first_demand(q, i);
		if (window_fits(q, low, &first))
			continue;
		if (!window_fits(q, q->most, &first))
			return q->most;
		low = bisect(q, low, window_fits, &first);
	}
	return low;
}

/* From both sides. What cannot be told in time is taken for too little. */
static rt_time between(const struct rt_question *q, rt_time low, struct rt_failure *f,
		       bool *bound)
{
	struct rt_failure last = {};

	if (!rt_fits(q, q->most, f)) {
		*bound |= f->unknown;
		return 0;
	}
	low = bisect(q, low, all_fit, &last);
	*bound |= last.unknown;
	return low;
}

/* EDF: from below, since each window that has too little says how much it takes. */
#define MOST_WINDOWS	32

static rt_time least_edf(const struct rt_question *q, rt_time low, struct rt_failure *f,
			 bool *bound)
{
	struct rt_failure last = {};
	int i;

	if (q->policy == RT_EDF || q->nr <= RT_GEDF_FEW)
		low = from_first_deadlines(q, low);
	for (i = 0; i < MOST_WINDOWS && low < q->most; i++) {
		if (rt_fits(q, low, &last))
			return low;
		if (last.unknown)
			break;
		if (last.window == RT_NEVER)
			low += q->step;
		else if (window_fits(q, q->most, &last))
			low = bisect(q, low, window_fits, &last);
		else
			low = q->most;
	}
	return between(q, low, f, bound);
}

/* What the tasks take in the long run, and what is lost beside, are not too much. */
static rt_time at_least(const struct rt_question *q)
{
	__uint128_t use = rt_utilisation(q->tasks, q->nr);
	rt_time low = 0;

	if (use)
		low = ((use - 1) * q->server.p >> 32) / q->nr_cpus;
	low += q->server.lost;
	if (low <= q->server.lost + q->server.debt)
		low = q->server.lost + q->server.debt + 1;
	if (low < q->from)
		low = q->from;
	if (low < q->step)
		low = q->step;
	return (low + q->step - 1) / q->step * q->step;
}

rt_time rt_least_budget(const struct rt_question *q, struct rt_failure *f, bool *bound)
{
	struct rt_question whole = *q;
	rt_time low = at_least(q);

	whole.most = q->most / q->step * q->step;
	if (low > whole.most) {
		rt_fits(q, whole.most, f);
		return 0;
	}
	if (q->policy == RT_FP)
		return least_fp(&whole, low, f);
	return least_edf(&whole, low, f, bound);
}
