// SPDX-License-Identifier: GPL-2.0
/*
 * What plan says is enough, against the model: guests of fixed priorities, EDF and global
 * EDF, the first two in the CBS as built. The kernel has the same sets of fixed priorities
 * (kernel/run.sh); EDF guests are nowhere but here. Lines "ok NAME" or "not NAME", numbered by
 * test/run, and "# COMMENT".
 */
#include <stdbool.h>
#include <string.h>

#include "../gen/analysis.h"
#include "../gen/gen.h"
#include "../gen/rng.h"
#include "../model/sim.h"

#define NR_SETS		400
/* 1 us less than the tasks take in the long run is noticed after up to 20 s. */
#define LENGTH		40000000

struct tally {
	int sets;
	int late, late_elsewhere;	/* with the budget that is enough */
	int less, much_less;		/* late with 1 us less; with 1 % less, or half of it */
};

/*
 * By gen_guest(). With EDF also deadlines before the end of the periods, of tasks and
 * server; with fixed priorities the model knows the order of the periods alone.
 */
static void random_guest(struct set *set, bool edf, uint64_t seed)
{
	struct rng rng = rng_stream(seed, 0x706c616e6e6564);
	int i;

	gen_guest(set, seed);
	if (rng_between(&rng, 0, 1))
		set->server[0].deadline = rng_between(&rng, set->server[0].period / 2,
						      set->server[0].period);
	for (i = 0; edf && i < set->nr_tasks; i++) {
		struct set_task *t = &set->task[i];

		if (rng_between(&rng, 0, 1))
			t->deadline = rng_between(&rng, (t->cost + t->period) / 2, t->period);
	}
}

/* Who always wants what the guest's server leaves, by a deadline that is 1 us sooner. */
static void add_hog(struct set *set, int64_t offset)
{
	const struct set_server *guest = &set->server[0];
	int64_t period = guest->period, deadline = guest->deadline;

	set_add_server(set, 2, 1, 0, deadline - guest->budget, period)->deadline = deadline - 1;
	set_add_task(set, 2, 1, period, period)->offset = offset;
}

/*
 * As in kernel/worst.awk, but to the microsecond. The first budget is used as soon as it
 * is there, by a task without a hurry; when it is gone, the others are released. From the
 * second period on, the hog comes first, so the budget ends at the deadline. A longer
 * gap there is not.
 */
static void worst_phase(struct set *set)
{
	const struct set_server *guest = &set->server[0];
	int i;

	for (i = 0; i < set->nr_tasks; i++)
		set->task[i].offset = guest->budget;
	set_add_task(set, 1, 1, guest->budget, 10 * (int64_t)LENGTH);
	add_hog(set, guest->period);
}

static void some_phase(struct set *set, uint64_t seed)
{
	struct rng rng = rng_stream(seed, 0x7068617365);
	int i;

	for (i = 0; i < set->nr_tasks; i++)
		set->task[i].offset = rng_between(&rng, 0, set->task[i].period);
	add_hog(set, rng_between(&rng, 0, set->server[0].period));
}

static bool misses(const struct set *set, bool edf)
{
	static struct sim_result result;
	struct sim_options opt = { .policy = SIM_CBS, .order = SIM_EDF, .length = LENGTH,
				   .guest = edf ? SIM_GUEST_EDF : SIM_GUEST_RM };

	sim_run(set, &opt, &result);
	return result.domain[1].missed;
}

static bool misses_in_worst(const struct set *guest, int64_t budget, bool edf)
{
	static struct set set;

	set = *guest;
	set.server[0].budget = budget;
	worst_phase(&set);
	return misses(&set, edf);
}

static void judge(struct tally *tally, struct set *set, bool edf, uint64_t seed)
{
	int64_t budget = analysis_least_budget(set, &set->server[0], 1, edf);

	/* None is enough, or the hog would have nothing. */
	if (!budget || budget > set->server[0].deadline - 2)
		return;
	tally->sets++;
	tally->late += misses_in_worst(set, budget, edf);
	tally->less += misses_in_worst(set, budget - 1, edf);
	tally->much_less += misses_in_worst(set, budget - budget / 100, edf);
	set->server[0].budget = budget;
	some_phase(set, seed);
	tally->late_elsewhere += misses(set, edf);
}

