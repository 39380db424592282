// SPDX-License-Identifier: GPL-2.0
/*
 * A thread of a capsule with next to no budget holds a lock of the kernel, and a
 * hundred busy threads share that budget with it. How long does root's FIFO thread
 * wait for the lock? Beside it the same is done without a reservation: by a normal
 * thread of a cgroup that has the same hundred.
 *
 * RCU, RCU Tasks, the freezers of cgroups and of suspend wait for twenty who have next to
 * no budget, and are in the kernel, as for normal threads.
 *
 * On one CPU in virtual time; beside a busy normal thread, and one with a FIFO policy or
 * others who have reserved nearly everything and use it. Beside FIFO the fair server runs
 * the holder before root's thread, so that a short call may be over when that looks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define NR_BUSY		100
#define SAMPLES		2
#define RESERVATION	"200 1000000"
/* By then it is within the call, and 100 us later it has no budget. */
#define BEGUN_NS	(150 * NS_PER_US)
#define REST_NS		(100 * NS_PER_US)
#define MOST_RATIO	1.5
#define FILE_BYTES	(16UL << 20)
#define MAP_BYTES	(128UL << 20)
#define NR_ENTRIES	6000
#define NR_READERS	20
#define NR_WAITS	10
#define NR_THREADS	200
#define TRACING		"/sys/kernel/tracing/instances/held"
#define HELD_DIR	"/tmp/sched_vm_held"
#define HELD_FILE	"/tmp/sched_vm_held.file"

static char *buffer, *map;
static int file, own_file, dir, procs, start[2], begun[2];
static char *even, *odd;
static struct worker holder, crowd;

/* A mutex: that of a position in a file that processes share. */
static void hold_mutex(void)
{
	lseek(file, 0, SEEK_SET);
	if (read(file, buffer, FILE_BYTES) != (ssize_t)FILE_BYTES)
		_exit(EXIT_FAILURE);
}

static void want_mutex(void)
{
	lseek(file, 0, SEEK_CUR);
}

/* An inode's rwsem, which writers have for themselves. */
static void hold_write(void)
{
	if (pwrite(file, buffer, FILE_BYTES, 0) != (ssize_t)FILE_BYTES)
		_exit(EXIT_FAILURE);
}

static void want_write(void)
{
	if (pwrite(own_file, "", 1, 0) != 1)
		ksft_exit_fail_perror("pwrite");
}

/* That of an address space, and somebody who wants to read there. */
static void hold_map(void)
{
	static int prot = PROT_READ | PROT_WRITE;

	prot ^= PROT_WRITE;
	if (mprotect(map, MAP_BYTES, prot))
		_exit(EXIT_FAILURE);
}

static void want_map(void)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", holder.pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || pread(fd, &byte, 1, (long)map) != 1)
		ksft_exit_fail_perror(path);
	close(fd);
}

static void have_map(void)
{
	size_t at;

	madvise(map, MAP_BYTES, MADV_NOHUGEPAGE);
	for (at = 0; at < MAP_BYTES; at += getpagesize())
		load_u((unsigned int *)(map + at));
}

/* A folder's, had by a reader, and somebody who wants to make one in there. */
static void hold_read(void)
{
	lseek(dir, 0, SEEK_SET);
	if (syscall(SYS_getdents64, dir, buffer, FILE_BYTES) <= 0)
		_exit(EXIT_FAILURE);
}

static void want_read(void)
{
	mkdir(HELD_DIR "/outside", 0700);
	rmdir(HELD_DIR "/outside");
}

/* The percpu rwsem of forks, and a file of kernfs, while a crowd is moved. */
static void hold_move(void)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", crowd.pid);

	if (pwrite(procs, text, len, 0) != len)
		_exit(EXIT_FAILURE);
}

