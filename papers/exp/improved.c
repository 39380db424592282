// SPDX-License-Identifier: GPL-2.0
/*
 * Sections 2.6 and 2.7 of RT-Xen: what else to do with the time of an idle server; and
 * the budgets of the tasks of RESCH.
 */
#include "../gen/analysis.h"
#include "../gen/gen.h"
#include "exp.h"

static const enum sim_policy policies[] = { SIM_PERIODIC, SIM_WCPS, SIM_CRPS, SIM_CBS, SIM_CASH,
					   SIM_CBS_IDLE };

#define NR	ARRAY_SIZE(policies)

static double utilisation(const struct set *set)
{
	double sum = 0;
	int i;

	for (i = 0; i < set->nr_tasks; i++)
		sum += (double)set->task[i].cost / set->task[i].period;
	return sum;
}

/* Of @sets seeds, those that have interfaces; @id,@condition: of the lines printed */
static void compare(const char *id, const char *condition, const struct gen_improved *g,
		    const struct effort *effort)
{
	static struct sim_result result;
	struct sim_count last[NR] = {};
	double overhead = 0, quartile[NR] = {};
	static struct set set;
	unsigned int i;
	int seed, nr = 0;

	for (seed = 1; nr < effort->sets && seed <= 10 * effort->sets; seed++) {
		if (!gen_improved(&set, g, seed))
			continue;
		nr++;
		overhead += gen_bandwidth(&set) - utilisation(&set);
		for (i = 0; i < NR; i++) {
			run(&set, policies[i], order_of(policies[i]), SIM_GUEST_RM, effort->seconds,
			    &result);
			add_count(&last[i], &result.domain[5]);
			quartile[i] += sim_quantile(&result, 5, 0.75);
		}
	}
	emit(id, percent(overhead, nr), "% overhead", "%s overhead", condition);
	for (i = 0; i < NR; i++) {
		emit(id, percent(last[i].missed, last[i].jobs), "% missed", "%s policy=%s",
		     condition, sim_policy_name[policies[i]]);
		emit(id, nr ? quartile[i] / nr : 0, "response / deadline; upper quartile",
		     "%s policy=%s q3", condition, sim_policy_name[policies[i]]);
	}
}

void exp_f27(const struct effort *effort)
{
	static const int range[][2] = { { 550, 650 }, { 350, 850 }, { 100, 1100 } };
	struct gen_improved g = { .etf = 100 };
	char condition[64];
	unsigned int i;

	for (g.percent = 70; g.percent <= 100; g.percent += 10)
		for (i = 0; i < 3; i++) {
			g.low = range[i][0];
			g.high = range[i][1];
			snprintf(condition, sizeof(condition), "uw=%d periods=%d-%d", g.percent,
				 g.low, g.high);
			compare("f2.7", condition, &g, effort);
		}
}

void exp_f29(const struct effort *effort)
{
	static const int etf[] = { 100, 50, 10 };
	struct gen_improved g = { .low = 550, .high = 650 };
	char condition[64];
	unsigned int i;

	for (g.percent = 70; g.percent <= 100; g.percent += 10)
		for (i = 0; i < 3; i++) {
			g.etf = etf[i];
			snprintf(condition, sizeof(condition), "uw=%d etf=%d", g.percent, g.etf);
			compare("f2.9", condition, &g, effort);
		}
}

void exp_prm(const struct effort *effort)
{
	static const int period[] = { 1, 2, 4, 5, 8, 10, 12, 16, 20 };
	struct set_server server = { .domain = 1 };
	struct set set;
	unsigned int i;
	int edf;

	set_init(&set, 1, 0);
	set_add_task(&set, 1, 1, 8 * MS, 20 * MS);
	set_add_task(&set, 1, 1, 80 * MS, 220 * MS);
	for (edf = 0; edf < 2; edf++)
		for (i = 0; i < ARRAY_SIZE(period); i++) {
			server.period = period[i] * MS;
			server.deadline = server.period;
			emit("prm", analysis_least_budget(&set, &server, 50, edf) / 1e3,
			     "ms; steps of 0.05", "tasks=8/20;80/220 period=%d least budget%s",
			     period[i], edf ? " guest=edf" : "");
		}
}
