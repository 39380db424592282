/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deadline groups: hard CPU reservations for cgroups
 *
 * A cgroup that owns a reservation (Q, P) is a *capsule*. On every CPU of its
 * cpuset it has a *server*: a sched_dl_entity in dl_server mode, queued in the
 * CPU's dl_rq beside SCHED_DEADLINE tasks and the other servers. A thread that a capsule
 * serves has the class dl_group_sched_class, whatever its policy, and waits in
 * the ready queue of its capsule's server on its CPU. It runs when EDF picks
 * that server, and on no other occasion: the class itself never picks a task.
 *
 *        dl_rq (EDF) -- SCHED_DEADLINE task
 *                    -- server of capsule A -- ready: FIFO 50, OTHER, OTHER
 *                    -- server of capsule B -- ready: RR 10, IDLE
 *
 * Six rules, each with what always holds by it, and where it is kept:
 *
 * 1. Down, never out: dl_group_of(), dl_group_expel(). A thread is served by the
 *    nearest capsule that it is below, is in the scope of, and that has its CPU. Below
 *    capsules, but served by none, it is a normal thread, and counts as refused.
 *    So nobody has more reserved time than any capsule above, whatever is written below.
 * 2. Out of the kernel first: deadline_group_spill.c. A thread waits for budget only
 *    where it holds nothing; until there it is a normal thread of its cgroup, and what
 *    it takes is a debt: paid in its turn, or by the capsule of the dead and awaited.
 *    So nobody outside waits longer than for a normal thread, and nothing is for free.
 * 3. Borrowed priority, own purse: dl_group_lent_prio(). Outside, who holds an rt_mutex
 *    has the priority of the first who waits for it, if he is outside, and owes that time.
 *    What threads of capsules lend there is no more than a normal thread's priority.
 * 4. Bandwidth is an integral: deadline_group_admission.c. A budget is at most what was
 *    reserved from its beginning to its deadline; what is given back is free for others
 *    at the zero-lag time. So no sequence of changes has more than was reserved.
 * 5. Ask all, then do all: dl_group_commit_all(). A change is tried on each CPU before
 *    it is made on one. So what is refused has changed nothing; and what may not be
 *    refused (hotplug, a controller that goes) counts as refused where it did not fit.
 * 6. Bounded with interrupts off: deadline_group_migrate.c. No loop under a rq lock is
 *    over threads, capsules, or CPUs, but for words of a mask, levels of the tree, a CPU
 *    that goes, and admission. The rest is for later: many threads cost what one does.
 *
 * Lock order, outermost first:
 *
 *   cgroup_mutex
 *     cpu_hotplug_lock		read: no CPU comes or goes during admission
 *       cpuset_mutex		no cpuset and no root domain changes meanwhile
 *         dl_group_mutex		configuration: which cgroup reserves what
 *           jump_label_mutex	dl_group_used
 *           cpuset's callback_lock	reading a cgroup's CPUs
 *           dl_group_events::lock	who is told; outside of eventfds' locks
 *           irq_desc::lock		an irq's threads, to bind them
 *         task_struct::pi_lock	which class and capsule serves a thread
 *           rq->lock		servers: ready queue, runtime, parameters
 *             dl_bw->lock	admission: bandwidth of a root domain
 */
#ifndef _KERNEL_SCHED_DEADLINE_GROUP_H
#define _KERNEL_SCHED_DEADLINE_GROUP_H

#ifdef CONFIG_DEADLINE_GROUP_SCHED

#include <linux/jump_label.h>
#include <linux/sched/deadline_group.h>

extern const struct sched_class dl_group_sched_class;

/* True since the first time that a cgroup was told about reservations. */
DECLARE_STATIC_KEY_FALSE(dl_group_used);

static inline bool dl_group_enabled(void)
{
	return static_branch_unlikely(&dl_group_used);
}

/* Less is more, see dl_group_rank(): behind everybody, and before everybody. */
#define DL_GROUP_RANK_NONE	(MAX_RT_PRIO + 2)
#define DL_GROUP_RANK_TOP	(-1)

/* Nobody outside waits for what a thread holds: task_struct::dl_group_lent. */
#define DL_GROUP_LENT_NONE	S16_MAX

