// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline as one SVG file: for each CPU the budget that is left, below zero as a
 * debt, and for each thread that ran when it did, and on which CPU by colour. Who
 * points at something is told what it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

#define WIDTH		1200
#define LEFT		230
#define RIGHT		60		/* half of the last tick's text */
#define TOP		76
#define CPU_HEIGHT	96
#define GAP		24		/* between CPUs */
#define LANE_HEIGHT	22
#define THIN		0.3		/* what is less wide is not to be seen */
#define CURVE		"#222222"
#define DRY_COLOUR	"#f4b8b0"	/* red means no budget, and nothing else does */

struct picture {
	FILE *f;
	const struct trace *t;
	const struct timeline *tl;
	int y;			/* where the next track begins */
	s64 least, most;	/* of the scale of the track, in ns */
};

/* Of CPUs; none of them red. */
static const char *const colours[] = {
	"#4878a8", "#c9a227", "#5a9a55", "#8868a8", "#408f8f", "#707070", "#2f4f7f", "#9aa84a",
};

static const char *colour(int cpu)
{
	return colours[cpu % ARRAY_SIZE(colours)];
}

static double x_of(const struct picture *p, u64 ts)
{
	double share = (double)(s64)(ts - p->t->begin) / (double)(p->t->end - p->t->begin);

	return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct picture *p, s64 left)
{
	return p->y + CPU_HEIGHT * (double)(p->most - left) / (double)(p->most - p->least);
}

static int reserved_cpus(const struct trace *t)
{
	int cpu, nr = 0;

	for (cpu = 0; cpu < t->nr_cpus; cpu++)
		nr += !!t->budget_ns[cpu];
	return nr;
}

static int lanes(const struct trace *t, const struct timeline *tl)
{
	int i, nr = 0;

	for (i = 0; i < t->nr_threads; i++)
		nr += timeline_has(tl, t->threads[i].tid);
	return nr;
}

static void put_box(struct picture *p, int x, int y, const char *fill)
{
	fprintf(p->f, "<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", x, y,
		fill);
}

static void put_head(struct picture *p)
{
	int height = TOP + reserved_cpus(p->t) * (CPU_HEIGHT + GAP) +
		     lanes(p->t, p->tl) * LANE_HEIGHT + 50;
	char *budget = format_time(p->t->res.budget), *period = format_time(p->t->res.period);

	svg_begin(p->f, WIDTH, height);
	fprintf(p->f, "<text x=\"%d\" y=\"24\" font-size=\"16\">", LEFT);
	svg_text(p->f, p->t->name);
	fprintf(p->f, ": %s in every %s</text>\n", budget, period);
	fprintf(p->f, "<text x=\"%d\" y=\"44\" fill=\"#444\">%s%s</text>\n", LEFT,
		"the line: budget left on each CPU of the host, below 0 a debt; bars: when each thread ran, in the colour of the CPU",
		p->t->lost ? "; some events were lost" : "");
	put_box(p, LEFT, 53, DRY_COLOUR);
	fprintf(p->f, "<text x=\"%d\" y=\"62\" fill=\"#444\">throttled: no budget left</text>\n",
		LEFT + 16);
	free(budget);
	free(period);
	p->y = TOP;
}

static void put_label(struct picture *p, const char *text, int y)
{
	fprintf(p->f, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 60, y);
	svg_text(p->f, text);
	fputs("</text>\n", p->f);
}

/* @what is said of who points at it. */
static void put_rect(struct picture *p, const char *class, double from, double to, double y,
		     double height, const char *fill, const char *what)
{
	double width = to - from;

	fprintf(p->f, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" ", class, from, y);
	fprintf(p->f, "width=\"%.2f\" height=\"%.2f\" ", width < THIN ? THIN : width, height);
	fprintf(p->f, "fill=\"%s\"><title>", fill);
	svg_text(p->f, what);
	fputs("</title></rect>\n", p->f);
}

/* "1.5ms from 20ms on" */
static char *when(const struct picture *p, u64 from, u64 to)
{
	char *length = format_ns(to - from), *start = format_ns(from - p->t->begin);
	char *text = xasprintf("%s from %s on", length, start);

	free(start);
	free(length);
	return text;
}

static void put_throttled(struct picture *p, int cpu)
{
	size_t i;

	for (i = 0; i < p->tl->nr_dry; i++) {
		const struct dry *d = &p->tl->dry[i];
		char *time, *what;

		if (d->cpu != cpu)
			continue;
		time = when(p, d->from, d->to);
		what = xasprintf("throttled on host CPU %d, %s", cpu, time);
		put_rect(p, "dry", x_of(p, d->from), x_of(p, d->to), p->y, CPU_HEIGHT, DRY_COLOUR,
			 what);
		free(what);
		free(time);
	}
}

/* From the budget down to the deepest debt, which has some room in any case. */
static void set_scale(struct picture *p, int cpu)
{
	s64 budget = p->t->budget_ns[cpu];
	size_t i;

	p->most = budget;
	p->least = -budget / 10;
	for (i = 0; i < p->tl->nr_samples; i++) {
		const struct sample *s = &p->tl->samples[i];

		if (s->cpu == cpu && s->left < p->least)
			p->least = s->left;
		if (s->cpu == cpu && s->left > p->most)
			p->most = s->left;
	}
}

