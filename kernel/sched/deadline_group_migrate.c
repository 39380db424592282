// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: which CPU a capsule's thread runs on
 *
 * The m highest-priority ready threads of a capsule are to run on the m CPUs
 * where it has budget. As in rt.c, this is kept up by placing a thread that
 * wakes up where it can run, by pushing ready threads that cannot run to CPUs
 * where they can, and by pulling them when a CPU could run a better one than it
 * has. What differs is what "can run" means: that the capsule has budget on the
 * CPU, and that none of its own threads of the same or a higher priority is
 * there. What other capsules do on that CPU is for EDF to decide.
 *
 * Each server says in two words, to be read without its rq lock, whom it would
 * run (dl_group_server::beat) and whom it cannot run (::waits):
 *
 *	capsule on 3 CPUs	beat		waits
 *	CPU 0: throttled, FIFO 50 ready	nobody	FIFO 50
 *	CPU 1: runs FIFO 20, OTHER ready	> FIFO 20	OTHER
 *	CPU 2: nobody ready		anybody	-
 *
 * Here CPU 0 pushes FIFO 50 to CPU 2. If CPU 2 were throttled, FIFO 50 would go
 * to CPU 1 and take the place of FIFO 20. So looking for a place costs a look at
 * each CPU of the capsule, however many the machine has, and two rq locks are
 * taken only where there is something to move.
 *
 * The end of a budget, and a thread going to sleep, are followed by a context
 * switch, which ends with a balance callback: dl_group_put_prev(). All else is
 * left to an irq_work on the CPU concerned: dl_group_kick().
 */

/**
 * dl_group_note() - tell other CPUs whom a server runs and whom it cannot run
 * @srv: a server whose threads, or whose budget, have changed
 *
 * Context: rq lock held
 */
void dl_group_note(struct dl_group_server *srv)
{
	lockdep_assert_rq_held(srv->dl_se.rq);

	if (dl_group_has_budget(srv)) {
		WRITE_ONCE(srv->beat, dl_group_rank_or_none(dl_group_first(srv)));
		WRITE_ONCE(srv->waits, dl_group_rank_or_none(dl_group_second(srv)));
	} else {
		WRITE_ONCE(srv->beat, DL_GROUP_RANK_TOP);
		WRITE_ONCE(srv->waits, dl_group_rank_or_none(dl_group_first(srv)));
	}
}

/* Could @p be moved to another CPU? */
static bool dl_group_movable(struct rq *rq, struct task_struct *p)
{
	return p->nr_cpus_allowed > 1 && !is_migration_disabled(p) && !task_on_cpu(rq, p);
}

/* A CPU where @p would run at once, preferably an idle one, or -1. */
static int dl_group_find_cpu(struct task_struct *p, int from)
{
	struct dl_group *dlg = p->dl_group;
	int rank = dl_group_rank(p);
	int cpu, best = -1, best_beat = rank;

	for_each_cpu_wrap(cpu, dlg->cpus, from) {
		int beat = READ_ONCE(dlg->place[cpu].own->beat);

		if (beat < best_beat || beat <= rank ||
		    !cpu_active(cpu) || !cpumask_test_cpu(cpu, p->cpus_ptr))
			continue;
		if (beat == best_beat && !available_idle_cpu(cpu))
			continue;
		best = cpu;
		best_beat = beat;
		if (beat == DL_GROUP_RANK_NONE && available_idle_cpu(cpu))
			break;
	}

	return best;
}

/* Any CPU where @p's capsule has a server, or -1. */
static int dl_group_any_cpu(struct task_struct *p)
{
	int cpu;

	for_each_cpu_and(cpu, p->dl_group->cpus, p->cpus_ptr) {
		if (cpu_active(cpu))
			return cpu;
	}

	return -1;
}

/*
 * A thread wakes up: where it was, if it can run there at once, or else where
 * it can, or else where it was.
 */
