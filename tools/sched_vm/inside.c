// SPDX-License-Identifier: GPL-2.0
/*
 * Who is inside of a capsule, and who that should be is not? For machines with many
 * guests: of a thread that is where it belongs, nothing is opened.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sched-vm.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE	6
#endif

struct collection {
	const char *top;
	pid_t *ids;
	int nr;
	bool threaded;
};

static void collect(struct collection *c, const char *text)
{
	char *end;

	while (text && *text) {
		pid_t id = strtol(text, &end, 10);

		if (end == text)
			break;
		c->ids = grow(c->ids, c->nr, sizeof(*c->ids));
		c->ids[c->nr++] = id;
		text = end;
	}
}

static int by_id(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* In order, and each once. */
static int finish(struct collection *c, pid_t **ids)
{
	int i, nr = 0;

	if (c->nr)
		qsort(c->ids, c->nr, sizeof(*c->ids), by_id);
	for (i = 0; i < c->nr; i++)
		if (!nr || c->ids[nr - 1] != c->ids[i])
			c->ids[nr++] = c->ids[i];
	*ids = c->ids;
	return nr;
}

static bool has_id(const pid_t *ids, int nr, pid_t id)
{
	return nr && bsearch(&id, ids, nr, sizeof(id), by_id);
}

static bool collect_file(const char *cg, struct collection *c, const char *file)
{
	char *text;

	if (strcmp(cg, c->top) && capsule_exists(cg))
		return false;
	text = cg_read(cg, file);
	/* A threaded cgroup names threads only, and no processes. */
	c->threaded = c->threaded || (!text && !strcmp(cg, c->top));
	collect(c, text);
	free(text);
	return true;
}

static bool collect_threads(const char *cg, void *data)
{
	return collect_file(cg, data, "cgroup.threads");
}

static bool collect_processes(const char *cg, void *data)
{
	return collect_file(cg, data, "cgroup.procs");
}

int capsule_threads(const char *cg, pid_t **tids)
{
	struct collection c = { .top = cg };

	cg_walk(cg, collect_threads, &c);
	return finish(&c, tids);
}

static void processes_of(struct collection *c, const pid_t *tids, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		char *path = xasprintf("/proc/%d/status", tids[i]);
		char *text = proc_field(path, "Tgid");

		collect(c, text);
		free(text);
		free(path);
	}
}

int capsule_processes(const char *cg, pid_t **pids)
{
	struct collection c = { .top = cg };
	pid_t *tids;
	int nr;

	cg_walk(cg, collect_processes, &c);
	if (c.threaded) {
		nr = capsule_threads(cg, &tids);
		processes_of(&c, tids, nr);
		free(tids);
	}
	return finish(&c, pids);
}

struct members {
	const pid_t *tids;	/* inside */
	int nr;
	struct guest *g;	/* who may be outside */
};

static void add_outside(pid_t tid, void *data)
{
	struct members *m = data;

	if (!has_id(m->tids, m->nr, tid))
		guest_add_thread(m->g, tid, THREAD_PROCESS, -1);
}

/* Each thread has a folder there. */
static int nr_threads(pid_t pid)
{
	char *path = xasprintf("/proc/%d/task", pid);
	struct stat st;
	int nr = stat(path, &st) ? 0 : (int)st.st_nlink - 2;

	free(path);
	return nr;
}

/* If there are as many inside as there are, none need be looked for. */
static void find_threads(struct members *m, const pid_t *pids, int nr)
{
	int i, all = 0;

	for (i = 0; i < nr; i++)
		all += nr_threads(pids[i]);
	for (i = 0; i < nr && all != m->nr; i++) {
		char *dir = xasprintf("/proc/%d/task", pids[i]);

		each_number(dir, add_outside, m);
		free(dir);
	}
}

static void find_devices(struct members *m, const pid_t *pids, int nr, const char *irqs)
{
	int i;

	for (i = 0; i < nr; i++) {
		m->g->pid = pids[i];
		if (!is_kthread(pids[i]))
			guest_find_devices(m->g);
	}
	irqs_threads(m->g, irqs);
}

/* These have a reservation of their own, wherever they are. */
static void find_deadline_threads(struct members *m)
{
	int i;

	for (i = 0; i < m->nr; i++)
		if ((sched_getscheduler(m->tids[i]) & ~SCHED_RESET_ON_FORK) == SCHED_DEADLINE)
			guest_add_thread(m->g, m->tids[i], THREAD_PROCESS, -1);
}

static void find_kthreads(struct members *m, const pid_t *pids, int nr_pids)
{
	const struct proc *list;
	int i, nr = procs_all(&list);

	for (i = 0; i < nr; i++) {
		pid_t owner = number_in_name(&list[i]);

		if (owner && !has_id(m->tids, m->nr, list[i].pid) &&
		    (has_id(m->tids, m->nr, owner) || has_id(pids, nr_pids, owner)))
			guest_add_thread(m->g, list[i].pid, THREAD_KTHREAD, -1);
	}
}

/* Who works for it: those inside, and those that were brought in once. */
static int workers(const char *cg, pid_t **pids)
{
	struct collection c = {};
	pid_t *noted;
	int i, nr;

	c.nr = capsule_processes(cg, &c.ids);
	nr = cg_noted_processes(cg, &noted);
	for (i = 0; i < nr; i++) {
		c.ids = xrealloc(c.ids, (c.nr + 1) * sizeof(*c.ids));
		c.ids[c.nr++] = noted[i];
	}
	free(noted);
	return finish(&c, pids);
}

int escaped_find(const char *cg, struct guest *g)
{
	char *irqs = cg_read(cg, "cpu.rt_irqs");
	pid_t *tids, *pids;
	struct members m = { .g = g };
	int nr;

	*g = (struct guest){};
	m.nr = capsule_threads(cg, &tids);
	m.tids = tids;
	nr = workers(cg, &pids);
	find_threads(&m, pids, nr);
	find_deadline_threads(&m);
	find_kthreads(&m, pids, nr);
	find_devices(&m, pids, nr, irqs);
	free(pids);
	free(tids);
	free(irqs);
	return guest_escaped(g, cg);
}

int escaped_count(const char *cg)
{
	struct guest g;
	int escaped = escaped_find(cg, &g);

	guest_free(&g);
	return escaped;
}

struct json_object *escaped_json(const char *cg)
{
	struct json_object *array = json_object_new_array();
	struct guest g;
	int i;

	escaped_find(cg, &g);
	for (i = 0; i < g.nr; i++)
		if (g.threads[i].why && !g.threads[i].intended)
			json_object_array_add(array, thread_json(&g.threads[i]));
	guest_free(&g);
	return array;
}

/* isolcpus= and taskset keep threads off CPUs that their cgroup has. */
bool unusable_cpus(const char *cg, const struct cpus *cpus, struct cpus *unusable)
{
	struct cpus allowed;
	pid_t *tids;
	int i, cpu, nr = capsule_threads(cg, &tids);

	*unusable = *cpus;
	for (i = 0; i < nr; i++) {
		allowed = (struct cpus){};
		if (sched_getaffinity(tids[i], sizeof(allowed.map), (cpu_set_t *)allowed.map))
			continue;
		for (cpu = cpus_next(&allowed, -1); cpu >= 0; cpu = cpus_next(&allowed, cpu))
			cpus_clear(unusable, cpu);
	}
	free(tids);
	return nr;
}
