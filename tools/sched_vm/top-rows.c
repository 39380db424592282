// SPDX-License-Identifier: GPL-2.0
/* top: the lines, for people, for spreadsheets, and for programs. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "top.h"

const char *const sort_names[NR_SORTS] = {
	[SORT_USED] = "used", [SORT_NAME] = "name", [SORT_THROTTLED] = "throttled",
	[SORT_MISSES] = "misses",
};

/* A budget for each period that the interval had, as a share of it. */
static double used_share(const struct capsule *c, int cpu, long long usage, s64 ns)
{
	double periods = (double)ns / NS_PER_US / c->res.period;
	double budget = periods * capsule_budget_on(c, cpu);

	return budget > 0 ? 100.0 * usage / budget : 0;
}

static const struct cpu_stat *stat_in(const struct view *v, u64 id, int cpu)
{
	int i, j;

	for (i = 0; i < v->nr; i++)
		for (j = 0; v->ids[i] == id && j < v->list[i].nr_cpus; j++)
			if (v->list[i].cpu[j].cpu == cpu)
				return &v->list[i].cpu[j];
	return NULL;
}

static long long usage_since(const struct top *top, int i, int j)
{
	const struct cpu_stat *now = &top->now.list[i].cpu[j];
	const struct cpu_stat *before = stat_in(&top->before, top->now.ids[i], now->cpu);

	return now->usage_usec - (before ? before->usage_usec : 0);
}

double usage_between(const struct top *top, int i, int j)
{
	return 100.0 * usage_since(top, i, j) * NS_PER_US / (top->now.at - top->before.at);
}

static const s64 *latency_in(const struct top *top, u64 id, int cpu)
{
	int i;

	for (i = 0; i < top->nr_latency; i++)
		if (top->latency[i].cgroup == id && top->latency[i].cpu == cpu)
			return &top->latency[i].worst;
	return NULL;
}

struct row *row_add(struct top *top)
{
	top->rows = grow(top->rows, top->nr_rows, sizeof(*top->rows));
	top->rows[top->nr_rows] = (struct row){ .escaped = -1 };
	return &top->rows[top->nr_rows++];
}

/* Since before, or, on a CPU that has come since, since it came. */
static void add_cpu(struct top *top, int i, int j)
{
	const struct capsule *c = &top->now.list[i];
	const struct cpu_stat *now = &c->cpu[j], none = {};
	const struct cpu_stat *before = stat_in(&top->before, top->now.ids[i], now->cpu);
	struct row *r = row_add(top);

	before = before ? before : &none;
	r->c = c;
	r->cpu = now->cpu;
	r->usage = usage_since(top, i, j);
	r->used = used_share(c, r->cpu, r->usage, top->now.at - top->before.at);
	r->known = true;
	r->throttled = now->nr_throttled - before->nr_throttled;
	r->overruns = now->nr_overruns - before->nr_overruns;
	r->misses = now->nr_deadline_misses - before->nr_deadline_misses;
	r->worst = now->max_overrun_nsec;
	r->latency = latency_in(top, top->now.ids[i], now->cpu);
	if (!j)
		r->escaped = escaped_count(c->path);
}

/* --- in order --- */

static enum sort sort_by;

static int by_sort(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int names = strverscmp(x->c->name, y->c->name);

	if (sort_by == SORT_USED && x->used != y->used)
		return x->used > y->used ? -1 : 1;
	if (sort_by == SORT_THROTTLED && x->throttled != y->throttled)
		return x->throttled > y->throttled ? -1 : 1;
	if (sort_by == SORT_MISSES && x->misses != y->misses)
		return x->misses > y->misses ? -1 : 1;
	if (names)
		return names;
	return x->tid != y->tid ? x->tid - y->tid : x->cpu - y->cpu;
}

static bool is_wanted(const struct top *top, const struct row *r)
{
	if (top->busy && r->used < 0.05 && !r->throttled && !r->misses)
		return false;
	return !*top->filter || strstr(r->c->name, top->filter) || strstr(r->comm, top->filter);
}

void rows_make(struct top *top)
{
	int i, j, nr = 0;

	rows_free(top);
	if (top->threads)
		rows_threads(top);
	for (i = 0; i < top->now.nr && !top->threads; i++)
		for (j = 0; j < top->now.list[i].nr_cpus; j++)
			add_cpu(top, i, j);
	for (i = 0; i < top->nr_rows; i++)
		if (is_wanted(top, &top->rows[i]))
			top->rows[nr++] = top->rows[i];
	top->nr_rows = nr;
	sort_by = top->sort;
	if (nr)
		qsort(top->rows, nr, sizeof(*top->rows), by_sort);
}

void rows_free(struct top *top)
{
	free(top->rows);
	top->rows = NULL;
	top->nr_rows = 0;
}

/* --- columns --- */

static char *cell_name(const struct row *r)
{
	return xstrdup(r->c->name);
}

static char *cell_tid(const struct row *r)
{
	return xasprintf("%d", r->tid);
}

