// SPDX-License-Identifier: GPL-2.0
/*
 * The generator and the analysis, by values worked by hand; and properties that any run
 * of the model must have. Lines "ok NAME" or "not NAME", numbered by test/run.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../gen/analysis.h"
#include "../gen/gen.h"
#include "../gen/rng.h"
#include "../model/sim.h"

static int failed;

static void check(bool ok, const char *what)
{
	printf("%s %s\n", ok ? "ok" : "not", what);
	failed += !ok;
}

static void test_random(void)
{
	struct rng rng = { 1234567 };
	double part[5], sum = 0, first = 0;
	bool positive = true;
	int i, j;

	/* The published sequence of splitmix64 for this seed */
	check(rng_next(&rng) == 6457827717110365317ULL && rng_next(&rng) == 3203168211198807973ULL,
	      "the random numbers are those of splitmix64");
	for (i = 0; i < 20000; i++) {
		gen_uunifast(&rng, part, 5, 0.8);
		for (j = 0, sum = 0; j < 5; j++) {
			sum += part[j];
			positive = positive && part[j] >= 0;
		}
		positive = positive && fabs(sum - 0.8) < 0.000001;
		first += part[0];
	}
	check(positive, "UUniFast: parts add up to the sum");
	check(fabs(first / 20000 - 0.16) < 0.002, "UUniFast: the first part is a fifth on average");
}

static void test_execution(void)
{
	int64_t least = INT64_MAX, most = 0, e;
	int i;

	for (i = 0; i < 10000; i++) {
		e = rng_execution(7, 3, i, 1000, 50);
		least = e < least ? e : least;
		most = e > most ? e : most;
	}
	check(least == 501 && most == 1000, "execution is in (C/2, C]");
	check(rng_execution(7, 3, 5, 1000, 100) == 1000, "execution is C");
	check(rng_execution(7, 3, 5, 1000, 10) == rng_execution(7, 3, 5, 1000, 10) &&
	      rng_execution(7, 3, 5, 1000000, 10) != rng_execution(7, 2, 5, 1000000, 10),
	      "execution depends on task and job alone");
}

static double load_of(const struct set *set, int domain)
{
	double sum = 0;
	int i;

	for (i = 0; i < set->nr_tasks; i++)
		if (!domain || set->task[i].domain == domain)
			sum += (double)set->task[i].cost / set->task[i].period;
	return sum;
}

static void test_sets(void)
{
	static struct set a, b;

	gen_capacity(&a, GEN_EVEN, 70, 5);
	gen_capacity(&b, GEN_EVEN, 70, 5);
	check(!memcmp(&a, &b, sizeof(a)), "the same seed, the same set");
	gen_capacity(&b, GEN_EVEN, 70, 6);
	check(memcmp(&a.task, &b.task, sizeof(a.task)), "another seed, another set");
	check(a.nr_servers == 5 && a.nr_tasks == 25 && fabs(load_of(&a, 0) - 0.7) < 0.02 &&
	      fabs(load_of(&a, 3) - 0.14) < 0.005,
	      "five domains at 14 % each");
	gen_capacity(&b, GEN_INCREASING, 100, 1);
	check(b.server[4].budget == 10 * MS && b.server[4].period == 20 * MS &&
	      fabs(load_of(&b, 5) - 0.5) < 0.01,
	      "increasing: domain 5 has 10 in 20 ms");
	gen_bimodal(&a, 290, 3);
	check(a.nr_cpus == 5 && fabs(load_of(&a, 0) - 2.9) < 0.02, "bimodal: the sum is exact");
}

static bool same_text(const struct set *set)
{
	static struct set again;
	FILE *file = tmpfile();
	bool same;

	if (!file)
		return false;
	set_print(set, file);
	rewind(file);
	same = !set_read(&again, file, "the set") && !memcmp(set, &again, sizeof(again));
	fclose(file);
	return same;
}

static void test_text(void)
{
	static struct set set;

	gen_capacity(&set, GEN_DECREASING, 85, 9);
	set.task[3].percent = 50;
	set.task[4].offset = 3;
	check(same_text(&set), "a set that is printed and read is the same");
}

/*
 * A budget of 2 in 10, nothing above: at worst 8 without any, 2 of 3, 8, and 1. With a server
 * of 1 in 5 above it, it ends in the last period 1 later; twice that if its budget may
 * come late and early.
 */
