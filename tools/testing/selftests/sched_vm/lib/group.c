// SPDX-License-Identifier: GPL-2.0
/* Cgroups and their reservations. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define PATIENCE_NS	(20 * NS_PER_S)

static char cg_root[PATH_MAX];
static char cg_top[PATH_MAX + sizeof("/sched_vm")];
const char *sv_top = cg_top;

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	if (type == FTW_DP)
		wait_for(!rmdir(path) || errno != EBUSY, PATIENCE_NS);
	return 0;
}

static void remove_tree(void)
{
	if (access(cg_top, F_OK))
		return;
	cg_write(cg_top, "cgroup.kill", "1");
	nftw(cg_top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static pid_t setup_pid;

/*
 * SCHED_DEADLINE and capsules have 95 % of each CPU, so that it is known what
 * remains to them when the fair server has its 5 %.
 */
#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
static char rt_runtime[32];

static void limit_bandwidth(void)
{
	if (read_text(RT_RUNTIME, rt_runtime, sizeof(rt_runtime)) <= 0 ||
	    write_text(RT_RUNTIME, "950000", 6) != 6)
		ksft_exit_fail_perror(RT_RUNTIME);
}

static void clean_up(void)
{
	if (getpid() != setup_pid)
		return;
	write_text(RT_RUNTIME, rt_runtime, strlen(rt_runtime));
	kill_all_workers();
	remove_tree();
}

bool sv_have_capsules(void)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", cg_top, RT_MAX);
	return !access(path, W_OK);
}

/*
 * The test itself runs above everything in the root cgroup, so that only
 * capsules and the stop class come before it.
 */
void sv_setup(void)
{
	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (cg_find_unified_root(cg_root, sizeof(cg_root), NULL))
		ksft_exit_skip("cgroup v2 is not mounted\n");
	if (cg_read_strstr(cg_root, "cgroup.controllers", "cpu"))
		ksft_exit_skip("no cpu controller in cgroup v2\n");
	if (cg_read_strstr(cg_root, "cgroup.subtree_control", "cpu") &&
	    cg_write(cg_root, "cgroup.subtree_control", "+cpu"))
		ksft_exit_fail_perror("+cpu at the root");

	snprintf(cg_top, sizeof(cg_top), "%s/sched_vm", cg_root);
	remove_tree();
	if (cg_create(cg_top))
		ksft_exit_fail_perror(cg_top);
	setup_pid = getpid();
	limit_bandwidth();
	atexit(clean_up);
	if (cg_write(cg_top, "cgroup.subtree_control", "+cpu"))
		ksft_exit_fail_perror("+cpu in the test cgroup");
	if (set_policy(0, SCHED_FIFO, 97))
		ksft_exit_fail_msg("cannot become SCHED_FIFO\n");
}

char *group_make(const char *parent, const char *name)
{
	char *cg = cg_name(parent, name);

	if (!cg || cg_write(parent, "cgroup.subtree_control", "+cpu") ||
	    cg_create(cg))
		ksft_exit_fail_perror(name);
	return cg;
}

bool group_try_remove(const char *cg)
{
	return !rmdir(cg);
}

void group_remove(char *cg)
{
	cg_write(cg, "cgroup.freeze", "0");
	if (!wait_for(!rmdir(cg) || (cg_write(cg, "cgroup.kill", "1"), false),
		      PATIENCE_NS))
		ksft_exit_fail_msg("rmdir %s: %s\n", cg, strerror(errno));
	free(cg);
}

const char *group_path(const char *cg)
{
	return cg + strlen(cg_root);
}

/* One write(2). Returns its result, or -errno. */
ssize_t group_write_raw(const char *cg, const char *file, const void *buf,
			size_t len)
{
	int fd = cg_open(cg, file, O_WRONLY | O_CLOEXEC);
	ssize_t ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, buf, len);
	if (ret < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Returns 0 or -errno; a short write is -EIO. */
int group_write(const char *cg, const char *file, const char *text)
{
	ssize_t ret = group_write_raw(cg, file, text, strlen(text));

	if (ret < 0)
		return ret;
	return ret == (ssize_t)strlen(text) ? 0 : -EIO;
}

char *group_make_on_in(const char *parent, const char *name, const char *cpus)
{
	char *cg;

	if (cg_write(parent, "cgroup.subtree_control", "+cpuset"))
		ksft_exit_fail_perror("+cpuset");
	cg = group_make(parent, name);
	if (group_write(cg, "cpuset.cpus", cpus))
		ksft_exit_fail_perror("cpuset.cpus");
	return cg;
}

/* With the CPUs of a list. */
char *group_make_on(const char *name, const char *cpus)
{
	if (cg_read_strstr(cg_root, "cgroup.subtree_control", "cpuset") &&
	    cg_write(cg_root, "cgroup.subtree_control", "+cpuset"))
		ksft_exit_fail_perror("+cpuset at the root");
	return group_make_on_in(sv_top, name, cpus);
}

/* Returns 0 or -errno. */
int group_read_all(const char *cg, const char *file, char *buf, size_t size)
{
	return cg_read(cg, file, buf, size);
}

/* The first line, without the newline. Returns 0 or -errno. */
int group_read(const char *cg, const char *file, char *buf, size_t size)
{
	int ret = group_read_all(cg, file, buf, size);

	if (ret)
		return ret;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* The value of @key in a flat keyed file, -1 if there is none. */
long long group_value(const char *cg, const char *file, const char *key)
{
	char buf[4096], *line;
	size_t len = strlen(key);

	if (group_read_all(cg, file, buf, sizeof(buf)))
		return -1;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, key, len) && line[len] == ' ')
			return atoll(line + len);
	return -1;
}

