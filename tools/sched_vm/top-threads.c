// SPDX-License-Identifier: GPL-2.0
/* top: what each thread had of the CPUs between two looks. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "top.h"

static const struct thread_seen *seen_in(const struct view *v, pid_t tid)
{
	int low = 0, high = v->nr_threads, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (v->threads[mid].tid == tid)
			return &v->threads[mid];
		if (v->threads[mid].tid < tid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* utime and stime are the fields 14 and 15, processor is 39. */
static bool read_thread(pid_t tid, struct thread_seen *t)
{
	char *text = read_file("/proc/%d/stat", tid), *end = text ? strrchr(text, ')') : NULL;
	unsigned long long utime, stime;
	char *comm = text ? strchr(text, '(') : NULL;
	int field;

	if (!end || !comm ||
	    sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &utime,
		   &stime) != 2) {
		free(text);
		return false;
	}
	*end = '\0';
	snprintf(t->comm, sizeof(t->comm), "%s", comm + 1);
	clean_text(t->comm);
	for (field = 2, end++; *end && field < 39; end++)
		field += *end == ' ';
	t->cpu = atoi(end);
	t->ticks = utime + stime;
	free(text);
	return true;
}

static int by_tid(const void *a, const void *b)
{
	return ((const struct thread_seen *)a)->tid - ((const struct thread_seen *)b)->tid;
}

static void look_at(struct view *v, int capsule)
{
	pid_t *tids;
	int i, nr = capsule_threads(v->list[capsule].path, &tids);

	for (i = 0; i < nr; i++) {
		struct thread_seen t = { .tid = tids[i], .capsule = capsule };

		if (!read_thread(tids[i], &t))
			continue;
		v->threads = grow(v->threads, v->nr_threads, sizeof(*v->threads));
		v->threads[v->nr_threads++] = t;
	}
	free(tids);
}

void threads_look(struct view *v)
{
	int i;

	v->threads_at = now_ns();
	for (i = 0; i < v->nr; i++)
		look_at(v, i);
	if (v->nr_threads)
		qsort(v->threads, v->nr_threads, sizeof(*v->threads), by_tid);
}

/* Who was not there before has no share yet. */
void rows_threads(struct top *top)
{
	double seconds, hz = sysconf(_SC_CLK_TCK);
	int i;

	/* They were not asked for when the interval ended. */
	if (!top->now.threads_at)
		threads_look(&top->now);
	seconds = (double)(top->now.threads_at - top->before.threads_at) / NS_PER_S;
	for (i = 0; i < top->now.nr_threads; i++) {
		const struct thread_seen *t = &top->now.threads[i];
		const struct thread_seen *then = seen_in(&top->before, t->tid);
		struct row *r = row_add(top);

		r->c = &top->now.list[t->capsule];
		r->tid = t->tid;
		r->cpu = t->cpu;
		memcpy(r->comm, t->comm, sizeof(r->comm));
		r->known = then && then->ticks <= t->ticks;
		r->used = r->known ? 100.0 * (t->ticks - then->ticks) / hz / seconds : 0;
	}
}
