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
 * What a reservation claims is counted in parts of what it is carved out of,
 * dl_group_share(): of a CPU in 1 << BW_SHIFT, rounded up, so that many small errors never
 * add up to more than there is; and of a capsule in time of its budget, with so many
 * binary digits below a ns that it is their sum which is rounded up. So all of a budget
 * can be handed out: 20/100 and 5/25 ms are 40 of 40/100, and 10/90 three times is 10/30.
 *
 * Reservations change, and each must be able to rely on what all others had when
 * they changed. Let u(t) be what a server has of the CPU at time t. The rule:
 *
 *	a budget that begins at r with the deadline d is at most the integral of u
 *	from r to d, and the budgets of a server do not overlap in time.
 *
 * If the u of all servers of a CPU add up to no more than 1 at any time, then what is
 * both to be started and to be finished in any [a, b] is no more than b - a, and EDF
 * is in time, whatever changes, and however often. And in any [a, b] a server has no
 * more than the integral of its u, and the budgets of the periods in which a and b
 * are. So:
 *
 *   - A server that has used more than its u is good for up to now, its period not
 *     being over, or that owes something, still needs its u: until its zero-lag
 *     time, see dl_group_zero_lag(). What it gives back is free for others then.
 *   - What remains of its budget is worth no more than what u will be until d.
 *   - Who gets something that is not free yet begins when it is, and has until then
 *     what he had before.
 *
 * When that is, is kept for each capsule and those below it, and for those that are
 * in no capsule for the CPU: as one time, until which all that was given back is
 * taken not to be free. An owner who changes his mind waits for himself.
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
 * @deadline: in ns, not 0
 *
 * Return: @runtime / @deadline in units of 1 / (1 << BW_SHIFT), rounded up
 */
u64 dl_group_to_bw(u64 runtime, u64 deadline)
{
	return mul_u64_u64_div_u64_roundup(runtime, BW_UNIT, deadline);
}

/* How many binary digits a part of a capsule's budget has below a ns. */
#define DL_GROUP_SHARE_SHIFT	16

/**
 * dl_group_share() - what a reservation takes of what it is carved out of
 * @runtime: in ns, below 1 << 44
 * @deadline: in ns, at least @runtime, not 0
 * @of: the deadline of the capsule above, in ns, below 1 << 44; 0: of a CPU
 *
 * Return: in 1 / (1 << DL_GROUP_SHARE_SHIFT) ns of the budget of the capsule above, rounded
 *	down: for less than that many capsules, their sum is right to a ns. Or what
 *	dl_group_to_bw() says
 */
u64 dl_group_share(u64 runtime, u64 deadline, u64 of)
{
	return of ? mul_u64_u64_div_u64(runtime, of << DL_GROUP_SHARE_SHIFT, deadline) :
		    dl_group_to_bw(runtime, deadline);
}

/**
 * dl_group_to_runtime() - runtime that a reservation is good for in some time
 * @of: the reservation
 * @time: in ns, below 1 << 44
 *
 * Return: in ns, rounded down
 */
u64 dl_group_to_runtime(const struct dl_group_params *of, u64 time)
{
	return mul_u64_u64_div_u64(of->runtime, time, of->deadline);
}

/**
 * dl_group_to_time() - how long it takes a reservation to be good for a runtime
 * @of: the reservation, not nothing
 * @runtime: in ns, below 1 << 44
 *
 * Return: in ns, rounded down
 */
u64 dl_group_to_time(const struct dl_group_params *of, u64 runtime)
{
	return mul_u64_u64_div_u64(runtime, of->deadline, of->runtime);
}

/* Is @params no larger a part of a CPU than @of? */
static bool dl_group_is_within(const struct dl_group_params *params,
			       const struct dl_group_params *of)
{
	return dl_group_to_runtime(of, params->deadline) >= params->runtime;
}

/**
 * dl_group_carry_runtime() - what remains of a budget when the reservation changes
 * @runtime: what remains now, in ns
 * @left: time to the deadline, in ns
 * @old: the reservation until now
 * @new: the reservation from now on
 *
 * What was used is paid at the old bandwidth, be it by the time to come: @runtime is
 * what that is good for from then on. The next period begins when it would have.
 *
 * Return: runtime that can be used until the deadline, in ns, never more than before
 */
