// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: admission
 *
 * A server serves one CPU, so what it reserves must fit on that CPU:
 *
 *	servers of the CPU + SCHED_DEADLINE of its root domain <= limit
 *
 * where the servers are those of capsules, each with its density Q / D, and of
 * the fair and ext classes, and the limit is kernel.sched_rt_{runtime,period}_us.
 * SCHED_DEADLINE tasks migrate and may all be on one CPU at a time, so all of
 * them count on every CPU that has capsules. CPUs without a capsule, and the sum
 * over the root domain, are judged as ever in __dl_overflow().
 *
 * With that the demand of a CPU never exceeds what EDF can serve: what a server
 * may ask for with deadlines within any t is at most [2]
 *
 *	(floor((t - D) / P) + 1) Q <= t Q / D	for t >= D, and 0 for t < D
 *
 * and if that adds up to at most t for all t, EDF meets all deadlines [1, 2].
 * This is sufficient. It is necessary, too, where all have D = P.
 *
 * Bandwidth is rounded up when it is claimed and down when it is handed out,
 * so that many small errors never add up to more than a CPU.
 *
 * [1] C. L. Liu and J. W. Layland. Scheduling algorithms for multiprogramming
 *     in a hard-real-time environment. J. ACM 20(1), 1973, theorem 7; for the
 *     CBS as a task of this theorem: L. Abeni and G. Buttazzo. Integrating
 *     multimedia applications in hard real-time systems. RTSS 1998, section 3.
 * [2] S. K. Baruah, A. K. Mok and L. E. Rosier. Preemptively scheduling
 *     hard-real-time sporadic tasks on one processor. RTSS 1990, section 3.
 */

/**
 * dl_group_to_bw() - bandwidth that a reservation claims
 * @runtime: in ns, below 1 << 44
 * @period: in ns, not 0
 *
 * Return: @runtime / @period in units of 1 / (1 << BW_SHIFT), rounded up
 */
u64 dl_group_to_bw(u64 runtime, u64 period)
{
	return DIV64_U64_ROUND_UP(runtime << BW_SHIFT, period);
}

/**
 * dl_group_to_runtime() - runtime that a bandwidth is good for
 * @bw: in units of 1 / (1 << BW_SHIFT), at most 1
 * @period: in ns, below 1 << 44
 *
 * Return: runtime for each @period, in ns, rounded down
 */
u64 dl_group_to_runtime(u64 bw, u64 period)
{
	return (bw * period) >> BW_SHIFT;
}

/**
 * dl_group_carry_runtime() - what remains of a budget when its size changes
 * @runtime: what remains now, in ns
 * @left: time to the deadline, in ns
 * @bw: bandwidth from now on
 *
 * The new budget begins with the next period, which begins when it would have.
 * Until then the server can use no more than its new bandwidth allows, and never
 * more than it had: rewriting a budget over and over must not refill it.
 *
 * Return: runtime that can be used until the deadline, in ns
 */
s64 dl_group_carry_runtime(s64 runtime, s64 left, u64 bw)
{
	if (runtime <= 0)
		return runtime;

	return left > 0 ? min_t(s64, runtime, dl_group_to_runtime(bw, left)) : 0;
}

/**
 * dl_group_accrued() - what a reservation is good for in part of its period
 * @runtime: in ns, below 1 << 44
 * @period: in ns, or 0 for no reservation
 * @elapsed: in ns, below 1 << 44
 *
 * Return: in ns, rounded down
 */
u64 dl_group_accrued(u64 runtime, u64 period, u64 elapsed)
{
	return period ? mul_u64_u64_div_u64(runtime, elapsed, period) : 0;
}

/* The shortest budget: less is not worth the two context switches. */
#define DL_GROUP_MIN_RUNTIME	(10 * NSEC_PER_USEC)

static bool dl_group_is_budget(u64 budget, u64 deadline)
{
	return budget >= DL_GROUP_MIN_RUNTIME && budget <= deadline;
}

/**
 * dl_group_check_spec() - is this a reservation at all?
 * @spec: what a cgroup is to be told
 *
 * Return: 0, or -EINVAL
 */
int dl_group_check_spec(const struct dl_group_spec *spec)
{
	u64 deadline = min(spec->deadline, spec->period);
	int cpu;

	if (spec->period < (u64)READ_ONCE(sysctl_sched_dl_period_min) * NSEC_PER_USEC ||
	    spec->period > (u64)READ_ONCE(sysctl_sched_dl_period_max) * NSEC_PER_USEC)
		return -EINVAL;

	if (spec->deadline != RUNTIME_INF &&
	    (spec->deadline > spec->period || spec->deadline < DL_GROUP_MIN_RUNTIME))
		return -EINVAL;

	for (cpu = 0; spec->cpu_budget && cpu < nr_cpu_ids; cpu++) {
		if (spec->cpu_budget[cpu] != RUNTIME_INF &&
		    !dl_group_is_budget(spec->cpu_budget[cpu], deadline))
			return -EINVAL;
	}

	if (!spec->budget || spec->budget == RUNTIME_INF)
		return 0;

	return dl_group_is_budget(spec->budget, deadline) ? 0 : -EINVAL;
}

