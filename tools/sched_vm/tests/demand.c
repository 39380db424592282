// SPDX-License-Identifier: GPL-2.0
/*
 * rt-demand.c against brute force: a server that is moved on unit by unit, all budgets,
 * all windows.
 */
#include <stdlib.h>

#include "rt-model.h"
#include "tap.h"

#define SETS	20000
#define MOST	12

static unsigned long long seed = 1;

static unsigned int below(unsigned int n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % n;
}

static void make(struct rt_arrival *a, struct rt_demand *d)
{
	rt_time at = below(10);
	size_t i;

	*d = (struct rt_demand){ a, 1 + below(MOST), 0 };
	for (i = 0; i < d->nr; i++) {
		a[i] = (struct rt_arrival){ at, 1 + below(8) };
		at += below(3) ? below(20) : 0;
	}
	d->until = at + below(40);
}

static void make_server(struct rt_server *s)
{
	s->p = 4 + below(24);
	s->d = below(2) ? s->p : 2 + below(s->p - 1);
	s->q = 1 + below(s->d);
	s->lost = below(3) ? 0 : below(s->q);
	s->debt = below(3) ? 0 : below(s->q - s->lost);
}

/* The server, moved on unit by unit. */
struct slow {
	const struct rt_server *s;
	struct rt_served *served;
	long long now, work, left, deadline, end;
	bool busy, dry;
};

static void begin(struct slow *w)
{
	w->left = w->s->q;
	w->deadline = w->now + w->s->d;
	w->end = w->now + w->s->p;
	w->dry = false;
	w->served->periods++;
}

static void begin_work(struct slow *w)
{
	long long q = w->s->q, d = w->s->d, rest = w->deadline - w->now;
	bool stale = rest > 0 && w->left && w->left * d > rest * q;

	if (w->now >= w->end || (stale && w->s->d == w->s->p))
		begin(w);
	else if (rest <= 0)
		w->left = 0;
	else if (stale)
		w->left = rest * q / d;
}

static void unit(struct slow *w)
{
	if (w->now == w->end && (w->dry || (w->busy && w->work && !w->left)))
		begin(w);
	else if (w->work && !w->busy)
		begin_work(w);
	w->busy = w->work;
	if (!w->busy || w->dry)
		return;
	if (!w->left) {
		w->dry = true;
		w->served->dry++;
		return;
	}
	w->work--;
	w->left--;
}

static void serve_slowly(const struct rt_demand *d, const struct rt_server *s,
			 struct rt_served *served)
{
	struct slow w = { .s = s, .served = served };
	size_t i = 0;

	*served = (struct rt_served){};
	for (; w.now < (long long)d->until; w.now++) {
		while (i < d->nr && (long long)d->arrivals[i].at == w.now)
			w.work += d->arrivals[i++].w;
		unit(&w);
	}
}

static bool same_as_slow(const struct rt_demand *d, const struct rt_server *s)
{
	struct rt_served fast, slow;

	rt_serve(d, s, &fast);
	serve_slowly(d, s, &slow);
	return fast.periods == slow.periods && fast.dry == slow.dry;
}

/* All budgets from the greatest down to the first that is not enough. */
static rt_time least_slowly(const struct rt_demand *d, struct rt_server s, unsigned int dry,
			    rt_time step)
{
	struct rt_served served;
	rt_time least = 0;

	for (s.q = s.d / step * step; s.q; s.q -= step) {
		serve_slowly(d, &s, &served);
		if (served.dry * 1000000 > served.periods * dry)
			break;
		least = s.q;
	}
	return least;
}

static rt_time most_slowly(const struct rt_demand *d, rt_time t)
{
	rt_time sum, most = 0;
	size_t i, j;

	for (i = 0; i < d->nr; i++) {
		sum = 0;
		for (j = i; j < d->nr && d->arrivals[j].at - d->arrivals[i].at <= t; j++)
			sum += d->arrivals[j].w;
		most = sum > most ? sum : most;
	}
	return most;
}

/* No window is left out. */
static rt_time response_slowly(const struct rt_demand *d, const struct rt_server *s)
{
	rt_time sum, at, most = 0;
	size_t i, j;

	for (i = 0; i < d->nr; i++) {
		sum = 0;
		for (j = i; j < d->nr; j++) {
			sum += d->arrivals[j].w;
			for (at = 0; rt_supply(s, at) < sum; at++)
				;
			at += d->arrivals[i].at;
			if (at > d->arrivals[j].at && at - d->arrivals[j].at > most)
				most = at - d->arrivals[j].at;
		}
	}
	return most;
}

