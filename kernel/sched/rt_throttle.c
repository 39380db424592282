// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: what happens at the end of a budget
 *
 * A capsule's server on a CPU is a hard CBS. The states, in terms of its
 * sched_dl_entity, and where it goes from each:
 *
 *            thread ready: dl_group_start()
 *   [idle] -------------------------------------> [queued]
 *     ^  ^                                         |    ^
 *     |  |  last thread gone: dl_group_stop()      |    |
 *     |  +-----------------------------------------+    |
 *     |                                            |    |
 *     |                   budget used up:          |    | period ends:
 *     |                   update_curr_dl_se()      |    | dl_server_timer()
 *     |                                            v    |
 *     +----------------------------------------- [throttled]
 *        period ends, no thread ready:
 *        __dl_group_server_timer()
 *
 *   idle:       not in the dl_rq, no timer
 *   queued:     in the dl_rq, threads counted in rq->nr_running
 *   throttled:  dl_throttled, not in the dl_rq, timer set for the end of the
 *               period; threads are ready, but not in rq->nr_running
 *
 * dl_server_active is set from admission to the end of the reservation, and so
 * long the bandwidth is in dl_rq::running_bw: what a capsule does not use is
 * not for SCHED_FLAG_RECLAIM tasks to reclaim. That spares the inactive timer,
 * and with it the better part of the cost of a wakeup.
 *
 * Time is charged from the instant a thread of the capsule is set running to
 * the instant the next thread is, so what runs between the end of the budget
 * and the context switch, be it an irqs-off section or the switch itself, is
 * charged too. It makes the runtime negative: a debt, by which the budgets of
 * the following periods are smaller. With Q = 200 us and 3 us from the timer's
 * interrupt to the switch, a busy capsule gets 203, 200, 200, ... us.
 *
 * The end of the budget is kept by the hrtick, and not by the periodic tick:
 * with HZ=250 a capsule of 200 us would otherwise run for up to 4 ms.
 */

#include <asm/irq_regs.h>

#define CREATE_TRACE_POINTS
#include <trace/events/sched_vm.h>
#undef CREATE_TRACE_POINTS

/* A debt that is paid at once: not worth a timer, in ns. */
#define DL_GROUP_SMALL_DEBT	(50 * NSEC_PER_USEC)

/*
 * Let the hrtick fire when the budget, or sooner when @slice, is used up. If
 * that is more than a tick away there is time enough to do so at the next tick,
 * see task_tick_dl_group(): most threads are asleep again by then, and their
 * wakeup need not pay for programming a timer. The tick does not stop while a
 * server is queued, see sched_can_stop_tick().
 */
static void dl_group_arm(struct dl_group_server *srv, u64 slice)
{
	struct rq *rq = srv->dl_se.rq;
	u64 delay = min_t(u64, max(srv->dl_se.runtime, 0), slice);

	lockdep_assert_rq_held(rq);

	srv->armed = delay <= TICK_NSEC && hrtick_enabled(rq);
	if (srv->armed)
		hrtick_start(rq, delay);
}

/*
 * Arm for @p, the next of the capsule to run. If it takes over from another
 * thread of the capsule the budget ends when it would have ended anyway.
 */
static void dl_group_arm_next(struct dl_group_server *srv, struct task_struct *p, u64 slice)
{
	struct task_struct *donor = srv->dl_se.rq->donor;

	if (!srv->armed || slice != U64_MAX || donor->dl_group != srv->group ||
	    donor->sched_class != &dl_group_sched_class)
		dl_group_arm(srv, slice);
}

/* A thread of the capsule has run for @delta_exec ns since the last call. */
static void dl_group_charge(struct dl_group_server *srv, s64 delta_exec)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;

	lockdep_assert_rq_held(dl_se->rq);

	/*
	 * An outgoing CPU must be emptied, see rq_offline_dl_group(). One that
	 * comes is active, and gets threads, before its rq is online.
	 */
	if (unlikely(!dl_se->rq->online) && !cpu_active(cpu_of(dl_se->rq)))
		return;

	if (unlikely(!dl_group_has_budget(srv))) {
		if (srv->idles) {
			srv->stat.extra += delta_exec;
			return;
		}
		dl_se->runtime -= delta_exec;
	} else if (likely(dl_se->runtime > delta_exec)) {
		dl_se->runtime -= delta_exec;
	} else {
		srv->stat.usage += delta_exec;
		dl_server_update(dl_se, delta_exec);
		return;
	}
	srv->stat.usage += delta_exec;
}

