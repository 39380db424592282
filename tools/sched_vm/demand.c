// SPDX-License-Identifier: GPL-2.0
/*
 * From a trace to a demand. What a thread does from when it becomes ready to when it
 * sleeps is work that arrives at once, at the beginning of that, on the CPU where it
 * is done. If it goes on elsewhere, the rest arrives there when it leaves here. What is
 * lost of a trace did not happen, as far as is known: the demand is at least the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

struct thread_state {
	int tid;
	bool ready;
	u64 since;		/* it is ready, or was taken off a CPU */
	int cpu;		/* where its work is counted; -1: nowhere yet */
	size_t arrival;		/* there */
};

struct cpu_state {
	struct thread_state *running;	/* of ours */
	u64 from;			/* it runs; or the beginning of what is known */
	bool seen;			/* a switch */
	u64 nr_dry;
};

struct finder {
	struct demands *d;
	struct thread_state *threads;
	int nr_threads;
	struct cpu_state *cpus;
	struct cpu_demand *demand;
	int nr_cpus;
};

static struct thread_state *thread_of(struct finder *f, int tid)
{
	int i;

	for (i = 0; i < f->nr_threads; i++)
		if (f->threads[i].tid == tid)
			return &f->threads[i];
	return NULL;
}

static void ready(struct thread_state *thread, u64 ts)
{
	if (!thread || thread->ready)
		return;
	thread->ready = true;
	thread->since = ts;
	thread->cpu = -1;
}

/* It did that much on @cpu, up to @ts. */
static void add_work(struct finder *f, struct thread_state *thread, int cpu, u64 from, u64 ts)
{
	struct cpu_demand *d = &f->demand[cpu];

	if (ts <= from)
		return;
	if (thread->cpu != cpu) {
		d->arrivals = grow(d->arrivals, d->nr, sizeof(*d->arrivals));
		d->arrivals[d->nr] = (struct rt_arrival){ thread->since, 0 };
		thread->cpu = cpu;
		thread->arrival = d->nr++;
	}
	d->arrivals[thread->arrival].w += ts - from;
	d->work += ts - from;
}

static void do_switch(struct finder *f, const struct trace_event *ev, u64 ts)
{
	struct cpu_state *c = &f->cpus[ev->cpu];
	struct thread_state *prev = thread_of(f, ev->prev), *next = thread_of(f, ev->next);

	/* It ran since before the beginning. */
	if (!c->seen && prev) {
		ready(prev, c->from);
		c->running = prev;
	}
	if (c->running) {
		add_work(f, c->running, ev->cpu, c->from, ts);
		c->running->since = ts;
		if (c->running != prev || !ev->nr_ready)
			c->running->ready = false;
	}
	ready(next, ts);
	c->seen = true;
	c->running = next;
	c->from = ts;
}

/* Whoever was ready and did not run elsewhere has done who knows what since. */
static void do_lost(struct finder *f, const struct trace_event *ev, u64 ts)
{
	struct cpu_state *c = &f->cpus[ev->cpu];
	struct thread_state *thread;
	int cpu;

	if (c->running)
		add_work(f, c->running, ev->cpu, c->from, ts);
	*c = (struct cpu_state){ .from = ts + ev->runtime, .nr_dry = c->nr_dry };
	for (thread = f->threads; thread < f->threads + f->nr_threads; thread++) {
		for (cpu = 0; cpu < f->nr_cpus; cpu++)
			if (f->cpus[cpu].running == thread)
				break;
		if (cpu == f->nr_cpus)
			thread->ready = false;
	}
}

static void do_event(struct finder *f, const struct trace_event *ev, u64 ts)
{
	switch (ev->type) {
	case TRACE_SWITCH:
		do_switch(f, ev, ts);
		break;
	case TRACE_WAKE:
		ready(thread_of(f, ev->next), ts);
		break;
	case TRACE_LOST:
		do_lost(f, ev, ts);
		break;
	case TRACE_THROTTLE:
		f->cpus[ev->cpu].nr_dry++;
		break;
	default:
		break;
	}
}

