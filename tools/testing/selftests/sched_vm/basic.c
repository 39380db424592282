// SPDX-License-Identifier: GPL-2.0
/*
 * Who is served by which capsule: inheritance, policies, scope, attach, fork,
 * exec, clone, and the way out of each.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define MS	500

static struct worker_spec spec_of(const char *group, int policy,
				  void (*fn)(struct worker *w, void *arg))
{
	return (struct worker_spec){
		.group = group, .policy = policy, .cpu = -1, .fn = fn,
		.prio = policy == SCHED_FIFO || policy == SCHED_RR ? 10 : 0,
	};
}

static bool inheritance(void)
{
	char *a = group_make(sv_top, "a"), *b = group_make(a, "b");
	char *c = group_make(b, "c");
	struct worker_spec spec = spec_of(c, SCHED_OTHER, fn_busy);
	struct worker w = {};
	bool ok;

	worker_start(&w, &spec);
	ok = check(served_by(w.pid, NULL));
	group_reserve(a, 40000, 100000);
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_gets(&w, 40, MS));
	group_reserve(b, 20000, 100000);
	ok &= check(served_by(w.pid, b));
	ok &= check(worker_gets(&w, 20, MS));
	group_reserve(c, 10000, 100000);
	ok &= check(served_by(w.pid, c));
	ok &= check(worker_gets(&w, 10, MS));
	ok &= check(!group_write(b, BUDGET, "max"));
	ok &= check(served_by(w.pid, c));
	ok &= check(worker_gets(&w, 10, MS));
	ok &= check(!group_write(c, BUDGET, "max"));
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_gets(&w, 40, MS));
	ok &= check(!group_write(a, BUDGET, "max"));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(worker_gets(&w, 100, MS));
	worker_kill(&w);
	group_remove(c);
	group_remove(b);
	group_remove(a);
	return ok;
}

/* The parent's own threads have what its children left. */
static bool left_over(void)
{
	char *a = capsule_make("a", 50000, 100000), *b;
	struct worker_spec above = spec_of(a, SCHED_FIFO, fn_busy), below;
	struct worker w = {}, v = {};
	bool ok;

	worker_start(&w, &above);
	ok = check(worker_gets(&w, 50, MS));
	b = group_make_threaded(a, "b");
	group_reserve(b, 4000, 20000);
	/* By itself it would never come through a, where the other one is. */
	below = spec_of(NULL, SCHED_FIFO, fn_busy);
	worker_spawn(&v, &below);
	ok &= check(!group_attach(a, v.pid));
	ok &= check(!group_attach_thread(b, v.pid));
	worker_go(&v);
	ok &= check(served_by(w.pid, a));
	ok &= check(served_by(v.pid, b));
	ok &= check(worker_gets(&w, 30, MS));
	ok &= check(worker_gets(&v, 20, MS));
	worker_kill(&v);
	group_remove(b);
	ok &= check(worker_gets(&w, 50, MS));
	worker_kill(&w);
	group_remove(a);
	return ok;
}

static bool carving(void)
{
	char *a = capsule_make("a", 50000, 100000), *b = group_make(a, "b");
	char *c = group_make(b, "c"), *d = group_make(a, "d");
	bool ok;

	/* Through b, which has none, out of a. */
	ok = check(group_try_reserve(c, 51000, 100000) == -EBUSY);
	ok &= check(group_try_reserve(c, 50001, 100000) == -EBUSY);
	ok &= check(group_try_reserve(c, 50000, 100000) == 0);
	ok &= check(group_try_reserve(d, 10, 100000) == -EBUSY);
	ok &= check(group_try_reserve(c, 30000, 100000) == 0);
	ok &= check(group_try_reserve(d, 20001, 100000) == -EBUSY);
	ok &= check(group_try_reserve(d, 20000, 100000) == 0);
	ok &= check(group_try_reserve(d, 10000, 100000) == 0);
	/* b comes between a and c. */
	ok &= check(group_try_reserve(b, 29000, 100000) == -EBUSY);
	ok &= check(group_try_reserve(b, 35000, 100000) == 0);
	ok &= check(group_try_reserve(c, 36000, 100000) == -EBUSY);
	ok &= check(group_try_reserve(c, 34000, 100000) == 0);
	/* a cannot shrink below b and d, in whatever way. */
	ok &= check(group_try_reserve(a, 44000, 100000) == -EBUSY);
	ok &= check(group_write(a, PERIOD, "200000") == -EBUSY);
	ok &= check(group_reads(a, RT_MAX, "50000 100000"));
	ok &= check(group_try_reserve(a, 46000, 100000) == 0);
	ok &= check(group_try_reserve(a, 92000, 200000) == 0);
	/* Without a, b and d stand on their own. */
	ok &= check(group_write(a, BUDGET, "max") == 0);
	ok &= check(group_try_reserve(d, 54900, 100000) == 0);
	ok &= check(group_try_reserve(d, 55100, 100000) == -EBUSY);
	ok &= check(group_try_reserve(a, 90000, 100000) == 0);
	ok &= check(group_try_reserve(d, 56000, 100000) == -EBUSY);
	group_remove(d);
	group_remove(c);
	group_remove(b);
	group_remove(a);
	return ok & check(can_reserve_all());
}