/* A thread waits for the end of the period from now on. */
static void dl_group_wait(struct dl_group_server *srv)
{
	if (!srv->stat.throttled_at)
		srv->stat.throttled_at = rq_clock(srv->dl_se.rq);
}

/* Bookkeeping at the end of a budget, which is charged, and the timer set. */
static void dl_group_throttled(struct dl_group_server *srv)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct dl_group_stat *stat = &srv->stat;

	stat->nr_throttled++;
	if (srv->nr_ready)
		dl_group_wait(srv);
	trace_dl_group_throttle(srv);

	if (dl_se->runtime < -(s64)DL_GROUP_OVERRUN) {
		stat->nr_overruns++;
		trace_dl_group_overrun(srv);
	}
	stat->max_overrun = max_t(s64, stat->max_overrun, -dl_se->runtime);
	dl_group_notify(srv->group);
}

/* The budget is there again, or the last thread that waited for it is gone. */
static void dl_group_unthrottled(struct dl_group_server *srv)
{
	struct dl_group_stat *stat = &srv->stat;

	if (stat->throttled_at)
		stat->throttled += rq_clock(srv->dl_se.rq) - stat->throttled_at;
	stat->throttled_at = 0;
}

/*
 * A server leaves the dl_rq, having had what was there to be had: was its
 * deadline kept? What EDF guarantees includes what a clock or a context switch
 * takes.
 */
static void dl_group_check_deadline(struct dl_group_server *srv)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;

	if (dl_time_before(dl_se->deadline + DL_GROUP_OVERRUN, rq_clock(dl_se->rq))) {
		srv->stat.nr_misses++;
		dl_group_notify(srv->group);
	}
}

/* So many budgets of periods are paid as a debt. */
static void dl_group_pay(struct sched_dl_entity *dl_se, u64 periods)
{
	dl_se->runtime += periods * dl_se->dl_runtime;
	dl_se->deadline += periods * dl_se->dl_period;
}

/* What is owed is paid by the budgets of periods, be they slept through. */
static void dl_group_settle_debts(struct dl_group_server *srv)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	s64 past = rq_clock(dl_se->rq) - dl_next_period(dl_se);

	if (dl_se->runtime < 0 && past >= 0)
		dl_group_pay(dl_se, min(DIV64_U64_ROUND_UP(-dl_se->runtime, dl_se->dl_runtime),
					div64_u64(past, dl_se->dl_period) + 1));
}

/*
 * The CBS rule in update_dl_entity() takes for granted that a server with a
 * deadline to come has runtime left, which does not hold for one whose threads
 * all left while it was throttled; and that a server whose deadline is past may
 * have a new period at once, which does not hold if it owes something, or if that
 * would be the second budget in one period.
 */
static bool dl_group_must_wait(struct dl_group_server *srv)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;

	/* An outgoing CPU must be emptied, see rq_offline_dl_group(). */
	if (!cpu_active(cpu_of(dl_se->rq)))
		return dl_se->dl_throttled;
	if (!dl_se->dl_throttled)
		dl_group_settle_debts(srv);
	if (!dl_se->dl_throttled && dl_se->runtime <= 0 &&
	    dl_time_before(rq_clock(dl_se->rq), dl_se->deadline) && start_dl_timer(dl_se))
		dl_se->dl_throttled = 1;
	if (!dl_se->dl_throttled && !dl_is_implicit(dl_se))
		dl_check_constrained_dl(dl_se);
	if (dl_se->dl_throttled)
		dl_group_wait(srv);

	return dl_se->dl_throttled;
}

/*
 * What the dead and those who left owe is paid by the budgets that begin, but of
 * each at least half is for those who are there.
 */