static int by_time(const void *x, const void *y)
{
	const struct rt_arrival *a = x, *b = y;

	return a->at < b->at ? -1 : a->at > b->at;
}

/* Those that came at once are one. */
static void put_in_order(struct cpu_demand *d)
{
	size_t i, nr = 0;

	if (!d->nr)
		return;
	qsort(d->arrivals, d->nr, sizeof(*d->arrivals), by_time);
	for (i = 1; i < d->nr; i++)
		if (d->arrivals[i].at == d->arrivals[nr].at)
			d->arrivals[nr].w += d->arrivals[i].w;
		else
			d->arrivals[++nr] = d->arrivals[i];
	d->nr = nr + 1;
	for (i = 0; i < d->nr; i++)
		if (d->arrivals[i].w > d->longest)
			d->longest = d->arrivals[i].w;
}

/* A budget that is used up ends a period: so many there were in that time. */
static unsigned int dry_ppm(const struct trace *t, u64 nr_dry, u64 time)
{
	double share = (double)nr_dry * t->res.period * NS_PER_US / time;

	return share < 1 ? share * 1000000 : 1000000;
}

static void take_cpus(struct finder *f, const struct trace *t)
{
	struct demands *d = f->d;
	int cpu;

	d->cpus = xzalloc((f->nr_cpus + 1) * sizeof(*d->cpus));
	for (cpu = 0; cpu < f->nr_cpus; cpu++) {
		struct cpu_demand *on = &f->demand[cpu];

		put_in_order(on);
		on->cpu = cpu;
		on->dry_ppm = dry_ppm(t, f->cpus[cpu].nr_dry, d->time);
		if (on->nr || on->dry_ppm)
			d->cpus[d->nr++] = *on;
	}
}

static void find_room(struct finder *f, const struct trace *t)
{
	size_t i;
	int nr;

	f->nr_cpus = t->nr_cpus;
	for (i = 0; i < t->nr; i++)
		if (t->events[i].cpu >= f->nr_cpus)
			f->nr_cpus = t->events[i].cpu + 1;
	f->cpus = xzalloc((f->nr_cpus + 1) * sizeof(*f->cpus));
	f->demand = xzalloc((f->nr_cpus + 1) * sizeof(*f->demand));
	f->threads = xzalloc((t->nr_threads + 1) * sizeof(*f->threads));
	for (nr = 0; nr < t->nr_threads; nr++)
		f->threads[nr].tid = t->threads[nr].tid;
	f->nr_threads = t->nr_threads;
}

/* The trace is sorted. */
void demands_find(const struct trace *t, struct demands *d)
{
	struct finder f = { .d = d };
	size_t i;
	int cpu;

	*d = (struct demands){ .time = t->end - t->begin };
	find_room(&f, t);
	for (i = 0; i < t->nr; i++)
		if (t->events[i].ts >= t->begin && t->events[i].ts <= t->end)
			do_event(&f, &t->events[i], t->events[i].ts - t->begin);
	for (cpu = 0; cpu < f.nr_cpus; cpu++)
		if (f.cpus[cpu].running)
			add_work(&f, f.cpus[cpu].running, cpu, f.cpus[cpu].from, d->time);
	take_cpus(&f, t);
	free(f.threads);
	free(f.cpus);
	free(f.demand);
}

void demands_free(struct demands *d)
{
	int i;

	for (i = 0; i < d->nr; i++)
		free(d->cpus[i].arrivals);
	free(d->cpus);
	*d = (struct demands){};
}

struct rt_demand demand_on(const struct demands *d, int i)
{
	return (struct rt_demand){ d->cpus[i].arrivals, d->cpus[i].nr, d->time };
}

unsigned int demands_dry_ppm(const struct demands *d)
{
	unsigned int most = 0;
	int i;

	for (i = 0; i < d->nr; i++)
		if (d->cpus[i].dry_ppm > most)
			most = d->cpus[i].dry_ppm;
	return most;
}
