// SPDX-License-Identifier: GPL-2.0
/*
 * Whose turn it is among equals of a capsule: time slices of SCHED_RR and of
 * SCHED_OTHER threads, which are CPU time and not time, none for SCHED_FIFO;
 * what sched_rr_get_interval() says; and RLIMIT_RTTIME, which ends the turn of
 * a SCHED_FIFO thread that takes too long. One CPU, virtual time.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define Q_US		31000L
#define P_US		101000L

#define TICK_NS		(4 * NS_PER_MS)	/* CONFIG_HZ_250 */

#define RR_SLICE	"/proc/sys/kernel/sched_rr_timeslice_ms"
#define BASE_SLICE	"/sys/kernel/debug/sched/base_slice_ns"

/* An interrupt or a kthread is shorter, a turn longer. */
#define GAP_NS		(200 * NS_PER_US)
#define MAX_BURSTS	4096

/* From the timer to the other thread that reads the clock. */
#define SWITCH_NS	(30 * NS_PER_US)

#define MAX_OVERRUN_NS	(20 * (long long)NS_PER_US)

/* 29 periods and a bit */
#define DURATION_NS	(3 * NS_PER_S)

static long long read_number(const char *file)
{
	char buf[64];

	return read_text(file, buf, sizeof(buf)) > 0 ? atoll(buf) : -1;
}

static void write_number(const char *file, long long value)
{
	char buf[64];
	int len = snprintf(buf, sizeof(buf), "%lld", value);

	if (write_text(file, buf, len) != len)
		ksft_exit_fail_perror(file);
}

struct pair {
	char *cg;
	struct worker w[2];
	struct worker_spec spec[2];
	struct burst_log *log[2];
	long long overrun;		/* most over Q, in ns */
};

/* Two busy threads that record when they run, for DURATION_NS. */
static void pair_run(struct pair *pair, int policy)
{
	uint64_t start;
	int i;

	pair->cg = capsule_make("pair", Q_US, P_US);
	for (i = 0; i < 2; i++) {
		if (!pair->log[i])
			pair->log[i] = burst_log_alloc(MAX_BURSTS, GAP_NS);
		pair->log[i]->nr = 0;
		pair->spec[i] = (struct worker_spec){
			.group = pair->cg, .policy = policy, .cpu = 0,
			.prio = policy == SCHED_OTHER ? 0 : 10,
			.fn = fn_burst, .arg = pair->log[i],
		};
		worker_spawn(&pair->w[i], &pair->spec[i]);
	}
	start = now_ns() + 20 * NS_PER_MS;
	for (i = 0; i < 2; i++) {
		pair->log[i]->end_ns = start + DURATION_NS;
		store_64(&pair->w[i].page->start_ns, start);
		worker_go(&pair->w[i]);
	}
	sleep_until(start + DURATION_NS + P_US * NS_PER_US);
	pair->overrun = group_value(pair->cg, RT_STAT, "max_overrun_nsec");
	for (i = 0; i < 2; i++)
		worker_kill(&pair->w[i]);
	group_remove(pair->cg);
}

struct turns {
	unsigned int nr;		/* complete ones */
	uint64_t least;
	uint64_t most;
};

/* Of both, the burst that comes next, counted in @at; NULL at the end. */
static const struct burst *next_burst(struct pair *pair, unsigned int at[2], int *who)
{
	const struct burst *first = NULL;
	int i;

	for (i = 0; i < 2; i++) {
		const struct burst *b = &pair->log[i]->burst[at[i]];

		if (at[i] == pair->log[i]->nr || b->start >= pair->log[i]->end_ns ||
		    (first && first->start < b->start))
			continue;
		first = b;
		*who = i;
	}
	if (first)
		at[*who]++;
	return first;
}

/*
 * What one has until the other runs is its turn, over all the throttling in
 * between. The first two turns and the last one are incomplete: who starts
 * second may need the CPU to wake up.
 */
