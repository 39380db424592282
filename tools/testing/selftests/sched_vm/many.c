// SPDX-License-Identifier: GPL-2.0
/*
 * 1,000 capsules at a time, each with a thread: made, changed and removed. What
 * is reserved afterwards is what was reserved before, to the last bit.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define MANY		1000

static char *group[MANY];
static pid_t pid[MANY];

static bool make_all(void)
{
	bool ok = true;
	char name[16];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		group[i] = group_make(sv_top, name);
		ok &= check(!group_try_reserve(group[i], 50, 100000));
		pid[i] = fork();
		if (!pid[i]) {
			for (;;)
				pause();
		}
		ok &= check(pid[i] > 0);
		ok &= check(!group_attach(group[i], pid[i]));
	}
	return ok;
}

static bool change_all(void)
{
	bool ok = true;
	int i;

	for (i = 0; i < MANY; i++) {
		ok &= check(served_by(pid[i], group[i]));
		if (i % 3 == 0)
			ok &= check(!group_try_reserve(group[i], 80, 100000));
		else if (i % 3 == 1)
			ok &= check(!group_write(group[i], BUDGET, "max"));
		else
			ok &= check(!group_write(group[i], DEADLINE, "90000"));
	}
	return ok;
}

static void remove_all(void)
{
	int i;

	for (i = 0; i < MANY; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
		group_remove(group[i]);
	}
}

int main(void)
{
	char before[512], during[512], after[512];

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(5);
	log_mark();
	/* The test's own policy would be the children's. */
	set_policy(0, SCHED_OTHER, 0);
	bandwidth_text(before, sizeof(before));
	ksft_test_result(make_all(), "%d capsules with a thread each\n", MANY);
	bandwidth_text(during, sizeof(during));
	ksft_test_result(change_all(), "all of them changed\n");
	remove_all();
	/* What was had of it in advance is paid until the end of the periods. */
	sleep_ns(200 * NS_PER_MS);
	bandwidth_text(after, sizeof(after));
	ksft_print_msg("before %s during %s after %s\n", before, during, after);
	ksft_test_result(before[0] && strcmp(before, during) && !strcmp(before, after),
			 "the bandwidth is what it was\n");
	ksft_test_result(can_reserve_all(), "all of it can be reserved\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_finished();
}
