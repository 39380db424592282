// SPDX-License-Identifier: GPL-2.0
/*
 * Which of a capsule's threads runs: FIFO and RR by priority, below them OTHER
 * and BATCH in turn, below them IDLE. Says something on one CPU only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define Q_US	40000L
#define P_US	100000L
#define MS	2000
#define MAX	4

struct member {
	int policy;
	int prio;
	void (*fn)(struct worker *w, void *arg);
	int nice;
};

struct cast {
	char *group;
	int nr;
	struct worker worker[MAX];
	struct worker_spec spec[MAX];
};

static void cast_start(struct cast *c, const struct member *members, int nr)
{
	int i;

	*c = (struct cast){ .group = capsule_make("order", Q_US, P_US), .nr = nr };
	for (i = 0; i < nr; i++) {
		c->spec[i] = (struct worker_spec){
			.group = c->group, .policy = members[i].policy,
			.prio = members[i].prio, .cpu = 0, .fn = members[i].fn,
		};
		worker_spawn(&c->worker[i], &c->spec[i]);
		setpriority(PRIO_PROCESS, c->worker[i].pid, members[i].nice);
	}
	for (i = 0; i < nr; i++)
		worker_go(&c->worker[i]);
}

static void cast_end(struct cast *c)
{
	kill_all_workers();
	group_remove(c->group);
}

/* 10 ms of CPU time, then 90 ms of sleep. */
static void fn_tenth(struct worker *w, void *arg)
{
	uint64_t next = now_ns();

	for (;;) {
		burn_ns(10 * NS_PER_MS);
		next += 100 * NS_PER_MS;
		sleep_until(next);
	}
}

/* Mostly in the kernel when the budget ends, and so outside for a while. */
static void fn_calls(struct worker *w, void *arg)
{
	static char buf[1 << 20];
	int fd = open("/dev/zero", O_RDONLY);

	while (!load_u(&w->page->stop) && read(fd, buf, sizeof(buf)) > 0)
		;
}

static void test_shares(const char *what, const struct member *members, int nr,
			const double *percent)
{
	struct cast c;
	bool ok;

	cast_start(&c, members, nr);
	ok = workers_get(c.worker, percent, nr, MS);
	cast_end(&c);
	ksft_test_result(ok, "%s\n", what);
}

static void test_orders(void)
{
	static const struct member fifo[] = {
		{ SCHED_FIFO, 10, fn_busy }, { SCHED_FIFO, 20, fn_busy },
	}, equals[] = {
		{ SCHED_FIFO, 10, fn_busy }, { SCHED_FIFO, 10, fn_busy },
	}, calls[] = {
		{ SCHED_FIFO, 10, fn_calls }, { SCHED_FIFO, 10, fn_busy },
	}, rr[] = {
		{ SCHED_RR, 10, fn_busy }, { SCHED_RR, 10, fn_busy },
	}, mixed[] = {
		{ SCHED_OTHER, 0, fn_busy }, { SCHED_RR, 1, fn_busy },
	}, below[] = {
		{ SCHED_OTHER, 0, fn_busy }, { SCHED_FIFO, 1, fn_tenth },
	}, others[] = {
		{ SCHED_OTHER, 0, fn_busy, 0 }, { SCHED_BATCH, 0, fn_busy, 0 },
		{ SCHED_OTHER, 0, fn_busy, 19 }, { SCHED_OTHER, 0, fn_busy, -20 },
	}, idle[] = {
		{ SCHED_IDLE, 0, fn_busy }, { SCHED_OTHER, 0, fn_tenth },
		{ SCHED_IDLE, 0, fn_busy },
	}, starved[] = {
		{ SCHED_IDLE, 0, fn_busy }, { SCHED_OTHER, 0, fn_busy },
	}, polite[] = {
		{ SCHED_FIFO, 10, fn_yield }, { SCHED_FIFO, 10, fn_yield },
		{ SCHED_FIFO, 9, fn_busy },
	};

	test_shares("FIFO: the higher priority has it all", fifo, 2,
		    (double[]){ 0, 40 });
	test_shares("FIFO: the first of equals has it all", equals, 2,
		    (double[]){ 40, 0 });
	test_shares("FIFO: even if it leaves the kernel first when the budget ends", calls, 2,
		    (double[]){ 40, 0 });
	test_shares("RR: equals in turn", rr, 2, (double[]){ 20, 20 });
	test_shares("RR 1 before OTHER", mixed, 2, (double[]){ 0, 40 });
	test_shares("OTHER has what FIFO leaves", below, 2,
		    (double[]){ 30, 10 });
	test_shares("OTHER and BATCH in turn, whatever their nice", others, 4,
		    (double[]){ 10, 10, 10, 10 });
	test_shares("IDLE has what OTHER leaves", idle, 3,
		    (double[]){ 15, 10, 15 });
	test_shares("IDLE after OTHER", starved, 2, (double[]){ 0, 40 });
	test_shares("FIFO: sched_yield() among equals only", polite, 3,
		    (double[]){ 20, 20, 0 });
}

