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
 * Each server says in two words whom it would run (dl_group_server::beat) and who
 * waits there but could go elsewhere (::waits):
 *
 *	capsule on 3 CPUs	beat		waits
 *	CPU 0: throttled, FIFO 50 ready	nobody	FIFO 50
 *	CPU 1: runs FIFO 20, OTHER ready	> FIFO 20	OTHER
 *	CPU 2: nobody ready		anybody	-
 *
 * Here CPU 0 pushes FIFO 50 to CPU 2. If CPU 2 were throttled, FIFO 50 would go
 * to CPU 1 and take the place of FIFO 20.
 *
 * Both words of all CPUs are on the capsule's board, which is read without a lock,
 * 64 CPUs at a time: dl_group_most(). So looking for a place, or for a thread, costs
 * two cache lines for 64 CPUs, and two rq locks are taken only where there is
 * something to move. Of those who wait with an affinity of their own no more than
 * DL_GROUP_LOOKS are looked at in a row, and no more than DL_GROUP_MOVES are moved:
 * the next ones have their turn at the next occasion, a tick later at the latest,
 * or, where there is no budget, when there is. So the time with interrupts off
 * depends neither on the number of threads nor on that of capsules.
 *
 * Nobody is forgotten: who writes one word of a CPU reads the other one of all CPUs
 * afterwards, with a full barrier in between. If a thread begins to wait while another
 * CPU begins to offer, at least one of the two sees the other, and moves the thread
 * (Documentation/litmus-tests/sched/dl-group-board*.litmus). What is read may be old, or
 * a mixture of old and new, so it is a hint: locks are taken before anything is moved.
 *
 * The end of a budget, and a thread going to sleep, are followed by a context
 * switch, which ends with a balance callback: dl_group_put_prev(). All else is
 * left to an irq_work on the CPU concerned: dl_group_kick().
 */

/* No more threads of a server, or idle CPUs, than this are looked at in a row, */
#define DL_GROUP_LOOKS	8
/* and no more threads moved, CPUs asked, and servers balanced than this. */
#define DL_GROUP_MOVES	4

/* The first who waits on @srv's CPU, and could go elsewhere. */
static struct task_struct *dl_group_first_waiting(struct dl_group_server *srv)
{
	struct rb_node *node = rb_first_cached(&srv->pushable);

	if (node && dl_group_has_budget(srv) && __node_2_pushable(node) == dl_group_first(srv))
		node = rb_next(node);

	return node ? __node_2_pushable(node) : NULL;
}

/* The numbers on the board, both more for who shall be found first. */
static int dl_group_offer(int beat)
{
	return beat + 1;
}

static int dl_group_urgency(int waits)
{
	return DL_GROUP_RANK_NONE - waits;
}

/* @cpu's number was @old, and is @new. Its rq lock is held, so nobody else changes it. */
static void dl_group_post(unsigned long *plane, int cpu, int old, int new)
{
	unsigned long bit, changed = old ^ new;

	for_each_set_bit(bit, &changed, DL_GROUP_PLANES)
		assign_bit(cpu % BITS_PER_LONG, &plane[bit], new & BIT(bit));
}

/* Those of @cpus that have the largest number, which is returned in @most. */
static unsigned long dl_group_most(const unsigned long *plane, unsigned long cpus, int *most)
{
	int bit = DL_GROUP_PLANES;

	for (*most = 0; bit--;) {
		unsigned long with = cpus & READ_ONCE(plane[bit]);

		if (with) {
			cpus = with;
			*most |= BIT(bit);
		}
	}

	return cpus;
}

/**
 * dl_group_note() - tell other CPUs whom a server runs and who waits there
 * @srv: a server whose threads, or whose budget, have changed
 *
 * The caller looks at the board afterwards: at dl_group_wants() if @srv offers
 * more than it did, and for a place for who waits.
 *
 * Context: rq lock held
 */
