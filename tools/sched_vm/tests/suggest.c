// SPDX-License-Identifier: GPL-2.0
/* From events to a demand, and to a suggestion: small ones of which all is known. */
#include <stdlib.h>
#include <string.h>

#include "suggest.h"
#include "tap.h"

#define MS	1000000ULL

static void put(struct trace *t, u64 ts, int cpu, enum trace_type type, int prev, int next,
		bool ready)
{
	*trace_add(t) = (struct trace_event){
		.ts = ts, .cpu = cpu, .type = type, .prev = prev, .next = next, .nr_ready = ready,
	};
}

static void begin(struct trace *t, u64 end)
{
	*t = (struct trace){ .name = xstrdup("a"), .res = { 10000, 20000, TIME_MAX },
			     .begin = 100 * MS, .end = 100 * MS + end };
	trace_add_thread(t, 7, "vcpu 0");
	trace_add_thread(t, 8, "vcpu 1");
}

static bool is(const struct rt_arrival *a, u64 at, u64 w)
{
	return a->at == at && a->w == w;
}

/*
 * 7 is ready at 1 ms, waits for a stranger, runs, is preempted, and goes on; then on CPU
 * 1. 8 ran since before the beginning, and is cut off at the end.
 */
static void arrivals(void)
{
	const u64 t0 = 100 * MS;
	struct demands d;
	struct trace t;

	begin(&t, 20 * MS);
	put(&t, t0 + 1 * MS, 0, TRACE_WAKE, 0, 7, false);
	put(&t, t0 + 2 * MS, 0, TRACE_SWITCH, 99, 7, false);
	put(&t, t0 + 3 * MS, 1, TRACE_SWITCH, 8, 0, false);
	put(&t, t0 + 4 * MS, 0, TRACE_SWITCH, 7, 99, true);
	put(&t, t0 + 5 * MS, 0, TRACE_WAKE, 0, 7, false);
	put(&t, t0 + 6 * MS, 0, TRACE_SWITCH, 99, 7, false);
	put(&t, t0 + 7 * MS, 0, TRACE_SWITCH, 7, 0, true);
	put(&t, t0 + 8 * MS, 1, TRACE_SWITCH, 0, 7, false);
	put(&t, t0 + 9 * MS, 1, TRACE_SWITCH, 7, 0, false);
	put(&t, t0 + 12 * MS, 1, TRACE_WAKE, 0, 7, false);
	put(&t, t0 + 12 * MS, 1, TRACE_SWITCH, 0, 7, false);
	put(&t, t0 + 13 * MS, 1, TRACE_SWITCH, 7, 0, false);
	put(&t, t0 + 19 * MS, 0, TRACE_SWITCH, 0, 8, false);
	demands_find(&t, &d);
	tap_check(d.nr == 2 && d.time == 20 * MS, "on two CPUs");
	tap_check(d.nr == 2 && d.cpus[0].nr == 2 && is(&d.cpus[0].arrivals[0], 1 * MS, 3 * MS) &&
		  is(&d.cpus[0].arrivals[1], 19 * MS, 1 * MS),
		  "from when it is ready, not from when it runs; to the end");
	tap_check(d.nr == 2 && d.cpus[1].nr == 3 && is(&d.cpus[1].arrivals[0], 0, 3 * MS) &&
		  is(&d.cpus[1].arrivals[1], 7 * MS, 1 * MS) &&
		  is(&d.cpus[1].arrivals[2], 12 * MS, 1 * MS),
		  "since before the beginning; what is left of it where it went");
	tap_check(d.nr == 2 && d.cpus[0].work == 4 * MS && d.cpus[0].longest == 3 * MS &&
		  !demands_dry_ppm(&d), "how much in all, and at once");
	demands_free(&d);
	trace_free(&t);
}