/* What enforcement by timer takes; an overrun is what is more than this. */
#define DL_GROUP_OVERRUN	(20 * NSEC_PER_USEC)

/**
 * struct dl_group_stat - what happened to a server; rq lock to write
 * @usage: CPU time of its threads, in ns
 * @throttled: time in which threads were ready and the budget was used up, in ns
 * @throttled_at: when it was throttled, by the rq clock; 0 if it is not
 * @max_overrun: most by which a budget was exceeded, in ns
 * @nr_periods: periods that began
 * @nr_throttled: budgets that were used up
 * @nr_overruns: budgets that were exceeded by more than DL_GROUP_OVERRUN
 * @nr_migrations: threads that came here because there was budget
 * @nr_misses: periods in which the budget could not be had in time
 * @spilled: CPU time that its threads took outside, in the kernel, in ns
 * @extra: CPU time beyond the budget that they may have, see deadline_group_extra.c
 */
struct dl_group_stat {
	u64			usage;
	u64			throttled;
	u64			throttled_at;
	u64			max_overrun;
	u64			nr_periods;
	u64			nr_throttled;
	u64			nr_overruns;
	u64			nr_migrations;
	u64			nr_misses;
	u64			spilled;
	u64			extra;
};

/* What a capsule has beyond its budget, cpu.rt_extra; the less, the lower. */
enum dl_group_extra {
	DL_GROUP_EXTRA_NONE,
	DL_GROUP_EXTRA_IDLE,
	DL_GROUP_EXTRA_FAIR,
};

/**
 * struct dl_group_params - what a capsule has, or is to have, on one CPU
 * @runtime: in ns
 * @deadline: in ns, relative
 * @period: in ns
 * @bw: density to account, at least @runtime / @deadline, in 1 << BW_SHIFT;
 *	0 takes the server out of service
 */
struct dl_group_params {
	u64			runtime;
	u64			deadline;
	u64			period;
	u64			bw;
};

/**
 * struct dl_group_server - what a capsule owns of one CPU
 * @dl_se: CBS server: (runtime, deadline) now and (Q, D, P) as admitted; rq lock
 * @group: the capsule, NULL in a CPU's lost and found; constant
 * @node: in the CPU's list of admitted servers; written under rq lock and
 *	dl_bw lock, so either of them suffices to read
 * @kick: in the CPU's list of servers to be balanced; rq lock
 * @ready: threads that are ready on this CPU, the running one included, by
 *	rank, first come first served within a rank; rq lock
 * @nr_ready: number of threads in @ready; rq lock. rq->nr_running counts
 *	them if and only if @dl_se is queued in the dl_rq.
 * @armed: the hrtick is set for the end of the budget, and right as long as
 *	threads of the capsule follow one another on the CPU; rq lock
 * @watched: threads may have to come from or go to other CPUs, so each change is
 *	looked at; rq lock
 * @idles: a thread of it runs since the CPU would be idle otherwise; rq lock
 * @users_turn: who is outside has waited in the kernel, and is not the first of all, so in
 *	extra time it is that one's turn next; rq lock
 * @beat: what a thread's rank must be less than to run here at once:
 *	DL_GROUP_RANK_TOP without budget, DL_GROUP_RANK_NONE without threads;
 *	rq lock to write, READ_ONCE() to read. Kept up to date while @watched.
 * @waits: least rank in @pushable of a thread that cannot run here, or
 *	DL_GROUP_RANK_NONE; rq lock. Kept up to date as @beat
 * @budget_us: what the capsule and all below it have here in each @deadline_us, 0 for
 *	nothing; if those below have all of it, it is not in service; dl_group_mutex
 * @deadline_us: dl_group_mutex
 * @stat: what happened
 * @inside: threads of @ready that wait for the CPU and may be in the kernel. At the head
 *	are those whom an RT thread outside waits for, then whoever has waited longest;
 *	who comes later goes to the tail; rq lock
 * @spiller: who of them is outside, see deadline_group_spill.c; rq lock
 * @spills: in the CPU's list dl_group_rq::spills; rq lock
 * @payer: who drains the budget for its debt, instead of running; @dl_se is
 *	throttled meanwhile, and its timer set; since when is in its dl_group_spilled,
 *	by the rq clock; rq lock
 * @pushable: those in @ready whose affinity has more than one CPU, by rank; rq lock
 * @cursor: in @pushable, who is to be looked at next, or NULL, see
 *	dl_group_pushable(); rq lock
 * @next: what it has from its first period after @until on, if @next.bw is not 0; rq lock
 * @until: when all that was promised to it and to those below it is theirs, see
 *	dl_group_lend(), by the rq clock; rq lock
 */
