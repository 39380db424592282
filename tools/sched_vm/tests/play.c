// SPDX-License-Identifier: GPL-2.0
/*
 * Servers and tasks that are played tick by tick, and know nothing of the arithmetic that
 * is to be tested. A tick is a unit of time; sets are random, but the same in each run.
 */
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "sched-vm.h"

#define RANDOM_TICKS	400
#define WORST_TICKS	500000

static uint64_t seed = 88172645463325252ULL;

int number(int low, int high)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return low + seed % (high - low + 1);
}

/* With a hyperperiod of 240, so that also full loads come to an end. */
static const int periods[] = { 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24 };

int random_tasks(struct rt_task *tasks, int most_tasks, int most_use)
{
	int nr = number(1, most_tasks), i;

	for (i = 0; i < nr; i++) {
		int t = periods[number(0, ARRAY_SIZE(periods) - 1)];
		int c = t * number(1, most_use) / 100;

		tasks[i].t = t;
		tasks[i].c = c ? c : 1;
		tasks[i].d = number(0, 1) ? t : number(tasks[i].c, t);
		tasks[i].id = i;
	}
	rt_sort(tasks, nr);
	return nr;
}

struct rt_server random_server(void)
{
	struct rt_server s = { .p = number(1, 14) };

	s.d = number(0, 2) ? s.p : (rt_time)number(1, s.p);
	if (number(0, 1)) {
		s.lost = number(0, 1);
		s.debt = number(0, 2);
	}
	return s;
}

/* A server that is played */

static void put(unsigned long *bits, long at)
{
	*bits |= 1UL << at;
}

/* @nr of the ticks of @from that are not in @to yet. */
static void pick(unsigned long *to, unsigned long from, int nr)
{
	for (from &= ~*to; nr > 0 && from; nr--) {
		unsigned long left = from;
		int i;

		for (i = number(1, __builtin_popcountl(from)); i > 1; i--)
			left &= left - 1;
		left &= -left;
		*to |= left;
		from &= ~left;
	}
}

/*
 * The budget, less what is owed, anywhere up to the deadline, and then some ticks too
 * many, as far as the period goes; of all that, some ticks are lost.
 */
static void random_period(struct play *p)
{
	const struct rt_server *s = p->s;
	long over = number(0, s->debt), budget = (long)s->q - p->debt, last;

	p->served = 0;
	p->lost = 0;
	pick(&p->served, (1UL << s->d) - 1, budget);
	last = p->served ? 63 - __builtin_clzl(p->served) : 0;
	for (p->debt = 0; p->served && p->debt < over && last + 1 < (long)s->p; p->debt++)
		put(&p->served, ++last);
	pick(&p->lost, p->served, s->lost);
}

/* As late as can be; the first of them pays a debt that was made up for before. */
static void worst_period(struct play *p)
{
	const struct rt_server *s = p->s;
	long ticks = s->q - s->lost;

	if (p->begin == (long)s->p)
		ticks -= s->debt;
	p->lost = 0;
	p->served = ((1UL << ticks) - 1) << (s->d - ticks);
}

void play_begin(struct play *p, const struct rt_server *s, bool worst)
{
	*p = (struct play){ .s = s, .worst = worst };
	if (worst) {
		p->at = s->q - s->lost;
		return;
	}
	random_period(p);
	p->at = number(0, s->p - 1);
}

bool play_tick(struct play *p)
{
	long at = p->at++ - p->begin;

	if (at == (long)p->s->p) {
		p->begin += at;
		at = 0;
		if (p->worst)
			worst_period(p);
		else
			random_period(p);
	}
	return at >= 0 && p->served >> at & ~p->lost >> at & 1;
}

/* Tasks that are played */

struct job {
	long left, release, deadline;	/* release: of the next one */
};

/* The one to run first, or -1. Tasks are in the order of fixed priorities. */
static int first_of(const struct job *jobs, const struct rt_task *tasks, int nr,
		    enum rt_policy policy, unsigned long done)
{
	int i, first = -1;

	(void)tasks;
	for (i = 0; i < nr; i++) {
		if (!jobs[i].left || done >> i & 1)
			continue;
		if (first < 0 || (policy != RT_FP && jobs[i].deadline < jobs[first].deadline))
			first = i;
	}
	return first;
}

/* False: a deadline is missed. */
static bool release(struct job *jobs, const struct rt_task *tasks, int nr, long now, bool worst)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (jobs[i].left && jobs[i].deadline <= now)
			return false;
		if (jobs[i].release > now)
			continue;
		jobs[i].left = tasks[i].c;
		jobs[i].deadline = now + tasks[i].d;
		jobs[i].release = now + tasks[i].t;
		if (!worst && !number(0, 3))
			jobs[i].release += number(0, 5);
	}
	return true;
}

static bool is_idle(const struct job *jobs, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		if (jobs[i].left)
			return false;
	return true;
}

static void run_jobs(struct job *jobs, const struct rt_task *tasks, int nr,
		     enum rt_policy policy, int nr_cpus)
{
	unsigned long done = 0;
	int first;

	while (nr_cpus--) {
		first = first_of(jobs, tasks, nr, policy, done);
		if (first < 0)
			return;
		jobs[first].left--;
		done |= 1UL << first;
	}
}

bool play(const struct rt_task *tasks, int nr, enum rt_policy policy,
	  const struct rt_server *s, int nr_cpus, bool worst_tasks, bool worst_supply)
{
	struct job jobs[MOST_TASKS] = {};
	struct play cpus[MOST_CPUS];
	bool worst = worst_tasks && worst_supply && nr_cpus == 1;
	long now, ticks = worst ? WORST_TICKS : RANDOM_TICKS;
	int i, serving;

	for (i = 0; i < nr_cpus; i++)
		play_begin(&cpus[i], s, worst_supply);
	for (i = 0; !worst_tasks && i < nr; i++)
		jobs[i].release = number(0, tasks[i].t);
	for (now = 0; now < ticks; now++) {
		if (worst && now && is_idle(jobs, nr))
			return true;
		if (!release(jobs, tasks, nr, now, worst_tasks))
			return false;
		for (serving = 0, i = 0; i < nr_cpus; i++)
			serving += play_tick(&cpus[i]);
		run_jobs(jobs, tasks, nr, policy, serving);
	}
	return !worst;
}
