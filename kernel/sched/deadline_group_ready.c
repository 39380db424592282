// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: the ready threads of a capsule on a CPU, in their order
 */

#include <linux/resume_user_mode.h>

DEFINE_PER_CPU(struct dl_group_rq, dl_group_rqs);

/* Where @p is queued: in its capsule's server, or in the lost and found of the CPU. */
static struct dl_group_server *dl_group_server(struct rq *rq, struct task_struct *p)
{
	lockdep_assert_rq_held(rq);
	return p->dl_group->place[cpu_of(rq)].own ?: &dl_group_rq(rq)->lost;
}

/*
 * Position in the capsule, less is more: FIFO and RR threads by priority,
 * below them all others, last SCHED_IDLE.
 */
static int dl_group_rank_at(const struct task_struct *p, int prio)
{
	int rank = rt_prio(prio) ? prio : MAX_RT_PRIO + idle_policy(p->policy);

	/* See deadline_group_grant.c. */
	if (unlikely(p->dl_group_granted))
		rank = min(rank, MAX_RT_PRIO - 1 - dl_group_priority(p));

	return rank;
}

/* That of a thread that is queued, or has just been. */
static int dl_group_rank(const struct task_struct *p)
{
	return p->dl_group_rank;
}

static void dl_group_set_rank(struct task_struct *p)
{
	p->dl_group_rank = dl_group_rank_at(p, p->prio);
}

#define __node_2_dlg(node) \
	rb_entry((node), struct task_struct, dl_group_node)

static bool dl_group_before(struct rb_node *a, const struct rb_node *b)
{
	const struct task_struct *p = __node_2_dlg(a), *q = __node_2_dlg(b);
	int rank = dl_group_rank(p), other = dl_group_rank(q);

	return rank < other || (rank == other && p->dl_group_order < q->dl_group_order);
}

/* Does somebody outside wait for what @p holds? See deadline_group_spill.c. */
static bool dl_group_awaited(const struct task_struct *p)
{
	return p->dl_group_lent != DL_GROUP_LENT_NONE;
}

/* And is that one more than a normal thread, which can wait for @p's turn? */
static bool dl_group_urgent(const struct task_struct *p)
{
	return rt_or_dl_prio(p->dl_group_lent);
}

static struct task_struct *dl_group_first_inside(struct dl_group_server *srv)
{
	return list_first_entry_or_null(&srv->inside, struct task_struct, dl_group_wait);
}

/*
 * @p, which is ready, waits for the CPU, and may be in the kernel. It may have been
 * waiting already, with another policy, elsewhere, or in another capsule.
 */
static void dl_group_wait_inside(struct dl_group_server *srv, struct task_struct *p)
{
	struct task_struct *first = dl_group_first_inside(srv);

	lockdep_assert_rq_held(srv->dl_se.rq);

	if (p->dl_group_boundary)
		return;
	if (first && (dl_group_urgent(p) ||
		      (!dl_group_urgent(first) &&
		       time_before(p->dl_group_since, first->dl_group_since))))
		list_add(&p->dl_group_wait, &srv->inside);
	else
		list_add_tail(&p->dl_group_wait, &srv->inside);
}

/* A thread of a capsule is not in deadline.c's tree, so that its node is free. */
#define __node_2_pushable(node) \
	rb_entry((node), struct task_struct, pushable_dl_tasks)

static bool dl_group_pushable_before(struct rb_node *a, const struct rb_node *b)
{
	return dl_group_rank(__node_2_pushable(a)) < dl_group_rank(__node_2_pushable(b));
}

/* @p is among those that can run elsewhere, too. */
static void dl_group_list(struct dl_group_server *srv, struct task_struct *p)
{
	if (p->nr_cpus_allowed > 1)
		rb_add_cached(&p->pushable_dl_tasks, &srv->pushable, dl_group_pushable_before);
}

static void dl_group_unlist(struct dl_group_server *srv, struct task_struct *p)
{
	struct rb_node *node = &p->pushable_dl_tasks;

	if (RB_EMPTY_NODE(node))
		return;
	if (srv->cursor == node)
		srv->cursor = rb_next(node);
	rb_erase_cached(node, &srv->pushable);
	RB_CLEAR_NODE(node);
}

/*
 * Queue @p as the last, or as the first (@head), of its rank; or where it was, if it
 * returns from outside.
 */
static void dl_group_insert(struct dl_group_server *srv, struct task_struct *p, bool head)
{
	struct dl_group_rq *dgrq = dl_group_rq(srv->dl_se.rq);

	lockdep_assert_rq_held(srv->dl_se.rq);

	dl_group_set_rank(p);
	dl_group_list(srv, p);
	if (!p->dl_group_returns)
		p->dl_group_order = head ? --dgrq->first_order : ++dgrq->last_order;
	rb_add_cached(&p->dl_group_node, &srv->ready, dl_group_before);
	if (!task_current_donor(srv->dl_se.rq, p))
		dl_group_wait_inside(srv, p);
}

static void dl_group_erase(struct dl_group_server *srv, struct task_struct *p)
{
	rb_erase_cached(&p->dl_group_node, &srv->ready);
	RB_CLEAR_NODE(&p->dl_group_node);
	dl_group_unlist(srv, p);
	/* Who runs is not there: spare it the writes. */
	if (!list_empty(&p->dl_group_wait))
		list_del_init(&p->dl_group_wait);
}