static bool every_policy(void)
{
	static const int policies[] = {
		SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR,
	};
	char *a = capsule_make("a", 20000, 100000);
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		struct worker_spec spec = spec_of(a, policies[i], fn_busy);
		struct worker w = {};

		worker_start(&w, &spec);
		ok &= check(served_by(w.pid, a));
		ok &= check(worker_gets(&w, 20, MS));
		ok &= check(get_policy(w.pid) == policies[i]);
		worker_kill(&w);
	}
	group_remove(a);
	return ok;
}

static bool scope(void)
{
	char *a = capsule_make("a", 20000, 100000);
	struct worker_spec o = spec_of(a, SCHED_OTHER, fn_busy);
	struct worker_spec f = spec_of(a, SCHED_FIFO, fn_pause);
	struct worker other = {}, fifo = {};
	bool ok;

	worker_start(&other, &o);
	worker_start(&fifo, &f);
	ok = check(!group_write(a, SCOPE, "rt"));
	ok &= check(served_by(other.pid, NULL));
	ok &= check(served_by(fifo.pid, a));
	ok &= check(worker_gets(&other, 100, MS));
	ok &= check(!set_policy(other.pid, SCHED_RR, 1));
	ok &= check(served_by(other.pid, a));
	ok &= check(worker_gets(&other, 20, MS));
	ok &= check(!set_policy(other.pid, SCHED_IDLE, 0));
	ok &= check(served_by(other.pid, NULL));
	ok &= check(!group_write(a, SCOPE, "all"));
	ok &= check(served_by(other.pid, a));
	ok &= check(worker_gets(&other, 20, MS));
	ok &= check(served_by(fifo.pid, a));
	worker_kill(&other);
	worker_kill(&fifo);
	group_remove(a);
	return ok;
}

/* From outside, between capsules, and out again, while it runs. */
static bool attach(int policy)
{
	char *a = capsule_make("a", 20000, 100000);
	char *b = capsule_make("b", 5000, 10000);
	char *c = group_make(sv_top, "c");
	struct worker_spec spec = spec_of(c, policy, fn_busy);
	struct worker w = {};
	bool ok;

	worker_start(&w, &spec);
	ok = check(served_by(w.pid, NULL));
	ok &= check(!group_attach(a, w.pid));
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_gets(&w, 20, MS));
	ok &= check(!group_attach(b, w.pid));
	ok &= check(served_by(w.pid, b));
	ok &= check(worker_gets(&w, 50, MS));
	ok &= check(!group_attach(c, w.pid));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(worker_gets(&w, 100, MS));
	ok &= check(get_policy(w.pid) == policy);
	worker_kill(&w);
	group_remove(c);
	group_remove(b);
	group_remove(a);
	return ok;
}

/* A sleeping thread follows too, and wakes up in the right place. */
static bool attach_sleeper(void)
{
	char *a = capsule_make("a", 20000, 100000);
	char *c = group_make(sv_top, "c");
	struct worker_spec spec = spec_of(c, SCHED_OTHER, fn_sleep);
	struct worker w = {};
	bool ok;

	worker_start(&w, &spec);
	ok = check(worker_progress(&w, NS_PER_S));
	ok &= check(!group_attach(a, w.pid));
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_progress(&w, NS_PER_S));
	ok &= check(!group_attach(c, w.pid));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(worker_progress(&w, NS_PER_S));
	worker_kill(&w);
	group_remove(c);
	group_remove(a);
	return ok;
}

