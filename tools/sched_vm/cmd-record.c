// SPDX-License-Identifier: GPL-2.0
/* record: some seconds of a capsule as a timeline. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sched-vm.h"

#define CURE_TRACING	"event tracing in the kernel, and tracefs at /sys/kernel/tracing"
#define POLL_NS		50000000	/* the buffers hold much more than that */

struct recording {
	struct trace *t;
	u64 cgroup;
};

/* Switches are kept until it is known whose threads are in the capsule. */
static void take_event(const struct trace_event *ev, u64 cgroup, void *data)
{
	struct recording *r = data;

	if (ev->type != TRACE_SWITCH && cgroup != r->cgroup)
		return;
	*trace_add(r->t) = *ev;
}

static void take_thread(struct trace *t, pid_t tid)
{
	char *comm = trace_thread(t, tid) ? NULL : read_file("/proc/%d/comm", tid);

	if (comm)
		trace_add_thread(t, tid, *comm ? comm : "-");
	free(comm);
}

static void take_irqs(struct trace *t, const char *irqs)
{
	struct guest g = {};
	int i;

	irqs_threads(&g, irqs);
	for (i = 0; i < g.nr; i++)
		trace_add_thread(t, g.threads[i].tid, g.threads[i].comm);
	guest_free(&g);
}

/* Threads come and go: those that lived shorter than a poll may be missed. */
static void take_threads(struct trace *t, const struct capsule *c)
{
	int i, nr;
	pid_t *tids;

	nr = capsule_threads(c->path, &tids);
	for (i = 0; i < nr; i++)
		take_thread(t, tids[i]);
	free(tids);
	take_irqs(t, c->irqs);
}

static void take_capsule(struct trace *t, const struct capsule *c)
{
	int cpu, i;

	t->name = xstrdup(c->name);
	t->res = c->res;
	for (cpu = cpus_next(&c->cpus, -1); cpu >= 0; cpu = cpus_next(&c->cpus, cpu))
		trace_set_budget(t, cpu, capsule_budget_on(c, cpu) * NS_PER_US);
	/* With capsules below, the device knows how much is left for it. */
	for (i = 0; i < c->nr_cpus; i++)
		if (c->cpu[i].device && c->cpu[i].cpu < t->nr_cpus)
			t->budget_ns[c->cpu[i].cpu] = c->cpu[i].budget_ns;
}

/* Switches between threads of others say nothing about the capsule. */
static void drop_others(struct trace *t, size_t from)
{
	size_t i, to = from;

	for (i = from; i < t->nr; i++) {
		const struct trace_event *ev = &t->events[i];

		if (ev->ts < t->begin || ev->ts > t->end)
			continue;
		if (ev->type == TRACE_SWITCH && !trace_thread(t, ev->prev) &&
		    !trace_thread(t, ev->next))
			continue;
		t->events[to++] = *ev;
	}
	t->nr = to;
}

/* Each second, to somebody who looks on. */
static void show_progress(const struct trace *t, u64 now, u64 *last)
{
	u64 seconds = (now - t->begin) / NS_PER_S;

	if (seconds == *last || !isatty(STDERR_FILENO))
		return;
	*last = seconds;
	fprintf(stderr, "\rrecording: %llu of %llu s", (unsigned long long)seconds,
		(unsigned long long)((t->end - t->begin) / NS_PER_S));
}

/* Until the time is over. What comes from others is not kept for longer than a poll. */
static void poll_events(struct tracer *tracer, struct recording *r, const struct capsule *c)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	struct trace *t = r->t;
	u64 shown = 0;
	size_t kept;

	take_threads(t, c);
	while (!tracer_stopped && now_ns() < t->end) {
		kept = t->nr;
		nanosleep(&pause, NULL);
		tracer_poll(tracer, take_event, r);
		take_threads(t, c);
		drop_others(t, kept);
		show_progress(t, now_ns(), &shown);
	}
	if (shown)
		fputs("\r\033[K", stderr);
}

