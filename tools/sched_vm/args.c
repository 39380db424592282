// SPDX-License-Identifier: GPL-2.0
/* The command line: each command takes some of a common set of options. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

static const struct {
	const char *name;
	const char *value;	/* what it is called in --help; NULL: takes none */
	const char *what;
} options[NR_OPTIONS] = {
	[OPT_BUDGET]	 = { "budget", "Q", "CPU time in each period, on each CPU: 4ms" },
	[OPT_PERIOD]	 = { "period", "P", "period: 20ms (default 100ms)" },
	[OPT_DEADLINE]	 = { "deadline", "D", "when Q is there at the latest; max: P (default)" },
	[OPT_CPUS]	 = { "cpus", "LIST", "CPUs, by cpuset: 1,3-4 (default: all there are)" },
	[OPT_FIT]	 = { "fit", "worst|best", "auto: where most is free (default), or least" },
	[OPT_SCOPE]	 = { "scope", "all|rt", "all threads, or SCHED_FIFO and SCHED_RR only" },
	[OPT_EXTRA]	 = { "extra", "none|idle|fair", "what it has beyond its budget" },
	[OPT_CPU_BUDGET] = { "cpu-budget", "LIST=Q", "another budget there; Q max ends it" },
	[OPT_IRQ]	 = { "irq", "+N|-N", "handler threads of irq N join or leave" },
	[OPT_PID]	 = { "pid", "PID", "the process" },
	[OPT_QEMU]	 = { "qemu", "GUEST", "the QEMU process with -name GUEST" },
	[OPT_DOMAIN]	 = { "domain", "DOMAIN", "libvirt's QEMU process; implies --in-place" },
	[OPT_IN_PLACE]	 = { "in-place", NULL, "reserve for the cgroup it is in, do not move it" },
	[OPT_NAME]	 = { "name", "NAME", "name of the capsule (default: run-PID)" },
	[OPT_OUTPUT]	 = { "output", "FILE", "the JSON file (-o; default NAME.json)" },
	[OPT_SVG]	 = { "svg", "FILE", "the picture (default: beside it, ending in .svg)" },
	[OPT_RAW]	 = { "raw", "FILE", "keep the events, too, for --from" },
	[OPT_FROM]	 = { "from", "FILE", "convert what --raw kept, record nothing" },
	[OPT_TIME]	 = { "time", "T", "how long: 5s (default 2s)" },
	[OPT_INTERVAL]	 = { "interval", "T", "between updates: 500ms (default 1s; -d)" },
	[OPT_ONCE]	 = { "once", NULL, "one interval, then end" },
	[OPT_BATCH]	 = { "batch", NULL, "as text without end, for files and pipes (-b)" },
	[OPT_COUNT]	 = { "count", "N", "end after N (-n)" },
	[OPT_CSV]	 = { "csv", NULL, "lines with commas, for spreadsheets" },
	[OPT_FORCE]	 = { "force", NULL, "even so: --help says what" },
	[OPT_REMOVE_AT_EXIT] = { "remove-at-exit", NULL, "when nobody is inside any more" },
	[OPT_THREADS]	 = { "threads", NULL, "list the threads, and those that escaped" },
	[OPT_TASK]	 = { "task", "C/T[/D]", "C of CPU time in each T, by D: 8ms/20ms" },
	[OPT_TASKS]	 = { "tasks", "FILE|-", "such tasks, one a line; # begins a comment" },
	[OPT_GUEST]	 = { "guest", "fp|edf|gedf", "its scheduler (default fp)" },
	[OPT_VCPUS]	 = { "vcpus", "N|auto", "vCPUs (default auto: as few as it takes)" },
	[OPT_LATENCY]	 = { "latency", "L", "longest time without CPU time" },
	[OPT_MARGIN]	 = { "margin", "M%", "all C are so much longer (default 0%)" },
	[OPT_STEP]	 = { "step", "T", "budgets are multiples of this (default 1us)" },
	[OPT_OVERHEAD]	 = { "overhead", "T", "of each budget lost to switches (default 8us)" },
	[OPT_DEBT]	 = { "debt", "T", "most by which a budget is exceeded (default 20us)" },
	[OPT_PERCENTILE] = { "percentile", "N", "of periods that do not run dry (default 99.9)" },
	[OPT_HEADROOM]	 = { "headroom", "H%", "so much more than the least (default 10%)" },
	[OPT_APPLY]	 = { "apply", NULL, "set it" },
	[OPT_WATCH]	 = { "watch", NULL, "go on, and adapt the budget" },
	[OPT_FLOOR]	 = { "floor", "Q", "--watch: never less" },
	[OPT_CEILING]	 = { "ceiling", "Q", "--watch: never more" },
	[OPT_CGROUP]	 = { "cgroup", "PATH", "cgroup that capsules are made in" },
	[OPT_JSON]	 = { "json", NULL, "for programs (-j)" },
	[OPT_HELP]	 = { "help", NULL, "this text (-h)" },
};

