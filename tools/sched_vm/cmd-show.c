// SPDX-License-Identifier: GPL-2.0
/* list and show: what capsules there are, and what happened to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

/* Of the kernel's lines "<cpus> <Q>" */
static struct json_object *budgets_json(const char *text)
{
	struct json_object *array = json_object_new_array(), *o;
	char *copy = xstrdup(text ? text : ""), *line, *save, *space;
	struct cpus cpus;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		space = strchr(line, ' ');
		if (!space)
			continue;
		*space = '\0';
		parse_cpus(line, &cpus);
		o = json_object_new_object();
		json_object_object_add(o, "cpus", jo_cpus(&cpus));
		jo_int(o, "budget_us", atoll(space + 1));
		json_object_array_add(array, o);
	}
	free(copy);
	return array;
}

static struct json_object *numbers_json(const char *text)
{
	struct json_object *array = json_object_new_array();
	char *end;
	long nr;

	for (; text && *text; text = end + strspn(end, " ,\n")) {
		nr = strtol(text, &end, 10);
		if (end == text)
			break;
		json_object_array_add(array, json_object_new_int(nr));
	}
	return array;
}

static bool has_exceptions(const struct capsule *c)
{
	return strcmp(capsule_state(c), "none") && c->cpu_budgets && *c->cpu_budgets;
}

/* As it is where it has least: what it promises on each of its CPUs. */
static struct reservation least_of(const struct capsule *c)
{
	int first = cpus_next(&c->cpus, -1), cpu;
	struct reservation least = c->res;
	u64 budget;

	/* Exceptions from nothing are none. */
	if (!has_exceptions(c))
		return least;
	for (cpu = first; cpu >= 0; cpu = cpus_next(&c->cpus, cpu)) {
		budget = capsule_budget_on(c, cpu);
		if (cpu == first || budget < least.budget)
			least.budget = budget;
	}
	return least;
}

static struct json_object *capsule_json(const struct capsule *c)
{
	struct json_object *o = json_object_new_object(), *cpus, *stat;
	const struct reservation least = least_of(c);
	pid_t *tids;
	int i;

	jo_str(o, "name", c->name);
	jo_str(o, "cgroup", cg_relative(c->path));
	jo_time(o, "budget_us", c->res.budget);
	jo_int(o, "period_us", c->res.period);
	jo_time(o, "deadline_us", c->res.deadline);
	supply_json(o, &least);
	jo_str(o, "scope", c->scope);
	jo_str(o, "extra", c->extra);
	json_object_object_add(o, "cpus", jo_cpus(&c->cpus));
	json_object_object_add(o, "cpu_budgets", budgets_json(c->cpu_budgets));
	json_object_object_add(o, "irqs", numbers_json(c->irqs));
	jo_str(o, "state", capsule_state(c));
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

/* How many of the others it is below. */
static int depth_of(const struct capsule *list, int nr, const struct capsule *c)
{
	int i, depth = 0;

	for (i = 0; i < nr; i++)
		depth += &list[i] != c && capsule_exists(list[i].path) &&
			 cg_is_below(c->path, list[i].path);
	return depth;
}

/* What is below another one has a part of its share. */
static char *share_text(const struct capsule *c, int depth)
{
	if (!strcmp(capsule_state(c), "none"))
		return xstrdup("-");
	return xasprintf("%s%.1f %%%s", depth ? "(" : "", capsule_share(c), depth ? ")" : "");
}

static void list_row(struct table *t, const struct capsule *list, int nr_list, int i)
{
	const struct capsule *c = &list[i];
	char *budget = format_time(c->res.budget), *period = format_time(c->res.period);
	char *deadline = format_time(c->res.deadline), *cpus = format_cpus(&c->cpus);
	int depth = depth_of(list, nr_list, c);
	char *share = share_text(c, depth);
	pid_t *tids;
	int nr = capsule_threads(c->path, &tids);

	table_add(t, "%*s%s\t%s%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s", 2 * depth, "", c->name, budget,
		  has_exceptions(c) ? "*" : "", period, deadline, cpus, share,
		  c->scope ? c->scope : "", nr, capsule_state(c));
	free(share);
	free(tids);
	free(budget);
	free(period);
	free(deadline);
	free(cpus);
}

static void list_table(const struct capsule *list, int nr)
{
	struct table t = { .align = "lrrrlrlrl" };
	bool nested = false, exceptions = false;
	int i;

	table_add(&t, "NAME\tBUDGET\tPERIOD\tDEADLINE\tCPUS\tOF EACH\tSCOPE\tTHREADS\tSTATE");
	for (i = 0; i < nr; i++) {
		list_row(&t, list, nr, i);
		nested = nested || depth_of(list, nr, &list[i]);
		exceptions = exceptions || has_exceptions(&list[i]);
	}
	table_print(&t);
	table_free(&t);
	if (nested)
		puts("(in brackets: part of the one above)");
	if (exceptions)
		puts("(*: another one on some CPUs, see sched-vm show)");
}

int cmd_list(const struct args *args)
{
	struct capsule *list;
	int nr;

	(void)args;
	if (!machine_is_able())
		return EXIT_FAILED;
	nr = capsules_find_all(&list);
	if (json_mode)
		list_json(list, nr);
	else if (!nr)
		puts("no capsules");
	else
		list_table(list, nr);
	capsules_free(list, nr);
	return EXIT_OK;
}

static void print_no_reservation(const struct capsule *c)
{
	char *above = capsule_above(c->path);

	if (!c->res.budget)
		say(stdout, "%s: no reservation, and no SCHED_FIFO or SCHED_RR threads", c->name);
	else
		say(stdout, "%s: no reservation", c->name);
	say(stdout, above ? " (served by %s)\n" : " (served as usual)\n",
	    above ? cg_relative(above) : "");
	free(above);
}

static void print_reservation(const struct capsule *c)
{
	char *budget = format_time(c->res.budget), *period = format_time(c->res.period);
	char *deadline = format_time(c->res.deadline), *cpus = format_cpus(&c->cpus);
	bool many = cpus_count(&c->cpus) > 1;

	printf("%s: %s in every %s", c->name, budget, period);
	if (c->res.deadline != TIME_MAX)
		printf(", by %s", deadline);
	printf(" on %s %s, %.1f %% of %s", many ? "each of the CPUs" : "CPU", cpus,
	       capsule_share(c), many ? "each" : "it");
	if (c->scope && !strcmp(c->scope, "rt"))
		printf(", for SCHED_FIFO and SCHED_RR threads only");
	if (c->extra && !strcmp(c->extra, "idle"))
		printf(", and idle time");
	if (c->extra && !strcmp(c->extra, "fair"))
		printf(", and a normal share");
	printf("\n");
	free(budget);
	free(period);
	free(deadline);
	free(cpus);
}

/* As on the command line. */
static void print_budgets(const char *text)
{
	char *copy = xstrdup(text ? text : ""), *line, *save, *space, *budget, *list;
	struct cpus cpus;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		space = strchr(line, ' ');
		if (!space)
			continue;
		*space = '\0';
		if (!parse_cpus(line, &cpus))
			continue;
		list = cpus_text(&cpus);
		budget = format_time(strtoull(space + 1, NULL, 10));
		printf("but %s on %s\n", budget, list);
		free(budget);
		free(list);
	}
	free(copy);
}