static char *cell_comm(const struct row *r)
{
	return xstrdup(r->comm);
}

static char *cell_cpu(const struct row *r)
{
	return xasprintf("%d", r->cpu);
}

static char *cell_used(const struct row *r)
{
	return r->known ? xasprintf("%.1f %%", r->used) : xstrdup("-");
}

static char *cell_throttled(const struct row *r)
{
	return xasprintf("%lld", r->throttled);
}

static char *cell_misses(const struct row *r)
{
	return xasprintf("%lld", r->misses);
}

static char *cell_budget(const struct row *r)
{
	char *budget = format_time(capsule_budget_on(r->c, r->cpu));
	char *period = format_time(r->c->res.period), *text;

	text = xasprintf("%s/%s", budget, period);
	free(period);
	free(budget);
	return text;
}

static char *cell_escaped(const struct row *r)
{
	return r->escaped < 0 ? xstrdup("") : xasprintf("%d", r->escaped);
}

static char *cell_overruns(const struct row *r)
{
	return xasprintf("%lld", r->overruns);
}

static char *cell_worst(const struct row *r)
{
	return format_ns(r->worst);
}

static char *cell_latency(const struct row *r)
{
	return r->latency ? format_ns(*r->latency) : xstrdup("-");
}

struct column {
	const char *heading;
	int width;		/* at least; a longer cell is cut */
	int rank;		/* the highest go first where there is no room */
	bool left;
	char *(*cell)(const struct row *r);
	long long (*alarm)(const struct row *r);
	const char *colour;
};

#define YELLOW	"\033[33m"
#define RED	"\033[31m"

static long long has_throttled(const struct row *r)
{
	return r->throttled;
}

static long long has_misses(const struct row *r)
{
	return r->misses;
}

static long long has_escaped(const struct row *r)
{
	return r->escaped > 0;
}

static const struct column cpu_columns[] = {
	{ "NAME", 8, 0, true, cell_name },
	{ "CPU", 4, 0, false, cell_cpu },
	{ "BUDGET", 12, 4, false, cell_budget },
	{ "USED", 8, 1, false, cell_used },
	{ "THROTTLED", 9, 2, false, cell_throttled, has_throttled, YELLOW },
	{ "MISSES", 6, 3, false, cell_misses, has_misses, RED },
	{ "OVERRUNS", 8, 6, false, cell_overruns },
	{ "WORST", 9, 8, false, cell_worst },
	{ "LATENCY", 9, 7, false, cell_latency },
	{ "ESCAPED", 7, 5, false, cell_escaped, has_escaped, RED },
	{}
};

static const struct column thread_columns[] = {
	{ "NAME", 8, 1, true, cell_name },
	{ "TID", 7, 0, false, cell_tid },
	{ "THREAD", 15, 0, true, cell_comm },
	{ "CPU", 4, 3, false, cell_cpu },
	{ "USED", 8, 0, false, cell_used },
	{}
};

static const struct column *columns(const struct top *top)
{
	return top->threads ? thread_columns : cpu_columns;
}

char *fit_text(const char *text, int width)
{
	int len = strlen(text);

	if (width <= 0)
		return xstrdup("");
	if (text_width(text, len) <= width)
		return xasprintf("%s%*s", text, width - text_width(text, len), "");
	while (len && text_width(text, len) > width - 1)
		len--;
	/* Not in the middle of a character. */
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return xasprintf("%.*s~%*s", len, text, width - 1 - text_width(text, len), "");
}

/* The highest rank for which there is room, and what is left for the first column. */
static int rank_for(const struct column *c, int width, int *room)
{
	int rank, need, i;

	for (rank = 9; rank > 0; rank--) {
		for (need = i = 0; c[i].heading; i++)
			if (c[i].rank <= rank)
				need += c[i].width + (i ? 2 : 0);
		if (need <= width)
			break;
	}
	for (need = 0, i = 1; c[i].heading; i++)
		if (c[i].rank <= rank)
			need += c[i].width + 2;
	*room = width - need > 40 ? 40 : width - need;
	return rank;
}

static char *cell_line(const struct column *c, const struct row *r, int width, bool colour)
{
	char *text = r ? c->cell(r) : xstrdup(c->heading), *fit, *line;
	int has = text_width(text, strlen(text));
	bool alarm = r && colour && c->alarm && c->alarm(r);

	if (c->left || has >= width)
		fit = fit_text(text, width);
	else
		fit = xasprintf("%*s%s", width - has, "", text);
	line = xasprintf("%s%s%s", alarm ? c->colour : "", fit, alarm ? "\033[m" : "");
	free(fit);
	free(text);
	return line;
}

char *row_line(const struct top *top, const struct row *r, int width, bool colour)
{
	const struct column *c = columns(top);
	char *line = xstrdup(""), *cell, *more;
	int i, room, rank = rank_for(c, width, &room);

	for (i = 0; c[i].heading; i++) {
		if (c[i].rank > rank)
			continue;
		cell = cell_line(&c[i], r, i ? c[i].width : room, colour);
		more = xasprintf("%s%s%s", line, i && *line ? "  " : "", cell);
		free(cell);
		free(line);
		line = more;
	}
	return line;
}