s64 dl_group_carry_runtime(s64 runtime, s64 left, const struct dl_group_params *old,
			   const struct dl_group_params *new)
{
	if (runtime <= 0 || left <= 0)
		return 0;
	if (dl_group_is_within(old, new))
		return runtime;

	return dl_group_to_runtime(new, min_t(u64, left, dl_group_to_time(old, runtime)));
}

/* The shortest budget: less is not worth the two context switches. */
#define DL_GROUP_MIN_RUNTIME	(10 * NSEC_PER_USEC)

static bool dl_group_is_budget(u64 budget, u64 deadline)
{
	return budget >= DL_GROUP_MIN_RUNTIME && budget <= deadline;
}

static bool dl_group_reserves(const struct dl_group_spec *spec)
{
	return spec->budget && spec->budget != RUNTIME_INF;
}

/**
 * dl_group_check_spec() - is this a reservation at all?
 * @spec: what a cgroup is to be told
 * @before: what it was told
 *
 * The limits of periods are for new ones, and for reservations that begin.
 *
 * Return: 0, or -EINVAL
 */
int dl_group_check_spec(const struct dl_group_spec *spec, const struct dl_group_spec *before)
{
	u64 deadline = min(spec->deadline, spec->period);
	int cpu;

	if ((spec->period != before->period ||
	     (dl_group_reserves(spec) && !dl_group_reserves(before))) &&
	    (spec->period < (u64)READ_ONCE(sysctl_sched_dl_period_min) * NSEC_PER_USEC ||
	     spec->period > (u64)READ_ONCE(sysctl_sched_dl_period_max) * NSEC_PER_USEC))
		return -EINVAL;

	if (spec->deadline != RUNTIME_INF &&
	    (spec->deadline > spec->period || spec->deadline < DL_GROUP_MIN_RUNTIME))
		return -EINVAL;

	for (cpu = 0; spec->cpu_budget && cpu < nr_cpu_ids; cpu++) {
		if (spec->cpu_budget[cpu] != RUNTIME_INF &&
		    !dl_group_is_budget(spec->cpu_budget[cpu], deadline))
			return -EINVAL;
	}

	return !dl_group_reserves(spec) || dl_group_is_budget(spec->budget, deadline) ? 0 : -EINVAL;
}

/*
 * A budget takes an interrupt at its beginning and one at its end, which are charged to
 * nobody: an owner without CAP_SYS_NICE does not cut what it has into smaller ones.
 */
#define DL_GROUP_OWNER_RUNTIME	(200 * NSEC_PER_USEC)

/**
 * dl_group_is_coarse() - may anybody make this reservation, below a capsule?
 * @spec: a reservation, checked, whose budget is neither 0 nor RUNTIME_INF
 *
 * Return: true if he may; CAP_SYS_NICE may have any
 */
static bool dl_group_is_coarse(const struct dl_group_spec *spec)
{
	int cpu;

	for (cpu = 0; spec->cpu_budget && cpu < nr_cpu_ids; cpu++) {
		if (spec->cpu_budget[cpu] < DL_GROUP_OWNER_RUNTIME)
			return false;
	}

	return spec->budget >= DL_GROUP_OWNER_RUNTIME;
}

