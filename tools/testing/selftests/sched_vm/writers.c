// SPDX-License-Identifier: GPL-2.0
/* Several writers at once: each write happens as a whole, or not at all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define ROUNDS	2000

struct race {
	const char *group;	/* the one this writer writes to */
	const char *other;
	unsigned int *holders;
	const char *pair[2];
};

/* value[]: what the writers count. */
enum { WRITTEN, REFUSED, WRONG };

static void count_write(struct worker *w, int ret)
{
	w->page->value[!ret ? WRITTEN : ret == -EBUSY ? REFUSED : WRONG]++;
}

static void wrong(struct worker *w, const char *what)
{
	if (!w->page->value[WRONG]++)
		ksft_print_msg("%s\n", what);
}

/* Alternates between two reservations, and reads only one or the other. */
static void fn_pairs(struct worker *w, void *arg)
{
	const struct race *race = arg;
	char buf[64];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		count_write(w, group_write(race->group, RT_MAX, race->pair[i & 1]));
		group_read(race->group, RT_MAX, buf, sizeof(buf));
		if (strcmp(buf, race->pair[0]) && strcmp(buf, race->pair[1]))
			wrong(w, buf);
		if (i % 7 == 0)
			sched_yield();
	}
}

/* More than half of the CPU can be had only by one at a time. */
static void fn_compete(struct worker *w, void *arg)
{
	const struct race *race = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		int ret = group_write(race->group, RT_MAX, "50000 100000");

		count_write(w, ret);
		if (ret) {
			sched_yield();
			continue;
		}
		if (__atomic_add_fetch(race->holders, 1, __ATOMIC_SEQ_CST) != 1)
			wrong(w, "two hold more than half each");
		sched_yield();
		__atomic_sub_fetch(race->holders, 1, __ATOMIC_SEQ_CST);
		if (group_write(race->group, RT_MAX, "max 100000"))
			wrong(w, "cannot give back");
		if (i % 3 == 0)
			sched_yield();
	}
}

/*
 * The parent has 20 % or 60 %, the child nothing or 40 %. Whoever has got what
 * excludes the other's choice can read that as long as he likes.
 */
static void fn_family(struct worker *w, void *arg)
{
	const struct race *race = arg;
	char buf[64];
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		int ret = group_write(race->group, RT_MAX, race->pair[i & 1]);

		count_write(w, ret);
		for (j = 0; (i & 1) && !ret && j < 3; j++) {
			sched_yield();
			group_read(race->other, RT_MAX, buf, sizeof(buf));
			if (strcmp(buf, "max 100000") && strcmp(buf, "60000 100000"))
				wrong(w, buf);
		}
		sched_yield();
	}
}

static bool run_two(const struct worker_spec specs[2], bool must_refuse)
{
	struct worker w[2] = {};
	bool ok = true;
	int i;

	log_mark();
	for (i = 0; i < 2; i++)
		worker_spawn(&w[i], &specs[i]);
	for (i = 0; i < 2; i++)
		worker_go(&w[i]);
	for (i = 0; i < 2; i++) {
		const uint64_t *value = w[i].page->value;

		ok = check(!worker_wait(&w[i])) && ok;
		ksft_print_msg("writer %d: %d written, %d refused, %d wrong\n",
			       i, (int)value[WRITTEN], (int)value[REFUSED],
			       (int)value[WRONG]);
		ok = check(value[WRITTEN]) && check(!value[WRONG]) && ok;
		if (!must_refuse)
			ok = check(!value[REFUSED]) && ok;
	}
	if (must_refuse)
		ok = check(w[0].page->value[REFUSED] + w[1].page->value[REFUSED]) && ok;
	return check(log_silent()) && ok;
}

static bool pairs(const char *a, bool busy)
{
	struct race race = {
		.group = a, .pair = { "10000 100000", "40000 200000" },
	};
	struct worker_spec spec = { .cpu = -1, .fn = fn_pairs, .arg = &race };
	struct worker_spec specs[2] = { spec, spec };
	struct worker_spec hog = { .group = a, .cpu = -1, .fn = fn_busy };
	struct worker w = {};
	bool ok;

	group_reserve(a, 10000, 100000);
	if (busy)
		worker_start(&w, &hog);
	ok = run_two(specs, false);
	if (busy)
		worker_kill(&w);
	return check(!group_write(a, RT_MAX, "max 100000")) && ok;
}

static bool compete(const char *a, const char *b)
{
	unsigned int *holders = shared_alloc(sizeof(*holders));
	struct race races[2] = {
		{ .group = a, .holders = holders },
		{ .group = b, .holders = holders },
	};
	struct worker_spec specs[2] = {
		{ .cpu = -1, .fn = fn_compete, .arg = &races[0] },
		{ .cpu = -1, .fn = fn_compete, .arg = &races[1] },
	};

	return run_two(specs, true);
}

static bool family(const char *a)
{
	char *child = group_make(a, "child");
	struct race races[2] = {
		{ a, child, NULL, { "60000 100000", "20000 100000" } },
		{ child, a, NULL, { "max 100000", "40000 100000" } },
	};
	struct worker_spec specs[2] = {
		{ .cpu = -1, .fn = fn_family, .arg = &races[0] },
		{ .cpu = -1, .fn = fn_family, .arg = &races[1] },
	};
	bool ok;

	group_reserve(a, 60000, 100000);
	ok = run_two(specs, true);
	group_remove(child);
	return check(!group_write(a, RT_MAX, "max 100000")) && ok;
}

int main(void)
{
	char *a, *b;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(5);
	a = group_make(sv_top, "a");
	b = group_make(sv_top, "b");
	ksft_test_result(pairs(a, false), "two writers of one file\n");
	ksft_test_result(pairs(a, true), "two writers under a busy thread\n");
	ksft_test_result(compete(a, b), "two writers, bandwidth for one\n");
	ksft_test_result(family(a), "a writer above, a writer below\n");
	group_remove(a);
	group_remove(b);
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
