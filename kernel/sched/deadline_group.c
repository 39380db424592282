// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: the scheduling class of threads that a capsule serves
 *
 * The model is described in Documentation/scheduler/sched-deadline-group.rst,
 * the structures and the lock order in deadline_group.h. This file decides who
 * is served by which capsule, and who of a capsule's threads runs first.
 *
 * A thread's capsule is the nearest ancestor of its cgroup, itself included,
 * that has a reservation. p->dl_group holds it from the moment the thread is
 * given dl_group_sched_class to the moment it loses it, and has no meaning at
 * any other time. Both change only under p->pi_lock and the rq lock, between
 * dequeue and enqueue. So a thread always leaves the very ready queue that it
 * entered, and a change of a cgroup's reservation can be told to its threads
 * one after the other, while they run.
 */

#include "../locking/rtmutex_common.h"

DEFINE_STATIC_KEY_FALSE(dl_group_used);

static void update_curr_dl_group(struct rq *rq)
{
	struct task_struct *donor = rq->donor;
	s64 delta_exec;

	/*
	 * Who goes to sleep was charged when it was dequeued. It remains the donor
	 * until the next one is picked, and that can drop the rq lock.
	 */
	if (donor->sched_class != &dl_group_sched_class || RB_EMPTY_NODE(&donor->dl_group_node))
		return;

	delta_exec = update_curr_common(rq);
	if (likely(delta_exec > 0))
		dl_group_charge(dl_group_server(rq, donor), delta_exec);
}

/* The running thread, if it is a capsule's, leaves the CPU. */
static void dl_group_settle(struct rq *rq)
{
	struct task_struct *donor = rq->donor;

	if (donor->sched_class != &dl_group_sched_class)
		return;

	update_curr_dl_group(rq);
	dl_group_end_overtime(dl_group_server(rq, donor));
}

static void enqueue_task_dl_group(struct rq *rq, struct task_struct *p, int flags)
{
	struct dl_group_server *srv = dl_group_server(rq, p);

	if (!RB_EMPTY_NODE(&p->dl_group_node)) {
		if (dl_group_misplaced(p))
			dl_group_to_tail(srv, p);
		return;
	}

	/* RLIMIT_RTTIME counts from the last sleep. */
	if (flags & ENQUEUE_WAKEUP)
		p->rt.timeout = 0;

	dl_group_insert(srv, p, flags & ENQUEUE_HEAD);
	srv->nr_ready++;
	if (on_dl_rq(&srv->dl_se))
		add_nr_running(rq, 1);
	else if (srv->dl_se.dl_bw_attached)
		dl_group_start(srv);
	if (unlikely(srv->watched))
		dl_group_queued(rq, srv, p);
}

static bool dequeue_task_dl_group(struct rq *rq, struct task_struct *p, int flags)
{
	struct dl_group_server *srv = dl_group_server(rq, p);

	update_curr_dl_group(rq);

	if (dl_group_keeps_place(flags))
		return true;

	dl_group_erase(srv, p);
	srv->nr_ready--;
	if (on_dl_rq(&srv->dl_se)) {
		sub_nr_running(rq, 1);
		if (!srv->nr_ready)
			dl_group_stop(srv);
	} else if (!srv->nr_ready) {
		dl_group_unthrottled(srv);
	}
	if (unlikely(srv->watched))
		dl_group_dequeued(rq, srv, p);

	return true;
}

static void yield_task_dl_group(struct rq *rq)
{
	dl_group_to_tail(dl_group_server(rq, rq->donor), rq->donor);
}

/*
 * Directed yield, as of a vCPU that waits for a lock of another one: @p is the
 * next among its equals, on its CPU. Priorities remain what they are.
 */
static bool yield_to_task_dl_group(struct rq *rq, struct task_struct *p)
{
	struct dl_group_server *srv;

	if (p->dl_group != rq->donor->dl_group || RB_EMPTY_NODE(&p->dl_group_node))
		return false;

	srv = dl_group_server(task_rq(p), p);
	dl_group_erase(srv, p);
	dl_group_insert(srv, p, true);
	yield_task_dl_group(rq);
	return true;
}

