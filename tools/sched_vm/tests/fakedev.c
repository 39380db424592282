// SPDX-License-Identifier: GPL-2.0
/*
 * A /dev/sched_vm for kernels without one, to be put before a program with
 * LD_PRELOAD. It knows SCHED_VM_QUERY and SCHED_VM_CHECK, is as strict as the
 * header says, and believes FAKE_FREE: how much each CPU has free, in ppm. With
 * FAKE_RESULT, all dry runs have that result.
 *
 * Without FAKE_FREE, the device is the kernel's. Files below the folder
 * FAKE_ROOT are read in place of those with these paths, and folders that are
 * only there can be listed: what another machine would have. The folder FAKE_MOUNT
 * is where cgroup2 is mounted, if it is not empty; nothing else is.
 * What is opened, FAKE_LOG gets to know.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched_vm.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CPUS	64

static int fake_fd = -1;

/* @path, or what is there in its place, in @room of @size. */
static const char *fake_path(const char *path, char *room, size_t size)
{
	const char *root = getenv("FAKE_ROOT");

	if (!root || *path != '/')
		return path;
	snprintf(room, size, "%s%s", root, path);
	return access(room, F_OK) ? path : room;
}

FILE *setmntent(const char *file, const char *mode)
{
	FILE *(*real)(const char *file, const char *mode) = dlsym(RTLD_NEXT, "setmntent");
	const char *mount = getenv("FAKE_MOUNT");
	FILE *f;

	if (!mount)
		return real(file, mode);
	f = tmpfile();
	if (f && *mount)
		fprintf(f, "none %s cgroup2 rw 0 0\n", mount);
	if (f)
		rewind(f);
	return f;
}

/* FAKE_LOG: what is opened, a line each. */
static void note(const char *what, const char *path)
{
	const char *file = getenv("FAKE_LOG");
	FILE *f = file ? fopen(file, "ae") : NULL;

	if (f) {
		fprintf(f, "%s %s\n", what, path);
		fclose(f);
	}
}

DIR *opendir(const char *path)
{
	DIR *(*real)(const char *path) = dlsym(RTLD_NEXT, "opendir");
	char room[PATH_MAX];

	note("folder", path);
	if (!access(path, F_OK))
		return real(path);
	return real(fake_path(path, room, sizeof(room)));
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *path, int flags, ...) = dlsym(RTLD_NEXT, "open");
	char room[PATH_MAX];
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	note("file", path);
	if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_DIRECTORY))
		path = fake_path(path, room, sizeof(room));
	if (strcmp(path, SCHED_VM_PATH) || !getenv("FAKE_FREE"))
		return real(path, flags, mode);
	fake_fd = real("/dev/null", O_RDWR);
	return fake_fd;
}

static int free_ppm(int cpu)
{
	const char *s = getenv("FAKE_FREE");

	while (s && cpu--) {
		s = strchr(s, ',');
		s = s ? s + 1 : NULL;
	}
	return s ? atoi(s) : 0;
}

static bool is_folder(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISDIR(st.st_mode);
}

static int check(struct sched_vm_check *c)
{
	__u64 deadline = c->deadline_us ? c->deadline_us : c->period_us;
	__u64 map = c->cpus ? *(__u64 *)(uintptr_t)c->cpus : 3;
	long long need, most = 1000000, lacks;
	int cpu;

	if (c->size != sizeof(*c) || c->flags || c->pad || c->cpu || c->result ||
	    c->missing_ppm || c->max_budget_us || !c->cpus != !c->cpus_bytes ||
	    c->cpus_bytes % 8 || !is_folder(c->cgroup_fd))
		return -EINVAL;
	c->cpu = -1;
	if (getenv("FAKE_RESULT")) {
		c->result = atoi(getenv("FAKE_RESULT"));
		return 0;
	}
	if (c->budget_us > deadline || deadline > c->period_us) {
		c->result = SCHED_VM_BAD_RESERVATION;
		return 0;
	}
	need = (c->budget_us * 1000000 + deadline - 1) / deadline;
	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (!(map >> cpu & 1))
			continue;
		lacks = need - free_ppm(cpu);
		if (lacks > (long long)c->missing_ppm) {
			c->missing_ppm = lacks;
			c->result = SCHED_VM_CPU_FULL;
			c->cpu = cpu;
		}
		if (free_ppm(cpu) < most)
			most = free_ppm(cpu);
	}
	c->max_budget_us = most * deadline / 1000000;
	return 0;
}

static int query(struct sched_vm_query *q)
{
	if (q->size != sizeof(*q) || q->flags || q->version || q->features)
		return -EINVAL;
	q->version = SCHED_VM_VERSION;
	q->features = SCHED_VM_FEATURE_CHECK;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int fd, unsigned long request, void *arg) = dlsym(RTLD_NEXT, "ioctl");
	va_list ap;
	int ret = -ENOTTY;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd != fake_fd || fd < 0)
		return real(fd, request, arg);
	if (request == SCHED_VM_CHECK)
		ret = check(arg);
	else if (request == SCHED_VM_QUERY)
		ret = query(arg);
	errno = -ret;
	return ret ? -1 : 0;
}
