// SPDX-License-Identifier: GPL-2.0
/* record: some seconds of a capsule as a timeline. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* --- where it goes --- */

enum { JSON, SVG, RAW, NR_OUTPUTS };

struct output {
	char *path;		/* NULL: not wanted */
	FILE *f;
	bool created;
};

/* What is in it stays until there is something better. */
static int open_output(struct output *o)
{
	int fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	o->created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(o->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(errno, "-o, --svg and --raw name other files", "cannot write %s",
				o->path);
	o->f = fdopen(fd, "w");
	return EXIT_OK;
}

/* An empty one that was not there before is of no use. */
static void close_outputs(struct output *outputs, bool keep)
{
	int i;

	for (i = 0; i < NR_OUTPUTS; i++) {
		struct output *o = &outputs[i];

		if (o->f)
			fclose(o->f);
		if (o->created && !keep)
			unlink(o->path);
		free(o->path);
	}
}

/* One may have two names: --from is read already, but it is somebody's only copy. */
static bool is_file(const struct output *o, const char *path)
{
	struct stat a, b;

	return path && o->f && !fstat(fileno(o->f), &a) && !stat(path, &b) &&
	       S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int check_files(const struct args *args, const struct output *outputs)
{
	int i, j;

	for (i = 0; i < NR_OUTPUTS; i++) {
		if (is_file(&outputs[i], args->from))
			return complain(0, NULL, "%s is what --from reads", outputs[i].path);
		for (j = 0; j < i; j++)
			if (is_file(&outputs[i], outputs[j].path))
				return complain(0, NULL, "%s and %s are one file", outputs[j].path,
						outputs[i].path);
	}
	return EXIT_OK;
}

/* Before anybody waits for a recording: all of them, or none. */
static int open_outputs(const struct args *args, const struct trace *t, struct output *outputs)
{
	int i, status = EXIT_OK;

	outputs[JSON].path = json_name(args, t);
	outputs[SVG].path = svg_name(args, outputs[JSON].path);
	outputs[RAW].path = args->raw ? xstrdup(args->raw) : NULL;
	check_names(args, outputs[JSON].path, outputs[SVG].path);
	for (i = 0; i < NR_OUTPUTS && status == EXIT_OK; i++)
		if (outputs[i].path)
			status = open_output(&outputs[i]);
	if (status == EXIT_OK)
		status = check_files(args, outputs);
	if (status != EXIT_OK)
		close_outputs(outputs, false);
	return status;
}

typedef int (*write_fn)(const struct trace *t, const struct timeline *tl, FILE *f);

static int write_raw(const struct trace *t, const struct timeline *tl, FILE *f)
{
	(void)tl;
	return trace_save(t, f);
}

static const write_fn writers[NR_OUTPUTS] = { timeline_json, timeline_svg, write_raw };

static int write_output(const struct trace *t, const struct timeline *tl, struct output *o,
			write_fn write)
{
	int ret;

	/* A pipe has nothing in it. */
	if (ftruncate(fileno(o->f), 0) && errno != EINVAL)
		return complain(errno, NULL, "cannot write %s", o->path);
	ret = write(t, tl, o->f);
	if (fclose(o->f) && !ret)
		ret = -errno;
	o->f = NULL;
	return ret ? complain(-ret, "--from makes it from what --raw has", "cannot write %s",
			      o->path) : EXIT_OK;
}

/* What can be written is, whatever happens to the others. */
static int convert(const struct trace *t, struct output *outputs)
{
	struct timeline tl;
	int i, status = EXIT_OK;

	timeline_build(t, &tl);
	for (i = NR_OUTPUTS - 1; i >= 0; i--)
		if (outputs[i].path && write_output(t, &tl, &outputs[i], writers[i]) != EXIT_OK)
			status = EXIT_FAILED;
	if (t->lost)
		warn("%lld events were lost: the timeline has gaps", t->lost);
	if (status == EXIT_OK)
		summary(t, &tl, outputs[JSON].path, outputs[SVG].path);
	timeline_free(&tl);
	return status;
}

static int nothing_happened(const struct trace *t)
{
	char *time = format_time((t->end - t->begin) / NS_PER_US);
	int status = complain(0, "sched-vm show NAME --threads says who is inside",
			      "%s: not one event in %s, nothing is written", t->name, time);

	free(time);
	return status;
}

/* What is known of the capsule and its name, before anything is recorded. */
static int prepare(const struct args *args, struct trace *t, struct capsule *c)
{
	char *cg;
	int status = EXIT_OK;

	if (args->from)
		return trace_load(t, args->from);
	cg = cg_find(args, args->rest[0]);
	if (!cg)
		return EXIT_FAILED;
	if (!capsule_exists(cg) || capsule_read(cg, c))
		status = complain(0, "sched-vm set gives it one", "%s has no reservation",
				  args->rest[0]);
	else
		take_capsule(t, c);
	free(cg);
	return status;
}

int cmd_record(const struct args *args)
{
	struct output outputs[NR_OUTPUTS] = {};
	struct capsule c = {};
	struct trace t = {};
	int status;

	if (!args->from == !args->nr_rest)
		usage("record: the NAME of a capsule, or --from FILE");
	if (args->output)
		check_names(args, args->output, args->svg);
	status = prepare(args, &t, &c);
	if (status == EXIT_OK)
		status = open_outputs(args, &t, outputs);
	if (status == EXIT_OK) {
		if (!args->from)
			status = record(args, &c, &t);
		if (status == EXIT_OK && !t.nr)
			status = nothing_happened(&t);
		if (status == EXIT_OK)
			status = convert(&t, outputs);
		else
			t.nr = 0;
		close_outputs(outputs, t.nr);
	}
	capsule_free(&c);
	trace_free(&t);
	return status;
}