/* Ten periods of 20 ms, three of them dry. */
static void dry(void)
{
	struct demands d;
	struct trace t;
	int i;

	begin(&t, 200 * MS);
	for (i = 0; i < 3; i++)
		put(&t, (100 + i * 20) * MS, 1, TRACE_THROTTLE, 0, 0, false);
	demands_find(&t, &d);
	tap_check(demands_dry_ppm(&d) == 300000, "three of ten periods");
	demands_free(&d);
	trace_free(&t);
}

/* 2 ms in each 10, and 4 in each hundredth of them, on CPU 0; a tenth of it on CPU 3. */
static void make(struct trace *t)
{
	int i;

	begin(t, 10000 * MS);
	for (i = 0; i < 1000; i++) {
		u64 at = (100 + i * 10) * MS, length = i % 100 == 50 ? 4 * MS : 2 * MS;

		put(t, at, 0, TRACE_SWITCH, 0, 7, false);
		put(t, at, 3, TRACE_SWITCH, 0, 8, false);
		put(t, at + length / 10, 3, TRACE_SWITCH, 8, 0, false);
		put(t, at + length, 0, TRACE_SWITCH, 7, 0, false);
	}
}

static void suggestions(void)
{
	struct wish w = { .low = 10000, .high = 10000 };
	struct suggestion list[SUGGEST_MOST];
	struct demands d;
	struct trace t;
	int nr, taken;

	make(&t);
	demands_find(&t, &d);
	nr = suggest_all(&d, &w, list, &taken);
	tap_check(nr == 1 && !taken && list[0].least == 4000 && list[0].budget == 4000 &&
		  list[0].gap == 12036 && !d.cpus[list[0].cpu].cpu, "never dry: 4 ms, and the gap");
	tap_check(list[0].response == 12016 * MS / 1000 + 10 * MS + 28 * MS / 1000,
		  "the last of the 4 ms are in the next budget: switches have taken 8 us of each");
	w.dry_ppm = 10000;
	w.headroom_ppm = 100000;
	nr = suggest_all(&d, &w, list, &taken);
	tap_check(list[0].least == 3000 && list[0].budget == 3300, "1 %, and a tenth more");
	w.dry_ppm = 0;
	suggest_all(&d, &w, list, &taken);
	tap_check(list[0].budget == 4400 && list[0].gap == 11236 &&
		  list[0].response == 15236 * MS / 1000, "with headroom, C and the gap");
	w = (struct wish){ .has = 20000 };
	nr = suggest_all(&d, &w, list, &taken);
	tap_check(nr == 5 && list[0].period == 5000 && list[4].period == 80000 && taken == 2,
		  "around the period that it has, which is taken");
	w = (struct wish){ .low = 3000, .high = 40000 };
	nr = suggest_all(&d, &w, list, &taken);
	tap_check(nr == 5 && list[0].period == 3000 && list[1].period == 5000 &&
		  list[3].period == 20000 && list[4].period == 40000, "1, 2, 5 between two others");
	tap_check(taken >= 0 && !list[0].least, "4 ms at once do not fit into 3");
	w.latency = 1000;
	suggest_all(&d, &w, list, &taken);
	tap_check(taken < 0, "no response is so short");
	w = (struct wish){ .low = 10000, .high = 20000, .dry_ppm = 20000, .headroom_ppm = 1 };
	nr = suggest_all(&d, &w, list, &taken);
	tap_check(nr == 2 && list[0].least == 2667 && list[1].least == 5000 && !taken,
		  "a shorter response for 5 % of a CPU more");
	tap_check(list[0].budget == 2668, "a little headroom is some");
	w = (struct wish){ .low = 10000, .high = 10000, .headroom_ppm = 9000000 };
	suggest_all(&d, &w, list, &taken);
	tap_check(list[0].budget == 9500 && list[0].capped, "headroom that there is no room for");
	demands_free(&d);
	trace_free(&t);
}

