// SPDX-License-Identifier: GPL-2.0
/*
 * A capsule with very many ready threads takes no longer, with interrupts off, than
 * with one: whoever comes next would pay for that. And no thread is forgotten among
 * them. On three CPUs in virtual time.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define MANY		1500
/* A single one would come to the end of its call, and then owe for it. */
#define FEW_IN_KERNEL	10
#define MAX_MORE_US	20
/* Longer ones are the ends of the victim's own budgets. */
#define MAX_GAP_NS	(8 * NS_PER_MS)
/* An interrupt of 30 us that happens to come as well must not decide: the third longest. */
#define WINDOWS		7
#define WINDOW_NS	(150 * NS_PER_MS)
#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"

struct crowd {
	unsigned int go;
	unsigned int made;
	unsigned int nr;
	bool in_kernel;
};

static struct crowd *crowd;

/* Nearly 2 GiB a call */
static void read_on(void)
{
	static char buf[2 << 20];
	int i, fd = open("/dev/zero", O_RDONLY);
	struct iovec all[1000];

	for (i = 0; i < 1000; i++)
		all[i] = (struct iovec){ .iov_base = buf, .iov_len = sizeof(buf) };
	while (readv(fd, all, 1000) > 0)
		;
}

static void *spin(void *unused)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CPU_SET(1, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return NULL;
	__atomic_add_fetch(&crowd->made, 1, __ATOMIC_SEQ_CST);
	while (!load_u(&crowd->go))
		syscall(SYS_futex, &crowd->go, FUTEX_WAIT, 0, NULL, NULL, 0);
	if (crowd->in_kernel)
		read_on();
	for (;;)
		;
}

static void fn_crowd(struct worker *w, void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	unsigned int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	for (i = 0; i < crowd->nr; i++)
		if (pthread_create(&thread, &attr, spin, NULL))
			return;
	fn_pause(w, NULL);
}

static void crowd_start(struct worker *w, const struct worker_spec *spec, const char *cg,
			unsigned int nr, bool in_kernel)
{
	memset(crowd, 0, sizeof(*crowd));
	crowd->nr = nr;
	crowd->in_kernel = in_kernel;
	worker_spawn(w, spec);
	worker_go(w);
	if (!wait_for(load_u(&crowd->made) == nr, 60 * NS_PER_S) || group_attach(cg, w->pid))
		ksft_exit_fail_msg("cannot make %u threads\n", nr);
}

static void crowd_go(void)
{
	store_u(&crowd->go, 1);
	syscall(SYS_futex, &crowd->go, FUTEX_WAKE, crowd->nr, NULL, NULL, 0);
}

/* Switches its capsule on and off, thousands of times a second. */
static void fn_nap(struct worker *w, void *arg)
{
	while (!load_u(&w->page->stop))
		sleep_ns(200 * NS_PER_US);
}

/* Its longest gap in each window: page->word says in which it is, from 1 on. */
static void fn_victim(struct worker *w, void *arg)
{
	uint64_t t, last = now_ns();
	unsigned int window;

	while (!load_u(&w->page->stop)) {
		window = load_u(&w->page->word);
		t = now_ns();
		if (window && t - last < MAX_GAP_NS && t - last > w->page->value[window - 1])
			store_64(&w->page->value[window - 1], t - last);
		last = t;
	}
}

static double longest_gap_us(struct worker *victim)
{
	unsigned int i;

	for (i = 1; i <= WINDOWS; i++) {
		store_u(&victim->page->word, i);
		sleep_ns(WINDOW_NS);
	}
	store_u(&victim->page->word, 0);
	sort_u64(victim->page->value, WINDOWS);
	return percentile(victim->page->value, WINDOWS, 70) / 1e3;
}

/*
 * The longest time, in us, for which a victim with 40/50 ms of CPU 0 does not run, in
 * windows in which the others have 15 budgets each. The many come to the end of their
 * budget all the time, and what they have then is @extra, or spill, since they do not leave
 * the kernel; if that is something, on CPU 0 alone: the emulated ones take turns, and
 * others that are busy would be seen as gaps.
 */
