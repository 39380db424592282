// SPDX-License-Identifier: GPL-2.0
/*
 * sched-vm: reserve CPU time for whole virtual machines
 *
 * Only finds the command; each is in a file of its own.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

#define O(option)	(1UL << OPT_##option)
#define O_COMMON	(O(JSON) | O(HELP) | O(CGROUP))
#define O_TIMES		(O(BUDGET) | O(PERIOD) | O(DEADLINE))
#define O_RESERVE	(O_TIMES | O(CPUS) | O(SCOPE) | O(EXTRA) | O(CPU_BUDGET))

static const struct command commands[] = {
	{ "create", "NAME --budget Q [--period P] [--deadline D] [--cpus LIST] ...",
	  "make a capsule",
	  "Makes the cgroup NAME, with a reservation of Q in every P on each of its CPUs.\n"
	  "If it does not fit, nothing is left behind, and the reason is printed.\n",
	  O_COMMON | O_RESERVE | O(IRQ) | O(FIT), 1, 1, cmd_create },
	{ "adopt", "NAME --pid PID | --qemu GUEST | --domain DOMAIN [--budget Q ...]",
	  "bring all threads of a running guest into a capsule",
	  "Its process with all threads, vhost and kvm-pit threads, and the irqs and NAPI\n"
	  "threads of its tap and VFIO devices. NAME is made, with --budget, if there is no\n"
	  "such capsule yet. With --in-place (and for libvirt, which wants to find a guest\n"
	  "where it has put it) the cgroup that the process is in already becomes the\n"
	  "capsule, and is known as NAME from then on.\n\n"
	  "A process in a unit of systemd, or a guest of libvirt, is not moved out of its\n"
	  "cgroup, by which it is found, but with --force. From a login session it is.\n"
	  "With --remove-at-exit, a process of the tool waits beside until all are gone.\n"
	  "QEMU names its threads with -name GUEST,debug-threads=on.\n",
	  O_COMMON | O_RESERVE | O(PID) | O(QEMU) | O(DOMAIN) | O(IN_PLACE) |
	  O(FORCE) | O(REMOVE_AT_EXIT), 1, 1, cmd_adopt },
	{ "run", "--budget Q [--period P] ... [--] COMMAND [ARGUMENT...]",
	  "run a command in a capsule of its own",
	  "The capsule is removed when the command ends, whose status is returned: 128 + N\n"
	  "if it died of signal N, 126 if it could not be run, 127 if there is none.\n",
	  (O_COMMON & ~O(JSON)) | O_RESERVE | O(NAME), 1, -1, cmd_run },
	{ "set", "NAME [--budget Q] [--period P] [--deadline D] [--cpus LIST] ...",
	  "change a capsule, live",
	  "What is not given stays as it is. All that is given changes, or nothing.\n",
	  O_COMMON | O_RESERVE | O(IRQ), 1, 1, cmd_set },
	{ "remove", "NAME [--force]",
	  "end a reservation and remove the capsule",
	  "A capsule with threads inside is only removed with --force: threads go back to\n"
	  "where adopt took them from, or else to the cgroup above all capsules, or that of\n"
	  "sched-vm. One that was adopted in place, and any cgroup given by its path, only\n"
	  "loses its reservation.\n",
	  O_COMMON | O(FORCE), 1, 1, cmd_remove },
	{ "list", "",
	  "all capsules of the machine",
	  "Those that somebody else has made, too: they have a path instead of a name.\n",
	  O_COMMON, 0, 0, cmd_list },
	{ "show", "NAME [--threads] [--overhead T] [--debt T]",
	  "one capsule, with its counters",
	  "What it has, and promises at the least, as plan counts it; what it used on each\n"
	  "CPU, and whether threads escaped.\n",
	  O_COMMON | O(THREADS) | O(OVERHEAD) | O(DEBT), 1, 1, cmd_show },
	{ "check", "[NAME] --budget Q [--period P] [--deadline D] [--cpus LIST] ...",
	  "would it fit?",
	  "If so: what it promises at the least, as plan counts it. If not: where, by how\n"
	  "much, and what would. With NAME, as a change of that capsule. Nothing is changed.\n"
	  "Status 0 if it fits, 1 if not.\n",
	  O_COMMON | O_TIMES | O(CPUS) | O(OVERHEAD) | O(DEBT), 0, 1, cmd_check },
	{ "plan", "[NAME] --task C/T[/D] ... [--guest fp|edf|gedf] [--vcpus N|auto] ...",
	  "which reservation do these tasks need?",
	  "The least budgets with which a guest's tasks meet their deadlines, for several\n"
	  "periods: what they cost in bandwidth and switches, and how long the guest may be\n"
	  "without CPU time. One is taken, with lines to paste for a capsule NAME. Works\n"
	  "without the kernel. Status 1 if there is none, with the task and the window.\n",
	  O_COMMON | O(TASK) | O(TASKS) | O(GUEST) | O(VCPUS) | O(PERIOD) | O(DEADLINE) |
	  O(LATENCY) | O(MARGIN) | O(STEP) | O(OVERHEAD) | O(DEBT), 0, 1, cmd_plan },
	{ "suggest", "NAME | --qemu GUEST | --domain DOMAIN [--time T] [--apply] [--watch] ...",
	  "which reservation does this guest need?",
	  "Watches a guest that runs (default 30s) in a capsule that has more than enough, or\n"
	  "in none, and says for several periods with which budget almost none of them would\n"
	  "have run dry, what that means for its response, and what makes the answer worth\n"
	  "less, as too short a time for the --percentile. --apply sets the one that is\n"
	  "taken. --watch raises the budget at once when it is too small and lowers it slowly,\n"
	  "by what it saw in --time, until somebody else changes it. --svg draws the demand\n"
	  "beside the supply. Status 1 if nothing can be suggested.\n",
	  O_COMMON | O(PID) | O(QEMU) | O(DOMAIN) | O(TIME) | O(PERCENTILE) | O(PERIOD) |
	  O(HEADROOM) | O(LATENCY) | O(APPLY) | O(WATCH) | O(FLOOR) | O(CEILING) |
	  O(INTERVAL) | O(SVG) | O(RAW) | O(FROM), 0, 1, cmd_suggest },
	{ "top", "[NAME...]",
	  "what happens, live",
	  "For each capsule and CPU: share of the budget that was used, how often it was\n"
	  "used up, deadlines missed, overruns and the worst ever, the worst latency of a\n"
	  "budget, and how many threads of its processes have escaped. On a terminal, q\n"
	  "ends it, and h says what other keys do. NO_COLOR: without colours.\n",
	  O_COMMON | O(INTERVAL) | O(ONCE) | O(BATCH) | O(COUNT) | O(CSV) | O(THREADS),
	  0, 64, cmd_top },
	{ "free", "[--cpus LIST]",
	  "what can still be reserved on each CPU, and who has the rest",
	  "FREE is what a new capsule could have at most, as Q/P. Capsules inside of others\n"
	  "have a part of what these have.\n",
	  O_COMMON | O(CPUS), 0, 0, cmd_free },
	{ "monitor", "[NAME...] [--time T] [--count N]",
	  "events as they happen",
	  "A line for each: budgets that were used up or exceeded, deadlines missed, changes\n"
	  "refused, capsules made and removed. With --json, an object in each line.\n",
	  O_COMMON | O(TIME) | O(COUNT), 0, 64, cmd_monitor },
	{ "record", "NAME [-o FILE.json] [--svg FILE] [--time T]",
	  "a timeline for Perfetto and chrome://tracing",
	  "Records for some seconds. Writes JSON, with the budget as a counter track and\n"
	  "threads as slices, and a self-contained picture.\n",
	  O_COMMON | O(OUTPUT) | O(SVG) | O(RAW) | O(FROM) | O(TIME), 0, 1, cmd_record },
	{ "doctor", "",
	  "is this machine fit for it?",
	  "Each finding comes with its cure. Status 1 if something is wrong; advice alone\n"
	  "is no failure.\n",
	  O_COMMON, 0, 0, cmd_doctor },
};

static void print_help(void)
{
	size_t i;

	puts("usage: sched-vm COMMAND [OPTION...]\n\n"
	     "Reserves CPU time for cgroups, so for whole virtual machines: a budget Q in every\n"
	     "period P, on each CPU. Such a cgroup is called a capsule.\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].what);
	puts("  help     this text; help COMMAND: that of a command\n\n"
	     "NAME is that of a capsule made here, or the path of any cgroup, below the mount\n"
	     "of cgroup2, with a slash in it. Times are like 4ms, 500us, 1.5s. Commands can be\n"
	     "shortened, as long as it is clear which one is meant. All but run have --json.\n"
	     "--version, -V: which sched-vm this is.\n\n"
	     "Status: 0 done, 1 failed or does not fit, 2 wrong usage.");
}

static const char *command_name(int i)
{
	return commands[i].name;
}

/* By its name, or the beginning of that, or ends the program. */
static const struct command *find_command(const char *name)
{
	const struct command *found = NULL;
	char *several = xstrdup(""), *more;
	size_t i, nr = 0;
	int like;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i].name)) {
			free(several);
			return &commands[i];
		}
		if (!*name || strncmp(name, commands[i].name, strlen(name)))
			continue;
		more = xasprintf("%s%s%s", several, nr++ ? ", " : "", commands[i].name);
		free(several);
		several = more;
		found = &commands[i];
	}
	if (nr > 1)
		usage("'%s' could be one of %s", name, several);
	free(several);
	if (found)
		return found;
	like = guess(name, command_name, ARRAY_SIZE(commands));
	if (like >= 0)
		usage("no command '%s'. Did you mean '%s'?", name, commands[like].name);
	usage("no command '%s'", name);
}

