/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SCHED_DEADLINE_GROUP_H
#define _LINUX_SCHED_DEADLINE_GROUP_H

/*
 * What other parts of the kernel tell deadline groups (capsules), see
 * Documentation/scheduler/sched-deadline-group.rst.
 */

#include <linux/cpumask.h>
#include <linux/sched.h>

struct cgroup;
struct cpuset;

#ifdef CONFIG_DEADLINE_GROUP_SCHED

bool dl_group_cpuset_fits(struct cgroup *cgrp, const struct cpumask *cpus);
bool dl_group_cpuset_overbooked(struct cpuset *cs, struct cpuset *trialcs);
void dl_group_cpuset_grow(struct cgroup *cgrp);
void dl_group_cpuset_shrink(struct cgroup *cgrp);
void dl_group_irq_thread(unsigned int irq);
void dl_group_irq_gone(unsigned int irq);
void __dl_group_boundary(void);
void __dl_group_signalled(struct task_struct *p);
void __dl_group_new_owner(struct task_struct *p);

/* Is the current thread to come to dl_group_boundary()? */
static inline bool dl_group_wants_boundary(void)
{
	return unlikely(READ_ONCE(current->dl_group_spills) || current->dl_group_debt);
}

/* It holds nothing: on the way to user mode, or between two works. It may wait here. */
static inline void dl_group_boundary(void)
{
	if (dl_group_wants_boundary())
		__dl_group_boundary();
}

/*
 * On the way to user mode. The workers of io_uring come by as well, to see to their task
 * works, with whatever locks they hold: their boundaries are elsewhere.
 */
static inline void dl_group_user_boundary(void)
{
	if (!(current->flags & PF_USER_WORKER))
		dl_group_boundary();
}

/* @p has something to do before it is in user mode again, and must not wait there. */
static inline void dl_group_signalled(struct task_struct *p)
{
	/* Whether it waits is looked at after the flag was set; see dl_group_stop_at_boundary(). */
	smp_mb();
	if (unlikely(READ_ONCE(p->dl_group_boundary)))
		__dl_group_signalled(p);
}

/* @p, whose pi_lock is held, has got an rt_mutex, which others may wait for. */
static inline void dl_group_new_owner(struct task_struct *p)
{
	if (unlikely(p->dl_group))
		__dl_group_new_owner(p);
}

/*
 * Has it changed what those who wait for @p, whose pi_lock is held, lend it, so that
 * whoever @p waits for must know?
 */
static inline bool dl_group_passes_on(struct task_struct *p)
{
	return unlikely(p->dl_group_passes_on);
}

/*
 * Whoever @p waits for will know: the lock that @p waits for is held until then. Return:
 * true if that is all that the chain of waiters is followed for, and there is no @other
 * reason. Such a walk ends by itself, where nothing changes any more.
 */
static inline bool dl_group_passed_on(struct task_struct *p, bool other)
{
	p->dl_group_passes_on = false;
	return !other;
}

/* Does @p, ready, wait where it holds nothing? */
static inline bool dl_group_waits(struct task_struct *p)
{
	return READ_ONCE(p->dl_group_boundary) && !READ_ONCE(p->on_cpu);
}

#else /* !CONFIG_DEADLINE_GROUP_SCHED: */

static inline bool dl_group_cpuset_overbooked(struct cpuset *cs, struct cpuset *trialcs)
{
	return false;
}

static inline void dl_group_cpuset_grow(struct cgroup *cgrp) { }
static inline void dl_group_cpuset_shrink(struct cgroup *cgrp) { }
static inline void dl_group_irq_thread(unsigned int irq) { }
static inline void dl_group_irq_gone(unsigned int irq) { }
static inline bool dl_group_wants_boundary(void) { return false; }
static inline void dl_group_boundary(void) { }
static inline void dl_group_user_boundary(void) { }
static inline void dl_group_signalled(struct task_struct *p) { }
static inline void dl_group_new_owner(struct task_struct *p) { }
static inline bool dl_group_passes_on(struct task_struct *p) { return false; }
static inline bool dl_group_passed_on(struct task_struct *p, bool other) { return false; }
static inline bool dl_group_waits(struct task_struct *p) { return false; }

#endif /* !CONFIG_DEADLINE_GROUP_SCHED */

/* wake_up_state() of @p, whom TIF_NOTIFY_SIGNAL has just been set for. */
static inline int dl_group_wake_signalled(struct task_struct *p, unsigned int state)
{
	dl_group_signalled(p);
	return wake_up_state(p, state);
}

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