static void turns_measure(struct pair *pair, struct turns *t)
{
	unsigned int at[2] = {}, turn = 0;
	const struct burst *b;
	int who, last = -1;
	uint64_t sum = 0;

	*t = (struct turns){ .least = UINT64_MAX };
	while ((b = next_burst(pair, at, &who))) {
		if (who != last && turn++ > 1) {
			t->nr++;
			t->least = sum < t->least ? sum : t->least;
			t->most = sum > t->most ? sum : t->most;
		}
		sum = (who == last ? sum : 0) + b->end - b->start;
		last = who;
	}
}

/*
 * Each turn is one slice of CPU time, although a slice may take several periods.
 * What starts a turn, or goes on after a throttle, is not seen by the thread.
 * And the end of the budget is still exact, whatever else the timer is used for.
 */
static bool alternate(struct pair *pair, int policy, uint64_t slice_ns)
{
	uint64_t lost = (2 + slice_ns / (Q_US * NS_PER_US)) * SWITCH_NS;
	unsigned int least = 26 * Q_US * NS_PER_US / (slice_ns + SWITCH_NS);
	struct turns t;
	bool ok;

	pair_run(pair, policy);
	turns_measure(pair, &t);
	ksft_print_msg("%u turns from %.3f to %.3f ms, budget exceeded by %lld ns\n",
		       t.nr, t.nr ? t.least / 1e6 : 0, t.most / 1e6, pair->overrun);
	ok = check(t.nr >= least);
	ok &= check(t.least + lost >= slice_ns);
	ok &= check(t.most <= slice_ns + SWITCH_NS);
	return ok & check(pair->overrun >= 0 && pair->overrun <= MAX_OVERRUN_NS);
}

/* With another slice than at boot, so that it is seen to count. */
static bool rr_turns(struct pair *pair, long ms)
{
	long long old = read_number(RR_SLICE);
	bool ok;

	write_number(RR_SLICE, ms);
	ok = alternate(pair, SCHED_RR, ms * NS_PER_MS);
	write_number(RR_SLICE, old);
	return ok;
}

static bool other_turns(struct pair *pair, long us)
{
	long long old = read_number(BASE_SLICE);
	bool ok;

	write_number(BASE_SLICE, us * NS_PER_US);
	ok = alternate(pair, SCHED_OTHER, us * NS_PER_US);
	write_number(BASE_SLICE, old);
	return ok;
}

/* The first one has it all. */
static bool fifo_turn(struct pair *pair)
{
	struct turns t;

	pair_run(pair, SCHED_FIFO);
	turns_measure(pair, &t);
	return check(!t.nr) & check(pair->log[0]->nr > 20) & check(pair->log[1]->nr <= 1) &
	       check(pair->overrun >= 0 && pair->overrun <= MAX_OVERRUN_NS);
}

/* What sched_rr_get_interval() says of a thread in @cg; -1 if it fails. */
static long long interval_of(const char *cg, int policy)
{
	struct worker_spec spec = {
		.group = cg, .policy = policy, .cpu = 0, .fn = fn_busy,
		.prio = policy == SCHED_FIFO || policy == SCHED_RR ? 10 : 0,
	};
	struct worker w = {};
	struct timespec ts;
	int ret;

	worker_start(&w, &spec);
	sleep_ns(300 * NS_PER_MS);
	ret = sched_rr_get_interval(w.pid, &ts);
	worker_kill(&w);
	return ret ? -1 : ts.tv_sec * (long long)NS_PER_S + ts.tv_nsec;
}

