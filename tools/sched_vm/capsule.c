// SPDX-License-Identifier: GPL-2.0
/* Reservations and counters, by the files of the cgroup. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static const struct {
	const char *key;
	size_t offset;
} counters[] = {
	{ "nr_periods", offsetof(struct cpu_stat, nr_periods) },
	{ "nr_throttled", offsetof(struct cpu_stat, nr_throttled) },
	{ "throttled_usec", offsetof(struct cpu_stat, throttled_usec) },
	{ "usage_usec", offsetof(struct cpu_stat, usage_usec) },
	{ "spilled_usec", offsetof(struct cpu_stat, spilled_usec) },
	{ "nr_overruns", offsetof(struct cpu_stat, nr_overruns) },
	{ "max_overrun_nsec", offsetof(struct cpu_stat, max_overrun_nsec) },
	{ "nr_migrations", offsetof(struct cpu_stat, nr_migrations) },
	{ "nr_deadline_misses", offsetof(struct cpu_stat, nr_deadline_misses) },
};

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
	*stat = (struct cpu_stat){ .cpu = atoi(line + 3) };
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
	*c = (struct capsule){ .res.budget = TIME_MAX };
	if (!cg_has(cg, BUDGET))
		return -ENOENT;
	c->path = xstrdup(cg);
	c->name = name_of(cg);
	c->res.budget = read_time(cg, BUDGET);
	c->res.period = read_time(cg, "cpu.rt_period_us");
	c->res.deadline = read_time(cg, "cpu.rt_deadline_us");
	c->scope = cg_read(cg, "cpu.rt_scope");
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
};

static bool take_capsule(const char *cg, void *data)
{
	struct list *l = data;

	if (capsule_exists(cg)) {
		l->c = grow(l->c, l->nr, sizeof(*l->c));
		if (!capsule_read(cg, &l->c[l->nr]))
			l->nr++;
	}
	return true;
}

int capsules_find(struct capsule **list)
{
	struct list l = {};

	cg_walk(cg_mount(), take_capsule, &l);
	*list = l.c;
	return l.nr;
}

static bool find_file(const char *cg, void *data)
{
	bool *found = data;

	*found = *found || cg_has(cg, RT_MAX);
	return !*found;
}

/* Any cgroup with the cpu controller tells. Without one, make one for a moment. */
bool capsules_supported(const struct args *args)
{
	struct cg_trial trial;
	bool found = false;
	char *probe;

	cg_walk(cg_mount(), find_file, &found);
	if (found)
		return true;
	probe = xasprintf("%s/check-%d", cg_base(args), getpid());
	quiet = true;
	found = !cg_try(probe, &trial) && cg_has(probe, RT_MAX);
	cg_end_trial(&trial);
	quiet = false;
	free(probe);
	return found;
}
