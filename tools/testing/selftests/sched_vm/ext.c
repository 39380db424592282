// SPDX-License-Identifier: GPL-2.0
/*
 * Capsules and sched_ext: a scheduler of it is switched on and off under running
 * capsules, for all threads of the fair class or those of SCHED_EXT only. What is
 * in a capsule stays there; what leaves one goes to the class it would have
 * without. One CPU, virtual time; smp.c does the same with several.
 *
 * Argument: "full" for the test of the bandwidth, with several CPUs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define Q_US		20000L
#define P_US		100000L
#define Q_NS		(Q_US * NS_PER_US)
#define P_NS		(P_US * NS_PER_US)

/* What one period may have too much, or ten too little. */
#define SLACK_NS	(50 * NS_PER_US)

enum { FIFO, OTHER, EXT, INSIDE, OUTSIDE = INSIDE, ALL };

struct crew {
	char *cg;
	struct worker w[ALL];
	struct worker_spec spec[ALL];
	uint64_t start;
};

/*
 * From @start on: one of each policy inside, one of SCHED_OTHER outside. All but
 * the FIFO thread are busy; sched_ext waits for RCU Tasks, which wait until each
 * thread has run.
 */
static void crew_start(struct crew *c)
{
	static const int policy[ALL] = {
		[FIFO] = SCHED_FIFO, [OTHER] = SCHED_OTHER,
		[EXT] = SCHED_EXT, [OUTSIDE] = SCHED_OTHER,
	};
	int i;

	memset(c, 0, sizeof(*c));
	c->cg = capsule_make("crew", Q_US, P_US);
	for (i = 0; i < ALL; i++) {
		c->spec[i] = (struct worker_spec){
			.group = i < INSIDE ? c->cg : NULL, .policy = policy[i],
			.prio = i == FIFO ? 10 : 0, .cpu = 0,
			.fn = i == FIFO ? fn_sleep : fn_busy,
		};
		worker_spawn(&c->w[i], &c->spec[i]);
	}
	c->start = now_ns() + 20 * NS_PER_MS;
	for (i = 0; i < ALL; i++) {
		store_64(&c->w[i].page->start_ns, c->start);
		worker_go(&c->w[i]);
	}
}

static void crew_end(struct crew *c)
{
	int i;

	for (i = 0; i < ALL; i++)
		worker_kill(&c->w[i]);
	group_remove(c->cg);
}

static uint64_t crew_cpu_ns(struct crew *c)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < INSIDE; i++)
		sum += worker_cpu_ns(&c->w[i]);
	return sum;
}

static bool on_scx(pid_t pid)
{
	char buf[8192], *at;
	int on;

	if (proc_read_text(pid, false, "sched", buf, sizeof(buf)) < 0)
		return false;
	at = strstr(buf, "ext.enabled");
	at = at ? strchr(at, ':') : NULL;
	return at && sscanf(at + 1, "%d", &on) == 1 && on;
}

/*
 * All of the capsule's are there, and none of them is sched_ext's, but for who is on
 * its way out of the kernel, as a normal thread.
 */
static bool crew_inside(struct crew *c)
{
	bool ok = true;
	int i;

	for (i = 0; i < INSIDE; i++) {
		ok &= check(served_by(c->w[i].pid, c->cg));
		ok &= check(wait_for(!on_scx(c->w[i].pid), P_NS));
	}
	return ok & check(served_by(c->w[OUTSIDE].pid, NULL));
}

/* In the next period but one, when the budget is used up. */
static unsigned int until_throttled(struct crew *c)
{
	uint64_t now = now_ns();
	unsigned int k = now < c->start ? 1 : (now - c->start) / P_NS + 2;

	sleep_until(c->start + k * P_NS + P_NS * 9 / 10);
	return k;
}

/*
 * Since period @from, when its time was @cpu, whatever happened meanwhile; all that
 * the capsule does not take is for the one outside, less what others need.
 */
static bool crew_got_share(struct crew *c, unsigned int from, uint64_t cpu,
			   uint64_t outside)
{
	unsigned int periods = until_throttled(c) - from;

	cpu = crew_cpu_ns(c) - cpu;
	outside = worker_cpu_ns(&c->w[OUTSIDE]) - outside;
	return is_near("in the capsule", cpu, periods * Q_NS, SLACK_NS) &
	       is_near("outside", outside, periods * (P_NS - Q_NS),
		       periods * P_NS / 20);
}