static int select_task_rq_dl_group(struct task_struct *p, int cpu, int flags)
{
	struct dl_group *dlg = p->dl_group;
	bool here = cpumask_test_cpu(cpu, dlg->cpus);
	int other;

	if (here && (!READ_ONCE(dlg->spans) || (flags & WF_EXEC) ||
		     READ_ONCE(dlg->place[cpu].own->beat) > dl_group_rank(p)))
		return cpu;

	other = dl_group_find_cpu(p, cpu);
	if (other < 0 && !here)
		other = dl_group_any_cpu(p);

	return other < 0 ? cpu : other;
}

/* Move @p, which is ready and does not run, if @srv would run it. */
static bool dl_group_move(struct rq *rq, struct task_struct *p, struct dl_group_server *srv)
{
	struct rq *to = srv->dl_se.rq;

	lockdep_assert_rq_held(rq);
	lockdep_assert_rq_held(to);

	if (!dl_group_has_budget(srv) || !dl_group_movable(rq, p) ||
	    !cpumask_test_cpu(cpu_of(to), p->cpus_ptr) || !cpu_active(cpu_of(to)) ||
	    dl_group_rank(p) >= dl_group_rank_or_none(dl_group_first(srv)))
		return false;

	trace_dl_group_migrate(srv, p, cpu_of(rq));
	srv->stat.nr_migrations++;
	move_queued_task_locked(rq, to, p);
	return true;
}

/* Of those who cannot run here, the first who could run elsewhere, and where. */
static struct task_struct *dl_group_pushable(struct dl_group_server *srv, int *cpu)
{
	struct rq *rq = srv->dl_se.rq;
	struct rb_node *node = rb_first_cached(&srv->ready);

	if (node && dl_group_has_budget(srv))
		node = rb_next(node);

	for (; node; node = rb_next(node)) {
		struct task_struct *p = __node_2_dlg(node);

		if (!dl_group_movable(rq, p))
			continue;
		*cpu = dl_group_find_cpu(p, cpu_of(rq));
		if (*cpu >= 0)
			return p;
		/* Who comes after a thread that may go anywhere fares no better. */
		if (cpumask_subset(srv->group->cpus, p->cpus_ptr))
			break;
	}

	return NULL;
}

static bool dl_group_push(struct rq *rq, struct dl_group_server *srv)
{
	struct dl_group_server *other;
	struct task_struct *p;
	bool moved = false;
	int cpu, again;

	p = dl_group_pushable(srv, &cpu);
	if (!p)
		return false;

	other = srv->group->place[cpu].own;
	/* This may drop the rq lock, and @p may do as it likes meanwhile. */
	double_lock_balance(rq, other->dl_se.rq);
	if (dl_group_pushable(srv, &again) == p && again == cpu)
		moved = dl_group_move(rq, p, other);
	double_unlock_balance(rq, other->dl_se.rq);

	return moved;
}

/* Of those who cannot run on @from, the first who can run on @srv's CPU. */
static struct task_struct *dl_group_pullable(struct dl_group_server *from,
					     struct dl_group_server *srv)
{
	struct rb_node *node = rb_first_cached(&from->ready);

	if (node && dl_group_has_budget(from))
		node = rb_next(node);

	for (; node; node = rb_next(node)) {
		struct task_struct *p = __node_2_dlg(node);

		if (dl_group_movable(from->dl_se.rq, p) &&
		    cpumask_test_cpu(cpu_of(srv->dl_se.rq), p->cpus_ptr))
			return p;
	}

	return NULL;
}

/* Does a thread of the capsule wait elsewhere that this CPU would rather run? */
bool dl_group_wants(struct dl_group_server *srv)
{
	struct dl_group *dlg = srv->group;
	int cpu, rank = dl_group_rank_or_none(dl_group_first(srv));

	if (!dl_group_has_budget(srv))
		return false;

	for_each_cpu(cpu, dlg->cpus) {
		if (READ_ONCE(dlg->place[cpu].own->waits) < rank && dlg->place[cpu].own != srv)
			return true;
	}

	return false;
}

