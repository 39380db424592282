// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

#define SPACES		" \t\n"
#define MIN_PERIOD	100
#define MAX_PERIOD	4194304
#define MIN_BUDGET	10

/*
 * Densities, with 100 binary digits: a sum of some is exact but for a part in
 * 10^29, while the kernel has 20 digits. Rounded down, so that a sum which is
 * above the limit is above the limit.
 */
#define density		__int128
#define ONE		((density)1 << 100)
#define ALL_CAPSULES	(ONE / 10 * 9)	/* 95 % less 5 % for the fair server */

/*
 * The kernel's last digit, of a CPU and of a group's budget; each reservation may be
 * rounded once.
 */
#define BW_UNIT		(ONE >> 20)
#define NS_PER_US	1000

/* Decimal digits only; what does not fit is too large for everything. */
static bool parse_number(const char *word, long long *value)
{
	*value = 0;
	if (!*word)
		return false;
	for (; *word; word++) {
		if (*word < '0' || *word > '9')
			return false;
		*value = *value * 10 + *word - '0';
		if (*value > 10LL * MAX_PERIOD)
			*value = 10LL * MAX_PERIOD;
	}
	return true;
}

static bool parse_budget(const char *word, long long *budget)
{
	if (!strcmp(word, "max")) {
		*budget = MODEL_BUDGET_MAX;
		return true;
	}
	return parse_number(word, budget);
}

/* Takes @text apart. Returns the number of words, at most @max + 1. */
static int split(char *text, char *word[], int max)
{
	int n = 0;

	for (;;) {
		text += strspn(text, SPACES);
		if (!*text || n > max)
			return n;
		if (n < max)
			word[n] = text;
		n++;
		text += strcspn(text, SPACES);
		if (*text)
			*text++ = '\0';
	}
}

static bool parse(enum model_file file, const char *text, struct model_group *g)
{
	int n, max = file == FILE_RT_MAX ? 3 : 1;
	char copy[256], *word[3] = {};

	snprintf(copy, sizeof(copy), "%s", text);
	n = split(copy, word, max);
	if (n < 1 || n > max)
		return false;
	switch (file) {
	case FILE_BUDGET:
		return parse_budget(word[0], &g->budget);
	case FILE_PERIOD:
		return parse_number(word[0], &g->period);
	case FILE_DEADLINE:
		return parse_budget(word[0], &g->deadline);
	case FILE_RT_MAX:
		return parse_budget(word[0], &g->budget) &&
		       (n < 2 || parse_number(word[1], &g->period)) &&
		       (n < 3 || parse_budget(word[2], &g->deadline));
	case FILE_SCOPE:
		g->rt_only = !strcmp(word[0], "rt");
		return g->rt_only || !strcmp(word[0], "all");
	default:
		return false;
	}
}

static long long deadline(const struct model_group *g)
{
	return g->deadline == MODEL_BUDGET_MAX ? g->period : g->deadline;
}

static bool in_range(const struct model_group *g)
{
	if (g->period < MIN_PERIOD || g->period > MAX_PERIOD)
		return false;
	if (deadline(g) < MIN_BUDGET || deadline(g) > g->period)
		return false;
	if (g->budget == MODEL_BUDGET_MAX || !g->budget)
		return true;
	return g->budget >= MIN_BUDGET && g->budget <= deadline(g);
}

static density ratio(long long budget, long long time)
{
	return budget * ONE / time;
}

static density bandwidth(const struct model_group *g)
{
	return g->budget > 0 ? ratio(g->budget, deadline(g)) : 0;
}

/* The nearest group above @g that has a reservation. */
static int reserved_above(const struct model *m, int g)
{
	do
		g = m->group[g].parent;
	while (g >= 0 && m->group[g].budget <= 0);
	return g;
}

/*
 * What is above the limit must be refused. What is below it may be refused if the
 * kernel's rounding can be the reason. Sixteen is what rounding down here makes.
 */
