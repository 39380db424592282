/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of plan know of each other. Times are in us. */
#ifndef SCHED_VM_PLAN_H
#define SCHED_VM_PLAN_H

#include "rt-model.h"
#include "sched-vm.h"

#define PLAN_MOST_VCPUS	64
/* Beside the fair server, capsules have 95 % of a CPU. */
#define PLAN_LIMIT	95
#define PLAN_LEAST_BUDGET	10
#define PLAN_UNIT	0x100000ULL	/* of bandwidths, as admission counts them */

struct plan {
	struct rt_task *tasks;	/* sorted by deadline; the margin is in them */
	char **names;		/* by their id */
	int nr;
	enum rt_policy policy;
	int nr_vcpus;		/* 0: as many as it takes */
	rt_time low, high;	/* periods; high 0: up to the shortest of a task */
	rt_time deadline;	/* 0: the period */
	bool deadline_auto;
	rt_time latency;	/* the longest gap; 0: any */
	rt_time step, lost, debt;
	rt_time margin_ppm;
	u64 use;		/* without the margin, in 2^-32 */
	const char *name;	/* of the capsule */
};

struct candidate {
	rt_time p, d;
	int nr;				/* vCPUs */
	rt_time q[PLAN_MOST_VCPUS];
	u64 bandwidth;			/* of all, in PLAN_UNIT */
	rt_time gap;			/* of the worst */
};

struct front {
	struct candidate *list;		/* by period */
	int nr, taken;
	struct rt_failure failure;	/* the last */
	struct rt_failure failed;	/* with the first period with which it is not enough */
	rt_time failed_p;		/* which is this; 0: none had a budget to try */
	rt_time gap, gap_p;		/* the shortest that the latency left out; gap_p 0: none */
	bool bound;			/* some are not the least, since windows got too long */
	bool by_use;			/* tasks were spread by their load alone */
	int digits;			/* of periods that were rounded down; 0: they were not */
};

/* plan-tasks.c */
void plan_read_tasks(const struct args *args, struct plan *plan);

/* plan-pack.c: which task on which vCPU, with periods and deadlines of @server? */
/* @on: by the index of the task. Returns how many vCPUs, with @q for each; 0: it cannot be. */
int plan_pack(const struct plan *plan, const struct rt_server *server, rt_time floor, int *on,
	      rt_time *q, struct front *front);

/* plan-search.c */
void plan_search(const struct plan *plan, struct front *front);
void plan_servers(const struct plan *plan, const struct candidate *c, struct rt_server *s);
/* On which vCPU of @c each task is, by its index; not for global EDF. */
void plan_placed(const struct plan *plan, const struct candidate *c, int *on);

/* plan-show.c */
int plan_show(const struct args *args, const struct plan *plan, const struct front *front);

#endif
