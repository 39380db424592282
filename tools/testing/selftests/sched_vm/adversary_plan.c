// SPDX-License-Identifier: GPL-2.0
/*
 * All that follows from the seed. An operation follows from the seed and its number
 * alone, so that any part of a run can be done again without the others.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adversary.h"
#include "kselftest.h"

#define ALWAYS	(ADV_RESERVE)
#define EPOCH	1000	/* operations; then there are other kinds of them */

struct adv_plan plan = { .seed = 1, .ops = 10000 };

const struct adv_kind adv_kinds[] = {
	{ "reserve",	ADV_RESERVE,	14,	op_reserve },
	{ "flip",	ADV_PERIODS,	10,	op_flip },
	{ "give",	ADV_PERIODS,	6,	op_give },
	{ "end",	ADV_RESERVE,	3,	op_end },
	{ "tune",	ADV_RESERVE,	3,	op_tune },
	{ "move",	ADV_RESERVE,	8,	op_move },
	{ "mode",	ADV_RESERVE,	8,	op_mode },
	{ "fail",	ADV_FAIL,	14,	op_fail },
	{ "junk",	ADV_FAIL,	4,	op_junk },
	{ "make",	ADV_TREE,	6,	op_make },
	{ "remove",	ADV_TREE,	3,	op_remove },
	{ "control",	ADV_TREE,	2,	op_control },
	{ "control",	ADV_CPUSET,	3,	op_control },
	{ "cpuset",	ADV_CPUSET,	6,	op_cpuset },
	{ "affinity",	ADV_CPUSET,	6,	op_affinity },
	{ "scope",	ADV_SCOPE,	4,	op_scope },
	{ "self",	ADV_SELF,	10,	op_self, true },
	{ "crowd",	ADV_CROWDS,	8,	op_crowd, true },
	{ "disperse",	ADV_CROWDS,	1,	op_disperse },
	{ "policy",	ADV_POLICY,	6,	op_policy },
	{ "hold",	ADV_PI,		8,	op_hold, true },
	{ "wait",	ADV_PI,		8,	op_wait },
	{ "section",	ADV_PI,		4,	op_section, true },
	{ "birth",	ADV_BIRTH,	8,	op_birth, true },
	{ "memory",	ADV_MEMORY,	5,	op_memory, true },
	{ "exit",	ADV_DEATH,	1,	op_exit, true },
	{ "kill",	ADV_DEATH,	2,	op_kill },
	{ "kill-all",	ADV_DEATH,	1,	op_kill_all },
	{ "freeze",	ADV_STOP,	4,	op_freeze },
	{ "stop",	ADV_STOP,	4,	op_stop },
	{ "trace",	ADV_STOP,	3,	op_trace },
	{ "read",	ADV_FILES,	6,	op_read },
	{ "io_uring",	ADV_URING,	6,	op_uring },
};

const unsigned int adv_nr_kinds = ARRAY_SIZE(adv_kinds);

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint64_t start(unsigned int what)
{
	uint64_t state = plan.seed ^ (uint64_t)what << 32;

	return next(&state);
}

/* A threaded tree, in which a thread can be moved alone, or one of processes. */
bool adv_is_threaded(int owner)
{
	return owner != 1;
}

/* What is short now and then for a long time, but never for good. */
static uint64_t pause_ns(uint64_t r)
{
	switch (r % 100) {
	case 0:
		return (100 + r / 100 % 300) * NS_PER_MS;
	case 1 ... 6:
		return (10 + r / 100 % 50) * NS_PER_MS;
	default:
		return (100 + r / 100 % 3000) * NS_PER_US;
	}
}

static unsigned int fixed_classes;

static unsigned int classes_at(unsigned int index)
{
	unsigned int epoch = index / EPOCH;

	return fixed_classes ?: ALWAYS | (start(-epoch) & ((1 << NR_ADV_CLASSES) - 1));
}

static bool is_on(unsigned int kind, unsigned int classes)
{
	/* Who is stopped with a lock of root in hand is no honest holder. */
	if (adv_kinds[kind].run == op_section && classes & ADV_STOP)
		return false;
	return adv_kinds[kind].classes & classes;
}

static unsigned int choose(unsigned int classes, uint64_t r)
{
	unsigned int sum = 0, i;

	for (i = 0; i < adv_nr_kinds; i++)
		sum += is_on(i, classes) ? adv_kinds[i].weight : 0;
	r %= sum;
	for (i = 0; i < adv_nr_kinds; i++) {
		unsigned int weight = is_on(i, classes) ? adv_kinds[i].weight : 0;

		if (r < weight)
			break;
		r -= weight;
	}
	return i;
}

