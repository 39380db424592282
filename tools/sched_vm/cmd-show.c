// SPDX-License-Identifier: GPL-2.0
/* list and show: what capsules there are, and what happened to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

static void counters_json(struct json_object *o, const struct cpu_stat *s)
{
	jo_int(o, "nr_periods", s->nr_periods);
	jo_int(o, "nr_throttled", s->nr_throttled);
	jo_int(o, "throttled_usec", s->throttled_usec);
	jo_int(o, "usage_usec", s->usage_usec);
	jo_int(o, "spilled_usec", s->spilled_usec);
	jo_int(o, "nr_overruns", s->nr_overruns);
	jo_int(o, "max_overrun_nsec", s->max_overrun_nsec);
	jo_int(o, "nr_migrations", s->nr_migrations);
	jo_int(o, "nr_deadline_misses", s->nr_deadline_misses);
}

static struct json_object *capsule_json(const struct capsule *c)
{
	struct json_object *o = json_object_new_object(), *cpus, *stat;
	pid_t *tids;
	int i;

	jo_str(o, "name", c->name);
	jo_str(o, "cgroup", cg_relative(c->path));
	jo_time(o, "budget_us", c->res.budget);
	jo_int(o, "period_us", c->res.period);
	jo_time(o, "deadline_us", c->res.deadline);
	jo_str(o, "scope", c->scope);
	json_object_object_add(o, "cpus", jo_cpus(&c->cpus));
	jo_str(o, "cpu_budgets", c->cpu_budgets);
	jo_str(o, "irqs", c->irqs);
	jo_int(o, "nr_threads", capsule_threads(c->path, &tids));
	free(tids);
	stat = json_object_new_object();
	counters_json(stat, &c->total);
	json_object_object_add(o, "total", stat);
	cpus = jo_array(o, "stat");
	for (i = 0; i < c->nr_cpus; i++) {
		stat = json_object_new_object();
		jo_int(stat, "cpu", c->cpu[i].cpu);
		jo_time(stat, "budget_us", capsule_budget_on(c, c->cpu[i].cpu));
		counters_json(stat, &c->cpu[i]);
		if (c->cpu[i].device) {
			jo_int(stat, "left_ns", c->cpu[i].left_ns);
			jo_int(stat, "nr_ready", c->cpu[i].nr_ready);
			jo_bool(stat, "throttled", c->cpu[i].throttled);
		}
		json_object_array_add(cpus, stat);
	}
	return o;
}

static void list_json(struct capsule *list, int nr)
{
	struct json_object *o = json_object_new_object(), *array;
	int i;

	array = jo_array(o, "capsules");
	for (i = 0; i < nr; i++)
		json_object_array_add(array, capsule_json(&list[i]));
	json_print(o);
}

static void list_row(struct table *t, const struct capsule *c)
{
	char *budget = format_time(c->res.budget), *period = format_time(c->res.period);
	char *deadline = format_time(c->res.deadline), *cpus = format_cpus(&c->cpus);
	pid_t *tids;
	int nr = capsule_threads(c->path, &tids);

	table_add(t, "%s\t%s%s\t%s\t%s\t%s\t%.1f %%\t%s\t%d", c->name, budget,
		  c->cpu_budgets && *c->cpu_budgets ? "*" : "", period, deadline, cpus,
		  100.0 * c->res.budget / c->res.period, c->scope ? c->scope : "", nr);
	free(tids);
	free(budget);
	free(period);
	free(deadline);
	free(cpus);
}

int cmd_list(const struct args *args)
{
	struct table t = { .align = "lrrrlrlr" };
	struct capsule *list;
	int i, nr;

	(void)args;
	nr = capsules_find(&list);
	if (json_mode) {
		list_json(list, nr);
	} else if (!nr) {
		puts("no capsules");
	} else {
		table_add(&t, "NAME\tBUDGET\tPERIOD\tDEADLINE\tCPUS\tSHARE\tSCOPE\tTHREADS");
		for (i = 0; i < nr; i++)
			list_row(&t, &list[i]);
		table_print(&t);
		table_free(&t);
	}
	for (i = 0; i < nr; i++)
		capsule_free(&list[i]);
	free(list);
	return EXIT_OK;
}

static void show_reservation(const struct capsule *c)
{
	char *budget = format_time(c->res.budget), *period = format_time(c->res.period);
	char *deadline = format_time(c->res.deadline), *cpus = format_cpus(&c->cpus);

	printf("%s: %s in every %s", c->name, budget, period);
	if (c->res.deadline != TIME_MAX)
		printf(", by %s", deadline);
	printf(", on CPUs %s, scope %s\n", cpus, c->scope);
	say(stdout, "cgroup: %s\n", cg_relative(c->path));
	if (c->cpu_budgets && *c->cpu_budgets)
		printf("other budgets (CPUs, us):\n%s\n", c->cpu_budgets);
	if (c->irqs && *c->irqs)
		printf("irqs: %s\n", c->irqs);
	free(budget);
	free(period);
	free(deadline);
	free(cpus);
}

static void stat_row(struct table *t, const char *where, const struct cpu_stat *s)
{
	char *usage = format_time(s->usage_usec), *dry = format_time(s->throttled_usec);
	char *worst = format_ns(s->max_overrun_nsec);

	table_add(t, "%s\t%s\t%lld\t%lld\t%s\t%lld\t%s\t%lld\t%lld", where, usage, s->nr_periods,
		  s->nr_throttled, dry, s->nr_overruns, worst, s->nr_deadline_misses,
		  s->nr_migrations);
	free(usage);
	free(dry);
	free(worst);
}

static void show_stat(const struct capsule *c)
{
	struct table t = { .align = "lrrrrrrrr" };
	char where[16];
	int i;

	table_add(&t, "CPU\tUSED\tPERIODS\tRAN DRY\tFOR\tOVERRUNS\tWORST\tLATE\tCAME");
	for (i = 0; i < c->nr_cpus; i++) {
		snprintf(where, sizeof(where), "%d", c->cpu[i].cpu);
		stat_row(&t, where, &c->cpu[i]);
	}
	stat_row(&t, "all", &c->total);
	table_print(&t);
	table_free(&t);
}

static void show_threads(const struct guest *g)
{
	struct table t = { .align = "rlll" };
	int i;

	table_add(&t, "TID\tNAME\tKIND\tWHERE");
	for (i = 0; i < g->nr; i++)
		thread_row(&t, &g->threads[i],
			   g->threads[i].kind == THREAD_IRQ ? "bound" : "inside");
	table_print(&t);
	table_free(&t);
	print_cures(g);
}

static void show(const struct args *args, const struct capsule *c)
{
	struct guest g;
	int escaped;

	guest_find_all(c->path, &g);
	escaped = guest_escaped(&g, c->path);
	show_reservation(c);
	show_stat(c);
	if (HAS(args, OPT_THREADS))
		show_threads(&g);
	if (escaped)
		printf("%d threads of its processes are outside%s\n", escaped,
		       HAS(args, OPT_THREADS) ? "" : " (--threads lists them)");
	guest_free(&g);
}

int cmd_show(const struct args *args)
{
	char *cg = cg_find(args, args->rest[0]);
	struct json_object *o;
	struct capsule c;

	if (!cg)
		return EXIT_FAILED;
	if (capsule_read(cg, &c)) {
		complain(0, "turn on the cpu controller there; or " CURE_KERNEL,
			 "%s has no cpu.rt_budget_us", cg_relative(cg));
		free(cg);
		return EXIT_FAILED;
	}
	if (json_mode) {
		o = capsule_json(&c);
		json_object_object_add(o, "escaped", escaped_json(cg));
		json_print(o);
	} else {
		show(args, &c);
	}
	capsule_free(&c);
	free(cg);
	return EXIT_OK;
}
