// SPDX-License-Identifier: GPL-2.0
/*
 * FIFO and RR without privilege, cpu.rt_unprivileged: an order of the threads of a
 * capsule, and worth nothing outside of it. Two CPUs, virtual time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define MS	2000
#define BIG		(192UL << 20)
/* Of a normal thread, at most, with a tick of 4 ms */
#define TURN_US		9000

/* The owner's capsule, 40/100 ms on CPU 0, and where his processes are. */
static char *own, *leaf;

static void own_make(void)
{
	own = group_make_on("own", "0");
	group_reserve(own, 40000, 100000);
	if (group_write(own, UNPRIVILEGED, "1"))
		ksft_exit_fail_perror(UNPRIVILEGED);
	leaf = group_make(own, "leaf");
	owner_gets(own, false);
	owner_gets(leaf, true);
}

static void own_end(void)
{
	kill_all_workers();
	group_remove(leaf);
	group_remove(own);
}

/* value[0]: whether it is the owner's */
static void fn_owner(struct worker *w, void *arg)
{
	owner_become(0);
	store_64(&w->page->value[0], 1);
	fn_busy(w, NULL);
}

/* As another process of the owner's, which runs before all. Return: 0 or -errno */
static int owner_sets(pid_t pid, int policy, int prio)
{
	pid_t child = fork();
	int status = -1;

	if (!child) {
		owner_become(0);
		_exit(-set_policy(pid, policy, prio));
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		ksft_exit_fail_msg("cannot ask for a policy\n");
	return -WEXITSTATUS(status);
}

/* A busy thread of the owner's in his capsule. Return: what he gets if he asks */
static int ask_start(struct worker *w, struct worker_spec *spec, int policy, int prio)
{
	*spec = (struct worker_spec){ .group = leaf, .cpu = 0, .fn = fn_owner };
	worker_start(w, spec);
	if (!wait_for(load_64(&w->page->value[0]), 10 * NS_PER_S))
		ksft_exit_fail_msg("a thread of the owner's does not run\n");
	return policy == SCHED_OTHER ? 0 : owner_sets(w->pid, policy, prio);
}

static bool is_policy(pid_t pid, int policy, int prio)
{
	struct sched_param param = { .sched_priority = -1 };

	return check(get_policy(pid) == policy) & check(!sched_getparam(pid, &param)) &
	       check(param.sched_priority == prio);
}

/* What he may ask for, in his own process. */
static bool asks(void)
{
	struct sched_param param = { .sched_priority = 7 };
	bool ok;
	pid_t pid;
	int status = 1;

	ok = check(!set_policy(0, SCHED_FIFO, 99)) & is_policy(0, SCHED_FIFO, 99);
	ok &= check(!set_policy(0, SCHED_RR, 1)) & is_policy(0, SCHED_RR, 1);
	ok &= check(set_policy(0, SCHED_FIFO, 0) == -EINVAL);
	ok &= check(set_policy(0, SCHED_FIFO, 100) == -EINVAL);
	ok &= check(set_deadline(0, NS_PER_MS, 100 * NS_PER_MS) == -EPERM);
	ok &= check(set_policy(1, SCHED_FIFO, 1) == -EPERM);
	ok &= is_policy(0, SCHED_RR, 1);
	/* Children have it, too, unless he says otherwise. */
	pid = fork();
	if (!pid)
		_exit(!is_policy(0, SCHED_RR, 1));
	ok &= check(waitpid(pid, &status, 0) == pid && !status);
	ok &= check(!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param));
	pid = fork();
	if (!pid)
		_exit(!is_policy(0, SCHED_OTHER, 0));
	ok &= check(waitpid(pid, &status, 0) == pid && !status);
	/* That, once said, remains. */
	ok &= check(set_policy(0, SCHED_FIFO, 5) == -EPERM);
	ok &= check(!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param));
	ok &= check(sched_getscheduler(0) == (SCHED_FIFO | SCHED_RESET_ON_FORK));
	param.sched_priority = 0;
	ok &= check(!sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &param));
	ok &= check(sched_getscheduler(0) == (SCHED_OTHER | SCHED_RESET_ON_FORK));
	return ok;
}

static bool in_child(bool (*fn)(void), const char *cg)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (set_policy(0, SCHED_OTHER, 0) || group_enter(cg))
			_exit(EXIT_FAILURE);
		owner_become(0);
		status = !fn();
		fflush(stdout);
		_exit(status);
	}
	return check(pid > 0 && waitpid(pid, &status, 0) == pid) & check(!status);
}