struct dl_group_server {
	struct sched_dl_entity	dl_se;
	struct dl_group		*group;
	struct hlist_node	node;
	struct list_head	kick;
	struct rb_root_cached	ready;
	unsigned int		nr_ready;
	bool			armed;
	u8			watched : 1;
	u8			idles : 1;
	u8			users_turn : 1;
	s8			beat;
	s8			waits;
	u32			budget_us;
	u32			deadline_us;
	struct dl_group_stat	stat;
	struct list_head	inside;
	struct task_struct	*spiller;
	struct list_head	spills;
	struct task_struct	*payer;
	struct rb_root_cached	pushable;
	struct rb_node		*cursor;
	struct dl_group_params	next;
	u64			until;
};

/**
 * struct dl_group_rq - what a CPU has for all capsules
 * @servers: admitted servers; written under rq lock and dl_bw lock
 * @bw: what capsules have, or have given back too early to be free, see
 *	dl_group_account(); as @servers, but READ_ONCE() to read
 * @lost: holds ready threads that came where their capsule has never had a server.
 *	Never runs; @work finds a place for them, as for those in servers that are
 *	not in service. rq lock
 * @kicked: servers whose threads may have to go to, or come from, other CPUs;
 *	rq lock
 * @work: does so at once, but without the locks of whoever noticed
 * @prev: server of the thread that __schedule() takes from the CPU; rq lock
 * @callback: balances @prev after the context switch
 * @load_start: pelt clock when a capsule's thread took the CPU from another
 *	class, and the time before that is not accounted yet, or 0; rq lock
 * @first_order: dl_group_order of the last that was put at the head of its rank; rq lock
 * @last_order: the same of the last at a tail; rq lock
 * @spills: servers with a spiller, with threads in the kernel that wait for the CPU
 *	behind others, or with threads that may have extra time; looked at by the tick,
 *	and when the CPU would be idle; rq lock
 * @dry: server without budget whose thread __schedule() takes from the CPU; rq lock
 * @spill_callback: takes one of @dry's threads outside after the context switch
 * @target: bandwidth of the capsules that are in no other; rq lock and dl_bw lock
 * @held: no more than that is in use before @until; as @target
 * @until: when all that was given back is free, by the rq clock; as @target
 * @settle: frees it
 * @idle_callback: a thread that has idle time makes way for whoever wakes up
 */
struct dl_group_rq {
	struct hlist_head	servers;
	u64			bw;
	struct dl_group_server	lost;
	struct list_head	kicked;
	struct irq_work		work;
	struct dl_group_server	*prev;
	struct balance_callback	callback;
	u64			load_start;
	s64			first_order;
	s64			last_order;
	struct list_head	spills;
	struct dl_group_server	*dry;
	struct balance_callback	spill_callback;
	u64			target;
	u64			held;
	u64			until;
	struct hrtimer		settle;
	struct balance_callback	idle_callback;
};

DECLARE_PER_CPU(struct dl_group_rq, dl_group_rqs);

/**
 * struct dl_group_spec - what a cgroup was told
 * @budget: Q in ns, 0 (no FIFO or RR thread may be here) or RUNTIME_INF (inherit)
 * @period: P in ns
 * @deadline: D in ns, or RUNTIME_INF: P
 * @cpu_budget: Q of single CPUs, RUNTIME_INF where @budget holds; or NULL
 */
struct dl_group_spec {
	u64			budget;
	u64			period;
	u64			deadline;
	u64			*cpu_budget;
};

/**
 * struct dl_group_place - a capsule on a CPU
 * @own: its server, NULL before the first reservation there; set before the CPU
 *	is added to dl_group::cpus, constant afterwards. Threads are queued there,
 *	be it in service or not, or else in the CPU's lost and found. So it is set
 *	under the rq lock while nobody is in that
 */
struct dl_group_place {
	struct dl_group_server	*own;
};