/* Three of what is to be told must have been there, but for the last, which is cut off. */
static void too_short(void)
{
	struct demands d = { .time = 10000 * MS };
	struct wish w = { .dry_ppm = 1000 };
	struct suggestion s = { .periods = 2999 };

	tap_check(!suggest_longer(&d, &w, &s), "2,999 periods are enough for one in a thousand");
	s.periods = 2998;
	tap_check(suggest_longer(&d, &w, &s) == 11000 * MS, "2,998 are not: a second more");
	s.periods = 10;
	tap_check(suggest_longer(&d, &w, &s) == 3000000 * MS, "ten are far from it");
	w.dry_ppm = 300000;
	tap_check(!suggest_longer(&d, &w, &s), "but for 70 % they are enough");
	w.dry_ppm = 0;
	tap_check(!suggest_longer(&d, &w, &s), "that none ever does, nobody can see");
}

/* It would take all that there is. */
static void always_ready(void)
{
	struct suggestion list[SUGGEST_MOST];
	struct wish w = {};
	struct demands d;
	struct trace t;
	int nr, taken;

	begin(&t, 1000 * MS);
	put(&t, 100 * MS, 0, TRACE_SWITCH, 0, 7, false);
	demands_find(&t, &d);
	nr = suggest_all(&d, &w, list, &taken);
	tap_check(nr == 6 && taken == -1 && !list[nr - 1].least, "always ready: none is enough");
	demands_free(&d);
	d = (struct demands){ .time = MS };
	suggest_all(&d, &w, list, &taken);
	tap_check(taken == -1, "nothing at all: none");
	trace_free(&t);
}

/*
 * 7 runs for 1 ms of each 10, and what happens from 21.5 ms on is lost, up to 51.5, when it
 * does not run. 8 runs on CPU 1 all the time; 9 is ready, and nobody knows until when.
 */
static void holes(void)
{
	const u64 t0 = 100 * MS;
	struct demands d;
	struct trace t;
	int i;

	begin(&t, 100 * MS);
	trace_add_thread(&t, 9, "vcpu 2");
	put(&t, t0, 1, TRACE_SWITCH, 0, 8, false);
	for (i = 0; i < 10; i++) {
		u64 at = t0 + (1 + i * 10) * MS;

		if (i < 3 || i > 5)
			put(&t, at, 0, TRACE_SWITCH, 0, 7, false);
		if (i == 2) {
			put(&t, at + MS / 4, 0, TRACE_WAKE, 0, 9, false);
			put(&t, at + MS / 2, 0, TRACE_LOST, 0, 0, false);
			t.events[t.nr - 1].runtime = 30 * MS;
		}
		if (i < 2 || i > 5)
			put(&t, at + MS, 0, TRACE_SWITCH, 7, 0, false);
	}
	put(&t, t0 + 95 * MS, 0, TRACE_SWITCH, 0, 9, false);
	put(&t, t0 + 96 * MS, 0, TRACE_SWITCH, 9, 0, false);
	demands_find(&t, &d);
	tap_check(d.nr == 2 && d.cpus[0].nr == 8 && is(&d.cpus[0].arrivals[2], 21 * MS, MS / 2) &&
		  is(&d.cpus[0].arrivals[3], 61 * MS, MS) && d.cpus[0].longest == MS &&
		  is(&d.cpus[0].arrivals[7], 95 * MS, MS), "what is lost is no work");
	tap_check(d.nr == 2 && d.cpus[1].nr == 1 && is(&d.cpus[1].arrivals[0], 0, 100 * MS),
		  "on another CPU nothing is lost");
	demands_free(&d);
	trace_free(&t);
	begin(&t, 20 * MS);
	put(&t, t0 + 2 * MS, 0, TRACE_LOST, 0, 0, false);
	t.events[0].runtime = 8 * MS;
	put(&t, t0 + 12 * MS, 0, TRACE_SWITCH, 7, 0, false);
	demands_find(&t, &d);
	tap_check(d.nr == 1 && d.cpus[0].nr == 1 && is(&d.cpus[0].arrivals[0], 10 * MS, 2 * MS),
		  "it ran since the gap");
	demands_free(&d);
	trace_free(&t);
}

int main(void)
{
	arrivals();
	holes();
	dry();
	suggestions();
	too_short();
	always_ready();
	return tap_end();
}
