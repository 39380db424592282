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

#endif