static bool is_expected(int ret, const char *file, const char *buf, const char *expected)
{
	if (!ret && !strcmp(buf, expected))
		return true;
	ksft_print_msg("%s reads '%s' (%d), expected '%s'\n", file,
		       ret ? "" : buf, ret, expected);
	return false;
}

bool group_reads(const char *cg, const char *file, const char *expected)
{
	char buf[256];
	int ret = group_read(cg, file, buf, sizeof(buf));

	return is_expected(ret, file, buf, expected);
}

bool group_reads_all(const char *cg, const char *file, const char *expected)
{
	char buf[1024];
	int ret = group_read_all(cg, file, buf, sizeof(buf));

	return is_expected(ret, file, buf, expected);
}

int group_try_reserve(const char *cg, long q_us, long p_us)
{
	char text[64];

	snprintf(text, sizeof(text), "%ld %ld", q_us, p_us);
	return group_write(cg, RT_MAX, text);
}

/* What a test before this one had may come back late. */
void group_reserve(const char *cg, long q_us, long p_us)
{
	uint64_t end = now_ns() + NS_PER_S;
	int ret;

	do {
		ret = group_try_reserve(cg, q_us, p_us);
		if (ret == -EBUSY)
			sleep_ns(NS_PER_MS);
	} while (ret == -EBUSY && now_ns() < end);
	if (ret)
		ksft_exit_fail_msg("reserve %ld/%ld in %s: %s\n", q_us, p_us,
				   group_path(cg), strerror(-ret));
}

char *capsule_make(const char *name, long q_us, long p_us)
{
	char *cg = group_make(sv_top, name);

	group_reserve(cg, q_us, p_us);
	return cg;
}

/* A cgroup can have both threads and children only if these are threaded. */
char *group_make_threaded(const char *parent, const char *name)
{
	char *cg = group_make(parent, name);

	if (cg_write(cg, "cgroup.type", "threaded"))
		ksft_exit_fail_perror("cgroup.type");
	return cg;
}

int group_attach(const char *cg, pid_t pid)
{
	return cg_enter(cg, pid);
}

int group_attach_thread(const char *cg, pid_t tid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", tid);
	return group_write(cg, "cgroup.threads", text);
}

/* First the domain, as a process, then its part, as a thread. */
int group_enter(const char *cg)
{
	char domain[PATH_MAX];

	snprintf(domain, sizeof(domain), "%s", cg);
	while (cg_read_strcmp(domain, "cgroup.type", "threaded\n") == 0)
		*strrchr(domain, '/') = '\0';
	return cg_enter_current(domain) ?: cg_enter_current_thread(cg);
}

/* What the scheduler's own debug file says is reserved. */
void bandwidth_text(char *buf, size_t size)
{
	FILE *f = fopen("/sys/kernel/debug/sched/debug", "r");
	char line[256], *at;
	size_t len = 0;

	buf[0] = '\0';
	while (f && fgets(line, sizeof(line), f) && len < size - 1) {
		at = strstr(line, "dl_bw->total_bw");
		if (at)
			len += snprintf(buf + len, size - len, "%.*s;",
					(int)strcspn(at, "\n"), at);
	}
	if (f)
		fclose(f);
}

/*
 * With nothing reserved: is every bit of the bandwidth there again? What the dead owe is
 * paid first, at the bandwidth that they had: 1 ms of 200 us in each second takes 5 s.
 */
bool can_reserve_all(void)
{
	char *cg = group_make(sv_top, "everything");
	int all = wait_for(!group_try_reserve(cg, 90000, 100000), PATIENCE_NS) ? 0 : -EBUSY;
	int more = group_try_reserve(cg, 90100, 100000);
	char text[512];

	group_remove(cg);
	if (all || more != -EBUSY) {
		bandwidth_text(text, sizeof(text));
		ksft_print_msg("reserve 90 %%: %d, 90.1 %%: %d; now %s\n", all,
			       more, text);
	}
	return !all && more == -EBUSY;
}

/* What the "dl_group" line of the thread says; "" if there is none. */
static int served_path(pid_t tid, char *path, size_t size)
{
	char buf[8192], *line;

	if (proc_read_text(tid, false, "sched", buf, sizeof(buf)) < 0)
		return -ESRCH;
	path[0] = '\0';
	line = strstr(buf, "\ndl_group ");
	if (!line)
		return 0;
	line = strchr(line, ':');
	if (!line)
		return -EPROTO;
	line += 1 + strspn(line + 1, " \t");
	snprintf(path, size, "%.*s", (int)strcspn(line, "\n"), line);
	return 0;
}

bool served_by_path(pid_t tid, const char *expected)
{
	char path[PATH_MAX];
	int ret = served_path(tid, path, sizeof(path));

	if (!ret && !strcmp(path, expected))
		return true;
	ksft_print_msg("thread %d is served by '%s' (%d), expected '%s'\n", tid,
		       ret ? "" : path, ret, expected);
	return false;
}

bool served_by_none(pid_t tid)
{
	char path[PATH_MAX];

	return !served_path(tid, path, sizeof(path)) && !path[0];
}

bool served_by(pid_t tid, const char *cg)
{
	return served_by_path(tid, cg ? group_path(cg) : "");
}