/*
 * What an owner without CAP_SYS_NICE may have: its threads take locks of the kernel,
 * and who waits for one that has no priority inheritance waits for as many periods as
 * it takes budgets to do what is done with the lock held.
 */
#define DL_GROUP_OWNER_RUNTIME	(200 * NSEC_PER_USEC)
#define DL_GROUP_OWNER_PERIOD	NSEC_PER_SEC

/**
 * dl_group_is_harmless() - may anybody have this reservation, below a capsule?
 * @spec: a reservation, checked, whose budget is neither 0 nor RUNTIME_INF
 *
 * Return: true if he may; CAP_SYS_NICE may have any
 */
static bool dl_group_is_harmless(const struct dl_group_spec *spec)
{
	int cpu;

	for (cpu = 0; spec->cpu_budget && cpu < nr_cpu_ids; cpu++) {
		if (spec->cpu_budget[cpu] < DL_GROUP_OWNER_RUNTIME)
			return false;
	}

	return spec->budget >= DL_GROUP_OWNER_RUNTIME && spec->period <= DL_GROUP_OWNER_PERIOD;
}

/**
 * dl_group_params_on() - what a reservation means on a CPU
 * @spec: the reservation, checked
 * @cpu: the CPU
 *
 * Return: parameters of a server with all of it
 */
struct dl_group_params dl_group_params_on(const struct dl_group_spec *spec, int cpu)
{
	u64 deadline = min(spec->deadline, spec->period);
	u64 budget = spec->budget;

	if (spec->cpu_budget && spec->cpu_budget[cpu] != RUNTIME_INF)
		budget = spec->cpu_budget[cpu];

	return (struct dl_group_params){
		.runtime = budget,
		.deadline = deadline,
		.period = spec->period,
		.bw = dl_group_to_bw(budget, deadline),
	};
}

/**
 * dl_group_carve() - what a capsule keeps when those below it have their part
 * @params: all of it; on return what is kept, at the same deadline and period
 * @below: bandwidth of the nearest capsules below
 *
 * Return: 0, or -EBUSY if there is not enough. Threads without any time could
 *	not even be killed, so something must be kept.
 */
int dl_group_carve(struct dl_group_params *params, u64 below)
{
	if (params->bw < below)
		return -EBUSY;

	if (below) {
		params->bw -= below;
		params->runtime = dl_group_to_runtime(params->bw, params->deadline);
	}

	return params->runtime < DL_GROUP_MIN_RUNTIME ? -EBUSY : 0;
}

u64 __dl_group_cpu_bw(int cpu)
{
	return READ_ONCE(per_cpu(dl_group_rqs, cpu).bw);
}

/*
 * Bandwidth of the SCHED_DEADLINE tasks of a root domain. A CPU that comes online
 * is in the default one, which has no sum of its servers, until they are rebuilt.
 */
static u64 dl_group_tasks_bw(struct root_domain *rd)
{
	s64 bw = rd->dl_bw.total_bw;
	int cpu;

	lockdep_assert_held(&rd->dl_bw.lock);

	for_each_cpu_and(cpu, rd->span, cpu_active_mask)
		bw -= dl_server_read_bw(cpu);

	return max(bw, 0LL);
}

/* Is a CPU with capsules overbooked with @tasks of SCHED_DEADLINE on it? */
static bool dl_group_overbooked(struct dl_bw *dl_b, int cpu, s64 tasks)
{
	return __dl_group_cpu_bw(cpu) && dl_b->bw < dl_server_read_bw(cpu) + tasks;
}

/**
 * __dl_group_overflow() - is a CPU with capsules overbooked?
 * @dl_b: the root domain's bandwidth
 * @only_cpu: where @delta is to be, for a server; or -1: tasks may be on any CPU
 * @delta: bandwidth to be added
 *
 * Tasks must leave room on CPUs that are offline as well, as these may come back.
 *
 * Context: dl_bw lock held
 */
bool __dl_group_overflow(struct dl_bw *dl_b, int only_cpu, s64 delta)
{
	struct root_domain *rd = container_of(dl_b, struct root_domain, dl_bw);
	s64 tasks = dl_group_tasks_bw(rd) + delta;
	int cpu;

	if (only_cpu >= 0)
		return dl_group_overbooked(dl_b, only_cpu, tasks);

	for_each_possible_cpu(cpu) {
		if ((cpumask_test_cpu(cpu, rd->span) || !cpu_active(cpu)) &&
		    dl_group_overbooked(dl_b, cpu, tasks))
			return true;
	}

	return false;
}