static void print_head(const struct capsule *c)
{
	const struct reservation least = least_of(c);

	/* Exceptions count only while there is something that they are from. */
	if (!strcmp(capsule_state(c), "none")) {
		print_no_reservation(c);
		return;
	}
	print_reservation(c);
	print_supply(&least);
	print_budgets(c->cpu_budgets);
}

int show_reservation(const char *cg)
{
	struct capsule c;

	if (capsule_read(cg, &c))
		return EXIT_FAILED;
	print_head(&c);
	capsule_free(&c);
	return EXIT_OK;
}

/* Words, however they are separated. */
static void print_words(const char *what, const char *text)
{
	printf("%s", what);
	for (text += strspn(text, " ,\n"); *text; text += strspn(text, " ,\n")) {
		printf(" %.*s", (int)strcspn(text, " ,\n"), text);
		text += strcspn(text, " ,\n");
	}
	putchar('\n');
}

static void show_head(const struct capsule *c)
{
	char *comm;
	pid_t pid;

	print_head(c);
	say(stdout, "cgroup: %s\n", cg_relative(c->path));
	if (c->irqs && *c->irqs)
		print_words("irqs:", c->irqs);
	if (cg_guest_is_gone(c->path, &pid, &comm)) {
		printf("its process %d (%s) is gone\n", pid, comm);
		free(comm);
	}
}

/* A cell for each counter that the kernel has, all after @where. */
static void stat_row(struct table *t, const char *where, const struct cpu_stat *s,
		     const struct cpu_stat *total)
{
	char *row = xstrdup(where), *more, *cell;
	int i;

	for (i = 0; i < nr_counters; i++) {
		if (counter_value(total, &counters[i]) < 0)
			continue;
		cell = s ? counter_text(s, &counters[i]) : xstrdup(counters[i].heading);
		more = xasprintf("%s\t%s", row, cell);
		free(cell);
		free(row);
		row = more;
	}
	table_add(t, "%s", row);
	free(row);
}

static void show_stat(const struct capsule *c)
{
	char where[16], align[24] = "l";
	struct table t = { .align = align };
	int i;

	for (i = 0; i < nr_counters && i < (int)sizeof(align) - 2; i++)
		if (counter_value(&c->total, &counters[i]) >= 0)
			strcat(align, "r");
	stat_row(&t, "CPU", NULL, &c->total);
	for (i = 0; i < c->nr_cpus; i++) {
		snprintf(where, sizeof(where), "%d", c->cpu[i].cpu);
		stat_row(&t, where, &c->cpu[i], &c->total);
	}
	stat_row(&t, "all", &c->total, &c->total);
	table_print(&t);
	table_free(&t);
}

static void show_threads(const struct guest *g)
{
	struct table t = { .align = "rlll" };
	int i;

	table_add(&t, "TID\tNAME\tKIND\tWHERE");
	for (i = 0; i < g->nr; i++)
		thread_row(&t, &g->threads[i]);
	table_print(&t);
	table_free(&t);
	print_cures(g);
}

/* What is counted is not always the capsule's fault. */
static void show_hypervisor(const struct capsule *c)
{
	if (c->total.nr_overruns || c->total.nr_deadline_misses)
		print_hypervisor();
}

static void show(const struct args *args, const struct capsule *c)
{
	struct guest g;
	int escaped;

	guest_find_all(c->path, &g);
	escaped = guest_escaped(&g, c->path);
	show_head(c);
	show_stat(c);
	show_hypervisor(c);
	if (HAS(args, OPT_THREADS))
		show_threads(&g);
	if (escaped)
		printf("%d thread%s of its processes %s outside%s\n", escaped, plural(escaped),
		       are(escaped), HAS(args, OPT_THREADS) ? "" : " (--threads lists them)");
	guest_free(&g);
}

int cmd_show(const struct args *args)
{
	char *cg = cg_find(args, args->rest[0]);
	struct json_object *o;
	struct capsule c;

	if (!cg)
		return EXIT_FAILED;
	supply_options(args);
	if (capsule_read(cg, &c)) {
		complain_no_files(cg);
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