/* Bits of a number on the board, which is up to DL_GROUP_RANK_NONE + 1. */
#define DL_GROUP_PLANES	7

/**
 * struct dl_group_board - what BITS_PER_LONG CPUs of a capsule say of themselves
 * @beat: dl_group_server::beat of each, as a number: the masks of those CPUs that
 *	have bit 0, bit 1, ... of it set; written under a CPU's rq lock, read without
 * @waits: the same of dl_group_server::waits
 */
struct dl_group_board {
	unsigned long		beat[DL_GROUP_PLANES];
	unsigned long		waits[DL_GROUP_PLANES];
};

/* How many of them there are: alone, a CPU has nobody to tell. */
static inline int dl_group_boards(void)
{
	return nr_cpu_ids > 1 ? BITS_TO_LONGS(nr_cpu_ids) : 0;
}

/**
 * struct dl_group - what a cgroup was told about reservations
 * @tg: the cgroup; constant
 * @spec: its reservation; dl_group_mutex to write, READ_ONCE() to read budget
 * @rt_only: serve FIFO and RR threads only; dl_group_mutex to write,
 *	READ_ONCE() to read
 * @active: this is a capsule; dl_group_mutex to write, READ_ONCE() to read
 * @extra: cpu.rt_extra, but no more than the capsules above have; as @active
 * @unprivileged: cpu.rt_unprivileged, in the same way; as @active
 * @spans: it has more than one CPU; as @active
 * @handed_out: on some of its CPUs those below have all that it has; as @active
 * @extra_told: cpu.rt_extra; dl_group_mutex
 * @unprivileged_told: cpu.rt_unprivileged; dl_group_mutex
 * @unprivileged_lent: by who may only as long as a capsule above has it, too; dl_group_mutex
 * @fine: who tells it has CAP_SYS_NICE, so that what is kept, here and above, may be any
 *	budget, see dl_group_is_coarse(); dl_group_mutex
 * @changed: @cpus, or what it was given there, is not what it was when its threads were
 *	told; dl_group_mutex
 * @cpus: CPUs where it has a server in service; dl_group_mutex to write, to be
 *	read at any time: a CPU is added after its server was admitted, and
 *	removed before its server is taken out of service
 * @refused: writes, and new CPUs, that did not fit; dl_group_mutex
 * @events: who waits for events, NULL before anybody did; set once
 * @debt: what threads owe that died or left, paid by budgets as they begin, in ns
 * @board: what its CPUs say of themselves, dl_group_boards(); constant
 * @place: by CPU
 *
 * Lives from the first write to one of the cgroup's cpu.rt* files, opening of
 * cpu.rt_events, binding, or eventfd, to the end of the cgroup: no thread can be in a
 * capsule whose cgroup is gone.
 */
struct dl_group {
	struct task_group	*tg;
	struct dl_group_spec	spec;
	bool			rt_only;
	bool			active;
	u8			extra;
	bool			unprivileged;
	bool			spans;
	bool			handed_out;
	u8			extra_told : 2;
	u8			unprivileged_told : 1;
	u8			unprivileged_lent : 1;
	u8			fine : 1;
	u8			changed : 1;
	u64			refused;
	cpumask_var_t		cpus;
	struct dl_group_events	*events;
	atomic64_t		debt;
	struct dl_group_board	*board;
	struct dl_group_place	place[];
};

static inline struct dl_group_server *dl_group_server_of(struct sched_dl_entity *dl_se)
{
	return container_of(dl_se, struct dl_group_server, dl_se);
}

/* deadline_group.c: who is served, and by whom */
struct task_struct *dl_group_pick_task(struct sched_dl_entity *dl_se, struct rq_flags *rf);
const struct sched_class *__dl_group_class(struct task_struct *p, int prio);
void __dl_group_update_task(struct rq *rq, struct task_struct *p);
bool __dl_group_rt_forbidden(struct task_struct *p);
int __dl_group_can_fork(struct task_struct *p);
void dl_group_expel(struct rq *rq, struct task_struct *p);
void dl_group_show_task(struct task_struct *p, struct seq_file *m);

/* deadline_group_migrate.c: which CPU */
void dl_group_note(struct dl_group_server *srv);
void dl_group_kick(struct dl_group_server *srv);
bool dl_group_wants(struct dl_group_server *srv);

