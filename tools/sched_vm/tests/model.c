// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of plan against what it says nothing about: servers and schedulers
 * that are played through tick by tick, and all budgets tried one after the other.
 *
 * Sets are random, but the same in each run. For one CPU, the least budget must be the
 * one with which no deadline is missed in the worst phase, neither more nor less, and
 * in other phases none may be missed. For global EDF it must be the least that passes
 * the test as it is printed in the paper, and none may be missed.
 */
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "sched-vm.h"
#include "tap.h"

#define NR_SETS		20000

/* One CPU */

static rt_time least_by_trial(const struct rt_question *q)
{
	struct rt_server s = q->server;

	for (s.q = q->step; s.q <= q->most; s.q += q->step)
		if (s.q > s.lost + s.debt &&
		    play(q->tasks, q->nr, q->policy, &s, 1, true, true))
			return s.q;
	return 0;
}

struct tally {
	long sets, none, bound, wrong, missed, edge;
};

static void tell(const char *what, const struct rt_question *q, rt_time got, rt_time want)
{
	int i;

	printf("# %s: policy %d, %d CPUs, p %lu d %lu lost %lu debt %lu step %lu:", what, q->policy,
	       q->nr_cpus, q->server.p, q->server.d, q->server.lost, q->server.debt, q->step);
	for (i = 0; i < q->nr; i++)
		printf(" %lu/%lu/%lu", q->tasks[i].c, q->tasks[i].t, q->tasks[i].d);
	printf(": %lu, not %lu\n", got, want);
}

static void judge(struct tally *tally, const struct rt_question *q, rt_time got, rt_time want)
{
	struct rt_server s = q->server;
	int i;

	tally->sets++;
	tally->none += !want;
	if (got != want && !tally->wrong++)
		tell("least budget", q, got, want);
	s.q = got;
	for (i = 0; got && i < 4; i++)
		if (!play(q->tasks, q->nr, q->policy, &s, q->nr_cpus, i & 1, i & 2) &&
		    !tally->missed++)
			tell("deadline missed", q, got, want);
}

static struct rt_question random_question(struct rt_task *tasks, enum rt_policy policy)
{
	struct rt_question q = { .policy = policy, .tasks = tasks, .nr_cpus = 1,
				 .server = random_server(), .step = number(1, 3) };

	q.most = q.server.d;
	return q;
}

static bool can_be(const struct rt_question *q)
{
	return q->most / q->step * q->step > q->server.lost + q->server.debt;
}

static void test_one(enum rt_policy policy, const char *what)
{
	struct rt_task tasks[MOST_TASKS];
	struct tally tally = {};
	struct rt_question q;
	struct rt_failure f;
	bool bound = false;

	while (tally.sets < NR_SETS) {
		q = random_question(tasks, policy);
		q.nr = random_tasks(tasks, 4, 35);
		if (can_be(&q))
			judge(&tally, &q, rt_least_budget(&q, &f, &bound), least_by_trial(&q));
	}
	printf("# %s: %ld sets, %ld without any budget that is enough\n", what, tally.sets,
	       tally.none);
	tap_check(!tally.wrong && !bound, what);
	tap_check(!tally.missed, "no deadline is missed in other phases");
}

/* Global EDF, as it is printed */

/* For a above -1000 b */
static long floor_div(long a, long b)
{
	return (a + 1000 * b) / b - 1000;
}

static long at_most(long a, long b)
{
	return a < b ? a : b;
}

static int descending(const void *a, const void *b)
{
	const long *x = a, *y = b;

	return *x < *y ? 1 : *x > *y ? -1 : 0;
}