static void dl_group_to_tail(struct dl_group_server *srv, struct task_struct *p)
{
	dl_group_erase(srv, p);
	dl_group_insert(srv, p, false);
}

/*
 * Does a dequeue or enqueue with @flags only save and restore @p, so that it
 * keeps its place among its equals? Compare rt.c: move_entity().
 */
static bool dl_group_keeps_place(int flags)
{
	return (flags & (DEQUEUE_SAVE | DEQUEUE_MOVE | DEQUEUE_CLASS)) == DEQUEUE_SAVE;
}

/*
 * @p kept its place over a change that left its priority alone, but that may
 * have turned it into a SCHED_IDLE thread or back: is it still in order?
 */
static bool dl_group_misplaced(struct task_struct *p)
{
	struct rb_node *prev = rb_prev(&p->dl_group_node);
	struct rb_node *next = rb_next(&p->dl_group_node);

	return (prev && dl_group_before(&p->dl_group_node, prev)) ||
	       (next && dl_group_before(next, &p->dl_group_node));
}

static struct task_struct *dl_group_first(struct dl_group_server *srv)
{
	struct rb_node *node = rb_first_cached(&srv->ready);

	return node ? __node_2_dlg(node) : NULL;
}

static int dl_group_rank_or_none(struct task_struct *p)
{
	return p ? dl_group_rank(p) : DL_GROUP_RANK_NONE;
}

/*
 * A thread may have changed its class: rt.c and deadline.c push and pull. In an interrupt
 * there is nothing to be done for an outgoing CPU: __schedule() pushes what runs there.
 */
static void dl_group_balance_callbacks(struct rq *rq, struct rq_flags *rf)
{
	if (rq->balance_callback != &balance_push_callback)
		__balance_callbacks(rq, rf);
}

/* The next tick is to look at @srv: somebody is outside, or may have to go. */
static void dl_group_list_spills(struct dl_group_rq *dgrq, struct dl_group_server *srv)
{
	if (!list_empty(&srv->spills))
		return;

	list_add_tail(&srv->spills, &dgrq->spills);
	sched_update_tick_dependency(srv->dl_se.rq);
}

/* What the capsule has beyond its budget. */
static enum dl_group_extra dl_group_extra(struct dl_group_server *srv)
{
	return srv->group ? READ_ONCE(srv->group->extra) : DL_GROUP_EXTRA_NONE;
}

/* May threads go on outside in user mode, too? Not while one pays: then there is budget. */
static bool dl_group_is_fair(struct dl_group_server *srv)
{
	return dl_group_extra(srv) == DL_GROUP_EXTRA_FAIR && !srv->payer;
}

/* Does a thread wait that may have extra time? */
static bool dl_group_wants_extra(struct dl_group_server *srv)
{
	return (dl_group_is_fair(srv) || dl_group_extra(srv) == DL_GROUP_EXTRA_IDLE) &&
	       srv->nr_ready && srv->dl_se.dl_bw_attached && !dl_group_has_budget(srv);
}

/* How long @p may run before an equal takes its turn; 0: as long as it likes. */
static u64 dl_group_slice(struct task_struct *p)
{
	if (p->policy == SCHED_FIFO || unlikely(dl_group_policy(p) == SCHED_FIFO))
		return 0;
	if (dl_group_policy(p) == SCHED_RR)
		return jiffies_to_nsecs(sched_rr_timeslice);

	return sysctl_sched_base_slice;
}

/* The priority that @p, who is outside, has in its capsule. */
static int dl_group_inside_rank(struct task_struct *p)
{
	return dl_group_rank_at(p, rt_effective_prio(p, p->normal_prio));
}

/* @p is ready: is it better than the one who is outside by cpu.rt_extra? */
static bool dl_group_beats_spiller(struct dl_group_server *srv, struct task_struct *p,
				   struct task_struct *spiller)
{
	return dl_group_is_fair(srv) && dl_group_rank(p) < dl_group_inside_rank(spiller);
}

/* Would the CPU be idle, but for @srv, which may have that time? */
static bool dl_group_has_idle_cpu(struct rq *rq, struct dl_group_server *srv)
{
	return dl_group_extra(srv) == DL_GROUP_EXTRA_IDLE && !rq->nr_running &&
	       (rq->donor == rq->idle || rq->donor->dl_group == srv->group);
}

/* @p, who runs, has had the time of an idle CPU. What it owes it has to pay as before. */
static noinline void dl_group_idle_ends(struct dl_group_server *srv, struct task_struct *p)
{
	srv->idles = false;
	if (p->dl_group_debt)
		set_notify_resume(p);
}

/* The same, but @next may be another thread of @srv that goes on with that. */
static noinline void dl_group_put_idle(struct rq *rq, struct dl_group_server *srv,
				       struct task_struct *p, struct task_struct *next)
{
	bool idles = next->sched_class == &dl_group_sched_class &&
		     dl_group_server(rq, next) == srv;

	dl_group_idle_ends(srv, p);
	srv->idles = idles;
}