/**
 * __dl_group_swap_bw() - a server takes the place of another on its CPU
 * @dl_se: the fair or ext server, detached
 * @freed: bandwidth that the other has just given back
 *
 * What is no larger fits. While a CPU goes offline, the sums have its servers for
 * as long as an RCU grace period, but the capacity does not have the CPU: asked,
 * they may refuse.
 *
 * Context: rq lock and dl_bw lock held
 * Return: whether @dl_se is attached now; if not, it needs more than that
 */
bool __dl_group_swap_bw(struct sched_dl_entity *dl_se, u64 freed)
{
	struct rq *rq = dl_se->rq;

	lockdep_assert_rq_held(rq);
	lockdep_assert_held(&rq->rd->dl_bw.lock);

	if (dl_se->dl_bw > freed)
		return false;

	if (cpu_active(cpu_of(rq)))
		__dl_add(&rq->rd->dl_bw, dl_se->dl_bw, dl_bw_cpus(cpu_of(rq)));

	__add_rq_bw(dl_se->dl_bw, &rq->dl);
	dl_se->dl_bw_attached = 1;

	return true;
}

/* The limit, which the default root domain may not have heard of. */
static u64 dl_group_limit(void)
{
	return global_rt_runtime() == RUNTIME_INF ? (u64)S64_MAX :
	       to_ratio(global_rt_period(), global_rt_runtime());
}

/*
 * What more of servers a CPU could take, in 1 << BW_SHIFT; negative if it is
 * overbooked. In a root domain of unequal CPUs that may be less than the CPU has.
 */
static s64 dl_group_cpu_free(struct rq *rq)
{
	struct dl_bw *dl_b = &rq->rd->dl_bw;
	int cpu = cpu_of(rq);
	s64 free;

	lockdep_assert_held(&dl_b->lock);

	if (dl_b->bw == -1)
		return S64_MAX;

	free = dl_group_limit() - dl_server_read_bw(cpu);
	if (!cpu_active(cpu))
		return free;

	free -= dl_group_tasks_bw(rq->rd);
	return min_t(s64, free, cap_scale(dl_b->bw, dl_bw_capacity(cpu)) - dl_b->total_bw);
}

/**
 * __dl_group_add_bw() - account a CPU's capsules to its root domain
 * @rd: the root domain, being rebuilt, its sums just cleared
 * @cpu: a CPU of it
 *
 * Context: dl_bw lock held
 */
void __dl_group_add_bw(struct root_domain *rd, int cpu)
{
	lockdep_assert_held(&rd->dl_bw.lock);

	if (cpu_active(cpu))
		__dl_add(&rd->dl_bw, __dl_group_cpu_bw(cpu), dl_bw_cpus(cpu));
}

/* Move the sums of a CPU and its root domain from the old bandwidth to @bw. */
static void dl_group_account(struct dl_group_server *srv, u64 bw)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct rq *rq = dl_se->rq;
	int cpus = dl_bw_cpus(cpu_of(rq));
	u64 *sum = &dl_group_rq(rq)->bw;

	WRITE_ONCE(*sum, *sum + bw - dl_se->dl_bw);

	/* An inactive CPU is not in its root domain's sum, see __dl_group_add_bw(). */
	if (cpu_active(cpu_of(rq))) {
		__dl_sub(&rq->rd->dl_bw, dl_se->dl_bw, cpus);
		__dl_add(&rq->rd->dl_bw, bw, cpus);
	}

	__sub_running_bw(dl_se->dl_bw, &rq->dl);
	__sub_rq_bw(dl_se->dl_bw, &rq->dl);
	__add_rq_bw(bw, &rq->dl);
	__add_running_bw(bw, &rq->dl);

	dl_se->dl_bw = bw;
	dl_se->dl_bw_attached = !!bw;
	dl_se->dl_server_active = !!bw;
}

/* Take a server into service: threads may have been waiting for it. */
static void dl_group_attach_server(struct dl_group_server *srv, u64 bw)
{
	struct rq *rq = srv->dl_se.rq;

	dl_group_account(srv, bw);
	hlist_add_head(&srv->node, &dl_group_rq(rq)->servers);
	if (srv->nr_ready)
		__dl_group_start(srv);
}

