// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: which cgroup reserves what, and on which CPUs
 *
 * A capsule has its servers on the CPUs of its cgroup's effective cpuset. On
 * each of them its bandwidth is carved out of the nearest capsule above it, its
 * parent. The parent's own server keeps the rest, at the parent's deadline and
 * period. So capsules are delegated as a tree, but scheduled side by side:
 *
 *	/a	Q/P = 50/100 ms		serves /a with 30/100 ms
 *	/a/b	Q/P = max		served by /a
 *	/a/b/c	Q/P = 4/20 ms		serves /a/b/c with 4/20 ms
 *
 * All of this is serialized by dl_group_mutex. The scheduler reads the budget,
 * @active, @cpus and @rt_only without it. When a capsule gets a CPU, its server
 * there is admitted first, and then threads are led there. When it loses one,
 * threads are no longer led there, and then the server goes out of service; a
 * thread that is still there is taken elsewhere, see dl_group_rescue(). Each
 * thread below is told in __dl_group_update_task(), under its own locks. A
 * thread that enters one of the cgroups meanwhile is either found by the walk
 * or sees the change.
 */

static DEFINE_MUTEX(dl_group_mutex);

/* Of their size: that of kmalloc() would be nearly twice as much. */
static struct kmem_cache *dl_group_servers __ro_after_init;

/* The nearest capsule above @tg. */
static struct dl_group *dl_group_parent(struct task_group *tg)
{
	lockdep_assert_held(&dl_group_mutex);
	return dl_group_nearest(tg->parent);
}

/* Does @dlg, or those below it, have part of @cpu? */
static bool dl_group_is_on(struct dl_group *dlg, int cpu)
{
	lockdep_assert_held(&dl_group_mutex);
	return dlg && dlg->place[cpu].own && dlg->place[cpu].own->budget_us;
}

/* Leave of @cpus those that @dlg, or those below it, have. */
static void dl_group_keep_cpus(struct dl_group *dlg, struct cpumask *cpus)
{
	int cpu;

	for_each_cpu(cpu, cpus) {
		if (!dl_group_is_on(dlg, cpu))
			cpumask_clear_cpu(cpu, cpus);
	}
}

/*
 * The one above @tg whose server on @cpu has part of its bandwidth from. That is
 * its parent's, but for the time in which a change of cpusets goes down the tree.
 */
static struct dl_group_server *dl_group_parent_server(struct task_group *tg, int cpu)
{
	struct dl_group *dlg = dl_group_parent(tg);

	while (dlg && !dl_group_is_on(dlg, cpu))
		dlg = dl_group_parent(dlg->tg);

	return dlg ? dlg->place[cpu].own : NULL;
}

/* The deadline of what is carved out of @srv; 0 of what is carved out of a CPU. */
static u64 dl_group_of_deadline(struct dl_group_server *srv)
{
	return srv ? (u64)srv->deadline_us * NSEC_PER_USEC : 0;
}

/* What @srv was given, see dl_group_share(); some of it may be with those below. */
static u64 dl_group_given(struct dl_group_server *srv, u64 of)
{
	return dl_group_share((u64)srv->budget_us * NSEC_PER_USEC, dl_group_of_deadline(srv), of);
}

/* What the nearest capsules below @tg have on @cpu, see dl_group_share(). */
static u64 dl_group_below(struct task_group *tg, int cpu, u64 of)
{
	struct cgroup_subsys_state *pos;
	u64 sum = 0;

	lockdep_assert_held(&dl_group_mutex);

	guard(rcu)();
	css_for_each_descendant_pre(pos, &tg->css) {
		struct dl_group *dlg = css_tg(pos)->dl_group;

		if (pos == &tg->css || !dl_group_is_on(dlg, cpu))
			continue;
		sum += dl_group_given(dlg->place[cpu].own, of);
		pos = css_rightmost_descendant(pos);
	}

	return sum;
}

/*
 * Call @fn for each thread of @tg and of the cgroups below it, the exiting and
 * the bound ones included, until it returns true. Return: whether it did.
 */
