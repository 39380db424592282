// SPDX-License-Identifier: GPL-2.0
/*
 * Delegation: a cgroup is handed over to an unprivileged user, as
 * Documentation/admin-guide/cgroup-v2.rst has it: the directory, cgroup.procs,
 * cgroup.threads and cgroup.subtree_control, and none of its cpu.rt* files. The
 * owner can give its children what the cgroup has and not more, cannot leave
 * it, and gets real-time priorities as RLIMIT_RTPRIO says. One CPU, virtual time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "device.h"
#include "kselftest.h"

#define OWN_Q_US	30000L
#define OWN_P_US	100000L

/* The owner's processes are in @leaf, since only a cgroup without may have children. */
static char *own, *leaf, *other, *alone;

/* What @fn returns when a process of the owner calls it. */
static bool as_owner(unsigned long rtprio, bool (*fn)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (set_policy(0, SCHED_OTHER, 0) || group_enter(leaf))
			_exit(EXIT_FAILURE);
		owner_become(rtprio);
		status = !fn();
		fflush(stdout);
		_exit(status);
	}
	return check(pid > 0 && waitpid(pid, &status, 0) == pid) &&
	       check(WIFEXITED(status) && !WEXITSTATUS(status));
}

static bool own_files(void)
{
	static const char * const files[] = { BUDGET, PERIOD, DEADLINE, RT_MAX, CPU_BUDGET, SCOPE };
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		ok &= check(group_write(own, files[i], "max") == -EACCES);
		ok &= check(group_write(other, files[i], "max") == -EACCES);
	}
	return ok & check(group_reads(own, RT_MAX, "30000 100000"));
}

/* A child that the owner makes, and which is the owner's, files and all. */
static char *child_make(const char *name)
{
	char *cg = cg_name(own, name);

	if (!cg || cg_create(cg))
		return NULL;
	return cg;
}

static bool hands_out(void)
{
	char *a = child_make("a"), *b = child_make("b"), *deep = NULL;
	bool ok;

	if (!check(a && b))
		return false;
	ok = check(group_try_reserve(a, 30100, 100000) == -EBUSY);
	ok &= check(!group_try_reserve(a, 20000, 100000));
	ok &= check(group_try_reserve(b, 10100, 100000) == -EBUSY);
	/* Another period, the same share. */
	ok &= check(group_try_reserve(b, 1010, 10000) == -EBUSY);
	ok &= check(group_try_reserve(b, 900, 1000) == -EBUSY);
	/* So many interrupts are nobody's. */
	ok &= check(group_try_reserve(b, 199, 10000) == -EPERM);
	ok &= check(!group_try_reserve(b, 10000, 4000000));
	ok &= check(!group_try_reserve(b, 200, 4000000));
	/* Nor are those of what is left above: 10 ms, in hundredths of a ms of 100 */
	ok &= check(group_try_reserve(b, 981, 10000) == -EPERM);
	ok &= check(group_try_reserve(b, 998, 10000) == -EPERM);
	ok &= check(!group_try_reserve(b, 980, 10000));
	ok &= check(group_try_reserve(a, 20201, 100000) == -EBUSY);
	ok &= check(!group_write(a, "cgroup.subtree_control", "+cpu"));
	deep = cg_name(a, "deep");
	ok &= check(!cg_create(deep));
	ok &= check(group_try_reserve(deep, 20100, 100000) == -EBUSY);
	ok &= check(group_try_reserve(deep, 19801, 100000) == -EPERM);
	ok &= check(group_try_reserve(deep, 19990, 100000) == -EPERM);
	ok &= check(!group_try_reserve(deep, 19000, 100000));
	ok &= check(group_try_reserve(a, 19199, 100000) == -EPERM);
	ok &= check(!group_try_reserve(a, 19200, 100000));
	/* Less than what is below. */
	ok &= check(group_try_reserve(a, 18000, 100000) == -EBUSY);
	ok &= check(!group_write(deep, BUDGET, "max"));
	ok &= check(!group_write(a, BUDGET, "max"));
	ok &= check(!group_write(b, BUDGET, "max"));
	ok &= check(!rmdir(deep));
	ok &= check(!rmdir(a));
	ok &= check(!rmdir(b));
	return ok;
}

static char *threaded_make(const char *parent, const char *name)
{
	char *cg = cg_name(parent, name);

	if (!cg || cg_create(cg) || group_write(cg, "cgroup.type", "threaded"))
		return NULL;
	return cg;
}

/* Of 20 ms, one below has 0.1: if it ends, that is not for those above, but for others. */
static bool ends_one(void)
{
	char *a = child_make("a"), *fine, *rest;
	bool ok;

	ok = check(a && !group_write(a, "cgroup.subtree_control", "+cpu"));
	fine = threaded_make(a, "fine");
	rest = threaded_make(a, "rest");
	if (!ok || !check(fine && rest))
		return false;
	ok = check(!group_try_reserve(a, 20000, 100000));
	ok &= check(!group_try_reserve(fine, 200, 200000));
	ok &= check(!group_try_reserve(rest, 19900, 100000));
	ok &= check(group_attach(a, getpid()) == -EBUSY);
	ok &= check(!group_write(fine, BUDGET, "max"));
	ok &= check(group_attach(a, getpid()) == -EBUSY);
	ok &= check(!group_write(rest, BUDGET, "max"));
	ok &= check(!group_attach(a, getpid()));
	ok &= check(served_by(getpid(), a));
	ok &= check(!group_attach(leaf, getpid()));
	ok &= check(!rmdir(fine));
	ok &= check(!rmdir(rest));
	ok &= check(!rmdir(a));
	return ok;
}

