// SPDX-License-Identifier: GPL-2.0
/*
 * Global EDF on the supply of several CPUs: A. Easwaran, I. Shin and I. Lee (Real-Time
 * Systems 43, 2009), after S. Baruah (RTSS 2007) and M. Bertogna. The supply is the sum
 * of what the CPUs have in their own worst phases.
 *
 * A job of task k that is late by its deadline, A + d_k after the last moment at which a
 * CPU had time for which there was no work, was kept from running by others in all the
 * time that there was, but for m times the c_k in which it ran itself. At that moment at
 * most m - 1 tasks had a job that was not done yet.
 */
#include "rt-model.h"

/* How many numbers are added up, at most, for one window after the other */
#define MOST_ADDED	400000
#define SHIFT		40

struct cpus {
	const struct rt_server *s;
	int nr;
};

static rt_time least(rt_time a, rt_time b)
{
	return a < b ? a : b;
}

/* The @nr largest that were put in, in any order. */
struct largest {
	rt_time value[RT_MOST_CPUS];
	int nr, room;
};

static void keep_largest(struct largest *l, rt_time value)
{
	int i, lowest = 0;

	if (l->nr < l->room) {
		l->value[l->nr++] = value;
		return;
	}
	for (i = 1; i < l->nr; i++)
		if (l->value[i] < l->value[lowest])
			lowest = i;
	if (l->room && l->value[lowest] < value)
		l->value[lowest] = value;
}

static rt_time sum_of(const struct largest *l)
{
	rt_time sum = 0;
	int i;

	for (i = 0; i < l->nr; i++)
		sum += l->value[i];
	return sum;
}

/*
 * What may keep task @k from running in a window of @t that ends with its deadline.
 * @full: so many others may run in all the time in which it does not.
 */
static rt_time interference(const struct rt_task *tasks, int nr, int k, int nr_cpus, rt_time t,
			    int *full)
{
	struct largest late;
	rt_time sum = nr_cpus * tasks[k].c, jobs, own, all, most;
	int i, late_only = 0;

	/* Not all of it, for each window. */
	late.nr = 0;
	late.room = nr_cpus - 1;
	*full = 0;
	for (i = 0; i < nr; i++) {
		const struct rt_task *task = &tasks[i];

		jobs = t >= task->d ? (t - task->d) / task->t + 1 : 0;
		own = jobs * task->c;
		all = own;
		if (t > jobs * task->t)
			all += least(task->c, t - jobs * task->t);
		if (i == k) {
			own -= task->c;
			all -= task->c;
			most = t - task->d;
		} else {
			most = t - tasks[k].c;
			*full += own > most;
			late_only += own <= most && all > most;
		}
		own = least(own, most);
		keep_largest(&late, least(all, most) - own);
		sum += own;
	}
	*full += late_only < late.room ? late_only : late.room;
	return sum + sum_of(&late);
}

/* Where the supply is whole CPUs, m others may keep a job out without a sum above it. */
static bool is_late(rt_time demand, rt_time supply, const struct cpus *cpus, rt_time t, int full)
{
	return demand > supply ||
	       (demand == supply && supply == cpus->nr * t && full >= cpus->nr);
}

static bool fail(struct rt_failure *f, unsigned int id, rt_time window, rt_time demand,
		 rt_time supply)
{
	if (f)
		*f = (struct rt_failure){ id, window, demand, supply, false };
	return false;
}

static bool give_up(struct rt_failure *f, unsigned int id, rt_time window)
{
	if (f)
		*f = (struct rt_failure){ .id = id, .window = window, .unknown = true };
	return false;
}

/*
 * No window from there on has too little, if it has no more to do than the tasks by
 * their deadlines, and @extra: from straight lines above the demand and below the
 * supply. RT_NEVER: they never meet.
 */
