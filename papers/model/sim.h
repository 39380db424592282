/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A discrete-event simulator of servers and of the tasks of their guests. Time is in
 * us, exact; switches cost nothing.
 */
#ifndef PAPERS_SIM_H
#define PAPERS_SIM_H

#include <stdint.h>

#include "set.h"

/*
 * What becomes of a server's budget. Up to crps it is full again at each period
 * (sporadic: see policy.c).
 *
 * deferrable	kept while there is no job
 * periodic	used up while there is no job, by an idle CPU (PTPS)
 * polling	gone when the last job of a running server ends
 * sporadic	kept; what was used in one go comes back a period after that began
 * wcps		as periodic, but a lower server runs meanwhile, on both budgets
 * crps		as periodic, but any server runs meanwhile, on the idle one's budget
 * cbs		a constant bandwidth server that waits for its next period when
 *		it has no budget: what this project builds
 * cash		the same; what is left at the last job's end is handed on
 * cbs-idle	cbs; who has no budget has the time in which the CPU would be idle, in
 *		turns: cpu.rt_extra
 * cash-idle	cash, with that time
 * cash-any	the same; what is handed on is first for those that have no budget, at the
 *		deadline that it has, as crps has it
 */
enum sim_policy {
	SIM_DEFERRABLE, SIM_PERIODIC, SIM_POLLING, SIM_SPORADIC,
	SIM_WCPS, SIM_CRPS, SIM_CBS, SIM_CASH,
	SIM_CBS_IDLE, SIM_CASH_IDLE, SIM_CASH_ANY,
	SIM_POLICIES
};

/*
 * Who else is there for the time that budgets leave? With nobody cpu.rt_extra is the same,
 * "idle" or "fair"; with one, a busy normal thread of the same weight, it is "fair". Where
 * it is "idle", such a thread has all of that time.
 */
enum sim_beside { SIM_NOBODY, SIM_ONE, SIM_BUSY, SIM_BESIDES };

enum sim_order { SIM_FP, SIM_DM, SIM_EDF, SIM_ORDERS };
enum sim_guest { SIM_GUEST_RM, SIM_GUEST_EDF, SIM_GUESTS };

extern const char *const sim_policy_name[SIM_POLICIES];
extern const char *const sim_beside_name[SIM_BESIDES];
extern const char *const sim_order_name[SIM_ORDERS];
extern const char *const sim_guest_name[SIM_GUESTS];

/* Return: the place of @name in @names, or -1 */
int sim_named(const char *const *names, int nr, const char *name);

struct sim_options {
	enum sim_policy policy;
	enum sim_beside beside;
	enum sim_order order;
	enum sim_guest guest;
	int64_t length;
	/*
	 * What overheads may do: jobs and (cbs) budgets are longer or shorter by up to
	 * @jitter, at random, but those of a task or server together never by more.
	 */
	int64_t jitter;
	uint64_t jitter_seed;
	/* Called for each job that ends, and for each piece of time that one ran, if set. */
	void (*job)(void *arg, int task, int64_t nr, int64_t release, int64_t finish);
	void (*ran)(void *arg, int server, int task, int64_t from, int64_t to);
	void *arg;
};

/* How long a server without a budget, or a normal thread, has the CPU if others wait */
#define SIM_TURN	1000

#define SIM_BINS	3001	/* of 0.001 deadlines; the last has all that is above */

struct sim_count {
	int64_t jobs;		/* whose deadline is not after the end */
	int64_t missed;
	int64_t worst;		/* response time of those that ended */
	int64_t ran;
};

struct sim_result {
	struct sim_count all;
	struct sim_count domain[SET_DOMAINS];
	struct sim_count task[SET_TASKS];
	int64_t idle;		/* time of all CPUs in which no job ran */
	int64_t late;		/* cbs and cash: budgets not provided by their deadlines */
	/* Response / deadline of the jobs of each domain; those that did not end are above. */
	uint32_t bin[SET_DOMAINS][SIM_BINS];
};

/* Return: why the set cannot be run in this way, or NULL */
const char *sim_fault(const struct set *set, const struct sim_options *options);

/* Runs a set that has no fault. */
void sim_run(const struct set *set, const struct sim_options *options, struct sim_result *result);

/* The least response / deadline that @part (of 1) of a domain's jobs do not exceed. */
double sim_quantile(const struct sim_result *result, int domain, double part);

#endif
