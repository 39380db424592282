// SPDX-License-Identifier: GPL-2.0
/* Which CPUs have room? */
#include <errno.h>
#include <linux/sched_vm.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

/* The largest budget that fits there. More than all is asked for, so that it is told. */
static u64 room_on(const char *cg, const struct reservation *res, int cpu)
{
	struct sched_vm_check check;
	struct reservation all = *res;
	struct cpus one = {};
	struct verdict v;
	u64 room;

	all.deadline = res->deadline == TIME_MAX ? res->period : res->deadline;
	all.budget = all.deadline;
	cpus_set(&one, cpu);
	if (!device_check(cg, &all, &one, &check))
		return check.result == SCHED_VM_FITS ? all.budget : check.max_budget_us;
	admission_ask(cg, &all, &one, &v);
	room = v.fits ? all.budget : v.max_budget;
	verdict_free(&v);
	return room;
}

/* -1: none has room. */
static int choose(const struct cpus *cpus, const u64 *room, u64 budget, bool best)
{
	int cpu, chosen = -1;

	for (cpu = cpus_next(cpus, -1); cpu >= 0; cpu = cpus_next(cpus, cpu)) {
		if (room[cpu] < budget)
			continue;
		if (chosen < 0 || (best ? room[cpu] < room[chosen] : room[cpu] > room[chosen]))
			chosen = cpu;
	}
	return chosen;
}

/* The largest one that has no CPU yet; -1: all have. */
static int largest(const u64 *budgets, int nr, const int *cpus)
{
	int i, most = -1;

	for (i = 0; i < nr; i++)
		if (cpus[i] < 0 && (most < 0 || budgets[i] > budgets[most]))
			most = i;
	return most;
}

int place_budgets(const char *cg, const struct reservation *res, const u64 *budgets, int nr,
		  bool best, int *cpus, u64 *lacking)
{
	struct cpus available;
	int i, cpu, ret = 0;
	u64 *room;

	if (!cg_has(cg, RT_MAX))
		return -EOPNOTSUPP;
	cg_available(cg, &available);
	room = xzalloc(MAX_CPUS * sizeof(*room));
	for (cpu = cpus_next(&available, -1); cpu >= 0; cpu = cpus_next(&available, cpu))
		room[cpu] = room_on(cg, res, cpu);
	for (i = 0; i < nr; i++)
		cpus[i] = -1;
	while (!ret && (i = largest(budgets, nr, cpus)) >= 0) {
		cpus[i] = choose(&available, room, budgets[i], best);
		if (cpus[i] >= 0) {
			cpus_clear(&available, cpus[i]);
			continue;
		}
		*lacking = budgets[i];
		ret = -ENOSPC;
	}
	free(room);
	return ret;
}
