// SPDX-License-Identifier: GPL-2.0
/*
 * timeline FILE FOLDER: from a trace to JSON and SVG. First one that is small
 * enough to know all of the answer; then FILE, which was recorded.
 */
#include <stdlib.h>
#include <string.h>

#include "timeline.h"
#include "tap.h"

#define MS	1000000ULL
#define Q	(4 * MS)
#define P	(20 * MS)

/*
 * Thread 7 runs 1 ms, is away, runs dry, and has a new budget at 21 ms. On another
 * CPU thread 8 has been running since before the trace.
 */
static const struct trace_event small[] = {
	{ .ts = 1 * MS, .type = TRACE_START, .runtime = Q, .left = P, .nr_ready = 1 },
	{ .ts = 1 * MS, .type = TRACE_SWITCH, .prev = 0, .next = 7 },
	{ .ts = 2 * MS, .type = TRACE_SWITCH, .prev = 7, .next = 99 },
	{ .ts = 3 * MS, .cpu = 1, .type = TRACE_SWITCH, .prev = 8, .next = 0 },
	{ .ts = 5 * MS, .type = TRACE_SWITCH, .prev = 99, .next = 7 },
	{ .ts = 8 * MS + 1000, .type = TRACE_THROTTLE, .runtime = -1000, .left = 13 * MS,
	  .nr_ready = 1 },
	{ .ts = 8 * MS + 3000, .type = TRACE_SWITCH, .prev = 7, .next = 0 },
	{ .ts = 21 * MS, .type = TRACE_REPLENISH, .runtime = -3000, .left = -5, .nr_ready = 1 },
	{ .ts = 21 * MS, .type = TRACE_SWITCH, .prev = 0, .next = 7 },
};

static void make_small(struct trace *t)
{
	size_t i;

	*t = (struct trace){
		.name = xstrdup("a <b&c"), .res = { 4000, 20000, TIME_MAX }, .end = 22 * MS,
		.nr_cpus = 1,
	};
	t->budget_ns = xzalloc(sizeof(u64));
	t->budget_ns[0] = Q;
	trace_add_thread(t, 7, "vcpu 0");
	trace_add_thread(t, 8, "vcpu 1");
	/* Backwards: it is sorted, and equals stay as they are. */
	for (i = ARRAY_SIZE(small); i-- > 0;)
		if (small[i].ts != MS && small[i].ts != 21 * MS)
			*trace_add(t) = small[i];
	*trace_add(t) = small[7];
	*trace_add(t) = small[8];
	*trace_add(t) = small[0];
	*trace_add(t) = small[1];
	trace_sort(t);
}

static bool sorted_well(const struct trace *t)
{
	size_t i;

	for (i = 0; i < t->nr; i++)
		if (t->events[i].ts != small[i].ts || t->events[i].type != small[i].type)
			return false;
	return t->nr == ARRAY_SIZE(small);
}

/* All that comes, in memory. */
struct all {
	struct slice *slices;
	struct sample *samples;
	struct span *dry, *gaps;
	size_t nr_slices, nr_samples, nr_dry, nr_gaps;
};

static void *all_begin(const struct trace *t, FILE *f)
{
	(void)t;
	return memset(f, 0, sizeof(struct all));
}

static void all_slice(void *data, const struct slice *s)
{
	struct all *a = data;

	a->slices = grow(a->slices, a->nr_slices, sizeof(*s));
	a->slices[a->nr_slices++] = *s;
}

static void all_sample(void *data, const struct sample *s)
{
	struct all *a = data;

	a->samples = grow(a->samples, a->nr_samples, sizeof(*s));
	a->samples[a->nr_samples++] = *s;
}

static void all_dry(void *data, const struct span *s)
{
	struct all *a = data;

	a->dry = grow(a->dry, a->nr_dry, sizeof(*s));
	a->dry[a->nr_dry++] = *s;
}

static void all_gap(void *data, const struct span *s)
{
	struct all *a = data;

	a->gaps = grow(a->gaps, a->nr_gaps, sizeof(*s));
	a->gaps[a->nr_gaps++] = *s;
}

static int all_end(void *data)
{
	(void)data;
	return 0;
}

static const struct sink all_sink = {
	.begin = all_begin, .slice = all_slice, .sample = all_sample, .dry = all_dry,
	.gap = all_gap, .end = all_end,
};

