// SPDX-License-Identifier: GPL-2.0
/* Reservations and counters, by the files of the cgroup. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sched-vm.h"

static u64 kernel_time(const char *text)
{
	return text && strcmp(text, "max") ? strtoull(text, NULL, 10) : TIME_MAX;
}

static u64 read_time(const char *cg, const char *file)
{
	char *text = cg_read(cg, file);
	u64 us = kernel_time(text);

	free(text);
	return us;
}

/* A budget of 0 is none: it forbids SCHED_FIFO, and inherits the rest. */
bool capsule_exists(const char *cg)
{
	u64 budget = read_time(cg, BUDGET);

	return budget && budget != TIME_MAX;
}

char *capsule_find(const struct args *args, const char *name)
{
	char *cg = cg_find(args, name);

	if (!cg || capsule_exists(cg))
		return cg;
	complain(0, "sched-vm set gives it one", "%s has no reservation", name);
	free(cg);
	return NULL;
}

#define COUNTER(name, heading, unit)	{ #name, heading, unit, offsetof(struct cpu_stat, name) }

const struct counter counters[] = {
	COUNTER(usage_usec, "USAGE", USEC),
	COUNTER(nr_periods, "PERIODS", COUNT),
	COUNTER(nr_throttled, "THROTTLED", COUNT),
	COUNTER(throttled_usec, "FOR", USEC),
	COUNTER(nr_overruns, "OVERRUNS", COUNT),
	COUNTER(max_overrun_nsec, "WORST", NSEC),
	COUNTER(nr_deadline_misses, "MISSES", COUNT),
	COUNTER(nr_migrations, "MIGRATIONS", COUNT),
	COUNTER(spilled_usec, "SPILLED", USEC),
	COUNTER(extra_usec, "EXTRA", USEC),
};

const int nr_counters = ARRAY_SIZE(counters);

long long counter_value(const struct cpu_stat *s, const struct counter *c)
{
	return *(const long long *)((const char *)s + c->offset);
}

char *counter_text(const struct cpu_stat *s, const struct counter *c)
{
	long long value = counter_value(s, c);

	if (value < 0)
		return xstrdup("-");
	if (c->unit == USEC)
		return format_time(value);
	return c->unit == NSEC ? format_ns(value) : xasprintf("%lld", value);
}

void counters_json(struct json_object *o, const struct cpu_stat *s)
{
	int i;

	for (i = 0; i < nr_counters; i++)
		if (counter_value(s, &counters[i]) >= 0)
			jo_int(o, counters[i].key, counter_value(s, &counters[i]));
}

static const struct cpu_stat nothing = { .cpu = -1, .spilled_usec = -1, .extra_usec = -1 };

/* Unknown keys are those of a newer kernel. */
static void take_counter(struct cpu_stat *stat, const char *key, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (!strcmp(key, counters[i].key))
			*(long long *)((char *)stat + counters[i].offset) = atoll(value);
}

/* "cpu0 nr_periods=3 ..." */
static void take_cpu_line(struct capsule *c, char *line)
{
	struct cpu_stat *stat;
	char *word, *save, *eq;

	c->cpu = grow(c->cpu, c->nr_cpus, sizeof(*c->cpu));
	stat = &c->cpu[c->nr_cpus++];
	*stat = nothing;
	stat->cpu = atoi(line + 3);
	strtok_r(line, " ", &save);
	while ((word = strtok_r(NULL, " ", &save))) {
		eq = strchr(word, '=');
		if (!eq)
			continue;
		*eq = '\0';
		take_counter(stat, word, eq + 1);
	}
}

static void read_stat(struct capsule *c)
{
	char *text = cg_read(c->path, "cpu.rt_stat"), *line, *save, *space;

	if (!text)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		space = strchr(line, ' ');
		if (!space)
			continue;
		if (!strncmp(line, "cpu", 3)) {
			take_cpu_line(c, line);
			continue;
		}
		*space = '\0';
		take_counter(&c->total, line, space + 1);
	}
	free(text);
	device_stat(c->path, c->cpu, c->nr_cpus);
}

/* Made by the tool: the last part of the path. Else, the path. */
static char *name_of(const char *cg)
{
	char *name = cg_noted(cg, "name");

	if (!name)
		name = xstrdup(cg_relative(cg));
	clean_text(name);
	return name;
}

int capsule_read(const char *cg, struct capsule *c)
{
	*c = (struct capsule){ .res.budget = TIME_MAX, .total = nothing };
	if (!cg_has(cg, BUDGET))
		return -ENOENT;
	c->path = xstrdup(cg);
	c->name = name_of(cg);
	c->res.budget = read_time(cg, BUDGET);
	c->res.period = read_time(cg, "cpu.rt_period_us");
	c->res.deadline = read_time(cg, "cpu.rt_deadline_us");
	c->scope = cg_read(cg, "cpu.rt_scope");
	c->extra = cg_read(cg, "cpu.rt_extra");
	c->cpu_budgets = cg_read(cg, CPU_BUDGET);
	c->irqs = cg_read(cg, "cpu.rt_irqs");
	cg_cpus(cg, &c->cpus);
	read_stat(c);
	return 0;
}

