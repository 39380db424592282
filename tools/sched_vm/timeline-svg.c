// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline as one SVG file: for each CPU the budget that is left, below zero as a
 * debt, and for each thread that ran when it did, and on which CPU by colour. Who
 * points at something is told what it is.
 */
#include <stdio.h>
#include <stdlib.h>

#include "timeline.h"

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
#define CURVE_BEGIN	"<polyline class=\"budget\" fill=\"none\" stroke=\"" CURVE "\" points=\""
#define CURVE_END	"\"/>\n"
#define GAP_COLOUR	"#dddddd"

struct picture {
	FILE *f;
	const struct trace *t;
	struct shape shape;
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

static int lanes(const struct picture *p)
{
	int i, nr = 0;

	for (i = 0; i < p->t->nr_threads; i++)
		nr += p->shape.lanes[i].nr > 0;
	return nr;
}

static void put_box(struct picture *p, int x, int y, const char *fill)
{
	fprintf(p->f, "<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", x, y,
		fill);
}

static void put_key(struct picture *p, int x, const char *fill, const char *text)
{
	put_box(p, x, 53, fill);
	fprintf(p->f, "<text x=\"%d\" y=\"62\" fill=\"#444\">%s</text>\n", x + 16, text);
}

static void put_head(struct picture *p)
{
	int height = TOP + reserved_cpus(p->t) * (CPU_HEIGHT + GAP) +
		     lanes(p) * LANE_HEIGHT + 50;
	char *budget = format_time(p->t->res.budget), *period = format_time(p->t->res.period);

	svg_begin(p->f, WIDTH, height);
	fprintf(p->f, "<text x=\"%d\" y=\"24\" font-size=\"16\">", LEFT);
	svg_text(p->f, p->t->name);
	fprintf(p->f, ": %s in every %s</text>\n", budget, period);
	fprintf(p->f, "<text x=\"%d\" y=\"44\" fill=\"#444\">%s</text>\n", LEFT,
		"the line: budget left on each CPU of the host, below 0 a debt; bars: when each thread ran, in the colour of the CPU");
	put_key(p, LEFT, DRY_COLOUR, "throttled: no budget left");
	if (p->t->lost)
		put_key(p, LEFT + 200, GAP_COLOUR, "some events were lost");
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

static void put_areas(struct picture *p, int cpu, const struct run *runs, size_t nr,
		      const char *class, const char *fill, const char *text)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		const struct run *r = &runs[i];
		char *time = when(p, r->from, r->to);
		char *what = r->nr > 1 ? xasprintf("%s on host CPU %d, %d times, within %s", text,
						   cpu, r->nr, time) :
			     xasprintf("%s on host CPU %d, %s", text, cpu, time);

		put_rect(p, class, x_of(p, r->from), x_of(p, r->to), p->y, CPU_HEIGHT, fill, what);
		free(what);
		free(time);
	}
}

