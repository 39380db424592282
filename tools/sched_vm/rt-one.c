// SPDX-License-Identifier: GPL-2.0
/*
 * One CPU. All tasks are released when a gap of the supply begins: there is no worse
 * moment, for fixed priorities (the critical instant) or EDF.
 */
#include <stddef.h>

#include "rt-model.h"

/* How many numbers are added up, at most, for one answer */
#define MOST_ADDED	1000000

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

/* What the first @nr tasks have released before @t. */
static rt_time released(const struct rt_task *tasks, int nr, rt_time t)
{
	rt_time sum = 0;
	int i;

	for (i = 0; i < nr; i++)
		sum += ((t - 1) / tasks[i].t + 1) * tasks[i].c;
	return sum;
}

/*
 * The last of @nr tasks is done at the first t with all that comes before it done,
 * which is found from below (M. Joseph and P. Pandya, 1986; with a supply: Shin and
 * Lee). Its first job is the latest, as d <= t.
 */
bool rt_last_in_time(const struct rt_task *tasks, int nr, const struct rt_server *s,
		     struct rt_failure *f)
{
	const struct rt_task *last = &tasks[nr - 1];
	rt_time work = 0, t, before;
	int i;

	for (i = 0; i < nr; i++)
		work += tasks[i].c;
	t = rt_supply_inverse(s, work);
	do {
		if (t > last->d)
			return fail(f, last->id, last->d, released(tasks, nr, last->d),
				    rt_supply(s, last->d));
		before = t;
		t = rt_supply_inverse(s, released(tasks, nr, t));
	} while (t > before);
	return true;
}

/* The lowest first: it is the most likely to be late. */
bool rt_fits_fp(const struct rt_task *tasks, int nr, const struct rt_server *s,
		struct rt_failure *f)
{
	for (; nr; nr--)
		if (!rt_last_in_time(tasks, nr, s, f))
			return false;
	return true;
}

/*
 * Is there, in the long run, more demand than supply? Where both are the same, demand
 * is not met at the end of a hyperperiod, unless the supply is always at the same place.
 * Less than 2^-64 for each task is no difference here.
 */
static bool overloaded(const struct rt_task *tasks, int nr, const struct rt_server *s)
{
	__uint128_t use = 0, has;
	int i;

	if (s->q <= s->lost + s->debt)
		return true;
	has = ((__uint128_t)(s->q - s->lost) << 64) / s->p;
	for (i = 0; i < nr; i++)
		use += ((__uint128_t)tasks[i].c << 64) / tasks[i].t;
	return use > has || (use + nr >= has && s->d + s->debt > s->q - s->lost);
}

/*
 * The first moment, @t, at which all that was released is done. If any deadline is missed,
 * one before that is: what comes after begins anew, with a supply that is at least
 * that of a window of its own. False: it is later than @t.
 */
static bool busy_until(const struct rt_task *tasks, int nr, const struct rt_server *s,
		       int *rounds, rt_time *t)
{
	rt_time next = 1;

	*t = 0;
	while (next > *t) {
		if (next > RT_MOST_WINDOW || !--*rounds)
			return false;
		*t = next;
		next = rt_supply_inverse(s, released(tasks, nr, next));
	}
	return true;
}

/* The task with the last deadline up to @t, and where that is. */
static rt_time last_deadline(const struct rt_task *tasks, int nr, rt_time t, unsigned int *id)
{
	rt_time last = 0, at;
	int i;

	for (i = 0; i < nr && tasks[i].d <= t; i++) {
		at = t - (t - tasks[i].d) % tasks[i].t;
		if (at <= last)
			continue;
		last = at;
		*id = tasks[i].id;
	}
	return last;
}

/*
 * The demand up to each deadline (S. Baruah, L. Rosier and R. Howell, 1990), from the
 * last one down, leaving out those that cannot be missed (F. Zhang and A. Burns, 2009):
 * from the moment on at which there is enough for what is due by t, there is enough
 * for all that is due until t.
 */
bool rt_fits_edf(const struct rt_task *tasks, int nr, const struct rt_server *s,
		 struct rt_failure *f)
{
	int rounds = MOST_ADDED / (nr + 1);
	unsigned int id = 0;
	rt_time t, due, enough;

	if (!nr)
		return true;
	if (overloaded(tasks, nr, s))
		return fail(f, tasks[0].id, RT_NEVER, 0, 0);
	if (!busy_until(tasks, nr, s, &rounds, &t))
		return give_up(f, tasks[0].id, t);
	while (t >= tasks[0].d) {
		due = rt_demand(tasks, nr, t);
		enough = rt_supply_inverse(s, due);
		if (enough > t) {
			t = last_deadline(tasks, nr, t, &id);
			return fail(f, id, t, due, rt_supply(s, t));
		}
		if (!--rounds)
			return give_up(f, tasks[0].id, t);
		t = enough - 1;
	}
	return true;
}
