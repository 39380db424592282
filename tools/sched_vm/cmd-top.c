// SPDX-License-Identifier: GPL-2.0
/* top: what happens in all capsules, from one interval to the next. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sched-vm.h"

#define CLEAR		"\033[H\033[J"
#define POLL_NS		100000000LL

/* The capsules of one moment. */
struct view {
	struct capsule *list;
	u64 *ids;
	int nr;
	s64 at;
};

/* The worst replenishment of an interval, on a CPU of a capsule. */
struct latency {
	u64 cgroup;
	int cpu;
	s64 worst;
};

struct top {
	char **paths;		/* those to show; none: all */
	int nr_paths;
	struct view before, now;
	struct latency *latency;
	int nr_latency;
	struct tracer *tracer;
};

static bool chosen(const struct top *top, const struct capsule *c)
{
	int i;

	for (i = 0; i < top->nr_paths; i++)
		if (!strcmp(top->paths[i], c->path))
			return true;
	return !top->nr_paths;
}

static void look(const struct top *top, struct view *v)
{
	struct capsule *list;
	int i, nr = capsules_find(&list);

	*v = (struct view){ .at = now_ns() };
	v->list = xzalloc((nr + 1) * sizeof(*v->list));
	v->ids = xzalloc((nr + 1) * sizeof(*v->ids));
	for (i = 0; i < nr; i++) {
		if (!chosen(top, &list[i])) {
			capsule_free(&list[i]);
			continue;
		}
		v->ids[v->nr] = cg_id(list[i].path);
		v->list[v->nr++] = list[i];
	}
	free(list);
}

static void view_free(struct view *v)
{
	while (v->nr)
		capsule_free(&v->list[--v->nr]);
	free(v->list);
	free(v->ids);
}

static const struct cpu_stat *stat_in(const struct view *v, u64 id, int cpu)
{
	static const struct cpu_stat none;
	int i, j;

	for (i = 0; i < v->nr; i++)
		for (j = 0; v->ids[i] == id && j < v->list[i].nr_cpus; j++)
			if (v->list[i].cpu[j].cpu == cpu)
				return &v->list[i].cpu[j];
	return &none;
}

static struct latency *latency_of(struct top *top, u64 cgroup, int cpu)
{
	int i;

	for (i = 0; i < top->nr_latency; i++)
		if (top->latency[i].cgroup == cgroup && top->latency[i].cpu == cpu)
			return &top->latency[i];
	return NULL;
}

/*
 * The event comes when a period begins, with the time to the deadline of the
 * one before: which, but for D < P, is that instant itself.
 */
static void take_replenish(const struct trace_event *ev, u64 cgroup, void *data)
{
	struct top *top = data;
	struct latency *l = latency_of(top, cgroup, ev->cpu);
	s64 late = -ev->left;
	int i;

	for (i = 0; i < top->before.nr; i++) {
		const struct reservation *res = &top->before.list[i].res;

		if (top->before.ids[i] == cgroup && res->deadline != TIME_MAX)
			late -= (s64)(res->period - res->deadline) * NS_PER_US;
	}
	if (!l) {
		top->latency = grow(top->latency, top->nr_latency, sizeof(*top->latency));
		l = &top->latency[top->nr_latency++];
		*l = (struct latency){ cgroup, ev->cpu, late };
	}
	if (late > l->worst)
		l->worst = late;
}

/* A budget for each period that the interval had, as a share of it. */
static double used_share(const struct capsule *c, const struct cpu_stat *now,
			 const struct cpu_stat *before, s64 ns)
{
	double periods = (double)ns / NS_PER_US / c->res.period;
	double budget = periods * capsule_budget_on(c, now->cpu);

	return budget > 0 ? 100.0 * (now->usage_usec - before->usage_usec) / budget : 0;
}

static void cpu_row(struct top *top, struct table *t, int i, int j, int escaped)
{
	const struct capsule *c = &top->now.list[i];
	const struct cpu_stat *now = &c->cpu[j];
	const struct cpu_stat *before = stat_in(&top->before, top->now.ids[i], now->cpu);
	struct latency *l = latency_of(top, top->now.ids[i], now->cpu);
	char *late = l ? format_ns(l->worst) : xstrdup("-");
	char *budget = format_time(capsule_budget_on(c, now->cpu));
	char *period = format_time(c->res.period), *worst = format_ns(now->max_overrun_nsec);
	char out[16] = "";

	if (!j)
		snprintf(out, sizeof(out), "%d", escaped);
	table_add(t, "%s\t%d\t%s/%s\t%.1f %%\t%lld\t%lld\t%s\t%lld\t%s\t%s", j ? "" : c->name,
		  now->cpu, budget, period,
		  used_share(c, now, before, top->now.at - top->before.at),
		  now->nr_throttled - before->nr_throttled, now->nr_overruns - before->nr_overruns,
		  worst, now->nr_deadline_misses - before->nr_deadline_misses, late, out);
	free(late);
	free(budget);
	free(period);
	free(worst);
}

