// SPDX-License-Identifier: GPL-2.0
/* Which CPUs are taken, on a machine that is made up: four CPUs, and what is free there. */
#include "../place.c"
#include "tap.h"

static u64 room[] = { 3000, 8000, 5000, 8000 };
static bool kernel = true, device = true;

bool cg_has(const char *cg, const char *file)
{
	(void)cg;
	(void)file;
	return kernel;
}

void cg_available(const char *cg, struct cpus *cpus)
{
	(void)cg;
	*cpus = (struct cpus){ .map = { 0xf } };
}

int device_check(const char *cg, const struct reservation *res, const struct cpus *cpus,
		 struct sched_vm_check *check)
{
	(void)cg;
	if (!device)
		return -ENOENT;
	check->max_budget_us = room[cpus_next(cpus, -1)];
	check->result = res->budget > check->max_budget_us ? SCHED_VM_CPU_FULL : SCHED_VM_FITS;
	return 0;
}

void admission_ask(const char *cg, const struct reservation *res, const struct cpus *cpus,
		   struct verdict *v)
{
	(void)cg;
	*v = (struct verdict){ .max_budget = room[cpus_next(cpus, -1)] };
	v->fits = res->budget <= v->max_budget;
}

void verdict_free(struct verdict *v)
{
	(void)v;
}

/* @want: the CPUs in turn, as digits; "" if there is no room. */
static void test(const u64 *budgets, int nr, bool best, const char *want)
{
	const struct reservation res = { .budget = 1, .period = 10000, .deadline = TIME_MAX };
	char got[8] = "", *what = xasprintf("%s fit: '%s'", best ? "best" : "worst", want);
	u64 lacking = 0;
	int cpus[4], i, ret;

	ret = place_budgets("/x", &res, budgets, nr, best, cpus, &lacking);
	for (i = 0; !ret && i < nr; i++)
		got[i] = '0' + cpus[i];
	tap_check(!strcmp(got, want) && (*want || (ret == -ENOSPC && lacking)), what);
	free(what);
}

int main(void)
{
	static const u64 one[] = { 2000 }, all[] = { 1000, 2000, 3000, 4000 };
	static const u64 equal[] = { 4000, 4000, 4000, 4000 }, large[] = { 8001 };
	const struct reservation res = { .period = 10000 };
	u64 lacking;
	int cpu;

	for (device = true; ; device = false) {
		test(one, 1, false, "1");
		test(one, 1, true, "0");
		/* The largest first, and never two on one CPU. */
		test(all, 4, false, "0231");
		test(all, 4, true, "3102");
		test(equal, 3, false, "132");
		test(equal, 3, true, "213");
		test(equal, 4, false, "");
		test(large, 1, false, "");
		if (!device)
			break;
	}
	kernel = false;
	tap_check(place_budgets("/x", &res, one, 1, false, &cpu, &lacking) == -EOPNOTSUPP,
		  "a kernel without capsules");
	return tap_end();
}