static bool check(bool ok, const char *guest, const char *what)
{
	printf("%s plan for guests with %s: %s\n", ok ? "ok" : "not", guest, what);
	return ok;
}

static bool test_guest(bool edf)
{
	const char *guest = edf ? "EDF" : "fixed priorities";
	struct tally t = {};
	static struct set set;
	uint64_t seed;
	bool ok;

	for (seed = 1; seed <= NR_SETS; seed++) {
		random_guest(&set, edf, seed);
		judge(&t, &set, edf, seed);
	}
	printf("# plan for guests with %s: %d sets\n", guest, t.sets);
	ok = check(t.sets >= NR_SETS / 2 && !t.late, guest, "enough in the worst phase");
	ok = check(!t.late_elsewhere, guest, "enough in other phases") && ok;
	ok = check(t.less == t.sets, guest, "1 us less is not enough") && ok;
	return check(10 * t.much_less >= 9 * t.sets, guest,
		     "1 % less is not enough for nine of ten sets") && ok;
}

/*
 * Two vCPUs, on a CPU each, and global EDF on both. The model has no CBS for these: periodic
 * servers give as little as a CBS may to who is always ready, and no more.
 */
static void random_global(struct set *set, uint64_t seed)
{
	struct set_server *first, *second;
	int i;

	random_guest(set, true, seed);
	set->nr_cpus = 2;
	first = &set->server[0];
	second = set_add_server(set, 1, 2, 1, first->budget, first->period);
	second->deadline = first->deadline;
	for (i = 0; i < set->nr_tasks; i++)
		set->task[i].vcpu = SET_ANY;
}

/* Who comes first on CPU @cpu, from @offset on, as add_hog(). */
static void add_global_hog(struct set *set, int cpu, int64_t offset)
{
	const struct set_server *guest = &set->server[cpu];
	int64_t period = guest->period, deadline = guest->deadline;
	struct set_server *hog;

	hog = set_add_server(set, 2 + cpu, 1, cpu, deadline - guest->budget, period);
	hog->deadline = deadline - 1;
	hog->offset = offset;
	set_add_task(set, 2 + cpu, 1, period, period)->offset = offset;
}

/* The worst phase: as above, on both CPUs at the same time. The first budget goes by. */
static bool misses_global(const struct set *guest, int64_t budget, bool worst, uint64_t seed)
{
	struct rng rng = rng_stream(seed, 0x676c6f62616c);
	struct sim_options opt = { .policy = SIM_PERIODIC, .order = SIM_EDF, .length = LENGTH,
				   .guest = SIM_GUEST_EDF };
	static struct sim_result result;
	static struct set set;
	int64_t period;
	int i;

	set = *guest;
	period = set.server[0].period;
	for (i = 0; i < set.nr_tasks; i++)
		set.task[i].offset = worst ? budget : rng_between(&rng, 0, set.task[i].period);
	for (i = 0; i < 2; i++) {
		set.server[i].budget = budget;
		set.server[i].offset = worst ? 0 : rng_between(&rng, 0, period);
	}
	for (i = 0; i < 2; i++)
		add_global_hog(&set, i, worst ? period : rng_between(&rng, 0, period));
	sim_run(&set, &opt, &result);
	return result.domain[1].missed;
}

static bool test_global(void)
{
	const char *guest = "global EDF";
	struct tally t = {};
	static struct set set;
	int64_t budget;
	uint64_t seed;
	bool ok;

	for (seed = 1; seed <= NR_SETS; seed++) {
		random_global(&set, seed);
		budget = analysis_least_global(&set, &set.server[0], 2, 1);
		if (!budget || budget > set.server[0].deadline - 2)
			continue;
		t.sets++;
		t.late += misses_global(&set, budget, true, seed);
		t.late_elsewhere += misses_global(&set, budget, false, seed);
		t.much_less += misses_global(&set, budget / 2, true, seed);
	}
	printf("# plan for guests with %s: %d sets\n", guest, t.sets);
	ok = check(t.sets >= NR_SETS / 2 && !t.late, guest, "enough in the worst phase");
	ok = check(!t.late_elsewhere, guest, "enough in other phases") && ok;
	return check(10 * t.much_less >= 9 * t.sets, guest,
		     "half of it is not enough for nine of ten sets") && ok;
}

int main(void)
{
	bool ok = test_guest(false);

	ok = test_guest(true) && ok;
	return test_global() && ok ? 0 : 1;
}
