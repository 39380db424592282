// SPDX-License-Identifier: GPL-2.0
/*
 * Capsules on CPUs without a tick: for nohz_full=1-3 and 4 CPUs. A budget needs
 * the tick only to be enforced, so a busy thread outside still runs without,
 * as does an idle CPU; and where there is no tick it is enforced as ever.
 *
 * QEMU does not get ahead in virtual time when an emulated CPU is busy without
 * a tick, with or without our patches. So there, with the argument "alone",
 * only a capsule is busy. In real time the emulated machine may stand still for
 * a while, which looks like less supply, or like an overrun: about the share has
 * to arrive. A budget that nobody enforces would be all of the CPU.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define CPU		1

#define Q_US		20000L
#define P_US		100000L

/* HZ is 250; a CPU without a tick still has one a second, or a few. */
#define TICKS		250
#define FEW_TICKS	25

/* Emulated CPUs take turns of up to 1 ms; a tick is 4 ms. */
#define TURN_NS		(2 * (long long)NS_PER_MS)

#define MOST_PERCENT	40.0
#define LEAST_PERCENT	10.0

/* Local timer interrupts of @cpu; -1 if they cannot be read. */
static long long timer_irqs(int cpu)
{
	FILE *f = fopen("/proc/interrupts", "r");
	long long n = -1;
	char line[512];

	while (f && n < 0 && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, "LOC:");
		int i;

		for (i = 0, at = at ? at + 4 : NULL; at && i <= cpu; i++)
			n = strtoll(at, &at, 10);
	}
	if (f)
		fclose(f);
	return n;
}

/* In the quietest of the next three seconds: a tick that goes on does so in all. */
static long long ticks_in_a_second(void)
{
	long long before, now = timer_irqs(CPU), least = INT_MAX;
	int i;

	for (i = 0; i < 3; i++) {
		before = now;
		sleep_ns(NS_PER_S);
		now = timer_irqs(CPU);
		least = now - before < least ? now - before : least;
	}
	return before < 0 ? -1 : least;
}

static void busy_start(struct worker *w, struct worker_spec *spec, const char *cg)
{
	*spec = (struct worker_spec){ .group = cg, .cpu = CPU, .fn = fn_busy };
	worker_start(w, spec);
}

/* A capsule that could, but does not, run keeps nobody's tick alive. */
static bool outside(void)
{
	char *cg = group_make_on("idle", "1");
	struct worker_spec spec;
	struct worker w = {};
	long long n;
	bool ok;

	busy_start(&w, &spec, NULL);
	sleep_ns(NS_PER_S);
	n = ticks_in_a_second();
	ksft_print_msg("%lld interrupts in 1 s without a capsule\n", n);
	ok = check(n >= 0 && n <= FEW_TICKS);
	group_reserve(cg, Q_US, P_US);
	sleep_ns(NS_PER_S);
	n = ticks_in_a_second();
	ksft_print_msg("%lld beside an idle one\n", n);
	ok &= check(n >= 0 && n <= FEW_TICKS);
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* Percent of the CPU in two seconds. */
static bool is_limited(struct worker *w)
{
	uint64_t cpu, start;
	double percent;

	sleep_ns(200 * NS_PER_MS);
	cpu = worker_cpu_ns(w);
	start = now_ns();
	sleep_ns(2 * NS_PER_S);
	percent = 100.0 * (worker_cpu_ns(w) - cpu) / (now_ns() - start);
	ksft_print_msg("%.2f %% of the CPU\n", percent);
	return check(percent >= LEAST_PERCENT) & check(percent <= MOST_PERCENT);
}

/*
 * One busy thread in a capsule, and nothing else on the CPU: its share, and no
 * tick while it is throttled. 5 ticks in 20 ms, and a timer for each end of a
 * budget and of a period: some 80 in a second.
 */
static bool inside(bool alone)
{
	char *cg = group_make_on("busy", "1");
	struct worker_spec spec;
	struct worker w = {};
	long long n;
	bool ok;

	group_reserve(cg, Q_US, P_US);
	busy_start(&w, &spec, cg);
	ok = check(is_limited(&w));
	n = ticks_in_a_second();
	ksft_print_msg("%lld interrupts in 1 s\n", n);
	ok &= check(n >= 10 && n <= TICKS / 2);
	if (alone) {
		ok &= check(worker_gets(&w, 100.0 * Q_US / P_US, 2000));
		ok &= check(group_value(cg, RT_STAT, "max_overrun_nsec") <= TURN_NS);
	}
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* The same beside a thread outside, whose tick stops and comes back. */
static bool both(void)
{
	char *cg = group_make_on("busy", "1");
	struct worker_spec in, out;
	struct worker w[2] = {};
	uint64_t cpu;
	bool ok;

	group_reserve(cg, Q_US, P_US);
	busy_start(&w[0], &in, cg);
	busy_start(&w[1], &out, NULL);
	cpu = worker_cpu_ns(&w[1]);
	ok = check(is_limited(&w[0]));
	ok &= check(worker_cpu_ns(&w[1]) - cpu > NS_PER_S);
	worker_kill(&w[0]);
	worker_kill(&w[1]);
	group_remove(cg);
	return ok;
}

/* When all are gone, so is the tick. */
static bool after(void)
{
	long long n;

	sleep_ns(NS_PER_S);
	n = ticks_in_a_second();
	ksft_print_msg("%lld interrupts in 1 s\n", n);
	return check(n >= 0 && n <= FEW_TICKS);
}

static bool is_nohz_full(void)
{
	char buf[64];

	return read_text("/sys/devices/system/cpu/nohz_full", buf, sizeof(buf)) > 0 &&
	       !strncmp(buf, "1-3", 3);
}

int main(int argc, char **argv)
{
	bool alone = argc == 2 && !strcmp(argv[1], "alone");

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (!is_nohz_full())
		ksft_exit_skip("needs nohz_full=1-3\n");
	ksft_set_plan(alone ? 3 : 5);
	lift_kthreads();
	log_mark();
	if (!alone)
		ksft_test_result(outside(), "outside, there is no tick beside an idle capsule\n");
	ksft_test_result(inside(alone), "a budget is kept, and no tick while throttled\n");
	if (!alone)
		ksft_test_result(both(), "a budget is kept beside a thread outside\n");
	ksft_test_result(after(), "an idle CPU has no tick\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_finished();
}
