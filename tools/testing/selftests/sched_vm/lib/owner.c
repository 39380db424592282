// SPDX-License-Identifier: GPL-2.0
/* An unprivileged user, and what is handed over to him. */
#define _GNU_SOURCE
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define OWNER		65534

/* As Documentation/admin-guide/cgroup-v2.rst has it; with what he has below, if @files. */
void owner_gets(const char *cg, bool files)
{
	static const char * const names[] = {
		"", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control",
		RT_MAX, BUDGET, PERIOD, EXTRA, SCOPE, UNPRIVILEGED,
	};
	size_t i, nr = files ? ARRAY_SIZE(names) : 4;
	char path[PATH_MAX];

	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "%s/%s", cg, names[i]);
		if (chown(path, OWNER, OWNER))
			ksft_exit_fail_perror(path);
	}
}

/* For ever, and with no privileges left. */
void owner_become(unsigned long rtprio)
{
	struct rlimit limit = { .rlim_cur = rtprio, .rlim_max = rtprio };

	if (setrlimit(RLIMIT_RTPRIO, &limit) || setgroups(0, NULL) ||
	    setresgid(OWNER, OWNER, OWNER) || setresuid(OWNER, OWNER, OWNER))
		_exit(EXIT_FAILURE);
}