static bool dl_group_visit(struct task_group *tg, dl_group_visit_f fn, void *arg)
{
	struct cgroup_subsys_state *pos;
	struct css_task_iter it;
	struct task_struct *p;
	bool stop = false;

	rcu_read_lock();
	css_for_each_descendant_pre(pos, &tg->css) {
		if (!css_tryget(pos))
			continue;
		rcu_read_unlock();

		css_task_iter_start(pos, CSS_TASK_ITER_WITH_DEAD, &it);
		while (!stop && (p = css_task_iter_next(&it)))
			stop = fn(p, arg);
		css_task_iter_end(&it);
		cond_resched();

		rcu_read_lock();
		css_put(pos);
		if (stop)
			break;
	}
	rcu_read_unlock();

	return stop || dl_group_visit_bound(tg, fn, arg);
}

static bool dl_group_tell(struct task_struct *p, void *arg)
{
	CLASS(task_rq_lock, guard)(p);

	update_rq_clock(guard.rq);
	dl_group_update_task(guard.rq, p);
	__balance_callbacks(guard.rq, &guard.rf);

	return false;
}

/* @p may stay in its cgroup, and only get another task group, as a controller goes. */
static bool dl_group_changes_cgroup(struct task_struct *p)
{
	struct css_set *cset = task_css_set(p);

	return cset->mg_dst_cset && cset->dfl_cgrp != cset->mg_dst_cset->dfl_cgrp;
}

/*
 * Refuse FIFO and RR threads in cgroups with budget 0, and all where those below have
 * everything. Who comes while they get it is not seen: there is nothing for him.
 */
int __dl_group_can_attach(struct cgroup_taskset *tset)
{
	struct cgroup_subsys_state *css;
	struct task_struct *p;

	cgroup_taskset_for_each(p, css, tset) {
		if (dl_group_has_rt(p, css_tg(css)) && dl_group_tg_forbids_rt(css_tg(css)))
			return -EINVAL;
		if (dl_group_is_handed_out(css_tg(css), p) && dl_group_changes_cgroup(p))
			return -EBUSY;
	}

	return 0;
}

static bool dl_group_is_forbidden(struct task_struct *p, void *arg)
{
	guard(task_rq_lock)(p);

	return dl_group_has_rt(p, dl_group_tg_of(p)) && !(p->flags & PF_EXITING) &&
	       __dl_group_rt_forbidden(p);
}

/* A cgroup that was never told anything. */
static const struct dl_group_spec dl_group_default = {
	.budget = RUNTIME_INF,
	.period = 100 * NSEC_PER_MSEC,
	.deadline = RUNTIME_INF,
};

static const struct dl_group_spec *dl_group_spec_of(struct task_group *tg)
{
	lockdep_assert_held(&dl_group_mutex);
	return tg->dl_group ? &tg->dl_group->spec : &dl_group_default;
}

static struct dl_group *dl_group_get(struct task_group *tg)
{
	struct dl_group *dlg = tg->dl_group;

	lockdep_assert_held(&dl_group_mutex);

	if (dlg)
		return dlg;

	dlg = kzalloc(struct_size(dlg, place, nr_cpu_ids) +
		      dl_group_boards() * sizeof(*dlg->board), GFP_KERNEL_ACCOUNT);
	if (!dlg)
		return NULL;
	if (!zalloc_cpumask_var(&dlg->cpus, GFP_KERNEL_ACCOUNT)) {
		kfree(dlg);
		return NULL;
	}

	dlg->spec = dl_group_default;
	dlg->tg = tg;
	dlg->board = (void *)&dlg->place[nr_cpu_ids];

	/* Pairs with dl_group_nearest(). */
	smp_store_release(&tg->dl_group, dlg);
	return dlg;
}

/* The same for who is told something, and not only looked at. */
static struct dl_group *dl_group_get_used(struct task_group *tg)
{
	struct dl_group *dlg = dl_group_get(tg);

	lockdep_assert_cpus_held();

	/* For good: whoever owns a cgroup must not be able to patch the kernel's text. */
	if (dlg)
		static_branch_enable_cpuslocked(&dl_group_used);

