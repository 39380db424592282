// SPDX-License-Identifier: GPL-2.0
/*
 * Down, never out: a thread that its capsule does not serve is served by the next
 * one above that can, so that no cgroup has more than the one above it, whatever its
 * owner writes below. On two CPUs in virtual time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define MS	2000

static char *own, *kid;

/* A capsule of 20 % on both CPUs, and a threaded child with 1 %. */
static void family_make(void)
{
	own = group_make_on("own", "0-1");
	group_reserve(own, 20000, 100000);
	if (cg_write(own, "cgroup.subtree_control", "+cpu"))
		ksft_exit_fail_perror("subtree_control");
	kid = group_make(own, "kid");
}

static void family_end(void)
{
	kill_all_workers();
	group_remove(kid);
	group_remove(own);
}

static bool has(struct worker *w, double percent, const char *by)
{
	return check(worker_gets(w, percent, MS)) & check(served_by(w->pid, by));
}

static bool scope(void)
{
	struct worker_spec spec = { .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	bool ok;

	family_make();
	spec.group = kid;
	worker_start(&w, &spec);
	ok = has(&w, 20, own);
	ok &= check(!group_write(kid, RT_MAX, "1000 100000"));
	sleep_ns(300 * NS_PER_MS);
	ok &= has(&w, 1, kid);
	ok &= check(!group_write(kid, SCOPE, "rt"));
	ok &= has(&w, 19, own);
	ok &= check(!set_policy(w.pid, SCHED_FIFO, 5));
	ok &= has(&w, 1, kid);
	ok &= check(!set_policy(w.pid, SCHED_OTHER, 0));
	ok &= has(&w, 19, own);
	ok &= check(!group_write(kid, SCOPE, "all"));
	ok &= has(&w, 1, kid);
	family_end();
	return ok;
}

/* A thread of the child on a CPU that the child has not. */
static bool other_cpu(void)
{
	struct worker_spec spec = { .cpu = 1, .fn = fn_busy, .policy = SCHED_FIFO, .prio = 5 };
	struct worker w = {};
	bool ok;

	family_make();
	cg_write(own, "cgroup.subtree_control", "+cpuset");
	ok = check(!group_write(kid, "cpuset.cpus", "0"));
	ok &= check(!group_write(kid, RT_MAX, "1000 100000"));
	ok &= check(!group_write(own, "cgroup.subtree_control", "-cpuset"));
	spec.group = kid;
	worker_start(&w, &spec);
	sleep_ns(300 * NS_PER_MS);
	/* Its cpuset is now the parent's. */
	ok &= has(&w, 1, kid);
	family_end();
	return ok;
}

/* Without a controller of its own a capsule has the CPUs of the one above. */
static bool controller_off(void)
{
	char *cg = group_make_on("vm", "1"), *full;
	struct worker_spec spec = { .group = cg, .cpu = -1, .fn = fn_busy };
	struct worker w[2] = {};
	long long refused;
	bool ok;

	group_reserve(cg, 40000, 100000);
	worker_start(&w[0], &spec);
	worker_start(&w[1], &spec);
	ok = check(workers_get(w, (double[]){ 20, 20 }, 2, MS));
	ok &= check(!cg_write(sv_top, "cgroup.subtree_control", "-cpuset"));
	sleep_ns(500 * NS_PER_MS);
	ok &= check(workers_get(w, (double[]){ 40, 40 }, 2, MS));
	kill_all_workers();
	group_remove(cg);

	/* Where there is no room it is refused, and its threads are normal ones. */
	cg_write(sv_top, "cgroup.subtree_control", "+cpuset");
	cg = group_make_on("vm", "1");
	full = group_make_on("full", "0");
	group_reserve(cg, 40000, 100000);
	group_reserve(full, 80000, 100000);
	refused = group_value(cg, RT_EVENTS, "refused");
	ok &= check(!cg_write(sv_top, "cgroup.subtree_control", "-cpuset"));
	sleep_ns(500 * NS_PER_MS);
	ok &= check(group_value(cg, RT_EVENTS, "refused") > refused);
	cg_write(sv_top, "cgroup.subtree_control", "+cpuset");
	group_remove(cg);
	group_remove(full);
	return ok;
}

/*
 * Its capsule has nothing where it runs, so it is a normal thread; then it may run elsewhere,
 * too. Whatever is asked for, if only that nothing change, it is inside again, whole.
 */
static bool comes_back(void)
{
	struct worker_spec spec = { .cpu = 1, .fn = fn_busy, .policy = SCHED_FIFO, .prio = 5 };
	struct worker w = {};
	bool ok;

	family_make();
	ok = check(!group_write(kid, RT_MAX, "10000 100000"));
	ok &= check(!group_write(kid, CPU_BUDGET, "1 20000"));
	spec.group = kid;
	worker_start(&w, &spec);
	ok &= check(served_by(w.pid, kid));
	ok &= check(!group_write(kid, SCOPE, "rt"));
	ok &= check(!set_policy(w.pid, SCHED_OTHER, 0));
	ok &= check(served_by_none(w.pid));
	unpin(w.pid);
	ok &= check(!set_policy_alone(w.pid, SCHED_BATCH));
	ok &= has(&w, 10, own);
	ok &= check(!set_policy(w.pid, SCHED_FIFO, 5));
	ok &= check(served_by(w.pid, kid));
	family_end();
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(6);
	lift_kthreads();
	log_mark();
	ksft_test_result(scope(), "who is out of scope is served by the capsule above\n");
	ksft_test_result(other_cpu(), "so is who may run where its capsule is not\n");
	ksft_test_result(controller_off(), "a capsule follows its cpuset when that goes\n");
	ksft_test_result(comes_back(), "who may run where its capsule is again is served there\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
