// SPDX-License-Identifier: GPL-2.0
/*
 * How long it takes to rebuild the root domains, part of which is done with
 * interrupts off, beside 1,000 capsules on each of 8 CPUs, in virtual time; and that
 * the sums are what they were.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define MANY		1000
#define TRIES		6
#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
#define MAX_US		50

/* The shortest of a few, in us. */
static double rebuild_us(void)
{
	uint64_t took, best = UINT64_MAX;
	int i;

	for (i = 0; i < TRIES; i++) {
		took = now_ns();
		if (write_text(RT_RUNTIME, i % 2 ? "950000" : "940000", 6) != 6)
			ksft_exit_fail_perror(RT_RUNTIME);
		took = now_ns() - took;
		if (took < best)
			best = took;
	}
	return best / 1e3;
}

static void make_all(void)
{
	char name[16];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		group_reserve(group_make(sv_top, name), 20, 1000000);
	}
}

int main(void)
{
	char before[512], after[512];
	double none, many;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(2);
	none = rebuild_us();
	make_all();
	bandwidth_text(before, sizeof(before));
	many = rebuild_us();
	bandwidth_text(after, sizeof(after));
	result_float("rebuild.none_us", none);
	result_float("rebuild.many_us", many);
	ksft_test_result(many <= MAX_US, "a rebuild takes %.1f us, and %.1f us with %d capsules\n",
			 none, many, MANY);
	ksft_print_msg("before %s after %s\n", before, after);
	ksft_test_result(before[0] && !strcmp(before, after), "the bandwidth is what it was\n");
	ksft_finished();
}