/*
 * Which of two capsules goes first was settled by dl_group_start(), which
 * reschedules if the woken thread's server has the earliest deadline. What
 * remains is the order inside the capsule that is running.
 */
static void wakeup_preempt_dl_group(struct rq *rq, struct task_struct *p, int flags)
{
	struct task_struct *donor = rq->donor;

	if (p->sched_class != &dl_group_sched_class ||
	    donor->sched_class != &dl_group_sched_class)
		return;

	if (p->dl_group == donor->dl_group && dl_group_rank(p) < dl_group_rank(donor))
		resched_curr(rq);
}

/* How long @p may run before an equal takes its turn; 0: as long as it likes. */
static u64 dl_group_slice(struct task_struct *p)
{
	if (p->policy == SCHED_FIFO)
		return 0;
	if (p->policy == SCHED_RR)
		return jiffies_to_nsecs(sched_rr_timeslice);

	return sysctl_sched_base_slice;
}

static struct task_struct *dl_group_next_equal(struct task_struct *p)
{
	struct rb_node *next = rb_next(&p->dl_group_node);

	if (next && dl_group_rank(__node_2_dlg(next)) == dl_group_rank(p))
		return __node_2_dlg(next);

	return NULL;
}

/* What is left of @p's turn, U64_MAX if nobody waits for it to end. */
static u64 dl_group_slice_left(struct task_struct *p)
{
	u64 slice = dl_group_slice(p);
	u64 used = p->se.sum_exec_runtime - p->se.prev_sum_exec_runtime;

	if (!slice || !dl_group_next_equal(p))
		return U64_MAX;

	return used < slice ? slice - used : 0;
}

/*
 * The first of the ready threads, called by __pick_task_dl() when the server
 * is the one with the earliest deadline of the CPU. Every way for a thread of
 * a capsule to get the CPU comes through here, so this is where the end of the
 * budget is made known to the timer.
 */
struct task_struct *dl_group_pick_task(struct sched_dl_entity *dl_se, struct rq_flags *rf)
{
	struct dl_group_server *srv = dl_group_server_of(dl_se);
	struct rb_node *first = rb_first_cached(&srv->ready);
	struct task_struct *p;

	lockdep_assert_rq_held(dl_se->rq);

	/* What __pick_task_dl() would do then is not for a server of ours. */
	if (WARN_ON_ONCE(!first))
		return NULL;

	p = __node_2_dlg(first);
	if (unlikely(srv->nr_passed) && !dl_group_passed_over(srv))
		srv->nr_passed = 0;
	dl_group_arm_next(srv, p, dl_group_slice_left(p));
	return p;
}

/* No budget, no CPU: capsules' threads are picked through their servers only. */
static struct task_struct *pick_task_dl_group(struct rq *rq, struct rq_flags *rf)
{
	return NULL;
}

/* Reached when the previous thread was a capsule's: is there more to do? */
static int balance_dl_group(struct rq *rq, struct rq_flags *rf)
{
	/* If the budget has ended, it must be known before the next one is picked. */
	dl_group_settle(rq);

	/* Who came while it ran can go elsewhere, even if the same thread goes on. */
	deadline_queue_push_tasks(rq);
	rt_queue_push_tasks(rq);

	/* The CPU may be free for who waits behind other capsules, or CPUs. */
	if (rq->online && !on_dl_rq(&dl_group_server(rq, rq->donor)->dl_se) &&
	    (dl_overloaded(rq) || rt_overloaded(rq))) {
		rq_unpin_lock(rq, rf);
		pull_dl_task(rq);
		pull_rt_task(rq);
		rq_repin_lock(rq, rf);
	}

	return sched_stop_runnable(rq) || sched_dl_runnable(rq);
}

/*
 * To the load balancer this is deadline time. A thread's wakeup need not wait
 * until the time before it is accounted as idle: only remember when it began.
 */
static void dl_group_update_load(struct rq *rq)
{
	u64 *start = &dl_group_rq(rq)->load_start;

	lockdep_assert_rq_held(rq);

	if (*start)
		update_dl_rq_load_avg(*start, rq, 0);
	*start = 0;
	update_dl_rq_load_avg(rq_clock_pelt(rq), rq, 1);
}