static bool exits_with_0(pid_t pid)
{
	int status = 1;

	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* By fork; by clone3 to elsewhere, or to where none serves; and over exec. */
static void fn_children(struct worker *w, void *arg)
{
	const char * const *groups = arg;
	const char *own = group_path(groups[0]);
	int i, fd;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(!served_by(getpid(), groups[0]));
	w->page->value[0] = exits_with_0(pid);
	for (i = 1; i < 3; i++) {
		fd = dirfd_open_opath(groups[i]);
		pid = clone_into_cgroup(fd);
		if (!pid)
			_exit(!served_by(getpid(), i == 1 ? groups[i] : NULL));
		w->page->value[i] = exits_with_0(pid);
		close(fd);
	}
	pid = fork();
	if (!pid) {
		execl("/proc/self/exe", "basic", "--served-by", own, NULL);
		_exit(2);
	}
	w->page->value[3] = exits_with_0(pid);
}

static bool children(int policy)
{
	struct worker_spec spec;
	struct worker w = {};
	char *groups[3];
	bool ok;
	int i;

	groups[0] = capsule_make("a", 20000, 100000);
	groups[1] = capsule_make("b", 20000, 100000);
	groups[2] = group_make(sv_top, "none");
	spec = spec_of(groups[0], policy, fn_children);
	spec.arg = groups;
	worker_start(&w, &spec);
	worker_wait(&w);
	ok = check(w.page->value[0]);
	ok &= check(w.page->value[1]);
	ok &= check(w.page->value[2]);
	ok &= check(w.page->value[3]);
	for (i = 0; i < 3; i++)
		group_remove(groups[i]);
	return ok;
}

static void fn_into_capsule(struct worker *w, void *arg)
{
	int fd = dirfd_open_opath(arg);
	pid_t pid = clone_into_cgroup(fd);

	if (!pid)
		_exit(!served_by(getpid(), arg));
	w->page->value[0] = exits_with_0(pid);
}

/* From none into one. */
static bool clone_into_capsule(int policy)
{
	char *a = capsule_make("a", 20000, 100000);
	struct worker_spec spec = spec_of(NULL, policy, fn_into_capsule);
	struct worker w = {};

	spec.arg = a;
	worker_start(&w, &spec);
	worker_wait(&w);
	group_remove(a);
	return check(w.page->value[0]);
}

/* Every thread of a process, and threads in threaded cgroups of their own. */
static void *thread_main(void *arg)
{
	pid_t *tid = arg;

	__atomic_store_n(tid, gettid(), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static void fn_threads(struct worker *w, void *arg)
{
	static pid_t tid;
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, &tid))
		_exit(1);
	while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		sleep_ns(NS_PER_MS);
	store_64(&w->page->value[0], tid);
	for (;;)
		pause();
}

static bool single_threads(void)
{
	char *a = capsule_make("a", 50000, 100000);
	char *b = group_make_threaded(a, "b");
	struct worker_spec spec = spec_of(NULL, SCHED_OTHER, fn_threads);
	struct worker w = {};
	pid_t tid;
	bool ok;

	worker_start(&w, &spec);
	ok = check(wait_for(load_64(&w.page->value[0]), NS_PER_S));
	tid = load_64(&w.page->value[0]);
	ok &= check(!group_attach(a, w.pid));
	ok &= check(served_by(w.pid, a));
	ok &= check(served_by(tid, a));
	ok &= check(!group_attach_thread(b, tid));
	ok &= check(served_by(w.pid, a));
	ok &= check(served_by(tid, a));
	ok &= check(!group_try_reserve(b, 20000, 100000));
	ok &= check(served_by(w.pid, a));
	ok &= check(served_by(tid, b));
	ok &= check(!group_write(a, BUDGET, "max"));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(served_by(tid, b));
	worker_kill(&w);
	group_remove(b);
	group_remove(a);
	return ok;
}

/* OTHER -> FIFO -> DEADLINE -> OTHER -> IDLE -> RR, with others at work. */
static bool change_policy(void)
{
	char *a = capsule_make("a", 20000, 100000);
	struct worker_spec spec = spec_of(a, SCHED_OTHER, fn_busy);
	struct worker_spec out = spec_of(NULL, SCHED_OTHER, fn_busy);
	struct worker w = {}, v = {}, outside = {};
	bool ok;

	worker_start(&w, &spec);
	worker_start(&v, &spec);
	worker_start(&outside, &out);
	ok = check(served_by(w.pid, a));
	ok &= check(worker_gets(&w, 10, MS));
	ok &= check(!set_policy(w.pid, SCHED_FIFO, 10));
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_gets(&w, 20, MS));
	ok &= check(!set_deadline(w.pid, 30 * NS_PER_MS, 100 * NS_PER_MS));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(worker_gets(&w, 30, MS));
	ok &= check(worker_gets(&v, 20, MS));
	ok &= check(!set_policy(w.pid, SCHED_OTHER, 0));
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_gets(&w, 10, MS));
	ok &= check(!set_policy(w.pid, SCHED_IDLE, 0));
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_gets(&w, 0, MS));
	ok &= check(!set_policy(w.pid, SCHED_RR, 10));
	ok &= check(served_by(w.pid, a));
	ok &= check(worker_gets(&w, 20, MS));
	ok &= check(served_by(outside.pid, NULL));
	worker_kill(&w);
	worker_kill(&v);
	worker_kill(&outside);
	group_remove(a);
	return ok;
}