static int help(const char *name)
{
	if (name && strcmp(name, "help"))
		args_help(find_command(name));
	else
		print_help();
	return EXIT_OK;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return !strcmp(word, a) || !strcmp(word, b);
}

static int run_command(int argc, char **argv)
{
	const struct command *cmd;
	struct args args;

	if (argc < 2)
		usage("which command?");
	if (is_one_of(argv[1], "--help", "-h") || !strcmp(argv[1], "help"))
		return help(argc > 2 ? argv[2] : NULL);
	if (is_one_of(argv[1], "--version", "-V")) {
		puts("sched-vm " VERSION);
		return EXIT_OK;
	}
	cmd = find_command(argv[1]);
	args_parse(cmd, argc - 1, argv + 1, &args);
	if (HAS(&args, OPT_HELP)) {
		args_help(cmd);
		return EXIT_OK;
	}
	return cmd->run(&args);
}

/*
 * What could not be written, as to a full disk, was not done. Who reads no more,
 * as head, wants to know nothing of it.
 */
static int finish(int status)
{
	int error;

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	/* 0: it was an earlier write, and why is not known any more. */
	error = errno;
	if (tracer_stopped == SIGPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	/* Standard error is left. */
	json_mode = false;
	complain(error, cure_of(CALL_OUTPUT, error), "cannot write to standard output");
	return status == EXIT_OK ? EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
	/* Names are UTF-8 everywhere; numbers look the same everywhere. */
	setlocale(LC_CTYPE, "C.UTF-8");
	return finish(run_command(argc, argv));
}
