// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: out of budget, out of the kernel first
 *
 * A thread that stops in the kernel may hold a lock, and most locks do not tell
 * who waits for them. So a thread of a capsule waits for budget only where it
 * holds nothing, at its *boundary*:
 *
 *	thread of a process	return to user mode, or to its guest
 *	worker			where it calls dl_group_boundary(), between two works
 *
 * Until there it goes on *outside* the capsule, as a normal thread of its cgroup:
 * in the fair class, with the weight and the bandwidth limit of its cgroup, and
 * with the fair server, whatever its policy. What it takes there is *spill*.
 *
 *   Invariant: a thread that is ready, but not on the CPU, is at its boundary, or
 *   outside, or in dl_group_server::inside, waiting for the CPU, and from where it
 *   is taken outside in its turn.
 *
 *	             preempted, woken                dl_group_go_outside()
 *	[on the CPU] ----------------> [inside] ----------------------------> [outside]
 *	     ^  |                         | served                                |
 *	     |  |                         v                                       |
 *	     |  +---------------> [on the CPU]   <--- has budget, sleeps ---------+
 *	     |   interrupted in                                                   |
 *	     |   user mode, dry                      reached its boundary:        |
 *	     +---- served ------ [at its boundary] <--- dl_group_come_back() -----+
 *
 * A thread goes outside if the server has no budget, or if others of its capsule,
 * FIFO threads say, have kept it from running for DL_GROUP_PATIENCE: then it may be
 * holding up somebody outside, who must not fare worse than with a FIFO thread of
 * the whole machine, which leaves normal threads the fair server's time.
 *
 * Where cpu.rt_extra gives a capsule more than its budget, a thread goes on outside in
 * user mode, too, or need not go while the CPU would be idle: deadline_group_extra.c.
 *
 * One thread of a server has the place outside, on its CPU: its *spiller*. It makes way for
 * the next when it sleeps, or has had a slice, so each step takes constant time. Without a
 * place are those whom balancing has moved, and who is awaited if another one has it.
 *
 * Spill is a debt of who made it, task_struct::dl_group_debt. It is paid out of the budget
 * in that thread's turn, at its priority, before it returns from its boundary: its server
 * drains for as long as the thread would have run, see dl_group_pay_turn(). So it costs
 * nobody of a higher priority anything. Who goes to another capsule takes its debt along.
 * Who dies, leaves all capsules, is awaited (each tick), or is a worker without a boundary
 * that goes to sleep, leaves it to the capsule, dl_group::debt: at most half of each budget.
 *
 * Who is asked to exit, stop, freeze, or be traced must reach get_signal(): whoever sends a
 * signal calls dl_group_signalled(), and the thread is at its boundary no longer.
 *
 * Why the fair class and not one between it and rt.c: cgroups' weights and limits,
 * the fair server, NOHZ and load balancing are there, and need to know nothing.
 *
 * A thread that holds an rt_mutex which somebody outside of all capsules waits for
 * has, outside, the priority of that waiter (task_struct::dl_group_lent) and need
 * not stop at its boundary. What capsules' threads lend is a normal thread's.
 *
 * Changes under the rq lock; dl_group_lent under pi_lock, too; dl_group_passes_on under that.
 */

#include <linux/resume_user_mode.h>

#include "../locking/rtmutex_common.h"

/* How long one waits in the kernel behind others of the capsule, in jiffies. */
#define DL_GROUP_PATIENCE	(HZ / 10)

/* Waiters that are looked at to find one outside: each lock that is held has one. */
#define DL_GROUP_MAX_WAITERS	16

/* Servers whose turn a tick looks at. */
#define DL_GROUP_TICK_SERVERS	8

#ifdef CONFIG_RT_MUTEXES
/* Who is refused by all capsules above is a normal thread, whatever its policy. */
static int dl_group_waiter_prio(struct rt_mutex_waiter *w)
{
	if (rt_prio(w->pi_tree.prio) && READ_ONCE(w->task->sched_class) != &rt_sched_class)
		return DEFAULT_PRIO;

	return w->pi_tree.prio;
}
#endif

