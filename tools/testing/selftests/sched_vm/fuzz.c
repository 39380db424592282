// SPDX-License-Identifier: GPL-2.0
/*
 * 10,000 writes of generated strings to the files of a small tree of cgroups
 * with threads in them. Each result, and what the files read afterwards, is
 * compared with a model. The seed is fixed; another one can be given as the
 * first argument, and the number of writes as the second. With "untimed" as the
 * third, threads need not get anywhere: on a debug kernel one switch costs more
 * than many of these budgets, and what it takes is owed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "model.h"
#include "sched_vm.h"

#define SEED		20260101
#define WRITES		10000
#define MAX_COMPLAINTS	20
#define PATIENCE_NS	(30 * NS_PER_S)

static const char * const file_name[NR_FILES] = {
	BUDGET, PERIOD, DEADLINE, RT_MAX, SCOPE
};

static const struct {
	const char *name;
	int parent;
	int policy;
	int prio;
	void (*fn)(struct worker *w, void *arg);
} tree[] = {
	{ "a", -1, SCHED_OTHER, 0, fn_sleep },
	{ "b", -1, SCHED_FIFO, 10, fn_sleep },
	{ "a1", 0, SCHED_OTHER, 0, fn_busy },
	{ "a2", 0, SCHED_RR, 20, fn_sleep },
	{ "b1", 1, SCHED_BATCH, 0, fn_busy },
	{ "a11", 2, SCHED_OTHER, 0, fn_sleep },
	/* Without a thread of its own it may hand out all that it has. */
	{ "c", -1, SCHED_OTHER, 0, NULL },
	{ "c1", 6, SCHED_FIFO, 30, fn_sleep },
};

#define NR_GROUPS	ARRAY_SIZE(tree)

static struct model model;
static char *group[NR_GROUPS];
static struct worker worker[NR_GROUPS];
static struct worker_spec spec[NR_GROUPS];
static unsigned int accepted, invalid, busy, maybe, complaints;
static uint64_t rng_state;
static bool untimed;

static uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state * 2685821657736338717ULL >> 8;
}

static unsigned int below(unsigned int n)
{
	return rng() % n;
}

/* A number: mostly a sensible one, often at the edge of a range. */
static void gen_number(char *buf, size_t size, bool period)
{
	static const long long edge[] = {
		0, 1, 9, 10, 11, 99, 100, 101, 90, 91, 4194303, 4194304, 4194305,
		90000, 90001, 100000, 100001, 4294967296LL, 4294967306LL,
		4295067296LL, 9223372036854775807LL, 18446744073709552LL,
		18446744073729552LL, 18446744073809552LL,
	};
	static const long long round[] = {
		100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 40000,
		50000, 100000, 200000, 1000000, 4000000,
	};

	switch (below(8)) {
	case 0:
		snprintf(buf, size, "%lld", edge[below(ARRAY_SIZE(edge))]);
		break;
	case 1:
		snprintf(buf, size, "%llu", (unsigned long long)rng() >> below(56));
		break;
	case 2:
		snprintf(buf, size, "%u", below(period ? 4200000 : 100000));
		break;
	default:
		snprintf(buf, size, "%lld", round[below(ARRAY_SIZE(round))] /
			 (period ? 1 : 1 + below(10)));
	}
}

static void gen_value(char *buf, size_t size, bool period)
{
	if (!period && below(6) == 0)
		snprintf(buf, size, "max");
	else if (!period && below(12) == 0)
		snprintf(buf, size, "0");
	else
		gen_number(buf, size, period);
}

static const char *gen_space(void)
{
	static const char * const space[] = { " ", "  ", "\t", " \t", "\n" };

	return space[below(ARRAY_SIZE(space))];
}

/* Insert, replace or drop a character. */
static void mutate(char *text, size_t size)
{
	static const char odd[] = "-+x., \t\n0123456789abcmaxrtlA_/%*\"'\\;:";
	size_t len = strlen(text), at = below(len + 1);
	char c = odd[below(sizeof(odd) - 1)];

	switch (below(3)) {
	case 0:
		if (len + 2 < size) {
			memmove(text + at + 1, text + at, len + 1 - at);
			text[at] = c;
		}
		break;
	case 1:
		if (at < len)
			text[at] = c;
		break;
	default:
		if (at < len)
			memmove(text + at, text + at + 1, len - at);
	}
}

