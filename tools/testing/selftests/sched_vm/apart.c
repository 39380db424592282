// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads of a capsule, on two CPUs, as vCPUs that pass a spinlock to each other: they
 * get on only while both have budget. A capsule's period begins on each CPU when a thread
 * becomes ready there. What is that worth, by how far the two are apart; and do they stay
 * as they are?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define CPUS_USED	2

#define Q_US		30000L
#define P_US		100000L
#define P_NS		(P_US * NS_PER_US)
#define PERIODS		10

struct ball {
	unsigned int side;
	unsigned int apart_ms;
	uint64_t start;
	uint64_t trips;
};

static struct ball *ball;

/* Side 1 begins later: so does its period. */
static void fn_player(struct worker *w, void *arg)
{
	unsigned int side = !!arg;

	sleep_until(ball->start + side * ball->apart_ms * NS_PER_MS);
	while (!load_u(&w->page->stop)) {
		if (load_u(&ball->side) != side)
			continue;
		if (side)
			store_64(&ball->trips, ball->trips + 1);
		store_u(&ball->side, !side);
	}
}

/* Round trips in PERIODS, some periods after the beginning */
static uint64_t trips_in(unsigned int skip)
{
	uint64_t from;

	sleep_until(ball->start + skip * P_NS);
	from = load_64(&ball->trips);
	sleep_until(ball->start + (skip + PERIODS) * P_NS);
	return load_64(&ball->trips) - from;
}

/* ... of two that begin so many ms apart; at once, and later */
static void play(unsigned int apart_ms, uint64_t *at_once, uint64_t *later)
{
	char *cg = group_make_on("c", "0-1");
	struct worker w[CPUS_USED] = {};
	char name[32];
	long i;

	group_reserve(cg, Q_US, P_US);
	memset(ball, 0, sizeof(*ball));
	ball->apart_ms = apart_ms;
	for (i = 0; i < CPUS_USED; i++) {
		struct worker_spec spec = {
			.group = cg, .cpu = i, .fn = fn_player, .arg = (void *)i,
		};

		worker_spawn(&w[i], &spec);
	}
	ball->start = now_ns() + 3 * P_NS;
	for (i = 0; i < CPUS_USED; i++)
		worker_go(&w[i]);
	*at_once = trips_in(1);
	*later = trips_in(1 + 2 * PERIODS);
	for (i = 0; i < CPUS_USED; i++)
		worker_kill(&w[i]);
	group_remove(cg);
	snprintf(name, sizeof(name), "apart.%u_ms.trips", apart_ms);
	result_float(name, (double)*at_once * NS_PER_S / (PERIODS * P_NS));
}

/* Of budgets of 30 ms that begin so far apart, both are there for the rest. */
static bool is_share(uint64_t trips, uint64_t together, unsigned int apart_ms)
{
	double share = apart_ms * 1000 < Q_US ? 1 - apart_ms * 1000.0 / Q_US : 0;

	ksft_print_msg("%u ms apart: %.3f of the round trips, both have budget for %.3f\n",
		       apart_ms, (double)trips / together, share);
	return check(trips <= (share + 0.05) * together) &&
	       check(trips >= (share - 0.05) * together);
}

int main(void)
{
	static const unsigned int apart[] = { 10, 20, 50 };
	uint64_t together, later, trips, last;
	unsigned int i;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS_USED)
		ksft_exit_skip("needs %d CPUs\n", CPUS_USED);
	ksft_set_plan(2 + ARRAY_SIZE(apart));
	lift_kthreads();
	ball = shared_alloc(sizeof(*ball));
	play(0, &together, &later);
	ksft_test_result(together && later >= 0.95 * together && later <= 1.05 * together,
			 "who begins together stays together: %llu, later %llu round trips\n",
			 (unsigned long long)together, (unsigned long long)later);
	for (i = 0; i < ARRAY_SIZE(apart); i++) {
		play(apart[i], &trips, &last);
		ksft_test_result(is_share(trips, together, apart[i]) &&
				 is_share(last, together, apart[i]),
				 "%u ms apart: at once and later\n", apart[i]);
	}
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
