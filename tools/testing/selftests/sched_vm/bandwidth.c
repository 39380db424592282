// SPDX-License-Identifier: GPL-2.0
/*
 * Bandwidth is an integral: reservations are changed at random, and nobody uses more
 * than what was reserved over the time, in any window, and one budget at each end of it;
 * and who does not change has what a server of its parameters gives in any window.
 * lib/model_time.c says what was reserved. Two CPUs, virtual time.
 *
 * On CPU 0 there are the groups
 *
 *	victim		its reservation stays as it is
 *	a		one that changes
 *	a/kid		bandwidth is handed to it, and back
 *	b		a and b exchange bandwidth
 *
 * each with a thread that is busy all the time, and says when it ran. On CPU 1 somebody
 * changes budgets, periods and deadlines, ends reservations, removes and makes groups, at
 * any moment of their periods. Periods are of another scale in each round. The first
 * argument is the seed of the first round, the second one the number of rounds, so that
 * a round can be played again alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "model.h"
#include "sched_vm.h"

#define SEED		20261128
#define ROUNDS		6
#define STEPS		100
#define TURNS		12		/* there and back */
#define MAX_WRITES	(3 * TURNS * STEPS)
#define MAX_BURSTS	(32 * 1024)
#define OUTSIDE		-1

/* A context switch there and back, or an interrupt, is shorter. */
#define GAP_NS		(30 * NS_PER_US)

/* By how much a budget may be exceeded, which the next one pays. */
#define DEBT_NS		(20 * NS_PER_US)

/* That, and what is not known of the moment at which a write takes effect. */
#define SLACK_NS	(200 * NS_PER_US)

enum { VICTIM, A, KID, B, NR_GROUPS };

static const struct {
	const char *name;
	int parent;
} tree[NR_GROUPS] = {
	[VICTIM] = { "victim", OUTSIDE },
	[A] = { "a", OUTSIDE },
	[KID] = { "kid", A },
	[B] = { "b", OUTSIDE },
};

/* What was written, when, and where the threads are from then on. */
struct write {
	uint64_t begin;
	uint64_t end;
	struct model told;
	int place[NR_GROUPS];
	int removed;			/* a group, or OUTSIDE */
};

static struct model model;		/* as it is now */
static int place[NR_GROUPS];		/* of each thread */
static struct write writes[MAX_WRITES];
static unsigned int nr_writes;
static char *group[NR_GROUPS], *none;
static struct worker worker[NR_GROUPS];
static struct worker_spec spec[NR_GROUPS];
static struct burst_log *logs[NR_GROUPS];
static long scale_us;			/* of periods */
static uint64_t settled, ended;
static unsigned int accepted, refused;
static double worst;			/* lag, of what is possible */
static uint64_t rng_state;

static unsigned int below(unsigned int n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (rng_state * 2685821657736338717ULL >> 32) % n;
}

static void note(uint64_t begin, int removed)
{
	struct write *w = &writes[nr_writes];

	if (nr_writes + 1 < MAX_WRITES)
		nr_writes++;
	w->begin = begin;
	w->end = now_ns();
	w->told = model;
	w->removed = removed;
	memcpy(w->place, place, sizeof(place));
}

/* One write, which does what the model says. */
static bool tell(int g, const char *text)
{
	uint64_t begin = now_ns();
	enum model_answer answer;
	struct model_group after;
	int ret, expected = model_write(&model, g, FILE_RT_MAX, text, &after, &answer);

	ret = group_write(group[g], RT_MAX, text);
	if (!ret && !expected) {
		accepted++;
		model.group[g] = after;
		note(begin, OUTSIDE);
		return true;
	}
	refused++;
	if (ret == expected || (answer == MAYBE && ret == -EBUSY))
		return true;
	ksft_print_msg("'%s' > %s: %d, expected %d\n", text, tree[g].name, ret, expected);
	return false;
}