static void all_free(struct all *a)
{
	free(a->slices);
	free(a->samples);
	free(a->dry);
	free(a->gaps);
}

/* 0 if all could be done. */
static int make(const struct trace *t, const struct sink *sink, void *to)
{
	struct timeline *tl = timeline_begin(t);
	int ret;
	size_t i;

	timeline_add(tl, sink, to);
	for (i = 0; i < t->nr; i++)
		timeline_event(tl, &t->events[i]);
	timeline_end(tl, &ret);
	return ret;
}

static bool is_slice(const struct slice *s, int cpu, u64 from, u64 to)
{
	return s->tid == 7 + cpu && s->cpu == cpu && s->from == from && s->to == to;
}

/* What is left at @ts, as the curve has it; the last of several. */
static s64 left_at(const struct all *tl, int cpu, u64 ts)
{
	s64 left = INT64_MIN;
	size_t i;

	for (i = 0; i < tl->nr_samples; i++)
		if (tl->samples[i].cpu == cpu && tl->samples[i].ts == ts)
			left = tl->samples[i].left;
	return left;
}

static bool written(const struct trace *t, const char *path, const struct sink *sink)
{
	FILE *f = fopen(path, "w");
	int ret = f ? make(t, sink, f) : -1;

	return f && !fclose(f) && !ret;
}

static bool saved(const struct trace *t, const char *path)
{
	FILE *f = fopen(path, "w");
	int ret = f ? trace_save(t, f) : -1;

	return f && !fclose(f) && !ret;
}

static void test_small(const char *folder)
{
	char *json = xasprintf("%s/small.json", folder), *svg = xasprintf("%s/small.svg", folder);
	char *raw = xasprintf("%s/small.txt", folder);
	struct all tl;
	struct trace t, back;

	make_small(&t);
	tap_check(sorted_well(&t), "events are sorted by time, and only by time");
	make(&t, &all_sink, &tl);
	tap_check(tl.nr_slices == 4, "four slices");
	tap_check(tl.nr_slices == 4 && is_slice(&tl.slices[0], 0, 1 * MS, 2 * MS) &&
		  is_slice(&tl.slices[1], 1, 0, 3 * MS) &&
		  is_slice(&tl.slices[2], 0, 5 * MS, 8 * MS + 3000) &&
		  is_slice(&tl.slices[3], 0, 21 * MS, 22 * MS), "each from when to when");
	tap_check(left_at(&tl, 0, 2 * MS) == 3 * MS, "1 ms less after 1 ms");
	tap_check(left_at(&tl, 0, 5 * MS) == 3 * MS, "the same while it does not run");
	tap_check(left_at(&tl, 0, 8 * MS + 3000) == -3000, "a debt");
	tap_check(left_at(&tl, 0, 21 * MS) == (s64)Q - 3000, "is paid back");
	tap_check(left_at(&tl, 0, 22 * MS) == (s64)(3 * MS) - 3000, "to the end");
	tap_check(written(&t, json, &json_sink) && written(&t, svg, &svg_sink),
		  "is written");
	tap_check(saved(&t, raw) && !trace_load(&back, raw), "is kept and read back");
	tap_check(back.nr == t.nr && !memcmp(back.events, t.events, t.nr * sizeof(*t.events)) &&
		  back.end == t.end && back.res.budget == 4000 && back.res.deadline == TIME_MAX &&
		  !strcmp(back.name, t.name) && !strcmp(back.threads[0].comm, "vcpu 0"),
		  "as it was");
	all_free(&tl);
	trace_free(&back);
	trace_free(&t);
	free(json);
	free(svg);
	free(raw);
}