static void test_analysis(void)
{
	static struct set set;

	set_init(&set, 1, 0);
	set_add_server(&set, 1, 1, 0, 2, 10);
	set_add_task(&set, 1, 1, 3, 100);
	check(analysis_response(&set, 0, false) == 19, "Davis and Burns: alone");
	set.task[0].cost = 4;
	check(analysis_response(&set, 0, false) == 20, "Davis and Burns: two whole budgets");
	set.task[0].cost = 3;
	set.server[0].priority = 2;
	set_add_server(&set, 2, 1, 0, 1, 5)->priority = 1;
	check(analysis_response(&set, 0, false) == 20, "Davis and Burns: below a periodic server");
	check(analysis_response(&set, 0, true) == 21, "Davis and Burns: below a deferrable one");
	set.task[0].deadline = 19;
	check(analysis_response(&set, 0, false) == -1 && !analysis_davis_burns(&set, false),
	      "Davis and Burns: too late");
	check(analysis_servers(&set, true), "both servers have their budgets");
	set.server[1].budget = 5;
	check(!analysis_servers(&set, false), "a server that never has its budget");
}

/* What must hold whatever the rules: time is not used twice, and no server has more than Q in P. */
struct audit {
	const struct set *set;
	int64_t used[SET_SERVERS], busy_to;
	bool one_at_a_time;
};

static void audit_ran(void *arg, int server, int task, int64_t from, int64_t to)
{
	struct audit *a = arg;

	a->one_at_a_time = a->one_at_a_time && from >= a->busy_to &&
			   a->set->server[server].domain == a->set->task[task].domain;
	a->busy_to = to;
	a->used[server] += to - from;
}

static void test_policy(int policy)
{
	struct audit audit = { .one_at_a_time = true };
	struct sim_options opt = { .policy = policy,
				   .order = policy < SIM_CBS ? SIM_FP : SIM_EDF,
				   .length = 20000000,
				   .ran = audit_ran,
				   .arg = &audit };
	static struct sim_result result;
	static struct set set;
	char what[64];
	bool ok = true;
	int seed, i;

	for (seed = 1; seed <= 20; seed++) {
		gen_capacity(&set, seed % GEN_CASES, 100, seed);
		memset(&audit, 0, sizeof(audit));
		audit.one_at_a_time = true;
		audit.set = &set;
		sim_run(&set, &opt, &result);
		ok = ok && audit.one_at_a_time && result.all.ran + result.idle == opt.length;
		if (policy == SIM_CRPS || policy > SIM_CBS)
			continue;
		for (i = 0; i < 5; i++)
			ok = ok && audit.used[i] <= (opt.length / set.server[i].period + 1) *
							    set.server[i].budget;
	}
	snprintf(what, sizeof(what), "%s: one at a time, and no more than Q in P",
		 sim_policy_name[policy]);
	check(ok, what);
}

/* What others use of idle time, or hand on, costs no server its budget, by its deadline. */
static void test_guarantee(int policy)
{
	struct sim_options opt = { .policy = policy, .order = SIM_EDF, .length = 20000000 };
	static struct sim_result result;
	int64_t late = 0, overbooked = 0;
	static struct set set;
	char what[80];
	int seed;

	for (seed = 1; seed <= 20; seed++) {
		gen_capacity(&set, seed % GEN_CASES, 100, seed);
		sim_run(&set, &opt, &result);
		late += result.late;
		set.server[seed % 5].budget += MS;
		sim_run(&set, &opt, &result);
		overbooked += result.late;
		gen_mixed(&set, seed);
		sim_run(&set, &opt, &result);
		late += result.late;
	}
	snprintf(what, sizeof(what), "%s: each budget by its deadline, if they all fit",
		 sim_policy_name[policy]);
	check(!late && overbooked, what);
}

struct ends {
	uint64_t sum;		/* of all but the first task's jobs, and of when they ended */
	int64_t extra[SET_SERVERS];
};

static void note_end(void *arg, int task, int64_t nr, int64_t release, int64_t finish)
{
	struct ends *e = arg;

	if (task)
		e->sum = (e->sum ^ (task + 31 * finish)) * 1099511628211ULL;
}

static void note_ran(void *arg, int server, int task, int64_t from, int64_t to)
{
	struct ends *e = arg;

	e->extra[server] += to - from;
}

/*
 * A server that is always busy, beside some whose budgets are as much as their tasks need:
 * whether it has idle time makes no difference to these, and it has all that there is.
 */