/*
 * The priority of the first of those outside of @p's capsule who wait for @p, or
 * DL_GROUP_LENT_NONE. Who is in a capsule counts as a normal thread, unless it
 * is itself awaited by one who is in none.
 */
static int dl_group_lent_prio(struct task_struct *p)
{
	int lent = DL_GROUP_LENT_NONE;
#ifdef CONFIG_RT_MUTEXES
	int left = DL_GROUP_MAX_WAITERS;
	struct rb_node *node;

	lockdep_assert_held(&p->pi_lock);

	for (node = rb_first_cached(&p->pi_waiters); node && left--; node = rb_next(node)) {
		struct rt_mutex_waiter *w = rb_entry(node, struct rt_mutex_waiter, pi_tree.entry);
		struct dl_group *dlg = READ_ONCE(w->task->dl_group);

		if (!dlg)
			return min(lent, dl_group_waiter_prio(w));
		if (dlg != p->dl_group)
			lent = min(lent, DEFAULT_PRIO);
		lent = min(lent, READ_ONCE(w->task->dl_group_lent));
	}
#endif
	return lent;
}

/**
 * __dl_group_lends() - has it changed what those who wait for a thread lend it?
 * @p: a thread whose waiters may be others now
 *
 * Context: p->pi_lock held. Changes nothing.
 */
bool __dl_group_lends(struct task_struct *p)
{
	lockdep_assert_held(&p->pi_lock);
	return p->dl_group && dl_group_lent_prio(p) != p->dl_group_lent;
}

/* What @p is outside, at priority @prio: a normal thread, or what a waiter has lent it. */
static const struct sched_class *dl_group_outside_class(struct task_struct *p, int prio)
{
	return rt_prio(prio) && rt_prio(p->dl_group_lent) ? &rt_sched_class :
		__setscheduler_class(SCHED_NORMAL, DEFAULT_PRIO);
}

static int dl_group_outside_prio(struct task_struct *p)
{
	return rt_prio(p->dl_group_lent) ? p->dl_group_lent : rt_effective_prio(p, p->normal_prio);
}

/* @p no longer holds the place of a spiller, or has lost it to another one. */
static void dl_group_leave_slot(struct task_struct *p)
{
	struct dl_group_server *srv = p->dl_group_slot;

	lockdep_assert_rq_held(task_rq(p));
	if (srv && srv->spiller == p)
		srv->spiller = NULL;
	p->dl_group_slot = NULL;
}

/* Is what @p, who is outside, takes there its capsule's by cpu.rt_extra? */
static bool dl_group_is_extra(struct task_struct *p)
{
	return READ_ONCE(p->dl_group->extra) == DL_GROUP_EXTRA_FAIR && p->dl_group_slot &&
	       !rt_prio(p->dl_group_lent);
}

/* What @p took outside until now is a debt, or extra time; all of it has been counted. */
static void dl_group_settle_spill(struct rq *rq, struct task_struct *p)
{
	struct dl_group_server *srv = p->dl_group->place[cpu_of(rq)].own;
	u64 took = p->se.sum_exec_runtime - p->dl_group_spilled;
	bool extra = srv && dl_group_is_extra(p);

	lockdep_assert_rq_held(rq);

	trace_dl_group_outside(p, took, extra);
	if (srv)
		*(extra ? &srv->stat.extra : &srv->stat.spilled) += took;
	if (!extra)
		p->dl_group_debt += took;
	p->dl_group_spilled = p->se.sum_exec_runtime;
}

/* How long @p has run since it went outside, whatever has been settled meanwhile. */
static u64 dl_group_turn_ran(struct task_struct *p)
{
	return p->se.sum_exec_runtime - p->dl_group_turn;
}

