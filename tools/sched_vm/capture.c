// SPDX-License-Identifier: GPL-2.0
/* Some time of a guest's threads, and of its capsule, as a trace. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sched-vm.h"

#define POLL_NS		50000000	/* the buffers hold much more than that */

struct recording {
	struct trace *t;
	const struct capture *what;
	u64 cgroup;
};

/* What threads do is kept until it is known whose they are. */
static bool is_of_threads(const struct trace_event *ev)
{
	return ev->type == TRACE_SWITCH || ev->type == TRACE_WAKE;
}

/* On other CPUs there is nothing of it to lose. */
static void take_gap(struct recording *r, const struct trace_event *ev)
{
	const u64 begin = ev->ts < r->t->begin ? r->t->begin : ev->ts;
	struct trace_event gap = *ev;

	gap.ts = begin;
	gap.runtime -= begin - ev->ts;
	if (gap.runtime > 0 && cpus_test(&r->what->c->cpus, ev->cpu))
		*trace_add(r->t) = gap;
}

static void take_event(const struct trace_event *ev, u64 cgroup, void *data)
{
	struct recording *r = data;

	if (ev->type == TRACE_LOST)
		take_gap(r, ev);
	else if (is_of_threads(ev) || cgroup == r->cgroup)
		*trace_add(r->t) = *ev;
}

static void take_thread(struct trace *t, pid_t tid)
{
	char *comm = trace_thread(t, tid) ? NULL : read_file("/proc/%d/comm", tid);

	if (comm)
		trace_add_thread(t, tid, *comm ? comm : "-");
	free(comm);
}

static void take_irqs(struct trace *t, const char *irqs)
{
	struct guest g = {};
	int i;

	irqs_threads(&g, irqs);
	for (i = 0; i < g.nr; i++)
		trace_add_thread(t, g.threads[i].tid, g.threads[i].comm);
	guest_free(&g);
}

static void take_number(pid_t tid, void *data)
{
	take_thread(data, tid);
}

static void take_process(struct trace *t, pid_t pid)
{
	char *tasks = xasprintf("/proc/%d/task", pid);

	each_number(tasks, take_number, t);
	free(tasks);
}

/* What works for a guest outside of it is looked for once: that takes its time. */
static void take_helpers(struct trace *t, pid_t pid)
{
	struct guest g = {};
	int i;

	guest_find(pid, &g);
	for (i = 0; i < g.nr; i++)
		take_thread(t, g.threads[i].tid);
	guest_free(&g);
}

/* Threads come and go: those that lived shorter than a poll may be missed. */
static void take_threads(struct trace *t, const struct capture *what)
{
	int i, nr;
	pid_t *tids;

	if (what->pid) {
		take_process(t, what->pid);
		return;
	}
	nr = capsule_threads(what->c->path, &tids);
	for (i = 0; i < nr; i++)
		take_thread(t, tids[i]);
	free(tids);
	take_irqs(t, what->c->irqs);
}

void capture_name(struct trace *t, const struct capsule *c)
{
	int cpu, i;

	t->name = xstrdup(c->name);
	t->res = c->res;
	for (cpu = cpus_next(&c->cpus, -1); cpu >= 0; cpu = cpus_next(&c->cpus, cpu))
		trace_set_budget(t, cpu, capsule_budget_on(c, cpu) * NS_PER_US);
	/* With capsules below, the device knows how much is left for it. */
	for (i = 0; i < c->nr_cpus; i++)
		if (c->cpu[i].device && c->cpu[i].cpu < t->nr_cpus)
			t->budget_ns[c->cpu[i].cpu] = c->cpu[i].budget_ns;
}

/* What threads of others do says nothing about the capsule. */
static void drop_others(struct trace *t, size_t from)
{
	size_t i, to = from;

	for (i = from; i < t->nr; i++) {
		const struct trace_event *ev = &t->events[i];

		if (ev->ts < t->begin || ev->ts > t->end)
			continue;
		if (is_of_threads(ev) && !trace_thread(t, ev->prev) && !trace_thread(t, ev->next))
			continue;
		t->events[to++] = *ev;
	}
	t->nr = to;
}

/*
 * Up to that time all has been read: so nothing comes any more that belongs before it.
 * Not 0: nobody takes them any more.
 */
static int hand_over(struct trace *t, const struct capture *what, u64 until)
{
	size_t nr = 0;
	int ret = 0;

	if (!what->take)
		return 0;
	trace_sort(t);
	while (!ret && nr < t->nr && t->events[nr].ts < until)
		ret = what->take(&t->events[nr++], what->data);
	t->nr -= nr;
	memmove(t->events, t->events + nr, t->nr * sizeof(*t->events));
	return ret;
}

/* Each second, to somebody who looks on. */
static void show_progress(const struct trace *t, u64 now, u64 *last)
{
	u64 seconds = (now - t->begin) / NS_PER_S;

	if (seconds == *last || !isatty(STDERR_FILENO))
		return;
	*last = seconds;
	fprintf(stderr, "\rrecording: %llu of %llu s", (unsigned long long)seconds,
		(unsigned long long)((t->end - t->begin) / NS_PER_S));
}

/*
 * Until the time is over. What comes from others is not kept for longer than a poll, and
 * what somebody takes not longer than two.
 */
static int poll_events(struct tracer *tracer, struct recording *r)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	struct trace *t = r->t;
	u64 shown = 0, now;
	size_t kept;
	int ret = 0;

	take_threads(t, r->what);
	while (!ret && !tracer_stopped && now_ns() < t->end) {
		kept = t->nr;
		nanosleep(&pause, NULL);
		now = now_ns();
		tracer_poll(tracer, take_event, r);
		take_threads(t, r->what);
		drop_others(t, kept);
		ret = hand_over(t, r->what, now);
		show_progress(t, now_ns(), &shown);
	}
	if (shown)
		fputs("\r\033[K", stderr);
	return ret;
}

int capture(struct trace *t, const struct capture *what)
{
	struct recording r = { t, what, what->reserved ? cg_id(what->c->path) : 0 };
	struct tracer *tracer;
	int ret;

	if (what->pid)
		take_helpers(t, what->pid);
	tracer = tracer_start(&what->c->cpus, what->wakes);
	if (!tracer)
		return complain(errno, cure_of(CALL_TRACE, errno), "cannot trace");
	tracer_signals();
	t->begin = now_ns();
	t->end = t->begin + what->time * NS_PER_US;
	ret = poll_events(tracer, &r);
	if (now_ns() < t->end)
		t->end = now_ns();
	t->lost = tracer_lost(tracer);
	tracer_stop(tracer);
	trace_sort(t);
	drop_others(t, 0);
	if (!ret)
		hand_over(t, what, UINT64_MAX);
	return EXIT_OK;
}
