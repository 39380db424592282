// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline in the trace event format of Chrome, which Perfetto reads, too:
 * "process" 1 are the threads of the capsule, "process" 2 are its CPUs with a
 * counter of the budget each and marks for what happened to it.
 */
#include <errno.h>
#include <stdio.h>

#include "sched-vm.h"

#define THREADS		1
#define CPUS		2

struct writer {
	const struct trace *t;
	struct json_object *events;
};

static double us_since(const struct trace *t, u64 ts)
{
	return (double)(s64)(ts - t->begin) / NS_PER_US;
}

static struct json_object *add(struct writer *w, const char *phase, const char *name, int pid,
			       int tid)
{
	struct json_object *o = json_object_new_object();

	jo_str(o, "ph", phase);
	jo_str(o, "name", name);
	jo_int(o, "pid", pid);
	jo_int(o, "tid", tid);
	json_object_array_add(w->events, o);
	return o;
}

static void put_us(struct json_object *o, const char *key, double us)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", us);
	json_object_object_add(o, key, json_object_new_double_s(us, text));
}

static void name_track(struct writer *w, const char *what, int pid, int tid, const char *name)
{
	struct json_object *o = add(w, "M", what, pid, tid), *args = json_object_new_object();

	jo_str(args, "name", name);
	json_object_object_add(o, "args", args);
}

static void put_names(struct writer *w)
{
	char *name = xasprintf("threads of %s", w->t->name), cpu_name[24];
	int i;

	name_track(w, "process_name", THREADS, 0, name);
	free(name);
	name = xasprintf("CPUs of %s", w->t->name);
	name_track(w, "process_name", CPUS, 0, name);
	free(name);
	for (i = 0; i < w->t->nr_threads; i++)
		name_track(w, "thread_name", THREADS, w->t->threads[i].tid, w->t->threads[i].comm);
	for (i = 0; i < w->t->nr_cpus; i++) {
		if (!w->t->budget_ns[i])
			continue;
		snprintf(cpu_name, sizeof(cpu_name), "CPU %d", i);
		name_track(w, "thread_name", CPUS, i, cpu_name);
	}
}

static void put_slice(struct writer *w, const struct slice *s)
{
	const struct trace_thread *thread = trace_thread(w->t, s->tid);
	struct json_object *o;
	char cpu_name[24];

	snprintf(cpu_name, sizeof(cpu_name), "CPU %d", s->cpu);
	o = add(w, "X", cpu_name, THREADS, s->tid);
	put_us(o, "ts", us_since(w->t, s->from));
	put_us(o, "dur", (double)(s->to - s->from) / NS_PER_US);
	o = add(w, "X", thread->comm, CPUS, s->cpu);
	put_us(o, "ts", us_since(w->t, s->from));
	put_us(o, "dur", (double)(s->to - s->from) / NS_PER_US);
}

static void put_budget(struct writer *w, int cpu, u64 ts, s64 left)
{
	struct json_object *o, *args = json_object_new_object();
	char name[32];

	snprintf(name, sizeof(name), "budget of CPU %d", cpu);
	o = add(w, "C", name, CPUS, cpu);
	put_us(o, "ts", us_since(w->t, ts));
	put_us(args, "us", (double)left / NS_PER_US);
	json_object_object_add(o, "args", args);
}

/* Counters are drawn as steps: a slope is a flight of ten stairs per budget. */
static void put_sample(struct writer *w, const struct sample *s, const struct sample *next)
{
	s64 stair = w->t->res.budget * NS_PER_US / 10, step;

	put_budget(w, s->cpu, s->ts, s->left);
	if (!next || stair <= 0 || next->left >= s->left)
		return;
	for (step = stair; step < s->left - next->left; step += stair)
		put_budget(w, s->cpu, s->ts + step, s->left - step);
}

static const struct sample *next_on_cpu(const struct timeline *tl, size_t i)
{
	int cpu = tl->samples[i].cpu;

	while (++i < tl->nr_samples)
		if (tl->samples[i].cpu == cpu)
			return &tl->samples[i];
	return NULL;
}

static void put_event(struct writer *w, const struct trace_event *ev)
{
	struct json_object *o, *args;

	if (ev->type == TRACE_SWITCH)
		return;
	o = add(w, "i", trace_names[ev->type], CPUS, ev->cpu);
	jo_str(o, "s", "t");
	put_us(o, "ts", us_since(w->t, ev->ts));
	args = json_object_new_object();
	if (ev->type == TRACE_MIGRATE) {
		jo_int(args, "tid", ev->next);
		jo_int(args, "from", ev->from);
	} else {
		jo_int(args, "runtime_ns", ev->runtime);
		jo_int(args, "deadline_in_ns", ev->left);
		jo_int(args, "nr_ready", ev->nr_ready);
	}
	json_object_object_add(o, "args", args);
}

static struct json_object *about(const struct trace *t)
{
	struct json_object *o = json_object_new_object();

	jo_str(o, "capsule", t->name);
	jo_int(o, "budget_us", t->res.budget);
	jo_int(o, "period_us", t->res.period);
	jo_time(o, "deadline_us", t->res.deadline);
	jo_int(o, "lost_events", t->lost);
	return o;
}

int timeline_json(const struct trace *t, const struct timeline *tl, FILE *f)
{
	struct json_object *o = json_object_new_object();
	struct writer w = { .t = t, .events = jo_array(o, "traceEvents") };
	size_t i;

	put_names(&w);
	for (i = 0; i < tl->nr_slices; i++)
		put_slice(&w, &tl->slices[i]);
	for (i = 0; i < tl->nr_samples; i++)
		put_sample(&w, &tl->samples[i], next_on_cpu(tl, i));
	for (i = 0; i < t->nr; i++)
		put_event(&w, &t->events[i]);
	jo_str(o, "displayTimeUnit", "ns");
	json_object_object_add(o, "otherData", about(t));
	fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE), f);
	json_object_put(o);
	return file_error(f);
}
