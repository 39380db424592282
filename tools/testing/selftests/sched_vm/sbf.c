// SPDX-License-Identifier: GPL-2.0
/*
 * The least that a capsule gets in any window of time, wherever it begins: that
 * of a periodic resource (I. Shin and I. Lee, RTSS 2003). Nothing for up to
 * P + D - 2Q, when it was served first in one period and last in the next, and
 * then Q in each P. One CPU, virtual time.
 *
 * Others with shorter deadlines take the CPU so that this happens: they sleep
 * for one period of the capsule, and then are busy for one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define NR_OTHERS	2
#define PERIODS		200
#define MAX_BURSTS	(64 * 1024)

/* A context switch, there and back, or an interrupt, is shorter. */
#define GAP_NS		(30 * NS_PER_US)

/* What one period may owe to the next, and what gaps as short as that hide. */
#define DEBT_NS		(20 * NS_PER_US)

struct capsule {
	long q_us;
	long p_us;
	long d_us;
};

struct scene {
	const char *name;
	struct capsule subject;
	struct capsule other[NR_OTHERS];	/* as many as have a budget */
};

struct blinker {
	uint64_t on_ns;			/* busy */
	uint64_t off_ns;		/* then asleep */
};

/* Busy and asleep in turns, by the clock. */
static void fn_blink(struct worker *w, void *arg)
{
	const struct blinker *b = arg;
	uint64_t at;

	worker_sleep_until_start(w);
	at = load_64(&w->page->start_ns);
	while (!load_u(&w->page->stop)) {
		at += b->on_ns;
		while (now_ns() < at)
			;
		at += b->off_ns;
		sleep_until(at);
	}
}

static char *capsule_of(const char *name, const struct capsule *c)
{
	char *cg = group_make(sv_top, name), text[64];

	snprintf(text, sizeof(text), "%ld %ld %ld", c->q_us, c->p_us, c->d_us);
	if (group_write(cg, RT_MAX, text))
		ksft_exit_fail_msg("%s: %s is refused\n", name, text);
	return cg;
}

static uint64_t largest_gap(const struct burst_log *log)
{
	uint64_t gap = 0;
	unsigned int k;

	for (k = 0; k + 1 < log->nr; k++)
		if (log->burst[k + 1].start - log->burst[k].end > gap)
			gap = log->burst[k + 1].start - log->burst[k].end;
	return gap;
}

/* Windows of up to five periods, in steps of a fiftieth. */
static bool keeps_bound(const struct scene *s, const struct burst_log *log)
{
	uint64_t p = s->subject.p_us * NS_PER_US, d = s->subject.d_us * NS_PER_US;
	uint64_t *sum = supply_sums(log), q = s->subject.q_us * NS_PER_US;
	uint64_t t, got, due, debt;
	int64_t nearest = INT64_MAX;
	bool ok = true;

	for (t = p / 50; t <= 5 * p; t += p / 50) {
		debt = (t / p + 2) * DEBT_NS;
		due = supply_bound(q, p, d, t);
		got = supply_least(log, sum, t);
		if (due && (int64_t)(got - due) < nearest)
			nearest = got - due;
		if (got + debt >= due)
			continue;
		ksft_print_msg("%.3f ms in %.3f ms, due are %.3f\n", got / 1e6, t / 1e6,
			       due / 1e6);
		ok = false;
	}
	free(sum);
	ksft_print_msg("%s: least supply over the bound: %+.3f us\n", s->name, nearest / 1e3);
	return ok & check(nearest != INT64_MAX);
}

/* Did it get so bad that the bound was worth a test? */
static bool is_worst(const struct scene *s, const struct burst_log *log)
{
	uint64_t none = (s->subject.p_us + s->subject.d_us - 2 * s->subject.q_us) * NS_PER_US;
	uint64_t gap = largest_gap(log);

	ksft_print_msg("%s: nothing for up to %.3f ms, bound %.3f ms\n", s->name, gap / 1e6,
		       none / 1e6);
	return check(gap <= none + 2 * DEBT_NS) & check(gap >= none * 9 / 10);
}

static bool play(const struct scene *s, struct burst_log *log)
{
	uint64_t p = s->subject.p_us * NS_PER_US, start;
	/* The phase of the others moves by a fiftieth in each round. */
	struct blinker blinker = { .on_ns = p, .off_ns = p + p / 50 };
	struct worker_spec spec[NR_OTHERS + 1];
	struct worker w[NR_OTHERS + 1] = {};
	char *cg[NR_OTHERS + 1], name[8];
	int i, nr = 1;
	bool ok;

	while (nr <= NR_OTHERS && s->other[nr - 1].q_us)
		nr++;
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		cg[i] = capsule_of(name, i ? &s->other[i - 1] : &s->subject);
		spec[i] = (struct worker_spec){
			.group = cg[i], .policy = SCHED_FIFO, .prio = 10, .cpu = 0,
			.fn = i ? fn_blink : fn_burst, .arg = i ? (void *)&blinker : log,
		};
		worker_spawn(&w[i], &spec[i]);
	}
	start = now_ns() + 20 * NS_PER_MS;
	log->nr = 0;
	log->end_ns = start + PERIODS * p;
	for (i = 0; i < nr; i++) {
		store_64(&w[i].page->start_ns, start);
		worker_go(&w[i]);
	}
	worker_wait(&w[0]);
	ok = keeps_bound(s, log);
	ok &= is_worst(s, log);
	ok &= check(!group_value(cg[0], RT_STAT, "nr_deadline_misses"));
	for (i = 1; i < nr; i++)
		worker_kill(&w[i]);
	for (i = 0; i < nr; i++)
		group_remove(cg[i]);
	return ok;
}

int main(void)
{
	/* 90 % of the CPU in all, which is what capsules can have. */
	static const struct scene scenes[] = {
		{ "one other", { 20000, 100000, 100000 }, { { 66000, 100000, 95000 } } },
		{ "two others", { 20000, 100000, 100000 },
		  { { 30000, 100000, 95000 }, { 36000, 100000, 96000 } } },
		{ "5 ms", { 1000, 5000, 5000 }, { { 3300, 5000, 4750 } } },
		{ "D < P", { 10000, 100000, 30000 }, { { 15600, 100000, 28000 } } },
	};
	struct burst_log *log = burst_log_alloc(MAX_BURSTS, GAP_NS);
	size_t i;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(ARRAY_SIZE(scenes));
	lift_kthreads();
	for (i = 0; i < ARRAY_SIZE(scenes); i++)
		ksft_test_result(play(&scenes[i], log), "%s: least supply in any window\n",
				 scenes[i].name);
	ksft_finished();
}
