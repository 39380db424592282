// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline in the trace event format of Chrome, which Perfetto reads, too. The
 * "processes" are: 1, the threads of the capsule; 2, the host's CPUs, with a counter of
 * the budget each and marks for what happened to it; 3, when these had no budget.
 *
 * Written as it comes; of each CPU, the last sample waits for the next one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "timeline.h"

#define THREADS		1
#define CPUS		2
#define DRY		3

struct writer {
	const struct trace *t;
	FILE *f;
	bool first;		/* no comma before it */
	bool *ran;		/* by thread */
	struct sample *last;	/* by CPU; its cpu is -1 if there is none */
	int nr_cpus;
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

static void put_cpu_names(struct writer *w)
{
	char name[32];
	int i;

	name_process(w, THREADS, "threads of");
	name_process(w, CPUS, "host CPUs of");
	name_process(w, DRY, "no budget left for");
	for (i = 0; i < w->t->nr_cpus; i++) {
		if (!w->t->budget_ns[i])
			continue;
		snprintf(name, sizeof(name), "host CPU %d", i);
		name_track(w, "thread_name", CPUS, i, name);
		name_track(w, "thread_name", DRY, i, name);
	}
}

/* Who never ran has no track. */
static void put_thread_names(struct writer *w)
{
	int i;

	for (i = 0; i < w->t->nr_threads; i++)
		if (w->ran[i])
			name_track(w, "thread_name", THREADS, w->t->threads[i].tid,
				   w->t->threads[i].comm);
}

static void put_time(struct writer *w, const char *name, int pid, int tid, u64 from, u64 to)
{
	begin(w, "X", name, pid, tid);
	fprintf(w->f, ",\"ts\":%.3f,\"dur\":%.3f}", us_since(w->t, from),
		(double)(to - from) / NS_PER_US);
}

static void put_slice(void *data, const struct slice *s)
{
	struct writer *w = data;
	const struct trace_thread *thread = trace_thread(w->t, s->tid);
	char name[32];

	snprintf(name, sizeof(name), "host CPU %d", s->cpu);
	put_time(w, name, THREADS, s->tid, s->from, s->to);
	put_time(w, thread->comm, CPUS, s->cpu, s->from, s->to);
	w->ran[thread - w->t->threads] = true;
}

static void put_dry(void *data, const struct span *s)
{
	put_time(data, "throttled", DRY, s->cpu, s->from, s->to);
}

static void put_gap(void *data, const struct span *s)
{
	put_time(data, "events were lost", CPUS, s->cpu, s->from, s->to);
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
static void put_steps(struct writer *w, const struct sample *s, const struct sample *next)
{
	s64 stair = w->t->res.budget * NS_PER_US / 10, step;

	put_budget(w, s->cpu, s->ts, s->left);
	if (!next || stair <= 0 || next->left >= s->left)
		return;
	for (step = stair; step < s->left - next->left; step += stair)
		put_budget(w, s->cpu, s->ts + step, s->left - step);
}

static void put_sample(void *data, const struct sample *s)
{
	struct writer *w = data;

	while (w->nr_cpus <= s->cpu) {
		w->last = grow(w->last, w->nr_cpus, sizeof(*w->last));
		w->last[w->nr_cpus++] = (struct sample){ .cpu = -1 };
	}
	if (w->last[s->cpu].cpu >= 0)
		put_steps(w, &w->last[s->cpu], s);
	w->last[s->cpu] = *s;
}

static void put_event(void *data, const struct trace_event *ev)
{
	struct writer *w = data;

	if (ev->type == TRACE_SWITCH || ev->type == TRACE_WAKE || ev->type == TRACE_LOST)
		return;
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

static void *json_begin(const struct trace *t, FILE *f)
{
	struct writer *w = xzalloc(sizeof(*w));

	*w = (struct writer){ .t = t, .f = f, .first = true };
	w->ran = xzalloc(t->nr_threads + 1);
	fputs("{\"traceEvents\":[", f);
	put_cpu_names(w);
	return w;
}

static int json_end(void *data)
{
	struct writer *w = data;
	int cpu, ret;

	for (cpu = 0; cpu < w->nr_cpus; cpu++)
		if (w->last[cpu].cpu >= 0)
			put_steps(w, &w->last[cpu], NULL);
	put_thread_names(w);
	put_about(w);
	ret = file_error(w->f);
	free(w->last);
	free(w->ran);
	free(w);
	return ret;
}

const struct sink json_sink = {
	.begin = json_begin, .event = put_event, .slice = put_slice, .sample = put_sample,
	.dry = put_dry, .gap = put_gap, .end = json_end,
};
