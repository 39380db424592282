// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines shorter than the period: what they guarantee, that they give no more
 * than Q in P, and what is admitted. One CPU, virtual time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"
#include "sched_vm.h"

#define JOBS		100

struct jobs {
	uint64_t interval_ns;
	uint64_t work_ns;
};

/* Wants the CPU for a while, over and over; what took longest is in value[0]. */
static void fn_jobs(struct worker *w, void *arg)
{
	const struct jobs *jobs = arg;
	uint64_t due = now_ns(), longest = 0, took;
	int i;

	for (i = 0; i < JOBS; i++) {
		due += jobs->interval_ns;
		sleep_until(due);
		burn_ns(jobs->work_ns);
		took = now_ns() - due;
		if (took > longest)
			longest = took;
	}
	store_64(&w->page->value[0], longest);
}

static char *capsule_with(const char *name, const char *text)
{
	char *cg = group_make(sv_top, name);
	int ret = group_write(cg, RT_MAX, text);

	if (ret)
		ksft_exit_fail_msg("%s: %s\n", text, strerror(-ret));
	return cg;
}

/*
 * How long do 9.9 ms take with 10 ms in 100, beside a busy 20/50 ms? The thread is
 * a FIFO one, since on PREEMPT_RT the timers of others wait for ktimers/0, which
 * runs in the time that capsules leave.
 */
static double longest_job_ms(const char *text)
{
	static struct jobs jobs = { 137 * NS_PER_MS, 9900 * NS_PER_US };
	char *cg = capsule_with("jobs", text), *other = capsule_with("other", "20000 50000");
	struct worker_spec job = { .group = cg, .policy = SCHED_FIFO, .prio = 1,
				   .cpu = 0, .fn = fn_jobs, .arg = &jobs };
	struct worker_spec busy = { .group = other, .cpu = 0, .fn = fn_busy };
	struct worker j = {}, b = {};
	double ms;

	worker_start(&b, &busy);
	worker_start(&j, &job);
	worker_wait(&j);
	ms = load_64(&j.page->value[0]) / 1e6;
	worker_kill(&b);
	group_remove(cg);
	group_remove(other);
	return ms;
}

static void test_guarantee(void)
{
	double late = longest_job_ms("10000 100000");
	double soon = longest_job_ms("10000 100000 25000");

	result_float("deadline.longest_ms.period", late);
	result_float("deadline.longest_ms.deadline", soon);
	ksft_test_result(soon <= 25.05 && late > 25.05,
			 "Q within D = 25 ms: %.3f ms; with D = P: %.3f ms\n", soon, late);
}

/* Busy, and in pieces that end between the deadline and the next period. */
static bool limit(void)
{
	static struct jobs pieces = { 33 * NS_PER_MS, 9 * NS_PER_MS };
	char *cg = capsule_with("limit", "10000 100000 20000");
	struct worker_spec busy = { .group = cg, .cpu = 0, .fn = fn_busy };
	struct worker_spec jobs = { .group = cg, .cpu = 0, .fn = fn_jobs, .arg = &pieces };
	struct worker w = {};
	uint64_t begin, cpu;
	double share;
	bool ok;

	worker_start(&w, &busy);
	ok = check(worker_gets(&w, 10, 2000));
	worker_kill(&w);
	worker_start(&w, &jobs);
	sleep_ns(200 * NS_PER_MS);
	begin = now_ns();
	cpu = worker_cpu_ns(&w);
	sleep_ns(5 * NS_PER_S);
	share = 100.0 * (worker_cpu_ns(&w) - cpu) / (now_ns() - begin);
	ksft_print_msg("in pieces: %.3f %%\n", share);
	ok &= check(share >= 9 && share <= 10.2);
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* Rewriting D must not bring the next period nearer. */
static bool rewrite(void)
{
	char *cg = capsule_with("rewrite", "10000 100000 20000");
	struct worker_spec busy = { .group = cg, .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	uint64_t begin, cpu;
	double share;
	bool ok = true;
	int i;

	worker_start(&w, &busy);
	sleep_ns(200 * NS_PER_MS);
	begin = now_ns();
	cpu = worker_cpu_ns(&w);
	for (i = 0; i < 2000; i++) {
		ok &= check(!group_write(cg, DEADLINE, i % 2 ? "max" : "20000"));
		sleep_ns(700 * NS_PER_US);
	}
	share = 100.0 * (worker_cpu_ns(&w) - cpu) / (now_ns() - begin);
	ksft_print_msg("while D is rewritten: %.3f %%\n", share);
	ok &= check(share <= 11.1);
	ok &= check(worker_gets(&w, 10, 1000));
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* The density Q / D counts. */
static bool admission(void)
{
	char *a = group_make(sv_top, "a"), *b = group_make(sv_top, "b");
	char *c = group_make(a, "c");
	bool ok;

	ok = check(group_write(a, RT_MAX, "10000 100000 11000") == -EBUSY);
	ok &= check(!group_write(a, RT_MAX, "10000 100000 20000"));
	ok &= check(group_write(b, RT_MAX, "40100 100000") == -EBUSY);
	ok &= check(!group_write(b, RT_MAX, "40000 100000"));
	ok &= check(group_write(b, DEADLINE, "90000") == -EBUSY);
	ok &= check(group_reads(b, RT_MAX, "40000 100000"));
	/* Of a's 0.5 ... */
	ok &= check(group_write(c, RT_MAX, "25001 50000") == -EBUSY);
	ok &= check(!group_write(c, RT_MAX, "25000 50000"));
	ok &= check(!group_write(c, RT_MAX, "20000 50000"));
	ok &= check(group_write(a, DEADLINE, "40000") == -EBUSY);
	ok &= check(!group_write(a, DEADLINE, "24000"));
	ok &= check(!group_write(c, BUDGET, "max"));
	ok &= check(!group_write(a, DEADLINE, "max"));
	ok &= check(!group_write(b, DEADLINE, "50000"));
	group_remove(c);
	group_remove(a);
	group_remove(b);
	return ok;
}

static bool input(void)
{
	static const char * const wrong[] = {
		" ", "0", "9", "-1", "100001", "0x100", "1e3", "max max", "20000 1",
		"18446744073709551616", "20000.0", "9999",
	};
	char *cg = capsule_with("input", "10000 100000");
	bool ok = check(group_reads(cg, DEADLINE, "max"));
	size_t i;

	log_mark();
	ok &= check(!group_write(cg, DEADLINE, "20000"));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (group_write(cg, DEADLINE, wrong[i]) == -EINVAL &&
		    group_reads(cg, RT_MAX, "10000 100000 20000"))
			continue;
		ksft_print_msg("'%s' is not refused\n", wrong[i]);
		ok = false;
	}
	/* Q <= D <= P holds whichever of them is written. */
	ok &= check(group_write(cg, BUDGET, "20001") == -EINVAL);
	ok &= check(group_write(cg, PERIOD, "19999") == -EINVAL);
	ok &= check(group_write(cg, RT_MAX, "1000 10000") == -EINVAL);
	ok &= check(!group_write(cg, RT_MAX, "1000 10000 max"));
	ok &= check(group_reads(cg, DEADLINE, "max"));
	ok &= check(group_reads(cg, RT_MAX, "1000 10000"));
	ok &= check(log_silent());
	group_remove(cg);
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(6);
	lift_kthreads();
	test_guarantee();
	ksft_test_result(limit(), "never more than Q in P\n");
	ksft_test_result(rewrite(), "not by rewriting the deadline, either\n");
	ksft_test_result(admission(), "admission counts Q / D\n");
	ksft_test_result(input(), "what is no deadline is refused\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
