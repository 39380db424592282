// SPDX-License-Identifier: GPL-2.0
/* check: would a reservation fit? */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sched-vm.h"

/* As a change of a capsule: what is not given is as it has it. */
static struct reservation wanted(const struct args *args, const char *cg)
{
	struct reservation res = args->res;
	struct capsule c;

	if (!args->nr_rest || capsule_read(cg, &c))
		return res;
	if (!HAS(args, OPT_PERIOD))
		res.period = c.res.period;
	if (!HAS(args, OPT_DEADLINE))
		res.deadline = c.res.deadline;
	capsule_free(&c);
	return res;
}

static void warn_cpus(const struct args *args, const char *cg)
{
	struct cpus cpus;

	cg_available(cg, &cpus);
	cpus = cpus_common(&args->cpus, &cpus);
	warn_missing_cpus(&args->cpus, &cpus);
}

static int report(const struct reservation *res, const struct verdict *v)
{
	struct json_object *o;
	char *budget, *period;

	if (json_mode) {
		o = admission_json(v);
		if (v->fits)
			supply_json(o, res);
		json_print(o);
		return v->fits ? EXIT_OK : EXIT_FAILED;
	}
	budget = format_time(res->budget);
	period = format_time(res->period);
	printf("%s in %s %s", budget, period, v->fits ? "fits" : "does not fit");
	if (!v->fits)
		printf(": %s", v->reason);
	if (v->cure)
		printf("\n%s", v->cure);
	printf("%s\n", v->exact ? "" : "\n(to about 0.01 %: this kernel has no dry run)");
	if (v->fits)
		print_supply(res);
	free(budget);
	free(period);
	return v->fits ? EXIT_OK : EXIT_FAILED;
}

static int check(const struct args *args, const char *cg)
{
	const struct cpus *cpus = HAS(args, OPT_CPUS) ? &args->cpus : NULL;
	struct reservation res;
	struct cg_trial trial;
	struct verdict v;
	int status;

	if (!args->nr_rest && cg_try(cg, &trial)) {
		cg_end_trial(&trial);
		return EXIT_FAILED;
	}
	res = wanted(args, cg);
	admission_ask(cg, &res, cpus, &v);
	if (!args->nr_rest)
		cg_end_trial(&trial);
	status = report(&res, &v);
	if (cpus && v.fits)
		warn_cpus(args, cg);
	verdict_free(&v);
	return status;
}

/*
 * For a new capsule, the question is asked for an empty cgroup that exists only
 * while it is: the CPUs and the capsule above are those that it would have.
 */
int cmd_check(const struct args *args)
{
	int status = EXIT_FAILED;
	char *cg;

	want_budget(args);
	supply_options(args);
	if (!machine_is_able())
		return EXIT_FAILED;
	if (args->nr_rest)
		cg = cg_find(args, args->rest[0]);
	else
		cg = xasprintf("%s/" CHECK_PREFIX "%d", cg_base(args), getpid());
	if (cg)
		status = check(args, cg);
	free(cg);
	return status;
}