static bool reserve(int g, double bw, long period_us, long deadline_us)
{
	long budget_us = bw * deadline_us;
	char text[64];

	snprintf(text, sizeof(text), "%ld %ld %ld",
		 budget_us < 100 ? 100 : budget_us, period_us, deadline_us);
	return tell(g, text);
}

static long some_period(void)
{
	return scale_us * (25 + below(375)) / 100;
}

static long some_deadline(long period_us)
{
	return below(3) ? period_us : period_us * (30 + below(70)) / 100;
}

/* What the group could have, if the others keep what they have. */
static double room_of(int g)
{
	return model_room(&model, tree[g].parent) + model_bandwidth(&model, g);
}

static bool may_reserve(int g)
{
	return tree[g].parent < 0 || model.group[tree[g].parent].budget > 0;
}

static bool tune(int g)
{
	long period_us = some_period(), deadline_us = some_deadline(period_us);
	double bw = room_of(g) * 0.998;

	switch (below(5)) {
	case 0:
		bw = 0.02;
		break;
	case 1:
		break;
	case 2:			/* all others have, which is too much */
		bw = 1;
		break;
	default:
		bw *= below(1000) / 1000.0;
	}
	return !may_reserve(g) || reserve(g, bw, period_us, deadline_us);
}

/* The same density, sooner or later. */
static bool flip(int g)
{
	long period_us = model.group[g].period;
	double bw = model_bandwidth(&model, g);

	return !bw || reserve(g, bw, period_us, below(2) ? period_us : period_us / (2 + below(8)));
}

/* One gives all that it has, or nearly so, and another one takes it. */
static bool exchange(int from, int to)
{
	long period_us = some_period();
	bool ok = reserve(from, 0.02, some_period(), scale_us);

	if (below(2))
		sleep_ns(below(scale_us) * NS_PER_US);
	return reserve(to, room_of(to) * 0.998, period_us, period_us) && ok;
}

/*
 * Over and over, each has its budget at once, or just begins with it, and passes on what
 * is reserved, all of it or nearly so. Who has a later deadline waits meanwhile.
 */
static bool to_and_fro(int from, int to)
{
	long period_us = scale_us * (50 + below(100)) / 100;
	bool ok = tell(KID, "max"), ends = below(3);
	int i, other;

	for (i = 0; i < TURNS; i++) {
		ok &= ends ? tell(from, "max") : reserve(from, 0.02, period_us, period_us);
		ok &= reserve(to, room_of(to) * 0.998, period_us, period_us);
		sleep_ns(model.group[to].budget * (below(2) ? below(30) : 90 + below(30)) * 10);
		other = from;
		from = to;
		to = other;
	}
	return ok;
}

static bool hand_over(void)
{
	return !may_reserve(KID) ||
	       reserve(KID, room_of(KID) * (below(2) ? 0.05 : 0.9), some_period(), scale_us / 4);
}

static bool end(int g)
{
	return (g == A && model.group[KID].budget > 0) || tell(g, "max");
}

static void group_new(int g)
{
	group[g] = tree[g].parent < 0 ? group_make_on(tree[g].name, "0") :
					group_make_threaded(group[tree[g].parent], tree[g].name);
	model.group[g] = (struct model_group){
		.parent = tree[g].parent, .rt_inside = true, .budget = MODEL_BUDGET_MAX,
		.period = DEFAULT_PERIOD_US, .deadline = MODEL_BUDGET_MAX,
	};
}

static bool put(int g, int where)
{
	const char *cg = where < 0 ? none : group[where];
	uint64_t begin = now_ns();
	int ret = tree[g].parent < 0 ? group_attach(cg, worker[g].pid) :
				       group_attach_thread(cg, worker[g].pid);

	place[g] = where;
	note(begin, OUTSIDE);
	return check(!ret);
}