static void put_prev_task_dl_group(struct rq *rq, struct task_struct *p, struct task_struct *next)
{
	/* If there is a next one, balance_dl_group() has done so. */
	if (!next)
		dl_group_settle(rq);
	dl_group_update_load(rq);
	if (next && unlikely(dl_group_server(rq, p)->watched))
		dl_group_put_prev(rq, dl_group_server(rq, p));
}

static void set_next_task_dl_group(struct rq *rq, struct task_struct *p, bool first)
{
	p->se.exec_start = rq_clock_task(rq);

	if (!first)
		return;

	if (rq->donor->sched_class != &dl_group_sched_class)
		dl_group_rq(rq)->load_start = rq_clock_pelt(rq);

	/* Migratable tasks of other classes need not wait for us. */
	deadline_queue_push_tasks(rq);
	rt_queue_push_tasks(rq);
}

static void task_tick_dl_group(struct rq *rq, struct task_struct *p, int queued)
{
	struct dl_group_server *srv = dl_group_server(rq, p);
	u64 left;

	update_curr_dl_group(rq);
	dl_group_update_load(rq);

	/* The hrtick has fired. */
	if (queued)
		srv->armed = false;
	else if (rt_prio(p->prio))
		watchdog(rq, p);

	/* More threads wait than were looked at. */
	if (unlikely(srv->cursor))
		dl_group_kick(srv);

	left = dl_group_slice_left(p);
	if (!left) {
		p->se.prev_sum_exec_runtime = p->se.sum_exec_runtime;
		dl_group_to_tail(srv, p);
		resched_curr(rq);
	} else if (!srv->armed && dl_group_has_budget(srv)) {
		dl_group_arm(srv, left);
	}
}

static unsigned int get_rr_interval_dl_group(struct rq *rq, struct task_struct *p)
{
	return nsecs_to_jiffies(dl_group_slice(p));
}

/* A new member starts with a full time slice, on no queue. */
static void dl_group_join(struct task_struct *p, struct dl_group *dlg)
{
	p->dl_group = dlg;
	RB_CLEAR_NODE(&p->dl_group_node);
	p->se.prev_sum_exec_runtime = p->se.sum_exec_runtime;
}

static void switched_to_dl_group(struct rq *rq, struct task_struct *p)
{
	/*
	 * A running thread that has just become a capsule's was not picked
	 * by its server. Go through the pick, which knows about budgets.
	 */
	if (task_current_donor(rq, p))
		resched_curr(rq);
}

static void prio_changed_dl_group(struct rq *rq, struct task_struct *p, u64 oldprio)
{
	if (!task_on_rq_queued(p))
		return;

	if (!task_current_donor(rq, p))
		wakeup_preempt(rq, p, 0);
	else if (rb_prev(&p->dl_group_node))
		resched_curr(rq);

	if (dl_group_server(rq, p)->watched)
		dl_group_kick(dl_group_server(rq, p));
}

/* The capsule of a cgroup: the nearest one, itself included, or NULL. */
static struct dl_group *dl_group_nearest(struct task_group *tg)
{
	struct dl_group *dlg;

	for (; tg; tg = tg->parent) {
		/* Pairs with dl_group_get(). */
		dlg = smp_load_acquire(&tg->dl_group);
		if (dlg && READ_ONCE(dlg->active))
			return dlg;
	}

	return NULL;
}

/* The cgroup whose capsule serves @p: it need not be the one that @p is in. */
static struct task_group *dl_group_tg_of(struct task_struct *p)
{
	return READ_ONCE(p->dl_group_bound) ?: task_group(p);
}

/*
 * The capsule that is to serve @p, or NULL. A thread that may run on none of
 * its capsule's CPUs, as in a cpuset partition of its own, is not served.
 */
static struct dl_group *dl_group_of(struct task_struct *p)
{
	struct dl_group *dlg = dl_group_nearest(dl_group_tg_of(p));

	return dlg && cpumask_intersects(p->cpus_ptr, dlg->cpus) ? dlg : NULL;
}

/*
 * Does somebody outside @dlg wait for an rt_mutex that @p holds? Who waits is
 * outside, too, while it holds a lock that somebody outside waits for, and so
 * on along the chain; dl_group_pi_matters() has it walked to the end.
 */