/* A change of priority takes effect at once. */
static bool change_priority(void)
{
	static const struct member members[] = {
		{ SCHED_FIFO, 10, fn_busy }, { SCHED_FIFO, 20, fn_busy },
	};
	struct cast c;
	bool ok;

	cast_start(&c, members, 2);
	ok = check(workers_get(c.worker, (double[]){ 0, 40 }, 2, MS / 4));
	ok &= check(!set_policy(c.worker[0].pid, SCHED_FIFO, 30));
	ok &= check(workers_get(c.worker, (double[]){ 40, 0 }, 2, MS / 4));
	ok &= check(!set_policy(c.worker[0].pid, SCHED_FIFO, 5));
	ok &= check(workers_get(c.worker, (double[]){ 0, 40 }, 2, MS / 4));
	ok &= check(!set_policy(c.worker[1].pid, SCHED_OTHER, 0));
	ok &= check(workers_get(c.worker, (double[]){ 40, 0 }, 2, MS / 4));
	ok &= check(!set_policy(c.worker[0].pid, SCHED_BATCH, 0));
	ok &= check(workers_get(c.worker, (double[]){ 20, 20 }, 2, MS / 4));
	ok &= check(!set_policy(c.worker[0].pid, SCHED_IDLE, 0));
	ok &= check(workers_get(c.worker, (double[]){ 0, 40 }, 2, MS / 4));
	ok &= check(!set_policy(c.worker[1].pid, SCHED_IDLE, 0));
	ok &= check(workers_get(c.worker, (double[]){ 20, 20 }, 2, MS / 4));
	cast_end(&c);
	return ok;
}

#define WAKEUPS	100

/* Wakes up every 10 ms, and says how often it was more than 50 us late. */
static void fn_late(struct worker *w, void *arg)
{
	uint64_t next = now_ns();
	int i;

	for (i = 0; i < WAKEUPS; i++) {
		next += 10 * NS_PER_MS;
		sleep_until(next);
		w->page->value[0] += now_ns() - next > 50 * NS_PER_US;
	}
	store_u(&w->page->word, 1);
	fn_pause(w, NULL);
}

/* A wake-up preempts lower ranks of the same capsule, while there is budget. */
static bool preemption(void)
{
	static const struct member members[] = {
		{ SCHED_OTHER, 0, fn_busy }, { SCHED_FIFO, 1, fn_late },
		{ SCHED_FIFO, 2, fn_late },
	};
	struct cast c;
	bool ok;
	int i;

	cast_start(&c, members, 3);
	group_reserve(c.group, 90000, P_US);
	ok = check(wait_for(load_u(&c.worker[1].page->word) &&
			    load_u(&c.worker[2].page->word), 10 * NS_PER_S));
	for (i = 1; i < 3; i++) {
		int late = c.worker[i].page->value[0];

		ksft_print_msg("%d of %d wake-ups were late\n", late, WAKEUPS);
		/* There is no budget in the last tenth of each period. */
		ok &= check(late <= WAKEUPS / 10 + 2);
	}
	cast_end(&c);
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(14);
	lift_kthreads();
	log_mark();
	test_orders();
	ksft_test_result(change_priority(), "a change of priority or policy\n");
	ksft_test_result(preemption(), "a wake-up preempts lower ranks\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
