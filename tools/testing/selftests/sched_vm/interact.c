// SPDX-License-Identifier: GPL-2.0
/*
 * Capsules and what stops or groups threads by itself: the cgroup freezer and
 * cgroup.kill, autogroups, suspend to idle. One CPU, virtual time.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define Q_US		20000L
#define P_US		100000L
#define Q_NS		(Q_US * NS_PER_US)
#define P_NS		(P_US * NS_PER_US)

#define AUTOGROUP	"/proc/sys/kernel/sched_autogroup_enabled"
#define PM_TEST		"/sys/power/pm_test"
#define PM_DELAY	"/sys/module/suspend/parameters/pm_test_delay"

struct crew {
	char *cg;
	struct worker w[2];
	struct worker_spec spec[2];
	uint64_t start;
};

/* A FIFO and an OTHER thread, busy from @start on. */
static void crew_start(struct crew *c)
{
	int i;

	memset(c, 0, sizeof(*c));
	c->cg = capsule_make("crew", Q_US, P_US);
	for (i = 0; i < 2; i++) {
		c->spec[i] = (struct worker_spec){
			.group = c->cg, .policy = i ? SCHED_OTHER : SCHED_FIFO,
			.prio = i ? 0 : 10, .cpu = 0, .fn = fn_busy,
		};
		worker_spawn(&c->w[i], &c->spec[i]);
	}
	c->start = now_ns() + 20 * NS_PER_MS;
	for (i = 0; i < 2; i++) {
		store_64(&c->w[i].page->start_ns, c->start);
		worker_go(&c->w[i]);
	}
}

static uint64_t crew_cpu_ns(struct crew *c)
{
	return worker_cpu_ns(&c->w[0]) + worker_cpu_ns(&c->w[1]);
}

static void crew_end(struct crew *c)
{
	kill(c->w[0].pid, SIGKILL);
	kill(c->w[1].pid, SIGKILL);
	worker_wait(&c->w[0]);
	worker_wait(&c->w[1]);
	group_remove(c->cg);
}

static bool frozen(const char *cg, bool yes)
{
	return !cg_read_strstr(cg, "cgroup.events", yes ? "frozen 1" : "frozen 0");
}

/* Over ten periods from here, which may begin in the middle of one. */
static bool crew_gets_share(struct crew *c)
{
	uint64_t cpu = crew_cpu_ns(c);

	sleep_ns(10 * P_NS);
	return is_near("CPU time in 10 periods", crew_cpu_ns(c) - cpu, 10 * Q_NS,
		       50 * NS_PER_US);
}

/*
 * Frozen at @at of a period: by the next one at the latest, since a thread has
 * to run to freeze. Then nothing, for as long as it takes, and no more than the
 * share after that: neither what was left nor what was missed.
 */
static bool freeze_at(uint64_t at)
{
	struct crew c;
	uint64_t cpu;
	bool ok;

	crew_start(&c);
	sleep_until(c.start + 2 * P_NS + at);
	ok = check(!group_write(c.cg, "cgroup.freeze", "1"));
	ok &= check(wait_for(frozen(c.cg, true), P_NS));
	cpu = crew_cpu_ns(&c);
	sleep_ns(7 * P_NS + P_NS / 3);
	ok &= check(is_near("CPU time while frozen", crew_cpu_ns(&c), cpu, 0));
	ok &= check(!group_write(c.cg, "cgroup.freeze", "0"));
	ok &= check(wait_for(frozen(c.cg, false), P_NS));
	sleep_ns(P_NS * 9 / 10);
	/* What is left of a budget, and a new one. */
	ok &= check(crew_cpu_ns(&c) - cpu <= 2 * Q_NS + 20 * NS_PER_US);
	ok &= check(crew_gets_share(&c));
	ok &= check(!group_value(c.cg, RT_STAT, "nr_overruns"));
	crew_end(&c);
	return ok;
}

/* Frozen again and again, in ever other moments, for up to two periods. */
static bool freeze_often(void)
{
	struct crew c;
	bool ok = true;
	uint64_t cpu, start;
	unsigned int i;

	crew_start(&c);
	sleep_until(c.start + 2 * P_NS + P_NS / 2);
	start = now_ns();
	cpu = crew_cpu_ns(&c);
	for (i = 0; i < 50; i++) {
		ok &= check(!group_write(c.cg, "cgroup.freeze", i % 2 ? "0" : "1"));
		sleep_ns((i * 37 % 100) * 2 * NS_PER_MS);
	}
	/* One more for the period that the first look, or the last, is in. */
	ok &= check(crew_cpu_ns(&c) - cpu <= ((now_ns() - start) / P_NS + 2) * Q_NS);
	ok &= check(!group_write(c.cg, "cgroup.freeze", "0"));
	sleep_ns(P_NS);
	ok &= check(crew_gets_share(&c));
	crew_end(&c);
	return ok;
}

