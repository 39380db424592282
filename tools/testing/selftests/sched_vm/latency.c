// SPDX-License-Identifier: GPL-2.0
/*
 * Wake-up latency, as cyclictest measures it: of a SCHED_FIFO thread in the
 * root cgroup, of the same thread alone in a capsule with budget left and the
 * earliest deadline, and of that with 100 other busy capsules on the CPU.
 *
 * The interval is no divisor or multiple of the tick's, so that over 5,000
 * wake-ups each phase of it is met. What else they meet, the replenishments of
 * the capsule for one, hangs on the moment at which the kernel booted: so there
 * are several runs, each at another phase, and the figures are of all of them.
 *
 * Beside 100 capsules about one wake-up in a thousand meets the end or the beginning
 * of another one's budget. So p99.9 is what such a wake-up takes, or what all others
 * do, by a hair. What is judged is the mean of the slowest 1 %, which counts them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kselftest.h"
#include "sched_vm.h"

#define WAKEUPS		5000
#define RUNS		5
#define RUN_PHASE_NS	(137 * NS_PER_US)
#define INTERVAL_NS	(1003 * NS_PER_US)
#define PHASE_NS	(4 * NS_PER_MS)	/* of a tick, at 250 Hz */

/* The deadline is always nearer than the others', which run dry in time. */
#define BUDGET_US	10000L
#define PERIOD_US	100000L

/*
 * Less than a tick: the end of such a budget has to be timed at each wake-up,
 * which is part of the latency.
 */
#define SHORT_BUDGET_US	200L
#define SHORT_PERIOD_US	1000L

/* Others: 100 times 0.65 %, always busy in turn, less the last period's. */
#define OTHERS		100
#define OTHERS_BUDGET_US	6500L
#define OTHERS_PERIOD_US	1000000L

#define MAX_RATIO_ALONE	1.15
#define MAX_RATIO_SCALE	1.15
#define MAX_RATIO_CROWD	1.30
#define MAX_RATIO_SHORT	1.30

struct samples {
	uint64_t start;
	uint64_t *next;
	uint64_t latency[RUNS * WAKEUPS];
};

struct figures {
	uint64_t p50;
	uint64_t p99;
	uint64_t p999;
	uint64_t tail;		/* mean of the slowest 1 % */
	uint64_t max;
};

static void fn_wakeups(struct worker *w, void *arg)
{
	struct samples *s = arg;
	uint64_t next = s->start;
	int i;

	for (i = 0; i < WAKEUPS; i++, next += INTERVAL_NS) {
		sleep_until(next);
		*s->next++ = now_ns() - next;
	}
}

static void print_figure(const char *name, const char *what, uint64_t ns)
{
	char key[64];

	snprintf(key, sizeof(key), "latency.%s.%s_ns", name, what);
	result_int(key, ns);
}

static void measure_once(const char *group, struct samples *s, long phase_ns)
{
	struct worker_spec spec = {
		.group = group, .policy = SCHED_FIFO, .prio = 80, .cpu = 0,
		.fn = fn_wakeups, .arg = s,
	};
	struct worker w = {};

	worker_spawn(&w, &spec);
	s->start = (now_ns() / PHASE_NS + 10) * PHASE_NS + phase_ns;
	worker_go(&w);
	worker_wait(&w);
}

static uint64_t mean_of_slowest(const uint64_t *sorted, unsigned int nr)
{
	unsigned int some = nr / 100, i;
	uint64_t sum = 0;

	for (i = nr - some; i < nr; i++)
		sum += sorted[i];
	return sum / some;
}

static void measure(const char *name, const char *group, struct samples *s,
		    struct figures *f)
{
	unsigned int nr = ARRAY_SIZE(s->latency);
	int i;

	s->next = s->latency;
	for (i = 0; i < RUNS; i++)
		measure_once(group, s, i * RUN_PHASE_NS);
	sort_u64(s->latency, nr);
	f->p50 = percentile(s->latency, nr, 50);
	f->p99 = percentile(s->latency, nr, 99);
	f->p999 = percentile(s->latency, nr, 99.9);
	f->tail = mean_of_slowest(s->latency, nr);
	f->max = s->latency[nr - 1];
	print_figure(name, "p50", f->p50);
	print_figure(name, "p99", f->p99);
	print_figure(name, "p999", f->p999);
	print_figure(name, "tail", f->tail);
	print_figure(name, "max", f->max);
}

