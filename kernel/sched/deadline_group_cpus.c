// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: cpusets change
 *
 * A capsule has its servers on the CPUs of its effective cpuset. When that changes, by a
 * write, a controller that is turned on or off, or a CPU that comes or goes, capsules get
 * servers where they have none, and give up those that they have no CPU for. A write can
 * be refused, and is asked about before anything changes: dl_group_cpuset_fits(). All
 * else cannot: what does not fit then is counted as refused, and the capsule is without
 * that CPU.
 */

/* A cgroup that has no reservation on a CPU of its cpuset does what it can. */
static void dl_group_grow(struct dl_group *dlg, struct cpumask *cpus)
{
	u64 before = dl_group_own_bw(dlg);
	struct dl_group_change change;
	struct dl_group_params params;
	int cpu;

	dl_group_wanted_cpus(dlg, cpus);
	for_each_cpu(cpu, cpus) {
		if (dl_group_is_on(dlg, cpu))
			continue;
		params = dl_group_params_on(&dlg->spec, cpu);
		if (dl_group_ask(dlg, cpu, &params, &change)) {
			dlg->refused++;
			dl_group_notify(dlg);
		} else {
			dl_group_commit(&change);
		}
	}
	dl_group_settle_all(dlg);
	dl_group_take_debt(dlg, before);
}

static void dl_group_shrink(struct dl_group *dlg, struct cpumask *cpus)
{
	dl_group_wanted_cpus(dlg, cpus);
	dl_group_leave_cpus(dlg, cpus);
	dl_group_settle_all(dlg);
}

/*
 * Only capsules whose own cpuset this is: those below have their turn when their
 * cpusets have changed, too.
 */
static bool dl_group_concerned(struct cgroup_subsys_state *pos, struct task_group *tg)
{
	struct dl_group *dlg = css_tg(pos)->dl_group;

	return dlg && dlg->active && dl_group_cpuset_is_same(pos->cgroup, tg->css.cgroup);
}

/*
 * Capsules above grow before those below, which have part of what those have,
 * and shrink after them.
 */
static void dl_group_change_cpus(struct task_group *tg, bool grow, struct cpumask *cpus)
{
	struct cgroup_subsys_state *pos = NULL;

	guard(mutex)(&dl_group_mutex);

	rcu_read_lock();
	while ((pos = grow ? css_next_descendant_pre(pos, &tg->css) :
			     css_next_descendant_post(pos, &tg->css))) {
		if (!dl_group_concerned(pos, tg) || !css_tryget(pos))
			continue;
		rcu_read_unlock();
		if (grow)
			dl_group_grow(css_tg(pos)->dl_group, cpus);
		else
			dl_group_shrink(css_tg(pos)->dl_group, cpus);
		rcu_read_lock();
		css_put(pos);
	}
	rcu_read_unlock();

	/* Some threads may, or may not, run on its CPUs now. */
	dl_group_visit(tg, dl_group_tell, NULL);
}

static void dl_group_cpuset_changes(struct cgroup *cgrp, bool grow)
{
	struct task_group *tg = dl_group_tg_get(cgrp);
	cpumask_var_t cpus;

	if (!tg)
		return;

	/* Without memory, capsules stay where they are until the next change. */
	if (alloc_cpumask_var(&cpus, GFP_KERNEL)) {
		dl_group_change_cpus(tg, grow, cpus);
		free_cpumask_var(cpus);
	}
	css_put(&tg->css);
}

/**
 * dl_group_cpuset_grow() - a cpuset has changed, its threads not yet
 * @cgrp: the cgroup
 *
 * Reserve on the CPUs that capsules here and below have got. If that fails, as
 * it can when CPUs come online or partitions end, their threads still run
 * there, but without reservation and beside the capsule.
 *
 * Context: cpuset_mutex and cpu_hotplug_lock held
 */
void dl_group_cpuset_grow(struct cgroup *cgrp)
{
	dl_group_cpuset_changes(cgrp, true);
}

/**
 * dl_group_cpuset_shrink() - a cpuset and its threads have changed
 * @cgrp: the cgroup
 *
 * Give back what capsules here and below had on CPUs that they have lost.
 *
 * Context: cpuset_mutex and cpu_hotplug_lock held
 */
void dl_group_cpuset_shrink(struct cgroup *cgrp)
{
	dl_group_cpuset_changes(cgrp, false);
}

/* More than there ever is of a CPU, or of a budget, and no sum of two overflows. */
#define DL_GROUP_TOO_MUCH	BIT_ULL(60)

/* What capsules at and below @tg would need to have @cpu as well, see dl_group_share(). */
static u64 dl_group_demand(struct task_group *tg, int cpu, u64 of)
{
	struct cgroup_subsys_state *pos;
	u64 sum = 0;

	guard(rcu)();
	css_for_each_descendant_pre(pos, &tg->css) {
		struct dl_group *dlg = css_tg(pos)->dl_group;
		struct dl_group_params params;

		if (!dlg || !dlg->active)
			continue;
		if (!dl_group_is_on(dlg, cpu) &&
		    dl_group_cpuset_allows(pos->cgroup, tg->css.cgroup, cpu)) {
			params = dl_group_params_on(&dlg->spec, cpu);
			sum += dl_group_share(params.runtime, params.deadline, of);
			sum = min(sum, DL_GROUP_TOO_MUCH);
		}
		pos = css_rightmost_descendant(pos);
	}

	return sum;
}

/*
 * Could the capsules at and below @tg have @cpu as well? @all: if so, those above would
 * have nothing left there.
 */
static bool dl_group_fits(struct task_group *tg, int cpu, bool *all)
{
	struct dl_group *parent = dl_group_parent(tg);
	struct dl_group_server *above = NULL;
	struct rq *rq = cpu_rq(cpu);
	struct dl_group_params rest;
	u64 demand;

	if (parent) {
		if (!dl_group_is_on(parent, cpu))
			return true;
		above = parent->place[cpu].own;
	}

	demand = dl_group_demand(tg, cpu, dl_group_of_deadline(above));
	if (!demand)
		return true;
	if (!above) {
		guard(rq_lock_irqsave)(rq);
		guard(raw_spinlock)(&rq->rd->dl_bw.lock);
		return (s64)demand <= dl_group_cpu_room(rq);
	}

	rest = dl_group_params_on(&parent->spec, cpu);
	demand += dl_group_below(parent->tg, cpu, dl_group_of_deadline(above));
	if (dl_group_carve(&rest, demand))
		return false;
	*all |= dl_group_takes_all(above, &rest);
	return true;
}

/**
 * dl_group_cpuset_fits() - may a cgroup have other CPUs?
 * @cgrp: the cgroup
 * @cpus: its effective cpuset to be
 *
 * Context: cpuset_mutex and cpu_hotplug_lock held
 * Return: false if a CPU would be overbooked, or threads above would have nothing left
 */
bool dl_group_cpuset_fits(struct cgroup *cgrp, const struct cpumask *cpus)
{
	struct task_group *tg = dl_group_tg_get(cgrp);
	bool fits = true, all = false;
	int cpu;

	if (!tg)
		return true;

	scoped_guard (mutex, &dl_group_mutex) {
		for_each_cpu(cpu, cpus)
			fits &= dl_group_fits(tg, cpu, &all);
		fits &= !(all && dl_group_has_threads(dl_group_parent(tg)->tg, NULL));
	}

	css_put(&tg->css);
	return fits;
}
