// SPDX-License-Identifier: GPL-2.0
/* Chapter 2 of RT-Xen: five domains on a CPU, servers of fixed priority, and ours. */
#include <string.h>

#include "../gen/analysis.h"
#include "../gen/gen.h"
#include "exp.h"

/* More of reclaiming: reclaim.c */
#define POLICIES	(SIM_CBS_IDLE + 1)

/* Does what domain 3 is to do exceed its 20 % by 1 % or more? */
static bool is_too_much(const struct set *set)
{
	double sum = 0;
	int i;

	for (i = 0; i < set->nr_tasks; i++)
		if (set->task[i].domain == 3)
			sum += (double)set->task[i].cost / set->task[i].period;
	return sum >= 0.21;
}

/* The sets of which that task makes one that is too much. */
static void isolation(enum sim_policy policy, bool overloaded, const struct effort *effort)
{
	static struct sim_result result;
	static struct set set;
	struct sim_count sum[6];
	int i, seed, nr = 0;

	memset(sum, 0, sizeof(sum));
	for (seed = 1; nr < effort->sets; seed++) {
		gen_capacity(&set, GEN_EVEN, 70, seed);
		gen_overload(&set);
		if (!is_too_much(&set))
			continue;
		nr++;
		if (!overloaded)
			gen_capacity(&set, GEN_EVEN, 70, seed);
		run(&set, policy, order_of(policy), SIM_GUEST_RM, effort->seconds, &result);
		for (i = 1; i <= 5; i++)
			add_count(&sum[i], &result.domain[i]);
	}
	for (i = 1; i <= 5; i++)
		emit("t2.2", percent(sum[i].missed, sum[i].jobs), "% missed",
		     "overloaded=%s policy=%s domain=%d", overloaded ? "yes" : "no",
		     sim_policy_name[policy], i);
}

void exp_t22(const struct effort *effort)
{
	int policy;

	for (policy = 0; policy < POLICIES; policy++) {
		isolation(policy, false, effort);
		isolation(policy, true, effort);
	}
}

static double missed_at(enum gen_case which, int load, enum sim_policy policy,
			const struct effort *effort)
{
	static struct sim_result result;
	struct sim_count sum = {};
	static struct set set;
	int seed;

	for (seed = 1; seed <= effort->sets; seed++) {
		gen_capacity(&set, which, load, seed);
		run(&set, policy, order_of(policy), SIM_GUEST_RM, effort->seconds, &result);
		add_count(&sum, &result.all);
	}
	return percent(sum.missed, sum.jobs);
}

/* The capacity is the highest load up to which less than 5 % are missed. */
void exp_f25(const struct effort *effort)
{
	int which, policy, load, capacity;
	double missed;

	for (which = 0; which < GEN_CASES; which++)
		for (policy = 0; policy < POLICIES; policy++) {
			capacity = 0;
			for (load = 30; load <= 100; load += 5) {
				missed = missed_at(which, load, policy, effort);
				emit("f2.5", missed, "% missed", "case=%s policy=%s load=%d",
				     gen_case_name[which], sim_policy_name[policy], load);
				if (missed < 5 && (capacity == load - 5 || load == 30))
					capacity = load;
			}
			emit("t2.3", capacity, "% capacity", "case=%s policy=%s",
			     gen_case_name[which], sim_policy_name[policy]);
		}
}

/*
 * Sets whose tasks are guaranteed, those whose servers are, too, and the jobs that these
 * and those miss in the model.
 */
static void guaranteed(enum gen_case which, int load, bool deferrable, const struct effort *effort)
{
	enum sim_policy policy = deferrable ? SIM_DEFERRABLE : SIM_PERIODIC;
	static struct sim_result result;
	static struct set set;
	int64_t missed = 0, missed_sound = 0;
	int seed, nr = 0, sound = 0;
	char condition[64];

	for (seed = 1; seed <= effort->sets; seed++) {
		bool servers;

		gen_capacity(&set, which, load, seed);
		if (!analysis_davis_burns(&set, deferrable))
			continue;
		servers = analysis_servers(&set, deferrable);
		run(&set, policy, SIM_FP, SIM_GUEST_RM, effort->seconds, &result);
		nr++;
		missed += result.all.missed;
		sound += servers;
		if (servers)
			missed_sound += result.all.missed;
	}
	snprintf(condition, sizeof(condition), "case=%s policy=%s load=%d", gen_case_name[which],
		 sim_policy_name[policy], load);
	emit("t2.4", percent(nr, effort->sets), "% guaranteed", "%s", condition);
	emit("t2.4", percent(sound, effort->sets), "% guaranteed", "%s servers", condition);
	emit("t2.4", missed, "jobs", "%s missed", condition);
	emit("t2.4", missed_sound, "jobs", "%s servers missed", condition);
}

#ifdef HAVE_RT_MODEL
/* The same by the test of sched-vm plan, for servers as this project has them */
static void guaranteed_cbs(enum gen_case which, int load, const struct effort *effort)
{
	static struct sim_result result;
	static struct set set;
	int64_t missed = 0;
	int seed, nr = 0;

	for (seed = 1; seed <= effort->sets; seed++) {
		gen_capacity(&set, which, load, seed);
		if (!analysis_cbs(&set, 0, 0))
			continue;
		run(&set, SIM_CBS, SIM_EDF, SIM_GUEST_RM, effort->seconds, &result);
		nr++;
		missed += result.all.missed;
	}
	emit("t2.4", percent(nr, effort->sets), "% guaranteed", "case=%s policy=cbs load=%d",
	     gen_case_name[which], load);
	emit("t2.4", missed, "jobs", "case=%s policy=cbs load=%d missed", gen_case_name[which],
	     load);
}
#else
static void guaranteed_cbs(enum gen_case which, int load, const struct effort *effort)
{
}
#endif

void exp_t24(const struct effort *effort)
{
	int which, load;

	for (which = 0; which < GEN_CASES; which++)
		for (load = 30; load <= 100; load += 5) {
			guaranteed(which, load, true, effort);
			guaranteed(which, load, false, effort);
			guaranteed_cbs(which, load, effort);
		}
}