/* As outside; with a base slice of several ticks, since it counts in ticks. */
static bool intervals(void)
{
	long long slice = read_number(BASE_SLICE), rr = read_number(RR_SLICE);
	char *cg = capsule_make("interval", 20000, 100000);
	bool ok;

	write_number(BASE_SLICE, 3 * TICK_NS);
	ok = check(is_near("RR", interval_of(cg, SCHED_RR), rr * NS_PER_MS, 0));
	ok &= check(is_near("FIFO", interval_of(cg, SCHED_FIFO), 0, 0));
	ok &= check(is_near("OTHER", interval_of(cg, SCHED_OTHER), 3 * TICK_NS, 0));
	ok &= check(is_near("OTHER outside", interval_of(NULL, SCHED_OTHER), 3 * TICK_NS, 0));
	ok &= check(is_near("BATCH", interval_of(cg, SCHED_BATCH), 3 * TICK_NS, 0));
	write_number(BASE_SLICE, slice);
	write_number(RR_SLICE, 20);
	ok &= check(is_near("RR, changed", interval_of(cg, SCHED_RR), 20 * NS_PER_MS, 0));
	write_number(RR_SLICE, rr);
	group_remove(cg);
	return ok;
}

#define RTTIME_US	200000L

static unsigned int xcpu;

static void on_xcpu(int sig)
{
	store_u(&xcpu, 1);
}

static void limit_rttime(void)
{
	struct rlimit limit = { .rlim_cur = RTTIME_US, .rlim_max = 10 * RTTIME_US };

	signal(SIGXCPU, on_xcpu);
	if (setrlimit(RLIMIT_RTTIME, &limit))
		_exit(EXIT_FAILURE);
}

/* value[0]: CPU time when the signal came, or 0 */
static void fn_rttime_busy(struct worker *w, void *arg)
{
	uint64_t start;

	limit_rttime();
	start = own_cpu_ns();
	while (!load_u(&xcpu) && own_cpu_ns() < start + 10 * RTTIME_US * NS_PER_US)
		;
	if (load_u(&xcpu))
		w->page->value[0] = own_cpu_ns() - start;
}

/*
 * Each turn is 5 ms long, so that it is hit by a tick. value[0]: whether the
 * signal came; value[1]: turns
 */
static void fn_rttime_polite(struct worker *w, void *arg)
{
	uint64_t end, next;

	limit_rttime();
	end = own_cpu_ns() + 3 * RTTIME_US * NS_PER_US;
	next = now_ns();
	while (!load_u(&xcpu) && own_cpu_ns() < end) {
		burn_ns(5 * NS_PER_MS);
		next += 20 * NS_PER_MS;
		sleep_until(next);
		w->page->value[1]++;
	}
	w->page->value[0] = load_u(&xcpu);
}

/*
 * Limited is CPU time, not the time in which the thread waits for a budget. It
 * is counted in ticks that find the thread on the CPU, and judged by ticks: one
 * in each period may be one too many or too few, and two more pass until the
 * signal comes. After its limit a thread gets another second, or to the hard
 * limit.
 */
static bool rttime_busy(const char *cg, int policy)
{
	struct worker_spec spec = {
		.group = cg, .policy = policy, .prio = 10, .cpu = 0, .fn = fn_rttime_busy,
	};
	long long tolerance = (RTTIME_US / Q_US + 1 + 2) * TICK_NS;
	struct worker w = {};

	worker_start(&w, &spec);
	return check(!worker_wait(&w)) &&
	       check(is_near("CPU time before SIGXCPU", w.page->value[0],
			     RTTIME_US * NS_PER_US, tolerance));
}

/* Who sleeps begins anew: "without making a blocking system call". */
static bool rttime_polite(const char *cg)
{
	struct worker_spec spec = {
		.group = cg, .policy = SCHED_FIFO, .prio = 10, .cpu = 0, .fn = fn_rttime_polite,
	};
	struct worker w = {};

	worker_start(&w, &spec);
	if (check(!worker_wait(&w)) && !w.page->value[0])
		return check(w.page->value[1] >= 100);
	ksft_print_msg("SIGXCPU after %llu turns of 5 ms\n",
		       (unsigned long long)w.page->value[1]);
	return false;
}