	return dlg;
}

/* Servers, once made, remain: what they owe must outlive a change of mind. */
static struct dl_group_server *dl_group_get_server(struct dl_group *dlg, int cpu)
{
	struct dl_group_server *srv = dlg->place[cpu].own;

	if (srv)
		return srv;

	srv = kmem_cache_alloc_node(dl_group_servers, GFP_KERNEL_ACCOUNT | __GFP_ZERO,
				    cpu_to_node(cpu));
	if (!srv)
		return NULL;

	init_dl_entity(&srv->dl_se);
	dl_server_init(&srv->dl_se, cpu_rq(cpu), dl_group_pick_task);
	srv->dl_se.dl_server = 1;
	srv->group = dlg;
	INIT_LIST_HEAD(&srv->kick);
	INIT_LIST_HEAD(&srv->inside);
	INIT_LIST_HEAD(&srv->spills);
	srv->ready = RB_ROOT_CACHED;
	srv->pushable = RB_ROOT_CACHED;
	srv->beat = DL_GROUP_RANK_TOP;
	srv->waits = DL_GROUP_RANK_NONE;
	/* Until it is in service, who is queued here must go elsewhere. */
	srv->watched = true;
	for (;;) {
		scoped_guard (rq_lock_irqsave, cpu_rq(cpu)) {
			if (!per_cpu(dl_group_rqs, cpu).lost.nr_ready) {
				/* Who looks for statistics does so without a lock. */
				smp_store_release(&dlg->place[cpu].own, srv);
				return srv;
			}
		}
		/* Who was lost will have been found by then. */
		schedule_timeout_uninterruptible(1);
	}
}

/**
 * struct dl_group_change - a capsule is to have another share of a CPU
 * @srv: its server
 * @parent: that of the nearest capsule above, or NULL
 * @all: what it is to have, with all below it
 * @own: what is left of that to @srv
 * @rest: what @parent is to keep
 * @delta: how much more than before, see dl_group_share()
 */
struct dl_group_change {
	struct dl_group_server	*srv;
	struct dl_group_server	*parent;
	struct dl_group_params	all;
	struct dl_group_params	own;
	struct dl_group_params	rest;
	s64			delta;
};

/*
 * A server has @own now. Threads are led to it after it is in service, and no longer
 * before it is out of service.
 */
static void dl_group_lead(struct dl_group_server *srv, const struct dl_group_params *own)
{
	int cpu = cpu_of(srv->dl_se.rq);

	lockdep_assert_held(&dl_group_mutex);

	if (cpumask_test_cpu(cpu, srv->group->cpus) == !!own->bw)
		return;

	/* Whoever finds the CPU there finds its server, too. */
	smp_mb__before_atomic();
	if (own->bw)
		cpumask_set_cpu(cpu, srv->group->cpus);
	else
		cpumask_clear_cpu(cpu, srv->group->cpus);
	srv->group->changed = true;
}

static void dl_group_lead_off(struct dl_group_server *srv, const struct dl_group_params *own)
{
	if (!own->bw)
		dl_group_lead(srv, own);
}

/**
 * dl_group_commit() - change reservations on one CPU
 * @change: what has room, or is claimed
 *
 * Both servers change at once, so nobody can take what one gives the other.
 */
static void dl_group_commit(const struct dl_group_change *change)
{
	struct dl_group_server *srv = change->srv, *parent = change->parent;
	struct rq *rq = srv->dl_se.rq;

	srv->group->changed |= !srv->budget_us != !change->all.runtime;
	srv->budget_us = div_u64(change->all.runtime, NSEC_PER_USEC);
	srv->deadline_us = div_u64(change->all.deadline, NSEC_PER_USEC);
	dl_group_lead_off(srv, &change->own);
	if (parent)
		dl_group_lead_off(parent, &change->rest);

	scoped_guard (rq_lock_irqsave, rq) {
		update_rq_clock(rq);
		rq->donor->sched_class->update_curr(rq);
		/* A debt that is being paid is paid at the old bandwidth up to now. */
		if (srv->payer)
			dl_group_stop_paying(srv, false);
		if (parent && parent->payer)
			dl_group_stop_paying(parent, false);
		guard(raw_spinlock)(&rq->rd->dl_bw.lock);

		dl_group_lend(srv, parent, change->delta);
		if (parent)
			dl_group_apply(parent, &change->rest);
		dl_group_apply(srv, &change->own);
	}

	dl_group_lead(srv, &change->own);
	if (parent)
		dl_group_lead(parent, &change->rest);
}

