// SPDX-License-Identifier: GPL-2.0
/* Prints one set, for whoever is to run it. */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

static const char usage[] =
	"usage: gen-set [OPTION...] capacity decreasing|even|increasing LOAD SEED [overload]\n"
	"       gen-set [OPTION...] improved PERCENT LOW HIGH ETF SEED\n"
	"       gen-set [OPTION...] global PERCENT pedf|gedf|prm SEED\n"
	"       gen-set [OPTION...] mixed|guest SEED\n"
	"\n"
	"Prints a set of tasks and servers (its form: papers/model/set.h). The same numbers give\n"
	"the same set, everywhere. Status 3: there is none that fits.\n"
	"\n"
	"  capacity   Table 2.3 and Fig. 2.5 of RT-Xen: LOAD in percent; overload: Table 2.2\n"
	"  improved   its Fig. 2.7 to 2.9: periods between LOW and HIGH ms\n"
	"  global     its Fig. 3.5 to 3.9: tasks with a vCPU each, EDF (pedf) or fixed priorities\n"
	"             (prm) in it, or any vCPU of their domain (gedf)\n"
	"  mixed      servers with tasks of no round numbers, some with deadlines\n"
	"  guest      tasks of one guest, for sched-vm plan\n"
	"\n"
	"  --divide N   all times are divided by N\n"
	"  --spare N    budgets are smaller by N of 1000\n"
	"  --apart US   the tasks of domain d begin d times so much later\n"
	"  --most N     of a CPU, N of 1000 are there: improved has less budgets, in proportion;\n"
	"               global a CPU for each vCPU\n"
	"  --spread 1   global: vCPUs that fit on no CPU have a budget on each of several\n"
	"  --lost US    global: so much of each budget is lost to switches\n"
	"  --debt US    global: so much of a budget may be owed\n";

/* What is not given is 0. */
static struct {
	int64_t divide, spare, apart, most, spread, lost, debt;
} opt;

#define NONE_FITS	3

static const struct option {
	const char *name;
	int64_t *value;
} options[] = {
	{ "--divide", &opt.divide }, { "--spare", &opt.spare }, { "--apart", &opt.apart },
	{ "--most", &opt.most }, { "--spread", &opt.spread }, { "--lost", &opt.lost },
	{ "--debt", &opt.debt }, {}
};

static int bad(const char *why)
{
	fprintf(stderr, "gen-set: error: %s\n%s", why, usage);
	return 2;
}

static bool number(const char *text, int64_t least, int64_t most, int64_t *value)
{
	char *end;

	*value = strtoll(text, &end, 10);
	return *text && !*end && *value >= least && *value <= most;
}

static const char *make_capacity(struct set *set, char **argv, int argc)
{
	int64_t load, seed;
	int which;

	if (argc < 3)
		return "capacity takes a case, a load and a seed";
	for (which = 0; which < GEN_CASES && strcmp(gen_case_name[which], argv[0]); which++)
		;
	if (which == GEN_CASES)
		return "there is no such case";
	if (!number(argv[1], 1, 200, &load) || !number(argv[2], 0, INT32_MAX, &seed))
		return "a load is 1 to 200 percent, a seed a number";
	gen_capacity(set, which, load, seed);
	if (argc > 3)
		gen_overload(set);
	return NULL;
}

static const char *make_improved(struct set *set, char **argv, int argc)
{
	struct gen_improved g;
	int64_t v[5];

	if (argc < 5 || !number(argv[0], 1, 200, &v[0]) || !number(argv[1], 1, 10000, &v[1]) ||
	    !number(argv[2], v[1], 10000, &v[2]) || !number(argv[3], 1, 100, &v[3]) ||
	    !number(argv[4], 0, INT32_MAX, &v[4]))
		return "improved takes a load, periods in ms, a percentage and a seed";
	g = (struct gen_improved){ v[0], v[1], v[2], v[3] };
	if (!gen_improved(set, &g, v[4]))
		exit(NONE_FITS);
	if (opt.most)
		gen_admit(set, opt.most);
	return NULL;
}

/* The tasks are scaled before they get servers: these are for a kernel as it is. */
static void make_vcpus(struct set *set, int guest)
{
	const struct gen_guests g = { guest, opt.divide, opt.lost, opt.debt };

	gen_scale(set, opt.divide, 0, opt.apart);
	opt.divide = 1;
	opt.apart = 0;
	if (!gen_vcpus(set, &g))
		exit(NONE_FITS);
	if (opt.most && !(opt.spread ? gen_spread(set, opt.most) : gen_pack(set, opt.most)))
		exit(NONE_FITS);
}

static const char *make_global(struct set *set, char **argv, int argc)
{
	int64_t percent, seed;
	int guest;

	if (argc < 3 || !number(argv[0], 1, 490, &percent) ||
	    !number(argv[2], 0, INT32_MAX, &seed))
		return "global takes a utilisation of 1 to 490 percent, a guest and a seed";
	for (guest = 0; guest < GEN_GUESTS && strcmp(gen_guest_name[guest], argv[1]); guest++)
		;
	if (guest == GEN_GUESTS)
		return "guests are pedf, gedf or prm";
	gen_bimodal(set, percent, seed);
	make_vcpus(set, guest);
	return NULL;
}

static const char *make_by_seed(void (*gen)(struct set *set, uint64_t seed), struct set *set,
				char **argv, int argc)
{
	int64_t seed;

	if (argc < 1 || !number(argv[0], 0, INT32_MAX, &seed))
		return "this takes a seed";
	gen(set, seed);
	return NULL;
}

/* Return: how many of the arguments are options */
static int parse_options(int argc, char **argv)
{
	const struct option *o;
	int at;

	for (at = 1; at + 1 < argc && !strncmp(argv[at], "--", 2); at += 2) {
		for (o = options; o->name && strcmp(o->name, argv[at]); o++)
			;
		if (!o->name)
			exit(bad("there is no such option"));
		if (!number(argv[at + 1], 0, 1000, o->value))
			exit(bad("options take a number up to 1000"));
	}
	if (!opt.divide)
		opt.divide = 1;
	return at - 1;
}

int main(int argc, char **argv)
{
	static struct set set;
	const char *fault = "which set?";
	int nr;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	nr = parse_options(argc, argv);
	argc -= nr;
	argv += nr;
	if (argc > 1 && !strcmp(argv[1], "capacity"))
		fault = make_capacity(&set, argv + 2, argc - 2);
	else if (argc > 1 && !strcmp(argv[1], "improved"))
		fault = make_improved(&set, argv + 2, argc - 2);
	else if (argc > 1 && !strcmp(argv[1], "global"))
		fault = make_global(&set, argv + 2, argc - 2);
	else if (argc > 1 && !strcmp(argv[1], "mixed"))
		fault = make_by_seed(gen_mixed, &set, argv + 2, argc - 2);
	else if (argc > 1 && !strcmp(argv[1], "guest"))
		fault = make_by_seed(gen_guest, &set, argv + 2, argc - 2);
	if (fault)
		return bad(fault);
	gen_scale(&set, opt.divide, opt.spare, opt.apart);
	set_print(&set, stdout);
	return 0;
}
