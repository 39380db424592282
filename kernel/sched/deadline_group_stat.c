// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: what happened, and what is left
 *
 * Counters live in the servers, where they are counted under the rq lock, and
 * are added up when somebody reads them.
 */

/* The counters of one server; all zero if there never was one. */
static void dl_group_read_stat(struct dl_group *dlg, int cpu, struct dl_group_stat *stat)
{
	struct dl_group_server *srv = dlg ? dlg->place[cpu].own : NULL;
	struct rq *rq = cpu_rq(cpu);
	struct task_struct *p;

	*stat = (struct dl_group_stat){};
	if (!srv)
		return;

	guard(rq_lock_irqsave)(rq);
	update_rq_clock(rq);
	rq->donor->sched_class->update_curr(rq);
	*stat = srv->stat;
	if (stat->throttled_at)
		stat->throttled += rq_clock(rq) - stat->throttled_at;
	/* What a spiller takes is settled when it makes way, which can be long from now. */
	p = srv->spiller;
	if (p)
		*(dl_group_is_extra(p) ? &stat->extra : &stat->spilled) +=
			p->se.sum_exec_runtime - p->dl_group_spilled;
}

/* In whole us, as they are shown: so the total is what the rows add up to. */
static void dl_group_add_stat(struct dl_group_stat *sum, struct dl_group_stat *stat)
{
	sum->usage += rounddown(stat->usage, NSEC_PER_USEC);
	sum->throttled += rounddown(stat->throttled, NSEC_PER_USEC);
	sum->spilled += rounddown(stat->spilled, NSEC_PER_USEC);
	sum->extra += rounddown(stat->extra, NSEC_PER_USEC);
	sum->max_overrun = max(sum->max_overrun, stat->max_overrun);
	sum->nr_periods += stat->nr_periods;
	sum->nr_throttled += stat->nr_throttled;
	sum->nr_overruns += stat->nr_overruns;
	sum->nr_migrations += stat->nr_migrations;
	sum->nr_misses += stat->nr_misses;
}