/**
 * dl_group_plan() - what would change on a CPU?
 * @dlg: a capsule, or one to be
 * @cpu: the CPU
 * @all: what it is to have, with all that is below it; bandwidth 0 for nothing
 * @change: where to put it
 *
 * Who takes nothing more from the capsule above is not refused: what moves up with those
 * below is rounded up once more for each of them.
 *
 * Return: 0, or -ENOMEM, or -EBUSY: not without taking from those above or below
 */
static int dl_group_plan(struct dl_group *dlg, int cpu, const struct dl_group_params *all,
			 struct dl_group_change *change)
{
	struct dl_group_server *parent = dl_group_parent_server(dlg->tg, cpu);
	struct dl_group_server *srv = dl_group_get_server(dlg, cpu);
	u64 of = dl_group_of_deadline(parent), below;
	int ret = 0;

	lockdep_assert_held(&dl_group_mutex);
	lockdep_assert_cpus_held();

	if (!srv)
		return -ENOMEM;

	below = dl_group_below(dlg->tg, cpu, of);
	*change = (struct dl_group_change){
		.srv = srv,
		.parent = parent,
		.all = *all,
		.own = *all,
	};
	change->delta = (all->bw ? dl_group_share(all->runtime, all->deadline, of) : below) -
			(srv->budget_us ? dl_group_given(srv, of) : below);
	if (all->bw)
		ret = dl_group_carve(&change->own, dl_group_below(dlg->tg, cpu, all->deadline));
	if (!ret && parent) {
		change->rest = dl_group_params_on(&parent->group->spec, cpu);
		below = dl_group_below(parent->group->tg, cpu, of) + change->delta;
		if (dl_group_carve(&change->rest, below) && all->bw && change->delta > 0)
			ret = -EBUSY;
		/* Nor does an owner leave a crumb by ending what is beside others. */
		if (!all->bw && below && !dlg->fine && !parent->dl_se.dl_bw_attached &&
		    dl_group_is_crumb(change->rest.runtime))
			change->rest = dl_group_nothing;
	}

	return ret;
}

/* What of a change has to be claimed from the CPU. */
static s64 dl_group_claims(const struct dl_group_change *change)
{
	return change->parent ? 0 : max(change->delta, 0);
}

/* Is there room for a change? Then it can be committed, and cannot fail. */
static int dl_group_ask(struct dl_group *dlg, int cpu, const struct dl_group_params *all,
			struct dl_group_change *change)
{
	return dl_group_plan(dlg, cpu, all, change) ?:
	       dl_group_claim(cpu_rq(cpu), dl_group_claims(change), false);
}

/* By task groups: that of an autogroup has no cgroup. */
static bool dl_group_is_below(struct task_group *tg, struct task_group *above)
{
	while (tg && tg != above)
		tg = tg->parent;

	return tg;
}

/* Would @tg, if it were a capsule, serve @p: which it is for, and nobody below it serves? */
static bool dl_group_would_serve(struct task_group *tg, struct task_struct *p)
{
	struct task_group *of = dl_group_tg_of(p);
	struct dl_group *dlg = dl_group_nearest(of);

	if (READ_ONCE(p->dl_group_bound) && !dl_group_is_below(of, tg))
		return false;

	for (; dlg && dlg->tg != tg && dl_group_is_below(dlg->tg, tg);
	     dlg = dl_group_parent(dlg->tg)) {
		if (dl_group_in_scope(dlg, p, p->prio) &&
		    cpumask_intersects(p->cpus_ptr, dlg->cpus))
			return false;
	}

	return !tg->dl_group || dl_group_in_scope(tg->dl_group, p, p->prio);
}

