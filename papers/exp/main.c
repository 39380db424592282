// SPDX-License-Identifier: GPL-2.0
/* Runs one experiment in the model. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exp.h"

static const struct experiment {
	const char *id;
	void (*run)(const struct effort *effort);
	struct effort full, quick;
	const char *what;
} experiments[] = {
	{ "t2.2", exp_t22, { 10, 120 }, { 4, 60 }, "one overloaded domain" },
	{ "f2.5", exp_f25, { 10, 300 }, { 10, 40 }, "soft real-time capacity" },
	{ "t2.4", exp_t24, { 10, 300 }, { 10, 40 }, "what an analysis guarantees" },
#ifdef HAVE_RT_MODEL
	{ "prm", exp_prm, { 1, 1 }, { 1, 1 }, "the least budget for two tasks" },
	{ "f2.7", exp_f27, { 10, 300 }, { 3, 60 }, "improved periodic servers" },
	{ "f2.9", exp_f29, { 10, 300 }, { 3, 60 }, "the same, tasks that take less than planned" },
	{ "reclaim", exp_reclaim, { 10, 300 }, { 3, 30 }, "what servers leave, handed on or not" },
	{ "f3.5", exp_f35, { 25, 60 }, { 8, 10 }, "global and partitioned servers" },
	{ "semi", exp_semi, { 25, 60 }, { 4, 10 }, "semi-partitioned servers" },
#endif
};

#define NR	ARRAY_SIZE(experiments)

void emit(const char *id, double value, const char *unit, const char *condition, ...)
{
	va_list args;

	printf("%s,", id);
	va_start(args, condition);
	vprintf(condition, args);
	va_end(args);
	printf(",%.6g,%s\n", value, unit);
}

double percent(double part, double all)
{
	return all > 0 ? 100 * part / all : 0;
}

void add_count(struct sim_count *sum, const struct sim_count *count)
{
	sum->jobs += count->jobs;
	sum->missed += count->missed;
}

void run_with(const struct set *set, const struct sim_options *opt, struct sim_result *result)
{
	const char *fault = set_fault(set);

	if (!fault)
		fault = sim_fault(set, opt);
	if (fault) {
		fprintf(stderr, "experiment: error: %s\n", fault);
		exit(2);
	}
	sim_run(set, opt, result);
}

void run(const struct set *set, enum sim_policy policy, enum sim_order order, enum sim_guest guest,
	 int seconds, struct sim_result *result)
{
	struct sim_options opt = {
		.policy = policy,
		.order = order,
		.guest = guest,
		.length = seconds * INT64_C(1000000),
	};

	run_with(set, &opt, result);
}

static int print_usage(FILE *out, int status)
{
	unsigned int i;

	fputs("usage: experiment [--quick] ID | --list\n\n"
	      "Runs an experiment in the model; prints lines id,condition,value,unit.\n\n",
	      out);
	for (i = 0; i < NR; i++)
		fprintf(out, "  %s   %s\n", experiments[i].id, experiments[i].what);
	return status;
}

int main(int argc, char **argv)
{
	bool quick = argc > 2 && !strcmp(argv[1], "--quick");
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return print_usage(stdout, 0);
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (i = 0; i < NR; i++)
			puts(experiments[i].id);
		return 0;
	}
	if (argc != 2 + quick)
		return print_usage(stderr, 2);
	for (i = 0; i < NR; i++)
		if (!strcmp(experiments[i].id, argv[1 + quick]))
			break;
	if (i == NR)
		return print_usage(stderr, 2);
	puts("id,condition,value,unit");
	experiments[i].run(quick ? &experiments[i].quick : &experiments[i].full);
	return 0;
}