static bool printed_test(const struct rt_task *tasks, int nr, int k, long a, int m, long supply)
{
	long t = a + tasks[k].d, diff[MOST_TASKS], sum = m * (long)tasks[k].c;
	int i, full = 0, late = 0;

	for (i = 0; i < nr; i++) {
		long c = tasks[i].c, n, w, ci, i1, i2;

		n = floor_div(t + (long)tasks[i].t - (long)tasks[i].d, tasks[i].t);
		ci = t - n * (long)tasks[i].t;
		ci = at_most(c, ci > 0 ? ci : 0);
		w = n * c + ci;
		if (i == k) {
			i1 = at_most(w - c - ci, a);
			i2 = at_most(w - c, a);
		} else {
			i1 = at_most(w - ci, t - (long)tasks[k].c);
			i2 = at_most(w, t - (long)tasks[k].c);
			full += w - ci > t - (long)tasks[k].c;
			late += w - ci <= t - (long)tasks[k].c && w > t - (long)tasks[k].c;
		}
		sum += i1;
		diff[i] = i2 - i1;
	}
	qsort(diff, nr, sizeof(diff[0]), descending);
	for (i = 0; i < nr && i < m - 1; i++)
		sum += diff[i];
	full += at_most(late, m - 1);
	/* A whole CPU for each of m others leaves nothing, and a sum that is just enough. */
	return sum < supply || (sum == supply && !(supply == m * t && full >= m));
}

static bool printed_fits(const struct rt_question *q, const struct rt_server *s)
{
	double use = 0, rate = q->nr_cpus * (double)(s->q - s->lost) / s->p, ahead = 0;
	long a, most;
	int k;

	for (k = 0; k < q->nr; k++) {
		use += (double)q->tasks[k].c / q->tasks[k].t;
		ahead += q->tasks[k].c * (q->nr_cpus + 2);
	}
	ahead += q->nr_cpus * s->debt;
	if (rate < use + 0.000000001)
		return false;
	most = (ahead + rate * rt_gap(s)) / (rate - use) + 1;
	for (k = 0; k < q->nr; k++)
		for (a = 0; a <= most; a++)
			if (!printed_test(q->tasks, q->nr, k, a, q->nr_cpus,
					  q->nr_cpus * rt_supply(s, a + q->tasks[k].d)))
				return false;
	return true;
}

static rt_time least_by_print(const struct rt_question *q)
{
	struct rt_server s = q->server;

	for (s.q = q->step; s.q <= q->most; s.q += q->step)
		if (s.q > s.lost + s.debt && printed_fits(q, &s))
			return s.q;
	return 0;
}

static void test_gedf(void)
{
	struct rt_task tasks[MOST_TASKS];
	struct tally tally = {};
	struct rt_question q;
	struct rt_failure f;
	bool bound = false;

	while (tally.sets < NR_SETS) {
		q = random_question(tasks, RT_GEDF);
		q.nr_cpus = number(1, MOST_CPUS);
		q.nr = random_tasks(tasks, MOST_TASKS, q.nr_cpus > 1 ? 60 : 35);
		if (can_be(&q))
			judge(&tally, &q, rt_least_budget(&q, &f, &bound), least_by_print(&q));
	}
	printf("# global EDF: %ld sets, %ld without any budget that is enough\n", tally.sets,
	       tally.none);
	tap_check(!tally.wrong && !bound, "global EDF: the least of the printed test");
	tap_check(!tally.missed, "no deadline is missed in any phase that was tried");
}

/* Global fixed priorities on whole CPUs: what is promised is never late. */
static void test_gdm(void)
{
	static const struct rt_server whole = { 1, 1, 1, 0, 0 };
	long sets, promised = 0, late = 0, missed = 0;
	struct rt_task tasks[MOST_TASKS];
	int nr, nr_cpus, i;
	bool fits, ok;

	for (sets = 0; sets < NR_SETS; sets++) {
		nr = random_tasks(tasks, MOST_TASKS, 90);
		nr_cpus = number(1, MOST_CPUS);
		fits = rt_fits_gdm(tasks, nr, nr_cpus);
		for (ok = true, i = 0; i < 4; i++)
			ok = ok && play(tasks, nr, RT_FP, &whole, nr_cpus, i & 1, i & 2);
		promised += fits;
		missed += !ok;
		late += fits && !ok;
	}
	printf("# global DM: %ld sets, %ld promised, %ld miss\n", sets, promised, missed);
	tap_check(!late && promised > sets / 2 && missed > sets / 20,
		  "global DM: what is promised misses no deadline");
}

