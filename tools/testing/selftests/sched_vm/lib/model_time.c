// SPDX-License-Identifier: GPL-2.0
/*
 * What the groups of a tree may use of one CPU over time, whatever they are told.
 *
 * The rule: a budget that begins at r, to be used by d, is no more than what is
 * reserved adds up to from r to d, and the budgets of a server do not overlap. So in any
 * window a server uses no more than what is reserved adds up to in it, and what is left of
 * the budget that is there when the window begins, and some of the one when it ends. A
 * group and those below it, together, have that of each of their servers, and so have all.
 *
 * A server that is told to have less has had some of its budget ahead, perhaps. What it
 * gives back is in use until its zero-lag time. Who is to have more, may have to wait;
 * that he does is of no importance here, where nobody is to have too much.
 */
#include <stdio.h>
#include <string.h>

#include "model.h"

#define NS_PER_US	1000.0
#define ALL		0.9

static double most(double a, double b)
{
	return a > b ? a : b;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

static bool is_below(const struct model_time *t, int g, int up)
{
	while (g >= 0 && g != up)
		g = t->told.group[g].parent;
	return g == up;
}

/* Those of @up and below who are ahead. */
static unsigned int ahead(const struct model_time *t, int up)
{
	unsigned int mask = 0;
	int g;

	for (g = 0; g < t->told.nr; g++) {
		if (is_below(t, g, up) && t->own[g].lag > 0)
			mask |= 1U << g;
	}
	return mask;
}

static void raise_to(struct model_lag *l, double level)
{
	l->level = most(l->level, level);
}

static void drop_to(struct model_lag *l, double level, unsigned int pending)
{
	if (level < l->level && pending) {
		l->hold = most(l->hold, l->level);
		l->pending |= pending;
	}
	l->level = level;
}

/* What it was told before, it has to the end of the period, or until others are ready. */
static void tell_budget(struct model_time *t, int g, const struct model_group *told)
{
	struct model_budget *b = &t->budget[g];
	double budget = most(0, told->budget * NS_PER_US);

	t->period = most(t->period, told->period * NS_PER_US * (budget > 0));
	if (budget != b->told) {
		b->old = b->left > 0 ? most(b->old, b->told) : b->told;
		b->left = b->period + t->period;
	}
	b->told = budget;
	b->period = told->period * NS_PER_US;
}

static double longest_budget(const struct model_budget *b)
{
	return b->left > 0 ? most(b->old, b->told) : b->told;
}

void model_time_begin(struct model_time *t, const struct model *told)
{
	int g;

	for (g = 0; g < told->nr; g++) {
		raise_to(&t->own[g], model_share(told, g));
		raise_to(&t->tree[g], model_bandwidth(told, g));
		tell_budget(t, g, &told->group[g]);
	}
}

void model_time_end(struct model_time *t, const struct model *told)
{
	int g;

	for (g = 0; g < told->nr; g++) {
		drop_to(&t->own[g], model_share(told, g), ahead(t, g) & 1U << g);
		drop_to(&t->tree[g], model_bandwidth(told, g), ahead(t, g));
	}
	t->told = *told;
}

void model_time_init(struct model_time *t, const struct model *told)
{
	memset(t, 0, sizeof(*t));
	t->told = *told;
	t->all.level = ALL;
	model_time_begin(t, told);
}

void model_time_remove(struct model_time *t, int g)
{
	struct model_lag *l = &t->own[g];
	int i;

	for (i = 0; l->hold > 0 && i < MODEL_MAX_GHOSTS; i++) {
		if (t->ghost[i].left > 0)
			continue;
		t->ghost[i] = (struct model_ghost){
			.parent = t->told.group[g].parent,
			.rate = l->hold,
			.left = l->lag / l->hold,
		};
		break;
	}
	l->hold = 0;
	l->lag = 0;
	t->tree[g].hold = 0;
	t->tree[g].lag = 0;
}

/* What is reserved now, and in use still. */
static double rate_of(const struct model_lag *l)
{
	return most(l->level, l->hold);
}

static double rate_below(const struct model_time *t, int g);

static double rate_of_tree(const struct model_time *t, int g)
{
	return least(rate_of(&t->tree[g]), rate_of(&t->own[g]) + rate_below(t, g));
}

/* Of all right below @g, -1: of the CPU. */
static double rate_below(const struct model_time *t, int g)
{
	double sum = 0;
	int i;

	for (i = 0; i < t->told.nr; i++) {
		if (t->told.group[i].parent == g)
			sum += rate_of_tree(t, i);
	}
	for (i = 0; i < MODEL_MAX_GHOSTS; i++) {
		if (t->ghost[i].left > 0 && t->ghost[i].parent == g)
			sum += t->ghost[i].rate;
	}
	return sum;
}

static void pass(const struct model_time *t, struct model_lag *l, double ns, double rate,
		 bool runs)
{
	int g;

	for (g = 0; g < t->told.nr; g++)
		l->budget[g] = most(l->lag > 0 ? l->budget[g] : 0, longest_budget(&t->budget[g]));
	l->lag = most(0, l->lag + ns * (runs - rate));
	l->worst = most(l->worst, l->lag);
}

/* Until something that is held is free. */
static double steady_for(const struct model_time *t, double ns, int server)
{
	int g, i;

	for (g = 0; g < t->told.nr; g++) {
		const struct model_lag *l = &t->own[g];

		if (g != server && l->lag > 0 && rate_of(l) > 0)
			ns = least(ns, l->lag / rate_of(l));
	}
	for (i = 0; i < MODEL_MAX_GHOSTS; i++) {
		if (t->ghost[i].left > 0)
			ns = least(ns, t->ghost[i].left);
	}
	return most(ns, 1);
}

static void release(struct model_time *t, struct model_lag *l)
{
	int g;

	for (g = 0; g < t->told.nr; g++) {
		if (t->own[g].lag <= 0)
			l->pending &= ~(1U << g);
	}
	if (!l->pending)
		l->hold = 0;
}

static void step(struct model_time *t, double ns, int server)
{
	double tree[MODEL_MAX_GROUPS], all = least(ALL, rate_below(t, -1));
	int g;

	for (g = 0; g < t->told.nr; g++)
		tree[g] = rate_of_tree(t, g);
	pass(t, &t->all, ns, all, server >= 0);
	for (g = 0; g < t->told.nr; g++) {
		pass(t, &t->tree[g], ns, tree[g], server >= 0 && is_below(t, server, g));
		pass(t, &t->own[g], ns, rate_of(&t->own[g]), server == g);
	}
	for (g = 0; g < t->told.nr; g++) {
		release(t, &t->own[g]);
		release(t, &t->tree[g]);
	}
	for (g = 0; g < t->told.nr; g++)
		t->budget[g].left -= ns;
	for (g = 0; g < MODEL_MAX_GHOSTS; g++)
		t->ghost[g].left -= ns;
}

void model_time_run(struct model_time *t, double ns, int server)
{
	while (ns > 0) {
		double now = least(ns, steady_for(t, ns, server));

		step(t, now, server);
		ns -= now;
	}
}

/* One budget at the begin of a window, and one at its end, of each server. */
static double bound(const struct model_time *t, const struct model_lag *l, int up)
{
	double sum = 0;
	int g;

	for (g = 0; g < t->told.nr; g++) {
		if (up < 0 || is_below(t, g, up))
			sum += 2 * l->budget[g];
	}
	return sum;
}

static bool exceeds(const struct model_lag *l, double limit, const char *what, int g,
		    char *who, size_t size)
{
	if (l->lag <= limit)
		return false;
	snprintf(who, size, "group %d (%s): %.3f ms more than reserved, bound %.3f ms", g, what,
		 l->lag / 1e6, limit / 1e6);
	return true;
}

bool model_time_exceeded(const struct model_time *t, double slack, char *who, size_t size)
{
	int g;

	for (g = 0; g < t->told.nr; g++) {
		const struct model_lag *own = &t->own[g], *tree = &t->tree[g];

		if (exceeds(own, 2 * own->budget[g] + slack, "own", g, who, size) ||
		    exceeds(tree, bound(t, tree, g) + slack, "with those below", g, who, size))
			return true;
	}
	return exceeds(&t->all, bound(t, &t->all, -1) + slack, "all", -1, who, size);
}
