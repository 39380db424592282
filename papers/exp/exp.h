/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The experiments. Each prints lines "id,condition,value,unit"; a condition is words
 * "key=value", as in published/ID.csv.
 */
#ifndef PAPERS_EXP_H
#define PAPERS_EXP_H

#include <stdbool.h>

#include "../model/sim.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* How much of an experiment is run: sets, and seconds of each */
struct effort {
	int sets;
	int seconds;
};

void emit(const char *id, double value, const char *unit, const char *condition, ...)
	__attribute__((format(printf, 4, 5)));

double percent(double part, double all);

void add_count(struct sim_count *sum, const struct sim_count *count);

/* The order between servers that an experiment of chapter 2 has */
static inline enum sim_order order_of(enum sim_policy policy)
{
	return policy < SIM_CBS ? SIM_FP : SIM_EDF;
}

/* Runs a set; not to be called for one that has a fault. */
void run_with(const struct set *set, const struct sim_options *opt, struct sim_result *result);
void run(const struct set *set, enum sim_policy policy, enum sim_order order, enum sim_guest guest,
	 int seconds, struct sim_result *result);

void exp_prm(const struct effort *effort);
void exp_t22(const struct effort *effort);
void exp_f25(const struct effort *effort);
void exp_t24(const struct effort *effort);
void exp_f27(const struct effort *effort);
void exp_f29(const struct effort *effort);
void exp_reclaim(const struct effort *effort);
void exp_f35(const struct effort *effort);
void exp_semi(const struct effort *effort);

#endif
