// SPDX-License-Identifier: GPL-2.0
/*
 * A capsule may hand out all that it has, exactly, and then has no threads of its own:
 * who would enter is refused, and who is left there against all rules is served by the
 * next one above. Two CPUs, virtual time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "device.h"
#include "kselftest.h"

#define MS	2000

/* All of 40/100 ms on one CPU, by two children of half of it. */
static char *up, *one, *two;

static void family_make(const char *parent)
{
	up = parent ? group_make_on_in(parent, "up", "0") : group_make_on("up", "0");
	group_reserve(up, 40000, 100000);
	one = group_make(up, "one");
	two = group_make(up, "two");
}

static void family_end(void)
{
	kill_all_workers();
	group_remove(two);
	group_remove(one);
	group_remove(up);
}

static bool hand_out(void)
{
	return check(!group_try_reserve(one, 20000, 100000)) &
	       check(!group_try_reserve(two, 20000, 100000));
}

struct parts {
	long q, p, d;		/* of the parent; d 0: p */
	long q1, p1, q2, p2;	/* all of it, exactly */
};

static bool is_all(const struct parts *s)
{
	struct sched_vm_check c;
	char text[64];
	int dev = device_open();
	bool ok;

	snprintf(text, sizeof(text), "%ld %ld %ld", s->q, s->p, s->d ?: s->p);
	ok = check(!group_write(up, RT_MAX, text));
	ok &= check(!group_try_reserve(one, s->q1, s->p1));
	ok &= check(!device_check(dev, two, s->q2, s->p2, &c));
	ok &= check(c.result == SCHED_VM_FITS && c.max_budget_us == s->q2);
	ok &= check(!device_check(dev, two, s->q2 + 1, s->p2, &c));
	ok &= check(c.result == SCHED_VM_PARENT_FULL && c.max_budget_us == s->q2);
	close(dev);
	ok &= check(group_try_reserve(two, s->q2 + 1, s->p2) == -EBUSY);
	ok &= check(!group_try_reserve(two, s->q2, s->p2));
	ok &= check(group_reads(up, RT_FREE, "cpu0 0.00"));
	/* What they have is not refused when it is written again, nor what takes less. */
	ok &= check(!group_try_reserve(two, s->q2, s->p2));
	ok &= check(!group_write(up, RT_MAX, text));
	ok &= check(group_try_reserve(up, s->q - 1, s->p) == -EBUSY);
	ok &= check(!group_try_reserve(two, s->q2 - 1, s->p2));
	ok &= check(!group_write(two, BUDGET, "max") & !group_write(one, BUDGET, "max"));
	return ok;
}

static bool exact(void)
{
	static const struct parts parts[] = {
		{ 40000, 100000, 0, 20000, 100000, 20000, 100000 },
		{ 40000, 100000, 0, 5000, 25000, 20000, 100000 },
		{ 30000, 90000, 0, 10000, 90000, 20000, 90000 },
		{ 10000, 30000, 0, 20000, 90000, 10000, 90000 },
		{ 20000, 100000, 50000, 10000, 50000, 30000, 150000 },
		{ 7777, 99991, 0, 1111, 99991, 6666, 99991 },
		{ 30000, 70000, 0, 1000, 7000, 2000, 7000 },
	};
	bool ok = true;
	size_t i;

	family_make(NULL);
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		ok &= is_all(&parts[i]);
	family_end();
	return ok;
}

