// SPDX-License-Identifier: GPL-2.0
/*
 * What can happen to a capsule and its threads while they run: new budgets and
 * periods, signals, exit, ptrace, the freezer, affinity, removal. Throttled
 * threads are no different from others, only late.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define MS	500

/* A capsule that is throttled nearly all the time. */
#define THIN_Q_US	1000L
#define THIN_P_US	200000L
#define THIN_P_NS	(THIN_P_US * NS_PER_US)

/* Up to where worker_go() lets it begin: those after it must come so far. */
static void busy_spawn(struct worker *w, struct worker_spec *spec,
		       const char *group, int policy)
{
	*spec = (struct worker_spec){
		.group = group, .policy = policy, .cpu = 0, .fn = fn_busy,
		.prio = policy == SCHED_FIFO || policy == SCHED_RR ? 10 : 0,
	};
	worker_spawn(w, spec);
}

static void busy_start(struct worker *w, struct worker_spec *spec,
		       const char *group, int policy)
{
	busy_spawn(w, spec, group, policy);
	worker_go(w);
}

/* No progress for a while: the budget is gone. */
static bool runs_dry(struct worker *w)
{
	uint64_t before;
	int i;

	for (i = 0; i < 1000; i++) {
		before = worker_count(w);
		sleep_ns(5 * NS_PER_MS);
		if (before && worker_count(w) == before)
			return true;
	}
	return check_at(false, "it is throttled at last", __FILE__, __LINE__);
}

static bool retune(int policy)
{
	static const long steps[][2] = {
		{ 20000, 100000 }, { 5000, 100000 }, { 60000, 100000 },
		{ 600, 1000 }, { 10, 1000 }, { 45000, 50000 }, { 100, 10000 },
		{ 400000, 500000 }, { 50, 100 }, { 20000, 100000 },
	};
	char *a = capsule_make("a", 10000, 100000);
	struct worker_spec spec;
	struct worker w = {};
	bool ok = true;
	size_t i;

	busy_start(&w, &spec, a, policy);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		double percent = 100.0 * steps[i][0] / steps[i][1];

		group_reserve(a, steps[i][0], steps[i][1]);
		/* Of the old period, if it was longer. */
		sleep_ns(i && steps[i - 1][1] > 200000 ? 500 * NS_PER_MS : 0);
		ok &= check(worker_gets(&w, percent, MS));
		ok &= check(served_by(w.pid, a));
	}
	worker_kill(&w);
	group_remove(a);
	return ok;
}

/* To max and back, many times, in all states a thread can be in. */
static bool come_and_go(void)
{
	char *a = group_make(sv_top, "a");
	struct worker busy = {}, fifo = {}, sleeper = {};
	struct worker_spec bs, fs, ss;
	bool ok = true;
	int i;

	busy_spawn(&busy, &bs, a, SCHED_OTHER);
	busy_spawn(&fifo, &fs, a, SCHED_RR);
	ss = (struct worker_spec){ .group = a, .cpu = 0, .fn = fn_sleep };
	worker_start(&sleeper, &ss);
	worker_go(&busy);
	worker_go(&fifo);
	for (i = 0; i < 200; i++) {
		group_reserve(a, 1000 + 300 * (i % 7), 10000 + 1000 * (i % 3));
		sleep_ns((i % 11) * 700 * NS_PER_US);
		ok &= served_by(fifo.pid, a) & served_by(sleeper.pid, a);
		ok &= check(!group_write(a, BUDGET, "max"));
		sleep_ns((i % 5) * 900 * NS_PER_US);
		ok &= served_by(busy.pid, NULL);
	}
	worker_kill(&fifo);
	ok &= check(worker_progress(&busy, NS_PER_S));
	ok &= check(worker_progress(&sleeper, NS_PER_S));
	worker_kill(&busy);
	worker_kill(&sleeper);
	group_remove(a);
	return ok;
}

static bool kill_throttled(int policy)
{
	char *a = capsule_make("a", THIN_Q_US, THIN_P_US);
	struct worker_spec spec[4];
	struct worker w[4] = {};
	bool ok = true;
	uint64_t end;
	int i;

	for (i = 0; i < 4; i++)
		busy_spawn(&w[i], &spec[i], a, policy);
	for (i = 0; i < 4; i++)
		worker_go(&w[i]);
	ok = check(runs_dry(&w[0]));
	for (i = 0; i < 4; i++)
		kill(w[i].pid, SIGKILL);
	end = now_ns() + 2 * THIN_P_NS;
	for (i = 0; i < 4; i++)
		ok &= check(worker_kill_within(&w[i], end - now_ns()));
	group_remove(a);
	return ok;
}

/* Throttled, killed, removed, and reserved again, at once. */
static bool remove_throttled(void)
{
	bool ok = true;
	int i;

	for (i = 0; i < 50; i++) {
		char *a = group_make(sv_top, "a");
		struct worker_spec spec;
		struct worker w = {};

		ok &= check(!group_try_reserve(a, 45000, 50000));
		busy_start(&w, &spec, a, i & 1 ? SCHED_FIFO : SCHED_OTHER);
		sleep_ns((40 + i % 10) * NS_PER_MS);
		worker_kill(&w);
		ok &= check(wait_for(group_try_remove(a), NS_PER_S));
		free(a);
	}
	return ok;
}

