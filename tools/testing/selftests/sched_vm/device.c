// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/sched_vm: what it answers, whom, and to programs older and newer than the
 * kernel. Two CPUs, virtual time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "device.h"
#include "kselftest.h"

#define MAX_LISTENERS	16
#define MAX_CPUS	8
#define DRY_RUNS	400
#define NOBODY		65534
#define GUARD		0xa5

static int dev;
static uint64_t rng_state = 20261120;

static unsigned int below(unsigned int n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (rng_state * 2685821657736338717ULL >> 33) % n;
}

static bool query(void)
{
	struct sched_vm_query q = { .size = sizeof(q) };

	return check(!device_call(dev, SCHED_VM_QUERY, &q)) &&
	       check(q.size == sizeof(q)) &&
	       check(q.version == SCHED_VM_VERSION) && check(q.features == 0x3f) &&
	       check(q.nr_cpus >= (unsigned int)sysconf(_SC_NPROCESSORS_CONF)) &&
	       check(q.budget_min_us == MIN_BUDGET_US) &&
	       check(q.period_min_us == 100) && check(q.period_max_us == 4194304);
}

/* Programs with shorter and with longer structures than the kernel has. */
static bool layouts(void)
{
	union {
		struct sched_vm_query q;
		unsigned char byte[256];
	} u;
	unsigned int old = offsetof(struct sched_vm_query, budget_min_us), i;
	bool ok;

	memset(&u, GUARD, sizeof(u));
	memset(&u, 0, old);
	u.q.size = old;
	ok = check(!device_call(dev, SCHED_VM_QUERY, &u));
	ok &= check(u.q.size == old);
	ok &= check(u.q.version == SCHED_VM_VERSION);
	ok &= check(u.q.features);
	for (i = old; i < sizeof(u); i++)
		ok &= u.byte[i] == GUARD || check(!"written beyond an old structure");

	memset(&u, 0, sizeof(u));
	u.q.size = sizeof(u);
	ok &= check(!device_call(dev, SCHED_VM_QUERY, &u));
	ok &= check(u.q.period_max_us);
	u.byte[200] = 1;
	ok &= check(device_call(dev, SCHED_VM_QUERY, &u) == -E2BIG);
	u.q.size = old - 1;
	ok &= check(device_call(dev, SCHED_VM_QUERY, &u) == -EINVAL);
	u.q.size = 1 << 20;
	ok &= check(device_call(dev, SCHED_VM_QUERY, &u) == -E2BIG);
	u.q = (struct sched_vm_query){ .size = sizeof(u.q), .flags = 1 };
	return ok & check(device_call(dev, SCHED_VM_QUERY, &u) == -EINVAL) &
	       check(device_call(dev, SCHED_VM_QUERY, NULL) == -EFAULT) &
	       check(device_call(dev, SCHED_VM_EVENTFD + 1, &u) == -ENOTTY) &
	       check(device_call(dev, _IOR(SCHED_VM_TYPE, 0, int), &u) == -ENOTTY);
}

/* The same call by a 32-bit program: int $0x80 takes the compat way. */
static bool compat(void)
{
#ifdef __x86_64__
	struct sched_vm_query *q = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long ret;

	if (q == MAP_FAILED)
		ksft_exit_fail_perror("mmap");
	q->size = sizeof(*q);
	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54 /* ioctl */), "b" (dev), "c" (SCHED_VM_QUERY), "d" (q)
		     : "memory", "r8", "r9", "r10", "r11");
	return check(!ret) & check(q->version == SCHED_VM_VERSION) &
	       check(q->period_max_us == 4194304);
#else
	return true;
#endif
}

/* What is no cgroup that one could ask about. */
static bool wrong_fds(void)
{
	char *cg = group_make(sv_top, "wrong"), *deep = group_make(cg, "deep");
	struct sched_vm_check c = {
		.size = sizeof(c), .budget_us = 10000, .period_us = 100000,
	};
	bool ok;
	int fd;

	c.cgroup_fd = -1;
	ok = check(device_call(dev, SCHED_VM_CHECK, &c) == -EBADF);
	c.cgroup_fd = dev;
	ok &= check(device_call(dev, SCHED_VM_CHECK, &c) == -EBADF);
	c.cgroup_fd = group_fd("/proc");
	ok &= check(device_call(dev, SCHED_VM_CHECK, &c) == -EBADF);
	close(c.cgroup_fd);
	c.cgroup_fd = group_fd("/sys/fs/cgroup");
	ok &= check(device_call(dev, SCHED_VM_CHECK, &c) == -EOPNOTSUPP);
	close(c.cgroup_fd);
	group_write(cg, "cgroup.subtree_control", "-cpu");
	fd = group_fd(deep);
	c.cgroup_fd = fd;
	ok &= check(device_call(dev, SCHED_VM_CHECK, &c) == -ENOENT);
	group_remove(deep);
	close(fd);
	fd = group_fd(cg);
	group_remove(cg);
	c.cgroup_fd = fd;
	ok &= check(device_call(dev, SCHED_VM_CHECK, &c) == -ENOENT);
	close(fd);
	return ok;
}