static void dl_group_pull(struct rq *rq, struct dl_group_server *srv)
{
	struct dl_group *dlg = srv->group;
	int cpu;

	for_each_cpu_wrap(cpu, dlg->cpus, cpu_of(rq)) {
		struct dl_group_server *from = dlg->place[cpu].own;
		struct rq *from_rq = from->dl_se.rq;
		struct task_struct *p;

		if (from == srv || READ_ONCE(from->waits) >= READ_ONCE(srv->beat))
			continue;

		double_lock_balance(rq, from_rq);
		p = dl_group_pullable(from, srv);
		if (p)
			dl_group_move(from_rq, p, srv);
		double_unlock_balance(rq, from_rq);
	}
}

/* Move who cannot run here to where he can, and get who waits elsewhere. */
static void dl_group_balance(struct rq *rq, struct dl_group_server *srv)
{
	lockdep_assert_rq_held(rq);

	if (!READ_ONCE(srv->group->spans) || !cpu_active(cpu_of(rq)))
		return;

	while (dl_group_push(rq, srv))
		;
	if (dl_group_wants(srv))
		dl_group_pull(rq, srv);
}

static void dl_group_balance_prev(struct rq *rq)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);
	struct dl_group_server *srv = dgrq->prev;

	dgrq->prev = NULL;
	dl_group_balance(rq, srv);
}

/* __schedule() takes a thread of @srv, watched, from the CPU: is there more to be done? */
static void dl_group_put_prev(struct rq *rq, struct dl_group_server *srv)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);

	if (!srv->group) {
		dl_group_kick(srv);
		return;
	}

	if (srv->waits == DL_GROUP_RANK_NONE && !dl_group_wants(srv))
		return;

	dgrq->prev = srv;
	queue_balance_callback(rq, &dgrq->callback, dl_group_balance_prev);
}

/**
 * dl_group_kick() - have a server's threads balanced as soon as possible
 * @srv: a server, or the lost and found of a CPU
 *
 * Context: rq lock held; the CPU need not be the own one
 */
void dl_group_kick(struct dl_group_server *srv)
{
	struct rq *rq = srv->dl_se.rq;

	lockdep_assert_rq_held(rq);

	if (!cpu_online(cpu_of(rq)))
		return;
	if (list_empty(&srv->kick))
		list_add_tail(&srv->kick, &dl_group_rq(rq)->kicked);
	irq_work_queue_on(&dl_group_rq(rq)->work, cpu_of(rq));
}

/* A watched server: @p became ready, perhaps where it cannot run although it could elsewhere. */
static void dl_group_queued(struct rq *rq, struct dl_group_server *srv, struct task_struct *p)
{
	if (!srv->group) {
		dl_group_kick(srv);
		return;
	}

	dl_group_note(srv);
	if (srv->waits != DL_GROUP_RANK_NONE && !task_current_donor(rq, p) &&
	    dl_group_find_cpu(p, cpu_of(rq)) >= 0)
		dl_group_kick(srv);
}

/* A watched server: @p is no longer ready, and the CPU may be free for somebody else. */
static void dl_group_dequeued(struct rq *rq, struct dl_group_server *srv, struct task_struct *p)
{
	if (!srv->group)
		return;

	dl_group_note(srv);
	/* Of a running thread, dl_group_put_prev() takes care. */
	if (!task_current_donor(rq, p) && dl_group_wants(srv))
		dl_group_kick(srv);
}

static struct dl_group_server *dl_group_next_kicked(struct dl_group_rq *dgrq)
{
	struct dl_group_server *srv;

	srv = list_first_entry_or_null(&dgrq->kicked, struct dl_group_server, kick);
	if (srv)
		list_del_init(&srv->kick);

	return srv;
}

/* One of the lost threads that does not run, referenced, or NULL. */
static struct task_struct *dl_group_next_lost(struct rq *rq)
{
	struct rb_node *node = rb_first_cached(&dl_group_rq(rq)->lost.ready);

	for (; node; node = rb_next(node)) {
		struct task_struct *p = __node_2_dlg(node);

		if (task_on_cpu(rq, p))
			resched_curr(rq);
		else
			return get_task_struct(p);
	}

	return NULL;
}

