// SPDX-License-Identifier: GPL-2.0
/*
 * Pressure stall information (PSI) of capsules. To PSI a throttled thread is
 * like any other that is ready and does not run: if one of a cgroup's threads is
 * there is "some" pressure, and if none of them runs it is "full".
 *
 * The exact tests are for one CPU and virtual time; what is left behind after
 * all sorts of changes is looked at on all CPUs there are.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define Q_US		30000L
#define P_US		100000L
#define Q_NS		(Q_US * NS_PER_US)
#define P_NS		(P_US * NS_PER_US)
#define PERIODS		20

/* Enforcement, and what is read a little earlier or later. */
#define SLOP_US		(PERIODS * 10)

#define NR_THREADS	6

struct pressure {
	long long some;
	long long full;
};

/* Totals in us of the file's two lines. */
static bool pressure_parse(const char *buf, struct pressure *p)
{
	const char *some = strstr(buf, "some "), *full = strstr(buf, "full ");

	some = some ? strstr(some, "total=") : NULL;
	full = full ? strstr(full, "total=") : NULL;
	if (!some || !full)
		return false;
	p->some = atoll(some + strlen("total="));
	p->full = atoll(full + strlen("total="));
	return true;
}

static bool pressure_of(const char *cg, struct pressure *p)
{
	char buf[512];

	return !group_read_all(cg, "cpu.pressure", buf, sizeof(buf)) &&
	       pressure_parse(buf, p);
}

static bool pressure_of_all(struct pressure *p)
{
	char buf[512];

	return read_text("/proc/pressure/cpu", buf, sizeof(buf)) > 0 &&
	       pressure_parse(buf, p);
}

/* @nr busy threads, for PERIODS periods, looked at while throttled. */
static bool grows_by(int nr, long long some_us, long long full_us)
{
	char *cg = capsule_make("busy", Q_US, P_US);
	struct pressure before = {}, after = {}, all_before = {}, all_after = {};
	struct worker w[NR_THREADS] = {};
	struct worker_spec spec[NR_THREADS];
	uint64_t start;
	bool ok;
	int i;

	for (i = 0; i < nr; i++) {
		spec[i] = (struct worker_spec){
			.group = cg, .cpu = 0, .fn = fn_busy,
		};
		worker_spawn(&w[i], &spec[i]);
	}
	start = now_ns() + 20 * NS_PER_MS;
	for (i = 0; i < nr; i++) {
		store_64(&w[i].page->start_ns, start);
		worker_go(&w[i]);
	}
	/* In the third period all of them are busy. */
	sleep_until(start + 2 * P_NS + P_NS / 2);
	ok = check(pressure_of(cg, &before));
	ok &= check(pressure_of_all(&all_before));
	sleep_until(start + (2 + PERIODS) * P_NS + P_NS / 2);
	ok &= check(pressure_of(cg, &after));
	ok &= check(pressure_of_all(&all_after));
	ok &= check(is_near("some", after.some - before.some, some_us, SLOP_US));
	ok &= check(is_near("full", after.full - before.full, full_us, SLOP_US));
	ok &= check(all_after.some - all_before.some + SLOP_US >= after.some - before.some);
	for (i = 0; i < nr; i++)
		worker_kill(&w[i]);
	group_remove(cg);
	return ok;
}

static bool sleeps(struct worker *w)
{
	return worker_progress(w, NS_PER_S);
}