/* No window of a server that is played has less than the model says. */
static void test_supply(void)
{
	bool ok = true, inverse = true;
	long i, from, to, sum[200];
	struct rt_server s;
	struct play p;

	for (i = 0; i < NR_SETS / 10; i++) {
		s = random_server();
		s.q = number(1, s.d);
		if (s.q <= s.lost + s.debt)
			continue;
		play_begin(&p, &s, i & 1);
		for (sum[0] = 0, to = 1; to < 200; to++)
			sum[to] = sum[to - 1] + play_tick(&p);
		for (from = 0; from < 200; from += 1 + (i & 3))
			for (to = from; to < 200; to++)
				ok = ok && sum[to] - sum[from] >= (long)rt_supply(&s, to - from);
		for (to = 0; i & 1 && to < 200; to++)
			ok = ok && sum[to] == (long)rt_supply(&s, to);
		for (to = 1; to < 50; to++) {
			rt_time t = rt_supply_inverse(&s, to);

			inverse = inverse && (t == RT_NEVER ||
				   (rt_supply(&s, t) >= (rt_time)to &&
				    rt_supply(&s, t - 1) < (rt_time)to));
		}
	}
	tap_check(ok, "no window has less than the least supply, and one has just that");
	tap_check(inverse, "the shortest window with a supply");
}

/* CPUs with budgets of their own add up. */
static void test_sum(void)
{
	struct rt_server s[2] = { { 3, 10, 10, 0, 0 }, { 5, 8, 7, 1, 2 } };
	bool ok = true;
	rt_time w, t;

	for (w = 1; w < 300; w++) {
		t = rt_supply_of_inverse(s, 2, w);
		ok = ok && rt_supply(&s[0], t) + rt_supply(&s[1], t) >= w &&
		     rt_supply(&s[0], t - 1) + rt_supply(&s[1], t - 1) < w;
	}
	tap_check(ok, "the supply of several CPUs is the sum");
}

/* (8/20), (80/220) ms, from the formulas, on a grid of 50 us */
static void test_worked(void)
{
	static const struct {
		rt_time p, q;	/* in us */
	} worked[] = {
		{ 1000, 800 }, { 2000, 1550 }, { 4000, 3100 }, { 5000, 3850 }, { 8000, 6250 },
		{ 10000, 7750 }, { 12000, 9350 }, { 16000, 12550 }, { 20000, 15700 },
	};
	const struct rt_task tasks[] = { { 8000, 20000, 20000, 0 }, { 80000, 220000, 220000, 1 } };
	struct rt_question q = { .tasks = tasks, .nr = 2, .nr_cpus = 1, .step = 50 };
	struct rt_failure f;
	bool ok = true, bound = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(worked); i++) {
		q.server.p = worked[i].p;
		q.server.d = worked[i].p;
		q.most = worked[i].p;
		for (q.policy = RT_FP; q.policy <= RT_EDF; q.policy++)
			ok = ok && rt_least_budget(&q, &f, &bound) == worked[i].q;
	}
	tap_check(ok, "the nine worked values, fixed priority and EDF");
}

