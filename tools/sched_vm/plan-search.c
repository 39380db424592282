// SPDX-License-Identifier: GPL-2.0
/*
 * For which periods is which budget enough, and which of these are worth a look? None of
 * the front has another one that is as good in bandwidth, longest gap and switches, and
 * better in one of them.
 */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#define LEAST_PERIOD	100
#define MOST_PERIOD	4194304
#define DEADLINES	10

/* The more tasks, the fewer are tried. */
static int nr_periods(const struct plan *plan)
{
	if (plan->policy == RT_GEDF)
		return plan->nr <= 16 ? 40 : plan->nr <= 1000 ? 20 : 10;
	if (plan->nr <= 64)
		return plan->nr <= 16 ? 200 : 40;
	return plan->nr <= 1000 ? 24 : 10;
}

/* 1, 2 or 5 times a power of 10, and so that at most @nr are in @range. */
static rt_time round_step(rt_time range, int nr)
{
	static const int next[] = { 2, 5, 10 };
	rt_time step = 1, power = 1;
	int i = 0;

	while (range / step > (rt_time)nr) {
		step = power * next[i];
		i = (i + 1) % 3;
		if (!i)
			power *= 10;
	}
	return step;
}

/* The least with which the gap is short enough. */
static rt_time floor_of(const struct plan *plan, const struct rt_server *s)
{
	rt_time gap = s->p + s->d + s->debt, floor = PLAN_LEAST_BUDGET;

	if (plan->latency && gap > plan->latency &&
	    floor < s->lost + (gap - plan->latency + 1) / 2)
		floor = s->lost + (gap - plan->latency + 1) / 2;
	return floor;
}

static int global(const struct plan *plan, const struct rt_server *s, rt_time floor, rt_time *q,
		  struct front *front)
{
	struct rt_question question = {
		.policy = RT_GEDF, .tasks = plan->tasks, .nr = plan->nr, .server = *s,
		.step = plan->step, .most = s->q, .from = floor,
	};
	int first = (rt_utilisation(plan->tasks, plan->nr) >> 32) + 1, last = first + 3, nr, i;
	int best = 0;

	if (plan->nr_vcpus)
		first = plan->nr_vcpus;
	if (plan->nr_vcpus)
		last = first;
	if (first > PLAN_MOST_VCPUS)
		front->failure = (struct rt_failure){ plan->tasks[0].id, RT_NEVER, 0, 0, false };
	for (nr = first; nr <= last && nr <= PLAN_MOST_VCPUS; nr++) {
		rt_time budget;

		question.nr_cpus = nr;
		budget = rt_least_budget(&question, &front->failure, &front->bound);
		if (!budget || (best && budget * nr >= q[0] * best))
			continue;
		best = nr;
		for (i = 0; i < nr; i++)
			q[i] = budget;
	}
	return best;
}

void plan_servers(const struct plan *plan, const struct candidate *c, struct rt_server *s)
{
	int i;

	for (i = 0; i < c->nr; i++)
		s[i] = (struct rt_server){ c->q[i], c->p, c->d, plan->lost, plan->debt };
}

static void rate(const struct plan *plan, struct candidate *c)
{
	struct rt_server s[PLAN_MOST_VCPUS];
	int i;

	plan_servers(plan, c, s);
	for (i = 0; i < c->nr; i++) {
		c->bandwidth += (c->q[i] * PLAN_UNIT + c->d - 1) / c->d;
		if (rt_gap(&s[i]) > c->gap)
			c->gap = rt_gap(&s[i]);
	}
}

/* With the most that there may be. */
static struct rt_server most_of(const struct plan *plan, rt_time p, rt_time d)
{
	return (struct rt_server){ .q = d * PLAN_LIMIT / 100 / plan->step * plan->step,
				   .p = p, .d = d, .lost = plan->lost, .debt = plan->debt };
}

void plan_placed(const struct plan *plan, const struct candidate *c, int *on)
{
	struct rt_server s = most_of(plan, c->p, c->d);
	struct front ignored = {};
	rt_time q[PLAN_MOST_VCPUS];

	plan_pack(plan, &s, floor_of(plan, &s), on, q, &ignored);
}