static bool rttime(void)
{
	char *cg = capsule_make("rttime", Q_US, P_US);
	bool ok;

	ok = rttime_busy(cg, SCHED_FIFO) & rttime_busy(cg, SCHED_RR);
	group_remove(cg);
	return ok;
}

static bool rttime_spares(void)
{
	char *cg = capsule_make("rttime", Q_US, P_US);
	bool ok;

	ok = check(rttime_polite(NULL));
	ok &= check(rttime_polite(cg));
	group_remove(cg);
	return ok;
}

#define SHORT_Q_NS	(1 * NS_PER_MS)
#define SHORT_P_NS	(10 * NS_PER_MS)
#define OFFSETS		300
#define OFFSET_NS	100

/* Wakes up a little later in each period. */
static void fn_takes_over(struct worker *w, void *arg)
{
	uint64_t start = load_64(&w->page->start_ns);
	unsigned int i;

	for (i = 0; i < OFFSETS; i++) {
		sleep_until(start + i * (SHORT_P_NS + OFFSET_NS));
		burn_ns(SHORT_Q_NS / 2);
	}
}

/*
 * A thread takes over from another one of the capsule just when the budget
 * ends, a little before, and a little later. It must not get more because of
 * that: not in any two periods, that is, not even as a debt.
 */
static bool takeover(void)
{
	char *cg = capsule_make("takeover", SHORT_Q_NS / NS_PER_US, SHORT_P_NS / NS_PER_US);
	struct worker_spec spec[2] = {
		{ .group = cg, .policy = SCHED_FIFO, .prio = 10, .cpu = 0, .fn = fn_busy },
		{ .group = cg, .policy = SCHED_FIFO, .prio = 20, .cpu = 0, .fn = fn_takes_over },
	};
	uint64_t start, before, cpu, most = 0;
	struct worker w[2] = {};
	unsigned int i;

	worker_spawn(&w[0], &spec[0]);
	worker_spawn(&w[1], &spec[1]);
	start = now_ns() + 20 * NS_PER_MS;
	store_64(&w[0].page->start_ns, start);
	/* From 20 us before the end of the budget to 10 us after it. */
	store_64(&w[1].page->start_ns, start + SHORT_P_NS + SHORT_Q_NS - 20 * NS_PER_US);
	worker_go(&w[0]);
	worker_go(&w[1]);
	sleep_until(start + SHORT_P_NS / 2);
	before = worker_cpu_ns(&w[0]) + worker_cpu_ns(&w[1]);
	for (i = 1; i < OFFSETS; i++) {
		sleep_until(start + i * SHORT_P_NS + SHORT_P_NS * 9 / 10);
		cpu = worker_cpu_ns(&w[0]) + worker_cpu_ns(&w[1]);
		most = cpu - before > most ? cpu - before : most;
		before = cpu;
	}
	worker_kill(&w[0]);
	worker_kill(&w[1]);
	group_remove(cg);
	return check(is_near("most in a period", most, SHORT_Q_NS, MAX_OVERRUN_NS));
}

int main(void)
{
	struct pair pair = {};

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(9);
	lift_kthreads();
	ksft_test_result(rr_turns(&pair, 20), "RR: turns of 20 ms of CPU time\n");
	ksft_test_result(rr_turns(&pair, 100), "RR: turns of 100 ms, over several periods\n");
	ksft_test_result(other_turns(&pair, 700), "OTHER: turns of 0.7 ms\n");
	ksft_test_result(other_turns(&pair, 10000), "OTHER: turns of 10 ms\n");
	ksft_test_result(fifo_turn(&pair), "FIFO: no turns\n");
	ksft_test_result(intervals(), "sched_rr_get_interval()\n");
	ksft_test_result(rttime(), "RLIMIT_RTTIME stops who does not sleep\n");
	ksft_test_result(rttime_spares(), "RLIMIT_RTTIME spares who does\n");
	ksft_test_result(takeover(), "nobody takes over what is used up\n");
	ksft_finished();
}