static enum model_answer compare(density left, density rounding)
{
	if (left >= rounding)
		return YES;
	return left < -16 ? NO : MAYBE;
}

/* What those right below group @g (-1: the CPU) have, and how many they are. */
static density below(const struct model *m, int g, int *nr)
{
	density sum = 0;
	int i;

	*nr = 0;
	for (i = 0; i < m->nr; i++) {
		if (m->group[i].budget <= 0 || reserved_above(m, i) != g)
			continue;
		sum += bandwidth(&m->group[i]);
		++*nr;
	}
	return sum;
}

/* The nearest group, @g or above it, whose reservation is for normal threads, or @rt. */
static int in_scope_from(const struct model *m, int g, bool rt)
{
	while (g >= 0 && (m->group[g].budget <= 0 || (m->group[g].rt_only && !rt)))
		g = reserved_above(m, g);
	return g;
}

/* What is left to own threads, of the budget, if that must not be less than @budget. */
static density left(const struct model *m, int g, long long budget, int *nr)
{
	density sum = below(m, g, nr);

	return bandwidth(&m->group[g]) - sum - ratio(budget, deadline(&m->group[g]));
}

/* Have those below all of it? Then it serves nobody. */
static bool handed_out(const struct model *m, int g)
{
	int nr;

	return m->group[g].budget > 0 && left(m, g, MIN_BUDGET, &nr) < 0 && nr;
}

/* Who serves the thread of group @i? Who was handed out @before does not, but for @g. */
static int served_in(const struct model *m, const struct model *before, int i, int g)
{
	bool rt = m->group[i].rt_inside;
	int server = in_scope_from(m, i, rt);

	while (server >= 0 && server != g && handed_out(before, server))
		server = in_scope_from(m, reserved_above(m, server), rt);
	return server;
}

static bool has_threads(const struct model *m, int g, const struct model *before)
{
	int i;

	for (i = 0; i < m->nr; i++) {
		if (!m->group[i].vacant && served_in(m, before, i, g) == g)
			return true;
	}
	return false;
}

/* What they could have more. What is left to a group's own threads must be a budget. */
static density room(const struct model *m, int g, int *nr)
{
	if (g < 0)
		return ALL_CAPSULES - below(m, g, nr);
	return left(m, g, has_threads(m, g, m) ? MIN_BUDGET : 0, nr);
}

/* Is @budget left to own threads of group @g? */
static enum model_answer leaves(const struct model *m, int g, long long budget)
{
	int nr;
	density rest = left(m, g, budget, &nr);

	return nr ? compare(rest, ratio(nr, deadline(&m->group[g]) * NS_PER_US)) : YES;
}

/*
 * Can group @g (-1: the CPU) afford those right below it? If it had nothing left @before,
 * for nobody could refuse that, it needs nothing now.
 */
static enum model_answer affords(const struct model *m, int g, const struct model *before)
{
	density rest;
	int nr;

	if (g >= 0)
		return leaves(m, g, has_threads(m, g, before) && !handed_out(before, g) ?
			      MIN_BUDGET : 0);
	rest = room(m, g, &nr);
	return compare(rest, (2 + nr) * BW_UNIT);
}

/* Those whom group @g served have to get something from above. */
static enum model_answer ends(const struct model *next, int g, const struct model *before)
{
	enum model_answer all = YES, one;
	int up = reserved_above(next, g), i, heir;

	for (i = 0; i < next->nr; i++) {
		if (before->group[i].vacant || served_in(before, before, i, g) != g)
			continue;
		heir = in_scope_from(next, up, next->group[i].rt_inside);
		one = heir < 0 ? YES : heir == up ? leaves(next, up, MIN_BUDGET) :
		      handed_out(before, heir) ? NO : YES;
		all = one < all ? one : all;
	}
	return all;
}

/* Is what @next says of group @g, and @before did not, to be had? */
static enum model_answer admits(const struct model *next, int g, const struct model *before)
{
	int up = reserved_above(next, g);
	enum model_answer own, above;