static bool granted(void)
{
	bool ok;

	own_make();
	ok = in_child(asks, leaf);
	own_end();
	return ok;
}

static bool refused(void)
{
	return check(set_policy(0, SCHED_FIFO, 1) == -EPERM) &
	       check(group_write(leaf, UNPRIVILEGED, "1") == -EPERM) &
	       is_policy(0, SCHED_OTHER, 0);
}

static bool not_granted(void)
{
	bool ok;

	own_make();
	ok = check(!group_write(own, UNPRIVILEGED, "0"));
	ok &= in_child(refused, leaf);
	ok &= check(group_write(own, UNPRIVILEGED, "2") == -EINVAL);
	ok &= check(group_reads(own, UNPRIVILEGED, "0"));
	own_end();
	return ok;
}

static bool order(void)
{
	struct worker_spec spec[3];
	struct worker w[3] = {};
	bool ok;
	int i;

	own_make();
	for (i = 0; i < 3; i++)
		ask_start(&w[i], &spec[i], SCHED_OTHER, 0);
	ok = check(!owner_sets(w[1].pid, SCHED_FIFO, 10));
	ok &= check(!owner_sets(w[0].pid, SCHED_FIFO, 20));
	ok &= is_policy(w[0].pid, SCHED_FIFO, 20);
	ok &= check(workers_get(w, (double[]){ 40, 0, 0 }, 3, MS));
	/* One with privilege is one of them. */
	ok &= check(!set_policy(w[2].pid, SCHED_FIFO, 30));
	ok &= check(workers_get(w, (double[]){ 0, 0, 40 }, 3, MS));
	ok &= check(!owner_sets(w[2].pid, SCHED_OTHER, 0));
	ok &= check(workers_get(w, (double[]){ 40, 0, 0 }, 3, MS));
	/* RR threads take turns, FIFO threads do not. */
	ok &= check(!owner_sets(w[1].pid, SCHED_RR, 30));
	ok &= check(!owner_sets(w[2].pid, SCHED_RR, 30));
	ok &= check(workers_get(w, (double[]){ 0, 20, 20 }, 3, 2 * MS));
	own_end();
	return ok;
}

/* Beside a normal thread outside, when it is there itself. */
static bool worth_nothing(void)
{
	struct worker_spec busy = { .cpu = 0, .fn = fn_busy }, spec;
	struct worker w[2] = {};
	char *out = group_make(sv_top, "out");
	bool ok;

	own_make();
	ask_start(&w[0], &spec, SCHED_FIFO, 50);
	worker_start(&w[1], &busy);
	ok = check(workers_get(w, (double[]){ 40, 60 }, 2, MS));
	ok &= check(!group_attach(out, w[0].pid));
	ok &= is_policy(w[0].pid, SCHED_OTHER, 0);
	ok &= check(!group_attach(out, w[1].pid));
	ok &= check(workers_get(w, (double[]){ 50, 50 }, 2, MS));
	/* And when it comes back. */
	ok &= check(!group_attach(leaf, w[0].pid));
	ok &= is_policy(w[0].pid, SCHED_OTHER, 0);
	own_end();
	group_remove(out);
	return ok;
}

/* Where its capsule has no CPU it is a normal thread. */
static bool other_cpu(void)
{
	struct worker_spec busy = { .cpu = 1, .fn = fn_busy }, spec;
	struct worker w[2] = {};
	bool ok;

	own_make();
	ok = check(!ask_start(&w[0], &spec, SCHED_FIFO, 50));
	ok &= is_policy(w[0].pid, SCHED_FIFO, 50);
	ok &= check(!cg_write(own, "cgroup.subtree_control", "+cpuset"));
	ok &= check(!group_write(own, "cpuset.cpus", "0-1"));
	ok &= check(!group_write(leaf, "cpuset.cpus", "1"));
	pin_to(w[0].pid, 1);
	ok &= is_policy(w[0].pid, SCHED_FIFO, 50);
	ok &= check(!group_write(own, BUDGET, "max"));
	ok &= is_policy(w[0].pid, SCHED_OTHER, 0);
	worker_start(&w[1], &busy);
	ok &= check(workers_get(w, (double[]){ 50, 50 }, 2, MS));
	own_end();
	return ok;
}

/*
 * Its CPU goes, and on the other one there is no room for its capsule: it is a normal
 * thread there. And it has what it was granted again when its CPU is back.
 */