/* rmdir ends a reservation as well, and mkdir makes one that has never had anything. */
static bool make_anew(int g)
{
	uint64_t begin;
	bool ok = put(g, tree[g].parent);

	begin = now_ns();
	model.group[g].budget = MODEL_BUDGET_MAX;
	if (!group_try_remove(group[g]))
		return check(!"rmdir");
	note(begin, g);
	free(group[g]);
	if (below(2))
		sleep_ns(below(scale_us) * NS_PER_US);
	group_new(g);
	ok &= put(g, g);
	return tune(g) && ok;
}

static bool do_step(void)
{
	static const int who[] = { A, KID, B };
	int g = who[below(3)];

	switch (below(10)) {
	case 0:
		return exchange(A, B);
	case 1:
		return exchange(B, A);
	case 2:
		return hand_over();
	case 3:
		return end(g);
	case 4:
		return make_anew(below(2) ? B : KID);
	case 5:
		return flip(g);
	case 6:
		return to_and_fro(A, B);
	default:
		return tune(g);
	}
}

static bool play(void)
{
	bool ok = true;
	int i;

	for (i = 0; i < STEPS; i++) {
		if (below(4))
			sleep_ns(below(2 * scale_us) * NS_PER_US);
		ok &= do_step();
	}
	/* What they have in the end. */
	ok &= tell(KID, "max") & tell(B, "max");
	ok &= reserve(A, 0.4, 2 * scale_us, 2 * scale_us);
	ok &= reserve(KID, 0.15, scale_us, scale_us / 2);
	ok &= reserve(B, room_of(B) * 0.9, scale_us * 3, scale_us * 3);
	sleep_ns(20 * scale_us * NS_PER_US);
	settled = now_ns();
	sleep_ns(12 * scale_us * NS_PER_US);
	ended = now_ns();
	return check(ok);
}

/* The bursts of each thread, one after the other, and what was written in between. */
struct replay {
	struct model_time time;
	unsigned int next[NR_GROUPS];	/* burst that is, or that is next */
	bool in[NR_GROUPS];		/* ... is */
	int place[NR_GROUPS];
	unsigned int write;
	bool in_write;
};

static uint64_t next_of(const struct replay *r, int i)
{
	const struct burst *b = &logs[i]->burst[r->next[i]];

	if (r->next[i] >= logs[i]->nr)
		return UINT64_MAX;
	return r->in[i] ? b->end : b->start;
}

static uint64_t next_write(const struct replay *r)
{
	const struct write *w = &writes[r->write];

	if (r->write >= nr_writes)
		return UINT64_MAX;
	return r->in_write ? w->end : w->begin;
}

static void pass_write(struct replay *r)
{
	const struct write *w = &writes[r->write];

	r->in_write = !r->in_write;
	if (r->in_write) {
		model_time_begin(&r->time, &w->told);
		return;
	}
	model_time_end(&r->time, &w->told);
	if (w->removed >= 0)
		model_time_remove(&r->time, w->removed);
	memcpy(r->place, w->place, sizeof(r->place));
	r->write++;
}

/* Who serves whoever runs. It is not known when in a write a reservation ends. */
static int server_now(const struct replay *r)
{
	const struct write *w = &writes[r->write];
	int i;

	for (i = 0; i < NR_GROUPS; i++) {
		if (!r->in[i] || r->place[i] < 0)
			continue;
		if (r->in_write && model_server(&w->told, r->place[i]) < 0)
			return OUTSIDE;
		return model_server(&r->time.told, r->place[i]);
	}
	return OUTSIDE;
}

