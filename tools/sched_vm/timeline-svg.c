// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline as one SVG file: for each CPU the budget that is left, for each
 * thread when it ran, and on which CPU by colour.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

#define WIDTH		1200
#define LEFT		190
#define RIGHT		20
#define TOP		60
#define CPU_HEIGHT	80
#define LANE_HEIGHT	22
#define TICKS		10

struct picture {
	FILE *f;
	const struct trace *t;
	const struct timeline *tl;
	int y;			/* where the next track begins */
};

static const char *const colours[] = {
	"#4878a8", "#c06040", "#5a9a55", "#8868a8", "#b89030", "#408f8f", "#a85878", "#707070",
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

static void put_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '>')
			fputs("&gt;", f);
		else if (*s == '&')
			fputs("&amp;", f);
		else if ((unsigned char)*s >= ' ')
			fputc(*s, f);
	}
}

static int reserved_cpus(const struct trace *t)
{
	int cpu, nr = 0;

	for (cpu = 0; cpu < t->nr_cpus; cpu++)
		nr += !!t->budget_ns[cpu];
	return nr;
}

static void put_head(struct picture *p)
{
	int height = TOP + reserved_cpus(p->t) * CPU_HEIGHT + p->t->nr_threads * LANE_HEIGHT + 60;
	char *budget = format_time(p->t->res.budget), *period = format_time(p->t->res.period);

	fprintf(p->f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"\n",
		WIDTH, height);
	fprintf(p->f, "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n",
		WIDTH, height);
	fprintf(p->f, "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n");
	fprintf(p->f, "<text x=\"%d\" y=\"24\" font-size=\"16\">", LEFT);
	put_text(p->f, p->t->name);
	fprintf(p->f, ": %s in every %s</text>\n", budget, period);
	fprintf(p->f, "<text x=\"%d\" y=\"44\" fill=\"#666\">%s%s</text>\n", LEFT,
		"budget left on each CPU, and when each thread ran; red: no budget",
		p->t->lost ? "; some events were lost" : "");
	free(budget);
	free(period);
	p->y = TOP;
}

static void put_label(struct picture *p, const char *text, int height)
{
	fprintf(p->f, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 10,
		p->y + height / 2 + 4);
	put_text(p->f, text);
	fputs("</text>\n", p->f);
}

static void put_rect(struct picture *p, const char *class, u64 from, u64 to, int y, int height,
		     const char *fill)
{
	double x = x_of(p, from), width = x_of(p, to) - x;

	fprintf(p->f, "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" ", class, x, y);
	fprintf(p->f, "width=\"%.2f\" height=\"%d\" fill=\"%s\"/>\n",
		width < 0.3 ? 0.3 : width, height, fill);
}

/* From a throttle to the next event of that server. */
static void put_throttled(struct picture *p, int cpu)
{
	u64 from = 0;
	size_t i;

	for (i = 0; i <= p->t->nr; i++) {
		const struct trace_event *ev = &p->t->events[i];
		u64 to = i < p->t->nr ? ev->ts : p->t->end;

		if (i < p->t->nr && (ev->cpu != cpu || ev->type == TRACE_SWITCH ||
				     ev->type == TRACE_MIGRATE || ev->type == TRACE_OVERRUN ||
				     ev->type == TRACE_STOP))
			continue;
		if (from)
			put_rect(p, "dry", from, to, p->y, CPU_HEIGHT - 14, "#f4c8c0");
		from = i < p->t->nr && ev->type == TRACE_THROTTLE ? ev->ts : 0;
	}
}

static void put_curve(struct picture *p, int cpu)
{
	double height = CPU_HEIGHT - 14, budget = p->t->budget_ns[cpu];
	size_t i;

	fprintf(p->f, "<polyline class=\"budget\" fill=\"none\" stroke=\"%s\" points=\"",
		colour(cpu));
	for (i = 0; i < p->tl->nr_samples; i++) {
		const struct sample *s = &p->tl->samples[i];
		double share = s->left / budget;

		if (s->cpu != cpu)
			continue;
		if (share < 0)
			share = 0;
		if (share > 1)
			share = 1;
		fprintf(p->f, "%.2f,%.2f ", x_of(p, s->ts), p->y + height * (1 - share));
	}
	fputs("\"/>\n", p->f);
}

static void put_cpu(struct picture *p, int cpu)
{
	char *budget = format_ns(p->t->budget_ns[cpu]);
	char *label = xasprintf("CPU %d, %s", cpu, budget);

	put_throttled(p, cpu);
	put_curve(p, cpu);
	put_label(p, label, CPU_HEIGHT - 14);
	fprintf(p->f, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#bbb\"/>\n", LEFT,
		p->y + CPU_HEIGHT - 14, WIDTH - RIGHT, p->y + CPU_HEIGHT - 14);
	p->y += CPU_HEIGHT;
	free(label);
	free(budget);
}

static void put_thread(struct picture *p, const struct trace_thread *thread)
{
	size_t i;

	for (i = 0; i < p->tl->nr_slices; i++) {
		const struct slice *s = &p->tl->slices[i];

		if (s->tid == thread->tid)
			put_rect(p, "ran", s->from, s->to, p->y + 3, LANE_HEIGHT - 6,
				 colour(s->cpu));
	}
	put_label(p, thread->comm, LANE_HEIGHT);
	p->y += LANE_HEIGHT;
}

static void put_axis(struct picture *p)
{
	u64 length = p->t->end - p->t->begin;
	int i;

	for (i = 0; i <= TICKS; i++) {
		double x = x_of(p, p->t->begin + length * i / TICKS);
		char *time = format_ns(length * i / TICKS / NS_PER_US * NS_PER_US);

		fprintf(p->f, "<line x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\" ", x, TOP, x,
			p->y);
		fprintf(p->f, "stroke=\"#ddd\" stroke-dasharray=\"2 4\"/>\n");
		fprintf(p->f, "<text x=\"%.2f\" y=\"%d\" fill=\"#666\" ", x, p->y + 18);
		fprintf(p->f, "text-anchor=\"middle\">%s</text>\n", time);
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
		put_thread(&p, &t->threads[i]);
	put_axis(&p);
	fputs("</svg>\n", p.f);
	return file_error(f);
}
