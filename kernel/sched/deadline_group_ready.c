// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: the ready threads of a capsule on a CPU, in their order
 */

DEFINE_PER_CPU(struct dl_group_rq, dl_group_rqs);

/* Where @p is queued: in its capsule's server, or in the lost and found of the CPU. */
static struct dl_group_server *dl_group_server(struct rq *rq, struct task_struct *p)
{
	lockdep_assert_rq_held(rq);
	return p->dl_group->place[cpu_of(rq)].own ?: &dl_group_rq(rq)->lost;
}

/*
 * Does @p have the turn, see dl_group_begin_turn()? A thread of a capsule is in no
 * list of rt.c, so that the word that says so is free.
 */
static bool dl_group_has_turn(const struct task_struct *p)
{
	return p->rt.on_list;
}

static void dl_group_set_turn(struct task_struct *p, bool turn)
{
	p->rt.on_list = turn;
}

/*
 * Position in the capsule, less is more: FIFO and RR threads by priority,
 * below them all others, last SCHED_IDLE; but before everybody who has the turn.
 */
static int dl_group_rank(const struct task_struct *p)
{
	if (unlikely(dl_group_has_turn(p)))
		return DL_GROUP_RANK_TOP;
	if (rt_prio(p->prio))
		return p->prio;

	return MAX_RT_PRIO + idle_policy(p->policy);
}

#define __node_2_dlg(node) \
	rb_entry((node), struct task_struct, dl_group_node)

static bool dl_group_before(struct rb_node *a, const struct rb_node *b)
{
	return dl_group_rank(__node_2_dlg(a)) < dl_group_rank(__node_2_dlg(b));
}

static bool dl_group_not_after(struct rb_node *a, const struct rb_node *b)
{
	return dl_group_rank(__node_2_dlg(a)) <= dl_group_rank(__node_2_dlg(b));
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

/* Queue @p as the last, or as the first (@head), of its rank. */
static void dl_group_insert(struct dl_group_server *srv, struct task_struct *p, bool head)
{
	dl_group_list(srv, p);
	if (head)
		rb_add_cached(&p->dl_group_node, &srv->ready, dl_group_not_after);
	else
		rb_add_cached(&p->dl_group_node, &srv->ready, dl_group_before);
}

static void dl_group_erase(struct dl_group_server *srv, struct task_struct *p)
{
	rb_erase_cached(&p->dl_group_node, &srv->ready);
	RB_CLEAR_NODE(&p->dl_group_node);
	dl_group_unlist(srv, p);
	dl_group_set_turn(p, false);
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

static int dl_group_rank_cmp(const void *rank, const struct rb_node *node)
{
	return *(const int *)rank - dl_group_rank(__node_2_dlg(node));
}

static struct rb_node *dl_group_first_of(struct dl_group_server *srv, int rank)
{
	return rb_find_first(&rank, &srv->ready.rb_root, dl_group_rank_cmp);
}

/*
 * Who, without being a FIFO or RR thread, waits until those before it are done? If
 * SCHED_IDLE threads and others do, they are named by turns.
 */
static struct task_struct *dl_group_passed_over(struct dl_group_server *srv)
{
	int first = dl_group_rank(dl_group_first(srv));
	int last = dl_group_rank(__node_2_dlg(rb_last(&srv->ready.rb_root)));
	struct rb_node *node = NULL;

	if (last < MAX_RT_PRIO || last == first)
		return NULL;

	if (last > MAX_RT_PRIO && first < MAX_RT_PRIO && srv->idle_last)
		node = dl_group_first_of(srv, MAX_RT_PRIO);

	return __node_2_dlg(node ?: dl_group_first_of(srv, last));
}

/*
 * A budget begins. FIFO and RR threads that are never done use up all there is, and
 * the others would wait for ever, with whatever locks of the kernel they hold. As
 * in the whole machine, where there is the fair server, they get 5 % at least: of
 * DL_GROUP_TURN budgets in a row one thread that waits may be the first in one,
 * until that is used up or the thread sleeps. So may a SCHED_IDLE thread if others
 * are never done.
 *
 *	budget		1	2	...	19	20	21	...
 *	FIFO 10, busy	runs	runs		runs	-	runs
 *	OTHER, busy	-	-		-	runs	-
 */
static void dl_group_begin_turn(struct dl_group_server *srv)
{
	struct task_struct *p = dl_group_passed_over(srv);

	lockdep_assert_rq_held(srv->dl_se.rq);

	if (!p)
		srv->nr_passed = 0;
	if (!p || ++srv->nr_passed < DL_GROUP_TURN)
		return;

	srv->nr_passed = 0;
	srv->idle_last = idle_policy(p->policy);
	dl_group_erase(srv, p);
	dl_group_set_turn(p, true);
	dl_group_insert(srv, p, true);
}

/* A budget has ended, and so has the turn of who had it. */
static void dl_group_end_turn(struct dl_group_server *srv)
{
	struct task_struct *p = dl_group_first(srv);

	lockdep_assert_rq_held(srv->dl_se.rq);

	if (p && unlikely(dl_group_has_turn(p)))
		dl_group_to_tail(srv, p);
}