static void random_sets(void)
{
	static const unsigned int shares[] = { 0, 1000, 100000, 300000, 500000 };
	bool served = true, least = true, envelope = true, response = true;
	struct rt_arrival a[MOST];
	struct rt_server s;
	struct rt_demand d;
	int i;

	for (i = 0; i < SETS; i++) {
		unsigned int dry = shares[below(5)];
		rt_time step = 1 + below(2), t = below(60);

		make(a, &d);
		make_server(&s);
		served = served && same_as_slow(&d, &s);
		least = least && rt_least_for(&d, &s, dry, step, s.d) ==
				 least_slowly(&d, s, dry, step);
		envelope = envelope && rt_envelope(&d, t) == most_slowly(&d, t);
		response = response && rt_response(&d, &s) == response_slowly(&d, &s);
	}
	tap_check(served, "a server serves as one that is moved on unit by unit");
	tap_check(least, "the least budget is that of all there are");
	tap_check(envelope, "the envelope is the most of all windows");
	tap_check(response, "the response is the longest of all windows");
}

/* With more budgets than it looks at: what it returns is enough, the next one is not. */
static void long_demand(void)
{
	static struct rt_arrival a[3000];
	struct rt_demand d = { a, 3000, 3000 * 10000 };
	struct rt_server s = { .p = 20000, .d = 20000 };
	unsigned int dry;
	bool ok = true;
	size_t i;

	for (i = 0; i < d.nr; i++)
		a[i] = (struct rt_arrival){ i * 10000 + below(3000), 1000 + below(2000) };
	for (dry = 0; dry < 100000; dry += 10000) {
		s.q = rt_least_for(&d, &s, dry, 1, s.d);
		ok = ok && s.q && rt_serves(&d, &s, dry);
		s.q--;
		ok = ok && !rt_serves(&d, &s, dry);
	}
	tap_check(ok, "of 20,000 budgets, the one below is not enough");
}

/* So far behind that each window goes on to the end: there are 8 millions of them. */
static void far_behind(void)
{
	static struct rt_arrival a[4000];
	struct rt_demand d = { a, 4000, 4000 * 100 };
	struct rt_server s = { .q = 720, .p = 2000, .d = 2000, .lost = 20, .debt = 50 };
	rt_time sum, done, exact = 0, response;
	size_t i, j;

	for (i = 0; i < d.nr; i++)
		a[i] = (struct rt_arrival){ i * 100 + below(90), 1 + below(80) };
	for (i = 0; i < d.nr; i++) {
		sum = 0;
		for (j = i; j < d.nr; j++) {
			sum += a[j].w;
			done = a[i].at + rt_supply_inverse(&s, sum) - a[j].at;
			exact = done > exact ? done : exact;
		}
	}
	response = rt_response(&d, &s);
	tap_check(response >= exact && response <= exact + s.p,
		  "too much to look at: not too short");
	s.q = s.lost + s.debt;
	tap_check(rt_response(&d, &s) == RT_NEVER && rt_gap(&s) == RT_NEVER,
		  "a budget that a debt can use up is none");
}

/*
 * 2 in each 10, and 4 in each hundredth of them: in periods of 10, 4 is enough for all
 * of them, and with 2 the 2 more are made up for by nobody.
 */
static void by_hand(void)
{
	static struct rt_arrival a[1000];
	struct rt_demand d = { a, 1000, 1000 * 1000 };
	struct rt_server s = { .p = 1000, .d = 1000 };
	struct rt_served served;
	size_t i;

	for (i = 0; i < d.nr; i++)
		a[i] = (struct rt_arrival){ i * 1000, i % 100 == 50 ? 400 : 200 };
	tap_check(rt_least_for(&d, &s, 0, 1, 1000) == 400, "by hand: never dry");
	tap_check(rt_least_for(&d, &s, 10000, 1, 1000) == 300, "by hand: dry in one of 100");
	tap_check(rt_least_for(&d, &s, 9999, 1, 1000) == 400, "by hand: in less than that");
	tap_check(rt_least_for(&d, &s, 0, 1, 399) == 0, "by hand: there is not so much");
	s.q = 400;
	rt_serve(&d, &s, &served);
	tap_check(served.periods == 1000 && !served.dry, "by hand: a budget each");
	tap_check(rt_response(&d, &s) == 400 + 1200, "by hand: C and the gap");
	tap_check(rt_envelope(&d, 0) == 400 && rt_envelope(&d, 999) == 400 &&
		  rt_envelope(&d, 1000) == 600, "by hand: the envelope");
	s.q = 100;
	d.nr = 0;
	rt_serve(&d, &s, &served);
	tap_check(!served.periods && !rt_envelope(&d, 1000) && !rt_response(&d, &s),
		  "by hand: nothing at all");
}

int main(void)
{
	random_sets();
	long_demand();
	far_behind();
	by_hand();
	return tap_end();
}