static bool dl_group_awaited(struct dl_group *dlg, struct task_struct *p)
{
#ifdef CONFIG_RT_MUTEXES
	struct rb_node *node;

	lockdep_assert_held(&p->pi_lock);

	for (node = rb_first_cached(&p->pi_waiters); node; node = rb_next(node)) {
		struct task_struct *waiter;

		waiter = rb_entry(node, struct rt_mutex_waiter, pi_tree.entry)->task;
		if (READ_ONCE(waiter->sched_class) != &dl_group_sched_class ||
		    READ_ONCE(waiter->dl_group) != dlg)
			return true;
	}
#endif
	return false;
}

/*
 * Does @dlg serve @p when its effective priority is @prio? Not while @p holds
 * an rt_mutex that somebody outside waits for: then it runs outside, in the
 * class of that priority, until it lets go. Otherwise a capsule without budget
 * would stop the rest of the machine.
 */
static bool dl_group_serves(struct dl_group *dlg, struct task_struct *p, int prio)
{
	return (rt_prio(prio) || !READ_ONCE(dlg->rt_only)) && !dl_group_awaited(dlg, p);
}

/**
 * dl_group_pi_matters() - is a thread's class its lock holder's business?
 * @p: a thread that waits for an rt_mutex, and whose priority is to stay
 *
 * The chain of lock holders need not be told of a waiter whose priority stays
 * the same. But the waiter may have left or entered a capsule, and so must they.
 *
 * Context: p->pi_lock held
 * Return: true if @p is, or could be, in a capsule
 */
bool dl_group_pi_matters(struct task_struct *p)
{
	lockdep_assert_held(&p->pi_lock);
	return dl_group_enabled() && dl_group_nearest(dl_group_tg_of(p));
}

/**
 * __dl_group_class() - decide whether a capsule serves a thread
 * @p: the thread
 * @prio: its effective priority from now on
 *
 * A thread that is in a capsule already is judged by that one, and changes
 * capsules in __dl_group_update_task() only: it may be queued there.
 *
 * Context: p->pi_lock and, unless @p is being forked, the rq lock held. The
 * caller puts the returned class into effect before it releases them.
 * Return: &dl_group_sched_class, or NULL if none serves it
 */
const struct sched_class *__dl_group_class(struct task_struct *p, int prio)
{
	bool inside = p->sched_class == &dl_group_sched_class;
	struct dl_group *dlg = inside ? p->dl_group : dl_group_of(p);

	lockdep_assert_held(&p->pi_lock);

	if (!dlg || dl_prio(prio) || !dl_group_serves(dlg, p, prio))
		return NULL;

	if (!inside)
		dl_group_join(p, dlg);

	return &dl_group_sched_class;
}

/**
 * __dl_group_fork() - put a new thread into its cgroup's capsule
 * @p: the thread, which nobody knows yet, with its task group set
 *
 * sched_fork() chose a class by policy. A reservation that comes or goes
 * between now and wake_up_new_task() is noticed there.
 *
 * Context: p->pi_lock held
 */
void __dl_group_fork(struct task_struct *p)
{
	const struct sched_class *class;

	p->dl_group_bound = NULL;
	class = __dl_group_class(p, p->prio);
	if (class)
		p->sched_class = class;
}

/**
 * __dl_group_update_task() - make a thread follow its cgroup
 * @rq: the thread's runqueue
 * @p: a thread whose cgroup, or whose cgroup's reservation, may have changed
 *
 * sched_ext does not know a new thread before scx_post_fork(), which its cgroup
 * does. So it does not leave or enter that class before wake_up_new_task(), which
 * comes here again; until then, one that leaves a capsule for it is fair.
 *
 * Context: p->pi_lock and rq lock held, rq clock up to date. The caller runs
 * the balance callbacks.
 */
