// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody who waits until nobody is inside of a capsule any more, and removes it: a
 * process of its own, since who has made the capsule may be gone by then, or killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sched-vm.h"

#define LOOK_MS	1000	/* of threads that the kernel leaves inside, no event tells */

/* Another cgroup that has got its path since is not meant. */
static bool is_there(const char *cg, u64 id)
{
	return cg_id(cg) == id;
}

/* Threads of the kernel that adopt has brought in need no reservation. */
static bool is_used(const char *cg, u64 id)
{
	char *text = cg_read(cg, "cgroup.events");
	bool used = keyed_value(text, "populated") > 0;
	pid_t *pids;
	int i, nr;

	free(text);
	if (!used || !is_there(cg, id))
		return false;
	procs_refresh();
	nr = capsule_processes(cg, &pids);
	for (i = 0, used = false; i < nr; i++)
		used = used || !is_kthread(pids[i]);
	free(pids);
	return used;
}

static void wait_until_unused(const char *cg, u64 id)
{
	char *path = xasprintf("%s/cgroup.events", cg), events[4096];
	struct pollfd wake = { .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .events = POLLIN };

	inotify_add_watch(wake.fd, path, IN_MODIFY);
	free(path);
	while (is_used(cg, id)) {
		poll(&wake, 1, LOOK_MS);
		if (read(wake.fd, events, sizeof(events)) < 0)
			continue;
	}
	close(wake.fd);
}

/* Nothing of the terminal, nor of who started it, is kept. */
static void leave(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	prctl(PR_SET_NAME, "sched-vm-wait");
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (chdir("/") < 0 || null < 0)
		return;
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
}

/* @pipe: whose other end somebody holds who looks after it himself, or NULL. */
static void watch(const struct args *args, const char *cg, u64 id, int *pipe)
{
	char nothing;

	if (pipe) {
		close(pipe[1]);
		while (read(pipe[0], &nothing, 1) > 0)
			;
	}
	wait_until_unused(cg, id);
	if (is_there(cg, id))
		capsule_remove(args, cg);
}

void warn_unwatched(const char *name, const char *when, int error)
{
	const char *why = cure_of(CALL_FORK, error);
	char *cure = xasprintf("sched-vm remove --force %s by hand%s%s", name, why ? "; " : "",
			       why ? why : "");

	warn_error(error, cure, "nobody will remove %s %s", name, when);
	free(cure);
}

int remove_at_exit(const struct args *args, const char *cg, int *pipe)
{
	u64 id = cg_id(cg);
	sigset_t none;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid < 0 ? EXIT_FAILED : EXIT_OK;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	leave();
	json_mode = false;
	watch(args, cg, id, pipe);
	_exit(0);
}