/* Has everybody had no more than was reserved over the time? */
static bool keeps_rule(const struct model *first)
{
	struct replay r = {};
	uint64_t now = logs[VICTIM]->burst[0].start, to;
	char who[128];
	double part;
	int i, g;

	model_time_init(&r.time, first);
	for (i = 0; i < NR_GROUPS; i++)
		r.place[i] = i;
	for (;; now = to) {
		to = next_write(&r);
		for (i = 0; i < NR_GROUPS; i++)
			to = next_of(&r, i) < to ? next_of(&r, i) : to;
		if (to == UINT64_MAX)
			break;
		if (to > now)
			model_time_run(&r.time, to - now, server_now(&r));
		else
			to = now;
		if (model_time_exceeded(&r.time, SLACK_NS, who, sizeof(who))) {
			ksft_print_msg("%s, %.3f ms after the begin, after %u writes\n", who,
				       (to - logs[VICTIM]->burst[0].start) / 1e6, r.write);
			return false;
		}
		part = r.time.own[A].lag / (2 * r.time.own[A].budget[A] + SLACK_NS);
		worst = part > worst ? part : worst;
		if (next_write(&r) <= to)
			pass_write(&r);
		for (i = 0; i < NR_GROUPS; i++) {
			if (next_of(&r, i) > to)
				continue;
			r.next[i] += r.in[i];
			r.in[i] = !r.in[i];
		}
	}
	for (g = A; g < NR_GROUPS; g++)
		ksft_print_msg("%s: up to %.3f ms ahead, %.3f ms with those below\n",
			       tree[g].name, r.time.own[g].worst / 1e6, r.time.tree[g].worst / 1e6);
	ksft_print_msg("all: up to %.3f ms ahead\n", r.time.all.worst / 1e6);
	return true;
}

/* Who had the CPU in the longest time in which the victim did not? */
static void print_gap(void)
{
	const struct burst_log *log = logs[VICTIM];
	uint64_t from = 0, to = 0;
	unsigned int k;
	int g;

	for (k = 0; k + 1 < log->nr; k++) {
		if (log->burst[k + 1].start - log->burst[k].end <= to - from)
			continue;
		from = log->burst[k].end;
		to = log->burst[k + 1].start;
	}
	ksft_print_msg("longest gap %.3f ms, %.3f ms after the begin\n", (to - from) / 1e6,
		       (from - log->burst[0].start) / 1e6);
	for (g = A; g < NR_GROUPS; g++)
		ksft_print_msg("%s ran for %.3f ms of it\n", tree[g].name,
			       supply_between(logs[g], from, to) / 1e6);
}

/* Has the victim had what a server of its parameters gives, in each window? */
static bool victim_keeps(void)
{
	const struct model_group *v = &model.group[VICTIM];
	uint64_t q = v->budget * NS_PER_US, p = v->period * NS_PER_US, d = v->deadline * NS_PER_US;
	uint64_t *sum = supply_sums(logs[VICTIM]), t, due, got, allowed;
	int64_t nearest = INT64_MAX;
	bool ok = true;

	for (t = p / 10; t <= 6 * p; t += p / 10) {
		due = supply_bound(q, p, d, t);
		got = supply_least(logs[VICTIM], sum, t);
		allowed = (t / p + 2) * DEBT_NS + SLACK_NS;
		if (due && (int64_t)(got - due) < nearest)
			nearest = got - due;
		if (got + allowed >= due)
			continue;
		ksft_print_msg("the victim has %.3f ms in %.3f ms, due are %.3f ms less %.3f\n",
			       got / 1e6, t / 1e6, due / 1e6, allowed / 1e6);
		ok = false;
	}
	free(sum);
	ksft_print_msg("victim (%lld us in %lld us, by %lld us): %+.3f us over what is due\n",
		       v->budget, v->period, v->deadline, nearest / 1e3);
	if (!ok)
		print_gap();
	return check(ok);
}

/* When nothing changes any more, each has what it was told last. */
static bool keeps_last(void)
{
	bool ok = true;
	int g;

	for (g = A; g < NR_GROUPS; g++) {
		uint64_t p = model.group[g].period * NS_PER_US;
		uint64_t d = model.group[g].deadline * NS_PER_US;
		uint64_t q = model_share(&model, g) * d, due, got;

		due = supply_bound(q, p, d, ended - settled);
		got = supply_between(logs[g], settled, ended);
		if (got + SLACK_NS >= due)
			continue;
		ksft_print_msg("%s has %.3f ms in the end, due are %.3f ms\n", tree[g].name,
			       got / 1e6, due / 1e6);
		ok = false;
	}
	return check(ok);
}