static void want_fork(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void want_procs(void)
{
	char byte;

	if (pread(procs, &byte, 1, 0) < 0)
		ksft_exit_fail_perror("cgroup.procs");
}

static const struct lock {
	const char *name, *what;
	void (*hold)(void);
	void (*want)(void);
	bool beside_fifo;		/* takes long: once for each kind of lock */
} locks[] = {
	{ "mutex", "a mutex", hold_mutex, want_mutex, true },
	{ "write", "an rwsem, as a writer for a writer", hold_write, want_write },
	{ "map", "an rwsem, as a reader for a writer", hold_map, want_map },
	{ "read", "an rwsem, as a writer for a reader", hold_read, want_read, true },
	{ "percpu", "a percpu rwsem", hold_move, want_fork, true },
	{ "kernfs", "a file of kernfs", hold_move, want_procs },
};

/* The first time is another matter: memory is missing. */
static void prepare(void *arg)
{
	const struct lock *lock = arg;

	if (lock->hold == hold_map)
		have_map();
	lock->hold();
}

/* value[0]: its CPU time when it began; word: 2 when it has done so */
static void fn_hold(struct worker *w, void *arg)
{
	const struct lock *lock = arg;
	char byte;

	while (read(start[0], &byte, 1) == 1 && write(begun[1], &byte, 1) == 1) {
		store_64(&w->page->value[0], own_cpu_ns());
		lock->hold();
		store_u(&w->page->word, 2);
	}
}

static void *thread_pause(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static void fn_crowd(struct worker *w, void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (i = 1; i < NR_THREADS; i++)
		if (pthread_create(&thread, &attr, thread_pause, NULL))
			_exit(EXIT_FAILURE);
	store_u(&w->page->word, 1);
	fn_pause(w, NULL);
}

/* Releases the holder, and waits until it has the lock, and its budget is used up. */
static bool holds(void)
{
	struct pollfd ready = { .fd = begun[0], .events = POLLIN };
	struct worker_page *page = holder.page;
	uint64_t begin;
	char byte;

	store_64(&page->value[0], UINT64_MAX / 2);
	store_u(&page->word, 1);
	if (write(start[1], "", 1) != 1 || !check(poll(&ready, 1, 10000) == 1) ||
	    read(begun[0], &byte, 1) != 1)
		return false;
	begin = now_ns();
	while (cpu_ns_of(holder.pid) < load_64(&page->value[0]) + BEGUN_NS) {
		if (!check(now_ns() - begin < 10 * NS_PER_S))
			return false;
		sleep_ns(20 * NS_PER_US);
	}
	sleep_ns(REST_NS);
	return check(load_u(&page->word) == 1);
}

/*
 * One wait in ns, 0 if it is none: the holder has begun as a FIFO thread, and has a budget
 * of 200 us, or is a normal thread from now on.
 */
static uint64_t wait_once(const struct lock *lock, const char *cg, bool capsule)
{
	uint64_t begin;
	bool ok;

	group_attach(odd, crowd.pid);
	set_policy(holder.pid, SCHED_FIFO, 10);
	ok = !capsule || check(!group_write(cg, RT_MAX, RESERVATION));
	ok &= holds();
	if (!capsule)
		set_policy(holder.pid, SCHED_OTHER, 0);
	begin = now_ns();
	lock->want();
	begin = now_ns() - begin;
	ok &= !capsule || check(!group_write(cg, RT_MAX, "max"));
	set_policy(holder.pid, SCHED_FIFO, 10);
	ok &= check(wait_for(load_u(&holder.page->word) == 2, NS_PER_S));
	return ok ? begin : 0;
}

/* All at once: each has its turn among the others. */
static void kill_workers(struct worker *w, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		kill(w[i].pid, SIGKILL);
	for (i = 0; i < nr; i++)
		worker_wait(&w[i]);
}

/* The longest of a few, up to one of @enough ns, and 0 if there was not always one. */
static uint64_t longest_wait(const struct lock *lock, bool capsule, uint64_t enough,
			     const struct worker_spec *beside)
{
	char *cg = group_make(sv_top, "held");
	struct worker_spec spec = { .group = cg, .cpu = 0, .prepare = prepare,
				    .fn = fn_hold, .arg = (void *)lock };
	struct worker_spec busy = { .group = cg, .cpu = 0, .fn = fn_busy };
	struct worker w[NR_BUSY] = {}, b = {};
	uint64_t wait = 0, most = 0;
	int i;

	for (i = 0; i < NR_BUSY; i++)
		worker_spawn(&w[i], &busy);
	worker_start(&holder, &spec);
	for (i = 0; i < NR_BUSY; i++)
		worker_go(&w[i]);
	worker_start(&b, beside);
	for (i = 0; i < SAMPLES && most < enough; i++) {
		wait = wait_once(lock, cg, capsule);
		most = wait > most ? wait : most;
		if (!wait)
			break;
	}
	worker_kill(&b);
	worker_kill(&holder);
	kill_workers(w, NR_BUSY);
	group_remove(cg);
	return wait ? most : 0;
}

static bool no_longer(const struct lock *lock, const char *name, const struct worker_spec *beside,
		      double *worst)
{
	uint64_t inside = longest_wait(lock, true, UINT64_MAX, beside);
	/* It takes long, as all hundred are before it: no longer than it must. */
	uint64_t normal = longest_wait(lock, false, inside, beside);
	double ratio = normal ? (double)inside / normal : 0;

	ksft_print_msg("%s, beside %s: %.3f ms, held by a normal thread %.3f ms\n", lock->what,
		       name, inside / 1e6, normal / 1e6);
	*worst = ratio > *worst ? ratio : *worst;
	return check(inside && normal) & check(ratio <= MOST_RATIO);
}

static bool test_lock(const struct lock *lock)
{
	char *others = group_make(sv_top, "others");
	struct worker_spec busy = { .cpu = 0, .fn = fn_busy };
	struct worker_spec hog = { .cpu = 0, .fn = fn_busy, .policy = SCHED_FIFO, .prio = 1 };
	struct worker_spec tenant = { .group = others, .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	double worst = 0;
	char key[64];
	bool ok;

	worker_start(&w, &busy);
	ok = no_longer(lock, "normal", &busy, &worst);
	if (lock->beside_fifo)
		ok &= no_longer(lock, "fifo", &hog, &worst);
	group_reserve(others, 89900, 100000);
	ok &= no_longer(lock, "others", &tenant, &worst);
	snprintf(key, sizeof(key), "held.%s.ratio", lock->name);
	result_float(key, worst);
	worker_kill(&w);
	group_remove(others);
	return ok;
}

/* In the kernel most of the time, and there within a section that RCU waits for. */
static void fn_stat(struct worker *w, void *arg)
{
	struct stat st;

	while (!load_u(&w->page->stop))
		stat(HELD_DIR "/1", &st);
}

/* Who moves a process after a while without that waits for a grace period. */
static void wait_grace(const char *cg)
{
	static unsigned int nr;

	group_attach(nr++ & 1 ? odd : even, crowd.pid);
}

static void trace_function(const char *tracer)
{
	if (write_text(TRACING "/current_tracer", (char *)tracer, strlen(tracer)) < 0)
		ksft_exit_fail_perror(tracer);
}

/* Who no longer traces a function waits until no thread can be on its way to the tracer. */
static void wait_tasks(const char *cg)
{
	trace_function("nop");
}

static void prepare_tasks(const char *cg)
{
	mkdir(TRACING, 0700);
	if (write_text(TRACING "/set_ftrace_filter", "ksys_sync_helper", 16) < 0)
		ksft_exit_fail_perror("set_ftrace_filter");
	trace_function("function");
}

static bool frozen(const char *cg)
{
	return !cg_read_strstr(cg, "cgroup.events", "frozen 1");
}

static void wait_frozen(const char *cg)
{
	group_write(cg, "cgroup.freeze", "1");
	if (!wait_for(frozen(cg), 100 * NS_PER_S))
		ksft_exit_fail_msg("not frozen\n");
}

static void prepare_frozen(const char *cg)
{
	group_write(cg, "cgroup.freeze", "0");
}

/* Up to where all threads are frozen. */
static void wait_suspend(const char *cg)
{
	if (write_text("/sys/power/state", "freeze", 6) != 6)
		ksft_exit_fail_perror("suspend");
}

static void prepare_suspend(const char *cg)
{
	if (write_text("/sys/module/suspend/parameters/pm_test_delay", "0", 1) != 1 ||
	    write_text("/sys/power/pm_test", "freezer", 7) != 7)
		ksft_exit_fail_perror("pm_test");
}

/* What waits for all threads, or for those of a cgroup. */
static const struct all {
	const char *name, *what;
	void (*prepare)(const char *cg);
	void (*wait)(const char *cg);
} rcu = {
	"rcu", "a grace period of RCU", NULL, wait_grace
}, tasks = {
	"tasks", "one of RCU Tasks", prepare_tasks, wait_tasks
}, freezer = {
	"freeze", "the cgroup freezer", prepare_frozen, wait_frozen
}, suspend = {
	"suspend", "suspend's freezer", prepare_suspend, wait_suspend
};

/* The longest of a few, up to one of @enough ns, beside many that are in the kernel. */
static uint64_t longest_of(const struct all *all, bool capsule, uint64_t enough)
{
	char *cg = group_make(sv_top, "held");
	struct worker_spec spec = { .group = cg, .cpu = 0, .fn = fn_stat };
	struct worker w[NR_READERS] = {};
	uint64_t begin, most = 0;
	int i;

	for (i = 0; i < NR_READERS; i++)
		worker_start(&w[i], &spec);
	if (capsule)
		group_reserve(cg, 1000, 1000000);
	for (i = 0; i < NR_WAITS && most < enough; i++) {
		if (all->prepare)
			all->prepare(cg);
		sleep_ns(270 * NS_PER_MS);
		begin = now_ns();
		all->wait(cg);
		if (now_ns() - begin > most)
			most = now_ns() - begin;
	}
	prepare_frozen(cg);
	kill_workers(w, NR_READERS);
	group_remove(cg);
	return most;
}

static bool test_all(const struct all *all)
{
	struct worker_spec busy = { .cpu = 0, .fn = fn_busy };
	uint64_t inside, normal;
	struct worker w = {};
	char key[64];

	worker_start(&w, &busy);
	inside = longest_of(all, true, UINT64_MAX);
	normal = longest_of(all, false, inside);
	worker_kill(&w);
	ksft_print_msg("%s: %.3f ms, beside normal threads %.3f ms\n", all->what, inside / 1e6,
		       normal / 1e6);
	snprintf(key, sizeof(key), "held.%s.ratio", all->name);
	result_float(key, (double)inside / normal);
	return check(inside <= normal * MOST_RATIO);
}

/* A kernel without preemption need not wait for those, and one without the tracer does not. */
static bool has_tasks(void)
{
	char tracers[256] = "";

	read_text("/sys/kernel/tracing/available_tracers", tracers, sizeof(tracers));
	return strstr(tracers, "function");
}

static void make_files(void)
{
	char path[64];
	int i;

	buffer = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	map = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED || map == MAP_FAILED)
		ksft_exit_fail_perror("mmap");
	file = open(HELD_FILE, O_RDWR | O_CREAT, 0600);
	own_file = open(HELD_FILE, O_RDWR);
	if (file < 0 || own_file < 0 || write(file, buffer, FILE_BYTES) != (ssize_t)FILE_BYTES)
		ksft_exit_fail_perror(HELD_FILE);
	mkdir(HELD_DIR, 0700);
	for (i = 0; i < NR_ENTRIES; i++) {
		snprintf(path, sizeof(path), HELD_DIR "/%d", i);
		if (mknod(path, S_IFREG | 0600, 0) && errno != EEXIST)
			ksft_exit_fail_perror(path);
	}
	dir = open(HELD_DIR, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		ksft_exit_fail_perror(HELD_DIR);
}

static void make_crowd(void)
{
	static struct worker_spec spec = { .cpu = 0, .fn = fn_crowd };
	char path[256];

	even = group_make(sv_top, "even");
	odd = group_make(sv_top, "odd");
	snprintf(path, sizeof(path), "%s/cgroup.procs", even);
	procs = open(path, O_RDWR);
	if (procs < 0)
		ksft_exit_fail_perror(path);
	worker_start(&crowd, &spec);
	if (!wait_for(load_u(&crowd.page->word), 10 * NS_PER_S))
		ksft_exit_fail_msg("no crowd\n");
}

int main(void)
{
	size_t i;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(ARRAY_SIZE(locks) + 5 + has_tasks());
	if (pipe(start) || pipe(begun))
		ksft_exit_fail_perror("pipe");
	lift_kthreads();
	pin_to(0, 0);
	make_files();
	make_crowd();
	set_policy(0, SCHED_FIFO, 50);
	log_mark();
	for (i = 0; i < ARRAY_SIZE(locks); i++)
		ksft_test_result(test_lock(&locks[i]),
				 "who has no budget holds up nobody with %s\n", locks[i].what);
	ksft_test_result(test_all(&rcu), "nor RCU\n");
	if (has_tasks())
		ksft_test_result(test_all(&tasks), "nor RCU Tasks\n");
	ksft_test_result(test_all(&freezer), "nor the freezer\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(test_all(&suspend), "nor suspend\n");
	write_text("/sys/power/pm_test", "none", 4);
	kill_all_workers();
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
