// SPDX-License-Identifier: GPL-2.0
/*
 * What a reservation gives at the least, on each CPU, to a thread that is always ready: as
 * plan counts it, with what switches cost and one debt.
 */
#include <stdlib.h>

#include "rt-model.h"
#include "sched-vm.h"

static u64 overhead = DEFAULT_OVERHEAD, debt = DEFAULT_DEBT;

void supply_options(const struct args *args)
{
	overhead = args->overhead;
	debt = args->debt;
}

static bool server_of(const struct reservation *res, struct rt_server *s)
{
	*s = (struct rt_server){ .q = res->budget, .p = res->period, .d = res->deadline,
				 .lost = overhead, .debt = debt };
	if (res->deadline == TIME_MAX)
		s->d = s->p;
	return res->budget && res->budget <= s->d && s->d <= s->p;
}

/* What it was counted with, so that nobody takes P + D - 2Q for it. */
static void print_costs(void)
{
	char *lost = format_time(overhead), *owed = format_time(debt);

	printf("(of each budget %s lost to switches, up to %s owed)\n", lost, owed);
	free(lost);
	free(owed);
}

void print_supply(const struct reservation *res)
{
	char *gap, *one, *two, *five;
	struct rt_server s;

	if (!server_of(res, &s))
		return;
	if (rt_gap(&s) == RT_NEVER) {
		printf("nothing to count on: switches and a debt may take all of a budget ");
		print_costs();
		return;
	}
	gap = format_time(rt_gap(&s));
	one = format_time(rt_supply(&s, s.p));
	two = format_time(rt_supply(&s, 2 * s.p));
	five = format_time(rt_supply(&s, 5 * s.p));
	printf("longest gap %s; at least %s in any P, %s in 2 P, %s in 5 P\n", gap, one, two,
	       five);
	print_costs();
	free(gap);
	free(one);
	free(two);
	free(five);
}

/* null: not known */
static void add_time(struct json_object *o, const char *key, bool known, u64 us)
{
	json_object_object_add(o, key, known ? json_object_new_int64(us) : NULL);
}

void supply_json(struct json_object *o, const struct reservation *res)
{
	struct rt_server s;

	bool known = server_of(res, &s), ends = known && rt_gap(&s) != RT_NEVER;

	add_time(o, "gap_us", ends, ends ? rt_gap(&s) : 0);
	add_time(o, "supply_p_us", known, known ? rt_supply(&s, s.p) : 0);
	add_time(o, "supply_2p_us", known, known ? rt_supply(&s, 2 * s.p) : 0);
	add_time(o, "supply_5p_us", known, known ? rt_supply(&s, 5 * s.p) : 0);
	add_time(o, "overhead_us", known, overhead);
	add_time(o, "debt_us", known, debt);
}