/* Threads of a capsule at @tg, but not those that one at @but is going to serve. */
struct dl_group_threads {
	struct task_group	*tg;
	struct task_group	*but;
};

static bool dl_group_is_inside(struct task_struct *p, void *arg)
{
	struct dl_group *dlg = READ_ONCE(p->dl_group);
	struct dl_group_threads *threads = arg;
	struct task_group *but = threads->but;

	guard(rcu)();
	if ((p->flags & PF_EXITING) ||
	    (!(dlg && dlg == threads->tg->dl_group) && !dl_group_would_serve(threads->tg, p)))
		return false;

	return !(but && dl_group_is_below(dl_group_tg_of(p), but) && dl_group_would_serve(but, p));
}

/* Are there threads that a capsule at @tg serves, or would, and not @but, below it? */
static bool dl_group_has_threads(struct task_group *tg, struct task_group *but)
{
	struct dl_group_threads threads = { .tg = tg, .but = but };

	lockdep_assert_held(&dl_group_mutex);
	return dl_group_visit(tg, dl_group_is_inside, &threads);
}

/* Would @left take from @srv's own threads, if it has some, all that they have? */
static bool dl_group_takes_all(struct dl_group_server *srv, const struct dl_group_params *left)
{
	return !left->bw && (srv->dl_se.dl_bw_attached || !srv->budget_us);
}

/* Ask all of @cpus, before anything changes on any of them. */
static int dl_group_commit_all(struct dl_group *dlg, const struct dl_group_spec *spec,
			       const struct cpumask *cpus)
{
	bool all = false, above = false, crumbs = false;
	struct dl_group_change change;
	struct dl_group_params params;
	int cpu, failed, ret = 0;

	for_each_cpu(failed, cpus) {
		params = dl_group_params_on(spec, failed);
		ret = dl_group_ask(dlg, failed, &params, &change);
		if (ret)
			break;
		crumbs |= dl_group_is_crumb(change.own.runtime) ||
			  dl_group_is_crumb(change.rest.runtime);
		all |= dl_group_takes_all(change.srv, &change.own);
		above |= change.parent && dl_group_takes_all(change.parent, &change.rest);
	}
	if (!ret && crumbs && !dlg->fine)
		ret = -EPERM;
	/* Threads without any time could not even be killed. */
	if (!ret && ((all && dl_group_has_threads(dlg->tg, NULL)) ||
		     (above && dl_group_has_threads(dl_group_parent(dlg->tg)->tg, dlg->tg))))
		ret = -EBUSY;

	for_each_cpu(cpu, cpus) {
		if (cpu == failed)
			break;
		params = dl_group_params_on(spec, cpu);
		WARN_ON_ONCE(dl_group_plan(dlg, cpu, &params, &change));
		if (ret)
			dl_group_claim(cpu_rq(cpu), -dl_group_claims(&change), false);
		else
			dl_group_commit(&change);
	}

	return ret;
}

/* What follows from it that the CPUs of @dlg, or what it has of them, may have changed. */
static void dl_group_settle(struct dl_group *dlg)
{
	bool handed_out = false;
	int cpu;

	lockdep_assert_held(&dl_group_mutex);

	/* Whether threads can move, or what other CPUs know of a server. */
	WRITE_ONCE(dlg->spans, cpumask_weight(dlg->cpus) > 1);
	for_each_possible_cpu(cpu) {
		if (!cpumask_test_cpu(cpu, dlg->cpus)) {
			handed_out |= dl_group_is_on(dlg, cpu);
			continue;
		}
		guard(rq_lock_irqsave)(cpu_rq(cpu));
		dlg->place[cpu].own->watched = dlg->spans;
		dl_group_note(dlg->place[cpu].own);
		if (dlg->spans)
			dl_group_kick(dlg->place[cpu].own);
	}

	if (handed_out && !dlg->handed_out && dl_group_has_threads(dlg->tg, NULL)) {
		dlg->refused++;
		dl_group_notify(dlg);
	}
	WRITE_ONCE(dlg->handed_out, handed_out);
	if (dlg->changed && dlg->active)
		dl_group_visit(dlg->tg, dl_group_tell, NULL);
	dlg->changed = false;
}