/* Beside one that has all the rest. */
static bool they_have_it(void)
{
	struct worker_spec spec[] = {
		{ .cpu = 0, .fn = fn_busy },
		{ .cpu = 0, .fn = fn_busy },
		{ .cpu = 0, .fn = fn_busy },
	};
	char *rest = group_make_on("rest", "0");
	struct worker w[3] = {};
	bool ok;
	int i;

	family_make(NULL);
	ok = hand_out();
	group_reserve(rest, 49900, 100000);
	spec[0].group = one;
	spec[1].group = two;
	spec[2].group = rest;
	for (i = 0; i < 3; i++)
		worker_start(&w[i], &spec[i]);
	ok &= check(workers_get(w, (double[]){ 20, 20, 49.9 }, 3, MS));
	/* When one ends, what it had is its parent's, and its thread's. */
	ok &= check(!group_write(one, BUDGET, "max"));
	ok &= check(served_by(w[0].pid, up));
	sleep_ns(200 * NS_PER_MS);
	ok &= check(workers_get(w, (double[]){ 20, 20, 49.9 }, 3, MS));
	/* And when the parent ends, the other has it of the CPU. */
	worker_kill(&w[0]);
	ok &= check(!group_try_reserve(one, 20000, 100000));
	ok &= check(!group_write(up, BUDGET, "max"));
	ok &= check(workers_get(&w[1], (double[]){ 20, 49.9 }, 2, MS));
	ok &= check(!group_try_reserve(up, 40000, 100000));
	ok &= check(workers_get(&w[1], (double[]){ 20, 49.9 }, 2, MS));
	family_end();
	group_remove(rest);
	return ok;
}

/* A child that is made in @cg. Return: 0 or -errno */
static int clone_into(const char *cg)
{
	int fd = open(cg, O_PATH | O_DIRECTORY | O_CLOEXEC), ret;
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = fd,
	};

	ret = syscall(SYS_clone3, &args, sizeof(args));
	if (!ret)
		_exit(0);
	ret = ret < 0 ? -errno : ret;
	close(fd);
	if (ret > 0)
		waitpid(ret, NULL, 0);
	return ret > 0 ? 0 : ret;
}

/* Threads can be in a cgroup with children only if these are threaded. */
static void threaded(void)
{
	/* Only cgroups without children, and without controllers for them, become so. */
	group_remove(two);
	group_remove(one);
	one = group_make_threaded(up, "one");
	two = group_make_threaded(up, "two");
}