void dl_group_note(struct dl_group_server *srv)
{
	int cpu = cpu_of(srv->dl_se.rq);
	struct dl_group_board *board;
	int waits = dl_group_rank_or_none(dl_group_first_waiting(srv));
	int beat = DL_GROUP_RANK_TOP;

	lockdep_assert_rq_held(srv->dl_se.rq);

	if (!srv->group)
		return;
	if (dl_group_has_budget(srv))
		beat = dl_group_rank_or_none(dl_group_first(srv));

	if (beat == srv->beat && waits == srv->waits)
		return;

	if (nr_cpu_ids == 1)
		return;

	board = &srv->group->board[cpu / BITS_PER_LONG];
	dl_group_post(board->beat, cpu, dl_group_offer(srv->beat), dl_group_offer(beat));
	dl_group_post(board->waits, cpu, dl_group_urgency(srv->waits), dl_group_urgency(waits));
	/* Pairs with itself on another CPU: one of the two sees what the other has posted. */
	smp_mb__after_atomic();
	WRITE_ONCE(srv->beat, beat);
	srv->waits = waits;
}

/* Could @p be moved to another CPU? */
static bool dl_group_movable(struct rq *rq, struct task_struct *p)
{
	return p->nr_cpus_allowed > 1 && !is_migration_disabled(p) && !task_on_cpu(rq, p);
}

/* One of @cpus, from @from on, preferably an idle one. */
static int dl_group_idlest(int word, unsigned long cpus, int from, bool *idle)
{
	int looks = DL_GROUP_LOOKS, best = -1;
	unsigned long bit;

	*idle = false;
	for_each_set_bit_wrap(bit, &cpus, BITS_PER_LONG, from % BITS_PER_LONG) {
		int cpu = word * BITS_PER_LONG + bit;

		*idle = available_idle_cpu(cpu);
		if (best < 0 || *idle)
			best = cpu;
		if (*idle || !--looks)
			break;
	}

	return best;
}

/* A CPU where @p, with @rank, would run at once, preferably an idle one, or -1. */
static int dl_group_find_cpu(struct task_struct *p, int rank, int from)
{
	struct dl_group *dlg = p->dl_group;
	int words = dl_group_boards(), first = from / BITS_PER_LONG, i;
	int best = -1, least = 2 * dl_group_offer(rank) + 1;

	for (i = 0; i < words; i++) {
		int cpu, offer, word = (first + i) % words;
		unsigned long cpus;
		bool idle;

		cpus = cpumask_bits(dlg->cpus)[word] & cpumask_bits(p->cpus_ptr)[word] &
		       cpumask_bits(cpu_active_mask)[word];
		cpus = dl_group_most(dlg->board[word].beat, cpus, &offer);
		if (2 * offer + 1 <= least)
			continue;
		cpu = dl_group_idlest(word, cpus, from, &idle);
		if (2 * offer + idle <= least)
			continue;
		best = cpu;
		least = 2 * offer + idle;
	}

	return best;
}

/* Any CPU where @p's capsule has a server, or -1. */
static int dl_group_any_cpu(struct task_struct *p)
{
	int cpu = cpumask_first_and_and(p->dl_group->cpus, p->cpus_ptr, cpu_active_mask);

	return cpu < nr_cpu_ids ? cpu : -1;
}

/*
 * A thread wakes up: where it was, if it can run there at once, or else where
 * it can, or else where it was.
 */
