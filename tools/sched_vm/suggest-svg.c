// SPDX-License-Identifier: GPL-2.0
/*
 * The most demand in any window beside the least supply in it, on the host CPU that
 * needs most. Where the demand is left of the supply, it waits: for at most as long
 * as they are apart.
 */
#include <stdio.h>
#include <stdlib.h>

#include "suggest.h"

#define WIDTH		900
#define HEIGHT		560
#define LEFT		90
#define RIGHT		40
#define TOP		84
#define BOTTOM		50
#define POINTS		400
#define PERIODS		6	/* of the reservation, in the picture */
#define DEMAND		"#c9a227"
#define SUPPLY		"#4878a8"

struct graph {
	FILE *f;
	u64 width, height;	/* ns */
};

static double x_of(const struct graph *g, u64 t)
{
	return LEFT + (double)t / g->width * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct graph *g, u64 work)
{
	return HEIGHT - BOTTOM - (double)work / g->height * (HEIGHT - TOP - BOTTOM);
}

static void put_tick(const struct graph *g, u64 at, bool across)
{
	char *text = at ? format_ns(at) : xstrdup("0");
	double x = across ? x_of(g, at) : LEFT, y = across ? HEIGHT - BOTTOM : y_of(g, at);

	fprintf(g->f, "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"#ddd\"/>\n",
		x, y, across ? x : WIDTH - RIGHT, across ? TOP : y);
	fprintf(g->f, "<text class=\"tick\" x=\"%.2f\" y=\"%.2f\" fill=\"#444\" ",
		across ? x : x - 6, across ? y + 18 : y + 4);
	fprintf(g->f, "text-anchor=\"%s\">%s</text>\n", across ? "middle" : "end", text);
	free(text);
}

static void put_axes(const struct graph *g)
{
	u64 at, step;

	step = svg_tick_step(g->width);
	for (at = 0; at <= g->width; at += step)
		put_tick(g, at, true);
	step = svg_tick_step(g->height);
	for (at = 0; at <= g->height; at += step)
		put_tick(g, at, false);
	fprintf(g->f, "<text x=\"%d\" y=\"%d\" fill=\"#444\" text-anchor=\"middle\">",
		(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
	fputs("length of the window</text>\n", g->f);
}

static void put_key(const struct graph *g, int x, const char *colour, const char *text)
{
	fprintf(g->f, "<rect x=\"%d\" y=\"56\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", x,
		colour);
	fprintf(g->f, "<text x=\"%d\" y=\"65\" fill=\"#444\">%s</text>\n", x + 16, text);
}

static void put_head(const struct graph *g, const struct answer *a, const struct suggestion *s)
{
	char *budget = format_time(s->budget), *period = format_time(s->period);
	char *time = format_ns(a->d->time);

	fprintf(g->f, "<text x=\"%d\" y=\"24\" font-size=\"16\">", LEFT);
	svg_text(g->f, a->t->name);
	fprintf(g->f, ": %s in every %s</text>\n", budget, period);
	fprintf(g->f, "<text x=\"%d\" y=\"44\" fill=\"#444\">host CPU %d, watched for %s</text>\n",
		LEFT, a->d->cpus[s->cpu].cpu, time);
	put_key(g, LEFT, DEMAND, "the most that was wanted in any window");
	put_key(g, LEFT + 330, SUPPLY, "the least that this reservation gives in any");
	free(budget);
	free(period);
	free(time);
}

static void put_demand(const struct graph *g, const struct rt_demand *d)
{
	u64 last = rt_envelope(d, 0), now, t;
	int i;

	fprintf(g->f, "<polyline class=\"demand\" fill=\"none\" stroke=\"" DEMAND "\" ");
	fprintf(g->f, "stroke-width=\"2\" points=\"%.2f,%.2f %.2f,%.2f ", x_of(g, 0), y_of(g, 0),
		x_of(g, 0), y_of(g, last));
	for (i = 1; i <= POINTS; i++) {
		t = g->width * i / POINTS;
		now = rt_envelope(d, t);
		if (now == last && i < POINTS)
			continue;
		fprintf(g->f, "%.2f,%.2f %.2f,%.2f ", x_of(g, t), y_of(g, last), x_of(g, t),
			y_of(g, now));
		last = now;
	}
	fputs("\"/>\n", g->f);
}

static void put_point(const struct graph *g, const struct rt_server *s, u64 t)
{
	fprintf(g->f, "%.2f,%.2f ", x_of(g, t), y_of(g, rt_supply(s, t)));
}

/*
 * Flat to the end of the gap and of each budget, and up in between. What is owed is missing
 * once, at the end of the gap: later budgets begin sooner by that.
 */
static void put_supply(const struct graph *g, const struct rt_server *s)
{
	u64 gap = rt_gap(s), up = s->q - s->lost - s->debt, t;

	fprintf(g->f, "<polyline class=\"supply\" fill=\"none\" stroke=\"" SUPPLY "\" ");
	fprintf(g->f, "stroke-width=\"2\" points=\"");
	put_point(g, s, 0);
	for (t = gap; t != RT_NEVER && t + up <= g->width; t += s->p) {
		put_point(g, s, t == gap ? t : t - s->debt);
		put_point(g, s, t + up);
	}
	if (t != RT_NEVER && t - s->debt < g->width)
		put_point(g, s, t - s->debt);
	put_point(g, s, g->width);
	fputs("\"/>\n", g->f);
}

int suggest_svg(const struct answer *a, FILE *f)
{
	const struct suggestion *s = &a->list[a->taken];
	const struct rt_demand d = demand_on(a->d, s->cpu);
	const struct rt_server server = suggest_server(s);
	struct graph g = { .f = f, .width = PERIODS * server.p };

	g.height = rt_envelope(&d, g.width);
	if (g.height < rt_supply(&server, g.width))
		g.height = rt_supply(&server, g.width);
	svg_begin(f, WIDTH, HEIGHT);
	put_head(&g, a, s);
	put_axes(&g);
	put_demand(&g, &d);
	put_supply(&g, &server);
	fputs("</svg>\n", f);
	return file_error(f);
}