/* deadline_group_spill.c: who must not wait for a budget */
bool __dl_group_lends(struct task_struct *p);
void __dl_group_stops(struct task_struct *p);
void __dl_group_migrates(struct task_struct *p);
void __dl_group_tick(struct rq *rq, struct rq_flags *rf);
void __dl_group_blocks(struct rq *rq, struct task_struct *p);

/* deadline_group_extra.c: beyond the budget */
struct task_struct *dl_group_first_extra(struct rq *rq, struct dl_group_server *srv);
struct task_struct *__dl_group_pick_idle(struct rq *rq);
void dl_group_refresh_rights(struct task_group *tg);

/* deadline_group_grant.c: FIFO and RR without privilege */
bool dl_group_has_rt(struct task_struct *p, struct task_group *tg);
bool dl_group_grants(struct task_group *tg);
void dl_group_set_granted(struct rq *rq, struct task_struct *p, u8 granted);
int __dl_group_policy(const struct task_struct *p);
int dl_group_grant(struct task_struct *p, const struct sched_attr *attr, int ret,
		   bool (*is_own)(struct task_struct *p));

/* rt_throttle.c: the end of a budget */
void __dl_group_server_queued(struct dl_group_server *srv, bool queued);
bool __dl_group_server_timer(struct dl_group_server *srv);

/* deadline_group_admission.c: bandwidth */
u64 dl_group_to_bw(u64 runtime, u64 deadline);
u64 dl_group_share(u64 runtime, u64 deadline, u64 of);
u64 dl_group_to_runtime(const struct dl_group_params *of, u64 time);
u64 dl_group_to_time(const struct dl_group_params *of, u64 runtime);
s64 dl_group_carry_runtime(s64 runtime, s64 left, const struct dl_group_params *old,
			   const struct dl_group_params *new);
int dl_group_check_spec(const struct dl_group_spec *spec, const struct dl_group_spec *before);
struct dl_group_params dl_group_params_on(const struct dl_group_spec *spec, int cpu);
int dl_group_carve(struct dl_group_params *params, u64 below);
bool __dl_group_overflow(struct dl_bw *dl_b, u64 limit, int only_cpu, s64 delta);
bool __dl_group_swap_bw(struct sched_dl_entity *dl_se, u64 freed);
void __dl_group_add_bw(struct root_domain *rd, int cpu);
u64 __dl_group_cpu_bw(int cpu);
void dl_group_adopt(struct dl_group_server *srv);

/* deadline_group_stat.c: what happened */
void dl_group_show_cpu(struct seq_file *m, int cpu);

/* deadline_group_event.c: who is told */
void dl_group_notify(struct dl_group *dlg);
void dl_group_free_events(struct dl_group *dlg);

/* deadline_group_bind.c: threads of the kernel */
typedef bool (*dl_group_visit_f)(struct task_struct *p, void *arg);
bool dl_group_visit_bound(struct task_group *tg, dl_group_visit_f fn, void *arg);
void dl_group_unbind_all(struct task_group *tg);
void dl_group_exit(struct task_struct *p);

/* deadline_group_config.c: who reserves what, and where */
int __dl_group_can_attach(struct cgroup_taskset *tset);
void dl_group_css_killed(struct cgroup_subsys_state *css);
void dl_group_offline(struct task_group *tg);
void dl_group_free(struct task_group *tg);

static inline struct dl_group_rq *dl_group_rq(struct rq *rq)
{
	return per_cpu_ptr(&dl_group_rqs, cpu_of(rq));
}

/* May threads of @srv run, when EDF says so? */
static inline bool dl_group_has_budget(struct dl_group_server *srv)
{
	return srv->dl_se.dl_bw_attached && !srv->dl_se.dl_throttled;
}

static inline bool is_dl_group_server(struct sched_dl_entity *dl_se)
{
	return dl_se->server_pick_task == dl_group_pick_task;
}

/* Has no thread been picked because the budget pays a debt? Then the server is left alone. */
static inline bool dl_group_pays(struct sched_dl_entity *dl_se)
{
	return is_dl_group_server(dl_se);
}

/* A server enters (@queued) or leaves the dl_rq: so do its threads. */
static inline void dl_group_server_queued(struct sched_dl_entity *dl_se, bool queued)
{
	if (is_dl_group_server(dl_se))
		__dl_group_server_queued(dl_group_server_of(dl_se), queued);
}

