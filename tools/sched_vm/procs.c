// SPDX-License-Identifier: GPL-2.0
/*
 * All processes of the machine at one moment, the kernel's threads among them. /proc is
 * walked once for as many capsules as there are.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

#define PF_KTHREAD	0x00200000	/* of linux/sched.h, in /proc/PID/stat */

static struct proc *procs;
static int nr_procs;

static void forget(void)
{
	while (nr_procs)
		free(procs[--nr_procs].comm);
	free(procs);
	procs = NULL;
}

/* "PID (COMM) state ppid pgrp session tty_nr tpgid flags ...", with any byte in COMM. */
static void take(pid_t pid)
{
	char *text = read_file("/proc/%d/stat", pid), *end = text ? strrchr(text, ')') : NULL;
	char *comm = text ? strchr(text, '(') : NULL;
	unsigned int flags = 0;

	if (!end || !comm || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		goto out;
	procs = grow(procs, nr_procs, sizeof(*procs));
	procs[nr_procs] = (struct proc){ .pid = pid, .kthread = flags & PF_KTHREAD };
	/* Anybody can have the name of a thread of the kernel. */
	if (procs[nr_procs].kthread)
		procs[nr_procs].comm = xasprintf("%.*s", (int)(end - comm - 1), comm + 1);
	nr_procs++;
out:
	free(text);
}

static int by_pid(const void *a, const void *b)
{
	return ((const struct proc *)a)->pid - ((const struct proc *)b)->pid;
}

void procs_refresh(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	forget();
	while (d && (e = readdir(d)))
		if (atoi(e->d_name) > 0)
			take(atoi(e->d_name));
	if (d)
		closedir(d);
	if (nr_procs)
		qsort(procs, nr_procs, sizeof(*procs), by_pid);
}

int procs_all(const struct proc **list)
{
	if (!nr_procs)
		procs_refresh();
	*list = procs;
	return nr_procs;
}

bool is_kthread(pid_t tid)
{
	struct proc key = { .pid = tid }, *found;

	if (!nr_procs)
		procs_refresh();
	found = nr_procs ? bsearch(&key, procs, nr_procs, sizeof(key), by_pid) : NULL;
	return found && found->kthread;
}
