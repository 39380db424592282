// SPDX-License-Identifier: GPL-2.0
/* What a reservation gives at the least, on each CPU, to a thread that is always ready. */
#include <stdlib.h>

#include "rt-model.h"
#include "sched-vm.h"

/* By what was reserved: what switches cost, and single debts, are for plan. */
static bool server_of(const struct reservation *res, struct rt_server *s)
{
	*s = (struct rt_server){ .q = res->budget, .p = res->period, .d = res->deadline };
	if (res->deadline == TIME_MAX)
		s->d = s->p;
	return res->budget && res->budget <= s->d && s->d <= s->p;
}

void print_supply(const struct reservation *res)
{
	char *gap, *one, *two, *five;
	struct rt_server s;

	if (!server_of(res, &s))
		return;
	gap = format_time(rt_gap(&s));
	one = format_time(rt_supply(&s, s.p));
	two = format_time(rt_supply(&s, 2 * s.p));
	five = format_time(rt_supply(&s, 5 * s.p));
	printf("longest gap %s; at least %s in any P, %s in 2 P, %s in 5 P\n", gap, one, two,
	       five);
	free(gap);
	free(one);
	free(two);
	free(five);
}

void supply_json(struct json_object *o, const struct reservation *res)
{
	struct rt_server s;

	if (!server_of(res, &s))
		return;
	jo_int(o, "gap_us", rt_gap(&s));
	jo_int(o, "supply_p_us", rt_supply(&s, s.p));
	jo_int(o, "supply_2p_us", rt_supply(&s, 2 * s.p));
	jo_int(o, "supply_5p_us", rt_supply(&s, 5 * s.p));
}