static void dl_group_end_spill(struct rq *rq, struct task_struct *p)
{
	dl_group_settle_spill(rq, p);
	p->dl_group_spills = false;
	dl_group_leave_slot(p);
	/* Who has had some of its turn waits anew. */
	if (dl_group_turn_ran(p))
		p->dl_group_since = jiffies;
}

/* Something is about to change that decides what @p, who may be outside, owes for it. */
static void dl_group_reckon_spill(struct rq *rq, struct task_struct *p)
{
	if (!p->dl_group_spills)
		return;
	if (task_current_donor(rq, p))
		p->sched_class->update_curr(rq);
	dl_group_settle_spill(rq, p);
}

static void dl_group_begin_spill(struct task_struct *p)
{
	p->dl_group_spills = true;
	p->dl_group_spilled = p->se.sum_exec_runtime;
	p->dl_group_turn = p->se.sum_exec_runtime;
	WRITE_ONCE(p->dl_group_boundary, false);
}

/* A debt that its thread cannot pay is the capsule's. */
static void dl_group_bequeath(struct task_struct *p)
{
	atomic64_add(p->dl_group_debt, &p->dl_group->debt);
	p->dl_group_debt = 0;
}

/*
 * Between dequeue and enqueue. Whom cpu.max had stopped on its way to user mode is
 * somewhere else when it becomes a fair thread again: that class is not to stop it there.
 */
static void dl_group_set_class(struct task_struct *p, int prio, const struct sched_class *class)
{
	p->prio = prio;
	p->sched_class = class;
#ifdef CONFIG_CFS_BANDWIDTH
	p->throttled = false;
#endif
}

#define DL_GROUP_SWITCH	(DEQUEUE_SAVE | DEQUEUE_MOVE | DEQUEUE_NOCLOCK | DEQUEUE_CLASS)

/* @p, which is ready and in the kernel, goes on outside. */
static void dl_group_go_outside(struct rq *rq, struct task_struct *p)
{
	lockdep_assert_rq_held(rq);

	scoped_guard (sched_change, p, DL_GROUP_SWITCH) {
		int prio = dl_group_outside_prio(p);

		dl_group_begin_spill(p);
		dl_group_set_class(p, prio, dl_group_outside_class(p, prio));
	}
	set_notify_resume(p);
}

/* @p, which is outside, is a thread of its capsule again, where it was among its equals. */
static void dl_group_come_back(struct rq *rq, struct task_struct *p)
{
	lockdep_assert_rq_held(rq);

	/* Boosted by SCHED_DEADLINE it stays, but does not keep others from going. */
	if (dl_prio(p->prio)) {
		dl_group_leave_slot(p);
		return;
	}

	p->dl_group_returns = p->dl_group_slot == dl_group_server(rq, p);
	scoped_guard (sched_change, p, DL_GROUP_SWITCH) {
		dl_group_end_spill(rq, p);
		dl_group_set_class(p, rt_effective_prio(p, p->normal_prio), &dl_group_sched_class);
	}
	p->dl_group_returns = false;
	/* What it owed before is paid where it holds nothing. */
	if (p->dl_group_debt)
		set_notify_resume(p);
}

/* Beyond its budget the threads of @srv are normal ones, in user mode, too. */
static bool dl_group_all_normal(struct dl_group_server *srv)
{
	return dl_group_is_fair(srv) && !dl_group_has_budget(srv);
}

/*
 * Has @p waited in the kernel for so long that somebody may wait for it? Where all are
 * normal threads, it is time for that when another one has had its turn.
 */
static bool dl_group_impatient(struct dl_group_server *srv, struct task_struct *p)
{
	unsigned long patience = dl_group_all_normal(srv) ? 1 : DL_GROUP_PATIENCE;

	return p && time_after_eq(jiffies, p->dl_group_since + patience);
}