/* What it is to one command, where that is not what it is to the others. */
static const struct {
	const char *command;
	enum opt option;
	const char *what;
} otherwise[] = {
	{ "create", OPT_CPUS, "CPUs: 1,3-4, or N that auto:N finds (default: all there are)" },
	{ "set", OPT_PERIOD, "period: 20ms (default: as it is)" },
	{ "set", OPT_DEADLINE, "when Q is there at the latest; max: P (default as it is)" },
	{ "set", OPT_CPUS, "CPUs, by cpuset: 1,3-4 (default: as it is)" },
	{ "plan", OPT_PERIOD, "or a range: 1ms-20ms (default: up to the shortest T)" },
	{ "plan", OPT_DEADLINE, "when Q is there at the latest: 5ms, auto, or max: P (default)" },
	{ "suggest", OPT_PERIOD, "or a range: 5ms-50ms (default: about its own)" },
	{ "suggest", OPT_TIME, "how long: 60s (default 30s)" },
	{ "monitor", OPT_TIME, "how long: 5s (default: until Ctrl-C)" },
	{ "free", OPT_CPUS, "only these CPUs: 1,3-4 (default: all there are)" },
	{ "top", OPT_THREADS, "what each thread used, instead of each CPU" },
};

#define MIN_INTERVAL	100000	/* us: to look is work */

static u64 time_value(const char *name, const char *text)
{
	u64 us;

	if (lacks_unit(text))
		usage("--%s %s: %s of what? Like %ss, %sms or %sus", name, text, text, text, text,
		      text);
	if (!parse_time(text, &us))
		usage("--%s %s: not a time, like 4ms, 500us or 1.5s", name, text);
	return us;
}

static u64 finite_value(const char *name, const char *text)
{
	u64 us = time_value(name, text);

	if (us == TIME_MAX || !us)
		usage("--%s %s: must be a time above 0", name, text);
	return us;
}

/* Of each budget, in us: above that it is a mistake. */
static u64 cost_value(const char *name, const char *text)
{
	u64 us = time_value(name, text);

	if (us > 1000000)
		usage("--%s %s: is up to 1s", name, text);
	return us;
}

/* "P", or for plan and suggest "LOW-HIGH" */
static void take_period(struct args *args, const char *text)
{
	const char *dash = strchr(text, '-');
	char *low;

	args->period_high = 0;
	if (!dash) {
		args->res.period = finite_value("period", text);
		return;
	}
	if (dash == text || !dash[1])
		usage("--period %s: neither a time nor a range, like 1ms-20ms", text);
	low = strndup(text, dash - text);
	args->res.period = finite_value("period", low ? low : "");
	args->period_high = finite_value("period", dash + 1);
	if (args->period_high < args->res.period)
		usage("--period %s: from the shorter to the longer", text);
	free(low);
}

/* "10%", "12.5 %" */
static u64 percent_value(const char *name, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	while (*end == ' ')
		end++;
	if (end == text || (*text != '.' && (*text < '0' || *text > '9')) ||
	    strcmp(end, "%") || !(value >= 0 && value <= 1000))
		usage("--%s %s: not a percentage, like 10%%", name, text);
	return value * 10000 + 0.5;
}

/* "99.9", "99.9%" */
static u64 percentile_value(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *text < '0' || *text > '9' || (*end && strcmp(end, "%")) ||
	    !(value >= 50 && value <= 100))
		usage("--percentile %s: from 50 to 100, like 99.9", text);
	return value * 10000 + 0.5;
}