	if (next->group[g].budget <= 0)
		return before->group[g].budget > 0 ? ends(next, g, before) : YES;
	own = affords(next, g, before);
	above = affords(next, up, before);
	return own < above ? own : above;
}

/* Would normal threads of group @g leave for one that has handed out all? By rounding, or not. */
static enum model_answer narrows(const struct model *m, int g)
{
	int i, heir;

	for (i = 0; i < m->nr; i++) {
		if (m->group[i].vacant || m->group[i].rt_inside || served_in(m, m, i, g) != g)
			continue;
		heir = in_scope_from(m, reserved_above(m, g), false);
		if (heir >= 0 && handed_out(m, heir))
			return MAYBE;
	}
	return YES;
}

/* Is a FIFO or RR thread where a budget of 0 is in force? */
static bool rt_forbidden(const struct model *m)
{
	int i, g;

	for (i = 0; i < m->nr; i++) {
		g = m->group[i].rt_inside ? i : -1;
		while (g >= 0 && m->group[g].budget == MODEL_BUDGET_MAX)
			g = m->group[g].parent;
		if (g >= 0 && !m->group[g].budget)
			return true;
	}
	return false;
}

int model_write(const struct model *m, int g, enum model_file file,
		const char *text, struct model_group *after,
		enum model_answer *answer)
{
	const struct model_group *before = &m->group[g];
	struct model next = *m;

	*answer = YES;
	*after = *before;
	if (!parse(file, text, after) || !in_range(after)) {
		*after = *before;
		return -EINVAL;
	}
	next.group[g] = *after;
	if (rt_forbidden(&next)) {
		*after = *before;
		return -EBUSY;
	}
	if (file == FILE_SCOPE && after->rt_only && !before->rt_only && before->budget > 0)
		*answer = narrows(m, g);
	if (file == FILE_SCOPE ||
	    (after->budget == before->budget && after->period == before->period &&
	     after->deadline == before->deadline))
		return 0;
	*answer = admits(&next, g, m);
	if (*answer != NO)
		return 0;
	*after = *before;
	return -EBUSY;
}

static void print_budget(long long budget, char *buf, size_t size)
{
	if (budget == MODEL_BUDGET_MAX)
		snprintf(buf, size, "max");
	else
		snprintf(buf, size, "%lld", budget);
}

void model_read(const struct model_group *g, enum model_file file, char *buf,
		size_t size)
{
	char budget[32], deadline[32];

	print_budget(g->budget, budget, sizeof(budget));
	switch (file) {
	case FILE_BUDGET:
		snprintf(buf, size, "%s", budget);
		break;
	case FILE_PERIOD:
		snprintf(buf, size, "%lld", g->period);
		break;
	case FILE_DEADLINE:
		print_budget(g->deadline, buf, size);
		break;
	case FILE_RT_MAX:
		print_budget(g->deadline, deadline, sizeof(deadline));
		snprintf(buf, size, "%s %lld%s%s", budget, g->period,
			 g->deadline == MODEL_BUDGET_MAX ? "" : " ",
			 g->deadline == MODEL_BUDGET_MAX ? "" : deadline);
		break;
	default:
		snprintf(buf, size, "%s", g->rt_only ? "rt" : "all");
	}
}

int model_server(const struct model *m, int g)
{
	return served_in(m, m, g, -1);
}

static double fraction(density d)
{
	return (double)d / (double)ONE;
}

/* What a group and those below it have of a CPU. */
double model_bandwidth(const struct model *m, int g)
{
	return fraction(bandwidth(&m->group[g]));
}

/* What remains of that to its own threads. */
double model_share(const struct model *m, int g)
{
	int nr;

	return m->group[g].budget > 0 ? fraction(bandwidth(&m->group[g]) - below(m, g, &nr)) : 0;
}

/* What those right below group @g (-1: the CPU) could have more. */
double model_room(const struct model *m, int g)
{
	int nr;

	return fraction(room(m, g, &nr));
}
