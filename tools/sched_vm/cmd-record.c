// SPDX-License-Identifier: GPL-2.0
/* record: some seconds of a capsule as a timeline. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched-vm.h"

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

/* Before anybody waits for a recording: all of them, or none. */
static int open_outputs(const struct args *args, const struct trace *t, struct output *outputs)
{
	outputs[JSON].path = json_name(args, t);
	outputs[SVG].path = svg_name(args, outputs[JSON].path);
	outputs[RAW].path = args->raw ? xstrdup(args->raw) : NULL;
	check_names(args, outputs[JSON].path, outputs[SVG].path);
	return outputs_open(outputs, NR_OUTPUTS, args->from);
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

	ret = output_begin(o);
	if (!ret)
		ret = output_end(o, write(t, tl, o->f));
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
		capture_name(t, c);
	free(cg);
	return status;
}

int cmd_record(const struct args *args)
{
	struct output outputs[NR_OUTPUTS] = {};
	struct capsule c = {};
	const struct capture what = { .c = &c, .reserved = true, .time = args->time };
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
			status = capture(&t, &what);
		if (status == EXIT_OK && !t.nr)
			status = nothing_happened(&t);
		if (status == EXIT_OK)
			status = convert(&t, outputs);
		else
			t.nr = 0;
		outputs_close(outputs, NR_OUTPUTS, t.nr);
	}
	capsule_free(&c);
	trace_free(&t);
	return status;
}