static bool kill_by_cgroup(void)
{
	char *a = capsule_make("a", THIN_Q_US, THIN_P_US);
	struct worker_spec spec[3];
	struct worker w[3] = {};
	uint64_t start;
	bool ok;
	int i;

	for (i = 0; i < 3; i++)
		busy_spawn(&w[i], &spec[i], a, i ? SCHED_OTHER : SCHED_FIFO);
	for (i = 0; i < 3; i++)
		worker_go(&w[i]);
	ok = check(runs_dry(&w[0]));
	start = now_ns();
	ok &= check(!group_write(a, "cgroup.kill", "1"));
	ok &= check(wait_for(group_try_remove(a), 2 * THIN_P_NS));
	ksft_print_msg("removed after %.3f ms\n", (now_ns() - start) / 1e6);
	for (i = 0; i < 3; i++)
		worker_wait(&w[i]);
	return ok;
}

static bool stops_within(pid_t pid, uint64_t ns)
{
	int status;

	return wait_for(waitpid(pid, &status, WNOHANG | WUNTRACED) == pid, ns) &&
	       WIFSTOPPED(status);
}

static bool trace_throttled(void)
{
	char *a = capsule_make("a", THIN_Q_US, THIN_P_US);
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	busy_start(&w, &spec, a, SCHED_OTHER);
	ok = check(runs_dry(&w));
	ok &= check(!ptrace(PTRACE_ATTACH, w.pid, NULL, NULL));
	ok &= check(stops_within(w.pid, 2 * THIN_P_NS));
	ok &= check(served_by(w.pid, a));
	ok &= check(!worker_progress(&w, 2 * THIN_P_NS));
	ok &= check(!ptrace(PTRACE_DETACH, w.pid, NULL, NULL));
	ok &= check(worker_progress(&w, 2 * THIN_P_NS));
	ok &= check(runs_dry(&w));
	ok &= check(served_by(w.pid, a));
	worker_kill(&w);
	group_remove(a);
	return ok;
}

static bool stop_and_continue(void)
{
	char *a = capsule_make("a", THIN_Q_US, THIN_P_US);
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	busy_start(&w, &spec, a, SCHED_FIFO);
	ok = check(runs_dry(&w));
	ok &= check(!kill(w.pid, SIGSTOP));
	ok &= check(stops_within(w.pid, 2 * THIN_P_NS));
	ok &= check(!worker_progress(&w, 2 * THIN_P_NS));
	ok &= check(!kill(w.pid, SIGCONT));
	ok &= check(worker_progress(&w, 2 * THIN_P_NS));
	worker_kill(&w);
	group_remove(a);
	return ok;
}

static bool frozen(const char *cg, bool yes)
{
	return !cg_read_strstr(cg, "cgroup.events", yes ? "frozen 1" : "frozen 0");
}

static bool freezer(void)
{
	char *a = capsule_make("a", 20000, 100000);
	struct worker busy = {}, fifo = {};
	struct worker_spec bs, fs;
	uint64_t cpu;
	bool ok;

	busy_spawn(&busy, &bs, a, SCHED_OTHER);
	busy_start(&fifo, &fs, a, SCHED_FIFO);
	worker_go(&busy);
	ok = check(runs_dry(&fifo));
	ok &= check(!group_write(a, "cgroup.freeze", "1"));
	ok &= check(wait_for(frozen(a, true), 200 * NS_PER_MS));
	cpu = worker_cpu_ns(&busy) + worker_cpu_ns(&fifo);
	sleep_ns(500 * NS_PER_MS);
	ok &= check(worker_cpu_ns(&busy) + worker_cpu_ns(&fifo) == cpu);
	ok &= check(!group_write(a, "cgroup.freeze", "0"));
	ok &= check(wait_for(frozen(a, false), 200 * NS_PER_MS));
	ok &= check(worker_gets(&fifo, 20, MS));
	worker_kill(&fifo);
	ok &= check(worker_gets(&busy, 20, MS));
	worker_kill(&busy);
	group_remove(a);
	return ok;
}

static bool affinity(void)
{
	char *a = capsule_make("a", THIN_Q_US, THIN_P_US);
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	busy_start(&w, &spec, a, SCHED_OTHER);
	ok = check(runs_dry(&w));
	ok &= check(!try_pin_to(w.pid, 0));
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_progress(&w, 2 * THIN_P_NS));
	worker_kill(&w);
	group_remove(a);
	return ok;
}

