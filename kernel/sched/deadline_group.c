// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: the scheduling class of threads that a capsule serves
 *
 * The model is described in Documentation/scheduler/sched-deadline-group.rst,
 * the structures and the lock order in deadline_group.h. This file decides who
 * is served by which capsule, and who of a capsule's threads runs first.
 *
 * *Down, never out.* A thread's capsule is the nearest ancestor of its cgroup, itself
 * included, that has a reservation and can serve it: has a CPU where the thread may
 * run, and whose scope it is in. So no cgroup has more than the capsule above it,
 * whatever is written below. Only a thread below no capsule is what it is. One that
 * is below capsules, none of which has a CPU for it, is a normal thread, whatever its
 * policy. A CPU where those below a capsule have all that it has is none for its own
 * threads: so no thread may enter it then, see dl_group_is_handed_out().
 *
 * p->dl_group is the capsule that a thread belongs to, or NULL. It changes under
 * p->pi_lock and the rq lock, between dequeue and enqueue. So a thread always leaves
 * the very ready queue that it entered, and a change of a cgroup's reservation can be
 * told to its threads one after the other, while they run. A thread that belongs to a
 * capsule has dl_group_sched_class, but for when it is outside, see
 * deadline_group_spill.c, or boosted by SCHED_DEADLINE.
 */

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

static void enqueue_task_dl_group(struct rq *rq, struct task_struct *p, int flags)
{
	struct dl_group_server *srv = dl_group_server(rq, p);

	if (!RB_EMPTY_NODE(&p->dl_group_node)) {
		dl_group_set_rank(p);
		if (dl_group_misplaced(p))
			dl_group_to_tail(srv, p);
		if (unlikely(srv->watched))
			dl_group_note(srv);
		return;
	}

	if (flags & ENQUEUE_WAKEUP) {
		/* RLIMIT_RTTIME counts from the last sleep. */
		p->rt.timeout = 0;
		p->dl_group_since = jiffies;
		WRITE_ONCE(p->dl_group_boundary, false);
	}

	dl_group_insert(srv, p, flags & ENQUEUE_HEAD);
	srv->nr_ready++;
	if (on_dl_rq(&srv->dl_se)) {
		add_nr_running(rq, 1);
	} else if (srv->dl_se.dl_bw_attached) {
		dl_group_start(srv, p);
		if (unlikely(!on_dl_rq(&srv->dl_se)))
			dl_group_queued_dry(rq, srv, p);
	}
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
	} else {
		if (srv->payer == p)
			dl_group_stop_paying(srv, false);
		if (!srv->nr_ready)
			dl_group_unthrottled(srv);
		else if (flags & DEQUEUE_SLEEP)
			dl_group_spill_asleep(rq, srv);
	}
	/* A worker has no way to user mode, where it would pay. */
	if (unlikely(p->dl_group_debt) && (flags & DEQUEUE_SLEEP) &&
	    (p->flags & (PF_EXITING | PF_KTHREAD | PF_USER_WORKER)))
		dl_group_bequeath(p);
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

	if (WARN_ON_ONCE(!first)) {
		__dequeue_dl_entity(dl_se);
		return NULL;
	}

	p = __node_2_dlg(first);
	if (unlikely(srv->idles))
		dl_group_idle_ends(srv, dl_se->rq->donor);
	if (unlikely(p->dl_group_boundary)) {
		if (p->dl_group_debt &&
		    dl_group_pay_turn(srv, p, dl_group_next_equal(p) ? dl_group_slice(p) : 0))
			return NULL;
		/* Who goes on without a switch is at its boundary no longer. */
		if (p == dl_se->rq->donor)
			WRITE_ONCE(p->dl_group_boundary, false);
	}
	dl_group_arm_next(srv, p, srv->nr_ready > 1 ? dl_group_slice_left(p) : U64_MAX);
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
	update_curr_dl_group(rq);

	return sched_stop_runnable(rq) || sched_dl_runnable(rq);
}

/*
 * To the load balancer this is deadline time, but for what would be idle. A thread's
 * wakeup need not wait until the time before it is accounted as idle: only remember
 * when it began.
 */
static void dl_group_update_load(struct rq *rq, bool idles)
{
	u64 *start = &dl_group_rq(rq)->load_start;

	lockdep_assert_rq_held(rq);

	if (*start)
		update_dl_rq_load_avg(*start, rq, 0);
	*start = 0;
	update_dl_rq_load_avg(rq_clock_pelt(rq), rq, !idles);
}

static void put_prev_task_dl_group(struct rq *rq, struct task_struct *p, struct task_struct *next)
{
	struct dl_group_server *srv = dl_group_server(rq, p);

	/* If there is a next one, balance_dl_group() has done so. */
	if (!next)
		update_curr_dl_group(rq);
	/* From one thread of a capsule to the next, it is deadline time all along. */
	if (!next || next->sched_class != &dl_group_sched_class)
		dl_group_update_load(rq, srv->idles);
	if (!RB_EMPTY_NODE(&p->dl_group_node)) {
		p->dl_group_since = jiffies;
		dl_group_wait_inside(srv, p);
	}
	if (next && unlikely(!dl_group_has_budget(srv)))
		dl_group_leave_dry(rq, srv, p, next);
	if (next && unlikely(srv->watched))
		dl_group_put_prev(rq, srv);
}

