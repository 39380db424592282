// SPDX-License-Identifier: GPL-2.0
/* run: a command in a capsule of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sched-vm.h"

/* As shells have it. */
#define NOT_RUN		126
#define NOT_THERE	127

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
static struct sigaction before[ARRAY_SIZE(signals)];
static sigset_t caught, mask_before;

static volatile pid_t child;
static volatile sig_atomic_t started;

/*
 * What a terminal sends, the command gets as well, but not what came before it
 * was there. Its signals are blocked then: to send one twice does no harm.
 */
static void forward(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (child > 0 && (info->si_code <= 0 || !started))
		kill(child, sig);
}

/* From here on nothing ends us; what comes is kept until there is a child. */
static void block_signals(void)
{
	size_t i;

	sigemptyset(&caught);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&caught, signals[i]);
	sigprocmask(SIG_BLOCK, &caught, &mask_before);
}

/* What is ignored, as by nohup, stays so, also for the command. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

static void restore_signals(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

/* It joins before it becomes the command, so that no instruction is outside. */
static void become(const char *cg, char **command)
{
	int ret = cg_write(cg, "cgroup.procs", "0"), error;

	restore_signals();
	if (ret)
		_exit(complain(-ret, cure_of(CALL_MOVE_IN, -ret), "cannot enter %s",
			       cg_relative(cg)));
	execvp(command[0], command);
	error = errno;
	complain(error, cure_of(CALL_EXEC, error), "cannot run %s", command[0]);
	_exit(error == ENOENT ? NOT_THERE : NOT_RUN);
}

/* Its number must not be used any more when it may be that of another. */
static int wait_for_child(void)
{
	siginfo_t info;
	int status;

	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	started = 1;
	while (waitid(P_PID, child, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return EXIT_FAILED;
	sigprocmask(SIG_BLOCK, &caught, NULL);
	if (waitpid(child, &status, 0) < 0)
		return EXIT_FAILED;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* If we are killed, somebody else removes the capsule. */
static void leave_watcher(const struct args *args, const char *cg)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) || remove_at_exit(args, cg, ends)) {
		warn_unwatched(strrchr(cg, '/') + 1, "if this process is killed", errno);
		return;
	}
	/* The other end is ours until we end. */
	close(ends[0]);
}

int cmd_run(const struct args *args)
{
	bool created = false;
	int status;
	char *cg;

	if (args->name)
		cg_check_new_name(args->name);
	want_budget(args);
	if (!machine_is_able())
		return EXIT_FAILED;
	cg = args->name ? capsule_path(args, args->name) :
	     xasprintf("%s/" RUN_PREFIX "%d", cg_base(args), getpid());
	if (!access(cg, F_OK) || (args->name && cg_name_taken(args, args->name, cg))) {
		status = complain_taken(strrchr(cg, '/') + 1, cg);
		goto out;
	}
	block_signals();
	status = capsule_make(args, cg, &created);
	if (status != EXIT_OK)
		goto out;
	leave_watcher(args, cg);
	fflush(NULL);
	catch_signals();
	child = fork();
	if (!child)
		become(cg, args->rest);
	if (child > 0)
		cg_note_guest(cg, child);
	if (child < 0)
		status = complain(errno, cure_of(CALL_FORK, errno), "cannot fork");
	else
		status = wait_for_child();
	/* What the command has left behind keeps running, outside. */
	capsule_remove(args, cg);
out:
	free(cg);
	return status;
}
