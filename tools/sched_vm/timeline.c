// SPDX-License-Identifier: GPL-2.0
/*
 * What a trace means: which thread ran when, and how much budget was left.
 *
 * The events of a server tell what is left at that instant. In between it becomes
 * less while a thread of the capsule runs on that CPU, and at no other time.
 */
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

#define MOST_SINKS	4

struct cpu_state {
	const struct trace_thread *running;	/* of the capsule, or NULL */
	u64 since;				/* when it was set running */
	bool switched;				/* since then it is known who runs */
	bool known;				/* the budget */
	u64 at;
	s64 left;				/* at @at */
	bool dry;
	u64 dry_since;
};

struct timeline {
	const struct trace *t;
	struct cpu_state *cpus;
	int nr_cpus;
	const struct sink *sinks[MOST_SINKS];
	void *data[MOST_SINKS];
	int nr_sinks;
	size_t nr_slices;
};

enum part { EVENT, SLICE, SAMPLE, DRY, GAP };

static void tell_one(const struct sink *sink, void *data, enum part what, const void *it)
{
	if (what == EVENT && sink->event)
		sink->event(data, it);
	else if (what == SLICE && sink->slice)
		sink->slice(data, it);
	else if (what == SAMPLE && sink->sample)
		sink->sample(data, it);
	else if (what == DRY && sink->dry)
		sink->dry(data, it);
	else if (what == GAP && sink->gap)
		sink->gap(data, it);
}

static void tell(const struct timeline *tl, enum part what, const void *it)
{
	int i;

	for (i = 0; i < tl->nr_sinks; i++)
		tell_one(tl->sinks[i], tl->data[i], what, it);
}

static void add_slice(struct timeline *tl, int cpu, u64 to)
{
	const struct cpu_state *s = &tl->cpus[cpu];

	if (!s->running || to <= s->since)
		return;
	tell(tl, SLICE, &(struct slice){ s->running->tid, cpu, s->since, to });
	tl->nr_slices++;
}

static void add_sample(struct timeline *tl, int cpu, u64 ts, s64 left)
{
	tell(tl, SAMPLE, &(struct sample){ cpu, ts, left });
}

static void add_dry(struct timeline *tl, int cpu, u64 to)
{
	struct cpu_state *s = &tl->cpus[cpu];

	if (s->dry && to > s->dry_since)
		tell(tl, DRY, &(struct span){ cpu, s->dry_since, to });
	s->dry = false;
}

/* From a throttle to the next beginning. */
static void do_dry(struct timeline *tl, const struct trace_event *ev)
{
	struct cpu_state *s = &tl->cpus[ev->cpu];

	if (ev->type == TRACE_OVERRUN || ev->type == TRACE_STOP)
		return;
	add_dry(tl, ev->cpu, ev->ts);
	s->dry = ev->type == TRACE_THROTTLE;
	s->dry_since = ev->ts;
}

/* Bring what is left up to @ts. */
static void charge(struct timeline *tl, int cpu, u64 ts)
{
	struct cpu_state *s = &tl->cpus[cpu];

	if (!s->known)
		return;
	if (s->running)
		s->left -= ts - s->at;
	s->at = ts;
	add_sample(tl, cpu, ts, s->left);
}

static void do_switch(struct timeline *tl, const struct trace_event *ev)
{
	struct cpu_state *s = &tl->cpus[ev->cpu];

	/* It ran since before what is known. */
	if (!s->switched)
		s->running = trace_thread(tl->t, ev->prev);
	charge(tl, ev->cpu, ev->ts);
	add_slice(tl, ev->cpu, ev->ts);
	s->running = trace_thread(tl->t, ev->next);
	s->since = ev->ts;
	s->switched = true;
}

/*
 * The event of a replenishment is from just before it: the debt is still there.
 * A budget that is known better than by counting is a step.
 */
static void do_server(struct timeline *tl, const struct trace_event *ev)
{
	u64 budget = ev->cpu < tl->t->nr_cpus ? tl->t->budget_ns[ev->cpu] : 0;
	struct cpu_state *s = &tl->cpus[ev->cpu];
	s64 left = ev->runtime;

	charge(tl, ev->cpu, ev->ts);
	if (ev->type == TRACE_REPLENISH && budget) {
		do
			left += budget;
		while (left <= 0);
	}
	if (s->known && s->left == left)
		return;
	if (!s->known && ev->type == TRACE_REPLENISH)
		add_sample(tl, ev->cpu, ev->ts, ev->runtime);
	s->known = true;
	s->at = ev->ts;
	s->left = left;
	add_sample(tl, ev->cpu, ev->ts, left);
}

/* What is known of a CPU ends; another begins, with nothing known. */
static void end_cpu(struct timeline *tl, int cpu, u64 ts, u64 again)
{
	charge(tl, cpu, ts);
	add_dry(tl, cpu, ts);
	add_slice(tl, cpu, ts);
	tl->cpus[cpu] = (struct cpu_state){ .since = again };
}

static void do_lost(struct timeline *tl, const struct trace_event *ev)
{
	u64 again = ev->ts + ev->runtime;

	if (again > tl->t->end)
		again = tl->t->end;
	end_cpu(tl, ev->cpu, ev->ts, again);
	if (again > ev->ts)
		tell(tl, GAP, &(struct span){ ev->cpu, ev->ts, again });
}

static void need_cpu(struct timeline *tl, int cpu)
{
	if (cpu < tl->nr_cpus)
		return;
	tl->cpus = xrealloc(tl->cpus, (cpu + 1) * sizeof(*tl->cpus));
	while (tl->nr_cpus <= cpu)
		tl->cpus[tl->nr_cpus++] = (struct cpu_state){ .since = tl->t->begin };
}

struct timeline *timeline_begin(const struct trace *t)
{
	struct timeline *tl = xzalloc(sizeof(*tl));

	tl->t = t;
	return tl;
}

void timeline_add(struct timeline *tl, const struct sink *sink, FILE *f)
{
	tl->sinks[tl->nr_sinks] = sink;
	tl->data[tl->nr_sinks++] = sink->begin(tl->t, f);
}

void timeline_event(struct timeline *tl, const struct trace_event *ev)
{
	need_cpu(tl, ev->cpu);
	tell(tl, EVENT, ev);
	switch (ev->type) {
	case TRACE_SWITCH:
		do_switch(tl, ev);
		break;
	case TRACE_LOST:
		do_lost(tl, ev);
		break;
	case TRACE_MIGRATE:
	case TRACE_WAKE:
		break;
	default:
		do_server(tl, ev);
		do_dry(tl, ev);
		break;
	}
}

size_t timeline_end(struct timeline *tl, int *results)
{
	size_t nr = 0;
	int i;

	for (i = 0; i < tl->nr_cpus; i++)
		end_cpu(tl, i, tl->t->end, tl->t->end);
	for (i = 0; i < tl->nr_sinks; i++)
		results[i] = tl->sinks[i]->end(tl->data[i]);
	nr = tl->nr_slices;
	free(tl->cpus);
	free(tl);
	return nr;
}
