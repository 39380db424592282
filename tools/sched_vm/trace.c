// SPDX-License-Identifier: GPL-2.0
/*
 * What was recorded, and how it is kept in a file: lines of words, first about the
 * capsule, then an event each, with times in ns:
 *
 *   sched-vm-trace 1
 *   capsule BUDGET_US PERIOD_US DEADLINE_US|max NAME
 *   time BEGIN END LOST
 *   budget CPU BUDGET_NS
 *   thread TID COMM
 *   TS CPU switch PREV_TID NEXT_TID [1: PREV is still ready]
 *   TS CPU migrate TID FROM_CPU
 *   TS CPU wake TID WAKER_CPU
 *   TS CPU lost LENGTH 0 0: what happened from TS on, for so long, was not read in time
 *   TS CPU start|stop|throttle|overrun|replenish RUNTIME LEFT NR_READY
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

const char *const trace_names[NR_TRACE_TYPES] = {
	[TRACE_SWITCH] = "switch",
	[TRACE_START] = "start",
	[TRACE_STOP] = "stop",
	[TRACE_THROTTLE] = "throttle",
	[TRACE_OVERRUN] = "overrun",
	[TRACE_REPLENISH] = "replenish",
	[TRACE_MIGRATE] = "migrate",
	[TRACE_WAKE] = "wake",
	[TRACE_LOST] = "lost",
};

struct trace_event *trace_add(struct trace *t)
{
	if (t->nr == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->events = xrealloc(t->events, t->room * sizeof(*t->events));
	}
	t->events[t->nr] = (struct trace_event){};
	return &t->events[t->nr++];
}

/* Where it is in the index, or would be: 1 and more are threads. */
static int *find_slot(const struct trace *t, int tid)
{
	unsigned int mask = t->nr_index - 1, i = tid & mask;

	while (t->index[i] && t->threads[t->index[i] - 1].tid != tid)
		i = (i + 1) & mask;
	return &t->index[i];
}

const struct trace_thread *trace_thread(const struct trace *t, int tid)
{
	int nr = t->nr_index ? *find_slot(t, tid) : 0;

	return nr ? &t->threads[nr - 1] : NULL;
}

/* At most half of it is used. */
static void index_thread(struct trace *t, int nr)
{
	int i;

	if (2 * nr <= t->nr_index) {
		*find_slot(t, t->threads[nr - 1].tid) = nr;
		return;
	}
	free(t->index);
	t->nr_index = t->nr_index ? 2 * t->nr_index : 64;
	t->index = xzalloc(t->nr_index * sizeof(*t->index));
	for (i = 1; i <= nr; i++)
		*find_slot(t, t->threads[i - 1].tid) = i;
}

void trace_add_thread(struct trace *t, int tid, const char *comm)
{
	if (trace_thread(t, tid))
		return;
	t->threads = grow(t->threads, t->nr_threads, sizeof(*t->threads));
	t->threads[t->nr_threads++] = (struct trace_thread){ tid, xstrdup(comm) };
	clean_text(t->threads[t->nr_threads - 1].comm);
	index_thread(t, t->nr_threads);
}

void trace_set_budget(struct trace *t, int cpu, u64 ns)
{
	while (t->nr_cpus <= cpu) {
		t->budget_ns = grow(t->budget_ns, t->nr_cpus, sizeof(*t->budget_ns));
		t->budget_ns[t->nr_cpus++] = 0;
	}
	t->budget_ns[cpu] = ns;
}

/* Events of one instant on one CPU stay in the order in which they came. */
static int by_time(const void *a, const void *b)
{
	const struct trace_event *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return 0;
}

static void merge(struct trace_event *ev, struct trace_event *tmp, size_t nr)
{
	size_t half = nr / 2, i = 0, j = half, to = 0;

	if (nr < 2)
		return;
	merge(ev, tmp, half);
	merge(ev + half, tmp, nr - half);
	while (i < half || j < nr)
		if (j == nr || (i < half && by_time(&ev[i], &ev[j]) <= 0))
			tmp[to++] = ev[i++];
		else
			tmp[to++] = ev[j++];
	memcpy(ev, tmp, nr * sizeof(*ev));
}

/* qsort() may change the order of equals. */
void trace_sort(struct trace *t)
{
	struct trace_event *tmp = xzalloc((t->nr + 1) * sizeof(*tmp));

	merge(t->events, tmp, t->nr);
	free(tmp);
}

void trace_free(struct trace *t)
{
	while (t->nr_threads)
		free(t->threads[--t->nr_threads].comm);
	free(t->threads);
	free(t->index);
	free(t->events);
	free(t->budget_ns);
	free(t->name);
	*t = (struct trace){};
}

void trace_save_event(const struct trace_event *ev, FILE *f)
{
	fprintf(f, "%llu %d %s ", (unsigned long long)ev->ts, ev->cpu, trace_names[ev->type]);
	if (ev->type == TRACE_SWITCH)
		fprintf(f, "%d %d%s\n", ev->prev, ev->next, ev->nr_ready ? " 1" : "");
	else if (ev->type == TRACE_MIGRATE || ev->type == TRACE_WAKE)
		fprintf(f, "%d %d\n", ev->next, ev->from);
	else
		fprintf(f, "%lld %lld %u\n", (long long)ev->runtime, (long long)ev->left,
			ev->nr_ready);
}

