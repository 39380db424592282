// SPDX-License-Identifier: GPL-2.0
/* top: what happens in all capsules, from one interval to the next. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "top.h"

#define POLL_MS		100

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
	if (top->threads)
		threads_look(v);
}

static void view_free(struct view *v)
{
	free(v->threads);
	while (v->nr)
		capsule_free(&v->list[--v->nr]);
	free(v->list);
	free(v->ids);
}

static struct latency *latency_of(struct top *top, u64 cgroup, int cpu)
{
	int i;

	for (i = 0; i < top->nr_latency; i++)
		if (top->latency[i].cgroup == cgroup && top->latency[i].cpu == cpu)
			return &top->latency[i];
	return NULL;
}

static const struct view *latest(const struct top *top)
{
	return top->now.at ? &top->now : &top->before;
}

/*
 * The event comes when a period begins, with the time to the deadline of the
 * one before: which, but for D < P, is that instant itself.
 */
static void take_replenish(const struct trace_event *ev, u64 cgroup, void *data)
{
	struct top *top = data;
	struct latency *l = latency_of(top, cgroup, ev->cpu);
	const struct view *v = latest(top);
	s64 late = -ev->left;
	int i;

	if (ev->type != TRACE_REPLENISH)
		return;
	for (i = 0; i < v->nr; i++) {
		const struct reservation *res = &v->list[i].res;

		if (v->ids[i] == cgroup && res->deadline != TIME_MAX)
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

/* The budgets are polled for more often than there is something to be seen. */
static void wait_interval(struct top *top, s64 end, bool live)
{
	s64 left;
	int ms;

	while (!tracer_stopped && !top->quit && (left = end - (s64)now_ns()) > 0) {
		ms = left / 1000000 + 1 < POLL_MS ? left / 1000000 + 1 : POLL_MS;
		if (live && screen_wait(top, ms) && top->now.at) {
			rows_make(top);
			screen_draw(top);
		} else if (!live) {
			poll(NULL, 0, ms);
		}
		if (top->tracer)
			tracer_poll(top->tracer, take_replenish, top);
	}
}

static void print_text(struct top *top, bool once, bool first)
{
	time_t now = time(NULL);
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", localtime(&now));
	if (first)
		print_hypervisor();
	if (!once)
		printf("%s\n", text);
	rows_print(top);
	if (!once)
		putchar('\n');
}

static void print(struct top *top, const struct args *args, int nr, bool live)
{
	rows_make(top);
	if (live)
		screen_draw(top);
	else if (json_mode)
		rows_json(top);
	else if (HAS(args, OPT_CSV))
		rows_csv(top, !nr);
	else
		print_text(top, HAS(args, OPT_ONCE) || args->count == 1, !nr);
	fflush(stdout);
}

/* False after a complaint about the first NAME that there is not. */
static bool find_paths(const struct args *args, struct top *top)
{
	char *path;
	int i;

	for (i = 0; i < args->nr_rest; i++) {
		path = capsule_find(args, args->rest[i]);
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

/* Until somebody has enough; the first look is no interval. */
static void watch(struct top *top, const struct args *args, int count, bool live)
{
	int nr = 0;

	look(top, &top->before);
	while (!tracer_stopped && !top->quit && (!count || nr < count)) {
		wait_interval(top, latest(top)->at + (s64)args->interval * NS_PER_US, live);
		if (tracer_stopped || top->quit)
			break;
		rows_free(top);
		if (top->now.at) {
			view_free(&top->before);
			top->before = top->now;
		}
		look(top, &top->now);
		procs_refresh();
		print(top, args, nr++, live);
		free(top->latency);
		top->latency = NULL;
		top->nr_latency = 0;
	}
}

/* Without tracefs, the latencies are missing, and nothing else. */
int cmd_top(const struct args *args)
{
	bool live = !HAS(args, OPT_ONCE) && !HAS(args, OPT_BATCH) && !HAS(args, OPT_CSV) &&
		    !json_mode && isatty(STDOUT_FILENO);
	struct top top = { .interval = args->interval, .threads = HAS(args, OPT_THREADS) };

	if (HAS(args, OPT_CSV) && json_mode)
		usage("top: --csv or --json");
	if (!args->nr_rest && !machine_is_able())
		return EXIT_FAILED;
	if (!find_paths(args, &top)) {
		free_paths(&top);
		return EXIT_FAILED;
	}
	tracer_signals();
	top.tracer = tracer_start(NULL, false);
	live = live && screen_begin();
	top.sort = live ? SORT_USED : SORT_NAME;
	watch(&top, args, HAS(args, OPT_ONCE) ? 1 : args->count, live);
	if (live)
		screen_end();
	rows_free(&top);
	view_free(&top.before);
	view_free(&top.now);
	free(top.latency);
	if (top.tracer)
		tracer_stop(top.tracer);
	free_paths(&top);
	return EXIT_OK;
}