/* Is what a capsule keeps, when those below it have their part, finer than that? */
static bool dl_group_is_crumb(u64 kept)
{
	return kept >= DL_GROUP_MIN_RUNTIME && kept < DL_GROUP_OWNER_RUNTIME;
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

static const struct dl_group_params dl_group_nothing;

/**
 * dl_group_carve() - what a capsule keeps when those below it have their part
 * @params: all of it; on return what is kept, at the same deadline and period
 * @below: what the nearest capsules below have, as dl_group_share() counts it
 *
 * What is too little to be a budget is kept by nobody: that is nothing.
 *
 * Return: 0, or -EBUSY if there is not enough
 */
int dl_group_carve(struct dl_group_params *params, u64 below)
{
	bool enough;

	if (!below)
		return 0;

	below = DIV_ROUND_UP_ULL(below, 1ULL << DL_GROUP_SHARE_SHIFT);
	enough = params->runtime >= below;
	params->runtime = enough ? params->runtime - below : 0;
	if (params->runtime < DL_GROUP_MIN_RUNTIME)
		*params = dl_group_nothing;
	else
		params->bw = dl_group_to_bw(params->runtime, params->deadline);

	return enough ? 0 : -EBUSY;
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
static bool dl_group_overbooked(u64 limit, int cpu, s64 tasks)
{
	return __dl_group_cpu_bw(cpu) && limit < dl_server_read_bw(cpu) + tasks;
}

/**
 * __dl_group_overflow() - is a CPU with capsules overbooked?
 * @dl_b: the root domain's bandwidth
 * @limit: bandwidth of a CPU, or -1
 * @only_cpu: where @delta is to be, for a server; or -1: tasks may be on any CPU
 * @delta: bandwidth to be added
 *
 * Tasks must leave room on CPUs that are offline as well, as these may come back.
 *
 * Context: dl_bw lock held
 */
bool __dl_group_overflow(struct dl_bw *dl_b, u64 limit, int only_cpu, s64 delta)
{
	struct root_domain *rd = container_of(dl_b, struct root_domain, dl_bw);
	s64 tasks = dl_group_tasks_bw(rd) + delta;
	int cpu;

	if (only_cpu >= 0)
		return dl_group_overbooked(limit, only_cpu, tasks);

	for_each_possible_cpu(cpu) {
		if ((cpumask_test_cpu(cpu, rd->span) || !cpu_active(cpu)) &&
		    dl_group_overbooked(limit, cpu, tasks))
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

/* The same for a capsule: it can wait for what is not free yet. */
static s64 dl_group_cpu_room(struct rq *rq)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);
	s64 free = dl_group_cpu_free(rq);

	return free == S64_MAX ? free : free + (s64)(dgrq->bw - dgrq->target);
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

/*
 * Move the sums of a CPU and its root domain to what capsules have of it, or to what
 * they had, as long as not all of that is free.
 */
static void dl_group_account(struct rq *rq)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);
	u64 bw = dgrq->target;
	int cpus;

	lockdep_assert_rq_held(rq);
	lockdep_assert_held(&rq->rd->dl_bw.lock);

	if (dl_time_before(rq_clock(rq), dgrq->until))
		bw = max(bw, dgrq->held);

	/* An inactive CPU is not in its root domain's sum, see __dl_group_add_bw(). */
	cpus = cpu_active(cpu_of(rq)) ? dl_bw_cpus(cpu_of(rq)) : 0;
	if (cpus) {
		__dl_sub(&rq->rd->dl_bw, dgrq->bw, cpus);
		__dl_add(&rq->rd->dl_bw, bw, cpus);
	}

	__sub_running_bw(dgrq->bw, &rq->dl);
	__sub_rq_bw(dgrq->bw, &rq->dl);
	__add_rq_bw(bw, &rq->dl);
	__add_running_bw(bw, &rq->dl);

	WRITE_ONCE(dgrq->bw, bw);
}

/* All that was given back is free. */
static enum hrtimer_restart dl_group_held_ends(struct hrtimer *timer)
{
	struct dl_group_rq *dgrq = container_of(timer, struct dl_group_rq, settle);
	struct rq *rq = dgrq->lost.dl_se.rq;
	s64 left;

	guard(rq_lock)(rq);
	update_rq_clock(rq);
	left = dgrq->until - rq_clock(rq);
	if (left > 0) {
		hrtimer_start(timer, ns_to_ktime(left), HRTIMER_MODE_REL_HARD);
		return HRTIMER_NORESTART;
	}

	guard(raw_spinlock)(&rq->rd->dl_bw.lock);
	dl_group_account(rq);
	return HRTIMER_NORESTART;
}

/**
 * dl_group_claim() - reserve bandwidth of a CPU for a capsule that is in no other
 * @rq: the CPU's
 * @delta: how much; or, less than 0, to give a claim back
 * @must: it cannot be refused: those who had part of a capsule have the same of the CPU
 *	now, and each of them is rounded up
 *
 * Nobody has it yet. It need not be free yet, but nobody else can have it.
 *
 * Return: 0, or -EBUSY
 */
static int dl_group_claim(struct rq *rq, s64 delta, bool must)
{
	guard(rq_lock_irqsave)(rq);
	update_rq_clock(rq);
	guard(raw_spinlock)(&rq->rd->dl_bw.lock);

	if (!must && delta > 0 && delta > dl_group_cpu_room(rq))
		return -EBUSY;

	dl_group_rq(rq)->target += delta;
	dl_group_account(rq);
	return 0;
}

/* What a server has, without those below it. */
static struct dl_group_params dl_group_own(struct dl_group_server *srv)
{
	return (struct dl_group_params){
		.runtime = srv->dl_se.dl_runtime,
		.deadline = srv->dl_se.dl_deadline,
		.period = srv->dl_se.dl_period,
		.bw = srv->dl_se.dl_bw,
	};
}

/*
 * Whoever has used more than his bandwidth is good for so far, or owes something, needs
 * it until this time.
 */
static u64 dl_group_zero_lag(struct dl_group_server *srv)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct dl_group_params own = dl_group_own(srv);
	u64 rest, periods;

	if (!dl_se->dl_bw_attached)
		return 0;
	if (dl_se->runtime >= 0)
		return dl_se->deadline - dl_group_to_time(&own, dl_se->runtime);

	periods = div64_u64_rem(-dl_se->runtime, own.runtime, &rest);
	return dl_next_period(dl_se) + periods * own.period +
	       mul_u64_u64_div_u64_roundup(rest, own.deadline, own.runtime);
}