/* Take it out of service. Threads that are still here will be taken elsewhere. */
static void dl_group_detach_server(struct dl_group_server *srv)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct rq *rq = dl_se->rq;

	__dequeue_dl_entity(dl_se);
	dl_group_unthrottled(srv);
	/* dl_group_start() will find runtime and deadline as they are. */
	hrtimer_try_to_cancel(&dl_se->dl_timer);
	dl_se->dl_throttled = 0;
	dl_group_account(srv, 0);
	hlist_del_init(&srv->node);
	list_del_init(&srv->spills);
	srv->payer = NULL;
	srv->watched = true;

	if (srv->nr_ready) {
		dl_group_kick(srv);
		resched_curr(rq);
	}
}

/* The deadline of a server that may be queued by it. */
static void dl_group_set_deadline(struct sched_dl_entity *dl_se, u64 deadline)
{
	bool queued = on_dl_rq(dl_se);

	if (dl_se->deadline == deadline)
		return;

	if (queued)
		__dequeue_dl_entity(dl_se);
	dl_se->deadline = deadline;
	if (queued)
		__enqueue_dl_entity(dl_se);
}

/*
 * @srv is to have @new. Bandwidth passes between a capsule and those below it as
 * often as their owner likes, so a budget must be backed by what was reserved in
 * the period before it: else one could be had from each of them in turn. What is
 * missing is owed.
 */
static void dl_group_owe(struct dl_group_server *srv, const struct dl_group_params *new)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	u64 runtime = dl_se->dl_bw_attached ? dl_se->dl_runtime : 0;
	s64 period = new->bw ? new->period : dl_se->dl_period;
	s64 elapsed, left = dl_next_period(dl_se) - rq_clock(dl_se->rq);

	lockdep_assert_rq_held(dl_se->rq);

	/* Debts were paid by what it did not use, and what was too much is void. */
	if (left <= 0 && !on_dl_rq(dl_se)) {
		srv->owed -= dl_group_accrued(runtime, dl_se->dl_period,
					      min_t(u64, -left, dl_se->dl_period));
		srv->owed = max(srv->owed, 0);
		dl_se->deadline -= left;
	}

	elapsed = period - clamp(left, 0, period);
	srv->owed += dl_group_accrued(new->runtime, new->period, elapsed) -
		     dl_group_accrued(runtime, dl_se->dl_period, elapsed);
	srv->owed = clamp(srv->owed, -period, (s64)new->runtime);
}

static void dl_group_apply(struct dl_group_server *srv, const struct dl_group_params *new)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	u64 next_period = dl_next_period(dl_se);
	struct rq *rq = dl_se->rq;
	bool attached = dl_se->dl_bw_attached;

	lockdep_assert_rq_held(rq);
	lockdep_assert_held(&rq->rd->dl_bw.lock);

	if (!new->bw) {
		if (attached)
			dl_group_detach_server(srv);
		dl_group_note(srv);
		return;
	}

	dl_se->dl_runtime = new->runtime;
	dl_se->dl_deadline = new->deadline;
	dl_se->dl_period = new->period;
	dl_se->dl_density = new->bw;
	dl_group_set_deadline(dl_se, next_period - new->period + new->deadline);
	dl_se->runtime = dl_group_carry_runtime(dl_se->runtime,
						dl_se->deadline - rq_clock(rq), new->bw);
	if (attached)
		dl_group_account(srv, new->bw);
	else
		dl_group_attach_server(srv, new->bw);

	/* If one of its threads runs, the timer was set for the old budget. */
	srv->armed = false;
	if (on_dl_rq(dl_se))
		resched_curr(rq);
	dl_group_note(srv);
	if (srv->watched)
		dl_group_kick(srv);
}

/**
 * dl_group_commit_cpu() - change reservations on one CPU, if they fit
 * @srv: a server
 * @new: what it is to have
 * @parent: the server that @srv is carved out of, or NULL
 * @rest: what @parent is to have
 * @force: do not ask whether it fits; for going back to what was
 *
 * Both change at once, so nobody can take what one gives the other.
 *
 * Return: 0, or -EBUSY with nothing changed
 */
static int dl_group_commit_cpu(struct dl_group_server *srv, const struct dl_group_params *new,
			       struct dl_group_server *parent, const struct dl_group_params *rest,
			       bool force)
{
	struct rq *rq = srv->dl_se.rq;
	s64 delta;

	guard(rq_lock_irqsave)(rq);
	update_rq_clock(rq);
	rq->donor->sched_class->update_curr(rq);

	guard(raw_spinlock)(&rq->rd->dl_bw.lock);

	delta = new->bw - srv->dl_se.dl_bw;
	if (parent)
		delta += rest->bw - parent->dl_se.dl_bw;
	if (!force && delta > 0 && delta > dl_group_cpu_free(rq))
		return -EBUSY;

	if (parent) {
		dl_group_owe(parent, rest);
		dl_group_owe(srv, new);
		dl_group_apply(parent, rest);
	}
	dl_group_apply(srv, new);
	return 0;
}
