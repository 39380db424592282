// SPDX-License-Identifier: GPL-2.0
/* free: what can still be reserved on each CPU, and who has the rest. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched-vm.h"

static bool find_free(const char *cg, void *data)
{
	char **text = data;

	/* The root tells nothing, but what is directly below it and has nothing does. */
	if (!strcmp(cg, cg_mount()))
		return true;
	if (!*text && !capsule_exists(cg))
		*text = cg_read(cg, "cpu.rt_free");
	return false;
}

/* Of the whole machine; NULL: nobody tells. */
static char *machine_free(void)
{
	char *text = NULL;

	cg_walk(cg_mount(), find_free, &text);
	return text;
}

/* "cpu1 95.00", a line each */
static double free_on(const char *text, int cpu)
{
	char key[16];
	const char *s;

	snprintf(key, sizeof(key), "cpu%d ", cpu);
	for (s = text; s && *s; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (!strncmp(s, key, strlen(key)))
			return atof(s + strlen(key));
	}
	return -1;
}

int cpus_free(struct cpus *cpus, struct cpu_free **list)
{
	char *text = machine_free();
	int cpu, nr = 0;

	cg_cpus(cg_mount(), cpus);
	*list = NULL;
	for (cpu = cpus_next(cpus, -1); cpu >= 0; cpu = cpus_next(cpus, cpu)) {
		*list = grow(*list, nr, sizeof(**list));
		(*list)[nr++] = (struct cpu_free){ cpu, free_on(text, cpu) };
	}
	free(text);
	return nr;
}

/* --- who has the rest --- */

struct holder {
	const char *name;
	double percent;
};

struct line {
	int cpu;
	double left;		/* -1: not known */
	struct holder *holders;
	int nr;
};

static void add_holder(struct line *l, const char *name, double percent)
{
	if (percent < 0.005)
		return;
	l->holders = grow(l->holders, l->nr, sizeof(*l->holders));
	l->holders[l->nr++] = (struct holder){ name, percent };
}

/* Without a limit, all of a CPU may be reserved. */
static double limit(void)
{
	char *runtime = read_file("/proc/sys/kernel/sched_rt_runtime_us");
	char *period = read_file("/proc/sys/kernel/sched_rt_period_us");
	double r = runtime ? atof(runtime) : 950000, p = period ? atof(period) : 1000000;

	free(period);
	free(runtime);
	return r < 0 || p <= 0 ? 100 : 100 * r / p;
}

/* -1: who may not look there, does not know. */
static double kept_for_fair(int cpu)
{
	char *runtime = read_file("/sys/kernel/debug/sched/fair_server/cpu%d/runtime", cpu);
	char *period = read_file("/sys/kernel/debug/sched/fair_server/cpu%d/period", cpu);
	double r = runtime ? atof(runtime) : -1, p = period ? atof(period) : 0;

	free(period);
	free(runtime);
	return p > 0 && r >= 0 ? 100 * r / p : -1;
}

double capsule_share_on(const struct capsule *c, int cpu)
{
	u64 deadline = c->res.deadline == TIME_MAX ? c->res.period : c->res.deadline;

	return 100.0 * capsule_budget_on(c, cpu) / deadline;
}

static void fill(struct line *l, const struct capsule *list, int nr)
{
	double known = 0, fair = kept_for_fair(l->cpu);
	int i;

	for (i = 0; i < nr; i++)
		if (cpus_test(&list[i].cpus, l->cpu) && !capsule_is_part(list, nr, &list[i]))
			add_holder(l, list[i].name, capsule_share_on(&list[i], l->cpu));
	add_holder(l, "fair server", fair);
	add_holder(l, "nobody, by sched_rt_runtime_us", 100 - limit());
	for (i = 0; i < l->nr; i++)
		known += l->holders[i].percent;
	if (l->left >= 0 && 100 - l->left - known >= 0.05)
		add_holder(l, fair < 0 ? "fair server and others" : "others, as SCHED_DEADLINE",
			   100 - l->left - known);
}

