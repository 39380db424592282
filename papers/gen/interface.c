// SPDX-License-Identifier: GPL-2.0
/*
 * Interfaces: the budget that a domain's tasks need. The arithmetic is that of
 * "sched-vm plan", tools/sched_vm/rt-model.h; this is the only file that knows it.
 */
#include <rt-model.h>

#include "analysis.h"
#include "gen.h"
#include "rng.h"

static int collect(const struct set *set, int domain, int vcpu, struct rt_task *tasks)
{
	int i, nr = 0;

	for (i = 0; i < set->nr_tasks; i++) {
		const struct set_task *t = &set->task[i];

		if (t->domain == domain && (vcpu == SET_ANY || t->vcpu == vcpu))
			tasks[nr++] = (struct rt_task){ t->cost, t->deadline, t->period, i };
	}
	rt_sort(tasks, nr);
	return nr;
}

/* What is looked for */
struct wanted {
	enum rt_policy policy;
	int nr_cpus;
	int64_t step, lost, debt;
};

/* Return: 0 if there is none */
static int64_t least_budget(const struct rt_task *tasks, int nr, int64_t period,
			    int64_t deadline, const struct wanted *w)
{
	struct rt_question q = {
		.policy = w->policy,
		.tasks = tasks,
		.nr = nr,
		.nr_cpus = w->nr_cpus,
		.server = { .p = period, .d = deadline, .lost = w->lost, .debt = w->debt },
		.step = w->step,
		.most = deadline,
	};
	struct rt_failure f;
	bool bound;

	return rt_least_budget(&q, &f, &bound);
}

int64_t analysis_least_budget(const struct set *set, const struct set_server *server,
			      int64_t step, bool edf)
{
	struct rt_task tasks[SET_TASKS];
	int nr = collect(set, server->domain, SET_ANY, tasks);
	struct wanted w = { edf ? RT_EDF : RT_FP, 1, step };

	return least_budget(tasks, nr, server->period, server->deadline, &w);
}

int64_t analysis_least_global(const struct set *set, const struct set_server *server,
			      int nr_cpus, int64_t step)
{
	struct rt_task tasks[SET_TASKS];
	int nr = collect(set, server->domain, SET_ANY, tasks);
	struct wanted w = { RT_GEDF, nr_cpus, step };

	return least_budget(tasks, nr, server->period, server->deadline, &w);
}

/* Budgets are whole ms, as theirs, or a part of that. */
struct interface {
	int64_t budget;
	int64_t period;
	int nr_cpus;
};

static bool less(const struct interface *a, const struct interface *b)
{
	return !b->period ||
	       a->budget * a->nr_cpus * b->period < b->budget * b->nr_cpus * a->period;
}

static void try_period(const struct rt_task *tasks, int nr, int64_t period,
		       const struct wanted *w, struct interface *best)
{
	struct interface this = { least_budget(tasks, nr, period, period, w), period,
				  w->nr_cpus };

	if (this.budget && less(&this, best))
		*best = this;
}

/* Of all periods up to the shortest task's, that with the least bandwidth. */
static struct interface interface_rm(const struct rt_task *tasks, int nr)
{
	const struct wanted w = { RT_FP, 1, MS };
	struct interface best = {};
	int64_t period;

	for (period = MS; nr && period <= (int64_t)tasks[0].t; period += MS)
		try_period(tasks, nr, period, &w, &best);
	return best;
}

/* Harmonic periods: 5, 10, ... 160 ms */
static struct interface interface_harmonic(const struct rt_task *tasks, int nr, int nr_cpus,
					   const struct gen_guests *g)
{
	enum rt_policy policy = g->guest == GEN_PRM ? RT_FP : nr_cpus > 1 ? RT_GEDF : RT_EDF;
	const struct wanted w = { policy, nr_cpus, MS / g->divide, g->lost, g->debt };
	struct interface best = {};
	int64_t period;

	for (period = 5 * w.step; period <= 160 * w.step; period *= 2)
		try_period(tasks, nr, period, &w, &best);
	return best;
}

static void add_improved_tasks(struct set *set, const struct gen_improved *g, struct rng *rng)
{
	double left = g->percent / 100.0;

	while (left > 0) {
		double part = 0.002 + 0.048 * rng_real(rng);
		int64_t period = rng_between(rng, g->low, g->high) * MS;
		int64_t cost = (int64_t)(part * period / MS + 0.5) * MS;

		if (cost < MS)
			cost = MS;
		set_add_task(set, rng_between(rng, 1, 5), 1, cost, period);
		left -= (double)cost / period;
	}
}

/* Domains in the order of their periods: 1 has the shortest, and the highest priority. */
static void rank_domains(struct set *set, const struct interface *of)
{
	int rank[6], i, j;

	for (i = 1; i <= 5; i++) {
		rank[i] = 1;
		for (j = 1; j <= 5; j++)
			rank[i] += of[j].period < of[i].period ||
				   (of[j].period == of[i].period && j < i);
	}
	for (j = 1; j <= 5; j++)
		for (i = 1; i <= 5; i++)
			if (rank[i] == j)
				set_add_server(set, j, 1, 0, of[i].budget, of[i].period);
	for (i = 0; i < set->nr_tasks; i++)
		set->task[i].domain = rank[set->task[i].domain];
}

bool gen_improved(struct set *set, const struct gen_improved *g, uint64_t seed)
{
	struct rng rng = rng_stream(seed, (uint64_t)g->low << 32 | g->high << 8 | g->percent);
	struct rt_task tasks[SET_TASKS];
	struct interface of[6] = {};
	int i;

	set_init(set, 1, seed);
	add_improved_tasks(set, g, &rng);
	for (i = 1; i <= 5; i++) {
		of[i] = interface_rm(tasks, collect(set, i, SET_ANY, tasks));
		if (!of[i].budget)
			return false;
	}
	rank_domains(set, of);
	for (i = 0; i < set->nr_tasks; i++)
		if (set->task[i].domain <= 3)
			set->task[i].percent = g->etf;
	return true;
}