/* The same share before, meanwhile and after. */
static bool switched(uint64_t flags)
{
	uint64_t cpu, outside;
	unsigned int k;
	struct crew c;
	int scx;
	bool ok;

	crew_start(&c);
	k = until_throttled(&c);
	cpu = crew_cpu_ns(&c);
	outside = worker_cpu_ns(&c.w[OUTSIDE]);
	scx = scx_load(flags, 0);
	ok = check(scx >= 0);
	ok &= check(scx_enabled());
	ok &= crew_inside(&c);
	ok &= check(on_scx(c.w[OUTSIDE].pid) == !flags);
	ok &= check(crew_got_share(&c, k, cpu, outside));
	ok &= check(scx_unload(scx));
	ok &= check(!scx_enabled());
	ok &= check(!on_scx(c.w[OUTSIDE].pid));
	ok &= crew_inside(&c);
	ok &= check(crew_got_share(&c, k, cpu, outside));
	ok &= check(!group_value(c.cg, RT_STAT, "nr_overruns"));
	ok &= check(!group_value(c.cg, RT_STAT, "nr_deadline_misses"));
	crew_end(&c);
	return ok;
}

/* Where the threads of a crew are without a reservation. */
static bool crew_outside(struct crew *c, bool other, bool ext)
{
	return check(served_by(c->w[FIFO].pid, NULL)) & check(!on_scx(c->w[FIFO].pid)) &
	       check(served_by(c->w[OTHER].pid, NULL)) &
	       check(on_scx(c->w[OTHER].pid) == other) &
	       check(served_by(c->w[EXT].pid, NULL)) &
	       check(on_scx(c->w[EXT].pid) == ext);
}

/* A reservation ends and begins while a scheduler is on, and it ends without. */
static bool live(uint64_t flags)
{
	struct crew c;
	bool ok = true;
	int scx, i;

	crew_start(&c);
	scx = scx_load(flags, 0);
	ok &= check(scx >= 0);
	for (i = 0; i < 20; i++) {
		ok &= check(!group_write(c.cg, BUDGET, "max"));
		ok &= crew_outside(&c, !flags, true);
		sleep_ns(P_NS / 7);
		ok &= check(!group_try_reserve(c.cg, Q_US, P_US));
		ok &= crew_inside(&c);
		sleep_ns(P_NS / 3);
	}
	ok &= check(!group_write(c.cg, BUDGET, "max"));
	ok &= check(scx_unload(scx));
	ok &= crew_outside(&c, false, false);
	crew_end(&c);
	return ok;
}

/* Threads change their policy, leave and come, one scheduler after the other. */
static bool policies(void)
{
	static const int policy[] = { SCHED_EXT, SCHED_OTHER, SCHED_BATCH };
	char *outside = group_make(sv_top, "outside");
	struct crew c;
	bool ok = true;
	int scx, i;

	crew_start(&c);
	for (i = 0; i < 24; i++) {
		scx = scx_load(i & 1 ? SCX_OPS_SWITCH_PARTIAL : 0, 0);
		ok &= check(scx >= 0);
		ok &= check(!set_policy(c.w[OTHER].pid, policy[i % 3], 0));
		ok &= check(!group_attach(outside, c.w[EXT].pid));
		ok &= check(on_scx(c.w[EXT].pid));
		ok &= check(!group_attach(c.cg, c.w[EXT].pid));
		ok &= crew_inside(&c);
		sleep_ns(P_NS / 9);
		ok &= check(scx_unload(scx));
		ok &= crew_inside(&c);
	}
	crew_end(&c);
	group_remove(outside);
	return ok;
}

static void fn_forks(struct worker *w, void *arg)
{
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
		store_64(&w->page->count, w->page->count + 1);
	}
}

/*
 * A new thread is in its cgroup before sched_ext knows it. A reservation that comes
 * or goes at this very moment must leave it alone: the kernel warns if not. The
 * parent is stopped at any point, by us and by the end of its budget.
 */