static void test_busy(int policy)
{
	struct sim_options opt = { .order = SIM_EDF, .length = 5000000,
				   .job = note_end, .ran = note_ran };
	static struct sim_result result;
	bool same = true, all = true;
	static struct ends with, without;
	static struct set set;
	struct rng rng;
	char what[80];
	int seed, i;

	for (seed = 1; seed <= 20; seed++) {
		rng = rng_stream(seed, 1);
		set_init(&set, 1, seed);
		set_add_server(&set, 1, 1, 0, rng_between(&rng, 1, 5000), 25000);
		set_add_task(&set, 1, 1, 1000000, 1000000);
		for (i = 2; i <= 5; i++) {
			int64_t period = rng_between(&rng, 3000, 60000), budget = period / 5;

			set_add_server(&set, i, 1, 0, budget, period);
			set_add_task(&set, i, 1, budget, period + rng_between(&rng, 0, period));
		}
		memset(&with, 0, sizeof(with));
		memset(&without, 0, sizeof(without));
		opt.policy = SIM_CBS;
		opt.arg = &without;
		sim_run(&set, &opt, &result);
		opt.policy = policy;
		opt.arg = &with;
		sim_run(&set, &opt, &result);
		same = same && with.sum == without.sum;
		all = all && !result.idle && with.extra[0] > without.extra[0];
	}
	snprintf(what, sizeof(what), "%s: a busy server makes no difference to others",
		 sim_policy_name[policy]);
	check(same, what);
	snprintf(what, sizeof(what), "%s: it has all that is left", sim_policy_name[policy]);
	check(all, what);
}

/* Of two that are always busy each has half of what is left, however much is its own. */
static void test_halves(void)
{
	struct ends ends = {};
	struct sim_options opt = { .policy = SIM_CBS_IDLE, .order = SIM_EDF, .length = 10000000,
				   .ran = note_ran, .arg = &ends };
	static struct sim_result result;
	static struct set set;

	set_init(&set, 1, 0);
	set_add_server(&set, 1, 1, 0, 1700, 7000);
	set_add_server(&set, 2, 1, 0, 3000, 30000);
	set_add_server(&set, 3, 1, 0, 2300, 11000);
	set_add_task(&set, 1, 1, 900000, 900000);
	set_add_task(&set, 2, 1, 900000, 900000);
	set_add_task(&set, 3, 1, 2300, 11000);
	sim_run(&set, &opt, &result);
	check(!result.idle && llabs(ends.extra[0] - ends.extra[1] -
				    (17 * opt.length / 70 - opt.length / 10)) < 2 * 3000,
	      "cbs-idle: two busy servers share what is left");
}

static void test_counts(void)
{
	struct sim_options opt = { .policy = SIM_CBS, .order = SIM_EDF, .length = 100 };
	static struct sim_result result;
	static struct set set;

	/* 5 in 10 for one that needs 6 in 10: each job is later than the one before. */
	set_init(&set, 1, 0);
	set_add_server(&set, 1, 1, 0, 5, 10);
	set_add_task(&set, 1, 1, 6, 10);
	sim_run(&set, &opt, &result);
	check(result.all.jobs == 10 && result.all.missed == 10 && result.all.ran == 50,
	      "jobs that end late or never are missed");
	set.task[0].cost = 5;
	sim_run(&set, &opt, &result);
	check(result.all.jobs == 10 && !result.all.missed && result.all.worst == 5,
	      "jobs that end in time are not");
	check(fabs(sim_quantile(&result, 1, 0.5) - 0.5) < 0.000001,
	      "the median response is half the deadline");
}

#ifdef HAVE_RT_MODEL
/* Three servers of 6 in 10 on two CPUs: each has 4 left, so the third is 4 by 4 and 2 by 6. */
static void test_split(void)
{
	static struct set set;
	int i, pieces = 0;
	bool ok = true;

	set_init(&set, 2, 0);
	for (i = 1; i <= 3; i++)
		set_add_server(&set, i, 1, SET_ANY, 6 * MS, 10 * MS);
	check(!gen_pack(&set, 1000), "three servers of 60 % do not fit on two CPUs");
	for (i = 0; i < 3; i++)
		set.server[i].cpu = SET_ANY;
	check(analysis_split(&set) && set.nr_servers == 4, "one of them in two pieces does");
	for (i = 0; i < set.nr_servers; i++) {
		const struct set_server *s = &set.server[i];

		if (s->budget == 6 * MS)
			continue;
		pieces++;
		ok = ok && ((s->budget == 4 * MS && s->deadline == 4 * MS && !s->offset) ||
			    (s->budget == 2 * MS && s->deadline == 6 * MS && s->offset == 4 * MS));
	}
	check(ok && pieces == 2, "the first has its budget as deadline, the second begins there");
}

/*
 * On two CPUs, two of 1 in 10 before a third by 11. It has 9: after 9 the others may have had
 * 1 each more than is harmless, so 10; after 10, and 11, 2 each, so 11. With 10 it is 12.
 */
static void test_global(void)
{
	static struct set set;

	set_init(&set, 2, 0);
	set_add_server(&set, 1, 1, SET_ANY, 1, 10);
	set_add_server(&set, 2, 1, SET_ANY, 1, 10);
	set_add_server(&set, 3, 1, SET_ANY, 9, 11);
	check(analysis_gdm(&set), "global, by deadline: the third is in time");
	set.server[2].budget = 10;
	check(!analysis_gdm(&set), "with 1 more it may not be");
}