/* A throttled server's period ends; true if that is all there is to do. */
static inline bool dl_group_server_timer(struct sched_dl_entity *dl_se)
{
	return is_dl_group_server(dl_se) &&
	       __dl_group_server_timer(dl_group_server_of(dl_se));
}

/*
 * The class of @p at effective priority @prio: dl_group_sched_class if a
 * capsule is to serve it, NULL if __setscheduler_class() decides.
 */
static inline const struct sched_class *dl_group_class(struct task_struct *p, int prio)
{
	return dl_group_enabled() ? __dl_group_class(p, prio) : NULL;
}

void dl_group_fork(struct task_struct *p);

/* Something decided anew which capsule, if any, serves @p: follow. */
static inline void dl_group_update_task(struct rq *rq, struct task_struct *p)
{
	if (dl_group_enabled())
		__dl_group_update_task(rq, p);
}

/* Has it changed what waiters outside lend @p, so that it is to be told? */
static inline bool dl_group_lends(struct task_struct *p)
{
	return dl_group_enabled() && __dl_group_lends(p);
}

/* @p makes way for others without going to sleep, or has had the CPU for a tick. */
static inline void dl_group_stops(struct task_struct *p)
{
	if (dl_group_enabled() && unlikely(p->dl_group_spills))
		__dl_group_stops(p);
}

/* @p goes to another CPU. */
static inline void dl_group_migrates(struct task_struct *p)
{
	if (dl_group_enabled() && unlikely(p->dl_group_slot))
		__dl_group_migrates(p);
}

/* A tick of the CPU: threads that are outside make way for others. */
static inline void dl_group_tick(struct rq *rq, struct rq_flags *rf)
{
	if (dl_group_enabled())
		__dl_group_tick(rq, rf);
}

/* Is somebody outside, or may he go on, who has no budget? He makes way at the tick. */
static inline bool dl_group_beyond_budget(struct rq *rq)
{
	return dl_group_enabled() && !list_empty(&dl_group_rq(rq)->spills);
}

/* Does a capsule serve @p? Then it comes before RT tasks, whatever its priority. */
static inline bool dl_group_task(const struct task_struct *p)
{
	return p->sched_class == &dl_group_sched_class;
}

/* The CPU would be idle: who may have that time, or NULL? */
static inline struct task_struct *dl_group_pick_idle(struct rq *rq)
{
	return dl_group_beyond_budget(rq) ? __dl_group_pick_idle(rq) : NULL;
}

/*
 * The running thread goes to sleep: if it is outside its capsule, it is no longer. Return:
 * true if balance callbacks may be left, which pick_next_task() makes needless.
 */
static inline bool dl_group_blocks(struct rq *rq, struct task_struct *p)
{
	if (likely(!p->dl_group_spills))
		return false;

	__dl_group_blocks(rq, p);
	return true;
}

/*
 * The priority in its capsule that @p was granted, see deadline_group_grant.c; 0 if it has
 * one by its policy, or none.
 */
static inline int dl_group_priority(const struct task_struct *p)
{
	return p->dl_group_granted & 0x7f;
}

/* What to tell about @p's policy. */
static inline int dl_group_policy(const struct task_struct *p)
{
	return unlikely(p->dl_group_granted) ? __dl_group_policy(p) : p->policy;
}

/* A policy is set in the ordinary way: it is all that @p, which is not queued, has. */
static inline void dl_group_ungrant(struct task_struct *p)
{
	p->dl_group_granted = 0;
}

/* Is @p in a cgroup with budget 0, that is, without FIFO and RR threads? */
static inline bool dl_group_rt_forbidden(struct task_struct *p)
{
	return dl_group_enabled() && __dl_group_rt_forbidden(p);
}

/* May @p be made in its cgroup? */
static inline int dl_group_can_fork(struct task_struct *p)
{
	return dl_group_enabled() ? __dl_group_can_fork(p) : 0;
}

/* May these threads move to the cgroups they are bound for? */
static inline int dl_group_can_attach(struct cgroup_taskset *tset)
{
	return dl_group_enabled() ? __dl_group_can_attach(tset) : 0;
}

