// SPDX-License-Identifier: GPL-2.0
/*
 * What deadline groups ask of cpusets, see kernel/sched/deadline_group_cpus.c:
 * a capsule has its reservation on the CPUs of its cgroup's effective cpuset.
 *
 * A cgroup without a cpuset of its own belongs to the nearest one above. Where
 * cpusets are in another hierarchy (v1), that is the root's.
 */

#include <linux/cpuset.h>
#include <linux/sched/deadline_group.h>

#include "cpuset-internal.h"

/* One whose controller has been turned off is there until the last reference goes. */
static struct cpuset *cpuset_of(struct cgroup *cgrp)
{
	struct cgroup_subsys_state *css = cgroup_e_css(cgrp, &cpuset_cgrp_subsys);

	while (css->flags & CSS_DYING)
		css = css->parent;

	return css_cs(css);
}

/**
 * dl_group_cpuset_cpus() - effective CPUs of a cgroup
 * @cgrp: the cgroup
 * @mask: where to put them; of the root with offline ones, which may come back
 *
 * Context: process context, interrupts on
 */
void dl_group_cpuset_cpus(struct cgroup *cgrp, struct cpumask *mask)
{
	struct cpuset *cs;

	guard(rcu)();
	cs = cpuset_of(cgrp);
	cpuset_callback_lock_irq();
	if (cs == &top_cpuset)
		cpuset_root_cpus(mask);
	else
		cpumask_copy(mask, cs->effective_cpus);
	cpuset_callback_unlock_irq();
}

/**
 * dl_group_cpuset_allows() - is a CPU withheld by a cpuset below another one?
 * @cgrp: a cgroup
 * @top: the same cgroup or one above it
 * @cpu: a CPU that @top is to have
 *
 * Context: cpuset_mutex held
 * Return: false if a cpuset below @top, or @cgrp itself, excludes @cpu
 */
bool dl_group_cpuset_allows(struct cgroup *cgrp, struct cgroup *top, int cpu)
{
	struct cpuset *cs, *top_cs;

	lockdep_assert_cpuset_lock_held();
	guard(rcu)();
	top_cs = cpuset_of(top);
	for (cs = cpuset_of(cgrp); cs && cs != top_cs; cs = parent_cs(cs)) {
		if (!cpumask_empty(cs->cpus_allowed) && !cpumask_test_cpu(cpu, cs->cpus_allowed))
			return false;
	}

	return true;
}

/**
 * dl_group_cpuset_is_same() - do two cgroups belong to the same cpuset?
 * @a: a cgroup
 * @b: another one
 *
 * Return: true if so
 */
bool dl_group_cpuset_is_same(struct cgroup *a, struct cgroup *b)
{
	guard(rcu)();
	return cpuset_of(a) == cpuset_of(b);
}

/* Could capsules outside have the CPUs that a partition has, but is not to @keep? */
static bool cpuset_can_return(struct cpuset *cs, const struct cpumask *keep, struct cpumask *cpus)
{
	struct cpuset *to = cs->remote_partition ? &top_cpuset : parent_cs(cs);

	return cs->partition_root_state <= 0 ||
	       !cpumask_andnot(cpus, cs->effective_xcpus, keep) ||
	       dl_group_cpuset_fits(to->css.cgroup, cpus);
}

/**
 * dl_group_cpuset_overbooked() - would a CPU be, with what is written to a cpuset?
 * @cs: a cpuset
 * @trialcs: what it is to be; NULL: no partition any more
 *
 * Context: cpuset_mutex and cpu_hotplug_lock held
 * Return: true if so, or if there is no memory to find out
 */
bool dl_group_cpuset_overbooked(struct cpuset *cs, struct cpuset *trialcs)
{
	cpumask_var_t cpus;
	bool fits;

	lockdep_assert_cpuset_lock_held();
	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return true;

	fits = cpuset_can_return(cs, trialcs ? trialcs->effective_xcpus : cpu_none_mask, cpus);
	/*
	 * A valid partition has CPUs that its parent has no more. Else as
	 * compute_effective_cpumask() will: if it has none of its own, all of them.
	 */
	if (trialcs && (cs->partition_root_state <= 0 ||
			!cpumask_and(cpus, trialcs->effective_xcpus, cpu_active_mask))) {
		if (!cpumask_and(cpus, trialcs->cpus_allowed, parent_cs(cs)->effective_cpus))
			cpumask_copy(cpus, parent_cs(cs)->effective_cpus);
	}
	fits = fits && (!trialcs || dl_group_cpuset_fits(cs->css.cgroup, cpus));
	free_cpumask_var(cpus);
	return !fits;
}