static int vcpus_value(const char *text)
{
	char *end;
	long nr = strtol(text, &end, 10);

	if (!strcmp(text, "auto"))
		return 0;
	if (end == text || *end || nr < 1 || nr > 64)
		usage("--vcpus %s: auto, or a number from 1 to 64", text);
	return nr;
}

static pid_t pid_value(const char *text)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || end == text || *end || pid <= 0 || pid > INT32_MAX)
		usage("--pid %s: not a process ID", text);
	return pid;
}

/* "0,2-3=4ms" */
static void check_cpu_budget(const char *text)
{
	const char *eq = strchr(text, '=');
	struct cpus cpus;
	char *list;

	list = eq ? strndup(text, eq - text) : NULL;
	if (!list || !parse_cpus(list, &cpus) || !cpus_count(&cpus))
		usage("--cpu-budget %s: not of the form CPUS=TIME, like 0,2-3=4ms", text);
	free(list);
	time_value("cpu-budget", eq + 1);
}

static int count_value(const char *text)
{
	if (!*text || text[strspn(text, "0123456789")] || strlen(text) > 9 || atoi(text) < 1)
		usage("--count %s: must be a number above 0", text);
	return atoi(text);
}

static void check_irq(const char *text)
{
	size_t digits = strspn(text + !!*text, "0123456789");

	if ((*text != '+' && *text != '-') || !digits || digits > 9 || text[1 + digits])
		usage("--irq %s: not of the form +N or -N", text);
}

static void take_list(const char *text, const char ***list, int *nr)
{
	*list = grow(*list, *nr, sizeof(**list));
	(*list)[(*nr)++] = text;
}

static void take_cpus(struct args *args, const char *text)
{
	args->auto_cpus = 0;
	if (!strncmp(text, "auto:", 5)) {
		size_t digits = strspn(text + 5, "0123456789");

		if (!digits || digits > 4 || text[5 + digits] || !atoi(text + 5) ||
		    atoi(text + 5) > MAX_CPUS)
			usage("--cpus %s: not of the form auto:N", text);
		args->auto_cpus = atoi(text + 5);
		return;
	}
	if (!parse_cpus(text, &args->cpus) || !cpus_count(&args->cpus))
		usage("--cpus %s: not a list of CPUs, like 0,2-3", text);
}

static void take_fit(struct args *args, const char *text)
{
	if (strcmp(text, "best") && strcmp(text, "worst"))
		usage("--fit %s: best or worst", text);
	args->best_fit = !strcmp(text, "best");
}

static void take_scope(struct args *args, const char *text)
{
	if (strcmp(text, "all") && strcmp(text, "rt"))
		usage("--scope %s: all or rt", text);
	args->scope = text;
}

static void take_extra(struct args *args, const char *text)
{
	if (strcmp(text, "none") && strcmp(text, "idle") && strcmp(text, "fair"))
		usage("--extra %s: none, idle or fair", text);
	args->extra = text;
}

static void take_time(struct args *args, enum opt option, const char *text)
{
	const char *name = options[option].name;

	switch (option) {
	case OPT_BUDGET:
		args->res.budget = time_value(name, text);
		break;
	case OPT_PERIOD:
		take_period(args, text);
		break;
	case OPT_LATENCY:
		args->latency = finite_value(name, text);
		break;
	case OPT_STEP:
		args->step = finite_value(name, text);
		break;
	case OPT_OVERHEAD:
		args->overhead = cost_value(name, text);
		break;
	case OPT_DEBT:
		args->debt = cost_value(name, text);
		break;
	case OPT_DEADLINE:
		args->deadline_auto = !strcmp(text, "auto");
		if (args->deadline_auto)
			break;
		args->res.deadline = time_value(name, text);
		if (!args->res.deadline)
			usage("--deadline %s: must be max, or a time above 0", text);
		break;
	case OPT_FLOOR:
		args->floor = finite_value(name, text);
		break;
	case OPT_CEILING:
		args->ceiling = finite_value(name, text);
		break;
	case OPT_TIME:
		args->time = finite_value(name, text);
		break;
	default:
		args->interval = finite_value(name, text);
		if (args->interval < MIN_INTERVAL)
			usage("--interval %s: at least 100ms", text);
		break;
	}
}

