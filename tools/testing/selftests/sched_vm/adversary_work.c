// SPDX-License-Identifier: GPL-2.0
/* What a process of an owner does between two orders: a piece of it at a time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adversary.h"
#include "cgroup_util.h"
#include "kselftest.h"
#include "uring.h"

#define BIG		(1024 * 1024)
#define RING_ENTRIES	64

static void work_fork(int owner)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void work_vfork(int owner)
{
	pid_t pid = vfork();

	if (!pid) {
		burn_ns(500 * NS_PER_US);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static char *buffer(void)
{
	static char *p;

	if (!p)
		p = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* In the same pages again and again: long, now and then very long, and no memory. */
static void work_read(int owner)
{
	static struct iovec iov[1024];
	static unsigned int nr;
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *p = buffer();
	int entries = nr++ % 4 ? 64 : ARRAY_SIZE(iov), i;

	if (fd < 0 || !p)
		return;
	for (i = 0; i < entries; i++)
		iov[i] = (struct iovec){ .iov_base = p, .iov_len = BIG };
	while (readv(fd, iov, entries) < 0 && errno == EINTR)
		;
	close(fd);
}

static void work_map(int owner)
{
	size_t i, size = 4UL << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	for (i = 0; i < size; i += 4096)
		p[i] = 1;
	munmap(p, size);
}

static void work_pipe(int owner)
{
	char text[4096];
	int fd[2], i;

	if (pipe(fd))
		return;
	for (i = 0; i < 100; i++)
		if (write(fd[1], text, sizeof(text)) < 0 || read(fd[0], text, sizeof(text)) < 0)
			break;
	close(fd[0]);
	close(fd[1]);
}

static void work_files(int owner)
{
	static const char * const file[] = { RT_STAT, "cpu.stat", "cgroup.procs", RT_MAX };
	char text[4096];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(file); i++)
		group_read_all(adv_own[owner], file[i], text, sizeof(text));
}

/* Folders come and go, under a lock that all cgroups have in common. */
static void work_cgroup(int owner)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/t%d", adv_own[owner], getpid());
	mkdir(path, 0755);
	rmdir(path);
}

static void work_nap(int owner)
{
	sleep_ns(2 * NS_PER_MS);
	burn_ns(300 * NS_PER_US);
}

static void work_spin(int owner)
{
	uint64_t end = now_ns() + 200 * NS_PER_US;

	while (now_ns() < end)
		;
}

static void work_yield(int owner)
{
	uint64_t end = now_ns() + 200 * NS_PER_US;

	while (now_ns() < end)
		sched_yield();
}

static void work_uring(int owner)
{
	adv_uring(2000, NULL, -1, "");
}

static void (*const works[NR_MODES])(int owner) = {
	[MODE_WAIT] = work_nap,
	[MODE_SPIN] = work_spin,
	[MODE_YIELD] = work_yield,
	[MODE_FORK] = work_fork,
	[MODE_VFORK] = work_vfork,
	[MODE_READ] = work_read,
	[MODE_MAP] = work_map,
	[MODE_PIPE] = work_pipe,
	[MODE_FILES] = work_files,
	[MODE_CGROUP] = work_cgroup,
	[MODE_URING] = work_uring,
	[MODE_NAP] = work_nap,
};

void adv_work(int owner, unsigned int mode)
{
	works[mode](owner);
}

/* @nops of nothing; then, by a worker of the kernel, mkdir @dir, and @text to @fd. */
int adv_uring(unsigned int nops, const char *dir, int fd, const char *text)
{
	struct ring r;
	unsigned int i = 0;

	if (!ring_open(&r, RING_ENTRIES, 0)) {
		ring_close(&r);
		return -errno;
	}
	for (; nops >= RING_ENTRIES; nops -= RING_ENTRIES)
		ring_submit(&r, RING_ENTRIES);
	if (dir) {
		r.sqe[i].opcode = IORING_OP_MKDIRAT;
		r.sqe[i].flags = IOSQE_ASYNC;
		r.sqe[i].fd = AT_FDCWD;
		r.sqe[i].addr = (unsigned long)dir;
		r.sqe[i++].len = 0755;
	}
	if (fd >= 0) {
		r.sqe[i].opcode = IORING_OP_WRITE;
		r.sqe[i].flags = IOSQE_ASYNC;
		r.sqe[i].fd = fd;
		r.sqe[i].addr = (unsigned long)text;
		r.sqe[i++].len = strlen(text);
	}
	if (i)
		ring_submit(&r, i);
	ring_close(&r);
	return i;
}
