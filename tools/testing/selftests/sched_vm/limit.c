// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that try to get more than their capsule's share: by sleeping at the
 * right moment, by forking, by having the reservation rewritten all the time,
 * by going back and forth. And one that keeps to its share, and gets it in time,
 * whatever the others do.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define Q_US		4000L
#define P_US		20000L
#define Q_NS		(Q_US * NS_PER_US)
#define P_NS		(P_US * NS_PER_US)
#define DURATION_NS	(4 * NS_PER_S)

/* An enforcement error is paid back, so there is at most one of them. */
#define SLACK_NS	(20 * NS_PER_US)

static const struct pattern {
	const char *name;
	uint64_t run_ns;
	uint64_t sleep_ns;
} patterns[] = {
	{ "Q less a little, then a nap", Q_NS - 50 * NS_PER_US, 100 * NS_PER_US },
	{ "half of Q, a quarter of P", Q_NS / 2, P_NS / 4 },
	{ "tiny bits", 50 * NS_PER_US, 50 * NS_PER_US },
	{ "a little more than Q, then P", Q_NS + 100 * NS_PER_US, P_NS },
	{ "Q, then until just before the deadline", Q_NS - 20 * NS_PER_US,
	  P_NS - Q_NS - 100 * NS_PER_US },
	{ "all of it, then 1 ms", Q_NS * 2, NS_PER_MS },
};

static void fn_pattern(struct worker *w, void *arg)
{
	const struct pattern *p = arg;

	while (!load_u(&w->page->stop)) {
		burn_ns(p->run_ns);
		sleep_ns(p->sleep_ns);
	}
}

/* CPU time of the worker over the test, less what it has a right to. */
static int64_t excess_ns(uint64_t cpu_ns, uint64_t q_ns, uint64_t p_ns)
{
	return cpu_ns - (DURATION_NS / p_ns + 1) * q_ns;
}

/* At most Q in each period that the test touches. */
static void test_pattern(const struct pattern *p)
{
	char *a = capsule_make("a", Q_US, P_US);
	struct worker_spec spec = {
		.group = a, .cpu = 0, .fn = fn_pattern, .arg = (void *)p,
	};
	struct worker w = {};
	int64_t excess;
	uint64_t cpu;

	worker_start(&w, &spec);
	cpu = worker_cpu_ns(&w);
	sleep_ns(DURATION_NS);
	cpu = worker_cpu_ns(&w) - cpu;
	excess = excess_ns(cpu, Q_NS, P_NS);
	worker_kill(&w);
	group_remove(a);
	ksft_test_result(cpu > DURATION_NS / 50 && excess <= (int64_t)SLACK_NS,
			 "%s: %.3f ms, %+.3f of the limit\n", p->name, cpu / 1e6,
			 excess / 1e6);
}

static uint64_t group_cpu_ns(const char *cg)
{
	char buf[1024];
	unsigned long long us;

	if (group_read(cg, "cpu.stat", buf, sizeof(buf)) ||
	    sscanf(buf, "usage_usec %llu", &us) != 1)
		return 0;
	return us * NS_PER_US;
}