/* The same, and for those above, who may have got back, or lost, what they have of a CPU. */
static void dl_group_settle_all(struct dl_group *dlg)
{
	dl_group_settle(dlg);
	while ((dlg = dl_group_parent(dlg->tg))) {
		if (dlg->changed)
			dl_group_settle(dlg);
	}
}

/* Give up all CPUs but @keep. Those who had part of them have it of what is above. */
static void dl_group_leave_cpus(struct dl_group *dlg, const struct cpumask *keep)
{
	struct dl_group_change change;
	int cpu;

	lockdep_assert_held(&dl_group_mutex);

	for_each_possible_cpu(cpu) {
		if (!dl_group_is_on(dlg, cpu) || cpumask_test_cpu(cpu, keep) ||
		    WARN_ON_ONCE(dl_group_plan(dlg, cpu, &dl_group_nothing, &change)))
			continue;
		dl_group_claim(cpu_rq(cpu), dl_group_claims(&change), true);
		dl_group_commit(&change);
	}
}

/*
 * The CPUs that a capsule is to have: those of the effective cpuset that its
 * parent has, too. Those that are offline it keeps as long as no cpuset denies
 * them, so that nobody takes what it needs when they come back.
 */
static void dl_group_wanted_cpus(struct dl_group *dlg, struct cpumask *cpus)
{
	struct dl_group *parent = dl_group_parent(dlg->tg);
	struct cgroup *cgrp = dlg->tg->css.cgroup;
	int cpu;

	lockdep_assert_held(&dl_group_mutex);

	dl_group_cpuset_cpus(cgrp, cpus);
	for_each_possible_cpu(cpu) {
		if (!cpu_active(cpu) && dl_group_is_on(dlg, cpu) &&
		    dl_group_cpuset_allows(cgrp, &cgrp_dfl_root.cgrp, cpu))
			cpumask_set_cpu(cpu, cpus);
	}
	if (parent)
		dl_group_keep_cpus(parent, cpus);
}

static void dl_group_set_spec(struct dl_group *dlg, const struct dl_group_spec *spec)
{
	lockdep_assert_held(&dl_group_mutex);

	WRITE_ONCE(dlg->spec.budget, spec->budget);
	dlg->spec.period = spec->period;
	dlg->spec.deadline = spec->deadline;
	dlg->spec.cpu_budget = spec->cpu_budget;
}

/* What those owe who have left @dlg, or died in it, the capsule above has to pay. */
static void dl_group_pass_debt(struct dl_group *dlg)
{
	struct dl_group *above = dl_group_nearest(dlg->tg->parent);

	lockdep_assert_held(&dl_group_mutex);

	if (above)
		atomic64_add(atomic64_xchg(&dlg->debt, 0), &above->debt);
}

/* The bandwidth that @dlg itself has, or soon will, of all CPUs together */
static u64 dl_group_own_bw(struct dl_group *dlg)
{
	struct dl_group_server *srv;
	u64 bw = 0;
	int cpu;

	for_each_cpu(cpu, dlg->cpus) {
		srv = dlg->place[cpu].own;
		/* Not exact while one follows the other, and need not be. */
		bw += data_race(srv->next.bw ?: srv->dl_se.dl_bw);
	}

	return bw;
}

/*
 * Who gets bandwidth of the capsule above takes that part of what it owes, or who ends a
 * capsule and makes it again, or another one larger, would owe nothing; and one that has
 * all takes all. @before: what it had
 */
static void dl_group_take_debt(struct dl_group *dlg, u64 before)
{
	struct dl_group *above = dl_group_parent(dlg->tg);
	u64 own = dl_group_own_bw(dlg), rest = above ? dl_group_own_bw(above) : 0;
	u64 debt, got = rest ? own - min(own, before) : own;

	lockdep_assert_held(&dl_group_mutex);

	if (!above)
		return;

	debt = mul_u64_u64_div_u64(max(atomic64_read(&above->debt), 0), got, max(got + rest, 1));
	atomic64_sub(debt, &above->debt);
	atomic64_add(debt, &dlg->debt);
}