static void put_level(struct picture *p, s64 left, const char *stroke)
{
	char *text = left ? format_ns(left) : xstrdup("0");
	double y = y_of(p, left);

	fprintf(p->f, "<line x1=\"%d\" y1=\"%.2f\" x2=\"%d\" y2=\"%.2f\" ", LEFT, y,
		WIDTH - RIGHT, y);
	fprintf(p->f, "stroke=\"%s\"/>\n", stroke);
	fprintf(p->f, "<text x=\"%d\" y=\"%.2f\" fill=\"#444\" font-size=\"10\" ", LEFT - 4, y + 4);
	fprintf(p->f, "text-anchor=\"end\">%s</text>\n", text);
	free(text);
}

/* What would be in the same place is left out. */
static void put_curve(struct picture *p, int cpu)
{
	double x, y, last_x = -1, last_y = -1;
	size_t i;

	fprintf(p->f, "<polyline class=\"budget\" fill=\"none\" stroke=\"" CURVE "\" points=\"");
	for (i = 0; i < p->tl->nr_samples; i++) {
		const struct sample *s = &p->tl->samples[i];

		if (s->cpu != cpu)
			continue;
		x = x_of(p, s->ts);
		y = y_of(p, s->left);
		if (x - last_x < THIN && y - last_y < THIN && last_y - y < THIN)
			continue;
		fprintf(p->f, "%.2f,%.2f ", x, y);
		last_x = x;
		last_y = y;
	}
	fputs("\"/>\n", p->f);
}

static void put_cpu(struct picture *p, int cpu)
{
	char *label = xasprintf("host CPU %d", cpu);

	set_scale(p, cpu);
	put_throttled(p, cpu);
	put_level(p, p->most, "#ddd");
	put_level(p, 0, "#888");
	if (p->least < -p->most / 10)
		put_level(p, p->least, "#ddd");
	put_curve(p, cpu);
	put_box(p, LEFT - 56, p->y + CPU_HEIGHT / 2 - 6, colour(cpu));
	put_label(p, label, p->y + CPU_HEIGHT / 2 + 4);
	p->y += CPU_HEIGHT + GAP;
	free(label);
}

static void put_run(struct picture *p, const struct trace_thread *thread, const struct slice *s,
		    u64 to, int nr)
{
	char *time = when(p, s->from, to);
	char *what = nr > 1 ? xasprintf("%s (%d) %d times on host CPU %d, within %s", thread->comm,
					thread->tid, nr, s->cpu, time) :
		     xasprintf("%s (%d) on host CPU %d, %s", thread->comm, thread->tid, s->cpu,
			       time);

	put_rect(p, "ran", x_of(p, s->from), x_of(p, to), p->y + 3, LANE_HEIGHT - 6, colour(s->cpu),
		 what);
	free(what);
	free(time);
}

/* Those between which nothing is to be seen are one. */
static void put_runs(struct picture *p, const struct trace_thread *thread)
{
	const struct slice *first = NULL;
	u64 to = 0;
	int nr = 0;
	size_t i;

	for (i = 0; i < p->tl->nr_slices; i++) {
		const struct slice *s = &p->tl->slices[i];

		if (s->tid != thread->tid)
			continue;
		if (first && (s->cpu != first->cpu || x_of(p, s->from) - x_of(p, to) > THIN / 3)) {
			put_run(p, thread, first, to, nr);
			first = NULL;
			nr = 0;
		}
		first = first ? first : s;
		to = s->to;
		nr++;
	}
	if (first)
		put_run(p, thread, first, to, nr);
}

static void put_thread(struct picture *p, const struct trace_thread *thread)
{
	char *label = xasprintf("%s (%d)", thread->comm, thread->tid);

	put_runs(p, thread);
	put_label(p, label, p->y + LANE_HEIGHT / 2 + 4);
	p->y += LANE_HEIGHT;
	free(label);
}

static void put_axis(struct picture *p)
{
	u64 length = p->t->end - p->t->begin, step = svg_tick_step(length), at;

	for (at = 0; at <= length; at += step) {
		double x = x_of(p, p->t->begin + at);
		char *time = at ? format_ns(at) : xstrdup("0");

		fprintf(p->f, "<line x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\" ", x, TOP, x,
			p->y);
		fprintf(p->f, "stroke=\"#ccc\" stroke-dasharray=\"2 4\"/>\n");
		fprintf(p->f, "<text class=\"tick\" x=\"%.2f\" y=\"%d\" ", x, p->y + 18);
		fprintf(p->f, "fill=\"#444\" text-anchor=\"middle\">%s</text>\n", time);
		free(time);
	}
}

int timeline_svg(const struct trace *t, const struct timeline *tl, FILE *f)
{
	struct picture p = { .f = f, .t = t, .tl = tl };
	int i;

	put_head(&p);
	for (i = 0; i < t->nr_cpus; i++)
		if (t->budget_ns[i])
			put_cpu(&p, i);
	for (i = 0; i < t->nr_threads; i++)
		if (timeline_has(tl, t->threads[i].tid))
			put_thread(&p, &t->threads[i]);
	put_axis(&p);
	fputs("</svg>\n", p.f);
	return file_error(f);
}