/* @name separates a key from its value, @end ends a pair. */
static void dl_group_show_stat(struct seq_file *sf, const struct dl_group_stat *stat,
			       char name, char end)
{
	const struct {
		const char *key;
		u64 value;
	} pairs[] = {
		{ "nr_periods", stat->nr_periods },
		{ "nr_throttled", stat->nr_throttled },
		{ "throttled_usec", div_u64(stat->throttled, NSEC_PER_USEC) },
		{ "usage_usec", div_u64(stat->usage, NSEC_PER_USEC) },
		{ "spilled_usec", div_u64(stat->spilled, NSEC_PER_USEC) },
		{ "extra_usec", div_u64(stat->extra, NSEC_PER_USEC) },
		{ "nr_overruns", stat->nr_overruns },
		{ "max_overrun_nsec", stat->max_overrun },
		{ "nr_migrations", stat->nr_migrations },
		{ "nr_deadline_misses", stat->nr_misses },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		seq_printf(sf, "%s%c%llu%c", pairs[i].key, name, pairs[i].value,
			   i < ARRAY_SIZE(pairs) - 1 ? end : '\n');
}

/* Each server is looked at once, or the total would be older than the rows. */
static int dl_group_stat_show(struct seq_file *sf, void *v)
{
	struct dl_group_stat *stat __free(kvfree) = kvcalloc(nr_cpu_ids, sizeof(*stat), GFP_KERNEL);
	struct dl_group_stat sum = {};
	struct dl_group *dlg;
	int cpu;

	if (!stat)
		return -ENOMEM;

	guard(mutex)(&dl_group_mutex);

	dlg = css_tg(seq_css(sf))->dl_group;
	for_each_possible_cpu(cpu) {
		dl_group_read_stat(dlg, cpu, &stat[cpu]);
		dl_group_add_stat(&sum, &stat[cpu]);
	}
	dl_group_show_stat(sf, &sum, ' ', '\n');

	for_each_possible_cpu(cpu) {
		if (!dlg || !dlg->place[cpu].own)
			continue;
		seq_printf(sf, "cpu%d ", cpu);
		dl_group_show_stat(sf, &stat[cpu], '=', ' ');
	}

	return 0;
}

/* What a capsule keeps for threads at @tg, but not in @but, if there are some. */
static u64 dl_group_keeps(struct task_group *tg, struct task_group *but)
{
	return dl_group_has_threads(tg, but) ? DL_GROUP_MIN_RUNTIME : 0;
}

/* The same of the capsule, if there is one, of which @but, at or below @tg, has part. */
static u64 dl_group_keeps_above(struct task_group *tg, struct task_group *but)
{
	struct dl_group *dlg = dl_group_nearest(tg);

	return dlg ? dl_group_keeps(dlg->tg, but) : 0;
}

/*
 * What a new capsule below @tg could have on @cpu, and of how much: @whole. @keeps: what
 * dl_group_keeps_above() says.
 */
static u64 dl_group_room(struct task_group *tg, int cpu, u64 keeps, u64 *whole)
{
	struct dl_group *dlg = dl_group_nearest(tg);
	u64 of, all, taken;

	*whole = BW_UNIT;
	if (!dlg) {
		struct rq *rq = cpu_rq(cpu);

		guard(rq_lock_irqsave)(rq);
		guard(raw_spinlock)(&rq->rd->dl_bw.lock);
		return clamp(dl_group_cpu_room(rq), 0LL, (s64)BW_UNIT);
	}

	if (!dl_group_is_on(dlg, cpu))
		return 0;
	of = dl_group_of_deadline(dlg->place[cpu].own);
	*whole = of << DL_GROUP_SHARE_SHIFT;
	all = dl_group_given(dlg->place[cpu].own, of);
	taken = dl_group_below(dlg->tg, cpu, of) + (keeps << DL_GROUP_SHARE_SHIFT);

	return all > taken ? all - taken : 0;
}

/* The largest budget that @tg, with all below it, could have on @cpu; @keeps: as above. */
static u64 dl_group_budget_most(struct task_group *tg, int cpu, u64 deadline, u64 keeps)
{
	u64 whole, room = dl_group_room(tg->parent, cpu, keeps, &whole);
	u64 of = whole == BW_UNIT ? 0 : whole >> DL_GROUP_SHARE_SHIFT;

	room += dl_group_is_on(tg->dl_group, cpu) ?
		dl_group_given(tg->dl_group->place[cpu].own, of) : dl_group_below(tg, cpu, of);

	return mul_u64_u64_div_u64(room, deadline, whole);
}

static int dl_group_free_show(struct seq_file *sf, void *v)
{
	struct task_group *tg = css_tg(seq_css(sf));
	cpumask_var_t cpus;
	int cpu;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;

	dl_group_cpuset_cpus(tg->css.cgroup, cpus);
	scoped_guard (mutex, &dl_group_mutex) {
		u64 keeps = dl_group_keeps_above(tg, NULL);

		for_each_cpu_and(cpu, cpus, cpu_active_mask) {
			/* In hundredths of a percent, rounded down. */
			u64 whole, free = dl_group_room(tg, cpu, keeps, &whole);

			free = mul_u64_u64_div_u64(free, 10000, whole);
			seq_printf(sf, "cpu%d %llu.%02llu\n", cpu, free / 100, free % 100);
		}
	}

	free_cpumask_var(cpus);
	return 0;
}

/* /sys/kernel/debug/sched/debug: the capsules of a CPU, as they are right now */
void dl_group_show_cpu(struct seq_file *m, int cpu)
{
	struct rq *rq = cpu_rq(cpu);
	struct dl_group_server *srv;

	/* On the console, what belongs to the CPU itself is enough. */
	if (!m)
		return;

	guard(rq_lock_irqsave)(rq);

	seq_printf(m, "\ndl_group[%d]: lost %u\n", cpu, dl_group_rq(rq)->lost.nr_ready);
	hlist_for_each_entry(srv, &dl_group_rq(rq)->servers, node) {
		struct sched_dl_entity *dl_se = &srv->dl_se;

		seq_printf(m, "  cgroup %llu: %s, %u ready, %llu of each %llu ns, deadline %llu, left %lld\n",
			   cgroup_id(srv->group->tg->css.cgroup),
			   dl_se->dl_throttled ? "throttled" : on_dl_rq(dl_se) ? "queued" : "idle",
			   srv->nr_ready, dl_se->dl_runtime, dl_se->dl_period,
			   dl_se->dl_deadline, dl_se->runtime);
	}
}
