// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads of a capsule, on two CPUs, as vCPUs that pass a spinlock to each other: they
 * get on only while both have budget. A capsule's period begins on each CPU when a thread
 * becomes ready there. What is that worth, by how far the two are apart; and do they stay
 * as they are? "apart guest": the vCPUs of a KVM guest, in real time.
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

static struct guest guest;
static bool is_guest;

static uint64_t trips_now(void)
{
	return is_guest ? load_u(&guest_vcpu(&guest, 1)->count) : load_64(&ball->trips);
}

/* Round trips in PERIODS, some periods after the beginning */
static uint64_t trips_in(unsigned int skip)
{
	uint64_t from;

	sleep_until(ball->start + skip * P_NS);
	from = trips_now();
	sleep_until(ball->start + (skip + PERIODS) * P_NS);
	return trips_now() - from;
}

static void threads_start(struct worker *w, const char *cg)
{
	long i;

	for (i = 0; i < CPUS_USED; i++) {
		struct worker_spec spec = {
			.group = cg, .cpu = i, .fn = fn_player, .arg = (void *)i,
		};

		worker_spawn(&w[i], &spec);
	}
	ball->start = now_ns() + 3 * P_NS;
	for (i = 0; i < CPUS_USED; i++)
		worker_go(&w[i]);
}

/* Both have halted, and each goes on when it is kicked: then its budget begins. */
static void vcpus_start(const char *cg)
{
	long i;

	guest_start(&guest, cg, SCHED_OTHER, 0);
	for (i = 0; i < CPUS_USED; i++)
		pin_to(guest_tid(&guest, i), i);
	sleep_ns(3 * P_NS);
	for (i = 0; i < CPUS_USED; i++)
		guest_order(&guest, i, GUEST_PASS);
	ball->start = now_ns() + P_NS;
	for (i = 0; i < CPUS_USED; i++) {
		sleep_until(ball->start + i * ball->apart_ms * NS_PER_MS);
		guest_wake(&guest, i);
	}
}

/* ... of two that begin so many ms apart; at once, and later */
static void play(unsigned int apart_ms, uint64_t *at_once, uint64_t *later)
{
	char *cg = group_make_on("c", "0-1");
	struct worker w[CPUS_USED] = {};
	char name[32];

	group_reserve(cg, Q_US, P_US);
	memset(ball, 0, sizeof(*ball));
	ball->apart_ms = apart_ms;
	if (is_guest)
		vcpus_start(cg);
	else
		threads_start(w, cg);
	*at_once = trips_in(1);
	*later = trips_in(1 + 2 * PERIODS);
	kill_all_workers();
	group_remove(cg);
	snprintf(name, sizeof(name), "apart.%s%u_ms.trips", is_guest ? "guest_" : "", apart_ms);
	result_float(name, (double)*at_once * NS_PER_S / (PERIODS * P_NS));
}

/*
 * Of budgets of 30 ms that begin so far apart, both are there for the rest. In real time the
 * machine may have other things to do, and a kick takes its time.
 */
static bool is_share(uint64_t trips, uint64_t together, unsigned int apart_ms)
{
	double share = apart_ms * 1000 < Q_US ? 1 - apart_ms * 1000.0 / Q_US : 0;
	double slack = is_guest ? 0.25 : 0.05;

	ksft_print_msg("%u ms apart: %.3f of the round trips, both have budget for %.3f\n",
		       apart_ms, (double)trips / together, share);
	return check(trips <= (share + slack) * together) &&
	       check(trips >= (share - slack) * together);
}

int main(int argc, char **argv)
{
	static const unsigned int apart[] = { 10, 20, 50 };
	uint64_t together, later, trips, last;
	unsigned int i;
	double slack;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS_USED)
		ksft_exit_skip("needs %d CPUs\n", CPUS_USED);
	is_guest = argc > 1 && !strcmp(argv[1], "guest");
	if (is_guest && !guest_supported())
		ksft_exit_skip("needs KVM\n");
	ksft_set_plan(2 + ARRAY_SIZE(apart));
	lift_kthreads();
	ball = shared_alloc(sizeof(*ball));
	play(0, &together, &later);
	slack = is_guest ? 0.25 : 0.05;
	ksft_test_result(together && later >= (1 - slack) * together &&
			 later <= (1 + slack) * together,
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