/* Not as a process, and not as a thread. */
static bool cannot_enter(const char *cg)
{
	int process = group_write(cg, "cgroup.procs", "0");
	int thread = group_attach_thread(cg, gettid());

	return check(process == -EACCES || process == -EPERM) &
	       check(thread == -EACCES || thread == -EPERM);
}

static bool stays(void)
{
	return check(cannot_enter(sv_top)) & check(cannot_enter(other)) &
	       check(served_by(getpid(), own));
}

static bool no_rt(void)
{
	return check(set_policy(0, SCHED_FIFO, 1) == -EPERM) &
	       check(set_policy(0, SCHED_RR, 1) == -EPERM) &
	       check(get_policy(0) == SCHED_OTHER);
}

static bool some_rt(void)
{
	return check(!set_policy(0, SCHED_FIFO, 5)) &
	       check(set_policy(0, SCHED_FIFO, 6) == -EPERM) &
	       check(!set_policy(0, SCHED_RR, 3)) &
	       check(set_policy(0, SCHED_RR, 99) == -EPERM) &
	       check(served_by(getpid(), own)) &
	       check(set_deadline(0, NS_PER_MS, 100 * NS_PER_MS) == -EPERM);
}

/* Not even who has no limit can use FIFO where it is forbidden. */
static bool forbidden(void)
{
	char *zero = child_make("zero");
	bool ok;

	ok = check(zero) && check(!group_write(zero, BUDGET, "0"));
	ok &= check(!group_attach(zero, getpid()));
	ok &= check(set_policy(0, SCHED_FIFO, 1) == -EPERM);
	ok &= check(!group_write(zero, BUDGET, "max"));
	ok &= check(!set_policy(0, SCHED_FIFO, 1));
	ok &= check(served_by(getpid(), own));
	return ok;
}

/* value[0]: whether FIFO was allowed; then busy */
static void fn_owner_fifo(struct worker *w, void *arg)
{
	owner_become(5);
	w->page->value[0] = !set_policy(0, SCHED_FIFO, 5);
	fn_busy(w, NULL);
}

/* Beside a thread outside, that has the rest. */
static bool limited(void)
{
	struct worker_spec in = { .group = leaf, .cpu = 0, .fn = fn_owner_fifo };
	struct worker_spec out = { .cpu = 0, .fn = fn_busy };
	struct worker w[2] = {};
	bool ok;

	worker_start(&w[0], &in);
	worker_start(&w[1], &out);
	ok = check(workers_get(w, (double[]){ 30, 70 }, 2, 1000));
	ok &= check(w[0].page->value[0]);
	ok &= check(get_policy(w[0].pid) == SCHED_FIFO);
	ok &= check(!group_value(own, RT_STAT, "nr_overruns"));
	worker_kill(&w[0]);
	worker_kill(&w[1]);
	return ok;
}

/* Where there is no reservation above, there is nothing to hand out. */
static bool nothing_to_hand_out(void)
{
	int dev = device_open();
	struct sched_vm_check c;
	bool ok;

	/* The dry run knows it, too. */
	ok = check(!device_check(dev, alone, 10000, 100000, &c));
	ok &= check(c.result == SCHED_VM_NOT_PERMITTED);
	ok &= check(!device_check(dev, alone, 0, 100000, &c));
	ok &= check(c.result == SCHED_VM_BAD_RESERVATION);
	close(dev);
	ok &= check(group_write(alone, RT_MAX, "10000 100000") == -EPERM);
	ok &= check(group_write(alone, BUDGET, "10000") == -EPERM);
	ok &= check(!group_write(alone, PERIOD, "200000"));
	ok &= check(!group_write(alone, BUDGET, "max"));
	return ok & check(group_reads(alone, RT_MAX, "max 200000"));
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(10);
	lift_kthreads();
	log_mark();
	own = capsule_make("own", OWN_Q_US, OWN_P_US);
	leaf = group_make(own, "leaf");
	other = group_make(sv_top, "other");
	alone = group_make(sv_top, "alone");
	owner_gets(own, false);
	owner_gets(leaf, false);
	owner_gets(alone, true);
	ksft_test_result(as_owner(0, own_files), "the owner cannot change the own reservation\n");
	ksft_test_result(as_owner(0, hands_out), "the owner hands out what there is\n");
	ksft_test_result(as_owner(0, ends_one), "and leaves no crumb by ending one\n");
	ksft_test_result(as_owner(0, nothing_to_hand_out), "and no more than there is\n");
	ksft_test_result(as_owner(0, stays), "the owner cannot leave\n");
	ksft_test_result(as_owner(0, no_rt), "RLIMIT_RTPRIO 0: no FIFO\n");
	ksft_test_result(as_owner(5, some_rt), "RLIMIT_RTPRIO 5: FIFO up to 5\n");
	ksft_test_result(as_owner(5, forbidden), "budget 0 forbids FIFO anyway\n");
	ksft_test_result(limited(), "FIFO of the owner has the budget and no more\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_finished();
}
