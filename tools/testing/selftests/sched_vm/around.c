// SPDX-License-Identifier: GPL-2.0
/*
 * RT threads outside, and a CPU where a capsule runs: whatever the priorities, the
 * capsule comes first there, so they are to run on the other CPU. So does a capsule
 * with an earlier deadline than that of a SCHED_DEADLINE thread.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define CPUS_USED	2

/* A capsule on CPU 0, busy: it runs for 80 ms, and is gone for 20. */
#define Q_US		80000L
#define P_US		100000L
#define P_NS		(P_US * NS_PER_US)

#define TIMES		20
#define SOON_NS		(5 * NS_PER_MS)

/* Who has CPU 1 for a time, and how long after the other one wakes up */
#define HELD_NS		(40 * NS_PER_MS)
#define LATER_NS	(10 * NS_PER_MS)

/* As SCHED_DEADLINE, with a later deadline than the capsule's */
#define DL_Q_NS		(10 * NS_PER_MS)
#define DL_P_NS		(2 * P_NS)

struct waking {
	int policy;
	bool held;		/* by then somebody of a higher priority has CPU 1 */
	unsigned int on_cpu[CPUS_USED];
	uint64_t worst_ns;
};

static struct waking *waking;

/* From CPU 0, where it can be in the gap only, so that the capsule is there 30 ms later. */
static void fn_waking(struct worker *w, void *arg)
{
	uint64_t due, late;
	unsigned int i, cpu;

	for (i = 0; i < TIMES; i++) {
		pin_to(0, 0);
		unpin(0);
		due = now_ns() + 30 * NS_PER_MS;
		store_64(&w->page->value[0], due);
		if (waking->policy == SCHED_DEADLINE)
			set_deadline(0, DL_Q_NS, DL_P_NS);
		sleep_until(due);
		late = now_ns() - due;
		cpu = sched_getcpu();
		set_policy(0, SCHED_FIFO, 90);
		if (cpu < CPUS_USED)
			waking->on_cpu[cpu]++;
		if (late > waking->worst_ns)
			waking->worst_ns = late;
	}
	store_u(&w->page->word, 1);
	fn_pause(w, NULL);
}

/* Has CPU 1 when the other one wakes up, and leaves it soon. */
static void fn_holder(struct worker *w, void *arg)
{
	struct worker *other = arg;
	uint64_t due, last = 0;

	while (!load_u(&w->page->stop)) {
		due = load_64(&other->page->value[0]);
		if (due == last) {
			sleep_ns(NS_PER_MS);
			continue;
		}
		last = due;
		sleep_until(due - LATER_NS);
		while (now_ns() < due - LATER_NS + HELD_NS)
			;
	}
}

static void capsule_start(struct worker *w, char **cg, int policy)
{
	struct worker_spec spec = {
		.policy = policy, .prio = policy == SCHED_FIFO ? 10 : 0, .cpu = 0, .fn = fn_busy,
	};

	*cg = group_make_on("c", "0");
	group_reserve(*cg, Q_US, P_US);
	spec.group = *cg;
	worker_start(w, &spec);
}

/* @waker wakes up where a capsule's thread of @policy runs. */
static bool wakes(int waker, int policy, bool held)
{
	struct worker_spec spec = { .policy = SCHED_FIFO, .prio = 90, .cpu = -1, .fn = fn_waking };
	struct worker capsule = {}, w = {}, holder = {};
	struct worker_spec holds = {
		.policy = SCHED_FIFO, .prio = 95, .cpu = 1, .fn = fn_holder, .arg = &w,
	};
	uint64_t limit = held ? HELD_NS - LATER_NS + SOON_NS : SOON_NS;
	char *cg;
	bool ok;

	memset(waking, 0, sizeof(*waking));
	waking->policy = waker;
	capsule_start(&capsule, &cg, policy);
	worker_spawn(&w, &spec);
	if (held)
		worker_start(&holder, &holds);
	worker_go(&w);
	ok = check(wait_for(load_u(&w.page->word), 4 * TIMES * P_NS));
	ksft_print_msg("%u times on CPU 0, %u on CPU 1, at most %.3f ms late\n",
		       waking->on_cpu[0], waking->on_cpu[1], waking->worst_ns / 1e6);
	ok &= check(waking->on_cpu[1] == TIMES);
	ok &= check(waking->worst_ns <= limit);
	if (held)
		worker_kill(&holder);
	worker_kill(&w);
	worker_kill(&capsule);
	group_remove(cg);
	return ok;
}

/* Busy, in the gap: when the capsule is back it goes. */
static bool makes_way(int policy)
{
	struct worker_spec spec = { .policy = SCHED_FIFO, .prio = 90, .cpu = -1, .fn = fn_busy };
	struct worker capsule = {}, w = {};
	uint64_t cpu, from;
	double share;
	char *cg;

	capsule_start(&capsule, &cg, policy);
	worker_start(&w, &spec);
	pin_to(w.pid, 0);
	unpin(w.pid);
	sleep_ns(P_NS);
	cpu = worker_cpu_ns(&w);
	from = now_ns();
	sleep_ns(10 * P_NS);
	share = (double)(worker_cpu_ns(&w) - cpu) / (now_ns() - from);
	ksft_print_msg("share %.4f\n", share);
	worker_kill(&w);
	worker_kill(&capsule);
	group_remove(cg);
	return check(share >= 0.97);
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS_USED)
		ksft_exit_skip("needs %d CPUs\n", CPUS_USED);
	ksft_set_plan(9);
	lift_kthreads();
	log_mark();
	waking = shared_alloc(sizeof(*waking));
	ksft_test_result(wakes(SCHED_FIFO, SCHED_OTHER, false),
			 "FIFO wakes up where a capsule's OTHER runs\n");
	ksft_test_result(wakes(SCHED_FIFO, SCHED_FIFO, false),
			 "FIFO wakes up where a capsule's FIFO runs\n");
	ksft_test_result(wakes(SCHED_DEADLINE, SCHED_OTHER, false),
			 "DEADLINE wakes up where a capsule with an earlier one runs\n");
	ksft_test_result(wakes(SCHED_FIFO, SCHED_OTHER, true),
			 "the other CPU fetches it from OTHER\n");
	ksft_test_result(wakes(SCHED_FIFO, SCHED_FIFO, true),
			 "the other CPU fetches it from FIFO\n");
	ksft_test_result(makes_way(SCHED_OTHER), "it goes when OTHER is back\n");
	ksft_test_result(makes_way(SCHED_FIFO), "it goes when FIFO is back\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
