// SPDX-License-Identifier: GPL-2.0
/*
 * Budget 0: no SCHED_FIFO or SCHED_RR thread may be in the cgroup or become
 * one there. Everything else may, and is served by the nearest reservation
 * above, or by none.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

static void spawn(struct worker *w, const char *group, int policy)
{
	static struct worker_spec spec = { .cpu = -1, .fn = fn_pause };

	spec.group = group;
	spec.policy = policy;
	spec.prio = policy == SCHED_FIFO || policy == SCHED_RR ? 10 : 0;
	worker_start(w, &spec);
}

static bool attach_rt(const char *zero, const char *other)
{
	static const int rt[] = { SCHED_FIFO, SCHED_RR };
	struct worker w = {};
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rt); i++) {
		spawn(&w, other, rt[i]);
		ok = check(group_attach(zero, w.pid) == -EINVAL) && ok;
		ok = check(get_policy(w.pid) == rt[i]) && ok;
		ok = check(!cg_read_strstr(other, "cgroup.procs", "\n")) && ok;
		worker_kill(&w);
	}
	return ok;
}

static bool attach_other(const char *zero, const char *other)
{
	static const int fair[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE };
	struct worker w = {};
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fair); i++) {
		spawn(&w, other, fair[i]);
		ok = check(group_attach(zero, w.pid) == 0) && ok;
		ok = check(served_by(w.pid, NULL)) && ok;
		worker_kill(&w);
	}
	return ok;
}

static bool setscheduler(const char *zero)
{
	struct worker w = {};
	bool ok;

	spawn(&w, zero, SCHED_OTHER);
	ok = check(set_policy(w.pid, SCHED_FIFO, 1) == -EPERM);
	ok &= check(set_policy(w.pid, SCHED_RR, 50) == -EPERM);
	ok &= check(set_policy(w.pid, SCHED_BATCH, 0) == 0);
	ok &= check(set_policy(w.pid, SCHED_IDLE, 0) == 0);
	ok &= check(get_policy(w.pid) == SCHED_IDLE);
	ok &= check(group_write(zero, BUDGET, "max") == 0);
	ok &= check(set_policy(w.pid, SCHED_FIFO, 1) == 0);
	worker_kill(&w);
	return check(group_write(zero, BUDGET, "0") == 0) && ok;
}

/* A SCHED_DEADLINE thread is nobody's but its own. */
static bool deadline(const char *zero)
{
	struct worker w = {};
	bool ok;

	spawn(&w, zero, SCHED_OTHER);
	ok = check(set_deadline(w.pid, 5 * NS_PER_MS, 100 * NS_PER_MS) == 0);
	ok &= check(set_policy(w.pid, SCHED_FIFO, 1) == -EPERM);
	ok &= check(get_policy(w.pid) == SCHED_DEADLINE);
	ok &= check(group_write(zero, BUDGET, "max") == 0);
	ok &= check(group_write(zero, BUDGET, "0") == 0);
	worker_kill(&w);
	/* Its bandwidth is held until its zero-lag time. */
	sleep_ns(100 * NS_PER_MS);
	return ok;
}

static bool write_with_rt_inside(const char *zero)
{
	struct worker fifo = {}, other = {};
	bool ok;

	ok = check(group_write(zero, RT_MAX, "max 100000") == 0);
	spawn(&other, zero, SCHED_OTHER);
	spawn(&fifo, zero, SCHED_FIFO);
	log_mark();
	ok &= check(group_write(zero, BUDGET, "0") == -EBUSY);
	ok &= check(group_write(zero, RT_MAX, "0 50000") == -EBUSY);
	ok &= check(group_reads(zero, RT_MAX, "max 100000"));
	ok &= check(group_write(zero, RT_MAX, "20000 100000") == 0);
	ok &= check(group_write(zero, RT_MAX, "0") == -EBUSY);
	ok &= check(group_reads(zero, RT_MAX, "20000 100000"));
	ok &= check(served_by(fifo.pid, zero));
	ok &= check(served_by(other.pid, zero));
	ok &= check(set_policy(fifo.pid, SCHED_RR, 1) == 0);
	ok &= check(group_write(zero, BUDGET, "0") == -EBUSY);
	ok &= check(set_policy(fifo.pid, SCHED_OTHER, 0) == 0);
	ok &= check(group_write(zero, BUDGET, "0") == 0);
	ok &= check(served_by(fifo.pid, NULL));
	ok &= check(served_by(other.pid, NULL));
	ok &= check(log_silent());
	worker_kill(&fifo);
	worker_kill(&other);
	return ok;
}