/* Does @delta more, on that CPU or (-1) on any, overload one that has capsules? */
static inline bool dl_group_overflow(struct dl_bw *dl_b, int only_cpu, s64 delta)
{
	return dl_group_enabled() && delta > 0 &&
	       __dl_group_overflow(dl_b, dl_b->bw, only_cpu, delta);
}

/* Has a CPU given capsules more than what is to be the limit? */
static inline bool dl_group_exceeds(struct dl_bw *dl_b, u64 limit)
{
	return dl_group_enabled() && global_rt_runtime() != RUNTIME_INF &&
	       __dl_group_overflow(dl_b, limit, -1, 0);
}

/* Does a server that is no larger than what was just @freed take its place? */
static inline bool dl_group_swap_bw(struct sched_dl_entity *dl_se, u64 freed)
{
	return dl_group_enabled() && __dl_group_swap_bw(dl_se, freed);
}

/* A root domain is being rebuilt: account the capsules of @cpu to it. */
static inline void dl_group_add_bw(struct root_domain *rd, int cpu)
{
	if (dl_group_enabled())
		__dl_group_add_bw(rd, cpu);
}

/* Bandwidth that capsules own on @cpu. */
static inline u64 dl_group_cpu_bw(int cpu)
{
	return dl_group_enabled() ? __dl_group_cpu_bw(cpu) : 0;
}

#else /* !CONFIG_DEADLINE_GROUP_SCHED: */

#define dl_group_css_killed NULL
#define dl_group_exit NULL

static inline const struct sched_class *dl_group_class(struct task_struct *p, int prio)
{
	return NULL;
}

static inline void dl_group_fork(struct task_struct *p) { }
static inline void dl_group_update_task(struct rq *rq, struct task_struct *p) { }
static inline bool dl_group_lends(struct task_struct *p) { return false; }
/* A macro, as __schedule() comes out another one with an inline function, even an empty one. */
#define dl_group_stops(p)	((void)(p))
#define dl_group_migrates(p)	((void)(p))
static inline void dl_group_tick(struct rq *rq, struct rq_flags *rf) { }
static inline bool dl_group_beyond_budget(struct rq *rq) { return false; }
static inline struct task_struct *dl_group_pick_idle(struct rq *rq) { return NULL; }
static inline bool dl_group_task(const struct task_struct *p) { return false; }
static inline bool dl_group_blocks(struct rq *rq, struct task_struct *p) { return false; }
static inline int dl_group_grant(struct task_struct *p, const struct sched_attr *attr, int ret,
				 bool (*is_own)(struct task_struct *p))
{
	return ret;
}

static inline int dl_group_priority(const struct task_struct *p) { return 0; }
static inline int dl_group_policy(const struct task_struct *p) { return p->policy; }
static inline void dl_group_ungrant(struct task_struct *p) { }
static inline bool dl_group_rt_forbidden(struct task_struct *p) { return false; }
static inline int dl_group_can_fork(struct task_struct *p) { return 0; }
static inline int dl_group_can_attach(struct cgroup_taskset *tset) { return 0; }
static inline void dl_group_show_task(struct task_struct *p, struct seq_file *m) { }
static inline void dl_group_show_cpu(struct seq_file *m, int cpu) { }
static inline void dl_group_server_queued(struct sched_dl_entity *dl_se, bool queued) { }
static inline bool dl_group_pays(struct sched_dl_entity *dl_se) { return false; }
static inline bool dl_group_server_timer(struct sched_dl_entity *dl_se) { return false; }
static inline bool dl_group_overflow(struct dl_bw *dl_b, int only_cpu, s64 delta) { return false; }
static inline bool dl_group_exceeds(struct dl_bw *dl_b, u64 limit) { return false; }
static inline bool dl_group_swap_bw(struct sched_dl_entity *dl_se, u64 freed) { return false; }
static inline void dl_group_add_bw(struct root_domain *rd, int cpu) { }
static inline u64 dl_group_cpu_bw(int cpu) { return 0; }
static inline void dl_group_offline(struct task_group *tg) { }
static inline void dl_group_free(struct task_group *tg) { }

#endif /* !CONFIG_DEADLINE_GROUP_SCHED */
#endif /* _KERNEL_SCHED_DEADLINE_GROUP_H */
