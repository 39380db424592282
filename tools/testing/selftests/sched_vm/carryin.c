// SPDX-License-Identifier: GPL-2.0
/*
 * A SCHED_DEADLINE thread comes to the CPU of a capsule from another one, where it had
 * to wait, with all its runtime and a deadline that is near. It delays the capsule's
 * budget by no more than its runtime; and not at all where the capsule's CPU is a
 * partition of its own, as nobody comes there. Two CPUs, virtual time.
 *
 *	ms	CPU 0				CPU 1
 *	0	nobody				capsule x, 49 by 99; the thread, 38 by 100,
 *						waits for it
 *	48	another SCHED_DEADLINE thread
 *		sleeps: the thread is pulled
 *	50	capsule y begins, 25 by 102,
 *		and waits for the thread
 */
#include <stdio.h>
#include <stdlib.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define PARTITION	"cpuset.cpus.partition"
#define EXCLUSIVE	"cpuset.cpus.exclusive"

#define RUNTIME_MS	38	/* of the thread, in each 100 ms */
#define BUDGET_MS	25	/* of y, in each PERIOD_MS */
#define WORK_MS		20	/* what a CPU does in a row before another is emulated, less */
#define PERIOD_MS	52
#define Y_MS		50

/* Each with a moment at which it wakes up, in ms after the start. */
enum { X, THREAD, PULLER, Y, NR_WORKERS };
static const unsigned int wakes_ms[NR_WORKERS] = { 0, 1, 48, Y_MS };

/* Timers, context switches, and a CPU that is emulated while another one is. */
#define SLACK_NS	NS_PER_MS

/* On the CPU where it is, from then on as a SCHED_DEADLINE thread. */
static void become_deadline(struct worker *w, uint64_t q_ns, uint64_t p_ns)
{
	unpin(0);
	w->page->value[1] = set_deadline(0, q_ns, p_ns);
}

static void fn_thread(struct worker *w, void *arg)
{
	become_deadline(w, RUNTIME_MS * NS_PER_MS, 100 * NS_PER_MS);
	worker_sleep_until_start(w);
	burn_ns((RUNTIME_MS - 1) * NS_PER_MS);
	fn_pause(w, NULL);
}

static void fn_puller(struct worker *w, void *arg)
{
	become_deadline(w, 200 * NS_PER_US, 50 * NS_PER_MS);
	worker_sleep_until_start(w);
	burn_ns(20 * NS_PER_US);
	fn_pause(w, NULL);
}

/* value[0]: how long it takes */
static void fn_y(struct worker *w, void *arg)
{
	uint64_t start = load_64(&w->page->start_ns);

	worker_sleep_until_start(w);
	burn_ns(WORK_MS * NS_PER_MS);
	store_64(&w->page->value[0], now_ns() - start);
	fn_pause(w, NULL);
}

/* How much later than its deadline y has its budget, in ns. */
static bool play(bool partition, uint64_t late_ns)
{
	struct worker_spec spec[NR_WORKERS] = {
		[X] = { .policy = SCHED_FIFO, .prio = 1, .cpu = -1, .fn = fn_busy },
		[THREAD] = { .cpu = 1, .fn = fn_thread },
		[PULLER] = { .cpu = partition ? 1 : 0, .fn = fn_puller },
		[Y] = { .policy = SCHED_FIFO, .prio = 1, .cpu = -1, .fn = fn_y },
	};
	char *x = group_make_on("x", "1"), *y = group_make_on("y", "0");
	struct worker w[NR_WORKERS] = {};
	uint64_t start, took;
	bool ok = true;
	int i;

	if (partition)
		ok = check(!group_write(sv_top, EXCLUSIVE, "0")) &
		     check(!group_write(y, EXCLUSIVE, "0")) &
		     check(!group_write(y, PARTITION, "root"));
	group_reserve(x, 49000, 99000);
	group_reserve(y, BUDGET_MS * 1000, PERIOD_MS * 1000);
	spec[X].group = x;
	spec[Y].group = y;
	for (i = 0; i < NR_WORKERS; i++)
		worker_spawn(&w[i], &spec[i]);
	start = now_ns() + 300 * NS_PER_MS;
	for (i = 0; i < NR_WORKERS; i++) {
		store_64(&w[i].page->start_ns, start + wakes_ms[i] * NS_PER_MS);
		worker_go(&w[i]);
	}
	sleep_until(start + NS_PER_S / 2);
	ok &= check(!w[THREAD].page->value[1] && !w[PULLER].page->value[1]);
	took = w[Y].page->value[0];
	ksft_print_msg("%d ms after %.3f of %d ms\n", WORK_MS, took / 1e6, PERIOD_MS);
	ok &= check(took && took <= PERIOD_MS * NS_PER_MS + late_ns + SLACK_NS);
	for (i = 0; i < NR_WORKERS; i++)
		worker_kill(&w[i]);
	group_remove(x);
	group_remove(y);
	if (partition)
		ok &= check(!group_write(sv_top, EXCLUSIVE, "\n"));
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(4);
	lift_kthreads();
	log_mark();
	ksft_test_result(play(false, RUNTIME_MS * NS_PER_MS),
			 "a thread that comes delays a budget by its runtime at most\n");
	ksft_test_result(play(true, 0), "to a partition none comes\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
