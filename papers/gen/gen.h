/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Task sets, as the publications made theirs, from a seed. All times are whole ms, as
 * theirs, given in us.
 */
#ifndef PAPERS_GEN_H
#define PAPERS_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "../model/set.h"

#define MS	1000

/* The sum of @part is @sum, every way to split it being as likely (UUniFast). */
struct rng;
void gen_uunifast(struct rng *rng, double *part, int nr, double sum);

/*
 * Table 2.3 and Fig. 2.5: five domains on a CPU, five tasks each, of a load in percent.
 */
enum gen_case { GEN_DECREASING, GEN_EVEN, GEN_INCREASING, GEN_CASES };
extern const char *const gen_case_name[GEN_CASES];

void gen_capacity(struct set *set, enum gen_case which, int load, uint64_t seed);

/* Table 2.2: the first task of domain 3 takes 10 % of the CPU. */
void gen_overload(struct set *set);

/*
 * Fig. 2.7 to 2.9: tasks of 0.2 to 5 % until their sum is @percent, spread over five
 * domains, each with its interface, the shorter the period the higher. The tasks of
 * the three highest execute between @etf % and all of their cost.
 */
struct gen_improved {
	int percent;
	int low, high;		/* periods, ms */
	int etf;
};

/* Return: false if a domain has no interface */
bool gen_improved(struct set *set, const struct gen_improved *g, uint64_t seed);

/*
 * Fig. 3.5 to 3.9: tasks of a total utilisation (in percent), medium bimodal, in turn
 * to four domains, without servers.
 */
void gen_bimodal(struct set *set, int percent, uint64_t seed);

/*
 * The servers for them. In partitioned guests each task gets a vCPU, with EDF or, as
 * in the kernel, fixed priorities in it; in global ones none does.
 */
enum gen_guest { GEN_PEDF, GEN_GEDF, GEN_PRM, GEN_GUESTS };
extern const char *const gen_guest_name[GEN_GUESTS];

struct gen_guests {
	enum gen_guest guest;
	int divide;		/* what times were divided by: periods and steps are, too */
	int64_t lost, debt;	/* of each budget, as sched-vm plan has it */
};

/* Return: false if there is no interface */
bool gen_vcpus(struct set *set, const struct gen_guests *g);

/*
 * Two to five servers on one CPU, some with deadlines before the end of their periods, with
 * one to four tasks each, of no round numbers: to compare model and kernel.
 */
void gen_mixed(struct set *set, uint64_t seed);

/*
 * What a guest of fixed priorities may be: two to five tasks of 25 to 70 % together, in one
 * server that has all of the CPU, and the period that sched-vm plan is to be asked for.
 */
void gen_guest(struct set *set, uint64_t seed);

/*
 * For a kernel: all times are divided by @divide, budgets are smaller by @spare parts of a
 * thousand, and the tasks of domain d begin d times @apart us later, as no two servers'
 * deadlines then are the same.
 */
void gen_scale(struct set *set, int divide, int spare, int apart);

/* The sum of all budgets, each in its period */
double gen_bandwidth(const struct set *set);

/* One CPU: if that is more than @most of 1000, each budget is less, in proportion. */
void gen_admit(struct set *set, int most);

/*
 * Gives each vCPU a CPU, of which @most of 1000 is there.
 * Return: false if they do not fit; they have one even so
 */
bool gen_pack(struct set *set, int most);

/*
 * The same, but a vCPU that fits nowhere gets what there is on several CPUs, by the same
 * deadline on each. Only one with a single task: in a capsule several may run at once then.
 * Return: false if they do not fit
 */
bool gen_spread(struct set *set, int most);

#endif