static bool without_cpu(void)
{
	struct worker_spec busy = { .cpu = 0, .fn = fn_busy }, spec;
	char *full = group_make_on("full", "0");
	struct worker w[2] = {};
	bool ok;

	own_make();
	ok = check(!group_write(own, "cpuset.cpus", "1"));
	group_reserve(full, 80000, 100000);
	spec = (struct worker_spec){ .group = leaf, .cpu = -1, .fn = fn_owner };
	worker_start(&w[0], &spec);
	ok &= check(wait_for(load_64(&w[0].page->value[0]), 10 * NS_PER_S));
	ok &= check(!owner_sets(w[0].pid, SCHED_FIFO, 50));
	worker_start(&w[1], &busy);
	ok &= check(workers_get(w, (double[]){ 40, 100 }, 2, MS));
	ok &= check(cpu_online(1, false));
	ok &= check(served_by(w[0].pid, NULL));
	ok &= check(workers_get(w, (double[]){ 50, 50 }, 2, MS));
	ok &= check(cpu_online(1, true));
	sleep_ns(300 * NS_PER_MS);
	ok &= is_policy(w[0].pid, SCHED_FIFO, 50);
	ok &= check(served_by(w[0].pid, own));
	ok &= check(workers_get(w, (double[]){ 40, 100 }, 2, MS));
	own_end();
	group_remove(full);
	return ok;
}

/* What was set with privilege stays. */
static bool privileged(void)
{
	char *out = group_make(sv_top, "out");
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	own_make();
	ask_start(&w, &spec, SCHED_FIFO, 50);
	/* The same, but now it counts. */
	ok = check(!set_policy(w.pid, SCHED_FIFO, 50));
	ok &= check(!group_attach(out, w.pid));
	ok &= is_policy(w.pid, SCHED_FIFO, 50);
	ok &= check(!group_attach(leaf, w.pid));
	ok &= is_policy(w.pid, SCHED_FIFO, 50);
	own_end();
	group_remove(out);
	return ok;
}

static bool owner_gives(void)
{
	return check(!group_write(leaf, UNPRIVILEGED, "1"));
}

/* Below a capsule that has it an owner gives it on, and it ends with that one's. */
static bool nested(void)
{
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	own_make();
	group_reserve(leaf, 10000, 100000);
	ok = check(ask_start(&w, &spec, SCHED_FIFO, 50) == -EPERM);
	worker_kill(&w);
	ok &= in_child(owner_gives, leaf);
	ok &= check(!ask_start(&w, &spec, SCHED_FIFO, 50));
	ok &= is_policy(w.pid, SCHED_FIFO, 50);
	ok &= check(!group_write(own, UNPRIVILEGED, "0"));
	ok &= is_policy(w.pid, SCHED_OTHER, 0);
	ok &= check(group_reads(leaf, UNPRIVILEGED, "1"));
	worker_kill(&w);
	ok &= check(ask_start(&w, &spec, SCHED_FIFO, 50) == -EPERM);
	own_end();
	return ok;
}

/* Nor is it there again when that one ends, but if it was given by who may give it. */
static bool outlives_nobody(void)
{
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	own_make();
	group_reserve(leaf, 10000, 100000);
	ok = in_child(owner_gives, leaf);
	ok &= check(!group_write(own, UNPRIVILEGED, "0"));
	ok &= check(!group_write(own, BUDGET, "max"));
	ok &= check(ask_start(&w, &spec, SCHED_FIFO, 50) == -EPERM);
	worker_kill(&w);
	ok &= check(!group_write(leaf, UNPRIVILEGED, "1"));
	ok &= check(!ask_start(&w, &spec, SCHED_FIFO, 50));
	own_end();
	return ok;
}

static bool scope(void)
{
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	own_make();
	ok = check(!group_write(own, SCOPE, "rt"));
	ok &= check(!ask_start(&w, &spec, SCHED_FIFO, 50));
	ok &= is_policy(w.pid, SCHED_FIFO, 50);
	ok &= check(served_by(w.pid, own));
	ok &= check(!set_policy(w.pid, SCHED_OTHER, 0));
	ok &= check(served_by(w.pid, NULL));
	own_end();
	return ok;
}

