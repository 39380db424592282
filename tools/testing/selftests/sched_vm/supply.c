// SPDX-License-Identifier: GPL-2.0
/*
 * The guarantee and the limit of a reservation: what busy loops are given in
 * each period, alone and against each other. Limits are those of the project's
 * figures; they are exact in virtual time, on one CPU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"
#include "sched_vm.h"

#define DURATION_NS	(10 * NS_PER_S)
#define MAX_BURSTS	(64 * 1024)

/* An interrupt or a kthread is shorter, a wait for the next period longer. */
#define GAP_NS		(30 * NS_PER_US)

#define MAX_SHARE_ERROR	0.001
#define MAX_EXCESS_NS	(20 * NS_PER_US)

/* The thread's clock is read a little after it was set running. */
#define CLOCK_SLOP_NS	(2 * NS_PER_US)

/* Reading the clock, sleeping, being scheduled: before this is start-up. */
#define HEAD_START_NS	(20 * NS_PER_MS)

/* Periods from which the debt of the first one that is judged is known */
#define WARM_UP		10

struct hog {
	struct worker worker;
	struct worker_spec spec;
	struct burst_log *log;
	struct supply supply;
	long q_us;
	long p_us;
	const char *name;
};

static const char *result_name(const struct hog *hog, const char *what)
{
	static char name[128];

	snprintf(name, sizeof(name), "supply.%s.%s", hog->name, what);
	return name;
}

static void hog_spawn(struct hog *hog, const char *group, int policy, int prio)
{
	hog->spec = (struct worker_spec){
		.group = group, .policy = policy, .prio = prio, .cpu = 0,
		.fn = fn_burst, .arg = hog->log,
	};
	worker_spawn(&hog->worker, &hog->spec);
}

/*
 * Let all of them begin at one moment, and wait for the end. What happens from
 * waking up to reading the clock is part of the first period and not seen. What the
 * next ones take too much and owe is what they take beyond the least of them. So
 * what is judged begins WARM_UP periods after the second. Returns that.
 */
static uint64_t hogs_run(struct hog *hogs, unsigned int nr)
{
	uint64_t start = now_ns() + HEAD_START_NS;
	uint64_t from = start + (1 + WARM_UP) * hogs[0].p_us * NS_PER_US;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		hogs[i].log->end_ns = from + DURATION_NS;
		store_64(&hogs[i].worker.page->start_ns, start);
		worker_go(&hogs[i].worker);
	}
	for (i = 0; i < nr; i++)
		worker_wait(&hogs[i].worker);
	return from;
}

static void test_share(struct hog *hog)
{
	const struct supply *s = &hog->supply;
	double due = (double)hog->q_us / hog->p_us;
	double share = (double)s->cpu_ns /
		       ((double)s->periods * hog->p_us * NS_PER_US);
	double error = share / due - 1;

	result_float(result_name(hog, "share_error_percent"), error * 100);
	ksft_test_result(s->periods * hog->p_us * NS_PER_US == DURATION_NS &&
			 error <= MAX_SHARE_ERROR && error >= -MAX_SHARE_ERROR,
			 "%s: share %.6f of %.6f\n", hog->name, share, due);
}

static void test_most(struct hog *hog)
{
	const struct supply *s = &hog->supply;
	int64_t wall = s->max_ns - hog->q_us * NS_PER_US;
	int64_t cpu = s->max_cpu_ns - hog->q_us * NS_PER_US;
	int64_t most = wall > cpu ? wall : cpu;

	result_float(result_name(hog, "max_over_us"), most / 1e3);
	ksft_test_result(s->max_ns && most <= (int64_t)MAX_EXCESS_NS,
			 "%s: at most Q %+.3f us in a period (%+.3f by its own clock)\n",
			 hog->name, wall / 1e3, cpu / 1e3);
}

/* When it was served, in and around the period that gave the least. */
static void explain_least(const struct hog *hog)
{
	const struct burst_log *log = hog->log;
	int64_t p_ns = hog->p_us * NS_PER_US, at;
	unsigned int i;

	for (i = 0; i < log->nr; i++) {
		at = log->burst[i].start - hog->supply.worst_ns;
		if (at > -2 * p_ns && at < 2 * p_ns)
			ksft_print_msg("ran at %+.3f us for %.3f us, CPU clock %.3f us\n",
				       at / 1e3,
				       (log->burst[i].end - log->burst[i].start) / 1e3,
				       log->burst[i].cpu_start / 1e3);
	}
}

static void test_least(struct hog *hog)
{
	const struct supply *s = &hog->supply;
	int64_t least = s->min_cpu_ns - hog->q_us * NS_PER_US;

	result_float(result_name(hog, "min_over_us"), least / 1e3);
	result_float(result_name(hog, "missing_us"), s->min_slack_ns / 1e3);
	if (s->min_slack_ns > CLOCK_SLOP_NS)
		explain_least(hog);
	ksft_test_result(s->periods && s->min_slack_ns <= CLOCK_SLOP_NS,
			 "%s: at least Q %+.3f us in a period, %.3f less than due\n",
			 hog->name, least / 1e3, s->min_slack_ns / 1e3);
}

static void hog_judge(struct hog *hog, uint64_t from)
{
	supply_measure(hog->log, from, WARM_UP, hog->q_us * NS_PER_US,
		       hog->p_us * NS_PER_US, &hog->supply);
	test_share(hog);
	test_most(hog);
	test_least(hog);
}

