// SPDX-License-Identifier: GPL-2.0
/*
 * The supply of a periodic resource (I. Shin and I. Lee, RTSS 2003) with a deadline:
 * nothing for up to P + D - 2Q, when it was served first in one period and last in
 * the next, and then Q in each P.
 *
 * What switches cost comes off Q, wherever in the budget it is lost. A budget that was
 * exceeded makes the next one smaller by that, and who then exceeds it again owes the
 * same again, not more: over any number of periods, one debt is missing. It is so where
 * the window begins after a budget that was just made up for, and before one that is not.
 */
#include "rt-model.h"

static rt_time useful(const struct rt_server *s)
{
	return s->q > s->lost ? s->q - s->lost : 0;
}

/* A budget that a debt can use up is none to count on. */
static bool is_supply(const struct rt_server *s)
{
	return useful(s) > s->debt;
}

rt_time rt_gap(const struct rt_server *s)
{
	if (!is_supply(s))
		return RT_NEVER;
	return s->p + s->d + s->debt - 2 * useful(s);
}

rt_time rt_supply(const struct rt_server *s, rt_time t)
{
	rt_time q = useful(s), rest;

	if (!is_supply(s) || t <= rt_gap(s))
		return 0;
	t -= rt_gap(s) - s->debt;
	rest = t % s->p;
	return t / s->p * q + (rest < q ? rest : q) - s->debt;
}

rt_time rt_supply_inverse(const struct rt_server *s, rt_time w)
{
	rt_time q = useful(s), periods;

	if (!w)
		return 0;
	if (!is_supply(s))
		return RT_NEVER;
	w += s->debt;
	periods = (w - 1) / q;
	if (periods > RT_MOST_WINDOW / s->p)
		return RT_NEVER;
	return rt_gap(s) - s->debt + periods * s->p + w - periods * q;
}

static bool all_equal(const struct rt_server *s, int nr)
{
	int i;

	for (i = 1; i < nr; i++)
		if (s[i].q != s->q || s[i].p != s->p || s[i].d != s->d ||
		    s[i].lost != s->lost || s[i].debt != s->debt)
			return false;
	return true;
}

rt_time rt_supply_of(const struct rt_server *s, int nr, rt_time t)
{
	rt_time sum = 0;
	int i;

	if (all_equal(s, nr))
		return nr * rt_supply(s, t);
	for (i = 0; i < nr; i++)
		sum += rt_supply(&s[i], t);
	return sum;
}

rt_time rt_supply_of_inverse(const struct rt_server *s, int nr, rt_time w)
{
	rt_time low = 0, high = 2 * RT_MOST_WINDOW, middle;

	if (!w)
		return 0;
	if (all_equal(s, nr))
		return rt_supply_inverse(s, (w - 1) / nr + 1);
	if (rt_supply_of(s, nr, high) < w)
		return RT_NEVER;
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (rt_supply_of(s, nr, middle) < w)
			low = middle;
		else
			high = middle;
	}
	return high;
}