/* The CPU gives @delta, which was claimed. Return: from when on. */
static u64 dl_group_cpu_lends(struct rq *rq, s64 delta)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);
	s64 free = dl_group_cpu_free(rq);

	if (!dl_time_before(rq_clock(rq), dgrq->until))
		return 0;
	if (free != S64_MAX && (s64)(dgrq->held + delta) > free + (s64)dgrq->bw)
		return dgrq->until;

	dgrq->held += delta;
	dl_group_account(rq);
	return 0;
}

/* The longest period that can be written, unless kernel.sched_deadline_period_max_us is more */
#define DL_GROUP_LONGEST	((1ULL << 22) * NSEC_PER_USEC)

/*
 * When somebody else can have what is not needed after @zero_lag. A debt of no more than a
 * budget is paid two periods from @now at the latest. More is owed after an overrun that
 * took longer than a budget, as where a hypervisor had the CPU: whoever owes it pays, but
 * nobody outside of the capsules above waits for that.
 */
static u64 dl_group_free_at(u64 now, u64 zero_lag)
{
	u64 longest = max((u64)READ_ONCE(sysctl_sched_dl_period_max) * NSEC_PER_USEC,
			  DL_GROUP_LONGEST);

	return dl_time_before(now + 2 * longest, zero_lag) ? now + 2 * longest : zero_lag;
}

/* The CPU is given @delta back, which is needed until @zero_lag. */
static void dl_group_cpu_takes(struct rq *rq, s64 delta, u64 zero_lag)
{
	struct dl_group_rq *dgrq = dl_group_rq(rq);
	u64 now = rq_clock(rq);

	if (!dl_time_before(now, dgrq->until)) {
		dgrq->until = now;
		dgrq->held = 0;
	}
	/* Some of the target may have been claimed, but not be free. */
	dgrq->held = max(dgrq->held, dgrq->target);
	dgrq->target -= delta;
	dgrq->until = max(dgrq->until, dl_group_free_at(now, zero_lag));
	dl_group_account(rq);
	if (dl_time_before(now, dgrq->until))
		hrtimer_start(&dgrq->settle, ns_to_ktime(dgrq->until - now), HRTIMER_MODE_REL_HARD);
}

/*
 * A share of a CPU passes between a capsule and what it is carved out of: the capsule
 * above, or the CPU. When can whoever gets it begin?
 */
