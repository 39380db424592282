/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rt-model - is a reservation enough for a set of tasks, and which is the least?
 *
 * Only arithmetic, in whole numbers: nothing here knows what a cgroup is, what the
 * unit of time is, or how to ask for memory.
 *
 * A task needs @c of CPU time, by @d after it is released, at most every @t; with
 * 0 < c <= d <= t. A server supplies q in every p, by d: what a capsule has on one CPU.
 */
#ifndef RT_MODEL_H
#define RT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t rt_time;

#define RT_NEVER	UINT64_MAX
#define RT_MOST_TIME	0x10000000000ULL	/* of what is given: c, d, t, q, p */
#define RT_MOST_WINDOW	0x1000000000000ULL	/* longer ones are not looked at */
#define RT_MOST_CPUS	256

struct rt_task {
	rt_time c, d, t;
	unsigned int id;	/* of the caller's */
};

/*
 * @lost: what is lost of each budget to switches.
 * @debt: by how much one budget may be smaller, since the one before was exceeded. What
 *	is not more than both together is no supply.
 */
struct rt_server {
	rt_time q, p, d;
	rt_time lost, debt;
};

enum rt_policy {
	RT_FP,		/* fixed priorities, the shorter d the higher */
	RT_EDF,		/* on one CPU */
	RT_GEDF,	/* on several */
};

/* Why a server is not enough. */
struct rt_failure {
	unsigned int id;	/* of the task that is late */
	rt_time window;		/* RT_NEVER: in the long run */
	rt_time demand, supply;	/* in the window, of all CPUs */
	bool unknown;		/* it might be, but not all up to this window were looked at */
};

/* rt-supply.c: one server, in the worst phase */

/* The longest time without any supply; RT_NEVER: there is none to count on. */
rt_time rt_gap(const struct rt_server *s);
/* The least supply in any window of @t. */
rt_time rt_supply(const struct rt_server *s, rt_time t);
/* The shortest window in which there is at least @w; RT_NEVER: none. */
rt_time rt_supply_inverse(const struct rt_server *s, rt_time w);
/* The same for several of them, on a CPU each. */
rt_time rt_supply_of(const struct rt_server *s, int nr, rt_time t);
rt_time rt_supply_of_inverse(const struct rt_server *s, int nr, rt_time w);

/* rt-tasks.c: tasks, and what they demand */

/* By deadline, then by period: as the functions below want them. */
void rt_sort(struct rt_task *tasks, int nr);
/* The sum of c/t, in 2^-32, rounded up. */
uint64_t rt_utilisation(const struct rt_task *tasks, int nr);
/* How much must be done in a window of @t that begins with a release of all. */
rt_time rt_demand(const struct rt_task *tasks, int nr, rt_time t);
/*
 * Makes one of tasks with the same deadline and period, which changes no result but
 * that of RT_GEDF. If more than @most are left, periods and deadlines are rounded
 * down to so many binary digits as it takes, which is on the safe side: returned
 * in @digits, 0 if they are as they were. Returns how many there are.
 */
int rt_reduce(struct rt_task *tasks, int nr, int most, int *digits);

/* rt-one.c: one CPU; these tests are exact */

bool rt_fits_fp(const struct rt_task *tasks, int nr, const struct rt_server *s,
		struct rt_failure *f);
bool rt_fits_edf(const struct rt_task *tasks, int nr, const struct rt_server *s,
		 struct rt_failure *f);
/* Of the last task alone, as those before it keep it from running. */
bool rt_last_in_time(const struct rt_task *tasks, int nr, const struct rt_server *s,
		     struct rt_failure *f);

/* rt-gedf.c: global EDF on several CPUs, sufficient */

/* Sets up to this size have the better, slower test. */
#define RT_GEDF_FEW	24

bool rt_fits_gedf(const struct rt_task *tasks, int nr, const struct rt_server *s, int nr_cpus,
		  struct rt_failure *f);

/* rt-gdm.c: global fixed priorities on @nr_cpus whole CPUs, sufficient; @tasks are sorted */
bool rt_fits_gdm(const struct rt_task *tasks, int nr, int nr_cpus);

/*
 * rt-demand.c: what was seen of a demand, and servers for it. Arrivals are in the order
 * of time; each brings @w of work that is ready at once, @at.
 */
struct rt_arrival {
	rt_time at, w;
};

struct rt_demand {
	const struct rt_arrival *arrivals;
	size_t nr;
	rt_time until;		/* it was looked at from 0 on, to here */
};

/* What a server would have done: budgets that began, and those that were not enough. */
struct rt_served {
	uint64_t periods, dry;
};

/* By the CBS rule, as a capsule has it, on a CPU that is there whenever it is wanted. */
void rt_serve(const struct rt_demand *d, const struct rt_server *s, struct rt_served *served);
/* Were at most @dry_ppm of its budgets not enough? */
bool rt_serves(const struct rt_demand *d, const struct rt_server *s, unsigned int dry_ppm);
/*
 * The least budget, a multiple of @step up to @most, that is enough so, as are all
 * that were tried above it. 0: @most is not. @s->q is not looked at.
 */
rt_time rt_least_for(const struct rt_demand *d, const struct rt_server *s,
		     unsigned int dry_ppm, rt_time step, rt_time most);
/* The most that arrives in any window of @t, both ends included. */
rt_time rt_envelope(const struct rt_demand *d, rt_time t);
/*
 * The longest time from an arrival to the end of its work, in turn, if the server gives
 * the least that it may; at most a period more, where there is too much to look at.
 * RT_NEVER: there is no supply to count on.
 */
rt_time rt_response(const struct rt_demand *d, const struct rt_server *s);

/*
 * rt-least.c: the least budget that is enough, a multiple of @step up to @most, of
 * the server @s on @nr_cpus CPUs, which must be 1 but for RT_GEDF. 0: none is, and @f
 * says why @most is not. @s->q is not looked at. @from: known not to be too much.
 */
struct rt_question {
	enum rt_policy policy;
	const struct rt_task *tasks;
	int nr;
	int nr_cpus;
	struct rt_server server;
	rt_time step, most, from;
};

bool rt_fits(const struct rt_question *q, rt_time budget, struct rt_failure *f);
/* @bound: it may be less, but for that, longer windows had to be looked at. */
rt_time rt_least_budget(const struct rt_question *q, struct rt_failure *f, bool *bound);

#endif