/* Make @dlg no capsule: its threads leave first, then its servers go. */
static void dl_group_release(struct dl_group *dlg, const struct dl_group_spec *spec)
{
	bool was_capsule = dlg->active;

	dl_group_set_spec(dlg, spec);
	if (!was_capsule)
		return;

	WRITE_ONCE(dlg->active, false);
	dl_group_refresh_rights(dlg->tg);
	dl_group_visit(dlg->tg, dl_group_tell, NULL);
	dl_group_leave_cpus(dlg, cpu_none_mask);
	dl_group_settle_all(dlg);
	dl_group_pass_debt(dlg);
}

/* A capsule ends, and the one above it has nothing left then on some CPU: @all. */
struct dl_group_end {
	struct dl_group_threads	threads;
	bool			all;
};

/* Has the next capsule that is for @p, if there is one, nothing for it? */
static bool dl_group_is_bereft(struct task_struct *p, void *arg)
{
	struct dl_group_end *end = arg;
	struct task_group *tg = end->threads.tg;
	struct dl_group *above = dl_group_in_scope_of(tg->parent, p);

	if (!above || !dl_group_is_inside(p, &end->threads))
		return false;

	return above == dl_group_parent(tg) ? end->all : above->handed_out;
}

/*
 * May @dlg end: is there something left for its threads above? What it has itself is
 * there, unless it is too little to be a budget with the deadline of the one above, or
 * that one is not for them.
 */
static int dl_group_can_release(struct dl_group *dlg)
{
	struct dl_group_end end = { .threads.tg = dlg->tg };
	struct dl_group_change change;
	int cpu;

	lockdep_assert_held(&dl_group_mutex);
	if (!dlg->active)
		return 0;

	for_each_cpu(cpu, dlg->cpus) {
		if (dl_group_plan(dlg, cpu, &dl_group_nothing, &change))
			continue;
		end.all |= change.parent && !change.rest.bw;
	}

	return dl_group_visit(dlg->tg, dl_group_is_bereft, &end) ? -EBUSY : 0;
}

/* Would @p leave, as a normal thread, if its capsule were for FIFO and RR, and find nothing? */
static bool dl_group_is_put_out(struct task_struct *p, void *arg)
{
	return !rt_prio(p->normal_prio) && dl_group_is_bereft(p, arg);
}

/* May @dlg be for FIFO and RR threads only? */
static bool dl_group_can_narrow(struct dl_group *dlg)
{
	struct dl_group *above = dl_group_parent(dlg->tg);
	struct dl_group_end end = {
		.threads.tg = dlg->tg,
		.all = above && above->handed_out,
	};

	return !dlg->active || !dl_group_visit(dlg->tg, dl_group_is_put_out, &end);
}

/* Make @dlg a capsule, or change one. */
static int dl_group_reserve(struct dl_group *dlg, const struct dl_group_spec *spec)
{
	u64 before = dl_group_own_bw(dlg);
	cpumask_var_t cpus;
	int ret;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;

	dl_group_wanted_cpus(dlg, cpus);
	ret = cpumask_empty(cpus) ? -EBUSY : dl_group_commit_all(dlg, spec, cpus);
	if (!ret) {
		dl_group_leave_cpus(dlg, cpus);
		dl_group_set_spec(dlg, spec);
		/* Servers are in place before anybody is led to them. */
		smp_store_release(&dlg->active, true);
		dl_group_refresh_rights(dlg->tg);
		dl_group_settle_all(dlg);
		dl_group_take_debt(dlg, before);
	}

	free_cpumask_var(cpus);
	return ret;
}

/* Forbid FIFO and RR threads, as 0 does here or "max" below 0, if there are none. */
static int dl_group_forbid_rt(struct dl_group *dlg, u64 budget)
{
	u64 old = dlg->spec.budget;

	WRITE_ONCE(dlg->spec.budget, budget);
	if (!dl_group_tg_forbids_rt(dlg->tg) ||
	    !dl_group_visit(dlg->tg, dl_group_is_forbidden, NULL))
		return 0;

	WRITE_ONCE(dlg->spec.budget, old);
	return -EBUSY;
}