/* Options with a word that is good for anything. */
static const char **word_of(struct args *args, enum opt option)
{
	switch (option) {
	case OPT_QEMU:
		return &args->qemu;
	case OPT_DOMAIN:
		return &args->domain;
	case OPT_NAME:
		return &args->name;
	case OPT_OUTPUT:
		return &args->output;
	case OPT_SVG:
		return &args->svg;
	case OPT_RAW:
		return &args->raw;
	case OPT_FROM:
		return &args->from;
	case OPT_CGROUP:
		return &args->cgroup;
	case OPT_TASKS:
		return &args->task_file;
	case OPT_GUEST:
		return &args->guest;
	default:
		return NULL;
	}
}

static void take(struct args *args, enum opt option, const char *text)
{
	const char **word = word_of(args, option);

	args->given |= 1UL << option;
	if (word) {
		if (!*text)
			usage("--%s: empty", options[option].name);
		if (option == OPT_TASKS && *word)
			usage("--tasks %s: one file only; cat A B | sched-vm plan --tasks -", text);
		*word = text;
		return;
	}
	switch (option) {
	case OPT_CPUS:
		take_cpus(args, text);
		break;
	case OPT_FIT:
		take_fit(args, text);
		break;
	case OPT_SCOPE:
		take_scope(args, text);
		break;
	case OPT_EXTRA:
		take_extra(args, text);
		break;
	case OPT_CPU_BUDGET:
		check_cpu_budget(text);
		take_list(text, &args->cpu_budgets, &args->nr_cpu_budgets);
		break;
	case OPT_IRQ:
		check_irq(text);
		take_list(text, &args->irqs, &args->nr_irqs);
		break;
	case OPT_PID:
		args->pid = pid_value(text);
		break;
	case OPT_COUNT:
		args->count = count_value(text);
		break;
	case OPT_TASK:
		take_list(text, &args->tasks, &args->nr_tasks);
		break;
	case OPT_VCPUS:
		args->vcpus = vcpus_value(text);
		break;
	case OPT_MARGIN:
		args->margin_ppm = percent_value("margin", text);
		break;
	case OPT_HEADROOM:
		args->headroom_ppm = percent_value("headroom", text);
		break;
	case OPT_PERCENTILE:
		args->percentile_ppm = percentile_value(text);
		break;
	case OPT_JSON:
		json_mode = true;
		break;
	default:
		if (options[option].value)
			take_time(args, option, text);
		break;
	}
}

/* getopt's table of the options that @cmd has. */
static void long_options(const struct command *cmd, struct option *table)
{
	int i, nr = 0;

	for (i = 0; i < NR_OPTIONS; i++) {
		if (!(cmd->options & (1UL << i)))
			continue;
		table[nr++] = (struct option){
			.name = options[i].name,
			.has_arg = options[i].value ? required_argument : no_argument,
			.val = i,
		};
	}
	table[nr] = (struct option){};
}

static const struct {
	char letter;
	enum opt option;
} letters[] = {
	{ 'h', OPT_HELP }, { 'o', OPT_OUTPUT }, { 'n', OPT_COUNT }, { 'd', OPT_INTERVAL },
	{ 'b', OPT_BATCH }, { 'j', OPT_JSON },
};

/* getopt's list of the letters that @cmd has. */
static void short_options(const struct command *cmd, char *list)
{
	size_t i;

	/* "+": what follows the first word of run is not for us. */
	if (cmd->max_rest < 0)
		*list++ = '+';
	*list++ = ':';
	for (i = 0; i < ARRAY_SIZE(letters); i++) {
		if (!(cmd->options & (1UL << letters[i].option)))
			continue;
		*list++ = letters[i].letter;
		if (options[letters[i].option].value)
			*list++ = ':';
	}
	*list = '\0';
}

static int option_of(int opt)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(letters); i++)
		if (opt == letters[i].letter)
			return letters[i].option;
	return opt;
}

/* At most @most letters are missing, wrong or too many; two that changed places count once. */
static bool is_near(const char *a, const char *b, int most)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (!*a && !*b)
		return true;
	if (!most)
		return false;
	return (*a && *b && is_near(a + 1, b + 1, most - 1)) ||
	       (*a && is_near(a + 1, b, most - 1)) || (*b && is_near(a, b + 1, most - 1)) ||
	       (*a && a[1] && a[0] == b[1] && a[1] == b[0] && is_near(a + 2, b + 2, most - 1));
}

