// SPDX-License-Identifier: GPL-2.0
/* Runs one set. */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static const char usage[] =
	"usage: model [OPTION...] [SET|-]\n"
	"\n"
	"Runs a set of tasks in servers (its form: papers/model/set.h) and prints, for each\n"
	"task, the jobs, those that missed their deadlines, and the longest response in us.\n"
	"\n"
	"  --policy P   deferrable, periodic, polling, sporadic, wcps, crps, cbs (default), cash,\n"
	"               cbs-idle, cash-idle, cash-any (their rules: papers/model/sim.h)\n"
	"  --beside B   who else has the time that budgets leave: nobody (default), one (a thread\n"
	"               of the same weight), busy (it has all): for cbs-idle and so on\n"
	"  --order O    between servers: fp (fixed priority), dm, edf (default)\n"
	"  --guest G    in a server: rm (default), edf\n"
	"  --length US  of the run (default 10000000)\n"
	"  --jitter US  jobs and budgets are up to so much longer or shorter, at random, but\n"
	"               those of a task or server together never by more (for cbs), and each\n"
	"               task wakes up to a third of it after its release\n"
	"  --seed N     of these random numbers\n"
	"  --jobs       print each job instead: task, number, release, finish\n"
	"  --trace      print who ran instead: from, to, server, task\n"
	"\n"
	"Status: 0 if no job missed its deadline, 1 if one did, 2 for an error.\n";

static void print_job(void *arg, int task, int64_t nr, int64_t release, int64_t finish)
{
	printf("%d,%jd,%jd,%jd\n", task + 1, (intmax_t)nr, (intmax_t)release, (intmax_t)finish);
}

static void print_ran(void *arg, int server, int task, int64_t from, int64_t to)
{
	printf("%jd,%jd,%d,%d\n", (intmax_t)from, (intmax_t)to, server + 1, task + 1);
}

static int choice(const char *const *names, int nr, const char *name)
{
	int i = sim_named(names, nr, name);

	if (i < 0) {
		fprintf(stderr, "model: error: there is no '%s' (model --help)\n", name);
		exit(2);
	}
	return i;
}

static int64_t number_of(const char *option, const char *text, int64_t least, int64_t most)
{
	char *end;
	int64_t number = strtoll(text, &end, 10);

	if (!*text || *end || number < least || number > most) {
		fprintf(stderr, "model: error: --%s takes a number%s, not '%s'\n", option,
			strcmp(option, "seed") ? " of microseconds" : "", text);
		exit(2);
	}
	return number;
}

static void parse(int argc, char **argv, struct sim_options *opt)
{
	static const struct option options[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "beside", required_argument, NULL, 'b' },
		{ "order", required_argument, NULL, 'o' },
		{ "guest", required_argument, NULL, 'g' },
		{ "length", required_argument, NULL, 'l' },
		{ "jitter", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "jobs", no_argument, NULL, 'j' },
		{ "trace", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'p') {
			opt->policy = choice(sim_policy_name, SIM_POLICIES, optarg);
		} else if (c == 'b') {
			opt->beside = choice(sim_beside_name, SIM_BESIDES, optarg);
		} else if (c == 'o') {
			opt->order = choice(sim_order_name, SIM_ORDERS, optarg);
		} else if (c == 'g') {
			opt->guest = choice(sim_guest_name, SIM_GUESTS, optarg);
		} else if (c == 'l') {
			opt->length = number_of("length", optarg, 1, INT64_C(1) << 42);
		} else if (c == 'r') {
			opt->jitter = number_of("jitter", optarg, 0, 1000000);
		} else if (c == 's') {
			opt->jitter_seed = number_of("seed", optarg, 0, INT32_MAX);
		} else if (c == 'j') {
			opt->job = print_job;
		} else if (c == 't') {
			opt->ran = print_ran;
		} else if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		} else {
			fputs(usage, stderr);
			exit(2);
		}
	}
}

static void print_result(const struct set *set, const struct sim_result *result)
{
	int i;

	puts("domain,task,jobs,missed,worst_us");
	for (i = 0; i < set->nr_tasks; i++) {
		const struct sim_count *count = &result->task[i];

		printf("%d,%d,%jd,%jd,%jd\n", set->task[i].domain, i + 1, (intmax_t)count->jobs,
		       (intmax_t)count->missed, (intmax_t)count->worst);
	}
}

int main(int argc, char **argv)
{
	struct sim_options opt = { .policy = SIM_CBS, .order = SIM_EDF, .length = 10000000 };
	static struct sim_result result;
	static struct set set;
	const char *name, *fault;
	FILE *in = stdin;

	parse(argc, argv, &opt);
	name = optind < argc ? argv[optind] : "-";
	if (strcmp(name, "-"))
		in = fopen(name, "r");
	if (!in) {
		fprintf(stderr, "model: error: %s: %m\n", name);
		return 2;
	}
	if (set_read(&set, in, name))
		return 2;
	fault = sim_fault(&set, &opt);
	if (fault) {
		fprintf(stderr, "model: error: %s: %s\n", name, fault);
		return 2;
	}
	sim_run(&set, &opt, &result);
	if (!opt.job && !opt.ran)
		print_result(&set, &result);
	return result.all.missed ? 1 : 0;
}