void adv_op_make(unsigned int index, struct adv_op *op)
{
	uint64_t state = start(index + 1);
	int i;

	op->index = index;
	op->classes = classes_at(index);
	op->kind = choose(op->classes, next(&state));
	op->owner = next(&state) % ADV_OWNERS;
	/* Who is outside can do most of it at once, and so do most owners it. */
	op->agent = next(&state) % (2 * ADV_OUTSIDER);
	if (op->agent > ADV_OUTSIDER)
		op->agent = ADV_OUTSIDER;
	if (adv_kinds[op->kind].inside && op->agent == ADV_OUTSIDER)
		op->agent = next(&state) % ADV_OUTSIDER;
	op->slot = next(&state) % ADV_SLOTS;
	for (i = 0; i < 3; i++)
		op->r[i] = next(&state) >> 32;
	op->pause_ns = pause_ns(next(&state) >> 8);
}

/* "3,7-9": is @index in the list? */
bool adv_selected(unsigned int index)
{
	const char *at = plan.only;
	char *end;

	while (at && *at) {
		unsigned int from = strtoul(at, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (index >= from && index <= to)
			return true;
		if (*end != ',')
			return false;
		at = end + 1;
	}
	return !plan.only;
}

static void choose_sizes(uint64_t r)
{
	plan.tight = (r >> 20) % 4 == 0;
	plan.max_period_us = (r >> 24) % 3 ? 100000 : 1000000;
	plan.capsule_cpus = plan.cpus;
	if (plan.cpus > 1 && (r >> 28) % 2)
		plan.capsule_cpus--;
	plan.own_q_us = plan.tight ? 24000 : 12000;
	plan.own_p_us = 100000;
	plan.victim_q_us = 5000;
	plan.victim_p_us = 50000;
	plan.late_q_us = plan.max_period_us / 10;
	plan.late_p_us = plan.max_period_us;
	plan.witness_q_us = 1000;
	plan.witness_p_us = 50000;
	plan.reserved = (double)ADV_OWNERS * plan.own_q_us / plan.own_p_us +
			(double)plan.victim_q_us / plan.victim_p_us +
			(double)plan.late_q_us / plan.late_p_us;
}

static const char usage[] =
	"usage: adversary [--seed N] [--ops N] [--cpus N] [--only LIST]\n"
	"                 [--classes MASK] [--ignore TEXT] [--untimed] [--verbose]\n"
	"  --seed N        what is done, and by whom (1)\n"
	"  --ops N         so many operations (10000)\n"
	"  --cpus N        on so many CPUs (all, at most 4)\n"
	"  --only LIST     just these of them, by number: 3,7-9\n"
	"  --classes MASK  of these kinds, instead of those that follow from the seed\n"
	"  --ignore TEXT   let them do this: \"waits\", \"misses\", \"ahead\", \"dies\", \"lacks\",\n"
	"                  \"serves\"\n"
	"  --untimed       let them do all of it: only the kernel's log counts, and what is left\n"
	"  --verbose       say what each operation does, and what it returns\n";

static bool set_option(int c)
{
	switch (c) {
	case 's':
		plan.seed = strtoull(optarg, NULL, 0);
		break;
	case 'o':
		plan.ops = strtoul(optarg, NULL, 0);
		break;
	case 'c':
		plan.cpus = atoi(optarg);
		break;
	case 'y':
		plan.only = optarg;
		break;
	case 'k':
		fixed_classes = strtoul(optarg, NULL, 0);
		break;
	case 'i':
		plan.ignore = optarg;
		break;
	case 'u':
		plan.ignore = "";
		break;
	case 'v':
		plan.verbose = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		return false;
	}
	return true;
}

bool adv_plan_parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", 1, NULL, 's' }, { "ops", 1, NULL, 'o' }, { "cpus", 1, NULL, 'c' },
		{ "only", 1, NULL, 'y' }, { "classes", 1, NULL, 'k' },
		{ "ignore", 1, NULL, 'i' }, { "untimed", 0, NULL, 'u' },
		{ "verbose", 0, NULL, 'v' }, { "help", 0, NULL, 'h' }, { }
	};
	int c, online = sysconf(_SC_NPROCESSORS_ONLN);
	bool ok = true;

	plan.cpus = online < ADV_CPUS ? online : ADV_CPUS;
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
		ok = set_option(c) && ok;
	if (!ok || optind < argc || plan.cpus < 1 || plan.cpus > ADV_CPUS ||
	    plan.cpus > online) {
		fputs(usage, stderr);
		return false;
	}
	choose_sizes(start(0));
	return true;
}

static void print_kinds(unsigned int from)
{
	unsigned int classes = classes_at(from), i;
	char kinds[512] = "";

	for (i = 0; i < adv_nr_kinds; i++) {
		if (!is_on(i, classes) || (i && !strcmp(adv_kinds[i].name, adv_kinds[i - 1].name)))
			continue;
		strcat(kinds, " ");
		strcat(kinds, adv_kinds[i].name);
	}
	ksft_print_msg("from operation %u on, classes 0x%x:%s\n", from, classes, kinds);
}

void adv_plan_print(void)
{
	unsigned int i;

	ksft_print_msg("seed %llu: on %d of %d CPUs, %.0f %% reserved, periods up to %ld ms\n",
		       (unsigned long long)plan.seed, plan.capsule_cpus, plan.cpus,
		       100 * plan.reserved, plan.max_period_us / 1000);
	for (i = 0; i < plan.ops; i += EPOCH)
		print_kinds(i);
}
