/* SPDX-License-Identifier: GPL-2.0 */
/*
 * adapt - a budget that follows a demand: up at once, down slowly. Only arithmetic,
 * in whole numbers: nothing here knows where the budget is.
 */
#ifndef SCHED_VM_ADAPT_H
#define SCHED_VM_ADAPT_H

#include <stdbool.h>
#include <stdint.h>

enum adapt_why { ADAPT_KEPT, ADAPT_WANTED, ADAPT_DRY, ADAPT_CALM };

struct adapt {
	uint64_t floor, ceiling;
	int patience;		/* rounds in which less was wanted, before it gets less */
	int calm;		/* of them, there were so many */
	uint64_t most;		/* that was wanted in them */
};

/*
 * One round: @has is the budget, @wanted what was seen to be wanted; @dry: it was so
 * often used up that more may be. Returns what it is to be, and says why.
 */
uint64_t adapt_round(struct adapt *a, uint64_t has, uint64_t wanted, bool dry,
		     enum adapt_why *why);

#endif
