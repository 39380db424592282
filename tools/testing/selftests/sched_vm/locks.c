// SPDX-License-Identifier: GPL-2.0
/*
 * A capsule's thread holds a mutex or an rwsem of the kernel when the budget
 * ends: how long does a thread outside wait for it, and what does the answer to
 * that cost in time beyond the budget? On one CPU in virtual time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"
#include "uring.h"

#define Q_US		10000
#define P_US		100000
#define SECONDS		20
#define PAUSE_NS	(1 * NS_PER_MS)
#define BUSY_NS		(4 * NS_PER_MS)
#define PIPE_BYTES	65536
#define DIR_PATH	"/tmp/sched_vm_locks"
#define BUFFER		(16UL * 1024 * 1024)
/*
 * Beside Q, in which nobody else has the CPU. With priority inheritance the holder
 * goes on at once, without it as a normal thread, after the turn of another one.
 */
#define WAIT_US		500
#define TURN_US		4000
/* From the timer's interrupt to the context switch; without PREEMPT_RT, softirqs come first. */
#define OVERRUN_NS	20000
#define SOFTIRQ_NS	20000
/* As many as a call of 100 to 200 us takes, and RLIMIT_NOFILE allows. */
#define NR_FDS		1000
#define NR_HOGS		60
#define RING_ENTRIES	64

static int pipe_fd[2];
static long long wait_max_us, overrun_max_ns;

/* Pipes are guarded by a mutex, held while data is copied. */
static void fn_pipe(struct worker *w, void *arg)
{
	static char data[PIPE_BYTES];

	while (!load_u(&w->page->stop)) {
		if (write(pipe_fd[1], data, sizeof(data)) < 0 ||
		    read(pipe_fd[0], data, sizeof(data)) < 0)
			break;
		w->page->count++;
	}
}

static void use_pipe(void)
{
	int bytes;

	ioctl(pipe_fd[0], FIONREAD, &bytes);
}

/* Directories are guarded by an rwsem, held while files come and go. */
static void fn_dir(struct worker *w, void *arg)
{
	while (!load_u(&w->page->stop)) {
		if (mkdir(DIR_PATH "/inside", 0700) || rmdir(DIR_PATH "/inside"))
			break;
		w->page->count++;
	}
}

static void use_dir(void)
{
	mkdir(DIR_PATH "/outside", 0700);
	rmdir(DIR_PATH "/outside");
}

/* Long system calls without a lock. */
static void fn_read(struct worker *w, void *arg)
{
	size_t size = 32 << 20;
	char *buf = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/zero", O_RDONLY);

	while (!load_u(&w->page->stop) && read(fd, buf, size) > 0)
		w->page->count++;
}

static long long overrun_of(const char *cg)
{
	return cg_read_key_long(cg, RT_STAT, "max_overrun_nsec ");
}

/*
 * A system call that takes a little more than what is left of the budget, and then
 * sleeps beyond the end of the period.
 */
static void fn_poll(struct worker *w, void *arg)
{
	static const struct timespec nap = { .tv_nsec = 1000 * NS_PER_US };
	struct pollfd *fds = calloc(NR_FDS, sizeof(*fds));
	int i, fd = open("/dev/null", O_RDONLY);

	for (i = 0; i < NR_FDS; i++)
		fds[i] = (struct pollfd){ .fd = fd, .events = POLLPRI };
	while (!load_u(&w->page->stop)) {
		ppoll(fds, NR_FDS, &nap, NULL);
		w->page->count++;
	}
}

/*
 * The longest that it took a thread outside to do @use, less Q. It is FIFO: without
 * pauses normal threads, ksoftirqd with what directories leave to RCU, would have their
 * time from the fair server, before this one.
 */
static long long longest_us(void (*use)(void))
{
	uint64_t end = now_ns() + SECONDS * NS_PER_S, pause = 0, begin, most = 0;

	while (now_ns() < end) {
		begin = now_ns();
		use();
		if (now_ns() - begin > most)
			most = now_ns() - begin;
		if (now_ns() > pause) {
			sleep_ns(PAUSE_NS);
			pause = now_ns() + BUSY_NS;
		}
	}
	return (long long)(most / NS_PER_US) - Q_US;
}