/* Gone in the next period, even if they were frozen. */
static bool kill_frozen(bool freeze)
{
	struct crew c;
	bool ok;

	crew_start(&c);
	sleep_until(c.start + 2 * P_NS + P_NS / 2);
	if (freeze) {
		ok = check(!group_write(c.cg, "cgroup.freeze", "1"));
		ok &= check(wait_for(frozen(c.cg, true), P_NS));
	} else {
		ok = true;
	}
	ok &= check(!group_write(c.cg, "cgroup.kill", "1"));
	ok &= check(wait_for(!cg_read_strstr(c.cg, "cgroup.events", "populated 0"), P_NS));
	crew_end(&c);
	return ok;
}

static void fn_session(struct worker *w, void *arg)
{
	/* A new session is a new autogroup. */
	if (setsid() < 0)
		_exit(EXIT_FAILURE);
	fn_busy(w, NULL);
}

/*
 * Four sessions in the capsule, and two outside, in the root cgroup, where
 * autogroups count: what is in the capsule gets its share, the sessions outside
 * halve what is left, although one has three threads.
 */
static bool sessions(const char *enabled)
{
	char *cg = capsule_make("sessions", Q_US, P_US), old[16] = "";
	struct worker_spec in = { .group = cg, .cpu = 0, .fn = fn_session };
	struct worker_spec out = { .cpu = 0, .fn = fn_session };
	struct worker w[6] = {};
	uint64_t cpu[6];
	uint64_t inside = 0, all = 0;
	bool ok;
	int i;

	ok = check(read_text(AUTOGROUP, old, sizeof(old)) > 0);
	ok &= check(write_text(AUTOGROUP, (char *)enabled, 1) == 1);
	for (i = 0; i < 6; i++)
		worker_start(&w[i], i < 4 ? &in : &out);
	sleep_ns(10 * P_NS);
	for (i = 0; i < 6; i++)
		cpu[i] = worker_cpu_ns(&w[i]);
	sleep_ns(20 * P_NS);
	for (i = 0; i < 6; i++) {
		cpu[i] = worker_cpu_ns(&w[i]) - cpu[i];
		inside += i < 4 ? cpu[i] : 0;
		all += cpu[i];
		ok &= check(served_by(w[i].pid, i < 4 ? cg : NULL));
	}
	ok &= check(is_near("in the capsule", inside, 20 * Q_NS, 50 * NS_PER_US));
	ok &= check(is_near("one of four", cpu[0], 5 * Q_NS, 5 * NS_PER_MS));
	ok &= check(is_near("one of two outside", cpu[4], 10 * (P_NS - Q_NS), 20 * NS_PER_MS));
	ok &= check(all <= 20 * P_NS);
	for (i = 0; i < 6; i++)
		worker_kill(&w[i]);
	group_remove(cg);
	write_text(AUTOGROUP, old, strlen(old));
	return ok;
}

/*
 * Suspend to idle, up to where all threads are frozen, for a second: they get
 * nothing meanwhile, nothing extra for it, and their share afterwards. Deeper
 * levels of pm_test suspend the device that the lab gets the results by.
 */
static bool suspended(void)
{
	uint64_t before, cpu;
	struct crew c;
	bool ok;

	crew_start(&c);
	sleep_until(c.start + 2 * P_NS + P_NS / 2);
	ok = check(write_text(PM_DELAY, "1", 1) == 1);
	ok &= check(write_text(PM_TEST, "freezer", 7) == 7);
	cpu = crew_cpu_ns(&c);
	before = now_ns();
	ok &= check(write_text("/sys/power/state", "freeze", 6) == 6);
	ok &= check(now_ns() - before >= NS_PER_S);
	/* A period to freeze in, one to thaw in. */
	ok &= check(crew_cpu_ns(&c) - cpu <= 2 * Q_NS + 20 * NS_PER_US);
	cpu = crew_cpu_ns(&c);
	sleep_ns(P_NS * 9 / 10);
	ok &= check(crew_cpu_ns(&c) - cpu <= 2 * Q_NS + 20 * NS_PER_US);
	ok &= check(crew_gets_share(&c));
	ok &= check(served_by(c.w[0].pid, c.cg));
	ok &= check(!group_value(c.cg, RT_STAT, "nr_deadline_misses"));
	write_text(PM_TEST, "none", 4);
	crew_end(&c);
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(9);
	lift_kthreads();
	log_mark();
	ksft_test_result(freeze_at(Q_NS / 2), "frozen while it runs\n");
	ksft_test_result(freeze_at(P_NS / 2), "frozen while throttled\n");
	ksft_test_result(freeze_often(), "frozen and thawed again and again\n");
	ksft_test_result(kill_frozen(false), "cgroup.kill, throttled\n");
	ksft_test_result(kill_frozen(true), "cgroup.kill, frozen\n");
	ksft_test_result(sessions("1"), "autogroups do not matter in a capsule\n");
	ksft_test_result(sessions("0"), "as without them\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(suspended(), "suspend: frozen and thawed\n");
	ksft_finished();
}
