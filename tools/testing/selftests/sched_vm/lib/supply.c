// SPDX-License-Identifier: GPL-2.0
/*
 * How much CPU time a busy loop was given, and when. The loop reads the clock
 * all the time: a step of more than a few microseconds is time that somebody
 * else had. That is independent of what the scheduler accounts; the thread's
 * own CPU clock is read as well, at the beginning of each burst.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"
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

/* One period, which began at @from and had a right to @due, gave @got. */
static void supply_add(const struct burst_log *log, unsigned int *first, uint64_t from,
		       uint64_t p_ns, uint64_t due, uint64_t got, struct supply *s)
{
	uint64_t wall = time_between(log, first, from, from + p_ns);

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
}

/*
 * What each period of a reservation (@q_ns, @p_ns) that began at @from, or later, gave.
 * A period has a right to Q less what the one before took too much. That of the first
 * one is known from @before periods, whose own first is taken to owe nothing.
 */
void supply_measure(const struct burst_log *log, uint64_t from, unsigned int before,
		    uint64_t q_ns, uint64_t p_ns, struct supply *s)
{
	uint64_t at = from - before * p_ns, cpu = cpu_clock_at(log, at), debt = 0;
	unsigned int first = 0;

	memset(s, 0, sizeof(*s));
	s->min_cpu_ns = UINT64_MAX;
	for (; at + p_ns <= log->end_ns; at += p_ns) {
		uint64_t next = cpu_clock_at(log, at + p_ns);
		uint64_t got = next - cpu, due = q_ns > debt ? q_ns - debt : 0;

		if (at >= from)
			supply_add(log, &first, at, p_ns, due, got, s);
		debt = got > due ? got - due : 0;
		cpu = next;
	}
}

/* The least that a server of (Q, P, D) gives in any window of @t. */
uint64_t supply_bound(uint64_t q_ns, uint64_t p_ns, uint64_t d_ns, uint64_t t)
{
	uint64_t none = p_ns + d_ns - 2 * q_ns, rest;

	if (t <= none)
		return 0;
	rest = (t - none) % p_ns;
	return (t - none) / p_ns * q_ns + (rest < q_ns ? rest : q_ns);
}

/* Service up to @at, of all bursts that began before it; @i goes on from there. */
static uint64_t served_until(const struct burst_log *log, const uint64_t *sum,
			     unsigned int *i, uint64_t at)
{
	const struct burst *b;

	while (*i + 1 < log->nr && log->burst[*i + 1].start <= at)
		++*i;
	b = &log->burst[*i];
	if (at <= b->start)
		return sum[*i];
	return sum[*i] + (at < b->end ? at : b->end) - b->start;
}

/* What all bursts before each one have served; to be freed. */
uint64_t *supply_sums(const struct burst_log *log)
{
	uint64_t *sum = calloc(log->nr + 1, sizeof(*sum));
	unsigned int k;

	if (!sum)
		ksft_exit_fail_perror("calloc");
	for (k = 0; k < log->nr; k++)
		sum[k + 1] = sum[k] + log->burst[k].end - log->burst[k].start;
	return sum;
}

/*
 * Over all windows of @t, the least service. It changes its slope only where a
 * window begins or ends with a burst, and is least where one begins with the
 * end of a burst, or ends with the beginning of one.
 */
uint64_t supply_least(const struct burst_log *log, const uint64_t *sum, uint64_t t)
{
	uint64_t least = UINT64_MAX, from, to, got;
	unsigned int k, a = 0, b = 0;

	for (k = 0; k + 1 < log->nr; k++) {
		from = log->burst[k].end;
		if (from + t > log->end_ns)
			break;
		to = served_until(log, sum, &b, from + t);
		got = to - served_until(log, sum, &a, from);
		least = got < least ? got : least;
	}
	for (k = 0, a = 0, b = 0; k < log->nr; k++) {
		to = log->burst[k].start;
		if (to < log->burst[0].start + t)
			continue;
		got = served_until(log, sum, &b, to) - served_until(log, sum, &a, to - t);
		least = got < least ? got : least;
	}
	return least;
}

/* Service between two moments. */
uint64_t supply_between(const struct burst_log *log, uint64_t from, uint64_t to)
{
	unsigned int first = 0;

	return time_between(log, &first, from, to);
}

/*
 * Let each burst be as long as the thread's own clock says: what interrupts a loop but
 * is charged to it, as when another CPU is emulated meanwhile, is no interruption.
 */
void supply_by_clock(struct burst_log *log)
{
	unsigned int k;

	for (k = 0; k + 1 < log->nr; k++) {
		struct burst *b = &log->burst[k], *next = b + 1;

		b->end = b->start + next->cpu_start - b->cpu_start;
		if (b->end > next->start)
			b->end = next->start;
	}
}