static bool forks(uint64_t flags)
{
	char *cg = group_make(sv_top, "forks");
	struct worker_spec spec = { .group = cg, .policy = SCHED_EXT, .cpu = 0, .fn = fn_forks };
	struct worker w = {};
	bool ok = true;
	int scx, i;

	worker_start(&w, &spec);
	scx = scx_load(flags, 0);
	ok &= check(scx >= 0);
	for (i = 0; i < 1500; i++) {
		ok &= check(!group_try_reserve(cg, 500, 1000));
		sleep_ns(1537 * NS_PER_US);
		ok &= check(!group_write(cg, BUDGET, "max"));
		sleep_ns(391 * NS_PER_US);
	}
	ok &= check(scx_enabled());
	ok &= check(on_scx(w.pid));
	ok &= check(worker_progress(&w, NS_PER_S));
	ok &= check(scx_unload(scx));
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/*
 * sched_ext throws a scheduler out that lets a thread wait for longer than its
 * timeout. A throttled thread of a capsule is not its to run.
 */
static bool watchdog(void)
{
	char *cg = capsule_make("slow", 100000, 4000000);
	struct worker_spec in = { .group = cg, .policy = SCHED_EXT, .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	bool ok;
	int scx;

	worker_start(&w, &in);
	sleep_ns(NS_PER_S);
	scx = scx_load(0, 500);
	ok = check(scx >= 0);
	sleep_ns(6 * NS_PER_S);
	ok &= check(scx_enabled());
	ok &= check(served_by(w.pid, cg));
	ok &= check(scx_unload(scx));
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/*
 * All of each CPU is taken while one scheduler is on: the fair class gets back,
 * on each CPU, what that has had, and the next scheduler finds nothing left. The
 * kernel warns if not.
 */
static bool full(void)
{
	char *cg = group_make(sv_top, "full");
	int scx = scx_load(0, 0);
	bool ok = check(scx >= 0);

	ok &= check(can_reserve_all());
	ok &= check(!group_try_reserve(cg, 90000, 100000));
	ok &= check(scx_unload(scx));
	/* What sched_ext refuses late is no error for who loads. */
	scx = scx_load(0, 0);
	ok &= check(!scx_enabled());
	if (scx >= 0)
		scx_unload(scx);
	group_remove(cg);
	scx = scx_load(0, 0);
	ok &= check(scx >= 0);
	ok &= check(scx_unload(scx));
	return ok;
}

struct unload {
	uint64_t at;
	int scx;
};

static void fn_unload(struct worker *w, void *arg)
{
	struct unload *u = arg;

	sleep_until(u->at);
	check(scx_unload(u->scx));
}

/*
 * The same while a CPU goes: for a moment what is reserved on it counts, and the CPU
 * does not. The fair class gets back all the same what sched_ext has had: else there
 * would be room for more afterwards.
 */
static bool hotplug(void)
{
	char *cg = group_make(sv_top, "full");
	int last = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	struct unload u;
	struct worker_spec spec = {
		.policy = SCHED_FIFO, .prio = 50, .cpu = 0, .fn = fn_unload, .arg = &u,
	};
	struct worker w = {};
	bool ok = true;
	int ms;

	for (ms = -8; ms < 16; ms++) {
		u.scx = scx_load(0, 0);
		ok &= check(u.scx >= 0);
		ok &= check(!group_try_reserve(cg, 90000, 100000));
		u.at = now_ns() + 50 * NS_PER_MS;
		worker_start(&w, &spec);
		sleep_until(u.at + ms * (long)NS_PER_MS);
		ok &= check(cpu_online(last, false));
		worker_wait(&w);
		close(u.scx);
		ok &= check(!scx_enabled());
		ok &= check(!group_write(cg, BUDGET, "max"));
		ok &= check(can_reserve_all());
		ok &= check(cpu_online(last, true));
	}
	group_remove(cg);
	return ok;
}

int main(int argc, char **argv)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (!scx_supported())
		ksft_exit_skip("no sched_ext\n");
	lift_kthreads();
	if (argc > 1 && !strcmp(argv[1], "full")) {
		ksft_set_plan(2);
		ksft_test_result(full(), "all of the CPUs is reserved\n");
		ksft_test_result(hotplug(), "the same while a CPU goes\n");
		ksft_finished();
	}
	ksft_set_plan(8);
	ksft_test_result(switched(0), "all: switched on and off\n");
	ksft_test_result(switched(SCX_OPS_SWITCH_PARTIAL),
			 "SCHED_EXT: switched on and off\n");
	ksft_test_result(live(0), "all: a reservation ends and begins\n");
	ksft_test_result(live(SCX_OPS_SWITCH_PARTIAL),
			 "SCHED_EXT: a reservation ends and begins\n");
	ksft_test_result(policies(), "policies and cgroups change\n");
	ksft_test_result(forks(0), "all: a reservation ends and begins beside forks\n");
	ksft_test_result(forks(SCX_OPS_SWITCH_PARTIAL),
			 "SCHED_EXT: a reservation ends and begins beside forks\n");
	ksft_test_result(watchdog(), "a throttled thread does not stall sched_ext\n");
	ksft_finished();
}
