// SPDX-License-Identifier: GPL-2.0
/* Budgets for a demand that was seen: for each period the least one, and which to take. */
#include "suggest.h"

#define LEAST_BUDGET	10	/* us, of the kernel */
#define LEAST_PERIOD	100
#define MOST_PERIOD	4000000
#define NEAR		50000	/* ppm of a CPU that a shorter response is worth */

/* With what it loses and owes, as plan, show and check count it. */
struct rt_server suggest_server(const struct suggestion *s)
{
	return (struct rt_server){ .q = s->budget * NS_PER_US, .p = s->period * NS_PER_US,
				   .d = s->deadline * NS_PER_US,
				   .lost = DEFAULT_OVERHEAD * NS_PER_US,
				   .debt = DEFAULT_DEBT * NS_PER_US };
}

/* Rounded up, and not more than there is. */
static void add_headroom(const struct wish *w, u64 most, struct suggestion *s)
{
	s->budget = s->least + (s->least * w->headroom_ppm + 999999) / 1000000;
	if (s->budget < LEAST_BUDGET)
		s->budget = LEAST_BUDGET;
	s->capped = s->budget > most;
	if (s->capped)
		s->budget = most;
}

/* What the budget means, on the CPU where it is worst. */
static void judge(const struct demands *d, struct suggestion *s)
{
	struct rt_server server = suggest_server(s);
	struct rt_served served;
	int i;

	s->gap = rt_gap(&server) == RT_NEVER ? TIME_MAX : rt_gap(&server) / NS_PER_US;
	for (i = 0; i < d->nr; i++) {
		struct rt_demand on = demand_on(d, i);
		rt_time response = rt_response(&on, &server);

		rt_serve(&on, &server, &served);
		if (i == s->cpu)
			s->periods = served.periods;
		if (served.periods && (double)served.dry / served.periods > s->dry)
			s->dry = (double)served.dry / served.periods;
		if (response > s->response)
			s->response = response;
	}
}

/*
 * If a share r of all periods runs dry, of 3/r none does by chance one time in twenty (e^-3).
 * Fewer say nothing of that r, whatever was seen. The last one is cut off by the end.
 */
u64 suggest_longer(const struct demands *d, const struct wish *w, const struct suggestion *s)
{
	unsigned __int128 time = d->time;
	u64 needed, seconds, step;

	if (!w->dry_ppm || !s->periods)
		return 0;
	needed = (3 * 1000000 + w->dry_ppm - 1) / w->dry_ppm;
	if (s->periods + 1 >= needed)
		return 0;
	seconds = (time * needed / s->periods + NS_PER_S - 1) / NS_PER_S;
	step = seconds > 100 ? 10 : 1;
	return (seconds + step - 1) / step * step * NS_PER_S;
}

void suggest_for(const struct demands *d, const struct wish *w, u64 period,
		 struct suggestion *s)
{
	u64 deadline = w->deadline && w->deadline < period ? w->deadline : period;
	struct rt_server server = { .p = period * NS_PER_US, .d = deadline * NS_PER_US };
	u64 most = deadline * SUGGEST_LIMIT / 100;
	int i;

	*s = (struct suggestion){ .period = period, .deadline = deadline };
	for (i = 0; i < d->nr; i++) {
		struct rt_demand on = demand_on(d, i);
		rt_time q = rt_least_for(&on, &server, w->dry_ppm, NS_PER_US, most * NS_PER_US);

		if (!q || q / NS_PER_US > s->least) {
			s->cpu = i;
			s->least = q / NS_PER_US;
		}
		if (!q)
			return;
	}
	if (!s->least)
		return;
	add_headroom(w, most, s);
	judge(d, s);
}

static int add_period(u64 *periods, int nr, u64 period)
{
	if (nr == SUGGEST_MOST || (nr && periods[nr - 1] == period))
		return nr;
	periods[nr] = period;
	return nr + 1;
}

/* 1, 2 and 5 with any zeros between the two, and these. */
static int between(u64 low, u64 high, u64 *periods)
{
	static const int digits[] = { 1, 2, 5 };
	u64 unit, period;
	int nr = add_period(periods, 0, low), i;

	for (unit = LEAST_PERIOD; unit < high; unit *= 10)
		for (i = 0; i < 3; i++) {
			period = unit * digits[i];
			if (period > low && period < high && nr < SUGGEST_MOST - 1)
				nr = add_period(periods, nr, period);
		}
	return add_period(periods, nr, high);
}

/* Around that which it has. */
static int around(u64 period, u64 *periods)
{
	const u64 all[] = { period / 4, period / 2, period, 2 * period, 4 * period };
	int nr = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] == period || (all[i] >= LEAST_PERIOD && all[i] <= MOST_PERIOD))
			nr = add_period(periods, nr, all[i]);
	return nr;
}

static int find_periods(const struct wish *w, u64 *periods)
{
	if (w->low)
		return between(w->low, w->high, periods);
	return w->has ? around(w->has, periods) : between(2000, 100000, periods);
}

static u64 bandwidth_ppm(const struct suggestion *s)
{
	return s->budget * 1000000 / s->deadline;
}

static bool may_be_taken(const struct wish *w, const struct suggestion *s)
{
	return s->least && (!w->latency || s->response <= w->latency * NS_PER_US);
}

/* Of those that cost not much more than the least, the one with the shortest response. */
static int choose(const struct wish *w, const struct suggestion *list, int nr)
{
	u64 least = UINT64_MAX;
	int i, taken = -1;

	for (i = 0; i < nr; i++)
		if (may_be_taken(w, &list[i]) && bandwidth_ppm(&list[i]) < least)
			least = bandwidth_ppm(&list[i]);
	for (i = 0; i < nr; i++) {
		if (!may_be_taken(w, &list[i]) || bandwidth_ppm(&list[i]) > least + NEAR)
			continue;
		if (taken < 0 || list[i].response < list[taken].response)
			taken = i;
	}
	return taken;
}

int suggest_all(const struct demands *d, const struct wish *w, struct suggestion *list,
		int *taken)
{
	u64 periods[SUGGEST_MOST];
	int nr = find_periods(w, periods), i;

	for (i = 0; i < nr; i++)
		suggest_for(d, w, periods[i], &list[i]);
	*taken = choose(w, list, nr);
	/* What it has was chosen by somebody. */
	for (i = 0; i < nr && !w->low; i++)
		if (w->has == list[i].period && may_be_taken(w, &list[i]))
			*taken = i;
	return nr;
}