static void dl_group_lend(struct dl_group_server *srv, struct dl_group_server *parent, s64 delta)
{
	struct rq *rq = srv->dl_se.rq;

	if (delta > 0 && parent) {
		parent->until = max(parent->until, dl_group_zero_lag(parent));
		srv->until = max(srv->until, parent->until);
	} else if (delta > 0) {
		srv->until = max(srv->until, dl_group_cpu_lends(rq, delta));
	} else if (delta < 0) {
		srv->until = max(srv->until, dl_group_zero_lag(srv));
		if (parent)
			parent->until = max(parent->until, srv->until);
		else
			dl_group_cpu_takes(rq, -delta, srv->until);
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
 * @srv has @new from its next period on, which begins at @next. What it owes is paid
 * until then.
 */
static void dl_group_set_params(struct dl_group_server *srv, const struct dl_group_params *new,
				u64 next)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct dl_group_params old = dl_group_own(srv);
	u64 deadline = next - new->period + new->deadline;
	u64 sooner = min(deadline, dl_se->deadline);

	if (dl_se->dl_bw_attached) {
		/* A sooner deadline is one by which there is less to be had. */
		dl_se->runtime -= mul_u64_u64_div_u64_roundup(old.runtime,
							      dl_se->deadline - sooner,
							      old.deadline);
		dl_se->runtime = dl_group_carry_runtime(dl_se->runtime,
							sooner - rq_clock(dl_se->rq), &old, new);
	}
	dl_se->dl_runtime = new->runtime;
	dl_se->dl_deadline = new->deadline;
	dl_se->dl_period = new->period;
	dl_se->dl_density = new->bw;
	dl_se->dl_bw = new->bw;
	dl_group_set_deadline(dl_se, deadline);
	srv->next.bw = 0;
}

static void dl_group_change_params(struct dl_group_server *srv, const struct dl_group_params *new)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;

	dl_group_set_params(srv, new, dl_se->runtime < 0 ? dl_group_zero_lag(srv) :
						   dl_next_period(dl_se));
}

/**
 * dl_group_adopt() - a period begins: with what was promised, if that is free now
 * @srv: the server
 *
 * Context: rq lock held, clock up to date
 */
void dl_group_adopt(struct dl_group_server *srv)
{
	struct dl_group_params next = srv->next;

	lockdep_assert_rq_held(srv->dl_se.rq);

	if (next.bw && !dl_time_before(rq_clock(srv->dl_se.rq), srv->until))
		dl_group_change_params(srv, &next);
}

/* Take a server into service: threads may have been waiting for it. */
static void dl_group_attach_server(struct dl_group_server *srv, const struct dl_group_params *new)
{
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct rq *rq = dl_se->rq;

	dl_se->runtime = 0;
	dl_group_set_params(srv, new, max(srv->until, rq_clock(rq) - 1));
	dl_se->dl_bw_attached = 1;
	dl_se->dl_server_active = 1;
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
	hrtimer_try_to_cancel(&dl_se->dl_timer);
	if (srv->spiller)
		dl_group_lose_slot(rq, srv->spiller);
	dl_se->dl_throttled = 0;
	dl_se->dl_bw = 0;
	dl_se->dl_bw_attached = 0;
	dl_se->dl_server_active = 0;
	srv->next.bw = 0;
	hlist_del_init(&srv->node);
	list_del_init(&srv->spills);
	srv->watched = true;

	if (srv->nr_ready) {
		dl_group_kick(srv);
		resched_curr(rq);
	}
}

static bool dl_group_same(const struct dl_group_params *a, const struct dl_group_params *b)
{
	return a->runtime == b->runtime && a->deadline == b->deadline && a->period == b->period;
}

static void dl_group_apply(struct dl_group_server *srv, const struct dl_group_params *new)
{
	struct dl_group_params own = dl_group_own(srv);
	struct sched_dl_entity *dl_se = &srv->dl_se;
	struct rq *rq = dl_se->rq;

	lockdep_assert_rq_held(rq);

	if (!new->bw && dl_se->dl_bw_attached)
		dl_group_detach_server(srv);
	else if (new->bw && !dl_se->dl_bw_attached)
		dl_group_attach_server(srv, new);
	else if (new->bw && dl_time_before(rq_clock(rq), srv->until) &&
		 !dl_group_is_within(new, &own))
		srv->next = *new;
	else if (dl_group_same(new, &own))
		srv->next.bw = 0;
	else if (new->bw)
		dl_group_change_params(srv, new);

	/* If one of its threads runs, the timer was set for the old budget. */
	srv->armed = false;
	if (on_dl_rq(dl_se))
		resched_curr(rq);
	dl_group_note(srv);
	if (srv->watched && new->bw)
		dl_group_kick(srv);
}