static bool same_holders(const struct line *a, const struct line *b)
{
	int i;

	if (a->left != b->left || a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++)
		if (strcmp(a->holders[i].name, b->holders[i].name) ||
		    a->holders[i].percent != b->holders[i].percent)
			return false;
	return true;
}

static char *left_text(double left)
{
	return left < 0 ? xstrdup("?") : xasprintf("%.2f %%", left);
}

static void print_line(struct table *t, const struct cpus *cpus, const struct line *l)
{
	char *list = format_cpus(cpus), *left = left_text(l->left), *text = xstrdup(""), *more;
	int i;

	for (i = 0; i < l->nr; i++) {
		more = xasprintf("%s%s%s %.1f %%", text, i ? ", " : "", l->holders[i].name,
				 l->holders[i].percent);
		free(text);
		text = more;
	}
	table_add(t, "%s\t%s\t%s", list, left, text);
	free(text);
	free(left);
	free(list);
}

/* CPUs of which the same is true are one line. */
static void print_lines(const struct line *lines, int nr)
{
	struct table t = { .align = "lrl" };
	struct cpus done = {}, same;
	int i, j;

	table_add(&t, "CPU\tFREE\tHELD BY");
	for (i = 0; i < nr; i++) {
		if (cpus_test(&done, lines[i].cpu))
			continue;
		same = (struct cpus){};
		for (j = i; j < nr; j++) {
			if (!same_holders(&lines[i], &lines[j]))
				continue;
			cpus_set(&same, lines[j].cpu);
			cpus_set(&done, lines[j].cpu);
		}
		print_line(&t, &same, &lines[i]);
	}
	table_print(&t);
	table_free(&t);
}

static struct json_object *holder_json(const struct holder *h)
{
	struct json_object *o = json_object_new_object();

	jo_str(o, "name", h->name);
	json_object_object_add(o, "percent", json_object_new_double(h->percent));
	return o;
}

static void print_json(const struct line *lines, int nr)
{
	struct json_object *o = json_object_new_object(), *cpus = jo_array(o, "cpus");
	int i, j;

	for (i = 0; i < nr; i++) {
		struct json_object *one = json_object_new_object(), *held;

		jo_int(one, "cpu", lines[i].cpu);
		json_object_object_add(one, "free_percent", lines[i].left < 0 ? NULL :
				       json_object_new_double(lines[i].left));
		held = jo_array(one, "holders");
		for (j = 0; j < lines[i].nr; j++)
			json_object_array_add(held, holder_json(&lines[i].holders[j]));
		json_object_array_add(cpus, one);
	}
	json_print(o);
}

int cmd_free(const struct args *args)
{
	struct cpu_free *list;
	struct capsule *capsules;
	struct line *lines;
	struct cpus cpus;
	int i, n = 0, nr, nr_capsules;

	if (!machine_is_able())
		return EXIT_FAILED;
	if (HAS(args, OPT_CPUS) && cg_lacks_cpus(cg_mount(), &args->cpus))
		return EXIT_FAILED;
	nr = cpus_free(&cpus, &list);
	if (HAS(args, OPT_CPUS)) {
		cpus = cpus_common(&args->cpus, &cpus);
		warn_missing_cpus(&args->cpus, &cpus);
	}
	nr_capsules = capsules_find(&capsules);
	lines = xzalloc((nr + 1) * sizeof(*lines));
	for (i = 0; i < nr; i++) {
		if (!cpus_test(&cpus, list[i].cpu))
			continue;
		lines[n] = (struct line){ .cpu = list[i].cpu, .left = list[i].percent };
		fill(&lines[n++], capsules, nr_capsules);
	}
	if (json_mode)
		print_json(lines, n);
	else
		print_lines(lines, n);
	for (i = 0; i < n; i++)
		free(lines[i].holders);
	free(lines);
	free(list);
	capsules_free(capsules, nr_capsules);
	return EXIT_OK;
}