static double gap_us(unsigned int nr, const char *extra, bool in_kernel)
{
	bool wide = !strcmp(extra, "none") && !in_kernel;
	char *v = group_make_on("v", "0"), *a = group_make_on("a", wide ? "0-2" : "0");
	struct worker_spec victim = { .group = v, .policy = SCHED_FIFO, .prio = 1, .cpu = 0,
				      .fn = fn_victim };
	struct worker_spec many = { .policy = SCHED_OTHER, .cpu = -1, .fn = fn_crowd };
	struct worker_spec nap = { .group = a, .policy = SCHED_FIFO, .prio = 1, .cpu = 0,
				   .fn = fn_nap };
	struct worker_spec hog[2] = {
		{ .group = a, .policy = SCHED_FIFO, .prio = 2, .cpu = 1, .fn = fn_busy },
		{ .group = a, .policy = SCHED_FIFO, .prio = 2, .cpu = 2, .fn = fn_busy },
	};
	struct worker w[5] = {};
	long long spilled;
	double gap;
	int i;

	group_reserve(v, 40000, 50000);
	group_reserve(a, 200, 10000);
	if (group_write(a, EXTRA, extra))
		ksft_exit_fail_msg("%s: %s is refused\n", EXTRA, extra);
	crowd_start(&w[2], &many, a, nr, in_kernel);
	worker_start(&w[0], &victim);
	worker_start(&w[1], &nap);
	for (i = 0; wide && i < 2; i++)
		worker_start(&w[3 + i], &hog[i]);
	sleep_ns(300 * NS_PER_MS);
	crowd_go();
	/* Each needs some of the budget to get to its call. */
	sleep_ns(in_kernel ? 4 * NS_PER_S : 800 * NS_PER_MS);
	spilled = group_value(a, RT_STAT, "spilled_usec");
	gap = longest_gap_us(&w[0]);
	spilled = group_value(a, RT_STAT, "spilled_usec") - spilled;
	if (in_kernel && spilled <= 100000)
		ksft_exit_fail_msg("%lld us spilled: they are not in the kernel\n", spilled);
	for (i = 0; i < (wide ? 5 : 3); i++)
		worker_kill(&w[i]);
	group_remove(v);
	group_remove(a);
	return gap;
}

/*
 * FIFO threads have CPUs 0 and 1. Of those who wait on CPU 0 only one may run on
 * CPU 2, which is free, and he came last.
 */
static bool finds_the_last(void)
{
	char *a = group_make_on("a", "0-2");
	struct worker_spec many = { .policy = SCHED_OTHER, .cpu = -1, .fn = fn_crowd };
	struct worker_spec hog[2] = {
		{ .group = a, .policy = SCHED_FIFO, .prio = 2, .cpu = 0, .fn = fn_busy },
		{ .group = a, .policy = SCHED_FIFO, .prio = 2, .cpu = 1, .fn = fn_busy },
	};
	struct worker_spec last = { .policy = SCHED_OTHER, .cpu = 0, .fn = fn_busy };
	struct worker w[4] = {};
	cpu_set_t cpus;
	bool ok;
	int i;

	group_reserve(a, 80000, 100000);
	crowd_start(&w[0], &many, a, 100, false);
	worker_start(&w[1], &hog[0]);
	worker_start(&w[2], &hog[1]);
	crowd_go();
	sleep_ns(50 * NS_PER_MS);
	worker_spawn(&w[3], &last);
	group_attach(a, w[3].pid);
	worker_go(&w[3]);
	sleep_ns(20 * NS_PER_MS);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CPU_SET(2, &cpus);
	ok = check(!sched_setaffinity(w[3].pid, sizeof(cpus), &cpus));
	ok &= check(worker_progress(&w[3], 200 * NS_PER_MS));
	for (i = 0; i < 4; i++)
		worker_kill(&w[i]);
	group_remove(a);
	return ok;
}

static void test_gap(const char *what, const char *extra, bool in_kernel)
{
	unsigned int nr = in_kernel ? FEW_IN_KERNEL : 1;
	double few = gap_us(nr, extra, in_kernel), many = gap_us(MANY, extra, in_kernel);
	char name[32];

	snprintf(name, sizeof(name), "crowd.%s.few_us", what);
	result_float(name, few);
	snprintf(name, sizeof(name), "crowd.%s.more_us", what);
	result_float(name, many - few);
	ksft_test_result(many - few <= MAX_MORE_US,
			 "%s: %.1f us with %u, %.1f us with %d\n", what, few, nr, many, MANY);
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(5);
	if (write_text(RT_RUNTIME, "1000000", 7) != 7)
		ksft_exit_fail_perror(RT_RUNTIME);
	lift_kthreads();
	crowd = shared_alloc(sizeof(*crowd));
	test_gap("none", "none", false);
	test_gap("idle", "idle", false);
	test_gap("fair", "fair", false);
	test_gap("kernel", "none", true);
	ksft_test_result(finds_the_last(), "the last one finds his place\n");
	ksft_finished();
}