void trace_save_head(const struct trace *t, FILE *f)
{
	char deadline[24] = "max";
	int i;

	if (t->res.deadline != TIME_MAX)
		snprintf(deadline, sizeof(deadline), "%llu", (unsigned long long)t->res.deadline);
	fprintf(f, "sched-vm-trace 1\ncapsule %llu %llu %s %s\ntime %llu %llu %lld\n",
		(unsigned long long)t->res.budget, (unsigned long long)t->res.period, deadline,
		t->name, (unsigned long long)t->begin, (unsigned long long)t->end, t->lost);
	for (i = 0; i < t->nr_cpus; i++)
		if (t->budget_ns[i])
			fprintf(f, "budget %d %llu\n", i, (unsigned long long)t->budget_ns[i]);
	for (i = 0; i < t->nr_threads; i++)
		fprintf(f, "thread %d %s\n", t->threads[i].tid, t->threads[i].comm);
}

int trace_save(const struct trace *t, FILE *f)
{
	size_t i;

	trace_save_head(t, f);
	for (i = 0; i < t->nr; i++)
		trace_save_event(&t->events[i], f);
	return file_error(f);
}

static bool load_capsule(struct trace *t, const char *line)
{
	unsigned long long budget, period;
	char name[4096], deadline[24];

	if (t->name || sscanf(line, "capsule %llu %llu %23s %4095[^\n]", &budget, &period,
			      deadline, name) != 4)
		return false;
	t->name = xstrdup(name);
	clean_text(t->name);
	t->res = (struct reservation){ budget, period, TIME_MAX };
	if (strcmp(deadline, "max"))
		t->res.deadline = strtoull(deadline, NULL, 10);
	return period > 0;
}

static bool load_head(struct trace *t, const char *line)
{
	unsigned long long a, b;
	char comm[64];
	int nr;

	if (!strncmp(line, "capsule ", 8))
		return load_capsule(t, line);
	if (sscanf(line, "time %llu %llu %lld", &a, &b, &t->lost) == 3) {
		t->begin = a;
		t->end = b;
		return b > a;
	}
	if (sscanf(line, "budget %d %llu", &nr, &a) == 2 && nr >= 0 && nr < MAX_CPUS) {
		trace_set_budget(t, nr, a);
		return true;
	}
	if (sscanf(line, "thread %d %63[^\n]", &nr, comm) == 2) {
		trace_add_thread(t, nr, comm);
		return true;
	}
	return false;
}

static bool load_event(struct trace_event *ev, const char *line)
{
	unsigned long long ts;
	long long a, b;
	char type[16];
	int cpu, n;
	unsigned int i, ready = 0;

	if (sscanf(line, "%llu %d %15s%n", &ts, &cpu, type, &n) != 3 || cpu < 0 || cpu >= MAX_CPUS)
		return false;
	if (sscanf(line + n, "%lld %lld %u", &a, &b, &ready) < 2)
		return false;
	for (i = 0; i < NR_TRACE_TYPES; i++)
		if (!strcmp(type, trace_names[i]))
			break;
	if (i == NR_TRACE_TYPES || (i == TRACE_LOST && a < 0))
		return false;
	*ev = (struct trace_event){ .ts = ts, .cpu = cpu, .type = i, .nr_ready = ready };
	if (i == TRACE_SWITCH) {
		ev->prev = a;
		ev->next = b;
	} else if (i == TRACE_MIGRATE || i == TRACE_WAKE) {
		ev->next = a;
		ev->from = b;
	} else {
		ev->runtime = a;
		ev->left = b;
	}
	return true;
}

/* 0, or that of @take; -EINVAL if it is no such line. */
static int load_line(struct trace *t, const char *line, int nr, trace_fn take, void *data)
{
	struct trace_event ev;

	if (nr == 1)
		return strcmp(line, "sched-vm-trace 1\n") ? -EINVAL : 0;
	if (*line < '0' || *line > '9')
		return load_head(t, line) ? 0 : -EINVAL;
	return load_event(&ev, line) ? take(&ev, data) : -EINVAL;
}

int trace_read(struct trace *t, const char *path, trace_fn take, void *data)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int nr = 0, ret = 0;

	*t = (struct trace){};
	if (!f)
		return complain(errno, cure_of(CALL_INPUT, errno), "%s", path);
	while (!ret && getline(&line, &room, f) > 0)
		ret = load_line(t, line, ++nr, take, data);
	fclose(f);
	free(line);
	if (!ret && nr && t->name && t->end)
		return 0;
	trace_free(t);
	if (ret && ret != -EINVAL)
		return ret;
	return complain(0, "such files are made by sched-vm record --raw",
			"%s, line %d: this is no recorded trace", path, nr ? nr : 1);
}

static int keep(const struct trace_event *ev, void *data)
{
	*trace_add(data) = *ev;
	return 0;
}

int trace_load(struct trace *t, const char *path)
{
	return trace_read(t, path, keep, t);
}
