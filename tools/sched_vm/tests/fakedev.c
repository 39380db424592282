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
 *
 * FAKE_FAIL="NAME=ERRNO[@N],..." makes calls fail, from the N-th on: to open files with
 * paths that end so, unless to read their text, fopen() of them, setxattr() of attributes
 * with such names, mkdir, rmdir, pipe2, fork and execvp, and to find tracefs. A cgroup that
 * is made there has what the folder FAKE_NEW has, and is removed with it, as in a file
 * system of cgroups.
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
#include <sys/xattr.h>
#include <tracefs.h>
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

/* Is @end all of @path, or what comes after a slash? */
static bool ends_so(const char *path, const char *end)
{
	size_t len = strlen(path), want = strlen(end);

	return len >= want && !strcmp(path + len - want, end) &&
	       (len == want || path[len - want - 1] == '/');
}

static int errno_named(const char *name)
{
	int error;

	for (error = 1; error < 200; error++)
		if (strerrorname_np(error) && !strcmp(strerrorname_np(error), name))
			return error;
	abort();
}

/* With errno, by FAKE_FAIL. */
static bool fails(const char *path)
{
	const char *list = getenv("FAKE_FAIL"), *s = list;
	static int uses[1024];
	char name[64], error[32];
	int nth;

	while (s && *s && s - list < 1024) {
		nth = 1;
		if (sscanf(s, "%63[^=]=%31[A-Z0-9]@%d", name, error, &nth) >= 2 &&
		    ends_so(path, name) && ++uses[s - list] >= nth) {
			errno = errno_named(error);
			return true;
		}
		s = strchr(s, ',');
		s = s ? s + 1 : NULL;
	}
	return false;
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *path, const char *mode) = dlsym(RTLD_NEXT, "fopen");

	return fails(path) ? NULL : real(path, mode);
}

int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	int (*real)(const char *path, const char *name, const void *value, size_t size,
		    int flags) = dlsym(RTLD_NEXT, "setxattr");

	return fails(name) ? -1 : real(path, name, value, size, flags);
}

int pipe2(int ends[2], int flags)
{
	int (*real)(int ends[2], int flags) = dlsym(RTLD_NEXT, "pipe2");

	return fails("pipe2") ? -1 : real(ends, flags);
}

pid_t fork(void)
{
	__typeof__(fork) *real = dlsym(RTLD_NEXT, "fork");

	return fails("fork") ? -1 : real();
}

int execvp(const char *file, char *const argv[])
{
	int (*real)(const char *file, char *const argv[]) = dlsym(RTLD_NEXT, "execvp");

	return fails("execvp") ? -1 : real(file, argv);
}

/* Where calls fail, there are no events to begin with, and then no tracefs. */
bool tracefs_dir_exists(struct tracefs_instance *instance, const char *name)
{
	bool (*real)(struct tracefs_instance *instance, const char *name) =
		dlsym(RTLD_NEXT, "tracefs_dir_exists");

	return getenv("FAKE_FAIL") ? false : real(instance, name);
}

char *tracefs_get_tracing_file(const char *name)
{
	char *(*real)(const char *name) = dlsym(RTLD_NEXT, "tracefs_get_tracing_file");

	return fails("tracefs") ? NULL : real(name);
}

/* With @path in it. What it starts is not faked. */
static void shell(const char *command, const char *path)
{
	const char *preload = getenv("LD_PRELOAD");
	char line[PATH_MAX + 64], *ours = preload ? strdup(preload) : NULL;

	snprintf(line, sizeof(line), command, path);
	unsetenv("LD_PRELOAD");
	if (system(line))
		abort();
	if (ours)
		setenv("LD_PRELOAD", ours, 1);
	free(ours);
}

static bool is_cgroup(const char *path)
{
	const char *mount = getenv("FAKE_MOUNT");

	return getenv("FAKE_NEW") && mount && *mount && !strncmp(path, mount, strlen(mount));
}

int mkdir(const char *path, mode_t mode)
{
	int (*real)(const char *path, mode_t mode) = dlsym(RTLD_NEXT, "mkdir");
	int ret = fails("mkdir") ? -1 : real(path, mode);

	if (!ret && is_cgroup(path))
		shell("cp -rT \"$FAKE_NEW\" '%s'", path);
	return ret;
}

int rmdir(const char *path)
{
	int (*real)(const char *path) = dlsym(RTLD_NEXT, "rmdir");

	if (fails("rmdir"))
		return -1;
	if (is_cgroup(path))
		shell("find '%s' -maxdepth 1 -type f -delete", path);
	return real(path);
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
	if (((flags & O_ACCMODE) != O_RDONLY || flags & O_DIRECTORY) && fails(path))
		return -1;
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