void capsule_free(struct capsule *c)
{
	free(c->path);
	free(c->name);
	free(c->scope);
	free(c->extra);
	free(c->cpu_budgets);
	free(c->irqs);
	free(c->cpu);
}

char *reservation_text(const struct reservation *res)
{
	char *budget = res->budget == TIME_MAX ? xstrdup("max") :
		       xasprintf("%llu", (unsigned long long)res->budget);
	char *deadline = res->deadline == TIME_MAX ? xstrdup("max") :
			 xasprintf("%llu", (unsigned long long)res->deadline);
	char *text = xasprintf("%s %llu %s", budget, (unsigned long long)res->period, deadline);

	free(budget);
	free(deadline);
	return text;
}

int capsule_reserve(const char *cg, const struct reservation *res)
{
	char *text = reservation_text(res);
	int ret = cg_write(cg, RT_MAX, "%s", text);

	free(text);
	return ret;
}

/* With the lines "<cpus> <Q>" of cpu.rt_cpu_budget_us. */
u64 capsule_budget_on(const struct capsule *c, int cpu)
{
	char *text, *line, *save, *space;
	u64 budget = c->res.budget;
	struct cpus cpus;

	if (!c->cpu_budgets)
		return budget;
	text = xstrdup(c->cpu_budgets);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		space = strchr(line, ' ');
		if (!space)
			continue;
		*space = '\0';
		if (parse_cpus(line, &cpus) && cpus_test(&cpus, cpu))
			budget = kernel_time(space + 1);
	}
	free(text);
	return budget;
}

struct list {
	struct capsule *c;
	int nr;
	bool all;
};

static bool take_capsule(const char *cg, void *data)
{
	struct list *l = data;
	char *name = l->all ? cg_noted(cg, "name") : NULL;

	if (name || capsule_exists(cg)) {
		l->c = grow(l->c, l->nr, sizeof(*l->c));
		if (!capsule_read(cg, &l->c[l->nr]))
			l->nr++;
	}
	free(name);
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct capsule *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Of the same name, each one has its path: a name that can be used. */
static void tell_apart(struct list *l)
{
	struct capsule **sorted = xzalloc((l->nr + 1) * sizeof(*sorted));
	int i, j, to;

	for (i = 0; i < l->nr; i++)
		sorted[i] = &l->c[i];
	qsort(sorted, l->nr, sizeof(*sorted), by_name);
	for (i = 0; i < l->nr; i = to) {
		for (to = i + 1; to < l->nr && !by_name(&sorted[i], &sorted[to]); to++)
			;
		for (j = i; to > i + 1 && j < to; j++) {
			free(sorted[j]->name);
			sorted[j]->name = xstrdup(cg_relative(sorted[j]->path));
			clean_text(sorted[j]->name);
		}
	}
	free(sorted);
}

static int find(struct capsule **list, bool all)
{
	struct list l = { .all = all };

	cg_walk(cg_mount(), take_capsule, &l);
	tell_apart(&l);
	*list = l.c;
	return l.nr;
}

int capsules_find(struct capsule **list)
{
	return find(list, false);
}

int capsules_find_all(struct capsule **list)
{
	return find(list, true);
}

void capsules_free(struct capsule *list, int nr)
{
	while (nr)
		capsule_free(&list[--nr]);
	free(list);
}

char *capsule_above(const char *cg)
{
	char *up = cg_parent(cg), *next;

	while (strlen(up) > strlen(cg_mount())) {
		if (capsule_exists(up))
			return up;
		next = cg_parent(up);
		free(up);
		up = next;
	}
	free(up);
	return NULL;
}

bool capsule_goes_on(const struct capsule *c)
{
	return c->extra && strcmp(c->extra, "none");
}

const char *capsule_state(const struct capsule *c)
{
	char *events = cg_read(c->path, "cgroup.events"), *comm;
	bool populated = keyed_value(events, "populated") > 0;
	pid_t pid;

	free(events);
	if (!c->res.budget || c->res.budget == TIME_MAX)
		return "none";
	if (populated)
		return "active";
	if (!cg_guest_is_gone(c->path, &pid, &comm))
		return "empty";
	free(comm);
	return "gone";
}

bool capsule_is_part(const struct capsule *list, int nr, const struct capsule *c)
{
	int i;

	for (i = 0; i < nr; i++)
		if (&list[i] != c && cg_is_below(c->path, list[i].path))
			return true;
	return false;
}

double capsule_share(const struct capsule *c)
{
	return c->res.budget == TIME_MAX ? 0 : 100.0 * c->res.budget / c->res.period;
}

int complain_no_files(const char *cg)
{
	struct stat st;

	if (stat(cg, &st))
		return complain(errno, cure_of(CALL_CGROUP, errno), "the cgroup %s",
				cg_relative(cg));
	if (!S_ISDIR(st.st_mode))
		return complain(0, CURE_LIST, "%s is no cgroup", cg_relative(cg));
	return complain(0, "echo +cpu > cgroup.subtree_control, in the one above",
			"the cgroup %s has no cpu controller", cg_relative(cg));
}