void __dl_group_update_task(struct rq *rq, struct task_struct *p)
{
	bool new = READ_ONCE(p->__state) == TASK_NEW;
	struct dl_group *dlg = dl_group_of(p);
	int flags = DEQUEUE_SAVE | DEQUEUE_MOVE | DEQUEUE_NOCLOCK;
	const struct sched_class *class;

	lockdep_assert_held(&p->pi_lock);
	lockdep_assert_rq_held(rq);

	if (p->sched_class == &stop_sched_class || dl_prio(p->prio) || (new && task_on_scx(p)))
		return;

	if (dlg && !dl_group_serves(dlg, p, p->prio))
		dlg = NULL;

	if (dlg)
		class = &dl_group_sched_class;
	else if (new && !rt_prio(p->prio))
		class = &fair_sched_class;
	else
		class = __setscheduler_class(p->policy, p->prio);

	if (class == p->sched_class && (!dlg || dlg == p->dl_group))
		return;

	if (class != p->sched_class)
		flags |= DEQUEUE_CLASS;

	scoped_guard (sched_change, p, flags) {
		p->sched_class = class;
		if (dlg)
			dl_group_join(p, dlg);
	}

	/* To be picked, and timed, by the server of the other capsule. */
	if (dlg && task_current_donor(rq, p))
		resched_curr(rq);
}

/*
 * @p is ready on a CPU where its capsule has no server, and cannot be moved to
 * another one now: let it run in the class of its policy, until the next change
 * of its cgroup or of its capsule.
 */
void dl_group_expel(struct rq *rq, struct task_struct *p)
{
	int flags = DEQUEUE_SAVE | DEQUEUE_MOVE | DEQUEUE_NOCLOCK | DEQUEUE_CLASS;

	lockdep_assert_rq_held(rq);
	lockdep_assert_held(&p->pi_lock);

	scoped_guard (sched_change, p, flags)
		p->sched_class = __setscheduler_class(p->policy, p->prio);
}

/* A cgroup with budget 0 speaks for those below it that inherit. */
static bool dl_group_tg_forbids_rt(struct task_group *tg)
{
	struct dl_group *dlg;

	for (; tg; tg = tg->parent) {
		/* Pairs with dl_group_get(). */
		dlg = smp_load_acquire(&tg->dl_group);
		if (dlg && READ_ONCE(dlg->spec.budget) != RUNTIME_INF)
			return !READ_ONCE(dlg->spec.budget);
	}

	return false;
}

bool __dl_group_rt_forbidden(struct task_struct *p)
{
	return dl_group_tg_forbids_rt(task_group(p));
}

int __dl_group_can_fork(struct task_struct *p)
{
	return task_has_rt_policy(p) && __dl_group_rt_forbidden(p) ? -EINVAL : 0;
}

/* /proc/PID/sched: which capsule, if any, serves the thread right now */
void dl_group_show_task(struct task_struct *p, struct seq_file *m)
{
	struct cgroup_subsys_state *css = NULL;
	char *path;

	scoped_guard (task_rq_lock, p) {
		if (p->sched_class == &dl_group_sched_class) {
			css = &p->dl_group->tg->css;
			css_get(css);
		}
	}
	if (!css)
		return;

	path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (path && cgroup_path_ns(css->cgroup, path, PATH_MAX,
				   current->nsproxy->cgroup_ns) >= 0)
		seq_printf(m, "dl_group : %s\n", path);

	kfree(path);
	css_put(css);
}

DEFINE_SCHED_CLASS(dl_group) = {
	.enqueue_task		= enqueue_task_dl_group,
	.dequeue_task		= dequeue_task_dl_group,
	.yield_task		= yield_task_dl_group,
	.yield_to_task		= yield_to_task_dl_group,

	.wakeup_preempt		= wakeup_preempt_dl_group,

	.balance		= balance_dl_group,
	.pick_task		= pick_task_dl_group,
	.put_prev_task		= put_prev_task_dl_group,
	.set_next_task		= set_next_task_dl_group,

	.select_task_rq		= select_task_rq_dl_group,
	.set_cpus_allowed	= set_cpus_allowed_dl_group,
	.rq_offline		= rq_offline_dl_group,

	.task_tick		= task_tick_dl_group,
	.get_rr_interval	= get_rr_interval_dl_group,

	.switched_to		= switched_to_dl_group,
	.prio_changed		= prio_changed_dl_group,

	.update_curr		= update_curr_dl_group,
};