/* Thread 7 runs from 1 ms on; from 2 to 10 ms nothing is known; it runs up to 11 ms. */
static void test_gap(void)
{
	static const struct trace_event events[] = {
		{ .ts = 1 * MS, .type = TRACE_START, .runtime = Q, .left = P, .nr_ready = 1 },
		{ .ts = 1 * MS, .type = TRACE_SWITCH, .prev = 0, .next = 7 },
		{ .ts = 2 * MS, .type = TRACE_THROTTLE, .runtime = -1000, .left = 19 * MS },
		{ .ts = 2 * MS, .type = TRACE_LOST, .runtime = 8 * MS },
		{ .ts = 11 * MS, .type = TRACE_SWITCH, .prev = 7, .next = 0 },
		{ .ts = 12 * MS, .type = TRACE_REPLENISH, .runtime = -1000, .left = -5 },
	};
	struct all tl;
	struct trace t;
	size_t i;

	make_small(&t);
	t.nr = 0;
	for (i = 0; i < ARRAY_SIZE(events); i++)
		*trace_add(&t) = events[i];
	make(&t, &all_sink, &tl);
	tap_check(tl.nr_slices == 2 && is_slice(&tl.slices[0], 0, 1 * MS, 2 * MS) &&
		  is_slice(&tl.slices[1], 0, 10 * MS, 11 * MS), "who ran in a gap is not known");
	tap_check(left_at(&tl, 0, 2 * MS) == -1000 && left_at(&tl, 0, 11 * MS) == INT64_MIN &&
		  left_at(&tl, 0, 12 * MS) == (s64)Q - 1000, "nor is the budget after it");
	tap_check(!tl.nr_dry && tl.nr_gaps == 1 && tl.gaps[0].from == 2 * MS &&
		  tl.gaps[0].to == 10 * MS, "nor that it was throttled, but that there is a gap");
	all_free(&tl);
	trace_free(&t);
}

/* Two threads at once on a CPU would be a mistake. */
static bool no_overlap(const struct all *tl)
{
	size_t i, j;

	for (i = 0; i < tl->nr_slices; i++)
		for (j = 0; j < i; j++)
			if (tl->slices[i].cpu == tl->slices[j].cpu &&
			    tl->slices[i].from < tl->slices[j].to &&
			    tl->slices[j].from < tl->slices[i].to)
				return false;
	return true;
}

static bool in_time(const struct trace *t, const struct all *tl)
{
	size_t i;

	for (i = 0; i < tl->nr_slices; i++)
		if (tl->slices[i].from < t->begin || tl->slices[i].to > t->end ||
		    !trace_thread(t, tl->slices[i].tid))
			return false;
	for (i = 0; i < tl->nr_samples; i++)
		if (tl->samples[i].ts < t->begin || tl->samples[i].ts > t->end ||
		    tl->samples[i].left > (s64)t->budget_ns[tl->samples[i].cpu])
			return false;
	return true;
}

static u64 ran_on(const struct all *tl, int cpu)
{
	u64 sum = 0;
	size_t i;

	for (i = 0; i < tl->nr_slices; i++)
		if (tl->slices[i].cpu == cpu)
			sum += tl->slices[i].to - tl->slices[i].from;
	return sum;
}

/*
 * Just before the kernel says what is left, the curve must be near it: so it is
 * only used up while a thread of the capsule runs, and by all of them.
 */
static s64 worst_guess(const struct trace *t, const struct all *tl)
{
	s64 worst = 0, off;
	size_t i, j;

	for (i = 0; i < t->nr; i++) {
		const struct trace_event *ev = &t->events[i];

		if (ev->type != TRACE_THROTTLE)
			continue;
		for (j = 0; j < tl->nr_samples; j++)
			if (tl->samples[j].cpu == ev->cpu && tl->samples[j].ts == ev->ts)
				break;
		off = j < tl->nr_samples ? llabs(tl->samples[j].left - ev->runtime) : INT64_MAX;
		if (off > worst)
			worst = off;
	}
	return worst;
}

/* A busy thread on two CPUs, with 4 of 20 ms on each, for 150 ms. */
static void test_recorded(const char *file, const char *folder)
{
	char *json = xasprintf("%s/trace.json", folder), *svg = xasprintf("%s/trace.svg", folder);
	struct all tl;
	struct trace t;
	int cpu;

	tap_check(!trace_load(&t, file), "a recorded trace");
	make(&t, &all_sink, &tl);
	tap_check(no_overlap(&tl), "one thread at a time on a CPU");
	tap_check(in_time(&t, &tl), "all between begin and end");
	for (cpu = 0; cpu < 2; cpu++)
		tap_check(ran_on(&tl, cpu) > 7 * Q - MS && ran_on(&tl, cpu) < 8 * Q + MS,
			  "seven or eight budgets are used");
	tap_check(worst_guess(&t, &tl) < 20000, "the curve meets what the kernel says");
	tap_check(written(&t, json, &json_sink) && written(&t, svg, &svg_sink),
		  "is written");
	all_free(&tl);
	trace_free(&t);
	free(json);
	free(svg);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return EXIT_USAGE;
	test_small(argv[2]);
	test_gap();
	test_recorded(argv[1], argv[2]);
	return tap_end();
}