/* Fewer tasks for the same question: the same answer, or a safe one. */
static void test_reduce(void)
{
	bool same = true, safe = true, bound = false;
	struct rt_task tasks[40], fewer[40];
	struct rt_question q;
	struct rt_failure f;
	int i, j, digits;
	rt_time least;

	for (i = 0; i < 500; i++) {
		q = (struct rt_question){ .tasks = tasks, .nr = 40, .nr_cpus = 1, .step = 1,
					  .server = { .p = 100, .d = 100 }, .most = 100 };
		for (j = 0; j < 40; j++)
			tasks[j] = (struct rt_task){ number(1, 4), number(300, 1000), 0, j };
		for (j = 0; j < 40; j++)
			tasks[j].t = i & 1 ? tasks[j].d : 1000;
		rt_sort(tasks, 40);
		q.policy = i & 2 ? RT_FP : RT_EDF;
		least = rt_least_budget(&q, &f, &bound);
		memcpy(fewer, tasks, sizeof(tasks));
		q.tasks = fewer;
		q.nr = rt_reduce(fewer, 40, 40, &digits);
		same = same && !digits && rt_least_budget(&q, &f, &bound) == least;
		q.nr = rt_reduce(fewer, q.nr, 12, &digits);
		safe = safe && q.nr <= 12 && digits && rt_least_budget(&q, &f, &bound) >= least;
	}
	tap_check(same, "equal tasks are one");
	tap_check(safe, "rounded tasks take no less");
}

/* What fails, and where: a set that just does, and its first window that does not. */
static void test_failures(void)
{
	const struct rt_task tasks[] = { { 4, 10, 10, 7 }, { 5, 30, 30, 3 } };
	struct rt_question q = { .tasks = tasks, .nr = 2, .nr_cpus = 1,
				 .server = { .p = 10, .d = 10 }, .step = 1, .most = 6 };
	struct rt_failure f = {};
	bool bound = false;

	tap_check(!rt_least_budget(&q, &f, &bound) && f.id == 3 && f.window == 30 &&
		  f.demand == 17 && f.supply == 14, "fixed priority: the task and its window");
	q.policy = RT_EDF;
	tap_check(!rt_least_budget(&q, &f, &bound) && f.demand > f.supply &&
		  f.demand == rt_demand(tasks, 2, f.window) &&
		  f.demand > rt_demand(tasks, 2, f.window - 1) && f.id == 7,
		  "EDF: the task and its window");
	q.policy = RT_GEDF;
	tap_check(!rt_least_budget(&q, &f, &bound) && f.window >= 10 && f.demand > f.supply,
		  "global EDF: a window");
	q.most = 5;
	q.policy = RT_EDF;
	tap_check(!rt_least_budget(&q, &f, &bound) && f.window == RT_NEVER && !f.unknown,
		  "less than the load: the long run");
	q.most = 7;
	q.policy = RT_FP;
	tap_check(rt_least_budget(&q, &f, &bound) == 7, "one more, and it is enough");
}

/* Periods that have nothing in common, and a load next to the supply. */
static void test_long(void)
{
	const struct rt_task tasks[] = {
		{ 1, 999983, 999983, 0 }, { 299999, 999979, 999979, 1 },
		{ 399999, 999961, 999961, 2 }, { 1, 1000003, 1000003, 3 },
	};
	struct rt_question q = { .policy = RT_EDF, .tasks = tasks, .nr = 4, .nr_cpus = 1,
				 .server = { .p = 1000, .d = 1000 }, .step = 1, .most = 1000 };
	bool bound = false;
	struct rt_failure f;
	rt_time least;

	least = rt_least_budget(&q, &f, &bound);
	printf("# coprime: %lu, %s\n", least, bound ? "by a bound" : "exact");
	tap_check(least > 700 && least < 710 && rt_fits(&q, least, &f) &&
		  (bound || !rt_fits(&q, least - 1, &f)), "coprime periods");
}

int main(void)
{
	test_supply();
	test_sum();
	test_worked();
	test_failures();
	test_reduce();
	test_long();
	test_one(RT_FP, "fixed priority: the least budget is that of trial");
	test_one(RT_EDF, "EDF: the least budget is that of trial");
	test_gedf();
	test_gdm();
	return tap_end();
}