/* Many short lives: each begins with nothing but what the capsule has left. */
static void fn_forks(struct worker *w, void *arg)
{
	while (!load_u(&w->page->stop)) {
		pid_t pid = fork();

		if (!pid) {
			burn_ns(NS_PER_MS);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

static bool forks(void)
{
	char *a = capsule_make("a", Q_US, P_US);
	struct worker_spec spec = { .group = a, .cpu = 0, .fn = fn_forks };
	struct worker w[3] = {};
	int64_t excess;
	uint64_t cpu;
	int i;

	for (i = 0; i < 3; i++)
		worker_start(&w[i], &spec);
	cpu = group_cpu_ns(a);
	sleep_ns(DURATION_NS);
	cpu = group_cpu_ns(a) - cpu;
	excess = excess_ns(cpu, Q_NS, P_NS);
	ksft_print_msg("%.3f ms, %+.3f of the limit\n", cpu / 1e6, excess / 1e6);
	group_remove(a);
	kill_all_workers();
	return check(cpu > DURATION_NS / 10) & check(excess <= (int64_t)SLACK_NS);
}

/* The budget, written over and over, is not a new one each time. */
static bool rewrite(long other_q, long other_p, uint64_t q_ns, uint64_t p_ns,
		    uint64_t least_ns)
{
	char *a = capsule_make("a", Q_US, P_US);
	struct worker_spec spec = { .group = a, .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	uint64_t end, cpu;
	int64_t excess;
	int i;

	worker_start(&w, &spec);
	cpu = worker_cpu_ns(&w);
	end = now_ns() + DURATION_NS;
	for (i = 0; now_ns() < end; i++) {
		if (i & 1)
			group_reserve(a, Q_US, P_US);
		else
			group_reserve(a, other_q, other_p);
		sleep_ns(700 * NS_PER_US);
	}
	cpu = worker_cpu_ns(&w) - cpu;
	excess = excess_ns(cpu, q_ns, p_ns);
	ksft_print_msg("%d writes: %.3f ms, %+.3f of the limit\n", i, cpu / 1e6,
		       excess / 1e6);
	worker_kill(&w);
	group_remove(a);
	return check(cpu >= least_ns) & check(excess <= (int64_t)SLACK_NS);
}

/* Between a capsule and the one below, both of which are 50 % together. */
static bool toggle_child(bool by_budget)
{
	char *a = capsule_make("a", 50000, 100000);
	char *b = group_make_threaded(a, "b");
	struct worker_spec spec = { .group = b, .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	uint64_t end, cpu;
	int64_t excess;
	int i;

	if (!by_budget)
		group_reserve(b, 20000, 100000);
	worker_start(&w, &spec);
	cpu = worker_cpu_ns(&w);
	end = now_ns() + DURATION_NS;
	for (i = 0; now_ns() < end; i++) {
		if (by_budget)
			group_write(b, RT_MAX, i & 1 ? "max 100000" : "20000 100000");
		else
			group_attach_thread(i & 1 ? b : a, w.pid);
		sleep_ns(7 * NS_PER_MS);
	}
	cpu = worker_cpu_ns(&w) - cpu;
	/* Each of the two may begin with a full budget. */
	excess = excess_ns(cpu, 50 * NS_PER_MS, 100 * NS_PER_MS) - 20 * NS_PER_MS;
	ksft_print_msg("%d changes: %.3f ms, %+.3f of the limit\n", i, cpu / 1e6,
		       excess / 1e6);
	worker_kill(&w);
	group_remove(b);
	group_remove(a);
	return check(excess <= (int64_t)SLACK_NS) & check(cpu > DURATION_NS / 10);
}

/*
 * Of one child after the other, as long as each has a budget; with @keep, they
 * stay, with next to nothing.
 */
static bool rotate_children(bool keep)
{
	static const char * const little = "100 100000", *much = "40000 100000";
	char *a = capsule_make("a", 50000, 100000), *b[5];
	struct worker_spec spec = { .group = a, .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	uint64_t end, cpu;
	int64_t excess;
	int i;

	worker_spawn(&w, &spec);
	for (i = 0; i < 5; i++) {
		b[i] = group_make_threaded(a, i == 0 ? "b0" : i == 1 ? "b1" : i == 2 ? "b2" :
					      i == 3 ? "b3" : "b4");
		if (keep)
			group_write(b[i], RT_MAX, little);
	}
	worker_go(&w);
	cpu = worker_cpu_ns(&w);
	end = now_ns() + DURATION_NS;
	for (i = 0; now_ns() < end; i++) {
		group_write(b[i % 5], RT_MAX, much);
		group_attach_thread(b[i % 5], w.pid);
		sleep_ns(41 * NS_PER_MS);
		group_attach_thread(a, w.pid);
		group_write(b[i % 5], RT_MAX, keep ? little : "max 100000");
	}
	cpu = worker_cpu_ns(&w) - cpu;
	excess = excess_ns(cpu, 50 * NS_PER_MS, 100 * NS_PER_MS);
	ksft_print_msg("%d children: %.3f ms, %+.3f of the limit\n", i, cpu / 1e6,
		       excess / 1e6);
	worker_kill(&w);
	for (i = 0; i < 5; i++)
		group_remove(b[i]);
	group_remove(a);
	return check(excess <= (int64_t)SLACK_NS) & check(cpu > DURATION_NS / 20);
}

/* A job of nearly Q in each P, begun at its release; value[]: count, worst. */
static void fn_jobs(struct worker *w, void *arg)
{
	uint64_t release, took;

	worker_sleep_until_start(w);
	release = load_64(&w->page->start_ns);
	for (; !load_u(&w->page->stop); release += P_NS) {
		sleep_until(release);
		burn_ns(Q_NS - 50 * NS_PER_US);
		took = now_ns() - release;
		w->page->value[0]++;
		if (took > w->page->value[1])
			w->page->value[1] = took;
		if (took > P_NS)
			w->page->value[2]++;
	}
}

/*
 * 20 % that is used as it should be, next to 70 % in three capsules that are
 * busy or naughty, a FIFO and an OTHER hog in the root: no job is late.
 */
static bool jobs_in_time(void)
{
	char *a = capsule_make("a", Q_US, P_US), *b[3];
	struct worker_spec job = {
		.group = a, .policy = SCHED_FIFO, .prio = 1, .cpu = 0,
		.fn = fn_jobs,
	};
	struct worker_spec busy = { .cpu = 0, .fn = fn_busy };
	struct worker_spec naughty = {
		.cpu = 0, .fn = fn_pattern, .arg = (void *)&patterns[0],
	};
	struct worker_spec hog = {
		.policy = SCHED_FIFO, .prio = 90, .cpu = 0, .fn = fn_busy,
	};
	struct worker w = {}, other[5] = {};
	bool ok;
	int i;

	b[0] = capsule_make("b0", 30000, 100000);
	b[1] = capsule_make("b1", 3000, 10000);
	b[2] = capsule_make("b2", 690, 7000);
	for (i = 0; i < 3; i++) {
		struct worker_spec spec = i == 2 ? naughty : busy;

		spec.group = b[i];
		worker_start(&other[i], &spec);
	}
	worker_start(&other[3], &busy);
	worker_start(&other[4], &hog);
	worker_spawn(&w, &job);
	store_64(&w.page->start_ns, now_ns() + 100 * NS_PER_MS);
	worker_go(&w);
	sleep_ns(DURATION_NS);
	store_u(&w.page->stop, 1);
	worker_wait(&w);
	ksft_print_msg("%d jobs, the slowest took %.3f of %.3f ms\n",
		       (int)w.page->value[0], w.page->value[1] / 1e6, P_NS / 1e6);
	ok = check(w.page->value[0] >= DURATION_NS / P_NS - 10);
	ok &= check(!w.page->value[2]);
	ok &= check(worker_cpu_ns(&other[0]) > DURATION_NS / 4);
	ok &= check(worker_cpu_ns(&other[1]) > DURATION_NS / 4);
	ok &= check(worker_cpu_ns(&other[2]) > DURATION_NS / 20);
	kill_all_workers();
	group_remove(a);
	for (i = 0; i < 3; i++)
		group_remove(b[i]);
	return ok;
}

int main(void)
{
	size_t i;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(ARRAY_SIZE(patterns) + 11);
	lift_kthreads();
	log_mark();
	for (i = 0; i < ARRAY_SIZE(patterns); i++)
		test_pattern(&patterns[i]);
	ksft_test_result(forks(), "fork\n");
	/* What is allowed is the larger budget, in the shorter period. */
	ksft_test_result(rewrite(Q_US + 1, P_US, Q_NS + 1000, P_NS,
				 DURATION_NS / 6),
			 "the budget is rewritten all the time\n");
	ksft_test_result(rewrite(Q_US * 2, P_US * 2, Q_NS, P_NS,
				 DURATION_NS / 20),
			 "budget and period are rewritten all the time\n");
	ksft_test_result(rewrite(Q_US, 4 * P_US, Q_NS, P_NS, DURATION_NS / 40),
			 "the period is rewritten all the time\n");
	ksft_test_result(toggle_child(true), "a reservation comes and goes below\n");
	ksft_test_result(toggle_child(false), "back and forth between two capsules\n");
	ksft_test_result(rotate_children(false), "new reservations below, one after the other\n");
	ksft_test_result(rotate_children(true), "large reservations below, one after the other\n");
	ksft_test_result(jobs_in_time(), "who keeps to its share is in time\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
