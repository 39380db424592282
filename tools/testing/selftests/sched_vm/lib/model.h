/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of a small tree of cgroups should say and do, written down a
 * second time: independent of the kernel, simple, slow.
 */
#ifndef __SCHED_VM_MODEL_H
#define __SCHED_VM_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#define MODEL_MAX_GROUPS	8
#define MODEL_BUDGET_MAX	-1LL	/* "max" */

enum model_file {
	FILE_BUDGET, FILE_PERIOD, FILE_DEADLINE, FILE_RT_MAX, FILE_SCOPE, NR_FILES
};

struct model_group {
	int parent;		/* -1: none */
	bool rt_inside;		/* a FIFO or RR thread */
	bool vacant;		/* no thread at all */
	long long budget;	/* us, 0, or MODEL_BUDGET_MAX */
	long long period;
	long long deadline;	/* us, or MODEL_BUDGET_MAX */
	bool rt_only;
};

struct model {
	int nr;
	struct model_group group[MODEL_MAX_GROUPS];
};

/* MAYBE: less than the kernel's rounding lies between yes and no. */
enum model_answer { NO, MAYBE, YES };

/*
 * The result of writing @text to @file of group @g: 0 or -errno, and what the
 * group is like afterwards in @after. *@answer is MAYBE if -EBUSY would be
 * right too.
 */
int model_write(const struct model *m, int g, enum model_file file,
		const char *text, struct model_group *after,
		enum model_answer *answer);
void model_read(const struct model_group *g, enum model_file file, char *buf,
		size_t size);
/* Which group serves the thread of group @g; -1: none. */
int model_server(const struct model *m, int g);

/* Of a CPU: what a group has, what of that its own threads have, what is left to give. */
double model_bandwidth(const struct model *m, int g);
double model_share(const struct model *m, int g);
double model_room(const struct model *m, int g);

/*
 * What may be used over time. What is reserved adds up, and what is used is taken from
 * that: lag is by how much more was used, or 0. What is given back counts as reserved
 * until the lag that there was is gone, which is its zero-lag time.
 */
struct model_lag {
	double level;		/* what is reserved, of a CPU */
	double hold;		/* what is in use still, if more; or 0 */
	unsigned int pending;	/* whose lag must be gone for that to end, a mask */
	double lag;		/* ns */
	double worst;		/* most of it, ns */
	double budget[MODEL_MAX_GROUPS];	/* longest since it was 0 */
};

/* The budget that a server was told, and a longer one that it may still have. */
struct model_budget {
	double told;		/* ns */
	double period;
	double old;
	double left;		/* for so long, ns */
};

/* What somebody who is gone needs until his lag would be. */
struct model_ghost {
	int parent;
	double rate;
	double left;		/* ns */
};

#define MODEL_MAX_GHOSTS	16

struct model_time {
	struct model told;
	struct model_lag own[MODEL_MAX_GROUPS];		/* own threads */
	struct model_lag tree[MODEL_MAX_GROUPS];	/* and all below */
	struct model_lag all;				/* of the CPU */
	struct model_budget budget[MODEL_MAX_GROUPS];
	double period;					/* longest so far, ns */
	struct model_ghost ghost[MODEL_MAX_GHOSTS];
};

void model_time_init(struct model_time *t, const struct model *told);
/* A write begins, after which @told may be true, and ends, after which it is. */
void model_time_begin(struct model_time *t, const struct model *told);
void model_time_end(struct model_time *t, const struct model *told);
/* Group @g, which had no reservation any more, is removed. */
void model_time_remove(struct model_time *t, int g);
/* For @ns, the server of group @g (-1: none) has the CPU. */
void model_time_run(struct model_time *t, double ns, int g);
/* Who has had more than he may, @slack ns aside? A name in @who. */
bool model_time_exceeded(const struct model_time *t, double slack, char *who, size_t size);

#endif
