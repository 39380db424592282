// SPDX-License-Identifier: GPL-2.0
/* run: a command in a capsule of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sched-vm.h"

#define NOT_RUN		127	/* as shells have it */

static pid_t child;

static void forward(int sig)
{
	if (child > 0)
		kill(child, sig);
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

static void catch(void (*handler)(int sig))
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &(struct sigaction){ .sa_handler = handler }, NULL);
}

/* It joins before it becomes the command, so that no instruction is outside. */
static void become(const char *cg, char **command)
{
	int ret = cg_write(cg, "cgroup.procs", "0");

	catch(SIG_DFL);
	if (ret)
		_exit(complain(-ret, NULL, "cannot enter %s", cg_relative(cg)));
	execvp(command[0], command);
	complain(errno, NULL, "cannot run %s", command[0]);
	_exit(NOT_RUN);
}

static int wait_for_child(void)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILED;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* What the command has left behind keeps running, outside. */
static void remove_capsule(const struct args *args, const char *cg)
{
	struct args remove = {
		.given = args->given | 1UL << OPT_FORCE,
		.cgroup = args->cgroup,
		.rest = (char *[]){ strrchr(cg, '/') + 1 },
		.nr_rest = 1,
	};

	json_mode = false;
	cmd_remove(&remove);
}

int cmd_run(const struct args *args)
{
	char *cg = args->name ? capsule_path(args, args->name) :
		   xasprintf("%s/run-%d", cg_base(args), getpid());
	bool created = false;
	int status;

	if (!access(cg, F_OK)) {
		status = complain(EEXIST, "another --name", "%s", cg_relative(cg));
		goto out;
	}
	status = capsule_make(args, cg, &created);
	if (status != EXIT_OK)
		goto out;
	fflush(NULL);
	catch(forward);
	child = fork();
	if (!child)
		become(cg, args->rest);
	if (child < 0)
		status = complain(errno, NULL, "cannot fork");
	else
		status = wait_for_child();
	remove_capsule(args, cg);
out:
	free(cg);
	return status;
}