/* It goes with a thread to nobody who does not allow it, and is not lost on the way. */
static bool moves(void)
{
	char *rt = group_make_on("rt", "0"), *zero = group_make(sv_top, "zero");
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	group_reserve(rt, 40000, 100000);
	ok = check(!group_write(rt, SCOPE, "rt"));
	ok &= check(!group_write(zero, BUDGET, "0"));
	own_make();
	/* All that its capsule has is a child's, and then the capsule's again. */
	ok &= check(!group_write(leaf, UNPRIVILEGED, "1"));
	group_reserve(leaf, 40000, 100000);
	ok &= check(!ask_start(&w, &spec, SCHED_FIFO, 50));
	ok &= check(!group_write(leaf, BUDGET, "max"));
	ok &= check(served_by(w.pid, own));
	ok &= is_policy(w.pid, SCHED_FIFO, 50);
	/* Where FIFO threads are served, but this is none. */
	ok &= check(!group_attach(rt, w.pid));
	ok &= is_policy(w.pid, SCHED_OTHER, 0);
	ok &= check(served_by(w.pid, NULL));
	/* And where they may not be, but this is none. */
	ok &= check(!group_attach(leaf, w.pid));
	ok &= check(!owner_sets(w.pid, SCHED_FIFO, 50));
	ok &= check(!group_attach(zero, w.pid));
	ok &= is_policy(w.pid, SCHED_OTHER, 0);
	/* A capsule that is for FIFO threads loses who is none any more. */
	ok &= check(!group_attach(leaf, w.pid));
	ok &= check(!owner_sets(w.pid, SCHED_FIFO, 50));
	ok &= check(!group_write(own, SCOPE, "rt"));
	ok &= check(served_by(w.pid, own));
	ok &= check(!group_write(own, UNPRIVILEGED, "0"));
	ok &= check(served_by(w.pid, NULL));
	own_end();
	group_remove(zero);
	group_remove(rt);
	return ok;
}

/* Budget 0 forbids this, too. */
static bool forbidden(void)
{
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	own_make();
	ok = check(!ask_start(&w, &spec, SCHED_FIFO, 50));
	ok &= check(group_write(leaf, BUDGET, "0") == -EBUSY);
	worker_kill(&w);
	ok &= check(!group_write(leaf, BUDGET, "0"));
	ok &= check(ask_start(&w, &spec, SCHED_FIFO, 50) == -EPERM);
	own_end();
	return ok;
}

/* Calls of some 50 ms, for memory. value[0]: they begin */
static void fn_long_call(struct worker *w, void *arg)
{
	char *buf;

	owner_become(0);
	store_64(&w->page->value[0], 1);
	while (!load_u(&w->page->stop)) {
		buf = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		munmap(buf, BIG);
		w->page->count++;
	}
}

/* The longest time in which a busy thread did not run, then or partly then, in us */
static unsigned long longest_gap(const struct burst_log *log, uint64_t from, uint64_t to)
{
	uint64_t longest = 0;
	unsigned int i;

	for (i = 0; i + 1 < log->nr; i++) {
		uint64_t begin = log->burst[i].end, end = log->burst[i + 1].start;

		if (end > from && begin < to && end - begin > longest)
			longest = end - begin;
	}
	return longest / NS_PER_US;
}

/*
 * A thread of the owner's that does @fn, FIFO, and has no budget; and one outside, which
 * is busy, and logs that.
 */
static bool without_budget(struct worker *w, struct worker_spec *spec, struct burst_log *log,
			   void (*fn)(struct worker *w, void *arg))
{
	bool ok;

	spec[0] = (struct worker_spec){ .group = leaf, .cpu = 0, .fn = fn };
	spec[1] = (struct worker_spec){ .cpu = 0, .fn = fn_burst, .arg = log };
	log->nr = 0;
	log->end_ns = UINT64_MAX;
	worker_start(&w[1], &spec[1]);
	worker_start(&w[0], &spec[0]);
	ok = check(wait_for(load_64(&w[0].page->value[0]), 60 * NS_PER_S));
	return ok & check(!owner_sets(w[0].pid, SCHED_FIFO, 50));
}

/* In the kernel without budget it is one of two normal threads, FIFO or not. */
static bool in_spill(struct burst_log *log)
{
	struct worker_spec spec[2];
	struct worker w[2] = {};
	unsigned long longest;
	long long took;
	uint64_t from;
	bool ok;

	own_make();
	group_reserve(own, 1000, 100000);
	ok = without_budget(w, spec, log, fn_long_call);
	from = now_ns();
	sleep_ns(MS * NS_PER_MS);
	ok &= is_policy(w[0].pid, SCHED_FIFO, 50);
	worker_kill(&w[1]);
	longest = longest_gap(log, from, from + MS * NS_PER_MS);
	took = group_value(own, RT_STAT, "spilled_usec");
	ksft_print_msg("%lld us of spill in %llu calls, the longest wait for it %lu us\n", took,
		       (unsigned long long)worker_count(&w[0]), longest);
	ok &= check(took > 3 * TURN_US) & check(longest < TURN_US);
	own_end();
	return ok;
}

