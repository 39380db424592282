/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SCHED_DEADLINE_GROUP_H
#define _LINUX_SCHED_DEADLINE_GROUP_H

/*
 * What other parts of the kernel tell deadline groups (capsules), see
 * Documentation/scheduler/sched-deadline-group.rst.
 */

#include <linux/cpumask.h>

struct cgroup;
struct cpuset;
struct task_struct;

#ifdef CONFIG_DEADLINE_GROUP_SCHED

bool dl_group_cpuset_fits(struct cgroup *cgrp, const struct cpumask *cpus);
bool dl_group_cpuset_overbooked(struct cpuset *cs, struct cpuset *trialcs);
void dl_group_cpuset_grow(struct cgroup *cgrp);
void dl_group_cpuset_shrink(struct cgroup *cgrp);
bool dl_group_pi_matters(struct task_struct *p);
void dl_group_irq_thread(unsigned int irq);
void dl_group_irq_gone(unsigned int irq);

#else /* !CONFIG_DEADLINE_GROUP_SCHED: */

static inline bool dl_group_cpuset_overbooked(struct cpuset *cs, struct cpuset *trialcs)
{
	return false;
}

static inline void dl_group_cpuset_grow(struct cgroup *cgrp) { }
static inline void dl_group_cpuset_shrink(struct cgroup *cgrp) { }
static inline bool dl_group_pi_matters(struct task_struct *p) { return false; }
static inline void dl_group_irq_thread(unsigned int irq) { }
static inline void dl_group_irq_gone(unsigned int irq) { }

#endif /* !CONFIG_DEADLINE_GROUP_SCHED */

/* What deadline groups ask of cpusets. */
#ifdef CONFIG_CPUSETS
void dl_group_cpuset_cpus(struct cgroup *cgrp, struct cpumask *mask);
bool dl_group_cpuset_allows(struct cgroup *cgrp, struct cgroup *top, int cpu);
bool dl_group_cpuset_is_same(struct cgroup *a, struct cgroup *b);
#else
static inline void dl_group_cpuset_cpus(struct cgroup *cgrp, struct cpumask *mask)
{
	cpumask_copy(mask, cpu_possible_mask);
}

static inline bool dl_group_cpuset_allows(struct cgroup *cgrp, struct cgroup *top, int cpu)
{
	return true;
}

static inline bool dl_group_cpuset_is_same(struct cgroup *a, struct cgroup *b)
{
	return true;
}
#endif

#endif /* _LINUX_SCHED_DEADLINE_GROUP_H */
