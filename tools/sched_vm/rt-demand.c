// SPDX-License-Identifier: GPL-2.0
/*
 * A demand that was seen, and what servers would have made of it: work that arrives,
 * instead of tasks that are known.
 *
 * The simulation has the rules of a capsule's server. A budget begins with the first
 * work after an idle time in which the one before went stale, and from then on each
 * period, for as long as there is work. It is dry if there is work left when it is used
 * up, or if there comes some until its period ends.
 */
#include "rt-model.h"

#define STRIDES		64		/* of a search, before it looks closer */
#define MOST_STEPS	5000000		/* of a search for the longest response */

struct server_state {
	const struct rt_server *s;
	rt_time now, work, left;
	rt_time deadline, end;		/* of the period */
	struct rt_served *served;
};

static void new_budget(struct server_state *st, rt_time begin)
{
	st->left = st->s->q;
	st->deadline = begin + st->s->d;
	st->end = begin + st->s->p;
	st->served->periods++;
}

/* All that arrives up to @now. */
static size_t take(const struct rt_demand *d, size_t i, struct server_state *st)
{
	while (i < d->nr && d->arrivals[i].at <= st->now)
		st->work += d->arrivals[i++].w;
	return i;
}

/* Nothing is left of the budget, or it must not be used any more. */
static size_t wait_for_end(const struct rt_demand *d, size_t i, struct server_state *st)
{
	if (st->now < st->end)
		st->served->dry++;
	st->now = st->end;
	i = take(d, i, st);
	if (st->now < d->until)
		new_budget(st, st->end);
	return i;
}

/* Of the time to the deadline, Q/D: more than that must not be left. */
static rt_time share_of_rest(const struct server_state *st)
{
	unsigned __int128 share = st->deadline - st->now;

	return share * st->s->q / st->s->d;
}

/* Work after an idle time. */
static size_t wake(const struct rt_demand *d, size_t i, struct server_state *st)
{
	bool implicit = st->s->d == st->s->p;
	rt_time share;

	if (st->now >= st->end) {
		new_budget(st, st->now);
		return i;
	}
	if (st->now >= st->deadline)
		return wait_for_end(d, i, st);
	share = share_of_rest(st);
	if (st->left > share && implicit)
		new_budget(st, st->now);
	else if (st->left > share)
		st->left = share;
	return i;
}

/* Until there is no work, or no budget, or more work. */
static void run(const struct rt_demand *d, size_t i, struct server_state *st)
{
	rt_time time = st->work < st->left ? st->work : st->left;

	if (i < d->nr && d->arrivals[i].at - st->now < time)
		time = d->arrivals[i].at - st->now;
	st->now += time;
	st->work -= time;
	st->left -= time;
}

void rt_serve(const struct rt_demand *d, const struct rt_server *s, struct rt_served *served)
{
	struct server_state st = { .s = s, .served = served };
	size_t i = 0;

	*served = (struct rt_served){};
	while (st.now < d->until) {
		if (!st.work) {
			if (i == d->nr || d->arrivals[i].at >= d->until)
				return;
			if (st.now < d->arrivals[i].at)
				st.now = d->arrivals[i].at;
			i = take(d, i, &st);
			i = wake(d, i, &st);
			continue;
		}
		run(d, i, &st);
		i = take(d, i, &st);
		if (st.work && !st.left && st.now < d->until)
			i = wait_for_end(d, i, &st);
	}
}

bool rt_serves(const struct rt_demand *d, const struct rt_server *s, unsigned int dry_ppm)
{
	struct rt_served served;

	rt_serve(d, s, &served);
	return served.dry * 1000000 <= served.periods * dry_ppm;
}

/*
 * More is not better in each case: with another budget, the CBS rule begins periods
 * elsewhere. So it is looked at from above, first from far away.
 */
rt_time rt_least_for(const struct rt_demand *d, const struct rt_server *s,
		     unsigned int dry_ppm, rt_time step, rt_time most)
{
	rt_time high = most / step, low = 0, stride;
	struct rt_server tried = *s;

	tried.q = high * step;
	if (!high || !rt_serves(d, &tried, dry_ppm))
		return 0;
	while (high - low > 1) {
		stride = (high - low + STRIDES - 1) / STRIDES;
		for (; high - low > stride; high -= stride) {
			tried.q = (high - stride) * step;
			if (!rt_serves(d, &tried, dry_ppm)) {
				low = high - stride;
				break;
			}
		}
		if (stride == 1)
			break;
	}
	return high * step;
}

rt_time rt_envelope(const struct rt_demand *d, rt_time t)
{
	rt_time sum = 0, most = 0;
	size_t first = 0, i;

	for (i = 0; i < d->nr; i++) {
		sum += d->arrivals[i].w;
		while (d->arrivals[i].at - d->arrivals[first].at > t)
			sum -= d->arrivals[first++].w;
		if (sum > most)
			most = sum;
	}
	return most;
}

/*
 * After the gap, there are q in each p at the least, without what is lost: as if all took
 * p/q of the time, one after the other, and a debt before them, which is in the gap once.
 * That is at most p - q too long.
 */
static rt_time longest_in_turn(const struct rt_demand *d, const struct rt_server *s)
{
	rt_time waits = 0, most = 0, last = 0, passed, q = s->q - s->lost;
	unsigned __int128 work;
	size_t i;

	for (i = 0; i < d->nr; i++) {
		passed = d->arrivals[i].at - last;
		last = d->arrivals[i].at;
		work = d->arrivals[i].w;
		waits = (waits > passed ? waits - passed : 0) + (work * s->p + q - 1) / q;
		if (waits > most)
			most = waits;
	}
	work = s->debt;
	return rt_gap(s) - s->debt + (work * s->p + q - 1) / q + most;
}

/*
 * In each window that begins with an arrival, the server has nothing to do before it.
 * Where it has done all before the next arrival, longer windows need no look: the
 * least supply in a window is at least that of its parts.
 */
rt_time rt_response(const struct rt_demand *d, const struct rt_server *s)
{
	const struct rt_arrival *a = d->arrivals;
	rt_time most = 0, sum, done;
	size_t i, j, steps = 0;

	for (i = 0; i < d->nr; i++) {
		sum = 0;
		for (j = i; j < d->nr; j++) {
			sum += a[j].w;
			done = rt_supply_inverse(s, sum);
			if (done == RT_NEVER)
				return RT_NEVER;
			if (++steps > MOST_STEPS)
				return longest_in_turn(d, s);
			if (done > a[j].at - a[i].at && done - (a[j].at - a[i].at) > most)
				most = done - (a[j].at - a[i].at);
			if (j + 1 < d->nr && a[i].at + done <= a[j + 1].at)
				break;
		}
	}
	return most;
}