static void test_ratio(const char *name, const struct figures *f,
		       const struct figures *root, double limit)
{
	double ratio = (double)f->tail / root->tail;
	char key[64];

	snprintf(key, sizeof(key), "latency.%s.ratio", name);
	result_float(key, ratio);
	snprintf(key, sizeof(key), "latency.%s.p999_ratio", name);
	result_float(key, (double)f->p999 / root->p999);
	ksft_test_result(root->tail && f->tail && ratio <= limit,
			 "%s: the slowest 1 %% take %.3f of root FIFO's, at most %.2f\n",
			 name, ratio, limit);
}

/* @nr capsules with 65 % of the CPU between them, all busy. */
static void others_start(int nr, char *groups[], struct worker workers[],
			 const struct worker_spec *spec)
{
	uint64_t start;
	int i;

	for (i = 0; i < nr; i++) {
		struct worker_spec own = *spec;
		char name[16];

		snprintf(name, sizeof(name), "other%d", i);
		groups[i] = capsule_make(name, OTHERS_BUDGET_US * OTHERS / nr,
					 OTHERS_PERIOD_US);
		own.group = groups[i];
		worker_spawn(&workers[i], &own);
	}
	start = now_ns() + 100 * NS_PER_MS;
	for (i = 0; i < nr; i++) {
		store_64(&workers[i].page->start_ns, start);
		worker_go(&workers[i]);
	}
}

static bool others_busy(int nr, struct worker workers[])
{
	bool busy = true;
	int i;

	/* Five seconds of work at 0.65 %. */
	for (i = 0; i < nr && busy; i++)
		busy = check(worker_cpu_ns(&workers[i]) >= 4 * OTHERS_BUDGET_US * NS_PER_US);
	return busy;
}

/* Beside @nr other capsules: all of them with longer deadlines. */
static void measure_beside(int nr, const char *name, const char *cg,
			   struct samples *s, struct figures *f)
{
	static const struct worker_spec spec = {
		.policy = SCHED_OTHER, .cpu = 0, .fn = fn_busy,
	};
	static struct worker workers[OTHERS];
	static char *groups[OTHERS];
	int i;

	others_start(nr, groups, workers, &spec);
	measure(name, cg, s, f);
	ksft_test_result(others_busy(nr, workers), "%s: %d capsules are busy\n",
			 name, nr);
	kill_all_workers();
	for (i = 0; i < nr; i++)
		group_remove(groups[i]);
}

static void test_crowd(const char *cg, struct samples *s,
		       const struct figures *root)
{
	struct figures crowd, one;

	measure_beside(OTHERS, "crowd", cg, s, &crowd);
	test_ratio("crowd", &crowd, root, MAX_RATIO_CROWD);
	measure_beside(1, "one", cg, s, &one);
	result_float("latency.crowd.to_one", (double)crowd.tail / one.tail);
	ksft_test_result(crowd.tail <= MAX_RATIO_SCALE * one.tail &&
			 crowd.p50 <= MAX_RATIO_SCALE * one.p50,
			 "%d capsules: p50 %.3f, slowest 1 %% %.3f of that with one, at most %.2f\n",
			 OTHERS, (double)crowd.p50 / one.p50,
			 (double)crowd.tail / one.tail, MAX_RATIO_SCALE);
}

int main(void)
{
	struct figures root, capsule, brief;
	struct samples *s;
	char *cg;

	ksft_print_header();
	sv_setup();
	s = shared_alloc(sizeof(*s));
	measure("root", NULL, s, &root);
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(6);
	cg = capsule_make("latency", BUDGET_US, PERIOD_US);
	measure("capsule", cg, s, &capsule);
	test_ratio("capsule", &capsule, &root, MAX_RATIO_ALONE);
	test_crowd(cg, s, &root);
	group_remove(cg);

	cg = capsule_make("short", SHORT_BUDGET_US, SHORT_PERIOD_US);
	measure("short", cg, s, &brief);
	test_ratio("short", &brief, &root, MAX_RATIO_SHORT);
	group_remove(cg);
	ksft_finished();
}
