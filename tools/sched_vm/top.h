/* SPDX-License-Identifier: GPL-2.0 */
/* top: what its files know of each other. */
#ifndef SCHED_VM_TOP_H
#define SCHED_VM_TOP_H

#include "sched-vm.h"

struct thread_seen {
	pid_t tid;
	int capsule;		/* which of the view's */
	int cpu;
	u64 ticks;		/* of CPU time, since it began */
	char comm[64];
};

/* The capsules of one moment. */
struct view {
	struct capsule *list;
	u64 *ids;
	int nr;
	s64 at;
	struct thread_seen *threads;	/* by number, if anybody asked */
	int nr_threads;
	s64 threads_at;			/* 0: nobody did */
};

/* The worst replenishment of an interval, on a CPU of a capsule. */
struct latency {
	u64 cgroup;
	int cpu;
	s64 worst;
};

/* A line: what an interval had for a capsule on a CPU, or for a thread. */
struct row {
	const struct capsule *c;
	int cpu;
	double used;		/* percent of the budget; of a CPU, for a thread */
	bool known;		/* @used: a thread must be seen twice */
	long long usage, throttled, overruns, worst, misses;
	const s64 *latency;	/* NULL: not known */
	int escaped;		/* of the capsule, on its first line; else -1 */
	pid_t tid;		/* of a thread, else 0 */
	char comm[64];
};

enum sort { SORT_USED, SORT_NAME, SORT_THROTTLED, SORT_MISSES, NR_SORTS };

struct top {
	char **paths;		/* those to show; none: all */
	int nr_paths;
	struct view before, now;
	struct latency *latency;
	int nr_latency;
	struct tracer *tracer;
	struct row *rows;
	int nr_rows;
	u64 interval;			/* us */

	enum sort sort;
	bool busy, threads, help, typing, quit;
	char filter[32];
};

/* top-threads.c */
void threads_look(struct view *v);
void rows_threads(struct top *top);

/* top-rows.c */
struct row *row_add(struct top *top);
void rows_make(struct top *top);
void rows_free(struct top *top);
/* Of @cpu[@j] of the capsule @i, in percent of the CPU. */
double usage_between(const struct top *top, int i, int j);
void rows_print(struct top *top);
void rows_csv(const struct top *top, bool heading);
void rows_json(struct top *top);
/* A line with fixed widths for a terminal with @width columns. @row NULL: headings. */
char *row_line(const struct top *top, const struct row *row, int width, bool colour);
/* Some columns less than what it takes, or filled up. Allocated. */
char *fit_text(const char *text, int width);
extern const char *const sort_names[NR_SORTS];

/* top-screen.c */
bool screen_begin(void);
void screen_end(void);
void screen_draw(struct top *top);
/* For at most @ms; true: a key has changed what is to be seen. */
bool screen_wait(struct top *top, int ms);

#endif
