// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline in the trace event format of Chrome, which Perfetto reads, too. The
 * "processes" are: 1, the threads of the capsule; 2, the host's CPUs, with a counter of
 * the budget each and marks for what happened to it; 3, when these had no budget.
 *
 * Written as it comes: a minute of many CPUs has millions of events.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sched-vm.h"

#define THREADS		1
#define CPUS		2
#define DRY		3

struct writer {
	const struct trace *t;
	const struct timeline *tl;
	FILE *f;
	bool first;		/* no comma before it */
};

/* Text is UTF-8 without controls already, but names of capsules may have anything. */
static void put_text(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc((unsigned char)*s < ' ' ? '?' : *s, f);
	}
	fputc('"', f);
}

static double us_since(const struct trace *t, u64 ts)
{
	return (double)(s64)(ts - t->begin) / NS_PER_US;
}

/* Its end, "}", is up to the caller. */
static void begin(struct writer *w, const char *phase, const char *name, int pid, int tid)
{
	fprintf(w->f, "%s\n{\"ph\":\"%s\",\"pid\":%d,\"tid\":%d,\"name\":", w->first ? "" : ",",
		phase, pid, tid);
	put_text(w->f, name);
	w->first = false;
}

static void name_track(struct writer *w, const char *what, int pid, int tid, const char *name)
{
	begin(w, "M", what, pid, tid);
	fputs(",\"args\":{\"name\":", w->f);
	put_text(w->f, name);
	fputs("}}", w->f);
}

static void name_process(struct writer *w, int pid, const char *what)
{
	char *name = xasprintf("%s %s", what, w->t->name);

	name_track(w, "process_name", pid, 0, name);
	free(name);
}

static void put_names(struct writer *w)
{
	char name[32];
	int i;

	name_process(w, THREADS, "threads of");
	name_process(w, CPUS, "host CPUs of");
	name_process(w, DRY, "no budget left for");
	for (i = 0; i < w->t->nr_threads; i++)
		if (timeline_has(w->tl, w->t->threads[i].tid))
			name_track(w, "thread_name", THREADS, w->t->threads[i].tid,
				   w->t->threads[i].comm);
	for (i = 0; i < w->t->nr_cpus; i++) {
		if (!w->t->budget_ns[i])
			continue;
		snprintf(name, sizeof(name), "host CPU %d", i);
		name_track(w, "thread_name", CPUS, i, name);
		name_track(w, "thread_name", DRY, i, name);
	}
}

static void put_time(struct writer *w, const char *name, int pid, int tid, u64 from, u64 to)
{
	begin(w, "X", name, pid, tid);
	fprintf(w->f, ",\"ts\":%.3f,\"dur\":%.3f}", us_since(w->t, from),
		(double)(to - from) / NS_PER_US);
}

static void put_slice(struct writer *w, const struct slice *s)
{
	char name[32];

	snprintf(name, sizeof(name), "host CPU %d", s->cpu);
	put_time(w, name, THREADS, s->tid, s->from, s->to);
	put_time(w, trace_thread(w->t, s->tid)->comm, CPUS, s->cpu, s->from, s->to);
}

static void put_budget(struct writer *w, int cpu, u64 ts, s64 left)
{
	char name[40];

	snprintf(name, sizeof(name), "budget on host CPU %d", cpu);
	begin(w, "C", name, CPUS, cpu);
	fprintf(w->f, ",\"ts\":%.3f,\"args\":{\"us\":%.3f}}", us_since(w->t, ts),
		(double)left / NS_PER_US);
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
	if (ev->type == TRACE_SWITCH || ev->type == TRACE_WAKE)
		return;
	if (ev->type == TRACE_LOST) {
		put_time(w, "events were lost", CPUS, ev->cpu, ev->ts, ev->ts + ev->runtime);
		return;
	}
	begin(w, "i", trace_names[ev->type], CPUS, ev->cpu);
	fprintf(w->f, ",\"s\":\"t\",\"ts\":%.3f,\"args\":{", us_since(w->t, ev->ts));
	if (ev->type == TRACE_MIGRATE)
		fprintf(w->f, "\"tid\":%d,\"from\":%d}}", ev->next, ev->from);
	else
		fprintf(w->f, "\"runtime_ns\":%lld,\"deadline_in_ns\":%lld,\"nr_ready\":%u}}",
			(long long)ev->runtime, (long long)ev->left, ev->nr_ready);
}

static void put_about(struct writer *w)
{
	fputs("\n],\"displayTimeUnit\":\"ns\",\"otherData\":{\"capsule\":", w->f);
	put_text(w->f, w->t->name);
	fprintf(w->f, ",\"budget_us\":%llu,\"period_us\":%llu,\"deadline_us\":",
		(unsigned long long)w->t->res.budget, (unsigned long long)w->t->res.period);
	if (w->t->res.deadline == TIME_MAX)
		fputs("\"max\"", w->f);
	else
		fprintf(w->f, "%llu", (unsigned long long)w->t->res.deadline);
	fprintf(w->f, ",\"lost_events\":%lld}}\n", w->t->lost);
}

int timeline_json(const struct trace *t, const struct timeline *tl, FILE *f)
{
	struct writer w = { .t = t, .tl = tl, .f = f, .first = true };
	size_t i;

	fputs("{\"traceEvents\":[", f);
	put_names(&w);
	for (i = 0; i < tl->nr_slices; i++)
		put_slice(&w, &tl->slices[i]);
	for (i = 0; i < tl->nr_dry; i++)
		put_time(&w, "throttled", DRY, tl->dry[i].cpu, tl->dry[i].from, tl->dry[i].to);
	for (i = 0; i < tl->nr_samples; i++)
		put_sample(&w, &tl->samples[i], next_on_cpu(tl, i));
	for (i = 0; i < t->nr; i++)
		put_event(&w, &t->events[i]);
	put_about(&w);
	return file_error(f);
}