/* It gives back its memory. value[0]: it has it */
static void fn_big(struct worker *w, void *arg)
{
	char *buf = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	owner_become(0);
	madvise(buf, BIG, MADV_NOHUGEPAGE);
	memset(buf, 1, BIG);
	store_64(&w->page->value[0], 1);
	fn_busy(w, NULL);
}

/* Nor is it more while it exits. */
static bool at_exit(struct burst_log *log)
{
	struct worker_spec spec[2];
	struct worker w[2] = {};
	unsigned long longest;
	uint64_t from, to;
	long long took;
	bool ok;

	own_make();
	ok = without_budget(w, spec, log, fn_big);
	group_reserve(own, 1000, 1000000);
	sleep_ns(2 * NS_PER_S);
	took = group_value(own, RT_STAT, "spilled_usec");
	from = now_ns();
	ok &= check(worker_kill_within(&w[0], 5 * NS_PER_S));
	to = now_ns();
	sleep_ns(10 * NS_PER_MS);
	worker_kill(&w[1]);
	longest = longest_gap(log, from, to);
	took = group_value(own, RT_STAT, "spilled_usec") - took;
	ksft_print_msg("%lld us of %llu in exit, the longest wait for it %lu us\n", took,
		       (unsigned long long)(to - from) / NS_PER_US, longest);
	ok &= check(took > 3 * TURN_US) & check(longest < TURN_US);
	own_end();
	return ok;
}

static pthread_mutex_t *mutex;
static unsigned int *held;

static void fn_accomplice(struct worker *w, void *arg)
{
	owner_become(0);
	pthread_mutex_lock(mutex);
	store_u(held, 1);
	fn_busy(w, NULL);
}

static void fn_lender(struct worker *w, void *arg)
{
	owner_become(0);
	store_64(&w->page->value[0], set_policy(0, SCHED_FIFO, 99));
	pthread_mutex_lock(mutex);
	fn_busy(w, NULL);
}

/* A thread outside holds what a granted one waits for: it has no more for that. */
static bool lends_nothing(void)
{
	struct worker_spec holder = { .cpu = 0, .fn = fn_accomplice };
	struct worker_spec waiter = { .cpu = 0, .fn = fn_lender };
	struct worker_spec busy = { .cpu = 0, .fn = fn_busy };
	pthread_mutexattr_t attr;
	struct worker w[3] = {};
	bool ok;

	mutex = shared_alloc(sizeof(*mutex));
	held = shared_alloc(sizeof(*held));
	pthread_mutexattr_init(&attr);
	if (pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
	    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) ||
	    pthread_mutex_init(mutex, &attr))
		ksft_exit_fail_msg("no PTHREAD_PRIO_INHERIT\n");

	own_make();
	waiter.group = leaf;
	worker_start(&w[0], &holder);
	ok = check(wait_for(load_u(held), NS_PER_S));
	worker_start(&w[1], &busy);
	worker_start(&w[2], &waiter);
	sleep_ns(200 * NS_PER_MS);
	ok &= check(!load_64(&w[2].page->value[0]));
	ok &= check(workers_get(w, (double[]){ 50, 50, 0 }, 3, MS));
	own_end();
	return ok;
}

int main(void)
{
	struct burst_log *log;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(17);
	lift_kthreads();
	log_mark();
	ksft_test_result(granted(), "the owner may ask for FIFO and RR\n");
	ksft_test_result(not_granted(), "but not where nobody allows it\n");
	ksft_test_result(order(), "it is an order of the threads inside\n");
	ksft_test_result(worth_nothing(), "it ends when a thread leaves\n");
	ksft_test_result(other_cpu(), "or its capsule does\n");
	ksft_test_result(privileged(), "what was set with privilege stays\n");
	ksft_test_result(nested(), "below it is the owner's to give, and ends with that above\n");
	ksft_test_result(outlives_nobody(), "and is not there again without one above\n");
	ksft_test_result(scope(), "scope rt serves who was granted it\n");
	ksft_test_result(moves(), "it ends where it is not allowed, and only there\n");
	ksft_test_result(forbidden(), "budget 0 forbids it\n");
	ksft_test_result(lends_nothing(), "nobody outside inherits it\n");
	log = burst_log_alloc(64 * 1024, 30 * NS_PER_US);
	ksft_test_result(in_spill(log), "it is worth nothing in spill\n");
	ksft_test_result(at_exit(log), "nor at exit\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	/* Not of this. */
	ksft_test_result(without_cpu(), "nor where it has no server, and it comes back\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