static void leave_out(const struct rt_server *s, struct front *front)
{
	if (front->gap_p && front->gap <= rt_gap(s))
		return;
	front->gap = rt_gap(s);
	front->gap_p = s->p;
}

static void try(const struct plan *plan, rt_time p, rt_time d, int *on, struct front *front)
{
	struct rt_server s = most_of(plan, p, d);
	struct candidate c = { .p = p, .d = d };
	rt_time floor = floor_of(plan, &s);

	if (s.q < PLAN_LEAST_BUDGET)
		return;
	if (s.q < floor)
		return leave_out(&s, front);
	if (plan->policy == RT_GEDF)
		c.nr = global(plan, &s, floor, c.q, front);
	else
		c.nr = plan_pack(plan, &s, floor, on, c.q, front);
	if (!c.nr) {
		if (!front->failed_p)
			front->failed = front->failure;
		front->failed_p = front->failed_p ? front->failed_p : p;
		return;
	}
	rate(plan, &c);
	front->list = grow(front->list, front->nr, sizeof(*front->list));
	front->list[front->nr++] = c;
}

static void try_period(const struct plan *plan, rt_time p, int *on, struct front *front)
{
	rt_time d = plan->deadline && plan->deadline < p ? plan->deadline : p;
	int i;

	if (!plan->deadline_auto)
		return try(plan, p, d, on, front);
	for (i = 1; i <= DEADLINES; i++)
		if (p * i / DEADLINES >= PLAN_LEAST_BUDGET)
			try(plan, p, p * i / DEADLINES, on, front);
}

/* In all three? Of equal ones, the first stays. */
static bool is_beaten(const struct candidate *a, const struct candidate *b, bool later)
{
	bool equal = a->bandwidth == b->bandwidth && a->gap == b->gap &&
		     b->p * a->nr == a->p * b->nr;

	return b->bandwidth <= a->bandwidth && b->gap <= a->gap && b->p * a->nr >= a->p * b->nr &&
	       (!equal || later);
}

static void keep_front(struct front *front)
{
	int i, j, nr = 0;
	bool *beaten = xzalloc(front->nr + 1);

	for (i = 0; i < front->nr; i++)
		for (j = 0; j < front->nr && !beaten[i]; j++)
			beaten[i] = i != j && is_beaten(&front->list[i], &front->list[j], j < i);
	for (i = 0; i < front->nr; i++)
		if (!beaten[i])
			front->list[nr++] = front->list[i];
	front->nr = nr;
	free(beaten);
}

/* The longest period with at most 1 % of a CPU more than the least, on each. */
static void take_one(struct front *front)
{
	u64 least = UINT64_MAX;
	int i, taken = -1;

	for (i = 0; i < front->nr; i++)
		if (front->list[i].bandwidth < least)
			least = front->list[i].bandwidth;
	for (i = 0; i < front->nr; i++) {
		const struct candidate *c = &front->list[i];

		if (c->bandwidth > least + c->nr * PLAN_UNIT / 100)
			continue;
		if (taken < 0 || c->p > front->list[taken].p ||
		    (c->p == front->list[taken].p &&
		     c->bandwidth < front->list[taken].bandwidth))
			taken = i;
	}
	front->taken = taken;
}

static rt_time shortest_period(const struct plan *plan)
{
	rt_time t = MOST_PERIOD;
	int i;

	for (i = 0; i < plan->nr; i++)
		if (plan->tasks[i].t < t)
			t = plan->tasks[i].t;
	return t < LEAST_PERIOD ? LEAST_PERIOD : t;
}

void plan_search(const struct plan *plan, struct front *front)
{
	rt_time low = plan->low, high = plan->high, step, p;
	int *on = xzalloc(plan->nr * sizeof(*on));

	*front = (struct front){ .taken = -1 };
	if (!high)
		high = shortest_period(plan);
	if (!low)
		low = high >= 10000 ? 1000 : high / 10 < LEAST_PERIOD ? LEAST_PERIOD : high / 10;
	step = round_step(high - low, nr_periods(plan));
	for (p = low; p < high; p = (p / step + 1) * step)
		try_period(plan, p, on, front);
	try_period(plan, high, on, front);
	keep_front(front);
	take_one(front);
	free(on);
}
