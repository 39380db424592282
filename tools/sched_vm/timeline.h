/* SPDX-License-Identifier: GPL-2.0 */
/*
 * record: from events to timelines. All of it is done event by event, in memory that does
 * not grow with their number: a minute of many CPUs has millions.
 */
#ifndef SCHED_VM_TIMELINE_H
#define SCHED_VM_TIMELINE_H

#include "sched-vm.h"

/* store.c: the events, until all of them are there */

struct store {
	FILE *f;		/* a file without a name */
	size_t nr;
	int error;		/* of writing; -errno */
};

/* In the folder of @beside, where what is made of them will be, if that can be. -errno. */
int store_open(struct store *s, const char *beside);
void store_close(struct store *s);
/* A trace_fn. */
int store_put(const struct trace_event *ev, void *store);
void store_rewind(struct store *s);
bool store_next(struct store *s, struct trace_event *ev);

/* timeline.c: what they mean */

struct slice {
	int tid, cpu;
	u64 from, to;	/* ns */
};

struct sample {			/* budget left from then on; straight to the next one */
	int cpu;
	u64 ts;
	s64 left;
};

/* Of a CPU. */
struct span {
	int cpu;
	u64 from, to;
};

/* A kind of file, or whatever else is made of a timeline. NULL: it is not interested. */
struct sink {
	void *(*begin)(const struct trace *t, FILE *f);
	void (*event)(void *data, const struct trace_event *ev);
	void (*slice)(void *data, const struct slice *s);
	void (*sample)(void *data, const struct sample *s);
	void (*dry)(void *data, const struct span *s);	/* throttled, until there is a new budget */
	void (*gap)(void *data, const struct span *s);	/* what happened was not recorded */
	int (*end)(void *data);		/* 0 or -errno, of all that was written */
};

struct timeline;

/* @t needs no events, but all the rest. */
struct timeline *timeline_begin(const struct trace *t);
void timeline_add(struct timeline *tl, const struct sink *sink, FILE *f);
/* In order of time. */
void timeline_event(struct timeline *tl, const struct trace_event *ev);
/* How many slices; and what came of each sink, in the order in which they were added. */
size_t timeline_end(struct timeline *tl, int *results);

extern const struct sink json_sink, svg_sink;

/* timeline-shape.c: what of it there is to be seen, in a picture of some width */

struct run {			/* of a thread */
	int cpu, nr;		/* -1: several; slices */
	u64 from, to;
};

struct lane {
	struct run *runs;
	size_t nr;
};

struct point {
	u64 ts;
	s64 left;
};

struct track {			/* of a CPU */
	struct point *points;
	size_t nr;
	struct point column[4];	/* the first, least, most and last that are in one place */
	int in_column;
	struct run *dry, *gaps;
	size_t nr_dry, nr_gaps;
};

struct shape {
	const struct trace *t;
	u64 width;		/* ns, of what is too thin to be seen */
	struct lane *lanes;	/* by thread */
	struct track *tracks;	/* by CPU, t->nr_cpus of them */
};

void shape_begin(struct shape *s, const struct trace *t, u64 width);
void shape_slice(struct shape *s, const struct slice *slice);
void shape_sample(struct shape *s, const struct sample *sample);
void shape_dry(struct shape *s, const struct span *span);
void shape_gap(struct shape *s, const struct span *span);
/* Nothing comes any more. */
void shape_end(struct shape *s);
void shape_free(struct shape *s);

#endif