static void fn_ask(struct worker *w, void *arg)
{
	struct sched_vm_check c;
	int fd = open(SCHED_VM_PATH, O_RDWR);

	if (setgid(NOBODY) || setuid(NOBODY))
		return;
	w->page->value[0] = device_check(fd, arg, 10000, 100000, &c);
	w->page->value[1] = device_bind(fd, arg, SCHED_VM_IRQ, 1, true);
}

/* Who may write cpu.rt_budget_us may ask, and nobody else. */
static bool permission(void)
{
	char *cg = group_make(sv_top, "mine"), path[512];
	struct worker_spec spec = { .cpu = -1, .fn = fn_ask, .arg = cg };
	struct worker w = {};
	bool ok;

	worker_start(&w, &spec);
	worker_wait(&w);
	ok = check((int)w.page->value[0] == -EACCES);
	ok &= check((int)w.page->value[1] == -EPERM);
	snprintf(path, sizeof(path), "%s/%s", cg, BUDGET);
	if (chown(path, NOBODY, NOBODY))
		ksft_exit_fail_perror(path);
	worker_start(&w, &spec);
	worker_wait(&w);
	ok &= check(!(int)w.page->value[0]);
	ok &= check((int)w.page->value[1] == -EPERM);
	group_remove(cg);
	return ok;
}

/* value[]: what the root of its cgroup namespace answers, and a cgroup below */
static void fn_namespace(struct worker *w, void *arg)
{
	const char * const *cg = arg;
	struct sched_vm_check c;
	int i;

	if (unshare(CLONE_NEWCGROUP) || cg_enter_current(cg[1]) ||
	    cg_write(cg[0], "cgroup.subtree_control", "+cpu"))
		_exit(EXIT_FAILURE);
	for (i = 0; i < 2; i++) {
		w->page->value[3 * i] = device_bind(dev, cg[i], SCHED_VM_IRQ, 9999, true);
		w->page->value[3 * i + 1] = device_bind(dev, cg[i], SCHED_VM_IRQ, 9999, false);
		w->page->value[3 * i + 2] = device_check(dev, cg[i], 100, 100000, &c);
	}
}

/* With nsdelegate, who may not write its files may not use the device either. */
static bool namespace_root(void)
{
	char *root = capsule_make("root", 30000, 100000), *child = cg_name(root, "child");
	const char * const cg[2] = { root, child };
	struct worker_spec spec = {
		.group = root, .cpu = 0, .fn = fn_namespace, .arg = (void *)cg,
	};
	struct worker w = {};
	bool ok;
	int i;

	ok = check(!cg_create(child));
	ok &= check(!mount("none", "/sys/fs/cgroup", NULL, MS_REMOUNT, "nsdelegate"));
	worker_start(&w, &spec);
	ok &= check(!worker_wait(&w));
	for (i = 0; i < 3; i++)
		ok &= check((int)w.page->value[i] == -EPERM);
	ok &= check((int)w.page->value[3] == -ENOENT);
	ok &= check((int)w.page->value[4] == -ENOENT);
	ok &= check(!w.page->value[5]);
	ok &= check(!mount("none", "/sys/fs/cgroup", NULL, MS_REMOUNT, NULL));
	group_remove(child);
	group_remove(root);
	return ok;
}