static void print_table(struct top *top)
{
	struct table t = { .align = "lrrrrrrrrr" };
	int i, j, escaped;

	table_add(&t, "NAME\tCPU\tBUDGET\tUSED\tDRY\tOVERRUNS\tWORST\tLATE\tREPLENISHED\tESCAPED");
	for (i = 0; i < top->now.nr; i++) {
		escaped = escaped_count(top->now.list[i].path);
		for (j = 0; j < top->now.list[i].nr_cpus; j++)
			cpu_row(top, &t, i, j, escaped);
	}
	if (t.nr > 1)
		table_print(&t);
	else
		puts("no capsules");
	table_free(&t);
}

static struct json_object *cpu_json(struct top *top, int i, int j)
{
	const struct capsule *c = &top->now.list[i];
	const struct cpu_stat *now = &c->cpu[j];
	const struct cpu_stat *before = stat_in(&top->before, top->now.ids[i], now->cpu);
	struct latency *l = latency_of(top, top->now.ids[i], now->cpu);
	double share = used_share(c, now, before, top->now.at - top->before.at);
	struct json_object *o = json_object_new_object();

	jo_int(o, "cpu", now->cpu);
	jo_time(o, "budget_us", capsule_budget_on(c, now->cpu));
	json_object_object_add(o, "used_percent", json_object_new_double(share));
	jo_int(o, "usage_usec", now->usage_usec - before->usage_usec);
	jo_int(o, "nr_throttled", now->nr_throttled - before->nr_throttled);
	jo_int(o, "nr_overruns", now->nr_overruns - before->nr_overruns);
	jo_int(o, "max_overrun_nsec", now->max_overrun_nsec);
	jo_int(o, "nr_deadline_misses", now->nr_deadline_misses - before->nr_deadline_misses);
	json_object_object_add(o, "replenish_latency_nsec",
			       l ? json_object_new_int64(l->worst) : NULL);
	return o;
}

static void print_json(struct top *top)
{
	struct json_object *o = json_object_new_object(), *list = jo_array(o, "capsules");
	int i, j;

	jo_int(o, "interval_ns", top->now.at - top->before.at);
	for (i = 0; i < top->now.nr; i++) {
		struct json_object *c = json_object_new_object(), *cpus;

		jo_str(c, "name", top->now.list[i].name);
		jo_str(c, "cgroup", cg_relative(top->now.list[i].path));
		jo_int(c, "period_us", top->now.list[i].res.period);
		cpus = jo_array(c, "cpus");
		for (j = 0; j < top->now.list[i].nr_cpus; j++)
			json_object_array_add(cpus, cpu_json(top, i, j));
		json_object_object_add(c, "escaped", escaped_json(top->now.list[i].path));
		json_object_array_add(list, c);
	}
	json_print(o);
}

static void wait_interval(struct top *top, s64 end)
{
	s64 left;

	while (!tracer_stopped && (left = end - now_ns()) > 0) {
		struct timespec pause = {
			.tv_nsec = left < POLL_NS ? left : POLL_NS,
		};

		nanosleep(&pause, NULL);
		if (top->tracer)
			tracer_poll(top->tracer, take_replenish, top);
	}
}

static void print(struct top *top, bool live)
{
	if (live)
		fputs(CLEAR, stdout);
	if (json_mode)
		print_json(top);
	else
		print_table(top);
	fflush(stdout);
}

/* False after a complaint about the first NAME that there is not. */
static bool find_paths(const struct args *args, struct top *top)
{
	char *path;
	int i;

	for (i = 0; i < args->nr_rest; i++) {
		path = cg_find(args, args->rest[i]);
		if (!path)
			return false;
		top->paths = grow(top->paths, top->nr_paths, sizeof(*top->paths));
		top->paths[top->nr_paths++] = path;
	}
	return true;
}

static void free_paths(struct top *top)
{
	while (top->nr_paths)
		free(top->paths[--top->nr_paths]);
	free(top->paths);
}

/* Without tracefs, the latencies are missing, and nothing else. */
int cmd_top(const struct args *args)
{
	bool once = HAS(args, OPT_ONCE), live = !once && !json_mode && isatty(STDOUT_FILENO);
	struct top top = {};

	if (!args->nr_rest && !machine_is_able())
		return EXIT_FAILED;
	if (!find_paths(args, &top)) {
		free_paths(&top);
		return EXIT_FAILED;
	}
	tracer_signals();
	top.tracer = tracer_start(NULL);
	look(&top, &top.before);
	do {
		wait_interval(&top, top.before.at + (s64)args->interval * NS_PER_US);
		look(&top, &top.now);
		if (!tracer_stopped)
			print(&top, live);
		view_free(&top.before);
		top.before = top.now;
		free(top.latency);
		top.latency = NULL;
		top.nr_latency = 0;
	} while (!tracer_stopped && !once);
	view_free(&top.before);
	if (top.tracer)
		tracer_stop(top.tracer);
	free_paths(&top);
	return EXIT_OK;
}