static void gen_text(int g, enum model_file file, char *text, size_t size)
{
	static const char * const junk[] = {
		"", " ", "\n", "max max", "rt all", "1 2 3", "1 2 3 4",
		"18446744073709551616", "-1", "0x10", "nan",
	};
	char one[32], two[32], three[32];

	switch (file) {
	case FILE_DEADLINE:
		snprintf(one, sizeof(one), "%lld", model.group[g].period / (1 + below(4)));
		gen_value(two, sizeof(two), false);
		snprintf(text, size, "%s", below(3) ? below(2) ? one : "max" : two);
		break;
	case FILE_BUDGET:
	case FILE_PERIOD:
		gen_value(text, size, file == FILE_PERIOD);
		break;
	case FILE_RT_MAX:
		gen_value(one, sizeof(one), false);
		gen_value(two, sizeof(two), true);
		gen_value(three, sizeof(three), false);
		snprintf(text, size, "%s%s%s%s%s", one,
			 below(5) ? gen_space() : "", below(5) ? two : "",
			 below(3) ? "" : gen_space(), below(3) ? "" : three);
		break;
	default:
		snprintf(text, size, "%s", below(2) ? "all" : "rt");
	}
	if (below(10) == 0)
		snprintf(text, size, "%s", junk[below(ARRAY_SIZE(junk))]);
	while (below(4) == 0)
		mutate(text, size);
	if (below(4) == 0)
		strncat(text, gen_space(), size - strlen(text) - 1);
	if (below(8) == 0) {
		snprintf(one, sizeof(one), "%s", gen_space());
		memmove(text + strlen(one), text, strlen(text) + 1);
		memcpy(text, one, strlen(one));
	}
}

static void complain(int g, enum model_file file, const char *text, int ret,
		     int expected)
{
	const char *c;
	size_t i;

	if (complaints++ >= MAX_COMPLAINTS)
		return;
	printf("# '");
	for (c = text; *c; c++)
		if (*c == '\n')
			printf("\\n");
		else if (*c == '\t')
			printf("\\t");
		else
			putchar(*c);
	printf("' > %s/%s: %d, expected %d; before:\n", tree[g].name, file_name[file], ret,
	       expected);
	for (i = 0; i < NR_GROUPS; i++)
		printf("# %s: %lld %lld %lld%s\n", tree[i].name, model.group[i].budget,
		       model.group[i].period, model.group[i].deadline,
		       model.group[i].rt_only ? " rt" : "");
}

/* After a difference: go on from what is, or there will be many more. */
static void follow_kernel(int g)
{
	struct model_group *m = &model.group[g];
	char budget[32], buf[64];

	group_read(group[g], RT_MAX, buf, sizeof(buf));
	if (sscanf(buf, "%31s %lld", budget, &m->period) != 2)
		ksft_exit_fail_msg("cpu.rt.max reads '%s'\n", buf);
	if (sscanf(buf, "%*s %*d %lld", &m->deadline) != 1)
		m->deadline = MODEL_BUDGET_MAX;
	m->budget = strcmp(budget, "max") ? atoll(budget) : MODEL_BUDGET_MAX;
	group_read(group[g], SCOPE, buf, sizeof(buf));
	m->rt_only = !strcmp(buf, "rt");
}

static void compare_files(int g)
{
	enum model_file file;
	bool same = true;

	for (file = 0; file < NR_FILES; file++) {
		char expected[64];

		model_read(&model.group[g], file, expected, sizeof(expected));
		same = group_reads(group[g], file_name[file], expected) && same;
	}
	if (!same) {
		complaints++;
		follow_kernel(g);
	}
}