/*
 * Who of @srv is to go outside, if anybody: who has waited longest in the kernel, if
 * nobody else of the server is there. Who is urgent takes the place of others, but keeps
 * it from nobody who has waited for long: it is outside without a place, too.
 * Beyond the budget it is the first of all if the capsule is to have a normal thread's
 * share, in turn with those who wait in the kernel; and nobody if it is to have the time
 * in which the CPU would be idle.
 */
static struct task_struct *dl_group_next_spiller(struct rq *rq, struct dl_group_server *srv)
{
	struct task_struct *p = dl_group_first_inside(srv), *spiller = srv->spiller;
	struct task_struct *first = NULL;

	if (spiller && !(p && dl_group_urgent(p)) &&
	    !(dl_group_urgent(spiller) && dl_group_impatient(srv, p)))
		return NULL;
	if (dl_group_all_normal(srv))
		first = dl_group_first_extra(rq, srv);
	if (dl_group_impatient(srv, p) && (dl_group_urgent(p) || !first || !srv->users_turn))
		return p;
	if (dl_group_has_budget(srv))
		return NULL;
	if (p && dl_group_urgent(p))
		return p;
	if (dl_group_is_fair(srv))
		return first;

	return dl_group_has_idle_cpu(rq, srv) ? NULL : p;
}

/* Of those, each goes outside at once. */
static bool dl_group_urgent_inside(struct dl_group_server *srv)
{
	struct task_struct *p = dl_group_first_inside(srv);

	return p && dl_group_urgent(p);
}

static void dl_group_spill_next(struct rq *rq, struct dl_group_server *srv)
{
	struct task_struct *p;

	lockdep_assert_rq_held(rq);
	if (!srv->dl_se.dl_bw_attached)
		return;
	p = dl_group_next_spiller(rq, srv);
	if (!p)
		return;

	/* Who loses the place comes back at its boundary. */
	if (srv->spiller)
		set_notify_resume(srv->spiller);
	if (!dl_group_urgent(p))
		srv->users_turn = p != dl_group_first(srv);
	srv->spiller = p;
	p->dl_group_slot = srv;
	dl_group_list_spills(dl_group_rq(rq), srv);
	dl_group_go_outside(rq, p);
}

/*
 * A thread of @srv goes to sleep, dequeued: who goes on outside in its place is there for
 * the pick that follows. But no RT thread: that would leave balance callbacks to the pick.
 * What was asked for to be spared is this __schedule()'s update of the clock, not the next.
 */
static noinline void dl_group_spill_asleep(struct rq *rq, struct dl_group_server *srv)
{
	struct task_struct *p = dl_group_next_spiller(rq, srv);

	lockdep_assert_rq_held(rq);
	if (p && !rt_prio(p->dl_group_lent))
		dl_group_spill_next(rq, srv);
	rq_clock_cancel_skipupdate(rq);
}

/* @p has become ready where there is no budget: must it, or may it, go outside at once? */
static noinline void
dl_group_queued_dry(struct rq *rq, struct dl_group_server *srv, struct task_struct *p)
{
	struct task_struct *spiller = srv->spiller;

	if (dl_group_extra(srv))
		dl_group_list_spills(dl_group_rq(rq), srv);
	if (!srv->dl_se.dl_bw_attached || list_empty(&p->dl_group_wait) ||
	    dl_group_has_idle_cpu(rq, srv))
		return;
	if (!spiller || dl_group_urgent(p) || dl_group_beats_spiller(srv, p, spiller))
		dl_group_kick(srv);
}

/*
 * @p holds nothing: let it wait there. Not if it has a signal: either we see that, or
 * whoever sends it sees that @p waits, see dl_group_signalled().
 */
static void dl_group_wait_at_boundary(struct task_struct *p)
{
	WRITE_ONCE(p->dl_group_boundary, true);
	/* Pairs with dl_group_signalled(). */
	smp_mb();
	if (signal_pending(p))
		WRITE_ONCE(p->dl_group_boundary, false);
}