static int select_task_rq_dl_group(struct task_struct *p, int cpu, int flags)
{
	struct dl_group *dlg = p->dl_group;
	bool here = cpumask_test_cpu(cpu, dlg->cpus);
	int other, rank;

	if (here && (!READ_ONCE(dlg->spans) || (flags & WF_EXEC)))
		return cpu;

	rank = dl_group_rank_at(p, p->prio);
	if (here && READ_ONCE(dlg->place[cpu].own->beat) > rank)
		return cpu;

	other = dl_group_find_cpu(p, rank, cpu);
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

/*
 * One of those who cannot run on @srv's CPU but could run on @to or, if that is -1,
 * on another one, which is returned in @cpu: the first, or one of the next after those
 * who were looked at before.
 */
static struct task_struct *dl_group_pushable(struct dl_group_server *srv, int to, int *cpu)
{
	struct task_struct *p = dl_group_first_waiting(srv);
	struct rb_node *node = p ? &p->pushable_dl_tasks : NULL;
	struct rb_node *next = srv->cursor;
	struct rq *rq = srv->dl_se.rq;
	int looks = DL_GROUP_LOOKS;

	for (; node && looks--; node = next) {
		p = __node_2_pushable(node);
		if (!next || next == node)
			next = rb_next(node);

		if (!dl_group_movable(rq, p) ||
		    (p == dl_group_first(srv) && dl_group_has_budget(srv)))
			continue;
		*cpu = to < 0 ? dl_group_find_cpu(p, dl_group_rank(p), cpu_of(rq)) : to;
		if (*cpu >= 0 && cpumask_test_cpu(*cpu, p->cpus_ptr))
			return p;
		/* Who comes after a thread that may go anywhere fares no better. */
		if (cpumask_subset(srv->group->cpus, p->cpus_ptr))
			next = NULL;
	}

	srv->cursor = node;
	return NULL;
}

/* Return: was somebody moved, or has something changed, so that it is worth another look? */
static bool dl_group_push(struct rq *rq, struct dl_group_server *srv)
{
	struct dl_group_server *other;
	struct task_struct *p;
	bool more = true;
	int cpu, again;

	p = dl_group_pushable(srv, -1, &cpu);
	if (!p)
		return false;

	other = srv->group->place[cpu].own;
	/* This may drop the rq lock, and @p may do as it likes meanwhile. */
	double_lock_balance(rq, other->dl_se.rq);
	if (dl_group_pushable(srv, -1, &again) == p && again == cpu)
		more = dl_group_move(rq, p, other);
	double_unlock_balance(rq, other->dl_se.rq);

	return more;
}

/*
 * Where do threads of the capsule wait, but on the @nr CPUs @asked, that @srv would
 * rather run? The CPU where the first of them does, or -1.
 */
static int dl_group_find_waiting(struct dl_group_server *srv, const int *asked, int nr)
{
	struct dl_group *dlg = srv->group;
	int least = dl_group_urgency(dl_group_rank_or_none(dl_group_first(srv)));
	int best = -1, word, urgency, i;

	if (!dl_group_has_budget(srv))
		return -1;

	for (word = 0; word < dl_group_boards(); word++) {
		unsigned long cpus = ~0UL;

		for (i = 0; i < nr; i++) {
			if (asked[i] / BITS_PER_LONG == word)
				cpus &= ~BIT(asked[i] % BITS_PER_LONG);
		}
		cpus = dl_group_most(dlg->board[word].waits, cpus, &urgency);
		if (urgency > least) {
			best = word * BITS_PER_LONG + __ffs(cpus);
			least = urgency;
		}
	}

	return best;
}

/* Does a thread of the capsule wait elsewhere that this CPU would rather run? */
bool dl_group_wants(struct dl_group_server *srv)
{
	int cpu = cpu_of(srv->dl_se.rq);

	return dl_group_find_waiting(srv, &cpu, 1) >= 0;
}

static void dl_group_pull(struct rq *rq, struct dl_group_server *srv)
{
	int asked[1 + DL_GROUP_MOVES] = { cpu_of(rq) }, nr, cpu;

	for (nr = 1; nr <= DL_GROUP_MOVES; nr++) {
		struct dl_group_server *from;
		struct task_struct *p;

		cpu = dl_group_find_waiting(srv, asked, nr);
		if (cpu < 0)
			break;
		asked[nr] = cpu;
		from = srv->group->place[cpu].own;
		double_lock_balance(rq, from->dl_se.rq);
		p = dl_group_pushable(from, cpu_of(rq), &cpu);
		if (p)
			dl_group_move(from->dl_se.rq, p, srv);
		double_unlock_balance(rq, from->dl_se.rq);
	}
}

/* Move who cannot run here to where he can, and get who waits elsewhere. */
static void dl_group_balance(struct rq *rq, struct dl_group_server *srv)
{
	int moves = DL_GROUP_MOVES;

	lockdep_assert_rq_held(rq);

	if (!READ_ONCE(srv->group->spans) || !cpu_active(cpu_of(rq)))
		return;

	while (moves && dl_group_push(rq, srv))
		moves--;
	if (!moves)
		dl_group_kick(srv);
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
static noinline void dl_group_put_prev(struct rq *rq, struct dl_group_server *srv)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);

	if (!srv->dl_se.dl_bw_attached) {
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
	dl_group_note(srv);
	if (!srv->dl_se.dl_bw_attached ||
	    (srv->waits != DL_GROUP_RANK_NONE && !task_current_donor(rq, p) &&
	     dl_group_find_cpu(p, dl_group_rank(p), cpu_of(rq)) >= 0) || dl_group_wants(srv))
		dl_group_kick(srv);
}

/* A watched server: @p is no longer ready, and the CPU may be free for somebody else. */
static void dl_group_dequeued(struct rq *rq, struct dl_group_server *srv, struct task_struct *p)
{
	dl_group_note(srv);
	/* Of a running thread, dl_group_put_prev() takes care. */
	if (!task_current_donor(rq, p) && dl_group_wants(srv))
		dl_group_kick(srv);
}

static void set_cpus_allowed_dl_group(struct task_struct *p, struct affinity_context *ctx)
{
	struct rq *rq = task_rq(p);
	struct dl_group_server *srv;

	set_cpus_allowed_common(p, ctx);
	if (RB_EMPTY_NODE(&p->dl_group_node))
		return;

	srv = dl_group_server(rq, p);
	dl_group_unlist(srv, p);
	dl_group_list(srv, p);
	if (srv->watched)
		dl_group_queued(rq, srv, p);
}

/*
 * One of the threads of @srv, which is not in service, that does not run, referenced.
 * If there is none, whoever runs makes dl_group_put_prev() ask again.
 */
static struct task_struct *dl_group_next_homeless(struct rq *rq, struct dl_group_server *srv)
{
	struct rb_node *node = rb_first_cached(&srv->ready);

	for (; node; node = rb_next(node)) {
		struct task_struct *p = __node_2_dlg(node);

		if (!task_on_cpu(rq, p)) {
			dl_group_kick(srv);
			return get_task_struct(p);
		}
		resched_curr(rq);
	}

	return NULL;
}

static bool dl_group_is_homeless(struct rq *rq, struct task_struct *p)
{
	return task_rq(p) == rq && task_on_rq_queued(p) &&
	       p->sched_class == &dl_group_sched_class &&
	       !dl_group_server(rq, p)->dl_se.dl_bw_attached;
}

/*
 * @p is ready on a CPU where its capsule has no server in service. Take it to one
 * where it has, or, if it may run on none of them, let it leave the capsule.
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
	if (dl_group_is_homeless(rq, p) && dl_group_movable(rq, p))
		move_queued_task_locked(rq, to, p);
	double_unlock_balance(rq, to);
}

static void dl_group_rescue(struct task_struct *p)
{
	CLASS(task_rq_lock, guard)(p);
	struct rq *rq = guard.rq;

	update_rq_clock(rq);
	dl_group_update_task(rq, p);
	if (dl_group_is_homeless(rq, p) && !task_on_cpu(rq, p)) {
		rq_unpin_lock(rq, &guard.rf);
		__dl_group_rescue(rq, p);
		rq_repin_lock(rq, &guard.rf);
	}
	dl_group_balance_callbacks(rq, &guard.rf);
}

/*
 * Balance a server, or rescue one thread of one that is not in service. On the CPU
 * itself, so that none of the threads looked at is on its way. Return: is there more?
 */
static bool dl_group_work_once(struct rq *rq)
{
	struct list_head *kicked = &dl_group_rq(rq)->kicked;
	struct task_struct *p = NULL;
	struct dl_group_server *srv;
	bool more;

	/* Balancing may drop the lock in between, so it must not be pinned. */
	raw_spin_rq_lock(rq);
	update_rq_clock(rq);
	srv = list_first_entry_or_null(kicked, struct dl_group_server, kick);
	if (srv) {
		list_del_init(&srv->kick);
		if (srv->dl_se.dl_bw_attached) {
			dl_group_spill_turn(rq, srv);
			/* Balancing may drop the lock: no callback may be left by then. */
			dl_group_balance_callbacks(rq, NULL);
			update_rq_clock(rq);
			dl_group_balance(rq, srv);
			/* Somebody went elsewhere, or did not, whom another one has waited for. */
			update_rq_clock(rq);
			dl_group_spill_next(rq, srv);
		} else {
			p = dl_group_next_homeless(rq, srv);
		}
	}
	more = !list_empty(kicked);
	dl_group_balance_callbacks(rq, NULL);
	raw_spin_rq_unlock(rq);

	if (p) {
		dl_group_rescue(p);
		put_task_struct(p);
	}

	return more;
}

/* What is left has an interrupt of its own. */
static void dl_group_workfn(struct irq_work *work)
{
	int moves = DL_GROUP_MOVES;

	while (dl_group_work_once(this_rq())) {
		if (!--moves) {
			irq_work_queue(work);
			break;
		}
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
	dgrq->lost.ready = RB_ROOT_CACHED;
	dgrq->lost.pushable = RB_ROOT_CACHED;
	dgrq->work = IRQ_WORK_INIT_HARD(dl_group_workfn);
	RB_CLEAR_NODE(&dgrq->lost.dl_se.rb_node);
}