static void fuzz_one(void)
{
	static const enum model_file files[] = {
		FILE_BUDGET, FILE_BUDGET, FILE_PERIOD, FILE_PERIOD,
		FILE_RT_MAX, FILE_RT_MAX, FILE_RT_MAX, FILE_SCOPE, FILE_DEADLINE,
	};
	enum model_file file = files[below(ARRAY_SIZE(files))];
	int g = below(NR_GROUPS), ret, expected;
	struct model_group after;
	enum model_answer answer;
	char text[256];

	gen_text(g, file, text, sizeof(text) / 2);
	expected = model_write(&model, g, file, text, &after, &answer);
	ret = group_write(group[g], file_name[file], text);
	/* The cgroup core does not pass on a write of no bytes. */
	if (!*text)
		expected = 0;
	if (*text && answer == MAYBE && ret == -EBUSY) {
		maybe++;
	} else if (ret != expected) {
		complain(g, file, text, ret, expected);
	} else if (!ret && *text) {
		model.group[g] = after;
		accepted++;
	}
	invalid += ret == -EINVAL;
	busy += ret == -EBUSY;
	compare_files(g);
}

/* Where a thread of a higher rank that sleeps a lot may take all there is. */
static bool too_little(int server)
{
	return server >= 0 &&
	       model.group[server].budget * 100 < model.group[server].period;
}

/* Every thread lives, and is served by whom the model says. */
static bool compare_threads(void)
{
	bool ok = true;
	size_t g;

	for (g = 0; g < NR_GROUPS; g++) {
		int server = model_server(&model, g);

		if (model.group[g].vacant)
			continue;
		ok = served_by(worker[g].pid,
			       server < 0 ? NULL : group[server]) && ok;
		if (untimed || too_little(server) || worker_progress(&worker[g], PATIENCE_NS))
			continue;
		ok = check(!"progress");
		ksft_print_msg("of %s, served by %s: %lld us in %lld us\n", tree[g].name,
			       server < 0 ? "none" : tree[server].name,
			       server < 0 ? 0 : (long long)model.group[server].budget,
			       server < 0 ? 0 : (long long)model.group[server].period);
	}
	return ok;
}

static void tree_make(void)
{
	size_t g;

	model.nr = NR_GROUPS;
	for (g = 0; g < NR_GROUPS; g++) {
		int up = tree[g].parent;

		if (up < 0)
			group[g] = group_make(sv_top, tree[g].name);
		else
			group[g] = group_make_threaded(group[up], tree[g].name);
		model.group[g] = (struct model_group){
			.parent = up,
			.rt_inside = tree[g].policy == SCHED_FIFO ||
				     tree[g].policy == SCHED_RR,
			.vacant = !tree[g].fn,
			.budget = MODEL_BUDGET_MAX,
			.period = DEFAULT_PERIOD_US,
			.deadline = MODEL_BUDGET_MAX,
		};
		spec[g] = (struct worker_spec){
			.group = group[g], .policy = tree[g].policy,
			.prio = tree[g].prio, .cpu = -1, .fn = tree[g].fn,
		};
		if (tree[g].fn)
			worker_start(&worker[g], &spec[g]);
	}
}

static void tree_remove(void)
{
	size_t g;

	kill_all_workers();
	for (g = NR_GROUPS; g-- > 0;)
		group_remove(group[g]);
}

int main(int argc, char **argv)
{
	unsigned int writes = argc > 2 ? atoi(argv[2]) : WRITES, i;
	bool threads = true;

	untimed = argc > 3 && !strcmp(argv[3], "untimed");
	rng_state = argc > 1 ? strtoull(argv[1], NULL, 0) : SEED;
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(5);
	tree_make();
	log_mark();
	for (i = 0; i < writes; i++) {
		fuzz_one();
		if (i % 1000 == 999)
			threads = compare_threads() && threads;
	}
	ksft_print_msg("%u writes: %u accepted, %u EINVAL, %u EBUSY (%u for rounding)\n",
		       writes, accepted, invalid, busy, maybe);
	ksft_test_result(!complaints, "each write does what the model says\n");
	ksft_test_result(accepted >= writes / 10 && invalid >= writes / 10 &&
			 busy >= writes / 20 && maybe <= writes / 100,
			 "the writes are worth something\n");
	ksft_test_result(threads, "all threads live, in the right capsule\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	tree_remove();
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