/* A SCHED_DEADLINE thread is its own reservation, wherever it is. */
static bool deadline_thread(void)
{
	char *a = capsule_make("a", 20000, 100000), *c = group_make(sv_top, "c");
	struct worker_spec spec = spec_of(c, SCHED_OTHER, fn_busy);
	struct worker w = {};
	bool ok;

	worker_start(&w, &spec);
	ok = check(!set_deadline(w.pid, 30 * NS_PER_MS, 100 * NS_PER_MS));
	ok &= check(!group_attach(a, w.pid));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(worker_gets(&w, 30, MS));
	ok &= check(!group_write(a, BUDGET, "max"));
	ok &= check(!group_try_reserve(a, 10000, 100000));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(worker_gets(&w, 30, MS));
	/* One admission for all. */
	ok &= check(group_try_reserve(a, 61000, 100000) == -EBUSY);
	ok &= check(group_try_reserve(a, 59900, 100000) == 0);
	ok &= check(set_deadline(w.pid, 31 * NS_PER_MS, 100 * NS_PER_MS) == -EBUSY);
	worker_kill(&w);
	sleep_ns(100 * NS_PER_MS);
	group_remove(c);
	group_remove(a);
	return ok;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--served-by"))
		return !served_by_path(getpid(), argv[2]);

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	lift_kthreads();
	ksft_set_plan(17);
	log_mark();
	ksft_test_result(inheritance(), "the nearest reservation above serves\n");
	ksft_test_result(left_over(), "a parent has what its children left\n");
	ksft_test_result(carving(), "reservations are carved out of the parent's\n");
	ksft_test_result(every_policy(), "all policies are served\n");
	ksft_test_result(scope(), "scope rt\n");
	ksft_test_result(attach(SCHED_OTHER), "attach and detach, OTHER\n");
	ksft_test_result(attach(SCHED_FIFO), "attach and detach, FIFO\n");
	ksft_test_result(attach_sleeper(), "attach and detach, asleep\n");
	ksft_test_result(children(SCHED_OTHER), "fork, clone, exec, OTHER\n");
	ksft_test_result(children(SCHED_FIFO), "fork, clone, exec, FIFO\n");
	ksft_test_result(clone_into_capsule(SCHED_OTHER), "clone into, OTHER\n");
	ksft_test_result(clone_into_capsule(SCHED_RR), "clone into, RR\n");
	ksft_test_result(single_threads(), "threads, and threaded cgroups\n");
	ksft_test_result(change_policy(), "sched_setscheduler under load\n");
	ksft_test_result(deadline_thread(), "SCHED_DEADLINE is never served\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
