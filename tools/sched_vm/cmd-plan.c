// SPDX-License-Identifier: GPL-2.0
/* plan: which reservation do these tasks need? */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static enum rt_policy policy_of(const char *guest)
{
	if (!guest || !strcmp(guest, "fp"))
		return RT_FP;
	if (!strcmp(guest, "edf"))
		return RT_EDF;
	if (!strcmp(guest, "gedf"))
		return RT_GEDF;
	usage("--guest %s: fp, edf or gedf", guest);
}

/* No period or deadline that the kernel would refuse. */
static void check_times(const struct args *args, const struct plan *plan)
{
	if (plan->low)
		want_periods(plan->low, plan->high);
	if (plan->deadline && plan->deadline < 10)
		usage("plan: the deadline is less than 10us");
	if (plan->deadline && !plan->low)
		usage("plan: a --deadline needs a --period; or --deadline auto");
	if (plan->deadline > plan->low)
		usage("plan: the deadline is longer than the period");
	if (args->step > 100000)
		usage("plan: --step is up to 100ms");
}

int cmd_plan(const struct args *args)
{
	struct plan plan = {
		.policy = policy_of(args->guest),
		.nr_vcpus = args->vcpus,
		.deadline_auto = args->deadline_auto,
		.latency = args->latency,
		.step = args->step,
		.lost = args->overhead,
		.debt = args->debt,
		.margin_ppm = args->margin_ppm,
		.name = args->nr_rest ? args->rest[0] : "vm1",
	};
	struct front front;
	int i, status;

	if (HAS(args, OPT_PERIOD)) {
		plan.low = args->res.period;
		plan.high = args->period_high ? args->period_high : plan.low;
	}
	if (!args->deadline_auto && args->res.deadline != TIME_MAX)
		plan.deadline = args->res.deadline;
	if (args->nr_rest)
		cg_check_new_name(plan.name);
	check_times(args, &plan);
	plan_read_tasks(args, &plan);
	plan_search(&plan, &front);
	status = plan_show(args, &plan, &front);
	for (i = 0; i < plan.nr; i++)
		free(plan.names[i]);
	free(plan.names);
	free(plan.tasks);
	free(front.list);
	return status;
}