static rt_time enough_from(const struct rt_task *tasks, int nr, const struct cpus *cpus,
			   rt_time extra)
{
	__uint128_t use = 0, has = 0, ahead = (__uint128_t)extra << SHIFT, t;
	int i;

	for (i = 0; i < nr; i++) {
		use += ((__uint128_t)tasks[i].c << SHIFT) / tasks[i].t + 1;
		ahead += (__uint128_t)tasks[i].c << SHIFT;
	}
	for (i = 0; i < cpus->nr; i++) {
		const struct rt_server *s = &cpus->s[i];
		__uint128_t rate;

		if (s->q <= s->lost + s->debt)
			continue;
		rate = ((__uint128_t)(s->q - s->lost) << SHIFT) / s->p;
		has += rate;
		ahead += (rate + 1) * rt_gap(s) + ((__uint128_t)s->debt << SHIFT);
	}
	if (use >= has)
		return RT_NEVER;
	t = ahead / (has - use) + 1;
	return t > RT_MOST_WINDOW ? RT_MOST_WINDOW + 1 : t;
}

/* From the longest window down; both sides only grow with it. */
static bool in_time(const struct rt_task *tasks, int nr, int k, const struct cpus *cpus,
		    rt_time t, struct rt_failure *f)
{
	rt_time demand, supply, enough;
	int rounds = MOST_ADDED / (nr + 1) + 100, full;

	while (t >= tasks[k].d) {
		demand = interference(tasks, nr, k, cpus->nr, t, &full);
		supply = rt_supply_of(cpus->s, cpus->nr, t);
		if (is_late(demand, supply, cpus, t, full))
			return fail(f, tasks[k].id, t, demand + (demand == supply), supply);
		if (!--rounds)
			return give_up(f, tasks[k].id, t);
		enough = rt_supply_of_inverse(cpus->s, cpus->nr, demand);
		t = enough < t ? enough : t - 1;
	}
	return true;
}

/* m - 1 times what may be left over at first, and what may run beside a job. */
static rt_time extra_of(const struct rt_task *tasks, int nr, int nr_cpus)
{
	struct largest largest = { .room = nr_cpus - 1 };
	rt_time most = 0;
	int i;

	for (i = 0; i < nr; i++) {
		keep_largest(&largest, tasks[i].c);
		most = tasks[i].c > most ? tasks[i].c : most;
	}
	return sum_of(&largest) + (nr_cpus - 1) * most;
}

/* The same for all tasks at once: no less, since the limits to interference are left out. */
static bool many_in_time(const struct rt_task *tasks, int nr, const struct cpus *cpus,
			 rt_time t, rt_time extra, struct rt_failure *f)
{
	rt_time demand, enough;
	int rounds = MOST_ADDED / (nr + 1) + 100;

	while (t >= tasks[0].d) {
		demand = rt_demand(tasks, nr, t) + extra;
		enough = rt_supply_of_inverse(cpus->s, cpus->nr, demand);
		if (enough > t)
			return fail(f, tasks[0].id, t, demand,
				    rt_supply_of(cpus->s, cpus->nr, t));
		if (!--rounds)
			return give_up(f, tasks[0].id, t);
		t = enough - 1;
	}
	return true;
}

bool rt_fits_gedf(const struct rt_task *tasks, int nr, const struct rt_server *s, int nr_cpus,
		  struct rt_failure *f)
{
	const struct cpus cpus = { s, nr_cpus };
	rt_time extra = extra_of(tasks, nr, nr_cpus), t;
	int k;

	if (!nr)
		return true;
	t = enough_from(tasks, nr, &cpus, extra);
	if (t == RT_NEVER)
		return fail(f, tasks[0].id, RT_NEVER, 0, 0);
	if (t > RT_MOST_WINDOW)
		return give_up(f, tasks[0].id, t);
	if (many_in_time(tasks, nr, &cpus, t, extra, f))
		return true;
	if (nr > RT_GEDF_FEW)
		return false;
	for (k = nr - 1; k >= 0; k--)
		if (!in_time(tasks, nr, k, &cpus, t, f))
			return false;
	return true;
}
