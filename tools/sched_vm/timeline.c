// SPDX-License-Identifier: GPL-2.0
/*
 * What a trace means: which thread ran when, and how much budget was left.
 *
 * The events of a server tell what is left at that instant. In between it becomes
 * less while a thread of the capsule runs on that CPU, and at no other time.
 */
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

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

static void add_slice(struct timeline *tl, int tid, int cpu, u64 from, u64 to)
{
	if (to <= from)
		return;
	tl->slices = grow(tl->slices, tl->nr_slices, sizeof(*tl->slices));
	tl->slices[tl->nr_slices++] = (struct slice){ tid, cpu, from, to };
}

static void add_sample(struct timeline *tl, int cpu, u64 ts, s64 left)
{
	tl->samples = grow(tl->samples, tl->nr_samples, sizeof(*tl->samples));
	tl->samples[tl->nr_samples++] = (struct sample){ cpu, ts, left };
}

static void add_dry(struct timeline *tl, struct cpu_state *s, int cpu, u64 to)
{
	if (s->dry && to > s->dry_since) {
		tl->dry = grow(tl->dry, tl->nr_dry, sizeof(*tl->dry));
		tl->dry[tl->nr_dry++] = (struct dry){ cpu, s->dry_since, to };
	}
	s->dry = false;
}

/* From a throttle to the next beginning. */
static void do_dry(struct timeline *tl, struct cpu_state *s, const struct trace_event *ev)
{
	if (ev->type == TRACE_OVERRUN || ev->type == TRACE_STOP)
		return;
	add_dry(tl, s, ev->cpu, ev->ts);
	s->dry = ev->type == TRACE_THROTTLE;
	s->dry_since = ev->ts;
}

/* Bring what is left up to @ts. */
static void charge(struct timeline *tl, struct cpu_state *s, int cpu, u64 ts)
{
	if (!s->known)
		return;
	if (s->running)
		s->left -= ts - s->at;
	s->at = ts;
	add_sample(tl, cpu, ts, s->left);
}

static void do_switch(const struct trace *t, struct timeline *tl, struct cpu_state *s,
		      const struct trace_event *ev)
{
	/* It ran since before what is known. */
	if (!s->switched)
		s->running = trace_thread(t, ev->prev);
	charge(tl, s, ev->cpu, ev->ts);
	if (s->running)
		add_slice(tl, s->running->tid, ev->cpu, s->since, ev->ts);
	s->running = trace_thread(t, ev->next);
	s->since = ev->ts;
	s->switched = true;
}

/*
 * The event of a replenishment is from just before it: the debt is still there.
 * A budget that is known better than by counting is a step.
 */
static void do_server(const struct trace *t, struct timeline *tl, struct cpu_state *s,
		      const struct trace_event *ev)
{
	u64 budget = ev->cpu < t->nr_cpus ? t->budget_ns[ev->cpu] : 0;
	s64 left = ev->runtime;

	charge(tl, s, ev->cpu, ev->ts);
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

/* Nothing is known of the CPU until something happens there again. */
static void do_lost(struct timeline *tl, struct cpu_state *s, const struct trace_event *ev)
{
	charge(tl, s, ev->cpu, ev->ts);
	add_dry(tl, s, ev->cpu, ev->ts);
	if (s->running)
		add_slice(tl, s->running->tid, ev->cpu, s->since, ev->ts);
	*s = (struct cpu_state){ .since = ev->ts + ev->runtime };
}

static int last_cpu(const struct trace *t)
{
	int cpu = t->nr_cpus - 1;
	size_t i;

	for (i = 0; i < t->nr; i++)
		if (t->events[i].cpu > cpu)
			cpu = t->events[i].cpu;
	return cpu;
}

/* The trace is sorted. */
void timeline_build(const struct trace *t, struct timeline *tl)
{
	int nr_cpus = last_cpu(t) + 1, cpu;
	struct cpu_state *state = xzalloc((nr_cpus + 1) * sizeof(*state));
	size_t i;

	*tl = (struct timeline){};
	for (cpu = 0; cpu < nr_cpus; cpu++)
		state[cpu].since = t->begin;
	for (i = 0; i < t->nr; i++) {
		const struct trace_event *ev = &t->events[i];

		cpu = ev->cpu;
		if (ev->type == TRACE_SWITCH) {
			do_switch(t, tl, &state[cpu], ev);
		} else if (ev->type == TRACE_LOST) {
			do_lost(tl, &state[cpu], ev);
		} else if (ev->type != TRACE_MIGRATE && ev->type != TRACE_WAKE) {
			do_server(t, tl, &state[cpu], ev);
			do_dry(tl, &state[cpu], ev);
		}
	}
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		charge(tl, &state[cpu], cpu, t->end);
		add_dry(tl, &state[cpu], cpu, t->end);
		if (state[cpu].running)
			add_slice(tl, state[cpu].running->tid, cpu, state[cpu].since, t->end);
	}
	free(state);
}

void timeline_free(struct timeline *tl)
{
	free(tl->slices);
	free(tl->samples);
	free(tl->dry);
}

bool timeline_has(const struct timeline *tl, int tid)
{
	size_t i;

	for (i = 0; i < tl->nr_slices; i++)
		if (tl->slices[i].tid == tid)
			return true;
	return false;
}
