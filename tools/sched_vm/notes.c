// SPDX-License-Identifier: GPL-2.0
/* What the tool remembers of a cgroup: in xattrs of it, so that it goes with it. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>

#include "sched-vm.h"

#define NOTE	"user.sched_vm."

/* Once, but of a name always: without, only the path is known. */
static void warn_note(const char *cg, const char *key, int error)
{
	bool is_name = !strcmp(key, "name");
	static bool warned;

	if (warned && !is_name)
		return;
	warned = true;
	warn_error(error, cure_of(CALL_NOTE, error), "cannot note the %s of %s%s", key,
		   cg_relative(cg), is_name ? ", which has only its path now" : "");
}

void cg_note(const char *cg, const char *key, const char *value)
{
	char *name = xasprintf(NOTE "%s", key);

	if (setxattr(cg, name, value, strlen(value), 0))
		warn_note(cg, key, errno);
	free(name);
}

char *cg_noted(const char *cg, const char *key)
{
	char *name = xasprintf(NOTE "%s", key), value[PATH_MAX];
	ssize_t len = getxattr(cg, name, value, sizeof(value) - 1);

	free(name);
	if (len < 0)
		return NULL;
	value[len] = '\0';
	return xstrdup(value);
}

int cg_notes(const char *cg, const char *prefix, char ***keys)
{
	char *wanted = xasprintf(NOTE "%s", prefix), names[16384], *name;
	ssize_t len = listxattr(cg, names, sizeof(names));
	int nr = 0;

	*keys = NULL;
	for (name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		if (strncmp(name, wanted, strlen(wanted)))
			continue;
		*keys = grow(*keys, nr, sizeof(**keys));
		(*keys)[nr++] = xstrdup(name + strlen(NOTE));
	}
	free(wanted);
	return nr;
}

void cg_forget(const char *cg, const char *key)
{
	char *name = xasprintf(NOTE "%s", key);

	removexattr(cg, name);
	free(name);
}

/* --- processes: "from.PID" is "START PATH", with the time at which PID began --- */

#define FROM	"from."

static unsigned long long start_time(pid_t pid)
{
	char *text = read_file("/proc/%d/stat", pid), *s = text ? strrchr(text, ')') : NULL;
	unsigned long long start;
	int field;

	for (field = 2; s && field < 22; field++)
		s = strchr(s + 1, ' ');
	start = s ? strtoull(s, NULL, 10) : 0;
	free(text);
	return start;
}

/* What is noted of a process that is alive; the rest is forgotten. */
static char *noted_process(const char *cg, pid_t pid)
{
	char *key = xasprintf(FROM "%d", pid), *value = cg_noted(cg, key);
	unsigned long long start = value ? strtoull(value, NULL, 10) : 0;

	if (value && (!start || start != start_time(pid))) {
		cg_forget(cg, key);
		free(value);
		value = NULL;
	}
	free(key);
	return value;
}

static bool forget_in(const char *cg, void *key)
{
	cg_forget(cg, key);
	return true;
}

void cg_note_process(const char *cg, pid_t pid, const char *from)
{
	char *key = xasprintf(FROM "%d", pid), *was = noted_process(cg, pid), *value;

	/* Adopted again: it came from where it came from at first. */
	if (from || !was) {
		value = xasprintf("%llu %s", start_time(pid), from ? from : "");
		cg_walk(cg_mount(), forget_in, key);
		cg_note(cg, key, value);
		free(value);
	}
	free(was);
	free(key);
}

char *cg_noted_home(const char *cg, pid_t pid)
{
	char *value = noted_process(cg, pid), *path = value ? strchr(value, '/') : NULL;

	path = path ? xstrdup(path) : NULL;
	free(value);
	return path;
}

int cg_noted_processes(const char *cg, pid_t **pids)
{
	int i, nr_keys, nr = 0;
	char **keys, *value;
	pid_t pid;

	*pids = NULL;
	nr_keys = cg_notes(cg, FROM, &keys);
	for (i = 0; i < nr_keys; i++) {
		pid = atoi(keys[i] + strlen(FROM));
		value = noted_process(cg, pid);
		if (value) {
			*pids = grow(*pids, nr, sizeof(**pids));
			(*pids)[nr++] = pid;
		}
		free(value);
		free(keys[i]);
	}
	free(keys);
	return nr;
}

void cg_forget_processes(const char *cg)
{
	int i, nr;
	char **keys;

	nr = cg_notes(cg, FROM, &keys);
	for (i = 0; i < nr; i++) {
		cg_forget(cg, keys[i]);
		free(keys[i]);
	}
	free(keys);
}

/* In seconds of the clock on the wall. */
void cg_note_made(const char *cg)
{
	char *now = xasprintf("%lld", (long long)time(NULL));

	cg_note(cg, "made", now);
	free(now);
}

/* --- the guest: "guest" is "PID START COMM" --- */

void cg_note_guest(const char *cg, pid_t pid)
{
	char *comm = read_file("/proc/%d/comm", pid);
	char *value = xasprintf("%d %llu %s", pid, start_time(pid), comm ? comm : "?");

	cg_note(cg, "guest", value);
	free(value);
	free(comm);
}

bool cg_guest_is_gone(const char *cg, pid_t *pid, char **comm)
{
	char *value = cg_noted(cg, "guest"), name[64] = "?";
	unsigned long long start;
	bool gone;

	gone = value && sscanf(value, "%d %llu %63[^\n]", pid, &start, name) >= 2 &&
	       start != start_time(*pid);
	free(value);
	if (!gone)
		return false;
	clean_text(name);
	*comm = xstrdup(name);
	return true;
}