/*
 * Puts a task on the vCPU that has the most and can take it, or on a new one.
 *
 * plan_pack() of sched-vm plan answers another question: one period for all vCPUs, and the
 * largest task first. Here each vCPU has the period that is best for it, and tasks come in
 * the order of the set. Of the 500 sets of Fig. 3.5 to 3.9, 181 (EDF) and 195 (fixed
 * priorities) would have other vCPUs by that, and 415, not 402, and 391, not 378, would fit
 * on the five CPUs.
 */
static bool place_task(struct set *set, struct set_task *task, const struct gen_guests *g,
		       struct interface *of, int *nr)
{
	struct rt_task tasks[SET_TASKS];
	struct interface with = {}, best = {};
	int i, chosen = 0;

	for (i = 1; i <= *nr; i++) {
		task->vcpu = i;
		with = interface_harmonic(tasks, collect(set, task->domain, i, tasks), 1, g);
		if (with.budget && (!chosen || less(&of[chosen], &of[i]))) {
			chosen = i;
			best = with;
		}
	}
	if (!chosen) {
		chosen = ++*nr;
		task->vcpu = chosen;
		best = interface_harmonic(tasks, collect(set, task->domain, chosen, tasks), 1, g);
	}
	task->vcpu = chosen;
	of[chosen] = best;
	return best.budget;
}

static bool partitioned_vcpus(struct set *set, int domain, const struct gen_guests *g)
{
	struct interface of[SET_SERVERS] = {};
	int i, nr = 0;

	/* collect() takes those of a vCPU; none is on one yet. */
	for (i = 0; i < set->nr_tasks; i++)
		if (set->task[i].domain == domain && !place_task(set, &set->task[i], g, of, &nr))
			return false;
	for (i = 1; i <= nr; i++)
		if (!set_add_server(set, domain, i, SET_ANY, of[i].budget, of[i].period))
			return false;
	return true;
}

static bool global_vcpus(struct set *set, int domain, const struct gen_guests *g)
{
	struct rt_task tasks[SET_TASKS];
	struct interface best = {}, this;
	int i, nr = collect(set, domain, SET_ANY, tasks);

	if (!nr)
		return true;
	for (i = 1; i <= nr && i <= set->nr_cpus; i++) {
		this = interface_harmonic(tasks, nr, i, g);
		if (this.budget && less(&this, &best))
			best = this;
	}
	for (i = 1; i <= best.nr_cpus; i++)
		set_add_server(set, domain, i, SET_ANY, best.budget, best.period);
	return best.budget;
}

bool gen_vcpus(struct set *set, const struct gen_guests *g)
{
	bool all = true;
	int i;

	for (i = 1; i <= 4; i++)
		all = (g->guest == GEN_GEDF ? global_vcpus(set, i, g) :
					      partitioned_vcpus(set, i, g)) && all;
	return all;
}

/* The servers as tasks, in the order of their deadlines */
static int collect_servers(const struct set *set, struct rt_task *tasks)
{
	int i;

	for (i = 0; i < set->nr_servers; i++)
		tasks[i] = (struct rt_task){ set->server[i].budget, set->server[i].deadline,
					     set->server[i].period, i };
	rt_sort(tasks, set->nr_servers);
	return set->nr_servers;
}

bool analysis_gedf(const struct set *set)
{
	struct rt_task tasks[SET_SERVERS];
	struct rt_server cpus[SET_CPUS];
	struct rt_failure f;
	int i;

	for (i = 0; i < set->nr_cpus; i++)
		cpus[i] = (struct rt_server){ .q = 1, .p = 1, .d = 1 };
	return rt_fits_gedf(tasks, collect_servers(set, tasks), cpus, set->nr_cpus, &f);
}

bool analysis_gdm(const struct set *set)
{
	struct rt_task tasks[SET_SERVERS];

	return rt_fits_gdm(tasks, collect_servers(set, tasks), set->nr_cpus);
}

/* EDF on a CPU of its own: the exact demand test, of pieces as of whole servers */
bool analysis_demand(const struct set_server *servers, int nr)
{
	static const struct rt_server cpu = { .q = 1, .p = 1, .d = 1 };
	struct rt_task tasks[SET_SERVERS];
	struct rt_failure f;
	int i;

	for (i = 0; i < nr; i++)
		tasks[i] = (struct rt_task){ servers[i].budget, servers[i].deadline,
					     servers[i].period, i };
	rt_sort(tasks, nr);
	return rt_fits_edf(tasks, nr, &cpu, &f);
}

/* The servers of a CPU */
static bool cpu_fits(const struct set *set, int cpu)
{
	struct set_server on[SET_SERVERS];
	int i, nr = 0;

	for (i = 0; i < set->nr_servers; i++)
		if (set->server[i].cpu == cpu)
			on[nr++] = set->server[i];
	return analysis_demand(on, nr);
}

bool analysis_cbs(const struct set *set, int64_t lost, int64_t debt)
{
	struct rt_task tasks[SET_TASKS];
	struct rt_failure f;
	int i, nr;

	for (i = 0; i < set->nr_servers; i++) {
		const struct set_server *s = &set->server[i];
		const struct rt_server server = { s->budget, s->period, s->deadline, lost, debt };

		nr = collect(set, s->domain, s->vcpu, tasks);
		if (nr && !rt_fits_fp(tasks, nr, &server, &f))
			return false;
	}
	for (i = 0; i < set->nr_cpus; i++)
		if (!cpu_fits(set, i))
			return false;
	return true;
}