/* Enough budget: nobody waits for longer than it takes to switch. */
static bool no_pressure(void)
{
	char *cg = capsule_make("light", Q_US, P_US);
	struct worker_spec spec = {
		.group = cg, .policy = SCHED_FIFO, .prio = 10, .cpu = 0, .fn = fn_sleep,
	};
	struct pressure before = {}, after = {};
	struct worker w = {};
	uint64_t wakeups;
	bool ok;

	worker_start(&w, &spec);
	ok = check(sleeps(&w));
	ok &= check(pressure_of(cg, &before));
	wakeups = worker_count(&w);
	sleep_ns(NS_PER_S);
	ok &= check(pressure_of(cg, &after));
	wakeups = worker_count(&w) - wakeups;
	ok &= check(wakeups >= 800);
	ok &= check(after.some - before.some <= (long long)wakeups * 10);
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

static void churn_spawn(struct worker *w, struct worker_spec *spec, const char *cg)
{
	static const int policies[NR_THREADS] = {
		SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_IDLE, SCHED_OTHER, SCHED_FIFO,
	};
	int i;

	for (i = 0; i < NR_THREADS; i++) {
		spec[i] = (struct worker_spec){
			.group = cg, .cpu = -1, .policy = policies[i],
			.prio = policies[i] == SCHED_FIFO || policies[i] == SCHED_RR ? 10 : 0,
			.fn = i % 2 ? fn_sleep : i ? fn_yield : fn_busy,
		};
		worker_spawn(&w[i], &spec[i]);
	}
	for (i = 0; i < NR_THREADS; i++)
		worker_go(&w[i]);
}

/* One thing at a time, in whatever state the threads are in. */
static void churn_step(struct worker *w, char *cg[2], unsigned int step)
{
	struct worker *one = &w[step / 7 % NR_THREADS];
	char *in = cg[step / 3 % 2];

	switch (step % 7) {
	case 0:
		group_attach(in, one->pid);
		break;
	case 1:
		group_write(in, BUDGET, step % 2 ? "max" : "30000");
		break;
	case 2:
		group_try_reserve(in, 1000 + step * 13 % 9000, 20000);
		break;
	case 3:
		group_write(in, SCOPE, step % 2 ? "rt" : "all");
		break;
	case 4:
		pin_to(one->pid, step % sysconf(_SC_NPROCESSORS_ONLN));
		break;
	case 5:
		set_policy(one->pid, step % 2 ? SCHED_FIFO : SCHED_OTHER,
			   step % 2 ? 20 : 0);
		break;
	case 6:
		group_write(in, "cgroup.freeze", step % 2 ? "1" : "0");
		unpin(one->pid);
		break;
	}
}

/* A state that was entered twice, or never left, is pressure for ever. */
static bool nothing_remains(char *cg)
{
	struct pressure before = {}, after = {};
	bool ok;

	ok = check(pressure_of(cg, &before));
	sleep_ns(2 * NS_PER_S);
	return check(pressure_of(cg, &after)) && ok &&
	       check(is_near("some", after.some, before.some, 0)) &&
	       check(is_near("full", after.full, before.full, 0));
}

static bool churn(unsigned int steps)
{
	char *cg[2] = { capsule_make("a", 5000, 20000), capsule_make("b", 5000, 20000) };
	struct worker_spec spec[NR_THREADS];
	struct worker w[NR_THREADS] = {};
	struct pressure p = {};
	unsigned int i;
	bool ok;

	churn_spawn(w, spec, cg[0]);
	for (i = 0; i < steps; i++) {
		churn_step(w, cg, i);
		sleep_ns((i * 37 % 101) * 100 * NS_PER_US);
	}
	ok = check(pressure_of(cg[0], &p));
	ok &= check(p.some > 0);
	for (i = 0; i < 2; i++)
		group_write(cg[i], "cgroup.freeze", "0");
	/* All at once: a busy FIFO thread may keep others from dying. */
	for (i = 0; i < NR_THREADS; i++)
		kill(w[i].pid, SIGKILL);
	for (i = 0; i < NR_THREADS; i++)
		worker_wait(&w[i]);
	ok &= nothing_remains(cg[0]) & nothing_remains(cg[1]);
	group_remove(cg[0]);
	group_remove(cg[1]);
	return ok;
}

int main(void)
{
	bool exact = sysconf(_SC_NPROCESSORS_CONF) == 1;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (access("/proc/pressure/cpu", R_OK))
		ksft_exit_skip("no PSI\n");
	ksft_set_plan(exact ? 5 : 2);
	lift_kthreads();
	log_mark();
	if (exact) {
		ksft_test_result(grows_by(1, PERIODS * (P_US - Q_US), PERIODS * (P_US - Q_US)),
				 "one busy thread: pressure while it is throttled\n");
		ksft_test_result(grows_by(3, PERIODS * P_US, PERIODS * (P_US - Q_US)),
				 "three: some all the time, full while throttled\n");
		ksft_test_result(no_pressure(), "budget enough: no pressure\n");
	}
	ksft_test_result(churn(600), "no pressure remains after all sorts of changes\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_finished();
}
