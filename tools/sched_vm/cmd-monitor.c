// SPDX-License-Identifier: GPL-2.0
/*
 * monitor: events as they happen, a line each. By cpu.rt_events, whose changes inotify
 * tells: the eventfd of /dev/sched_vm knows nothing of refusals.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "sched-vm.h"

#define EVENTS		"cpu.rt_events"
#define SCAN_MS		500	/* for capsules that come and go */

static const char *const keys[] = { "throttled", "overrun", "deadline_miss", "refused" };

struct source {
	char *path, *name;
	int wd;
	long long seen[ARRAY_SIZE(keys)];
	bool found;		/* by the last scan */
};

struct monitor {
	const struct args *args;
	char **paths;		/* those to look at; none: all */
	int nr_paths;
	struct source *list;
	int nr;
	int fd;			/* inotify */
	int told;
	bool blind;		/* there are more capsules than it may watch */
};

static void tell(struct monitor *m, const struct source *s, const char *event, long long count,
		 long long total)
{
	struct json_object *o;
	struct timespec now;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", localtime(&now.tv_sec));
	m->told++;
	if (!json_mode) {
		say(stdout, "%s.%03ld %s %s", text + 11, now.tv_nsec / 1000000, s->name, event);
		if (count)
			printf(" %lld, %lld in all", count, total);
		putchar('\n');
		fflush(stdout);
		return;
	}
	o = json_object_new_object();
	jo_int(o, "time_ns", now.tv_sec * NS_PER_S + now.tv_nsec);
	jo_str(o, "name", s->name);
	jo_str(o, "cgroup", cg_relative(s->path));
	jo_str(o, "event", event);
	jo_int(o, "count", count);
	jo_int(o, "total", total);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(o);
}

static bool is_over(const struct monitor *m)
{
	return tracer_stopped || (m->args->count && m->told >= m->args->count);
}

/* What is more than at the last time has happened since. */
static void compare(struct monitor *m, struct source *s, bool silent)
{
	char *text = cg_read(s->path, EVENTS);
	size_t i;

	for (i = 0; text && i < ARRAY_SIZE(keys); i++) {
		long long now = keyed_value(text, keys[i]);

		if (!silent && now > s->seen[i] && !is_over(m))
			tell(m, s, keys[i], now - s->seen[i], now);
		if (now >= 0)
			s->seen[i] = now;
	}
	free(text);
}

static bool chosen(const struct monitor *m, const char *path)
{
	int i;

	for (i = 0; i < m->nr_paths; i++)
		if (!strcmp(m->paths[i], path))
			return true;
	return !m->nr_paths;
}

static struct source *source_of(struct monitor *m, const char *path)
{
	int i;

	for (i = 0; i < m->nr; i++)
		if (!strcmp(m->list[i].path, path))
			return &m->list[i];
	return NULL;
}

/* Their events are told all the same, but as late as the next scan. */
static void warn_blind(struct monitor *m, const struct source *s, int error)
{
	const char *limit = error == ENOSPC ? "; fs.inotify.max_user_watches is the limit" : "";

	if (!m->blind)
		warn("cannot watch %s, so its events are told later: %s%s", s->name,
		     strerror(error), limit);
	m->blind = true;
}

/* Watched first, and then read, so that nothing is missed. */
static struct source *add_source(struct monitor *m, const struct capsule *c, bool first)
{
	char *file = xasprintf("%s/" EVENTS, c->path);
	struct source *s;

	m->list = grow(m->list, m->nr, sizeof(*m->list));
	s = &m->list[m->nr++];
	*s = (struct source){ .path = xstrdup(c->path), .name = xstrdup(c->name) };
	s->wd = inotify_add_watch(m->fd, file, IN_MODIFY);
	/* One that is gone already, the next scan finds gone. */
	if (s->wd < 0 && errno != ENOENT)
		warn_blind(m, s, errno);
	if (!first && !is_over(m))
		tell(m, s, "made", 0, 0);
	compare(m, s, first);
	free(file);
	return s;
}

/* The last one takes its place. */
static void drop_source(struct monitor *m, int i)
{
	tell(m, &m->list[i], "removed", 0, 0);
	inotify_rm_watch(m->fd, m->list[i].wd);
	free(m->list[i].path);
	free(m->list[i].name);
	m->list[i] = m->list[--m->nr];
}

static void scan(struct monitor *m, bool first)
{
	struct capsule *list;
	struct source *s;
	int i, nr = capsules_find(&list);

	for (i = 0; i < m->nr; i++)
		m->list[i].found = false;
	for (i = 0; i < nr; i++) {
		if (!chosen(m, list[i].path))
			continue;
		s = source_of(m, list[i].path);
		if (!s)
			s = add_source(m, &list[i], first);
		else if (s->wd < 0)
			compare(m, s, false);
		s->found = true;
	}
	capsules_free(list, nr);
	for (i = 0; i < m->nr && !is_over(m);)
		if (m->list[i].found)
			i++;
		else
			drop_source(m, i);
}

static void take_changes(struct monitor *m)
{
	char room[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *ev;
	ssize_t len;
	char *at;
	int i;

	while ((len = read(m->fd, room, sizeof(room))) > 0)
		for (at = room; at < room + len; at += sizeof(*ev) + ev->len) {
			ev = (const struct inotify_event *)at;
			for (i = 0; i < m->nr; i++)
				if (m->list[i].wd == ev->wd)
					compare(m, &m->list[i], false);
		}
}

static int watch(struct monitor *m)
{
	u64 end = HAS(m->args, OPT_TIME) ? now_ns() + m->args->time * NS_PER_US : UINT64_MAX;
	struct pollfd in = { .events = POLLIN };
	u64 next = 0, now;

	m->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (m->fd < 0)
		return complain(errno, "/proc/sys/fs/inotify has the limits", "cannot watch");
	in.fd = m->fd;
	for (now = now_ns(); !is_over(m) && now < end; now = now_ns()) {
		if (now >= next) {
			scan(m, !next);
			next = now + SCAN_MS * 1000000ULL;
		}
		poll(&in, 1, SCAN_MS < (end - now) / 1000000 ? SCAN_MS :
		     (int)((end - now) / 1000000) + 1);
		take_changes(m);
	}
	close(m->fd);
	return EXIT_OK;
}

int cmd_monitor(const struct args *args)
{
	struct monitor m = { .args = args };
	int status = EXIT_OK, i;
	char *path;

	if (!args->nr_rest && !machine_is_able())
		return EXIT_FAILED;
	for (i = 0; i < args->nr_rest && status == EXIT_OK; i++) {
		path = capsule_find(args, args->rest[i]);
		if (!path) {
			status = EXIT_FAILED;
			break;
		}
		m.paths = grow(m.paths, m.nr_paths, sizeof(*m.paths));
		m.paths[m.nr_paths++] = path;
	}
	tracer_signals();
	if (status == EXIT_OK)
		status = watch(&m);
	while (m.nr) {
		free(m.list[--m.nr].path);
		free(m.list[m.nr].name);
	}
	free(m.list);
	while (m.nr_paths)
		free(m.paths[--m.nr_paths]);
	free(m.paths);
	return status;
}