/* --- as text --- */

static void add_line(struct table *t, const struct column *c, const struct row *r)
{
	char *line = xstrdup(""), *cell, *more;
	int i;

	for (i = 0; c[i].heading; i++) {
		cell = r ? c[i].cell(r) : xstrdup(c[i].heading);
		more = xasprintf("%s%s%s", line, i ? "\t" : "", cell);
		free(cell);
		free(line);
		line = more;
	}
	table_add(t, "%s", line);
	free(line);
}

void rows_print(struct top *top)
{
	struct table t = { .align = top->threads ? "lrlrr" : "lrrrrrrrrr" };
	int i;

	add_line(&t, columns(top), NULL);
	for (i = 0; i < top->nr_rows; i++)
		add_line(&t, columns(top), &top->rows[i]);
	if (top->now.nr)
		table_print(&t);
	else
		puts("no capsules");
	table_free(&t);
}

/* Names may have commas and quotes. */
static void csv_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"')
			putchar('"');
		putchar(*s);
	}
	putchar('"');
}

static void csv_row(const struct top *top, const struct row *r, const char *time)
{
	printf("%s,", time);
	csv_text(r->c->name);
	if (top->threads) {
		printf(",%d,", r->tid);
		csv_text(r->comm);
		printf(r->known ? ",%d,%.1f\n" : ",%d,\n", r->cpu, r->used);
		return;
	}
	printf(",%d,%llu,%llu,%.1f,%lld,%lld,%lld,%lld,%lld,", r->cpu,
	       (unsigned long long)capsule_budget_on(r->c, r->cpu),
	       (unsigned long long)r->c->res.period, r->used, r->usage, r->throttled, r->overruns,
	       r->worst, r->misses);
	if (r->latency)
		printf("%lld", (long long)*r->latency);
	if (r->escaped >= 0)
		printf(",%d\n", r->escaped);
	else
		puts(",");
}

static const char *const csv_keys[] = {
	"time", "name", "cpu", "budget_us", "period_us", "used_percent", "usage_usec",
	"nr_throttled", "nr_overruns", "max_overrun_nsec", "nr_deadline_misses",
	"replenish_latency_nsec", "escaped", NULL
};

void rows_csv(const struct top *top, bool heading)
{
	time_t now = time(NULL);
	char text[32];
	int i;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", localtime(&now));
	if (heading && top->threads)
		puts("time,name,tid,comm,cpu,used_percent");
	else if (heading)
		for (i = 0; csv_keys[i]; i++)
			printf("%s%c", csv_keys[i], csv_keys[i + 1] ? ',' : '\n');
	for (i = 0; i < top->nr_rows; i++)
		csv_row(top, &top->rows[i], text);
}

/* --- for programs --- */

static struct json_object *row_json(const struct row *r)
{
	struct json_object *o = json_object_new_object();

	jo_int(o, "cpu", r->cpu);
	jo_time(o, "budget_us", capsule_budget_on(r->c, r->cpu));
	json_object_object_add(o, "used_percent", json_object_new_double(r->used));
	jo_int(o, "usage_usec", r->usage);
	jo_int(o, "nr_throttled", r->throttled);
	jo_int(o, "nr_overruns", r->overruns);
	jo_int(o, "max_overrun_nsec", r->worst);
	jo_int(o, "nr_deadline_misses", r->misses);
	json_object_object_add(o, "replenish_latency_nsec",
			       r->latency ? json_object_new_int64(*r->latency) : NULL);
	return o;
}

static struct json_object *thread_row_json(const struct row *r)
{
	struct json_object *o = json_object_new_object();

	jo_int(o, "tid", r->tid);
	jo_str(o, "comm", r->comm);
	jo_int(o, "cpu", r->cpu);
	json_object_object_add(o, "used_percent",
			       r->known ? json_object_new_double(r->used) : NULL);
	return o;
}

void rows_json(struct top *top)
{
	struct json_object *o = json_object_new_object(), *list = jo_array(o, "capsules");
	int i, j;

	jo_int(o, "interval_ns", top->now.at - top->before.at);
	for (i = 0; i < top->now.nr; i++) {
		const struct capsule *c = &top->now.list[i];
		struct json_object *one = json_object_new_object(), *rows;

		jo_str(one, "name", c->name);
		jo_str(one, "cgroup", cg_relative(c->path));
		jo_int(one, "period_us", c->res.period);
		rows = jo_array(one, top->threads ? "threads" : "cpus");
		for (j = 0; j < top->nr_rows; j++)
			if (top->rows[j].c == c)
				json_object_array_add(rows, top->threads ?
						      thread_row_json(&top->rows[j]) :
						      row_json(&top->rows[j]));
		json_object_object_add(one, "escaped", escaped_json(c->path));
		json_object_array_add(list, one);
	}
	json_print(o);
}