/* From the budget down to the deepest debt, which has some room in any case. */
static void set_scale(struct picture *p, int cpu)
{
	const struct track *k = &p->shape.tracks[cpu];
	s64 budget = p->t->budget_ns[cpu];
	size_t i;

	p->most = budget;
	p->least = -budget / 10;
	for (i = 0; i < k->nr; i++) {
		if (k->points[i].left < p->least)
			p->least = k->points[i].left;
		if (k->points[i].left > p->most)
			p->most = k->points[i].left;
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

/* It has holes where nothing is known. */
static void put_curve(struct picture *p, const struct track *k)
{
	const struct run *gap = k->gaps, *end = k->gaps + k->nr_gaps;
	double x, y, last_x = -1, last_y = -1;
	size_t i;

	fprintf(p->f, CURVE_BEGIN);
	for (i = 0; i < k->nr; i++) {
		const struct point *at = &k->points[i];

		x = x_of(p, at->ts);
		y = y_of(p, at->left);
		while (gap < end && at->ts >= gap->to) {
			fprintf(p->f, CURVE_END CURVE_BEGIN);
			last_x = -1;
			gap++;
		}
		if (x - last_x < THIN && y - last_y < THIN && last_y - y < THIN)
			continue;
		fprintf(p->f, "%.2f,%.2f ", x, y);
		last_x = x;
		last_y = y;
	}
	fputs(CURVE_END, p->f);
}

static void put_cpu(struct picture *p, int cpu)
{
	const struct track *k = &p->shape.tracks[cpu];
	char *label = xasprintf("host CPU %d", cpu);

	set_scale(p, cpu);
	put_areas(p, cpu, k->gaps, k->nr_gaps, "gap", GAP_COLOUR, "events were lost");
	put_areas(p, cpu, k->dry, k->nr_dry, "dry", DRY_COLOUR, "throttled");
	put_level(p, p->most, "#ddd");
	put_level(p, 0, "#888");
	if (p->least < -p->most / 10)
		put_level(p, p->least, "#ddd");
	put_curve(p, k);
	put_box(p, LEFT - 56, p->y + CPU_HEIGHT / 2 - 6, colour(cpu));
	put_label(p, label, p->y + CPU_HEIGHT / 2 + 4);
	p->y += CPU_HEIGHT + GAP;
	free(label);
}

/* "on host CPU 3", or on which? */
static char *where(const struct run *r)
{
	return r->cpu < 0 ? xstrdup("several host CPUs") : xasprintf("host CPU %d", r->cpu);
}

static void put_run(struct picture *p, const struct trace_thread *thread, const struct run *r)
{
	char *time = when(p, r->from, r->to), *cpu = where(r);
	char *what = r->nr > 1 ? xasprintf("%s (%d) %d times on %s, within %s", thread->comm,
					   thread->tid, r->nr, cpu, time) :
		     xasprintf("%s (%d) on %s, %s", thread->comm, thread->tid, cpu, time);

	put_rect(p, "ran", x_of(p, r->from), x_of(p, r->to), p->y + 3, LANE_HEIGHT - 6,
		 r->cpu < 0 ? CURVE : colour(r->cpu), what);
	free(what);
	free(cpu);
	free(time);
}

static void put_thread(struct picture *p, int nr)
{
	const struct trace_thread *thread = &p->t->threads[nr];
	const struct lane *l = &p->shape.lanes[nr];
	char *label = xasprintf("%s (%d)", thread->comm, thread->tid);
	size_t i;

	for (i = 0; i < l->nr; i++)
		put_run(p, thread, &l->runs[i]);
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

static void *picture_begin(const struct trace *t, FILE *f)
{
	struct picture *p = xzalloc(sizeof(*p));

	*p = (struct picture){ .f = f, .t = t };
	shape_begin(&p->shape, t, (t->end - t->begin) * THIN / (WIDTH - LEFT - RIGHT));
	return p;
}

static void take_slice(void *data, const struct slice *s)
{
	shape_slice(&((struct picture *)data)->shape, s);
}

static void take_sample(void *data, const struct sample *s)
{
	shape_sample(&((struct picture *)data)->shape, s);
}

static void take_dry(void *data, const struct span *s)
{
	shape_dry(&((struct picture *)data)->shape, s);
}

static void take_gap(void *data, const struct span *s)
{
	shape_gap(&((struct picture *)data)->shape, s);
}

static int picture_end(void *data)
{
	struct picture *p = data;
	int i, ret;

	shape_end(&p->shape);
	put_head(p);
	for (i = 0; i < p->t->nr_cpus; i++)
		if (p->t->budget_ns[i])
			put_cpu(p, i);
	for (i = 0; i < p->t->nr_threads; i++)
		if (p->shape.lanes[i].nr)
			put_thread(p, i);
	put_axis(p);
	fputs("</svg>\n", p->f);
	ret = file_error(p->f);
	shape_free(&p->shape);
	free(p);
	return ret;
}

const struct sink svg_sink = {
	.begin = picture_begin, .slice = take_slice, .sample = take_sample, .dry = take_dry,
	.gap = take_gap, .end = picture_end,
};
