/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PLAY_H
#define PLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "rt-model.h"

#define MOST_TASKS	5
#define MOST_CPUS	3

/* From @low to @high */
int number(int low, int high);
/* Up to @most_tasks, each of which takes at most @most_use percent. Returns how many. */
int random_tasks(struct rt_task *tasks, int most_tasks, int most_use);
/* Half of them with nothing lost, for a third the deadline is shorter; without a budget. */
struct rt_server random_server(void);

/* A server that is played */
struct play {
	const struct rt_server *s;
	bool worst;
	long at;		/* the tick, in its first period */
	long begin;		/* of this period */
	long debt;
	unsigned long served, lost;	/* of this period, a bit for a tick since @begin */
};

/* In the worst phase, it has just been served, as early as could be. */
void play_begin(struct play *p, const struct rt_server *s, bool worst);
/* Does it serve in this tick? */
bool play_tick(struct play *p);
/*
 * Does nobody miss a deadline, on @nr_cpus CPUs with a server like @s each? The worst tasks
 * are all released at once. With both and one CPU: until all is done for the first time.
 */
bool play(const struct rt_task *tasks, int nr, enum rt_policy policy, const struct rt_server *s,
	  int nr_cpus, bool worst_tasks, bool worst_supply);

#endif