static void set_up(void)
{
	uint64_t start;
	int g;

	model.nr = NR_GROUPS;
	nr_writes = 0;
	for (g = 0; g < NR_GROUPS; g++) {
		group_new(g);
		place[g] = g;
		logs[g]->nr = 0;
		spec[g] = (struct worker_spec){
			.group = group[g], .policy = SCHED_FIFO, .prio = 10, .cpu = 0,
			.fn = fn_burst, .arg = logs[g],
		};
		worker_spawn(&worker[g], &spec[g]);
	}
	start = now_ns() + 5 * NS_PER_MS;
	for (g = 0; g < NR_GROUPS; g++) {
		logs[g]->end_ns = UINT64_MAX;
		store_64(&worker[g].page->start_ns, start);
		worker_go(&worker[g]);
	}
}

static void tear_down(void)
{
	int g;

	for (g = 0; g < NR_GROUPS; g++)
		store_u(&worker[g].page->stop, 1);
	for (g = 0; g < NR_GROUPS; g++)
		worker_wait(&worker[g]);
	for (g = NR_GROUPS; g-- > 0;)
		group_remove(group[g]);
}

enum { MODEL, RULE, SUPPLY, LAST, NR_RESULTS };

static void one_round(uint64_t seed, bool *ok)
{
	static const long scales_us[] = { 1000, 2000, 3000, 4000 };
	struct model first;
	long period_us;
	int g;

	rng_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	scale_us = scales_us[below(4)];
	/* Short, to be late at once; or long, to be late when others come over and over. */
	period_us = below(2) ? scale_us * (2 + below(7)) / 2 : scale_us * 4 * (1 + below(4));
	set_up();
	ok[MODEL] &= reserve(VICTIM, (15 + below(20)) / 100.0, period_us,
			     below(4) ? period_us : scale_us);
	first = model;
	nr_writes = 0;
	sleep_ns(10 * NS_PER_MS);
	ok[MODEL] &= play();
	tear_down();
	ksft_print_msg("round %llu, periods around %ld us, %u writes\n",
		       (unsigned long long)seed, scale_us, nr_writes);
	for (g = 0; g < NR_GROUPS; g++) {
		logs[g]->end_ns = ended;
		supply_by_clock(logs[g]);
	}
	ok[RULE] &= keeps_rule(&first);
	ok[SUPPLY] &= victim_keeps();
	ok[LAST] &= keeps_last();
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : SEED;
	int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS, i;
	bool ok[NR_RESULTS] = { true, true, true, true };

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(7);
	lift_kthreads();
	log_mark();
	none = group_make_on("none", "0");
	for (i = 0; i < NR_GROUPS; i++)
		logs[i] = burst_log_alloc(MAX_BURSTS, GAP_NS);
	pin_to(0, 1);
	for (i = 0; i < rounds; i++)
		one_round(seed + i, ok);
	unpin(0);
	group_remove(none);
	ksft_test_result(ok[MODEL], "each write does what the model says\n");
	ksft_test_result(ok[RULE], "nobody has more than was reserved over the time\n");
	ksft_test_result(ok[SUPPLY], "who changes nothing has its supply in each window\n");
	ksft_test_result(ok[LAST], "in the end each has what it was told last\n");
	ksft_print_msg("%u writes accepted, %u refused; up to %.0f %% of what is possible ahead\n",
		       accepted, refused, 100 * worst);
	ksft_test_result(accepted >= rounds * STEPS / 2U && refused >= rounds * STEPS / 20U &&
			 worst > 0.15, "the writes are worth something\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