static bool waits(const char *name, void (*inside)(struct worker *w, void *arg),
		  void (*outside)(void))
{
	char *cg = capsule_make(name, Q_US, P_US), key[64];
	struct worker_spec spec = { .group = cg, .cpu = 0, .fn = inside };
	struct worker w = {};
	long long wait, overrun;
	uint64_t share;

	worker_start(&w, &spec);
	wait = longest_us(outside);
	share = worker_cpu_ns(&w) / SECONDS;
	overrun = overrun_of(cg);
	worker_kill(&w);
	group_remove(cg);
	snprintf(key, sizeof(key), "locks.%s.wait_us", name);
	result_int(key, wait);
	snprintf(key, sizeof(key), "locks.%s.overrun_us", name);
	result_float(key, overrun / 1e3);
	return check(wait <= wait_max_us) & check(overrun <= overrun_max_ns) &
	       check(share > 98 * NS_PER_MS && share < 102 * NS_PER_MS);
}

/* Who attaches a thread to a cgroup waits until nobody forks or exits. */
static void fn_fork(struct worker *w, void *arg)
{
	pid_t pid;

	while (!load_u(&w->page->stop)) {
		pid = vfork();
		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void fn_attach(struct worker *w, void *arg)
{
	char **cg = arg;
	uint64_t begin;

	while (!load_u(&w->page->stop)) {
		begin = now_ns();
		group_attach(cg[w->page->count & 1], getpid());
		if (now_ns() - begin > w->page->value[0])
			w->page->value[0] = now_ns() - begin;
		store_64(&w->page->count, w->page->count + 1);
		sleep_ns(NS_PER_MS);
	}
}

/* Sleeps for a while, another one each time, and is then busy until told. */
static void fn_hog(struct worker *w, void *arg)
{
	unsigned int i;

	for (i = 0; !load_u(&w->page->stop); i++) {
		sleep_ns((500 + i * 977 % 3000) * NS_PER_US);
		store_64(&w->page->count, i + 1);
		while (load_u(&w->page->word) <= i && !load_u(&w->page->stop))
			;
	}
}

/*
 * A thread of a capsule is in fork() when one before it, which is never done, wakes
 * up. Whoever wants to attach a thread to a cgroup, anywhere, waits for the fork.
 */
static bool starved(const char *name, int low, int high)
{
	char *cg = capsule_make(name, P_US / 2, P_US);
	char *other[2];
	struct worker_spec spec[] = {
		{ .group = cg, .cpu = 0, .fn = fn_fork, .policy = low },
		{ .group = cg, .cpu = 0, .fn = fn_hog, .policy = high, .prio = high == SCHED_FIFO },
		{ .cpu = 0, .fn = fn_attach, .arg = other },
	};
	struct worker w[ARRAY_SIZE(spec)] = {};
	uint64_t longest = 0, before;
	char key[64];
	size_t i;
	bool ok = true;

	other[0] = group_make_on("even", "0");
	other[1] = group_make_on("odd", "0");
	for (i = 0; i < ARRAY_SIZE(spec); i++)
		worker_start(&w[i], &spec[i]);
	for (i = 0; i < NR_HOGS && ok; i++) {
		ok = check(wait_for(load_64(&w[1].page->count) > i, 3 * P_US * NS_PER_US));
		before = load_64(&w[2].page->count);
		ok &= check(wait_for(load_64(&w[2].page->count) > before + 1,
				     30 * P_US * NS_PER_US));
		longest = load_64(&w[2].page->value[0]);
		store_u(&w[1].page->word, i + 1);
	}
	kill_all_workers();
	group_remove(cg);
	group_remove(other[0]);
	group_remove(other[1]);
	snprintf(key, sizeof(key), "locks.%s.wait_us", name);
	result_int(key, longest / NS_PER_US);
	/* Without a budget the hog waits, and who forks goes on. */
	return ok & check(longest < P_US * NS_PER_US);
}

/* Nobody may stay in the kernel to have more than his budget. */
static bool long_calls(void)
{
	char *cg = capsule_make("calls", Q_US, P_US);
	struct worker_spec spec = { .group = cg, .cpu = 0, .fn = fn_read };
	struct worker w = {};
	bool ok;

	worker_start(&w, &spec);
	ok = check(worker_gets(&w, 100.0 * Q_US / P_US, 5000));
	result_float("locks.call.overrun_us", overrun_of(cg) / 1e3);
	ok &= check(overrun_of(cg) <= OVERRUN_NS);
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* Nor sleep off what he owes: a capsule that takes about 200 us a call. */
static bool slept_off(void)
{
	char *cg = capsule_make("slept", 100, 1000);
	struct worker_spec spec = { .group = cg, .cpu = 0, .fn = fn_poll };
	struct worker w = {};
	uint64_t begin, cpu;
	bool ok;

	worker_start(&w, &spec);
	begin = now_ns();
	cpu = worker_cpu_ns(&w);
	sleep_ns(5 * NS_PER_S);
	cpu = worker_cpu_ns(&w) - cpu;
	begin = now_ns() - begin;
	ksft_print_msg("%.3f %% of the CPU, %.1f us a call\n", 100.0 * cpu / begin,
		       cpu / 1e3 / w.page->count);
	ok = check(cpu <= begin / 10 + NS_PER_MS);
	ok &= check(cpu / w.page->count > 100 * NS_PER_US);
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* A thread of io_uring's reads for it, and owes that; word: its first reads are queued. */
static void fn_sqpoll(struct worker *w, void *arg)
{
	char *buf = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i, fd = open("/dev/zero", O_RDONLY);
	struct ring r;

	if (!ring_open(&r, RING_ENTRIES, IORING_SETUP_SQPOLL))
		_exit(EXIT_FAILURE);
	for (i = 0; i < RING_ENTRIES; i++) {
		r.sqe[i].opcode = IORING_OP_READ;
		r.sqe[i].fd = fd;
		r.sqe[i].addr = (unsigned long)buf;
		r.sqe[i].len = BUFFER;
	}
	ring_queue(&r, RING_ENTRIES);
	store_u(&w->page->word, 1);
	fn_pause(w, NULL);
}

/*
 * It has to end what it has begun, and waits with a lock that whoever is torn down wants: not
 * for its debt, whose signal is pending no longer.
 */
static bool killed_poller_goes(void)
{
	struct worker_spec spec = { .cpu = 0, .fn = fn_sqpoll };
	char *cg = capsule_make("poller", 1000, 1000000);
	struct worker w = {};
	long long spilled;
	bool ok;

	worker_spawn(&w, &spec);
	ok = check(!group_attach(cg, w.pid));
	worker_go(&w);
	ok &= check(wait_for(load_u(&w.page->word), 60 * NS_PER_S));
	/* In the midst of it */
	ok &= check(wait_for(group_value(cg, RT_STAT, "spilled_usec") > 20000, 10 * NS_PER_S));
	ok &= check(worker_kill_within(&w, NS_PER_S));
	spilled = group_value(cg, RT_STAT, "spilled_usec");
	ksft_print_msg("%lld us were spilled\n", spilled);
	ok &= check(wait_for(!group_value(cg, "cgroup.events", "populated"), NS_PER_S));
	group_remove(cg);
	return ok;
}

int main(void)
{
	struct utsname kernel;
	bool rt;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(8);
	if (uname(&kernel))
		ksft_exit_fail_perror("uname");
	rt = strstr(kernel.version, "PREEMPT_RT");
	wait_max_us = WAIT_US + (rt ? 0 : TURN_US);
	overrun_max_ns = OVERRUN_NS + (rt ? 0 : SOFTIRQ_NS);
	if (pipe(pipe_fd) || (mkdir(DIR_PATH, 0700) && errno != EEXIST))
		ksft_exit_fail_perror("preparing");
	pin_to(0, 0);
	ksft_test_result(waits("mutex", fn_pipe, use_pipe),
			 "who waits for a mutex held inside does not wait for a budget\n");
	ksft_test_result(waits("rwsem", fn_dir, use_dir), "nor for an rwsem\n");
	ksft_test_result(starved("fifo", SCHED_OTHER, SCHED_FIFO),
			 "nor for a period for who is kept from running by FIFO\n");
	ksft_test_result(starved("other", SCHED_IDLE, SCHED_OTHER),
			 "nor if that is SCHED_IDLE, by SCHED_OTHER\n");
	ksft_test_result(long_calls(), "a long system call is no way around the budget\n");
	ksft_test_result(slept_off(), "nor can what is owed be slept off\n");
	ksft_test_result(killed_poller_goes(), "a poller of io_uring that is killed goes\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