/* The counters of all CPUs, as in cpu.rt_stat. */
static bool statistics(void)
{
	struct sched_vm_cpu_stat cpu[MAX_CPUS] = {};
	char *cg = capsule_make("stat", 10000, 100000);
	struct sched_vm_stat s = {
		.size = sizeof(s), .cgroup_fd = group_fd(cg), .stride = sizeof(cpu[0]),
		.cpus = (uintptr_t)cpu, .nr_cpus = MAX_CPUS,
	};
	struct worker_spec spec = { .group = cg, .cpu = 0, .fn = fn_busy };
	unsigned int cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct worker w = {};
	bool ok;

	worker_start(&w, &spec);
	sleep_ns(950 * NS_PER_MS);
	ok = check(!device_call(dev, SCHED_VM_STAT, &s));
	ok &= check(s.nr_cpus == cpus);
	ok &= check(!cpu[0].cpu);
	ok &= check(cpu[1].cpu == 1);
	ok &= check(cpu[0].flags == (SCHED_VM_CPU_RESERVED | SCHED_VM_CPU_THROTTLED));
	ok &= check(cpu[0].budget_ns == 10 * NS_PER_MS);
	ok &= check(cpu[0].left_ns <= 0);
	ok &= check(cpu[0].nr_ready == 1);
	ok &= check(cpu[1].flags == SCHED_VM_CPU_RESERVED);
	ok &= check(cpu[0].nr_throttled >= 8 && cpu[0].nr_throttled <= 10);
	ok &= check(cpu[0].usage_ns / NS_PER_MS >= 90 && cpu[0].usage_ns / NS_PER_MS <= 110);
	ok &= check((long)(cpu[0].usage_ns / NS_PER_US) ==
		    cg_read_key_long(cg, RT_STAT, "usage_usec "));
	ok &= check(!cpu[1].usage_ns);
	ok &= check(!cpu[0].extra_ns);

	/* Beyond the budget, until there is no more of that. */
	ok &= check(!group_write(cg, EXTRA, "idle"));
	sleep_ns(500 * NS_PER_MS);
	ok &= check(!group_write(cg, EXTRA, "none"));
	sleep_ns(200 * NS_PER_MS);
	ok &= check(!device_call(dev, SCHED_VM_STAT, &s));
	ok &= check(cpu[0].extra_ns >= 200 * NS_PER_MS);
	ok &= check((long)(cpu[0].extra_ns / NS_PER_US) ==
		    cg_read_key_long(cg, RT_STAT, "extra_usec "));
	ok &= check((long)(cpu[0].spilled_ns / NS_PER_US) ==
		    cg_read_key_long(cg, RT_STAT, "spilled_usec "));

	/* An array that is too short, and one of older and of longer elements. */
	memset(cpu, GUARD, sizeof(cpu));
	s.nr_cpus = 1;
	ok &= check(!device_call(dev, SCHED_VM_STAT, &s));
	ok &= check(s.nr_cpus == cpus);
	ok &= check(cpu[0].nr_ready == 1);
	ok &= check(cpu[1].cpu == 0xa5a5a5a5);
	s.nr_cpus = MAX_CPUS;
	s.stride = offsetof(struct sched_vm_cpu_stat, nr_ready);
	ok &= check(!device_call(dev, SCHED_VM_STAT, &s));
	ok &= check(((uint32_t *)cpu)[s.stride / 4] == 1);
	memset(cpu, GUARD, sizeof(cpu));
	s.nr_cpus = 1;
	s.stride = sizeof(cpu[0]) + 8;
	ok &= check(!device_call(dev, SCHED_VM_STAT, &s));
	ok &= check(cpu[0].nr_ready == 1);
	ok &= check(!cpu[1].cpu);
	ok &= check(cpu[1].budget_ns == 0xa5a5a5a5a5a5a5a5);
	s.stride = 8;
	ok &= check(device_call(dev, SCHED_VM_STAT, &s) == -EINVAL);
	s.stride = sizeof(cpu[0]);
	s.cpus = 8;
	ok &= check(device_call(dev, SCHED_VM_STAT, &s) == -EFAULT);
	close(s.cgroup_fd);
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* Is the dry run right, and is what it proposes the most that fits? */
static bool dry_run(int i, const char *cg, long q, long p)
{
	struct sched_vm_check c;
	char before[64];
	bool lacks;
	int ret;

	group_read_all(cg, RT_MAX, before, sizeof(before));
	if (device_check(dev, cg, q, p, &c))
		return check(!"a dry run");
	lacks = c.result > SCHED_VM_NO_CPU;
	ret = group_try_reserve(cg, q, p);
	if (ret != (c.result == SCHED_VM_FITS ? 0 : c.result == SCHED_VM_BAD_RESERVATION ?
		    -EINVAL : -EBUSY) ||
	    !c.missing_ppm == lacks) {
		ksft_print_msg("%d: %ld of %ld: %d, but %u, %u ppm missing\n", i, q, p, ret,
			       c.result, c.missing_ppm);
		return false;
	}
	if (c.result == SCHED_VM_BAD_RESERVATION)
		return true;
	if (c.max_budget_us && (group_try_reserve(cg, c.max_budget_us, p) ||
				(c.max_budget_us < (unsigned long)p &&
				 group_try_reserve(cg, c.max_budget_us + 1, p) != -EBUSY))) {
		ksft_print_msg("%d: %ld of %ld: %llu is not the most\n", i, q, p,
			       (unsigned long long)c.max_budget_us);
		return false;
	}
	if (!c.max_budget_us && !group_try_reserve(cg, MIN_BUDGET_US, p))
		return check(!"nothing fits, but something does");
	group_write(cg, RT_MAX, before);
	return true;
}

/* In a tree of capsules, for random reservations, on random CPUs. */
static bool dry_runs(void)
{
	char *cg[5], text[32];
	unsigned int i, failed = 0;

	cg[0] = group_make(sv_top, "a");
	cg[1] = group_make(cg[0], "aa");
	cg[2] = group_make(cg[1], "aaa");
	cg[3] = group_make(cg[0], "ab");
	cg[4] = group_make(sv_top, "b");
	for (i = 0; i < DRY_RUNS && failed < 5; i++) {
		char *at = cg[below(5)];
		long p = 100 + below(below(2) ? 2000 : 200000);
		long q = 5 + below(p);

		if (below(4))
			q = q / 4 + 10;
		failed += !dry_run(i, at, q, p);
		if (!below(3))
			group_write(cg[below(5)], BUDGET, "max");
		else if (below(2))
			group_try_reserve(at, q / (1 + below(3)), p);
		if (!below(5)) {
			snprintf(text, sizeof(text), "0 %u", 10 + below(30000));
			group_write(cg[below(5)], CPU_BUDGET, below(2) ? text : "0 max");
		}
	}
	for (i = 5; i-- > 0;)
		group_remove(cg[i == 4 ? 4 : i]);
	return check(!failed);
}

/* The other CPUs that might be asked for, and the reasons. */
static bool reasons(void)
{
	char *a = group_make(sv_top, "a"), *aa = group_make(a, "aa");
	char *b = group_make_on("b", "1");
	uint64_t cpus = 1;
	struct sched_vm_check c = {
		.size = sizeof(c), .budget_us = 50000, .period_us = 100000,
		.cpus = (uintptr_t)&cpus, .cpus_bytes = sizeof(cpus),
	};
	bool ok;

	group_reserve(b, 60000, 100000);
	c.cgroup_fd = group_fd(a);
	ok = check(!device_call(dev, SCHED_VM_CHECK, &c));
	ok &= check(c.result == SCHED_VM_FITS);
	ok &= check(c.cpu == -1);
	ok &= check(c.max_budget_us == 90000);
	cpus = 3;
	ok &= check(!device_call(dev, SCHED_VM_CHECK, &c));
	ok &= check(c.result == SCHED_VM_CPU_FULL);
	ok &= check(c.cpu == 1);
	ok &= check(c.missing_ppm >= 199999 && c.missing_ppm <= 200002);
	ok &= check(c.max_budget_us >= 29999 && c.max_budget_us <= 30000);
	cpus = 0;
	ok &= check(!device_call(dev, SCHED_VM_CHECK, &c));
	ok &= check(c.result == SCHED_VM_NO_CPU);
	c.cpus_bytes = 7;
	ok &= check(device_call(dev, SCHED_VM_CHECK, &c) == -EINVAL);
	c.cpus_bytes = 8;
	c.cpus = 8;
	ok &= check(device_call(dev, SCHED_VM_CHECK, &c) == -EFAULT);
	close(c.cgroup_fd);
	group_reserve(a, 20000, 100000);
	ok &= check(!device_check(dev, aa, 30000, 100000, &c));
	ok &= check(c.result == SCHED_VM_PARENT_FULL);
	ok &= check(c.max_budget_us > 19900);
	group_reserve(aa, 15000, 100000);
	ok &= check(!device_check(dev, a, 10000, 100000, &c));
	ok &= check(c.result == SCHED_VM_BELOW_CHILDREN);
	ok &= check(c.missing_ppm >= 50000);
	ok &= check(!device_check(dev, a, 100001, 100000, &c));
	ok &= check(c.result == SCHED_VM_BAD_RESERVATION);
	group_remove(aa);
	group_remove(a);
	group_remove(b);
	return ok;
}

static unsigned long long signals(int fd)
{
	unsigned long long n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

/* A cgroup takes no more of them than are told at once without harm. */
static bool listeners_are_limited(int cgroup_fd, int fd)
{
	struct sched_vm_eventfd e = {
		.size = sizeof(e), .cgroup_fd = cgroup_fd,
		.events = SCHED_VM_EVENT_THROTTLED,
	};
	int i, dev2 = open(SCHED_VM_PATH, O_RDWR);
	bool ok = true;

	for (i = 0; i < MAX_LISTENERS; i++) {
		e.eventfd = eventfd(0, EFD_NONBLOCK);
		ok &= check(!device_call(dev2, SCHED_VM_EVENTFD, &e));
		close(e.eventfd);
	}
	e.eventfd = fd;
	ok &= check(device_call(dev, SCHED_VM_EVENTFD, &e) == -ENOSPC);
	close(dev2);
	return ok;
}

static bool eventfds(void)
{
	char *cg = capsule_make("events", 1000, 5000);
	struct worker_spec spec = { .group = cg, .cpu = 0, .fn = fn_busy };
	struct sched_vm_eventfd e = {
		.size = sizeof(e), .cgroup_fd = group_fd(cg), .eventfd = -1,
		.events = SCHED_VM_EVENT_THROTTLED,
	};
	int fd = eventfd(0, EFD_NONBLOCK), other = eventfd(0, EFD_NONBLOCK);
	struct worker w = {};
	unsigned long long n;
	bool ok;
	int dev2;

	ok = check(device_call(dev, SCHED_VM_EVENTFD, &e) == -EBADF);
	e.eventfd = dev;
	ok &= check(device_call(dev, SCHED_VM_EVENTFD, &e) == -EINVAL);
	e.eventfd = fd;
	e.events = 8;
	ok &= check(device_call(dev, SCHED_VM_EVENTFD, &e) == -EINVAL);
	e.events = 0;
	ok &= check(device_call(dev, SCHED_VM_EVENTFD, &e) == -ENOENT);
	e.events = SCHED_VM_EVENT_THROTTLED;
	ok &= check(!device_call(dev, SCHED_VM_EVENTFD, &e));
	ok &= check(!device_call(dev, SCHED_VM_EVENTFD, &e));
	worker_start(&w, &spec);
	/* Not before: the worker would have it open, too. */
	dev2 = open(SCHED_VM_PATH, O_RDWR);
	e.eventfd = other;
	e.events = SCHED_VM_EVENT_DEADLINE_MISS;
	ok &= check(!device_call(dev2, SCHED_VM_EVENTFD, &e));
	sleep_ns(NS_PER_S);
	n = signals(fd);
	/* Throttled every 5 ms, told every 10 ms. */
	ok &= check(n >= 90 && n <= 102);
	ok &= check(!signals(other));
	e.events = SCHED_VM_EVENT_THROTTLED;
	ok &= check(!device_call(dev2, SCHED_VM_EVENTFD, &e));
	sleep_ns(100 * NS_PER_MS);
	ok &= check(signals(other));
	ok &= check(signals(fd));
	close(dev2);
	e.eventfd = fd;
	e.events = 0;
	ok &= check(!device_call(dev, SCHED_VM_EVENTFD, &e));
	signals(other);
	signals(fd);
	sleep_ns(100 * NS_PER_MS);
	ok &= check(!signals(other));
	ok &= check(!signals(fd));
	ok &= listeners_are_limited(e.cgroup_fd, fd);
	/* Removed with a listener. */
	e.events = SCHED_VM_EVENT_THROTTLED;
	ok &= check(!device_call(dev, SCHED_VM_EVENTFD, &e));
	worker_kill(&w);
	close(e.cgroup_fd);
	group_remove(cg);
	close(fd);
	close(other);
	return ok;
}

/* Argument: "untimed" leaves out what takes exact times for granted. */
int main(int argc, char **argv)
{
	bool timed = argc < 2 || strcmp(argv[1], "untimed");

	ksft_print_header();
	sv_setup();
	dev = device_open();
	ksft_set_plan(timed ? 11 : 9);
	ksft_test_result(query(), "what the kernel can do\n");
	ksft_test_result(layouts(), "older and newer programs\n");
	ksft_test_result(compat(), "32-bit programs\n");
	ksft_test_result(wrong_fds(), "what is no cgroup with a cpu controller\n");
	ksft_test_result(permission(), "who may ask, and who may bind\n");
	ksft_test_result(namespace_root(), "the root of a cgroup namespace\n");
	if (timed)
		ksft_test_result(statistics(), "statistics of all CPUs\n");
	ksft_test_result(reasons(), "why a reservation does not fit\n");
	ksft_test_result(dry_runs(), "%d dry runs say what the kernel then does\n", DRY_RUNS);
	if (timed)
		ksft_test_result(eventfds(), "eventfds\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