/* Does cpu.max keep @p, which is on its way to user mode, from running? */
static bool dl_group_parked(struct task_struct *p)
{
#ifdef CONFIG_CFS_BANDWIDTH
	return p->throttled;
#else
	return false;
#endif
}

/*
 * Who goes on outside by cpu.rt_extra makes way for a better one, and for an equal in
 * turn. But if it has been waiting in the kernel it has a slice, or comes to its boundary.
 */
static bool dl_group_extra_ends(struct dl_group_server *srv, struct task_struct *p, u64 ran)
{
	int rank = dl_group_inside_rank(p), first = dl_group_rank_or_none(dl_group_first(srv));
	u64 slice = dl_group_slice(p);

	if (first > rank || (first == rank && (!slice || ran < slice)))
		return false;
	if (!srv->users_turn || ran >= sysctl_sched_base_slice)
		return true;

	set_notify_resume(p);
	return false;
}

static bool dl_group_makes_way(struct dl_group_server *srv, struct task_struct *p)
{
	bool extra = dl_group_is_fair(srv);
	u64 ran = dl_group_turn_ran(p);

	if (dl_group_parked(p))
		return dl_group_has_budget(srv) || !extra || !list_empty(&srv->inside);
	if (dl_group_has_budget(srv)) {
		/* Who has gone since there was no budget need not stay, nor who is first. */
		if (dl_group_inside_rank(p) < dl_group_rank_or_none(dl_group_first(srv)) ||
		    (!dl_group_impatient(srv, p) && !dl_group_awaited(p)))
			return true;
		if (extra)
			set_notify_resume(p);
	}
	if (dl_group_urgent(p))
		return false;
	/* Others have waited for long, too. */
	if (dl_group_has_budget(srv))
		return ran >= sysctl_sched_base_slice &&
		       dl_group_impatient(srv, dl_group_first_inside(srv));
	if (extra && !dl_group_impatient(srv, dl_group_first_inside(srv)))
		return dl_group_extra_ends(srv, p, ran);

	return !list_empty(&srv->inside) && ran >= sysctl_sched_base_slice;
}

/*
 * Is it time for the spiller to make way: for its capsule, which would run it at
 * once, or for the next, after a slice?
 */
static void dl_group_spill_turn(struct rq *rq, struct dl_group_server *srv)
{
	struct task_struct *p = srv->spiller;

	lockdep_assert_rq_held(rq);
	if (p && dl_group_makes_way(srv, p)) {
		/* But a worker may be stopped there with a lock. */
		if (dl_group_parked(p) && !(p->flags & PF_USER_WORKER))
			dl_group_wait_at_boundary(p);
		dl_group_come_back(rq, p);
		/* Who takes turns with its equals is the last of them now. */
		if (dl_group_slice(p) && !RB_EMPTY_NODE(&p->dl_group_node))
			dl_group_to_tail(srv, p);
	} else if (p && p->sched_class == &fair_sched_class && !task_current_donor(rq, p)) {
		/* Normal threads of its cgroup may have gone since it was queued. */
		fair_sched_class.reweight_task(rq, p, &p->se.load);
	}
	dl_group_spill_next(rq, srv);
}

/*
 * Who need not stop at its boundary has no turn there in which it pays: it comes by, and
 * leaves what it owes to its capsule, at each tick, and whenever it stops otherwise.
 */
void __dl_group_stops(struct task_struct *p)
{
	if (dl_prio(p->prio) || dl_group_awaited(p))
		set_notify_resume(p);
}

/* The spiller @p is outside without a place from now on, until it comes to its boundary. */
static void dl_group_lose_slot(struct rq *rq, struct task_struct *p)
{
	dl_group_settle_spill(rq, p);
	dl_group_leave_slot(p);
	set_notify_resume(p);
}

/**
 * __dl_group_migrates() - a thread with the place of a spiller goes to another CPU
 * @p: the thread, dequeued
 *
 * So a place is always held on the CPU of its server.
 *
 * Context: lock of the rq that it leaves held
 */
