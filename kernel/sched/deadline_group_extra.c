// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: beyond the budget
 *
 * cpu.rt_extra says what a capsule has when its budget is used up:
 *
 *	none	nothing: its threads wait at their boundary, see deadline_group_spill.c
 *	idle	the time in which the CPU would be idle
 *	fair	what a normal thread of its cgroup has, by cpu.weight, within cpu.max
 *
 * Extra time is no debt, and costs those with a reservation nothing: it ranks below
 * all servers, and ends when the budget begins again.
 *
 * *Fair* is spill that does not end at the boundary: the best of the capsule's threads
 * that are ready is outside, in the fair class, one for each CPU, in user mode, too. It
 * makes way for a better one, and for an equal after a time slice; and after a slice for
 * one that waits in the kernel, whatever the policies, which is what normal threads do.
 * Then it is its turn again, dl_group_server::users_turn.
 *
 * *Idle*: where the idle class would pick the idle thread, it picks the first thread
 * of a server in this state, which remains in its capsule and does not count in
 * rq->nr_running. Whoever wakes up here finds an idle CPU, see dl_group_idle_pick_done().
 * Then the thread that had the time is preempted, and if it may be in the kernel, it
 * goes on as spill, and that is a debt, as for any other.
 *
 * A capsule has no more than the capsules above it: dl_group_refresh_extra().
 */

/* The best of those who may go on outside, if it has no budget elsewhere. */
struct task_struct *dl_group_first_extra(struct rq *rq, struct dl_group_server *srv)
{
	struct task_struct *p = dl_group_first(srv);

	if (p && srv->watched && dl_group_movable(rq, p) &&
	    dl_group_find_cpu(p, dl_group_rank(p), cpu_of(rq)) >= 0)
		return NULL;

	return p;
}

/* After __schedule() has taken note of the class of who runs. */
static void dl_group_idle_pick_done(struct rq *rq)
{
	lockdep_assert_rq_held(rq);

	if (rq->donor->sched_class == &dl_group_sched_class &&
	    dl_group_server(rq, rq->donor)->idles)
		rq->next_class = &idle_sched_class;
	/* Who became ready before that has preempted nobody. */
	if (rq->nr_running)
		resched_curr(rq);
}

/* An idle CPU has no tick: @srv goes from the list, or has somebody go outside now. */
static void dl_group_look_again(struct rq *rq, struct dl_group_server *srv)
{
	struct task_struct *spiller = srv->spiller;

	if (!spiller && list_empty(&srv->inside) && !dl_group_wants_extra(srv))
		list_del_init(&srv->spills);
	else if (!spiller || (dl_group_parked(spiller) && dl_group_makes_way(srv, spiller)))
		dl_group_kick(srv);
}

/**
 * __dl_group_pick_idle() - who runs where nobody else does
 * @rq: the runqueue
 *
 * Servers have their turns: each goes to the end of the list.
 *
 * Context: rq lock held, called by the idle class
 * Return: a thread of a capsule that may have idle time, or NULL
 */
struct task_struct *__dl_group_pick_idle(struct rq *rq)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);
	int left = DL_GROUP_TICK_SERVERS;

	lockdep_assert_rq_held(rq);

	while (left-- && !list_empty(&dgrq->spills)) {
		struct dl_group_server *srv;
		struct task_struct *p;

		srv = list_first_entry(&dgrq->spills, struct dl_group_server, spills);
		list_move_tail(&srv->spills, &dgrq->spills);
		if (dl_group_extra(srv) != DL_GROUP_EXTRA_IDLE || !dl_group_wants_extra(srv)) {
			dl_group_look_again(rq, srv);
			continue;
		}
		p = dl_group_first(srv);
		srv->idles = true;
		trace_dl_group_idle(srv);
		/* Who goes on without a switch is at its boundary no longer. */
		if (p == rq->donor)
			WRITE_ONCE(p->dl_group_boundary, false);
		queue_balance_callback(rq, &dgrq->idle_callback, dl_group_idle_pick_done);
		return p;
	}

	return NULL;
}

/* The threads of @srv have, or had, extra time: from now on by another rule. */
static void dl_group_change_extra(struct dl_group_server *srv, bool before)
{
	struct rq *rq = srv->dl_se.rq;
	struct task_struct *spiller;

	guard(rq_lock_irqsave)(rq);
	update_rq_clock(rq);
	spiller = srv->spiller;
	if (spiller && before)
		dl_group_reckon_spill(rq, spiller);
	else if (spiller)
		set_notify_resume(spiller);
	if (before || !(spiller || srv->nr_ready))
		return;

	dl_group_list_spills(dl_group_rq(rq), srv);
	resched_curr(rq);
	dl_group_kick(srv);
}

static void dl_group_set_extra(struct dl_group *dlg, struct dl_group *above)
{
	u8 extra = above ? min_t(u8, dlg->extra_told, above->extra) : dlg->extra_told;
	int cpu;

	lockdep_assert_held(&dl_group_mutex);

	if (extra == dlg->extra)
		return;

	for_each_cpu(cpu, dlg->cpus)
		dl_group_change_extra(dlg->place[cpu].own, true);
	WRITE_ONCE(dlg->extra, extra);
	for_each_cpu(cpu, dlg->cpus)
		dl_group_change_extra(dlg->place[cpu].own, false);
}

/*
 * May its threads be FIFO and RR without privilege? See deadline_group_grant.c. Return:
 * true if they no longer may
 */
static bool dl_group_set_unprivileged(struct dl_group *dlg, struct dl_group *above)
{
	bool may = dlg->unprivileged_told &&
		   (above ? above->unprivileged : !dlg->unprivileged_lent);
	bool might = dlg->unprivileged;

	lockdep_assert_held(&dl_group_mutex);

	WRITE_ONCE(dlg->unprivileged, may);
	return might && !may;
}

/**
 * dl_group_refresh_rights() - what a capsule may have more has changed, or who is one
 * @tg: the cgroup
 *
 * That is cpu.rt_extra and cpu.rt_unprivileged: no more than what all above have.
 *
 * Context: process context, dl_group_mutex held
 */
void dl_group_refresh_rights(struct task_group *tg)
{
	struct cgroup_subsys_state *pos;
	bool lost = false;

	lockdep_assert_held(&dl_group_mutex);

	rcu_read_lock();
	css_for_each_descendant_pre(pos, &tg->css) {
		if (!css_tg(pos)->dl_group || !css_tryget(pos))
			continue;
		rcu_read_unlock();
		dl_group_set_extra(css_tg(pos)->dl_group, dl_group_nearest(css_tg(pos)->parent));
		lost |= dl_group_set_unprivileged(css_tg(pos)->dl_group,
						  dl_group_nearest(css_tg(pos)->parent));
		cond_resched();
		rcu_read_lock();
		css_put(pos);
	}
	rcu_read_unlock();

	if (lost)
		dl_group_visit(tg, dl_group_tell, NULL);
}
