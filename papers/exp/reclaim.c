// SPDX-License-Identifier: GPL-2.0
/*
 * Is reclaiming worth it? Jobs missed if what a server has not used is handed on, and if
 * not; each with what cpu.rt_extra gives to those that have no budget. The sets are those
 * of Fig. 2.5 and 2.7 to 2.9, and Table 2.2.
 */
#include "../gen/gen.h"
#include "exp.h"

static const struct {
	const char *name;
	enum sim_policy policy;
} reclaim[] = { { "no", SIM_CBS_IDLE }, { "cash", SIM_CASH_IDLE }, { "any", SIM_CASH_ANY } };

/* Of the time that budgets leave: all, half of it, as a normal thread has the rest, or nothing */
static const struct {
	const char *name;
	enum sim_beside beside;
} extra[] = { { "idle", SIM_NOBODY }, { "fair", SIM_ONE }, { "none", SIM_BUSY } };

#define RECLAIMS	ARRAY_SIZE(reclaim)
#define EXTRAS		ARRAY_SIZE(extra)

/* Of several sets */
struct tally {
	struct sim_count count[RECLAIMS][EXTRAS];
};

static void run_all(const struct set *set, const struct effort *effort, struct tally *tally)
{
	struct sim_options opt = { .order = SIM_EDF, .length = effort->seconds * INT64_C(1000000) };
	static struct sim_result result;
	unsigned int i, j;

	for (i = 0; i < RECLAIMS; i++)
		for (j = 0; j < EXTRAS; j++) {
			opt.policy = reclaim[i].policy;
			opt.beside = extra[j].beside;
			run_with(set, &opt, &result);
			add_count(&tally->count[i][j], &result.all);
		}
}

static void print_tally(const struct tally *tally, const char *condition)
{
	unsigned int i, j;

	for (j = 0; j < EXTRAS; j++)
		for (i = 0; i < RECLAIMS; i++) {
			const struct sim_count *count = &tally->count[i][j];

			emit("reclaim", percent(count->missed, count->jobs), "% missed",
			     "%s extra=%s reclaim=%s", condition, extra[j].name, reclaim[i].name);
		}
}

static void capacity_sets(const struct effort *effort)
{
	char condition[64];
	static struct set set;
	int which, load, seed;

	for (which = 0; which < GEN_CASES; which++)
		for (load = 80; load <= 100; load += 5) {
			struct tally tally = {};

			for (seed = 1; seed <= effort->sets; seed++) {
				gen_capacity(&set, which, load, seed);
				run_all(&set, effort, &tally);
			}
			snprintf(condition, sizeof(condition), "set=%s load=%d",
				 gen_case_name[which], load);
			print_tally(&tally, condition);
		}
}

static void overloaded_sets(const struct effort *effort)
{
	struct tally tally = {};
	static struct set set;
	int seed;

	for (seed = 1; seed <= effort->sets; seed++) {
		gen_capacity(&set, GEN_EVEN, 70, seed);
		gen_overload(&set);
		run_all(&set, effort, &tally);
	}
	print_tally(&tally, "set=overloaded load=70");
}

/* Budgets as the kernel admits them: so much of a CPU at most */
#define ADMITTED	950

static void improved_sets(const struct gen_improved *g, bool admitted, const struct effort *effort)
{
	struct tally tally = {};
	static struct set set;
	char condition[64];
	int seed, nr = 0;

	for (seed = 1; nr < effort->sets && seed <= 10 * effort->sets; seed++) {
		if (!gen_improved(&set, g, seed))
			continue;
		nr++;
		if (admitted)
			gen_admit(&set, ADMITTED);
		run_all(&set, effort, &tally);
	}
	snprintf(condition, sizeof(condition), "set=%d-%d load=%d etf=%d budgets=%s", g->low,
		 g->high, g->percent, g->etf, admitted ? "admitted" : "whole");
	print_tally(&tally, condition);
}

void exp_reclaim(const struct effort *effort)
{
	static const struct gen_improved of[] = {
		{ .low = 550, .high = 650, .etf = 100 }, { .low = 350, .high = 850, .etf = 100 },
		{ .low = 100, .high = 1100, .etf = 100 }, { .low = 550, .high = 650, .etf = 50 },
		{ .low = 550, .high = 650, .etf = 10 },
	};
	struct gen_improved g;
	unsigned int i;
	int admitted;

	capacity_sets(effort);
	overloaded_sets(effort);
	for (admitted = 0; admitted < 2; admitted++)
		for (i = 0; i < ARRAY_SIZE(of); i++)
			for (g = of[i], g.percent = 80; g.percent <= 100; g.percent += 10)
				improved_sets(&g, admitted, effort);
}