void __dl_group_migrates(struct task_struct *p)
{
	dl_group_lose_slot(task_rq(p), p);
}

/**
 * __dl_group_tick() - give each its turn outside
 * @rq: the runqueue of the CPU
 * @rf: how its lock was taken
 *
 * Context: rq lock held, clock up to date. May drop the lock: who goes outside, or
 * comes back, may be rt.c's, which then pushes and pulls.
 */
void __dl_group_tick(struct rq *rq, struct rq_flags *rf)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);
	int left = DL_GROUP_TICK_SERVERS;
	struct dl_group_server *srv, *first = NULL;
	struct task_struct *p = rq->curr;

	lockdep_assert_rq_held(rq);
	dl_group_stops(p);
	/* Nor has who lost its turn an end of it at which it is counted. */
	if (p->dl_group_spills && !(p->dl_group_slot && p->dl_group_slot->spiller == p))
		dl_group_reckon_spill(rq, p);
	/* First that whose thread has the CPU, which is what all others of it wait for. */
	srv = p->dl_group ? dl_group_server(rq, p) : NULL;
	if (srv && !list_empty(&srv->spills))
		list_move(&srv->spills, &dgrq->spills);
	while (left--) {
		srv = list_first_entry_or_null(&dgrq->spills, struct dl_group_server, spills);
		if (!srv || (srv == first && !dl_group_urgent_inside(srv)))
			break;
		list_del_init(&srv->spills);
		dl_group_spill_turn(rq, srv);
		if (srv->spiller || dl_group_wants_extra(srv)) {
			dl_group_list_spills(dgrq, srv);
			first = first ?: srv;
		}
	}
	dl_group_balance_callbacks(rq, rf);
}

static void dl_group_spill_prev(struct rq *rq)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);
	struct dl_group_server *srv = dgrq->dry;

	dgrq->dry = NULL;
	/* Callbacks before this one may have let the clock get old. */
	update_rq_clock(rq);
	dl_group_spill_turn(rq, srv);
	/* Those that this has queued: whoever called us has taken his off the list before. */
	dl_group_balance_callbacks(rq, NULL);
}

/* @srv is dry. After the context switch, it lets one who waits go outside. */
static noinline void dl_group_leave_dry(struct rq *rq, struct dl_group_server *srv,
					struct task_struct *p, struct task_struct *next)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);

	if (srv->idles)
		dl_group_put_idle(rq, srv, p, next);
	if (!srv->dl_se.dl_bw_attached || (list_empty(&srv->inside) && !dl_group_wants_extra(srv)))
		return;

	dgrq->dry = srv;
	queue_balance_callback(rq, &dgrq->spill_callback, dl_group_spill_prev);
}

/* A thread may have asked for some more time in user mode, in spite of need_resched(). */
static bool dl_group_may_stay(struct task_struct *p)
{
#ifdef CONFIG_RSEQ_SLICE_EXTENSION
	return p->rseq.slice.state.enabled;
#else
	return false;
#endif
}

/*
 * The timer's interrupt, which has found a thread of a capsule in user mode, wants
 * another one to run: the next thing that it does is to leave the CPU.
 */
static void dl_group_interrupted(struct task_struct *p)
{
	struct pt_regs *regs = get_irq_regs();

	if (p == current && in_hardirq() && regs && user_mode(regs) && need_resched() &&
	    !dl_group_may_stay(p) && !dl_group_awaited(p))
		dl_group_wait_at_boundary(p);
}

/* @p holds nothing: here it waits for budget, and until its debt is paid. */
static void dl_group_stop_at_boundary(struct rq *rq, struct task_struct *p)
{
	struct dl_group_server *srv = dl_group_server(rq, p);

	if (srv->idles || (!p->dl_group_debt && dl_group_has_budget(srv)))
		return;

	dl_group_wait_at_boundary(p);
	resched_curr(rq);
}