int guess(const char *typed, const char *(*word)(int i), int nr)
{
	int most, i;

	for (most = 1; most <= 2 && (int)strlen(typed) > most; most++)
		for (i = 0; i < nr; i++)
			if (word(i) && is_near(typed, word(i), most))
				return i;
	return -1;
}

static const struct command *parsed;

static const char *option_word(int i)
{
	return parsed->options & (1UL << i) ? options[i].name : NULL;
}

static void bad_word(const char *word)
{
	int i = strncmp(word, "--", 2) ? -1 : guess(word + 2, option_word, NR_OPTIONS);

	if (i >= 0)
		usage("unknown option '%s'. Did you mean --%s?", word, options[i].name);
	usage("unknown option '%s'", word);
}

static void bad_option(int opt, char **argv)
{
	if (opt == ':')
		usage("%s needs a value", argv[optind - 1]);
	/* getopt is still in the middle of a word like -xyz. */
	if (optopt >= NR_OPTIONS)
		usage("unknown option '-%c'", optopt);
	bad_word(argv[optind - 1]);
}

void args_parse(const struct command *cmd, int argc, char **argv, struct args *args)
{
	struct option table[NR_OPTIONS + 1];
	char list[2 * ARRAY_SIZE(letters) + 3];
	bool planned = cmd->options & (1UL << OPT_TASK);
	bool ranged = planned || cmd->options & (1UL << OPT_PERCENTILE);
	int opt;

	*args = (struct args){
		.res = { TIME_MAX, 100000, TIME_MAX },
		.time = 2000000,
		.interval = 1000000,
		.step = 1,
		.overhead = DEFAULT_OVERHEAD,
		.debt = DEFAULT_DEBT,
		.percentile_ppm = 999000,
		.headroom_ppm = 100000,
	};
	parsed = cmd;
	usage_command = cmd->name;
	long_options(cmd, table);
	short_options(cmd, list);
	opterr = 0;
	while ((opt = getopt_long(argc, argv, list, table, NULL)) != -1) {
		opt = option_of(opt);
		if (opt >= NR_OPTIONS)
			bad_option(opt, argv);
		take(args, opt, optarg);
	}
	args->rest = argv + optind;
	args->nr_rest = argc - optind;
	if (HAS(args, OPT_HELP))
		return;
	if (!ranged && args->period_high)
		usage("%s: --period takes no range", usage_command);
	if (args->auto_cpus && !(cmd->options & (1UL << OPT_FIT)))
		usage("--cpus auto:%d: not a list of CPUs, like 0,2-3", args->auto_cpus);
	if (HAS(args, OPT_FIT) && !args->auto_cpus)
		usage("--fit: for --cpus auto:N only");
	if (!planned && args->deadline_auto)
		usage("--deadline auto: not a time, like 4ms, 500us or 1.5s");
	if (args->nr_rest < cmd->min_rest)
		usage("too few arguments");
	if (cmd->max_rest >= 0 && args->nr_rest > cmd->max_rest)
		usage("too many arguments, from '%s' on", args->rest[cmd->max_rest]);
}

void want_periods(u64 low, u64 high)
{
	const u64 periods[] = { low, high };
	struct reservation res = { .budget = TIME_MAX, .deadline = TIME_MAX };
	char *invalid;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(periods); i++) {
		res.period = periods[i];
		invalid = admission_invalid(&res);
		if (invalid)
			usage("%s: %s", usage_command, invalid);
	}
}

static const char *option_help(const struct command *cmd, enum opt option)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(otherwise); i++)
		if (otherwise[i].option == option && !strcmp(otherwise[i].command, cmd->name))
			return otherwise[i].what;
	return options[option].what;
}

void args_help(const struct command *cmd)
{
	int i;

	printf("usage: sched-vm %s%s%s\n\n%s\n", cmd->name, *cmd->synopsis ? " " : "",
	       cmd->synopsis, cmd->help);
	for (i = 0; i < NR_OPTIONS; i++) {
		char option[40];

		if (!(cmd->options & (1UL << i)))
			continue;
		snprintf(option, sizeof(option), "--%s%s%s", options[i].name,
			 options[i].value ? " " : "", options[i].value ? options[i].value : "");
		printf("  %-20s %s\n", option, option_help(cmd, i));
	}
}