static void set_next_task_dl_group(struct rq *rq, struct task_struct *p, bool first)
{
	p->se.exec_start = rq_clock_task(rq);
	list_del_init(&p->dl_group_wait);

	if (!first)
		return;

	WRITE_ONCE(p->dl_group_boundary, false);

	/* From one thread of a capsule to the next, all of this is as it was. */
	if (rq->donor->sched_class == &dl_group_sched_class)
		return;

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
	dl_group_update_load(rq, srv->idles);

	/* The hrtick has fired. */
	if (queued)
		srv->armed = false;
	else if (dl_group_rank(p) < MAX_RT_PRIO)
		watchdog(rq, p);

	if (unlikely(!list_empty(&srv->inside)))
		dl_group_list_spills(dl_group_rq(rq), srv);
	/* Others may have idle time, too. */
	if (unlikely(srv->idles))
		resched_curr(rq);
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
	dl_group_interrupted(p);
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

/*
 * If @p runs, it was not picked by its server, and the hrtick is not set for that: go
 * through the pick, which knows about budgets.
 */
static void dl_group_pick_anew(struct rq *rq, struct task_struct *p)
{
	if (!task_current_donor(rq, p))
		return;

	dl_group_server(rq, p)->armed = false;
	resched_curr(rq);
}

static void switched_to_dl_group(struct rq *rq, struct task_struct *p)
{
	dl_group_pick_anew(rq, p);
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

/* Is @p, at priority @prio, one of the threads that @dlg is for? */
static bool dl_group_in_scope(struct dl_group *dlg, struct task_struct *p, int prio)
{
	return rt_prio(prio) || p->dl_group_granted || !READ_ONCE(dlg->rt_only);
}

/*
 * The capsule that is to serve @p at priority @prio, or NULL, and then whether there
 * is one that would, if it had a CPU where @p may run: @refused.
 */
static struct dl_group *dl_group_of(struct task_struct *p, int prio, bool *refused)
{
	struct dl_group *dlg = dl_group_nearest(dl_group_tg_of(p));

	*refused = false;
	for (; dlg; dlg = dl_group_nearest(dlg->tg->parent)) {
		if (!dl_group_in_scope(dlg, p, prio))
			continue;
		if (cpumask_intersects(p->cpus_ptr, dlg->cpus))
			return dlg;
		*refused = true;
	}

	return NULL;
}

/*
 * The class of @p, whose priority is to be @prio, outside of capsules; as a normal
 * thread if one had to serve it.
 */
static const struct sched_class *
dl_group_class_without(struct task_struct *p, int prio, bool refused)
{
	bool normal = refused || !rt_prio(prio);

	/* sched_ext does not know a new thread, see __dl_group_update_task(). */
	if (normal && READ_ONCE(p->__state) == TASK_NEW)
		return &fair_sched_class;
	if (refused)
		return __setscheduler_class(SCHED_NORMAL, DEFAULT_PRIO);

	return __setscheduler_class(p->policy, prio);
}

/**
 * __dl_group_class() - decide whether a capsule serves a thread
 * @p: the thread
 * @prio: its effective priority from now on
 *
 * Nothing changes here: the class may not be put into effect (SCHED_FLAG_KEEP_PARAMS).
 * A thread enters, leaves, and changes capsules in __dl_group_update_task(), which
 * comes after this. Until then one that is to enter is a normal thread.
 *
 * Context: p->pi_lock and the rq lock held
 * Return: the class, or NULL if __setscheduler_class() decides
 */
const struct sched_class *__dl_group_class(struct task_struct *p, int prio)
{
	bool refused;

	lockdep_assert_held(&p->pi_lock);

	if (dl_prio(prio))
		return NULL;
	if (p->dl_group)
		return p->dl_group_spills ? dl_group_outside_class(p, prio) :
					    &dl_group_sched_class;
	if (dl_group_of(p, prio, &refused) || refused)
		return __setscheduler_class(SCHED_NORMAL, DEFAULT_PRIO);

	return NULL;
}

/**
 * dl_group_fork() - put a new thread into its cgroup's capsule
 * @p: the thread, which nobody knows yet, with its task group set
 *
 * sched_fork() chose a class by policy, and copied what its parent is. A
 * reservation that comes or goes between now and wake_up_new_task() is noticed
 * there.
 *
 * Context: p->pi_lock held
 */
void dl_group_fork(struct task_struct *p)
{
	struct dl_group *dlg;
	bool refused;

	p->dl_group = NULL;
	p->dl_group_bound = NULL;
	p->dl_group_slot = NULL;
	p->dl_group_debt = 0;
	p->dl_group_lent = DL_GROUP_LENT_NONE;
	p->dl_group_spills = false;
	p->dl_group_returns = false;
	p->dl_group_boundary = false;
	p->dl_group_passes_on = false;
	p->dl_group_since = jiffies;
	INIT_LIST_HEAD(&p->dl_group_wait);
	RB_CLEAR_NODE(&p->dl_group_node);

	if (current->sched_reset_on_fork || !dl_group_grants(task_group(p)))
		p->dl_group_granted = 0;
	if (!dl_group_enabled() || dl_prio(p->prio))
		return;

	dlg = dl_group_of(p, p->prio, &refused);
	if (dlg) {
		dl_group_join(p, dlg);
		p->sched_class = &dl_group_sched_class;
	}
}

/* @p belongs to @dlg from now on, or to no capsule, of those that were there @refused. */
static void dl_group_rehome(struct rq *rq, struct task_struct *p, struct dl_group *dlg,
			    bool refused)
{
	int flags = DEQUEUE_SAVE | DEQUEUE_MOVE | DEQUEUE_NOCLOCK;
	const struct sched_class *class = p->sched_class;
	int prio = p->prio;

	lockdep_assert_held(&p->pi_lock);
	lockdep_assert_rq_held(rq);

	/* A new thread may have the priority that its parent has got since it was copied. */
	if (!dl_prio(prio)) {
		prio = rt_effective_prio(p, p->normal_prio);
		class = dlg ? &dl_group_sched_class : dl_group_class_without(p, prio, refused);
	}
	if (!dlg && !p->dl_group && class == p->sched_class)
		return;
	if (class != p->sched_class)
		flags |= DEQUEUE_CLASS;

	scoped_guard (sched_change, p, flags) {
		if (p->dl_group)
			dl_group_leave(rq, p, dlg);
		else
			p->dl_group_since = jiffies;
		if (dlg)
			dl_group_join(p, dlg);
		dl_group_set_class(p, prio, class);
	}

	if (dlg) {
		dl_group_update_member(rq, p);
		dl_group_pick_anew(rq, p);
	}
}

/**
 * __dl_group_update_task() - make a thread follow its cgroup
 * @rq: the thread's runqueue
 * @p: a thread whose cgroup, priority, or waiters, or whose cgroup's reservation, may
 *	have changed
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
	bool refused = false;
	struct dl_group *dlg = NULL;

	if (p->sched_class == &stop_sched_class || p->sched_class == &idle_sched_class ||
	    (READ_ONCE(p->__state) == TASK_NEW && task_on_scx(p)))
		return;

	if (unlikely(p->dl_group_granted) && !dl_group_grants(dl_group_tg_of(p)))
		dl_group_set_granted(rq, p, 0);

	if (!dl_policy(p->policy))
		dlg = dl_group_of(p, rt_effective_prio(p, p->normal_prio), &refused);

	if (dlg && dlg == p->dl_group)
		dl_group_update_member(rq, p);
	else
		dl_group_rehome(rq, p, dlg, refused);
}

/*
 * @p is ready on a CPU where its capsule has no server, and cannot be moved to
 * another one now: until the next change of its cgroup or of its capsule it is
 * served by the nearest one above that has, or is a normal thread.
 */
void dl_group_expel(struct rq *rq, struct task_struct *p)
{
	struct dl_group *dlg = p->dl_group;

	do {
		dlg = dl_group_nearest(dlg->tg->parent);
	} while (dlg && !(cpumask_test_cpu(cpu_of(rq), dlg->cpus) &&
			  dl_group_in_scope(dlg, p, p->prio)));

	dl_group_rehome(rq, p, dlg, true);
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

/* The nearest capsule that @p, as one of @tg, is in the scope of, or NULL. */
static struct dl_group *dl_group_in_scope_of(struct task_group *tg, struct task_struct *p)
{
	struct dl_group *dlg = dl_group_nearest(tg);

	while (dlg && !dl_group_in_scope(dlg, p, p->prio))
		dlg = dl_group_nearest(dlg->tg->parent);

	return dlg;
}

/* Has the capsule that would serve @p, as one of @tg, nothing for threads of its own? */
static bool dl_group_is_handed_out(struct task_group *tg, struct task_struct *p)
{
	struct dl_group *dlg = dl_group_in_scope_of(tg, p);

	return dlg && READ_ONCE(dlg->handed_out);
}

int __dl_group_can_fork(struct task_struct *p)
{
	if (dl_group_has_rt(p, task_group(p)) && __dl_group_rt_forbidden(p))
		return -EAGAIN;
	if (task_group(p) != task_group(current) && dl_group_is_handed_out(task_group(p), p))
		return -EBUSY;

	return 0;
}

/* /proc/PID/sched: which capsule, if any, the thread belongs to */
void dl_group_show_task(struct task_struct *p, struct seq_file *m)
{
	struct cgroup_subsys_state *css = NULL;
	char *path;

	scoped_guard (task_rq_lock, p) {
		if (p->dl_group) {
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
	if (dl_group_priority(p))
		seq_printf(m, "dl_group_policy : %s %d\n",
			   dl_group_policy(p) == SCHED_RR ? "RR" : "FIFO", dl_group_priority(p));

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