/* By cpu.rt_extra @p is a normal thread in user mode, too, unless there is budget. */
static bool dl_group_stays_outside(struct rq *rq, struct task_struct *p)
{
	struct dl_group_server *srv = p->dl_group_slot;

	return dl_group_is_extra(p) && srv->spiller == p && dl_group_is_fair(srv) &&
	       !dl_group_has_budget(srv) &&
	       dl_group_inside_rank(p) <= dl_group_rank_or_none(dl_group_first(srv));
}

static void dl_group_reach_boundary(struct rq *rq, struct task_struct *p)
{
	struct dl_group_server *srv = p->dl_group_slot;

	if (p->dl_group_spills && dl_group_stays_outside(rq, p)) {
		p->dl_group_since = jiffies;
		return;
	}
	if (p->dl_group_spills) {
		dl_group_come_back(rq, p);
		if (srv)
			dl_group_spill_next(rq, srv);
	}
	if (p->sched_class == &dl_group_sched_class)
		dl_group_stop_at_boundary(rq, p);
}

/**
 * __dl_group_boundary() - a thread that has been outside, or owes, holds nothing now
 *
 * Called on the way to user mode or to a guest, after all else that is to be done
 * there, and by workers between two works. The thread waits here until its capsule has
 * budget, and its debt is paid. One that has a signal has to look at it first; a worker
 * that is to die, whose signal has been taken, does not wait; and one that is awaited
 * goes on, until it is told that it no longer is.
 *
 * Context: process context, no locks held
 */
void __dl_group_boundary(void)
{
	struct task_struct *p = current;

	/* A worker's SIGKILL is pending no longer when it comes here. */
	if (p->flags & PF_USER_WORKER &&
	    (p->signal->flags & SIGNAL_GROUP_EXIT || p->signal->group_exec_task))
		return;
	if (signal_pending(p) && !(p->flags & PF_KTHREAD)) {
		set_notify_resume(p);
		return;
	}

	scoped_guard (task_rq_lock, p) {
		update_rq_clock(scope.rq);
		if (!dl_prio(p->prio) && !dl_group_awaited(p)) {
			dl_group_reach_boundary(scope.rq, p);
		} else if (p->dl_group) {
			dl_group_reckon_spill(scope.rq, p);
			dl_group_bequeath(p);
		}
		__balance_callbacks(scope.rq, &scope.rf);
	}
	cond_resched();
	/* Who looks at a signal first has not paid. */
	if (READ_ONCE(p->dl_group_debt) && signal_pending(p))
		set_notify_resume(p);
}
EXPORT_SYMBOL_GPL(__dl_group_boundary);

/**
 * __dl_group_signalled() - who waits at its boundary is to look at its signals
 * @p: a thread with TIF_SIGPENDING or TIF_NOTIFY_SIGNAL
 *
 * Context: any; takes pi_lock and the rq lock
 */
void __dl_group_signalled(struct task_struct *p)
{
	CLASS(task_rq_lock, guard)(p);
	struct rq *rq = guard.rq;

	if (!p->dl_group_boundary || p->sched_class != &dl_group_sched_class)
		return;

	WRITE_ONCE(p->dl_group_boundary, false);
	p->dl_group_since = jiffies;
	if (task_on_rq_queued(p) && !task_current_donor(rq, p)) {
		dl_group_wait_inside(dl_group_server(rq, p), p);
		dl_group_kick(dl_group_server(rq, p));
	}
}

/**
 * __dl_group_blocks() - a thread that is outside goes to sleep
 * @rq: its runqueue
 * @p: the running thread
 *
 * It sleeps in its capsule, so that it wakes up there. If it was the last RT thread,
 * switched_from_rt() asks for others to be pulled. That cannot be done here, as it may
 * drop the lock before the thread is dequeued; the next pick does it, see prev_balance().
 * For the clock, see dl_group_spill_asleep().
 *
 * Context: rq lock held, clock up to date, in __schedule()
 */
