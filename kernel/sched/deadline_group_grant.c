// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: FIFO and RR without privilege
 *
 * Where cpu.rt_unprivileged is 1, threads of a capsule may use SCHED_FIFO and SCHED_RR
 * without CAP_SYS_NICE and RLIMIT_RTPRIO. The rule: such a policy is a place in the order
 * of the capsule's threads, task_struct::dl_group_granted, and nothing else. The
 * thread's policy and its priorities are those of a normal thread still. So to all that
 * is not the capsule's it is one: when it goes on outside, exits, or has no server where
 * it runs, and to the memory allocator, the block layer, and whoever holds what it waits
 * for, in its capsule too: priority inheritance does not know it.
 *
 * It ends when the thread leaves for a cgroup whose capsule, if it has one, does not have
 * that file set, when the file is written, and when a policy is set in the ordinary way.
 * Where no capsule serves the thread just now, it is kept, and worth nothing. Children
 * inherit it.
 */

/* In task_struct::dl_group_granted, beside the priority: SCHED_RR, not SCHED_FIFO. */
#define DL_GROUP_GRANTED_RR	0x80

/**
 * __dl_group_policy() - what to tell about a thread's policy
 * @p: a thread that was granted one
 *
 * Return: SCHED_FIFO or SCHED_RR
 */
int __dl_group_policy(const struct task_struct *p)
{
	return p->dl_group_granted & DL_GROUP_GRANTED_RR ? SCHED_RR : SCHED_FIFO;
}

/* May threads of @tg have what they were granted? It is of use while a capsule serves them. */
bool dl_group_grants(struct task_group *tg)
{
	struct dl_group *dlg = dl_group_nearest(tg);

	return dlg && READ_ONCE(dlg->unprivileged);
}

/* Has @p, in @tg, by its policy or by what it was granted, a FIFO or RR priority? */
bool dl_group_has_rt(struct task_struct *p, struct task_group *tg)
{
	return task_has_rt_policy(p) || (p->dl_group_granted && dl_group_grants(tg));
}

void dl_group_set_granted(struct rq *rq, struct task_struct *p, u8 granted)
{
	lockdep_assert_held(&p->pi_lock);
	lockdep_assert_rq_held(rq);

	scoped_guard (sched_change, p, DEQUEUE_SAVE | DEQUEUE_MOVE | DEQUEUE_NOCLOCK)
		p->dl_group_granted = granted;
}

static int __dl_group_grant(struct rq *rq, struct task_struct *p, const struct sched_attr *attr)
{
	u8 before = p->dl_group_granted, granted = attr->sched_priority;
	bool reset = attr->sched_flags & SCHED_FLAG_RESET_ON_FORK;

	if (!dl_group_grants(dl_group_tg_of(p)) || !fair_policy(p->policy) ||
	    __dl_group_rt_forbidden(p) || (p->sched_reset_on_fork && !reset))
		return -EPERM;

	if (attr->sched_policy == SCHED_RR)
		granted |= DL_GROUP_GRANTED_RR;
	dl_group_set_granted(rq, p, granted);
	/* It may be in the scope of a capsule now that is for FIFO and RR threads only. */
	dl_group_update_task(rq, p);
	if (!p->dl_group) {
		dl_group_set_granted(rq, p, before);
		return -EPERM;
	}
	p->sched_reset_on_fork = reset;

	return 0;
}

/**
 * dl_group_grant() - grant a thread a policy that it has no privilege for
 * @p: the thread
 * @attr: what is asked for, checked
 * @ret: why it is refused otherwise
 * @is_own: may whoever asks change @p?
 *
 * Context: process context
 * Return: 0, or -errno with nothing changed
 */
int dl_group_grant(struct task_struct *p, const struct sched_attr *attr, int ret,
		   bool (*is_own)(struct task_struct *p))
{
	if (!dl_group_enabled() || !is_own(p) || !rt_policy(attr->sched_policy) ||
	    attr->sched_flags & ~SCHED_FLAG_RESET_ON_FORK)
		return ret;

	ret = security_task_setscheduler(p);
	if (ret)
		return ret;

	CLASS(task_rq_lock, guard)(p);

	update_rq_clock(guard.rq);
	ret = __dl_group_grant(guard.rq, p, attr);
	__balance_callbacks(guard.rq, &guard.rf);
	return ret;
}