static void dl_group_pay_for_others(struct dl_group_server *srv, s64 runtime)
{
	atomic64_t *debt = &srv->group->debt;
	s64 old = atomic64_read(debt), part;

	do {
		if (likely(old <= 0))
			return;
		part = clamp(old, 0, runtime / 2);
	} while (!atomic64_try_cmpxchg(debt, &old, old - part));

	srv->dl_se.runtime -= part;
}

/*
 * The first thread becomes ready. The CBS rule decides whether runtime and
 * deadline can still be used.
 */
static void __dl_group_start(struct dl_group_server *srv)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct rq *rq = dl_se->rq;
	u64 deadline = dl_se->deadline;

	if (unlikely(srv->next.bw))
		dl_group_adopt(srv);
	if (unlikely(dl_se->dl_throttled || dl_se->runtime <= 0 ||
		     !dl_is_implicit(dl_se)) && dl_group_must_wait(srv))
		return;

	update_dl_entity(dl_se);
	if (dl_se->deadline != deadline) {
		srv->stat.nr_periods++;
		dl_group_pay_for_others(srv, dl_se->runtime);
	}
	__enqueue_dl_entity(dl_se);
	trace_dl_group_start(srv);
	if (is_leftmost(dl_se, &rq->dl))
		resched_curr(rq);
}

/*
 * @p is the next to run, but owes something, and is at its boundary: its turn is spent
 * on that. The budget drains for as long as it would have run, at most for its time
 * slice. The server leaves the CPU to others meanwhile, and whoever of the capsule
 * becomes ready and is better than @p finds just what @p would have left.
 *
 * Return: true if nobody is to run
 */
static noinline bool
dl_group_pay_turn(struct dl_group_server *srv, struct task_struct *p, u64 slice)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct rq *rq = dl_se->rq;
	u64 pay = p->dl_group_debt;

	lockdep_assert_rq_held(rq);

	if (!cpu_active(cpu_of(rq)))
		return false;

	if (pay <= DL_GROUP_SMALL_DEBT && (s64)pay < dl_se->runtime) {
		dl_se->runtime -= pay;
		srv->armed = false;
		p->dl_group_debt = 0;
		return false;
	}

	srv->payer = p;
	p->dl_group_spilled = rq_clock(rq);
	dl_se->dl_throttled = 1;
	__dequeue_dl_entity(dl_se);
	pay = min3(pay, slice ?: U64_MAX, (u64)dl_se->runtime);
	hrtimer_start(&dl_se->dl_timer, ktime_add_ns(ktime_get(), pay), HRTIMER_MODE_ABS_HARD);
	return true;
}

/* The turn of who pays is @over, or it is gone, or somebody better is there. */
static void dl_group_stop_paying(struct dl_group_server *srv, bool over)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct task_struct *p = srv->payer;
	u64 paid = min(rq_clock(dl_se->rq) - p->dl_group_spilled, (u64)max(dl_se->runtime, 0));

	lockdep_assert_rq_held(dl_se->rq);

	hrtimer_try_to_cancel(&dl_se->dl_timer);
	p->dl_group_debt -= min(paid, p->dl_group_debt);
	dl_se->runtime -= paid;
	dl_se->dl_throttled = 0;
	srv->payer = NULL;
	if (over && p->policy != SCHED_FIFO)
		dl_group_to_tail(srv, p);
	if (srv->nr_ready)
		__dl_group_start(srv);
	/* Who is outside, or is to go there, has to be told: an idle CPU has no tick. */
	if (dl_group_wants_extra(srv) || (!srv->nr_ready && srv->spiller))
		dl_group_kick(srv);
}

/* @p is ready, and the server not queued. */
static void dl_group_start(struct dl_group_server *srv, struct task_struct *p)
{
	if (likely(!srv->payer))
		__dl_group_start(srv);
	else if (dl_group_rank(p) < dl_group_rank(srv->payer))
		dl_group_stop_paying(srv, false);
}

/*
 * The last thread is gone. A server without a thread must not stay queued: by
 * the time a thread wakes up, its deadline may be in the past.
 */
static void dl_group_stop(struct dl_group_server *srv)
{
	trace_dl_group_stop(srv);
	__dequeue_dl_entity(&srv->dl_se);
}