static int record(const struct args *args, const struct capsule *c, struct trace *t)
{
	struct recording r = { t, cg_id(c->path) };
	struct tracer *tracer;

	tracer = tracer_start(&c->cpus);
	if (!tracer)
		return complain(errno, geteuid() ? "run as root" : CURE_TRACING, "cannot trace");
	tracer_signals();
	take_capsule(t, c);
	t->begin = now_ns();
	t->end = t->begin + args->time * NS_PER_US;
	poll_events(tracer, &r, c);
	if (now_ns() < t->end)
		t->end = now_ns();
	t->lost = tracer_lost(tracer);
	tracer_stop(tracer);
	trace_sort(t);
	drop_others(t, 0);
	return EXIT_OK;
}

static int from_capsule(const struct args *args, struct trace *t)
{
	char *cg = cg_find(args, args->rest[0]);
	struct capsule c;
	int status;

	if (!cg)
		return EXIT_FAILED;
	if (!capsule_exists(cg)) {
		status = complain(0, "sched-vm set gives it one", "%s has no reservation",
				  args->rest[0]);
		free(cg);
		return status;
	}
	capsule_read(cg, &c);
	status = record(args, &c, t);
	capsule_free(&c);
	free(cg);
	return status;
}

/* FILE.json -> FILE.svg */
static char *svg_name(const struct args *args, const char *json)
{
	const char *dot;
	int len;

	if (args->svg)
		return xstrdup(args->svg);
	dot = strrchr(json, '.');
	len = dot && !strchr(dot, '/') ? (int)(dot - json) : (int)strlen(json);
	return xasprintf("%.*s.svg", len, json);
}

/* The last part of a path is a good name for a file, too. */
static char *json_name(const struct args *args, const struct trace *t)
{
	const char *slash = strrchr(t->name, '/');

	return args->output ? xstrdup(args->output) :
	       xasprintf("%s.json", slash ? slash + 1 : t->name);
}

static void summary(const struct trace *t, const struct timeline *tl, const char *json,
		    const char *svg)
{
	struct json_object *o;

	if (!json_mode) {
		printf("%s and %s: %zu events, %d threads, %zu slices\n", json, svg, t->nr,
		       t->nr_threads, tl->nr_slices);
		return;
	}
	o = json_object_new_object();
	jo_str(o, "json", json);
	jo_str(o, "svg", svg);
	jo_int(o, "events", t->nr);
	jo_int(o, "threads", t->nr_threads);
	jo_int(o, "slices", tl->nr_slices);
	jo_int(o, "lost_events", t->lost);
	json_print(o);
}

static bool same_file(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* Each would overwrite another, or what it is made from. */
static void check_names(const struct args *args, const char *json, const char *svg)
{
	if (same_file(json, svg) || same_file(json, args->raw) || same_file(svg, args->raw))
		usage("record: JSON, picture and --raw go to files of different names");
	if (same_file(json, args->from) || same_file(svg, args->from))
		usage("record: %s is what --from reads", args->from);
}

/* As far as they are known before there is a trace. */
static void check_given_names(const struct args *args)
{
	char *svg = args->output || args->svg ? svg_name(args, args->output) : NULL;

	check_names(args, args->output, svg);
	free(svg);
}

static int convert(const struct args *args, const struct trace *t)
{
	char *json = json_name(args, t), *svg = svg_name(args, json);
	struct timeline tl;
	int ret, status = EXIT_OK;

	check_names(args, json, svg);
	timeline_build(t, &tl);
	ret = timeline_json(t, &tl, json);
	if (ret)
		status = complain(-ret, NULL, "cannot write %s", json);
	if (!ret) {
		ret = timeline_svg(t, &tl, svg);
		if (ret)
			status = complain(-ret, NULL, "cannot write %s", svg);
	}
	if (!ret) {
		if (t->lost)
			warn("%lld events were lost: the timeline has gaps", t->lost);
		summary(t, &tl, json, svg);
	}
	timeline_free(&tl);
	free(json);
	free(svg);
	return status;
}

int cmd_record(const struct args *args)
{
	struct trace t = {};
	int status, ret;

	if (!args->from == !args->nr_rest)
		usage("record: the NAME of a capsule, or --from FILE");
	check_given_names(args);
	status = args->from ? trace_load(&t, args->from) : from_capsule(args, &t);
	if (status == EXIT_OK && args->raw) {
		ret = trace_save(&t, args->raw);
		if (ret)
			status = complain(-ret, NULL, "cannot write %s", args->raw);
	}
	if (status == EXIT_OK)
		status = convert(args, &t);
	trace_free(&t);
	return status;
}