static void test_interfaces(void)
{
	static const struct gen_improved improved = { 90, 350, 850, 50 };
	struct gen_guests g = { .divide = 1 };
	double asked[GEN_GUESTS];
	static struct set set;
	char what[80];
	int i;
	bool ok;

	ok = gen_improved(&set, &improved, 1) && set.nr_servers == 5;
	for (i = 1; i < 5 && ok; i++)
		ok = set.server[i].period >= set.server[i - 1].period;
	check(ok, "improved: the shorter the period the higher");
	for (i = 0; i < set.nr_tasks; i++)
		ok = ok && set.task[i].percent == (set.task[i].domain <= 3 ? 50 : 100);
	check(ok && fabs(load_of(&set, 0) - 0.925) < 0.03,
	      "improved: the load, and who executes less");
	for (g.guest = 0; g.guest < GEN_GUESTS; g.guest++) {
		gen_bimodal(&set, 290, 3);
		snprintf(what, sizeof(what), "the tasks of a guest have vCPUs: %s",
			 gen_guest_name[g.guest]);
		check(gen_vcpus(&set, &g) && !set_fault(&set), what);
		asked[g.guest] = gen_bandwidth(&set);
	}
	check(asked[GEN_PEDF] <= asked[GEN_PRM] && asked[GEN_PEDF] <= asked[GEN_GEDF],
	      "EDF on each vCPU asks for the least");
}

/* Three servers of 60 % on two CPUs, one or two tasks in each */
static void make_three(struct set *set, int first, int second, int third)
{
	const int nr[] = { first, second, third };
	int i, j;

	set_init(set, 2, 0);
	for (i = 0; i < 3; i++) {
		set_add_server(set, i + 1, 1, SET_ANY, 6 * MS, 10 * MS);
		for (j = 0; j < nr[i]; j++)
			set_add_task(set, i + 1, 1, 1 * MS, 20 * MS);
	}
}

/* Of each CPU 90 %: 30 are left on each. */
static void test_spread(void)
{
	static struct set set;
	int64_t on[2] = {};
	bool ok;
	int i;

	make_three(&set, 2, 1, 2);
	ok = gen_spread(&set, 900) && set.nr_servers == 4;
	for (i = 0; i < set.nr_servers; i++) {
		const struct set_server *s = &set.server[i];

		on[s->cpu] += s->budget;
		ok = ok && s->deadline == 10 * MS && s->budget == (s->domain == 2 ? 3 : 6) * MS;
	}
	check(ok && on[0] == 9 * MS && on[1] == 9 * MS,
	      "spread: what fits nowhere has a budget on both CPUs");
	make_three(&set, 2, 2, 2);
	check(!gen_spread(&set, 900), "but not what has two tasks");
	make_three(&set, 1, 1, 1);
	check(!gen_spread(&set, 890), "nor what is more than there is");
	make_three(&set, 1, 1, 1);
	gen_admit(&set, 900);
	gen_admit(&set, 901);
	check(set.server[0].budget == 3 * MS && set.server[2].budget == 3 * MS,
	      "admitted: each budget is less, in proportion, if there is not enough");
}

/*
 * 3 in 10 for tasks of 3 in 20 and 2 in 40: the longest gap is 14, so the first is done after
 * 17, and the other one, behind two of that, after 36. With 1 less of each budget, the first
 * takes 25 at least.
 */
static void test_promised(void)
{
	static struct set set;

	set_init(&set, 1, 0);
	set_add_server(&set, 1, 1, 0, 3, 10);
	set_add_task(&set, 1, 1, 3, 20);
	set_add_task(&set, 1, 1, 2, 40);
	set_add_server(&set, 2, 1, 0, 14, 20);
	check(analysis_cbs(&set, 0, 0), "cbs: both tasks are in time");
	check(!analysis_cbs(&set, 1, 0), "not if 1 of each budget is lost");
	set.server[1].budget = 15;
	check(!analysis_cbs(&set, 0, 0), "nor if there is more than the CPU");
}
#endif

int main(void)
{
	int i;

	test_random();
	test_execution();
	test_sets();
	test_text();
	test_analysis();
	for (i = 0; i < SIM_POLICIES; i++)
		test_policy(i);
	for (i = SIM_CBS; i < SIM_POLICIES; i++)
		test_guarantee(i);
	for (i = SIM_CBS_IDLE; i < SIM_POLICIES; i++)
		test_busy(i);
	test_halves();
	test_counts();
#ifdef HAVE_RT_MODEL
	test_split();
	test_global();
	test_interfaces();
	test_spread();
	test_promised();
#endif
	return failed ? 1 : 0;
}