static bool nobody_enters(void)
{
	struct worker_spec spec = { .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	bool ok;

	family_make(NULL);
	ok = check(!clone_into(one));
	family_end();
	family_make(NULL);
	threaded();
	worker_start(&w, &spec);
	ok &= hand_out();
	ok &= check(group_attach(up, w.pid) == -EBUSY);
	ok &= check(clone_into(up) == -EBUSY);
	ok &= check(served_by(w.pid, NULL));
	/* Nor where it had nothing from the beginning. */
	ok &= check(!group_write(up, BUDGET, "max"));
	ok &= check(!group_try_reserve(up, 40000, 100000));
	ok &= check(group_attach(up, w.pid) == -EBUSY);
	ok &= check(!group_try_reserve(two, 19990, 100000));
	ok &= check(!group_attach(up, w.pid));
	ok &= check(!clone_into(up));
	/* And now it cannot be handed out. */
	ok &= check(group_try_reserve(two, 20000, 100000) == -EBUSY);
	ok &= check(group_reads(two, RT_MAX, "19990 100000"));
	ok &= check(!group_write(two, RT_MAX, "10000 100000"));
	ok &= check(worker_gets(&w, 10, MS));
	/* Unless they go where it goes. */
	ok &= check(!group_attach_thread(two, w.pid));
	ok &= check(!group_try_reserve(two, 20000, 100000));
	ok &= check(worker_gets(&w, 20, MS));
	ok &= check(group_attach_thread(up, w.pid) == -EBUSY);
	family_end();
	return ok;
}

/* Threads out of the scope of a child are the parent's: it keeps something for them. */
static bool out_of_scope(void)
{
	struct worker_spec spec = { .cpu = 0, .fn = fn_busy };
	struct worker w[2] = {};
	bool ok;

	family_make(NULL);
	ok = check(!group_try_reserve(one, 10000, 100000));
	ok &= check(!group_write(one, SCOPE, "rt"));
	spec.group = one;
	worker_start(&w[0], &spec);
	ok &= check(served_by(w[0].pid, up));
	ok &= check(group_try_reserve(two, 30000, 100000) == -EBUSY);
	ok &= check(worker_gets(&w[0], 30, MS));
	ok &= check(!group_try_reserve(two, 20000, 100000));
	worker_kill(&w[0]);
	ok &= check(!group_try_reserve(two, 30000, 100000));
	/* Who would be one of them does not come in; who would not, does. */
	spec.group = NULL;
	worker_start(&w[0], &spec);
	ok &= check(group_attach(one, w[0].pid) == -EBUSY);
	ok &= check(clone_into(one) == 0);
	ok &= check(!set_policy(w[0].pid, SCHED_FIFO, 5));
	ok &= check(!group_attach(one, w[0].pid));
	ok &= check(served_by(w[0].pid, one));
	family_end();
	return ok;
}

/* Whom the capsules below do not serve, and the one above no longer will, a new one has to. */
static bool between(void)
{
	struct worker_spec spec = { .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	char *a, *b;
	bool ok;

	family_make(NULL);
	threaded();
	a = group_make_threaded(one, "a");
	b = group_make_threaded(a, "b");
	worker_start(&w, &spec);
	ok = check(!group_attach(up, w.pid));
	ok &= check(!group_attach_thread(a, w.pid));
	ok &= check(!group_write(a, SCOPE, "rt"));
	ok &= check(!group_try_reserve(a, 20000, 100000));
	ok &= check(!group_try_reserve(b, 20000, 100000));
	ok &= check(!group_write(a, SCOPE, "all"));
	ok &= check(served_by(w.pid, up));
	/* It goes with all that there is. */
	ok &= check(group_try_reserve(two, 20000, 100000) == -EBUSY);
	ok &= check(!group_try_reserve(one, 40000, 100000));
	ok &= check(served_by(w.pid, one));
	ok &= check(worker_gets(&w, 20, MS));
	ok &= check(!group_write(one, BUDGET, "max"));
	/* And to one that would have nothing, from nobody. */
	ok &= check(!group_write(a, BUDGET, "max"));
	ok &= check(!group_write(up, SCOPE, "rt"));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(group_try_reserve(a, 20000, 100000) == -EBUSY);
	/* What is no reservation may come and go. */
	ok &= check(!group_write(a, BUDGET, "0"));
	ok &= check(!group_write(a, BUDGET, "max"));
	ok &= check(!group_try_reserve(a, 20010, 100000));
	ok &= check(served_by(w.pid, a));
	kill_all_workers();
	group_remove(b);
	group_remove(a);
	family_end();
	return ok;
}

/* A thread of the kernel cannot be bound to it either. */
static bool nobody_is_bound(void)
{
	pid_t tid = kthread_of("kcompactd");
	int dev = device_open();
	bool ok;

	family_make(NULL);
	ok = hand_out();
	ok &= check(device_bind(dev, up, SCHED_VM_KTHREAD, tid, true) == -EBUSY);
	ok &= check(!group_write(two, BUDGET, "max"));
	ok &= check(!device_bind(dev, up, SCHED_VM_KTHREAD, tid, true));
	ok &= check(group_try_reserve(two, 20000, 100000) == -EBUSY);
	ok &= check(!device_bind(dev, up, SCHED_VM_KTHREAD, tid, false));
	ok &= check(!group_try_reserve(two, 20000, 100000));
	close(dev);
	family_end();
	return ok;
}

/*
 * What is too little to be a budget with the deadline of the one above is nothing: then a
 * reservation with threads does not end.
 */
static bool too_little(void)
{
	struct worker_spec spec = { .cpu = 0, .fn = fn_sleep };
	struct worker w = {};
	bool ok;

	family_make(NULL);
	ok = check(!group_write(up, RT_MAX, "40 100"));
	ok &= check(!group_try_reserve(one, 2000, 100000));
	ok &= check(!group_try_reserve(two, 38000, 100000));
	spec.group = one;
	worker_start(&w, &spec);
	ok &= check(group_write(one, BUDGET, "max") == -EBUSY);
	ok &= check(group_reads(one, RT_MAX, "2000 100000"));
	ok &= check(served_by(w.pid, one));
	worker_kill(&w);
	ok &= check(!group_write(one, BUDGET, "max"));
	family_end();
	return ok;
}

/* Who cannot be refused is served by the next above, or is a normal thread. */
static bool down(bool inside)
{
	char *top = inside ? group_make_on("top", "0") : NULL;
	struct worker_spec spec = { .cpu = 0, .fn = fn_busy };
	struct worker w[2] = {};
	bool ok;

	if (inside) {
		group_reserve(top, 50000, 100000);
		cg_write(top, "cgroup.subtree_control", "+cpu +cpuset");
	}
	family_make(top);
	ok = hand_out();
	spec.group = one;
	worker_start(&w[0], &spec);
	worker_start(&w[1], &spec);
	/* One that becomes a normal thread is out of scope. */
	ok &= check(!set_policy(w[0].pid, SCHED_FIFO, 5));
	ok &= check(!set_policy(w[1].pid, SCHED_FIFO, 5));
	ok &= check(!group_write(one, SCOPE, "rt"));
	ok &= check(!set_policy(w[0].pid, SCHED_OTHER, 0));
	ok &= check(served_by(w[0].pid, top));
	ok &= check(served_by(w[1].pid, one));
	if (inside)
		ok &= check(workers_get(w, (double[]){ 10, 20 }, 2, MS));
	ok &= check(!group_write(one, SCOPE, "all"));
	ok &= check(served_by(w[0].pid, one));
	/* Without the controller it is in its parent, which has back what it had. */
	ok &= check(!set_policy(w[1].pid, SCHED_OTHER, 0));
	ok &= check(!cg_write(up, "cgroup.subtree_control", "-cpu"));
	sleep_ns(300 * NS_PER_MS);
	ok &= check(served_by(w[0].pid, up));
	ok &= check(workers_get(w, (double[]){ 20, 20 }, 2, MS));
	kill_all_workers();
	cg_write(up, "cgroup.subtree_control", "+cpu");
	family_end();
	if (inside)
		group_remove(top);
	return ok;
}

static bool next_above(void)
{
	return down(true);
}

static bool normal_thread(void)
{
	return down(false);
}

/* All of one CPU, nothing of the other: who enters would find something there, but no. */
static bool one_cpu(void)
{
	char *top = group_make_on("top", "0-1"), *kid;
	struct worker_spec spec = { .group = top, .cpu = -1, .fn = fn_busy };
	struct worker w[2] = {};
	bool ok;

	group_reserve(top, 40000, 100000);
	kid = group_make_on_in(top, "kid", "0");
	ok = check(!cg_write(kid, "cgroup.type", "threaded"));
	worker_start(&w[0], &spec);
	ok &= check(group_try_reserve(kid, 40000, 100000) == -EBUSY);
	ok &= check(!group_attach_thread(kid, w[0].pid));
	ok &= check(!group_try_reserve(kid, 40000, 100000));
	spec.group = NULL;
	worker_start(&w[1], &spec);
	ok &= check(group_attach(top, w[1].pid) == -EBUSY);
	ok &= check(worker_gets(&w[0], 40, MS));
	ok &= check(group_reads_all(top, RT_FREE, "cpu0 0.00\ncpu1 40.00\n"));
	ok &= check(!group_write(kid, "cpuset.cpus", "0-1"));
	ok &= check(group_reads_all(top, RT_FREE, "cpu0 0.00\ncpu1 0.00\n"));
	ok &= check(!group_write(kid, "cpuset.cpus", "1"));
	ok &= check(group_reads_all(top, RT_FREE, "cpu0 40.00\ncpu1 0.00\n"));
	/* A cpuset that would take the rest from threads above is refused. */
	ok &= check(!group_try_reserve(kid, 30000, 100000));
	ok &= check(!group_attach(top, w[1].pid));
	ok &= check(!group_write(kid, CPU_BUDGET, "0 40000"));
	ok &= check(group_write(kid, "cpuset.cpus", "0-1") == -EBUSY);
	kill_all_workers();
	ok &= check(!group_write(kid, "cpuset.cpus", "0-1"));
	group_remove(kid);
	group_remove(top);
	return ok;
}

/*
 * All of the parent's, on CPU 1, is its children's, and then that CPU goes: all may run on
 * the other one. If there is room, there they have what they had. If another one has that,
 * they have what is left of the one above, or, below none, a normal share; both counts
 * as refused. And they come back.
 */
static bool cpu_goes(char *above, bool full)
{
	char *other = above ? group_make_on_in(above, "other", "0") : group_make_on("other", "0");
	struct worker_spec spec = { .cpu = -1, .fn = fn_busy };
	struct worker w[3] = {};
	bool ok;

	up = above ? group_make_on_in(above, "up", "1") : group_make_on("up", "1");
	group_reserve(up, 40000, 100000);
	one = group_make(up, "one");
	two = group_make(up, "two");
	ok = hand_out();
	if (full)
		group_reserve(other, above ? 40000 : 80000, 100000);
	spec.group = one;
	worker_start(&w[0], &spec);
	spec.group = two;
	worker_start(&w[1], &spec);
	spec.group = NULL;
	spec.cpu = 0;
	worker_start(&w[2], &spec);
	ok &= check(!set_policy(w[0].pid, SCHED_FIFO, 5));
	ok &= check(workers_get(w, (double[]){ 20, 20, 100 }, 3, MS));
	ok &= check(cpu_online(1, false));
	ok &= check(group_value(up, RT_EVENTS, "refused") == full);
	ok &= check(served_by(w[0].pid, full ? above : one));
	ok &= check(served_by(w[1].pid, full ? above : two));
	if (!full)
		ok &= check(workers_get(w, (double[]){ 20, 20, 60 }, 3, MS));
	else if (above)
		/* FIFO is first. */
		ok &= check(workers_get(w, (double[]){ 10, 0, 90 }, 3, MS));
	else
		ok &= check(workers_get(w, (double[]){ 25, 25, 50 }, 3, MS));
	ok &= check(group_reads(one, RT_MAX, "20000 100000"));
	ok &= check(cpu_online(1, true));
	sleep_ns(300 * NS_PER_MS);
	ok &= check(served_by(w[0].pid, one)) & check(served_by(w[1].pid, two));
	ok &= check(workers_get(w, (double[]){ 20, 20, 100 }, 3, MS));
	family_end();
	group_remove(other);
	return ok;
}

static bool cpu_goes_below(void)
{
	char *top = group_make_on("top", "0-1");
	bool ok;

	group_reserve(top, 50000, 100000);
	cg_write(top, "cgroup.subtree_control", "+cpu +cpuset");
	ok = cpu_goes(top, true);
	group_remove(top);
	return ok;
}

/* Normal threads would leave for one that has nothing: no. FIFO and RR ones stay. */
static bool scope(void)
{
	struct worker_spec spec = { .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	bool ok;

	family_make(NULL);
	ok = hand_out();
	spec.group = one;
	worker_start(&w, &spec);
	ok &= check(group_write(one, SCOPE, "rt") == -EBUSY);
	ok &= check(group_reads(one, SCOPE, "all")) & check(served_by(w.pid, one));
	ok &= check(!group_write(two, SCOPE, "rt")) & check(!group_write(two, SCOPE, "all"));
	ok &= check(!set_policy(w.pid, SCHED_FIFO, 5));
	ok &= check(!group_write(one, SCOPE, "rt")) & check(served_by(w.pid, one));
	family_end();
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
	ksft_test_result(exact(), "all of it can be handed out, and not 1 us more\n");
	ksft_test_result(they_have_it(), "they have it, and it goes back\n");
	ksft_test_result(nobody_enters(), "nobody enters who would have nothing\n");
	ksft_test_result(out_of_scope(), "threads out of a child's scope count\n");
	ksft_test_result(between(), "who is served by one above goes with all of it\n");
	ksft_test_result(nobody_is_bound(), "nor is a thread of the kernel bound\n");
	ksft_test_result(too_little(), "nobody is left with too little to be a budget\n");
	ksft_test_result(next_above(), "who cannot be refused is served by the next above\n");
	ksft_test_result(normal_thread(), "or is a normal thread\n");
	ksft_test_result(one_cpu(), "one of two CPUs\n");
	ksft_test_result(scope(), "a scope that would leave threads nothing is refused\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	/* Not of these. */
	ksft_test_result(cpu_goes(NULL, false), "their CPU goes, and they have all on another\n");
	ksft_test_result(cpu_goes_below(), "or what the next above has\n");
	ksft_test_result(cpu_goes(NULL, true), "or are normal threads\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