/* A FIFO thread that has died but was not waited for is no thread. */
static bool write_with_zombie(const char *zero)
{
	struct worker w = {};
	siginfo_t info;
	bool ok;

	ok = check(group_write(zero, BUDGET, "max") == 0);
	spawn(&w, zero, SCHED_FIFO);
	kill(w.pid, SIGKILL);
	waitid(P_PID, w.pid, &info, WEXITED | WNOWAIT);
	ok &= check(wait_for(!group_write(zero, BUDGET, "0"), NS_PER_S));
	worker_wait(&w);
	return ok;
}

static bool clone_rt_into(const char *zero)
{
	int fd = dirfd_open_opath(zero);
	pid_t pid;

	/* This very process is SCHED_FIFO, and so its child would be. */
	pid = clone_into_cgroup(fd);
	if (!pid)
		_exit(0);
	close(fd);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	ksft_print_msg("clone3: %d, errno %d\n", pid, errno);
	return check(pid < 0) && check(errno == EAGAIN);
}

static bool clone_other_into(const char *zero)
{
	int fd = dirfd_open_opath(zero), status = 0;
	pid_t pid;

	if (set_policy(0, SCHED_OTHER, 0))
		return check(false);
	pid = clone_into_cgroup(fd);
	if (!pid)
		_exit(set_policy(0, SCHED_FIFO, 1) == -EPERM ? 0 : 1);
	close(fd);
	if (pid > 0)
		waitpid(pid, &status, 0);
	set_policy(0, SCHED_FIFO, 97);
	return check(pid > 0) && check(!status);
}

static void fn_fork(struct worker *w, void *arg)
{
	int status = 1;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, &status, 0);
	w->page->value[0] = !status;
}

static bool fork_inside(const char *zero)
{
	struct worker_spec spec = { .group = zero, .cpu = -1, .fn = fn_fork };
	struct worker w = {};

	worker_start(&w, &spec);
	worker_wait(&w);
	return check(w.page->value[0]);
}

/* 0 below a capsule: what may be there, the capsule above serves. */
static bool below_capsule(void)
{
	char *capsule = capsule_make("capsule", 20000, 100000);
	char *zero = group_make(capsule, "zero");
	struct worker w = {};
	bool ok;

	ok = check(group_write(zero, BUDGET, "0") == 0);
	spawn(&w, zero, SCHED_OTHER);
	ok &= check(served_by(w.pid, capsule));
	ok &= check(set_policy(w.pid, SCHED_FIFO, 1) == -EPERM);
	ok &= check(served_by(w.pid, capsule));
	worker_kill(&w);
	spawn(&w, NULL, SCHED_FIFO);
	ok &= check(group_attach(zero, w.pid) == -EINVAL);
	ok &= check(served_by(w.pid, NULL));
	ok &= check(group_write(zero, BUDGET, "max") == 0);
	ok &= check(group_attach(zero, w.pid) == 0);
	ok &= check(served_by(w.pid, capsule));
	ok &= check(group_write(zero, BUDGET, "0") == -EBUSY);
	worker_kill(&w);
	group_remove(zero);
	group_remove(capsule);
	return ok;
}

int main(void)
{
	char *zero, *other;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(11);
	zero = group_make(sv_top, "zero");
	other = group_make(sv_top, "other");
	if (group_write(zero, BUDGET, "0"))
		ksft_exit_fail_msg("cannot write 0\n");

	ksft_test_result(attach_rt(zero, other), "attach FIFO, RR: EINVAL\n");
	ksft_test_result(attach_other(zero, other), "attach OTHER, BATCH, IDLE\n");
	ksft_test_result(setscheduler(zero), "sched_setscheduler: EPERM\n");
	ksft_test_result(deadline(zero), "SCHED_DEADLINE may be there\n");
	ksft_test_result(write_with_rt_inside(zero),
			 "0 with FIFO, RR inside: EBUSY, nothing changed\n");
	ksft_test_result(write_with_zombie(zero), "0 with a FIFO zombie inside\n");
	ksft_test_result(clone_rt_into(zero), "CLONE_INTO_CGROUP by FIFO fails\n");
	ksft_test_result(clone_other_into(zero), "CLONE_INTO_CGROUP by OTHER\n");
	ksft_test_result(fork_inside(zero), "fork\n");
	ksft_test_result(below_capsule(), "0 below a capsule\n");
	group_remove(zero);
	group_remove(other);
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
