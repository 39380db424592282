// SPDX-License-Identifier: GPL-2.0
/*
 * How much CPU time a busy loop was given, and when. The loop reads the clock
 * all the time: a step of more than a few microseconds is time that somebody
 * else had. That is independent of what the scheduler accounts; the thread's
 * own CPU clock is read as well, at the beginning of each burst.
 */
#define _GNU_SOURCE
#include <string.h>

#include "sched_vm.h"

struct burst_log *burst_log_alloc(unsigned int max, uint64_t gap_ns)
{
	struct burst_log *log;

	log = shared_alloc(sizeof(*log) + max * sizeof(log->burst[0]));
	log->max = max;
	log->gap_ns = gap_ns;
	return log;
}

static struct burst *burst_begin(struct burst_log *log, uint64_t t)
{
	struct burst *b = &log->burst[log->nr];

	if (log->nr + 1 < log->max)
		log->nr++;
	b->start = t;
	b->cpu_start = own_cpu_ns();
	return b;
}

void fn_burst(struct worker *w, void *arg)
{
	struct burst_log *log = arg;
	uint64_t prev, t;
	struct burst *b;

	worker_sleep_until_start(w);
	prev = now_ns();
	b = burst_begin(log, prev);
	while (!load_u(&w->page->stop)) {
		t = now_ns();
		if (t - prev > log->gap_ns) {
			b->end = prev;
			b = burst_begin(log, t);
		}
		prev = t;
		if (t >= log->end_ns)
			break;
	}
	b->end = prev;
}

/* Wall-clock time of all bursts between @from and @to. */
static uint64_t time_between(const struct burst_log *log, unsigned int *first,
			     uint64_t from, uint64_t to)
{
	uint64_t sum = 0;
	unsigned int i;

	while (*first < log->nr && log->burst[*first].end <= from)
		++*first;
	for (i = *first; i < log->nr && log->burst[i].start < to; i++) {
		const struct burst *b = &log->burst[i];
		uint64_t start = b->start > from ? b->start : from;
		uint64_t end = b->end < to ? b->end : to;

		if (end > start)
			sum += end - start;
	}
	return sum;
}

/* The thread's CPU clock at @at: as read when the burst after it began. */
static uint64_t cpu_clock_at(const struct burst_log *log, uint64_t at)
{
	unsigned int lo = 0, hi = log->nr;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (log->burst[mid].end < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == log->nr) {
		const struct burst *b = &log->burst[log->nr - 1];

		return b->cpu_start + b->end - b->start;
	}
	if (log->burst[lo].start >= at)
		return log->burst[lo].cpu_start;
	return log->burst[lo].cpu_start + at - log->burst[lo].start;
}

/*
 * What each period of a reservation (@q_ns, @p_ns) that began at @from gave.
 * A period has a right to Q less what the one before took too much.
 */
void supply_measure(const struct burst_log *log, uint64_t from, uint64_t q_ns,
		    uint64_t p_ns, struct supply *s)
{
	uint64_t cpu = cpu_clock_at(log, from), debt = 0;
	unsigned int first = 0;

	memset(s, 0, sizeof(*s));
	s->min_cpu_ns = UINT64_MAX;
	for (; from + p_ns <= log->end_ns; from += p_ns) {
		uint64_t wall = time_between(log, &first, from, from + p_ns);
		uint64_t next = cpu_clock_at(log, from + p_ns);
		uint64_t got = next - cpu, due = q_ns > debt ? q_ns - debt : 0;

		s->periods++;
		s->cpu_ns += got;
		if (wall > s->max_ns)
			s->max_ns = wall;
		if (got > s->max_cpu_ns)
			s->max_cpu_ns = got;
		if (got < s->min_cpu_ns)
			s->min_cpu_ns = got;
		if (due > got && due - got > s->min_slack_ns) {
			s->min_slack_ns = due - got;
			s->worst_ns = from;
		}
		debt = got > due ? got - due : 0;
		cpu = next;
	}
}
