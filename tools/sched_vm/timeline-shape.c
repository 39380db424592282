// SPDX-License-Identifier: GPL-2.0
/*
 * What there is to be seen of a timeline in a picture: what is in the same place is one,
 * so that memory and file are bounded by the picture, however long the timeline is.
 */
#include <stdlib.h>

#include "timeline.h"

void shape_begin(struct shape *s, const struct trace *t, u64 width)
{
	*s = (struct shape){ .t = t, .width = width ? width : 1 };
	s->lanes = xzalloc((t->nr_threads + 1) * sizeof(*s->lanes));
	s->tracks = xzalloc((t->nr_cpus + 1) * sizeof(*s->tracks));
}

/* Half a place between two is not to be seen; and in one place there is only one. */
static bool is_one(const struct shape *s, const struct run *last, int cpu, u64 from, u64 to)
{
	if (from > last->to && last->cpu == cpu && from - last->to <= s->width / 2)
		return true;
	return (from <= last->to && last->cpu == cpu) || to - last->from <= s->width;
}

static struct run *add_run(const struct shape *s, struct run *runs, size_t *nr, int cpu, u64 from,
			   u64 to)
{
	struct run *last = *nr ? &runs[*nr - 1] : NULL;

	if (last && is_one(s, last, cpu, from, to)) {
		last->nr++;
		last->to = to;
		if (last->cpu != cpu)
			last->cpu = -1;
		return runs;
	}
	runs = grow(runs, *nr, sizeof(*runs));
	runs[(*nr)++] = (struct run){ cpu, 1, from, to };
	return runs;
}

void shape_slice(struct shape *s, const struct slice *slice)
{
	struct lane *l = &s->lanes[trace_thread(s->t, slice->tid) - s->t->threads];

	l->runs = add_run(s, l->runs, &l->nr, slice->cpu, slice->from, slice->to);
}

/* Only CPUs with a reservation are drawn. */
static struct track *track_of(const struct shape *s, int cpu)
{
	return cpu < s->t->nr_cpus && s->t->budget_ns[cpu] ? &s->tracks[cpu] : NULL;
}

void shape_dry(struct shape *s, const struct span *span)
{
	struct track *k = track_of(s, span->cpu);

	if (k)
		k->dry = add_run(s, k->dry, &k->nr_dry, span->cpu, span->from, span->to);
}

void shape_gap(struct shape *s, const struct span *span)
{
	struct track *k = track_of(s, span->cpu);

	if (k)
		k->gaps = add_run(s, k->gaps, &k->nr_gaps, span->cpu, span->from, span->to);
}

static void add_point(struct track *k, const struct point *p)
{
	k->points = grow(k->points, k->nr, sizeof(*k->points));
	k->points[k->nr++] = *p;
}

static void end_column(struct track *k)
{
	int i;

	for (i = 0; i < k->in_column; i++)
		add_point(k, &k->column[i]);
	k->in_column = 0;
}

/* Of five points, one that is between others is not to be seen: not the first and last. */
static void drop_one(struct point *p)
{
	int least = 0, most = 0, i, drop = 1;

	for (i = 0; i < 5; i++) {
		if (p[i].left < p[least].left)
			least = i;
		if (p[i].left > p[most].left)
			most = i;
	}
	while (drop == least || drop == most)
		drop++;
	for (i = drop; i < 4; i++)
		p[i] = p[i + 1];
}

void shape_sample(struct shape *s, const struct sample *sample)
{
	struct point p = { sample->ts, sample->left }, five[5];
	struct track *k = track_of(s, sample->cpu);
	int i;

	if (!k)
		return;
	if (k->in_column && p.ts - k->column[0].ts > s->width)
		end_column(k);
	if (k->in_column < 4) {
		k->column[k->in_column++] = p;
		return;
	}
	for (i = 0; i < 4; i++)
		five[i] = k->column[i];
	five[4] = p;
	drop_one(five);
	for (i = 0; i < 4; i++)
		k->column[i] = five[i];
}

void shape_end(struct shape *s)
{
	int cpu;

	for (cpu = 0; cpu < s->t->nr_cpus; cpu++)
		end_column(&s->tracks[cpu]);
}

void shape_free(struct shape *s)
{
	int i;

	for (i = 0; i < s->t->nr_threads; i++)
		free(s->lanes[i].runs);
	for (i = 0; i < s->t->nr_cpus; i++) {
		free(s->tracks[i].points);
		free(s->tracks[i].dry);
		free(s->tracks[i].gaps);
	}
	free(s->lanes);
	free(s->tracks);
}
