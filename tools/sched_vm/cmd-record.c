// SPDX-License-Identifier: GPL-2.0
/* record: some seconds of a capsule as a timeline. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timeline.h"

#define CURE_ROOM	"more room beside the JSON file, or -o on another disk"

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

static void summary(const struct trace *t, size_t nr_events, size_t nr_slices, const char *json,
		    const char *svg)
{
	struct json_object *o;

	if (!json_mode) {
		printf("%s and %s: %zu event%s, %d thread%s, %zu slice%s\n", json, svg, nr_events,
		       plural(nr_events), t->nr_threads, plural(t->nr_threads), nr_slices,
		       plural(nr_slices));
		return;
	}
	o = json_object_new_object();
	jo_str(o, "json", json);
	jo_str(o, "svg", svg);
	jo_int(o, "events", nr_events);
	jo_int(o, "threads", t->nr_threads);
	jo_int(o, "slices", nr_slices);
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

/* Before anybody waits for a recording: all of them, or none. */
static int open_outputs(const struct args *args, const struct trace *t, struct output *outputs)
{
	outputs[JSON].path = json_name(args, t);
	outputs[SVG].path = svg_name(args, outputs[JSON].path);
	outputs[RAW].path = args->raw ? xstrdup(args->raw) : NULL;
	check_names(args, outputs[JSON].path, outputs[SVG].path);
	return outputs_open(outputs, NR_OUTPUTS, args->from);
}

/* The events as text, which --from reads. */
static void *raw_begin(const struct trace *t, FILE *f)
{
	trace_save_head(t, f);
	return f;
}

static void raw_event(void *data, const struct trace_event *ev)
{
	trace_save_event(ev, data);
}

static int raw_end(void *data)
{
	return file_error(data);
}

static const struct sink raw_sink = { .begin = raw_begin, .event = raw_event, .end = raw_end };

static const struct sink *const sinks[NR_OUTPUTS] = { &json_sink, &svg_sink, &raw_sink };

static int complain_output(const struct output *o, int ret)
{
	return complain(-ret, cure_of(CALL_OUTPUT, -ret), "cannot write %s", o->path);
}

/* What can be written is, whatever happens to the others. */
static int convert(const struct trace *t, struct store *store, struct output *outputs)
{
	struct timeline *tl = timeline_begin(t);
	struct output *written[NR_OUTPUTS];
	int results[NR_OUTPUTS], i, ret, nr = 0, status = EXIT_OK;
	struct trace_event ev;
	size_t nr_slices;

	for (i = 0; i < NR_OUTPUTS; i++) {
		ret = outputs[i].path ? output_begin(&outputs[i]) : 0;
		if (ret)
			status = complain_output(&outputs[i], ret);
		if (!outputs[i].path || ret)
			continue;
		timeline_add(tl, sinks[i], outputs[i].f);
		written[nr++] = &outputs[i];
	}
	store_rewind(store);
	while (store_next(store, &ev))
		timeline_event(tl, &ev);
	nr_slices = timeline_end(tl, results);
	for (i = 0; i < nr; i++) {
		ret = output_end(written[i], results[i]);
		if (ret)
			status = complain_output(written[i], ret);
	}
	if (store->error)
		status = complain(-store->error, CURE_ROOM,
				  "the events could not be kept: this is the timeline up to there");
	if (t->lost)
		warn("%lld event%s lost: the timeline has gaps", t->lost, t->lost == 1 ? " was" :
		     "s were");
	if (status == EXIT_OK)
		summary(t, store->nr, nr_slices, outputs[JSON].path, outputs[SVG].path);
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
	char *cg = capsule_find(args, args->rest[0]);
	int status = EXIT_OK;

	if (!cg)
		return EXIT_FAILED;
	if (capsule_read(cg, c))
		status = complain_no_files(cg);
	else
		capture_name(t, c);
	free(cg);
	return status;
}

static int open_store(struct store *store, const char *beside)
{
	int ret = store_open(store, beside);

	return ret ? complain(-ret, "-o in another folder",
			      "there is no place where the events can be kept") : EXIT_OK;
}

/* From the kernel: what it is for is asked first, and then waited. */
static int record(const struct args *args, struct trace *t, struct store *store,
		  struct output *outputs)
{
	struct capsule c = {};
	const struct capture what = {
		.c = &c, .reserved = true, .time = args->time, .take = store_put, .data = store,
	};
	int status = prepare(args, t, &c);

	if (status == EXIT_OK)
		status = open_outputs(args, t, outputs);
	if (status == EXIT_OK)
		status = open_store(store, outputs[JSON].path);
	if (status == EXIT_OK)
		status = capture(t, &what);
	capsule_free(&c);
	return status;
}

/* From a file. What is made of it may have its name. */
static int load(const struct args *args, struct trace *t, struct store *store,
		struct output *outputs)
{
	int status = open_store(store, args->output ? args->output : "");

	if (status == EXIT_OK && trace_read(t, args->from, store_put, store))
		status = store->error ? complain(-store->error, CURE_ROOM,
						 "the events cannot be kept") : EXIT_FAILED;
	if (status == EXIT_OK)
		status = open_outputs(args, t, outputs);
	return status;
}

int cmd_record(const struct args *args)
{
	struct output outputs[NR_OUTPUTS] = {};
	struct store store = {};
	struct trace t = {};
	int status;

	if (!args->from == !args->nr_rest)
		usage("record: the NAME of a capsule, or --from FILE");
	if (args->output)
		check_names(args, args->output, args->svg);
	status = args->from ? load(args, &t, &store, outputs) : record(args, &t, &store, outputs);
	if (status == EXIT_OK && !store.nr)
		status = nothing_happened(&t);
	else if (status == EXIT_OK)
		status = convert(&t, &store, outputs);
	else
		store.nr = 0;
	outputs_close(outputs, NR_OUTPUTS, store.nr);
	store_close(&store);
	trace_free(&t);
	return status;
}