/**
 * __dl_group_server_queued() - a server entered or left the dl_rq
 * @srv: the server
 * @queued: entered
 *
 * Threads of a throttled capsule stay in its ready queue, with p->on_rq set,
 * but the rest of the scheduler must not take the CPU for busy.
 *
 * Context: rq lock held
 */
void __dl_group_server_queued(struct dl_group_server *srv, bool queued)
{
	struct rq *rq = srv->dl_se.rq;

	lockdep_assert_rq_held(rq);
	srv->armed = false;

	if (!queued) {
		sub_nr_running(rq, srv->nr_ready);
		dl_group_check_deadline(srv);
		if (srv->dl_se.dl_throttled && !srv->payer)
			dl_group_throttled(srv);
		/* Nobody leaves the CPU for who pays, so dl_group_leave_dry() is not called. */
		if (srv->nr_ready && (dl_group_extra(srv) || !list_empty(&srv->inside)))
			dl_group_list_spills(dl_group_rq(rq), srv);
	} else {
		add_nr_running(rq, srv->nr_ready);
		dl_group_unthrottled(srv);

		/* Newidle balancing must notice, it may have dropped the rq lock. */
		if (sched_class_above(&dl_group_sched_class, rq->next_class))
			rq->next_class = &dl_group_sched_class;
	}

	if (unlikely(srv->watched))
		dl_group_note(srv);
}

/**
 * __dl_group_server_timer() - a throttled server's period has ended
 * @srv: the server
 *
 * Called by dl_server_timer() before it replenishes. The replenishment there
 * moves the deadline by as many periods as a debt takes, and lets the server
 * run at once with that late deadline. This is sound for EDF, but it is more
 * than Q in P: a hard reservation waits.
 *
 * Context: rq lock held, clock and current thread up to date
 * Return: true if the server is not to be queued now
 */
bool __dl_group_server_timer(struct dl_group_server *srv)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;

	lockdep_assert_rq_held(dl_se->rq);

	if (srv->payer) {
		dl_group_stop_paying(srv, true);
		return true;
	}

	dl_group_adopt(srv);
	if (dl_se->runtime < 0)
		dl_group_pay(dl_se, div64_u64(-dl_se->runtime, dl_se->dl_runtime));
	/* A timer that could not be cancelled may be early, too. */
	if (dl_time_before(rq_clock(dl_se->rq) + DL_GROUP_OVERRUN, dl_next_period(dl_se)) &&
	    start_dl_timer(dl_se))
		return true;

	srv->stat.nr_periods++;
	dl_group_pay_for_others(srv, dl_se->runtime + (s64)dl_se->dl_runtime);
	trace_dl_group_replenish(srv);
	if (srv->nr_ready) {
		/* A better thread may wait on another CPU, or be outside. */
		if (srv->watched || srv->spiller)
			dl_group_kick(srv);
		return false;
	}

	/* Keep what the new period has, and its deadline, for the next start. */
	replenish_dl_entity(dl_se);
	dl_group_unthrottled(srv);
	if (srv->watched)
		dl_group_note(srv);
	if (srv->spiller || (srv->watched && dl_group_wants(srv)))
		dl_group_kick(srv);
	return true;
}

/*
 * The CPU goes away. Its threads are moved off one by one as they are picked,
 * see balance_push(), so all must be allowed to run: budgets are not enforced
 * until the CPU is back. In a root domain rebuild the CPU stays active.
 */
static void rq_offline_dl_group(struct rq *rq)
{
	struct dl_group_server *srv;

	if (cpu_active(cpu_of(rq)))
		return;

	hlist_for_each_entry(srv, &dl_group_rq(rq)->servers, node) {
		struct sched_dl_entity *dl_se = &srv->dl_se;

		if (!dl_se->dl_throttled)
			continue;

		hrtimer_try_to_cancel(&dl_se->dl_timer);
		srv->payer = NULL;
		replenish_dl_entity(dl_se);
		dl_group_unthrottled(srv);
		if (srv->nr_ready)
			__enqueue_dl_entity(dl_se);
		resched_curr(rq);
	}
	/* Nor may anybody be left in the lost and found. */
	if (dl_group_rq(rq)->lost.nr_ready)
		dl_group_kick(&dl_group_rq(rq)->lost);
}