/**
 * dl_group_set() - tell a cgroup about its reservation
 * @dlg: the cgroup's
 * @spec: the reservation, checked
 *
 * Context: process context, dl_group_mutex, cpuset_mutex and cpu_hotplug_lock held
 * Return: 0, or -EBUSY or -ENOMEM with nothing changed
 */
static int dl_group_set(struct dl_group *dlg, const struct dl_group_spec *spec)
{
	bool reserve = dl_group_reserves(spec);
	int ret = 0;

	lockdep_assert_held(&dl_group_mutex);
	lockdep_assert_cpuset_lock_held();
	lockdep_assert_cpus_held();

	if (reserve)
		ret = dl_group_reserve(dlg, spec);
	else if (spec->budget != dlg->spec.budget)
		ret = dl_group_can_release(dlg) ?: dl_group_forbid_rt(dlg, spec->budget);

	if (ret == -EBUSY) {
		dlg->refused++;
		dl_group_notify(dlg);
	}
	if (!ret && !reserve)
		dl_group_release(dlg, spec);

	return ret;
}

/* The task group of @cgrp, referenced, or NULL. */
static struct task_group *dl_group_tg_get(struct cgroup *cgrp)
{
	struct cgroup_subsys_state *css;

	if (!dl_group_enabled() || !cgroup_on_dfl(cgrp))
		return NULL;

	guard(rcu)();
	css = rcu_dereference(cgrp->subsys[cpu_cgrp_id]);
	return css && css_tryget(css) ? css_tg(css) : NULL;
}

/**
 * dl_group_offline() - a cgroup is being removed: return its bandwidth
 * @tg: the cgroup, without children, and without threads but dying ones
 *
 * Called twice: when the removal begins, so that the bandwidth is free when
 * rmdir() returns, and when the files are gone, for a write that came between.
 *
 * Context: process context, cgroup_mutex held
 */
void dl_group_offline(struct task_group *tg)
{
	struct dl_group_spec spec;

	if (!tg->dl_group)
		return;

	guard(cpus_read_lock)();
	guard(mutex)(&dl_group_mutex);

	dl_group_unbind_all(tg);
	spec = tg->dl_group->spec;
	spec.budget = RUNTIME_INF;
	dl_group_release(tg->dl_group, &spec);
}

void dl_group_css_killed(struct cgroup_subsys_state *css)
{
	dl_group_offline(css_tg(css));
}

/**
 * dl_group_free() - a cgroup is gone: free what it had
 * @tg: the cgroup
 *
 * Context: process context
 */
void dl_group_free(struct task_group *tg)
{
	struct dl_group *dlg = tg->dl_group;
	struct dl_group_server *srv;
	int cpu;

	if (!dlg)
		return;

	/* Timers lead to events, and who is told of these looks at the servers. */
	for_each_possible_cpu(cpu) {
		srv = dlg->place[cpu].own;
		if (!srv)
			continue;
		hrtimer_cancel(&srv->dl_se.dl_timer);
		hrtimer_cancel(&srv->dl_se.inactive_timer);
		scoped_guard (rq_lock_irqsave, cpu_rq(cpu)) {
			list_del(&srv->kick);
			list_del(&srv->spills);
		}
	}
	dl_group_free_events(dlg);
	for_each_possible_cpu(cpu)
		kfree(dlg->place[cpu].own);

	tg->dl_group = NULL;
	free_cpumask_var(dlg->cpus);
	kfree(dlg->spec.cpu_budget);
	kfree(dlg);
}

static int __init dl_group_init_cpus(void)
{
	int cpu;

	dl_group_servers = KMEM_CACHE(dl_group_server, SLAB_PANIC);
	for_each_possible_cpu(cpu) {
		dl_group_init_rq(cpu_rq(cpu));
		hrtimer_setup(&per_cpu(dl_group_rqs, cpu).settle, dl_group_held_ends,
			      CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	}

	return 0;
}
early_initcall(dl_group_init_cpus);