void __dl_group_blocks(struct rq *rq, struct task_struct *p)
{
	lockdep_assert_rq_held(rq);

	dl_group_come_back(rq, p);
	rq_clock_cancel_skipupdate(rq);
}

/* @p is outside: is it what it should be there, and should it be? */
static void dl_group_update_spill(struct rq *rq, struct task_struct *p)
{
	int prio = dl_group_outside_prio(p);
	const struct sched_class *class = dl_group_outside_class(p, prio);

	if (!p->dl_group_slot && !dl_group_awaited(p)) {
		dl_group_come_back(rq, p);
		return;
	}

	if (p->sched_class != class || p->prio != prio) {
		scoped_guard (sched_change, p, DL_GROUP_SWITCH)
			dl_group_set_class(p, prio, class);
	}
	if (!dl_group_awaited(p))
		set_notify_resume(p);
}

/*
 * @p remains in its capsule, but its waiters, or the priority that it inherits, may
 * have changed. If it is boosted by SCHED_DEADLINE it runs outside, and that is spill.
 */
static void dl_group_update_member(struct rq *rq, struct task_struct *p)
{
	int lent = dl_group_lent_prio(p);
	bool changed = lent != p->dl_group_lent;

	lockdep_assert_held(&p->pi_lock);
	lockdep_assert_rq_held(rq);

	if (changed) {
		p->dl_group_passes_on = true;
		dl_group_reckon_spill(rq, p);
		WRITE_ONCE(p->dl_group_lent, lent);
	}

	if (dl_prio(p->prio)) {
		if (!p->dl_group_spills)
			dl_group_begin_spill(p);
		dl_group_reckon_spill(rq, p);
		dl_group_leave_slot(p);
	} else if (p->dl_group_spills) {
		dl_group_update_spill(rq, p);
	} else if (task_on_rq_queued(p) && !task_current_donor(rq, p) &&
		   (dl_group_awaited(p) || (changed && !list_empty(&p->dl_group_wait)))) {
		struct dl_group_server *srv = dl_group_server(rq, p);

		/* At its boundary it has held up nobody. */
		if (dl_group_awaited(p) && p->dl_group_boundary) {
			WRITE_ONCE(p->dl_group_boundary, false);
			p->dl_group_since = jiffies;
		}
		/* Where it belongs among those who wait. */
		list_del_init(&p->dl_group_wait);
		dl_group_wait_inside(srv, p);
		dl_group_spill_next(rq, srv);
	}
}

/**
 * __dl_group_new_owner() - a thread has got an rt_mutex with waiters
 * @p: a thread in a capsule
 *
 * The top waiter has not a higher priority than the thread, so priority inheritance
 * has nothing to do, but it may be outside.
 *
 * Context: p->pi_lock held
 */
void __dl_group_new_owner(struct task_struct *p)
{
	struct rq_flags rf;
	struct rq *rq;

	if (!__dl_group_lends(p))
		return;

	rq = __task_rq_lock(p, &rf);
	update_rq_clock(rq);
	dl_group_update_member(rq, p);
	__balance_callbacks(rq, &rf);
	__task_rq_unlock(rq, p, &rf);
}

/* @p leaves its capsule for good, dequeued; what it owes it pays in @to, if that is one. */
static void dl_group_leave(struct rq *rq, struct task_struct *p, struct dl_group *to)
{
	if (p->dl_group_spills)
		dl_group_end_spill(rq, p);
	if (!to)
		dl_group_bequeath(p);
	else if (p->dl_group_debt)
		set_notify_resume(p);
	/* There it held up nobody. */
	if (p->dl_group_boundary)
		p->dl_group_since = jiffies;
	WRITE_ONCE(p->dl_group_boundary, false);
	WRITE_ONCE(p->dl_group_lent, DL_GROUP_LENT_NONE);
	WRITE_ONCE(p->dl_group, NULL);
}