static void hog_init(struct hog *hog, const char *name, long q_us, long p_us)
{
	hog->name = name;
	hog->q_us = q_us;
	hog->p_us = p_us;
	if (!hog->log)
		hog->log = burst_log_alloc(MAX_BURSTS, GAP_NS);
	hog->log->nr = 0;
}

static void test_alone(struct hog *hog, long q_us, long p_us, int policy,
		       const char *policy_name)
{
	char name[64], *cg;
	uint64_t from;

	snprintf(name, sizeof(name), "%ld/%ld.%s", q_us, p_us, policy_name);
	hog_init(hog, name, q_us, p_us);
	cg = capsule_make("alone", q_us, p_us);
	hog_spawn(hog, cg, policy, policy == SCHED_OTHER ? 0 : 50);
	from = hogs_run(hog, 1);
	hog_judge(hog, from);
	group_remove(cg);
}

/* What 40/100 and 50/100 ms are reserved for: capsules, or single threads. */
enum reserved { CAPSULES, THREADS };

static char *reserved_spawn(struct hog *hog, const char *name,
			    enum reserved what)
{
	char *cg = NULL;
	int ret;

	if (what == CAPSULES)
		cg = capsule_make(name, hog->q_us, hog->p_us);
	hog_spawn(hog, cg, SCHED_OTHER, 0);
	if (what == CAPSULES)
		return cg;
	ret = set_deadline(hog->worker.pid, hog->q_us * NS_PER_US,
			   hog->p_us * NS_PER_US);
	if (ret)
		ksft_exit_fail_msg("SCHED_DEADLINE: %s\n", strerror(-ret));
	return NULL;
}

/* CPU time of all four in DURATION_NS; a FIFO and an OTHER hog want all. */
static uint64_t crowd_run(struct hog *hogs, enum reserved what, uint64_t cpu[4])
{
	uint64_t from;
	char *a, *b;
	int i;

	hog_init(&hogs[0], "40000/100000.crowd", 40000, 100000);
	hog_init(&hogs[1], "50000/100000.crowd", 50000, 100000);
	hog_init(&hogs[2], "fifo.crowd", 5000, 100000);
	hog_init(&hogs[3], "other.crowd", 5000, 100000);
	a = reserved_spawn(&hogs[0], "a", what);
	b = reserved_spawn(&hogs[1], "b", what);
	hog_spawn(&hogs[2], NULL, SCHED_FIFO, 50);
	hog_spawn(&hogs[3], NULL, SCHED_OTHER, 0);
	from = hogs_run(hogs, 4);
	for (i = 0; i < 4; i++) {
		supply_measure(hogs[i].log, from, 0, 0, DURATION_NS, &hogs[i].supply);
		cpu[i] = hogs[i].supply.cpu_ns;
	}
	if (what == CAPSULES) {
		group_remove(a);
		group_remove(b);
	}
	return from;
}

/*
 * The fair server has 50 ms in 1 s. Mainline's waits for as long as it can and
 * sometimes begins a new period late, so that beside two SCHED_DEADLINE threads
 * it gets less than its 5 %. Capsules must not take more from it than those do,
 * but for the one turn that may fall before or after the time looked at.
 */
static void test_crowd(struct hog *hogs)
{
	const double turn = 0.005 * DURATION_NS;
	uint64_t beside_threads[4], cpu[4], from;
	double ms = 1e6, total;

	crowd_run(hogs, THREADS, beside_threads);
	from = crowd_run(hogs, CAPSULES, cpu);
	hog_judge(&hogs[0], from);
	hog_judge(&hogs[1], from);
	total = cpu[0] + cpu[1] + cpu[2] + cpu[3];
	result_float("supply.crowd.fifo_ms", cpu[2] / ms);
	result_float("supply.crowd.other_ms", cpu[3] / ms);
	result_float("supply.crowd.other_beside_threads_ms", beside_threads[3] / ms);
	result_float("supply.crowd.total_percent", total / DURATION_NS * 100);
	ksft_test_result(cpu[3] + turn >= beside_threads[3] &&
			 cpu[3] <= 0.0501 * DURATION_NS,
			 "crowd: the OTHER hog has what its server gives: %.3f ms in 10 s, %.3f beside SCHED_DEADLINE\n",
			 cpu[3] / ms, beside_threads[3] / ms);
	ksft_test_result(cpu[2] >= 0.049 * DURATION_NS &&
			 total >= 0.995 * DURATION_NS,
			 "crowd: the rest is the FIFO hog's: %.3f ms in 10 s, all together %.3f %%\n",
			 cpu[2] / ms, total / DURATION_NS * 100);
}

int main(void)
{
	static const long reservations[][2] = {
		{ 10000, 100000 }, { 1000, 10000 }, { 500, 5000 }, { 200, 1000 },
	};
	struct hog hogs[4] = {};
	unsigned int i;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(ARRAY_SIZE(reservations) * 2 * 3 + 2 * 3 + 2);
	lift_kthreads();
	for (i = 0; i < ARRAY_SIZE(reservations); i++) {
		test_alone(&hogs[0], reservations[i][0], reservations[i][1],
			   SCHED_OTHER, "other");
		test_alone(&hogs[0], reservations[i][0], reservations[i][1],
			   SCHED_FIFO, "fifo");
	}
	test_crowd(hogs);
	ksft_finished();
}