/* Leaves while throttled, comes back while throttled; nobody is lost. */
static bool move_throttled(void)
{
	char *a = capsule_make("a", THIN_Q_US, THIN_P_US);
	char *b = capsule_make("b", 20000, 100000);
	char *none = group_make(sv_top, "none");
	struct worker_spec spec;
	struct worker w = {};
	bool ok = true;
	int i;

	busy_start(&w, &spec, a, SCHED_OTHER);
	for (i = 0; i < 5; i++) {
		ok &= check(runs_dry(&w));
		ok &= check(!group_attach(b, w.pid));
		ok &= check(worker_gets(&w, 20, MS));
		ok &= check(runs_dry(&w));
		ok &= check(!group_attach(a, w.pid));
		ok &= check(served_by(w.pid, a));
		ok &= check(worker_progress(&w, 2 * THIN_P_NS));
		ok &= check(runs_dry(&w));
		ok &= check(!group_attach(none, w.pid));
		ok &= check(worker_gets(&w, 100, MS));
		ok &= check(!group_attach(a, w.pid));
	}
	worker_kill(&w);
	group_remove(none);
	group_remove(b);
	group_remove(a);
	return ok;
}

/* Some of its budget later, it wakes up @arg's thread. */
static void fn_wakes(struct worker *w, void *arg)
{
	struct worker *other = arg;

	worker_sleep_until_start(w);
	burn_ns(200 * NS_PER_US);
	worker_go(other);
	while (!load_u(&w->page->stop))
		;
}

/*
 * As a normal thread it is the capsule's above, as a FIFO thread that of its cgroup: when
 * the timer that was set for that one has fired, or would have.
 */
static void fn_enters(struct worker *w, void *arg)
{
	burn_ns(1200 * NS_PER_US);
	set_policy(0, SCHED_FIFO, 2);
	while (!load_u(&w->page->stop))
		;
}

/*
 * A thread goes on running as one of another capsule, whose budget ends before the next
 * tick, and which has been preempted: the end of that budget is timed anew.
 */
static bool running_enters(void)
{
	char *above = capsule_make("above", 4000, 10000);
	char *kid = group_make_threaded(above, "kid");
	struct worker w[2] = {};
	struct worker_spec spec[2] = {
		{ .group = kid, .policy = SCHED_FIFO, .prio = 1, .fn = fn_wakes, .arg = &w[1] },
		{ .group = kid, .policy = SCHED_OTHER, .fn = fn_enters },
	};
	long long over;
	bool ok;

	ok = check(!group_write(kid, SCOPE, "rt"));
	ok &= check(!group_try_reserve(kid, 1000, 100000));
	worker_spawn(&w[1], &spec[1]);
	worker_spawn(&w[0], &spec[0]);
	ok &= check(served_by(w[0].pid, kid));
	ok &= check(served_by(w[1].pid, above));
	/* Soon after a tick */
	w[0].page->start_ns = now_ns() + 304 * NS_PER_MS;
	w[0].page->start_ns -= w[0].page->start_ns % (4 * NS_PER_MS) - 100 * NS_PER_US;
	worker_go(&w[0]);
	sleep_until(w[0].page->start_ns + 50 * NS_PER_MS);
	ok &= check(served_by(w[1].pid, kid));
	over = group_value(kid, RT_STAT, "max_overrun_nsec");
	ksft_print_msg("a running thread enters: %lld ns beyond the budget\n", over);
	ok &= check(over <= 20 * (long long)NS_PER_US);
	kill_all_workers();
	group_remove(kid);
	group_remove(above);
	return ok;
}

/* Threads outside run while all capsules are throttled, at once. */
static bool outside_runs(void)
{
	char *a = capsule_make("a", 40000, 100000);
	struct worker_spec in, out;
	struct worker w[2] = {};
	bool ok;

	busy_start(&w[0], &in, a, SCHED_FIFO);
	busy_start(&w[1], &out, NULL, SCHED_OTHER);
	ok = check(workers_get(w, (double[]){ 40, 60 }, 2, 1000));
	worker_kill(&w[0]);
	worker_kill(&w[1]);
	group_remove(a);
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(16);
	lift_kthreads();
	log_mark();
	ksft_test_result(retune(SCHED_OTHER), "new budgets and periods, OTHER\n");
	ksft_test_result(retune(SCHED_FIFO), "new budgets and periods, FIFO\n");
	ksft_test_result(come_and_go(), "to max and back\n");
	ksft_test_result(kill_throttled(SCHED_OTHER), "SIGKILL, throttled OTHER\n");
	ksft_test_result(kill_throttled(SCHED_FIFO), "SIGKILL, throttled FIFO\n");
	ksft_test_result(remove_throttled(), "rmdir gives the bandwidth back\n");
	ksft_test_result(kill_by_cgroup(), "cgroup.kill and rmdir, throttled\n");
	ksft_test_result(trace_throttled(), "ptrace attach and detach, throttled\n");
	ksft_test_result(stop_and_continue(), "SIGSTOP and SIGCONT, throttled\n");
	ksft_test_result(freezer(), "cgroup.freeze\n");
	ksft_test_result(affinity(), "sched_setaffinity, throttled\n");
	ksft_test_result(move_throttled(), "attach and detach, throttled\n");
	ksft_test_result(running_enters(), "a running thread enters\n");
	ksft_test_result(outside_runs(), "what capsules leave goes to others\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
