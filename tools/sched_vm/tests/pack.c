// SPDX-License-Identifier: GPL-2.0
/*
 * What plan promises for several vCPUs, and which of all periods it shows, against what it
 * says nothing about: each vCPU is played with the tasks that are said to be on it.
 *
 * The times of plan are in us, and no budget is below 10: a tick of the play is 10 us.
 */
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "play.h"
#include "tap.h"

#define TICK		10
#define NR_PLANS	20000
#define NR_FRONTS	60
#define MOST_VCPUS	3

struct tally {
	long plans, none, parts, wrong, missed;
};

static struct plan random_plan(struct rt_task *tasks, enum rt_policy policy)
{
	struct rt_server s = random_server();
	struct plan plan = { .tasks = tasks, .policy = policy, .nr_vcpus = number(0, MOST_VCPUS),
			     .low = s.p * TICK, .high = s.p * TICK, .deadline = s.d * TICK,
			     .step = TICK, .lost = s.lost * TICK, .debt = s.debt * TICK };
	int i;

	if (number(0, 1))
		plan.latency = number(s.p / 4 + 1, 2 * s.p) * TICK;
	plan.nr = random_tasks(tasks, MOST_TASKS, number(5, 30));
	for (i = 0; i < plan.nr; i++) {
		tasks[i].c *= TICK;
		tasks[i].d *= TICK;
		tasks[i].t *= TICK;
	}
	return plan;
}

/* Those of @vcpu, in ticks; @on NULL: all. */
static int tasks_on(const struct plan *plan, const int *on, int vcpu, struct rt_task *tasks)
{
	int i, nr = 0;

	for (i = 0; i < plan->nr; i++) {
		if (on && on[i] != vcpu)
			continue;
		tasks[nr] = plan->tasks[i];
		tasks[nr].c /= TICK;
		tasks[nr].d /= TICK;
		tasks[nr++].t /= TICK;
	}
	return nr;
}

/* The least that has so short a gap, in ticks; from the definition of the gap */
static rt_time least_for_gap(const struct plan *plan, struct rt_server s)
{
	for (s.q = 1; plan->latency && s.q <= s.d; s.q++)
		if (s.q > s.lost + s.debt && rt_gap(&s) * TICK <= plan->latency)
			break;
	return s.q;
}

static void tell(const struct plan *plan, const struct candidate *c, const char *what)
{
	int i;

	printf("# %s: policy %d, vCPUs %d, p %lu d %lu lost %lu debt %lu latency %lu:", what,
	       plan->policy, plan->nr_vcpus, c->p, c->d, plan->lost, plan->debt, plan->latency);
	for (i = 0; i < plan->nr; i++)
		printf(" %lu/%lu/%lu", plan->tasks[i].c, plan->tasks[i].t, plan->tasks[i].d);
	for (i = 0; i < c->nr; i++)
		printf(", %lu", c->q[i]);
	printf("\n");
}

/* One vCPU, or all of a global one: its budget is the least, and enough. */
static void judge_part(struct tally *tally, const struct plan *plan, const struct candidate *c,
		       const int *on, int vcpu)
{
	struct rt_server s = { .p = c->p / TICK, .d = c->d / TICK, .lost = plan->lost / TICK,
			       .debt = plan->debt / TICK };
	struct rt_task tasks[MOST_TASKS];
	struct rt_question q = { .policy = plan->policy, .tasks = tasks, .server = s, .step = 1,
				 .nr_cpus = on ? 1 : c->nr, .most = s.d * PLAN_LIMIT / 100 };
	rt_time least, floor = least_for_gap(plan, s);
	struct rt_failure f;
	bool bound;
	int i;

	tally->parts++;
	q.nr = tasks_on(plan, on, vcpu, tasks);
	least = q.nr ? rt_least_budget(&q, &f, &bound) : s.lost + s.debt + 1;
	least = least < floor ? floor : least;
	if (c->q[vcpu] != least * TICK && !tally->wrong++)
		tell(plan, c, "not the least");
	s.q = c->q[vcpu] / TICK;
	for (i = 0; q.nr && q.nr_cpus <= MOST_CPUS && i < 4; i++)
		if (!play(tasks, q.nr, plan->policy, &s, q.nr_cpus, i & 1, i & 2) &&
		    !tally->missed++)
			tell(plan, c, "deadline missed");
}