static bool dl_group_is_lost(struct rq *rq, struct task_struct *p)
{
	return task_rq(p) == rq && task_on_rq_queued(p) &&
	       p->sched_class == &dl_group_sched_class &&
	       dl_group_server(rq, p) == &dl_group_rq(rq)->lost;
}

/*
 * @p is ready on a CPU where its capsule has no server. Take it to one where it
 * has, or, if @p may run on none of them, let it leave the capsule.
 */
static void __dl_group_rescue(struct rq *rq, struct task_struct *p)
{
	int cpu = dl_group_movable(rq, p) ? dl_group_any_cpu(p) : -1;
	struct rq *to;

	if (cpu < 0 || WARN_ON_ONCE(cpu == cpu_of(rq))) {
		dl_group_expel(rq, p);
		return;
	}

	to = cpu_rq(cpu);

	double_lock_balance(rq, to);
	/* Its pi_lock is held, but it may have been pushed or pulled meanwhile. */
	if (dl_group_is_lost(rq, p) && dl_group_movable(rq, p))
		move_queued_task_locked(rq, to, p);
	double_unlock_balance(rq, to);
}

static void dl_group_rescue(struct task_struct *p)
{
	CLASS(task_rq_lock, guard)(p);
	struct rq *rq = guard.rq;

	update_rq_clock(rq);
	dl_group_update_task(rq, p);
	if (dl_group_is_lost(rq, p) && !task_on_cpu(rq, p)) {
		rq_unpin_lock(rq, &guard.rf);
		__dl_group_rescue(rq, p);
		rq_repin_lock(rq, &guard.rf);
	}
	__balance_callbacks(rq, &guard.rf);
}

/* On the CPU itself, so that none of the threads looked at is on its way. */
static void dl_group_workfn(struct irq_work *work)
{
	struct dl_group_rq *dgrq = container_of(work, struct dl_group_rq, work);
	struct rq *rq = this_rq();
	struct dl_group_server *srv;
	struct task_struct *p;

	/* Balancing may drop the lock in between, so it must not be pinned. */
	raw_spin_rq_lock(rq);
	update_rq_clock(rq);
	while ((srv = dl_group_next_kicked(dgrq))) {
		if (!srv->group)
			continue;
		dl_group_balance(rq, srv);
		dl_group_spill_turn(rq, srv);
	}
	raw_spin_rq_unlock(rq);

	for (;;) {
		scoped_guard (rq_lock, rq)
			p = dl_group_next_lost(rq);
		if (!p)
			break;
		dl_group_rescue(p);
		put_task_struct(p);
	}
}

/*
 * @srv is in service from now on, or no longer: fetch its threads from the lost
 * and found, or give them there.
 */
static void dl_group_rehouse(struct dl_group_server *from, struct dl_group_server *to,
			     struct dl_group *dlg)
{
	struct rb_node *node, *next;

	lockdep_assert_rq_held(from->dl_se.rq);

	from->payer = NULL;
	for (node = rb_first_cached(&from->ready); node; node = next) {
		struct task_struct *p = __node_2_dlg(node);

		next = rb_next(node);
		if (p->dl_group != dlg)
			continue;
		dl_group_erase(from, p);
		from->nr_ready--;
		dl_group_insert(to, p, false);
		to->nr_ready++;
	}
}

static void __init dl_group_init_rq(struct rq *rq)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);

	INIT_LIST_HEAD(&dgrq->kicked);
	INIT_LIST_HEAD(&dgrq->spills);
	INIT_LIST_HEAD(&dgrq->lost.inside);
	INIT_LIST_HEAD(&dgrq->lost.spills);
	INIT_LIST_HEAD(&dgrq->lost.kick);
	dgrq->lost.dl_se.rq = rq;
	dgrq->lost.watched = true;
	/* Nobody may start it. */
	dgrq->lost.dl_se.dl_throttled = 1;
	dgrq->lost.ready = RB_ROOT_CACHED;
	dgrq->work = IRQ_WORK_INIT_HARD(dl_group_workfn);
	RB_CLEAR_NODE(&dgrq->lost.dl_se.rb_node);
}
