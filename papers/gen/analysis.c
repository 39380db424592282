// SPDX-License-Identifier: GPL-2.0
/* Response times of tasks in servers of fixed priority. */
#include "analysis.h"

static int64_t up(int64_t a, int64_t b)
{
	return a > 0 ? (a + b - 1) / b : 0;
}

/* What servers above @s may take of a window; deferrable ones may begin with a late budget. */
static int64_t from_above(const struct set *set, const struct set_server *s, int64_t window,
			  bool deferrable)
{
	int64_t sum = 0;
	int i;

	if (window < 0)
		window = 0;
	for (i = 0; i < set->nr_servers; i++) {
		const struct set_server *x = &set->server[i];

		if (x->priority < s->priority)
			sum += up(window + (deferrable ? x->period - x->budget : 0), x->period) *
			       x->budget;
	}
	return sum;
}

static bool has_budget_in_time(const struct set *set, const struct set_server *s, bool deferrable)
{
	int64_t w = s->budget, last = 0;

	while (w != last && w <= s->deadline) {
		last = w;
		w = s->budget + from_above(set, s, last, deferrable);
	}
	return w <= s->deadline;
}

/* A task of the same server that is served first */
static bool is_above(const struct set *set, int a, int b)
{
	const struct set_task *x = &set->task[a], *y = &set->task[b];

	return a != b && x->domain == y->domain && x->vcpu == y->vcpu &&
	       (x->period < y->period || (x->period == y->period && a < b));
}

static const struct set_server *server_of(const struct set *set, const struct set_task *t)
{
	int i;

	for (i = 0; i < set->nr_servers; i++)
		if (set->server[i].domain == t->domain && set->server[i].vcpu == t->vcpu)
			return &set->server[i];
	return NULL;
}

int64_t analysis_response(const struct set *set, int task, bool deferrable)
{
	const struct set_task *t = &set->task[task];
	const struct set_server *s = server_of(set, t);
	int64_t jitter = s->period - s->budget;
	int64_t w = t->cost, last = -1, load, full;
	int i;

	while (w != last) {
		last = w;
		load = t->cost;
		for (i = 0; i < set->nr_tasks; i++)
			if (is_above(set, i, task))
				load += up(last + jitter, set->task[i].period) * set->task[i].cost;
		/* Budgets that are used up, each in a period, before the last begins */
		full = up(load, s->budget) - 1;
		w = load + full * (s->period - s->budget) +
		    from_above(set, s, last - full * s->period, deferrable);
		if (w + jitter > t->deadline)
			return -1;
	}
	return w + jitter;
}

bool analysis_servers(const struct set *set, bool deferrable)
{
	int i;

	for (i = 0; i < set->nr_servers; i++)
		if (!has_budget_in_time(set, &set->server[i], deferrable))
			return false;
	return true;
}

bool analysis_davis_burns(const struct set *set, bool deferrable)
{
	int i;

	for (i = 0; i < set->nr_tasks; i++)
		if (analysis_response(set, i, deferrable) < 0)
			return false;
	return true;
}