static void judge(struct tally *tally, const struct plan *plan, const struct candidate *c)
{
	int on[MOST_TASKS] = {}, i;

	if (plan->nr_vcpus && c->nr != plan->nr_vcpus && !tally->wrong++)
		tell(plan, c, "other vCPUs than were asked for");
	if (plan->policy == RT_GEDF) {
		judge_part(tally, plan, c, c->nr > 1 ? NULL : on, 0);
		return;
	}
	if (c->nr > 1)
		plan_placed(plan, c, on);
	for (i = 0; i < plan->nr; i++)
		if ((on[i] < 0 || on[i] >= c->nr) && !tally->wrong++)
			tell(plan, c, "a task is nowhere");
	for (i = 0; i < c->nr; i++)
		judge_part(tally, plan, c, on, i);
}

static void test_packing(enum rt_policy policy, const char *what)
{
	struct rt_task tasks[MOST_TASKS];
	struct tally tally = {};
	struct front front;
	struct plan plan;

	while (tally.plans < NR_PLANS) {
		plan = random_plan(tasks, policy);
		plan_search(&plan, &front);
		tally.plans++;
		tally.none += !front.nr;
		if (front.nr)
			judge(&tally, &plan, &front.list[0]);
		free(front.list);
	}
	printf("# %s: %ld sets, %ld vCPUs, %ld sets that do not fit\n", what, tally.plans,
	       tally.parts, tally.none);
	tap_check(!tally.wrong, what);
	tap_check(!tally.missed, "no deadline is missed on any vCPU");
}

static bool is_no_worse(const struct candidate *a, const struct candidate *b)
{
	return a->bandwidth <= b->bandwidth && a->gap <= b->gap && a->nr * b->p <= b->nr * a->p;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
	return is_no_worse(a, b) && !is_no_worse(b, a);
}

/* Is none of those that are shown beaten by @c, and is one of them as good? */
static bool front_knows(const struct front *front, const struct candidate *c)
{
	bool known = false;
	int i;

	for (i = 0; i < front->nr; i++) {
		if (is_better(c, &front->list[i]))
			return false;
		known = known || is_no_worse(&front->list[i], c);
	}
	return known;
}

/* Each period that is tried, by itself */
static bool judge_front(struct plan *plan, const struct front *front)
{
	rt_time p, low = plan->low, high = plan->high;
	struct front one;
	bool ok = true;

	for (p = low; ok && p <= high; p++) {
		plan->low = p;
		plan->high = p;
		plan_search(plan, &one);
		ok = !one.nr || front_knows(front, &one.list[0]);
		free(one.list);
	}
	return ok;
}

static void test_front(void)
{
	struct rt_task tasks[MOST_TASKS];
	struct front front;
	struct plan plan;
	bool ok = true;
	int i;

	for (i = 0; i < NR_FRONTS; i++) {
		plan = random_plan(tasks, number(0, 1) ? RT_FP : RT_EDF);
		plan.deadline = 0;
		plan.low = 20;
		plan.high = 140;	/* 1 us apart, as plan takes them */
		plan_search(&plan, &front);
		ok = ok && judge_front(&plan, &front);
		free(front.list);
	}
	tap_check(ok, "none that is shown is beaten, and none that was tried is missing");
}

int main(void)
{
	test_packing(RT_FP, "fixed priority: each vCPU has the least for the tasks on it");
	test_packing(RT_EDF, "EDF: each vCPU has the least for the tasks on it");
	test_packing(RT_GEDF, "global EDF: all vCPUs have the least for the tasks");
	test_front();
	return tap_end();
}
