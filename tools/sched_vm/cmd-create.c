// SPDX-License-Identifier: GPL-2.0
/* create, set and remove. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched_vm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sched-vm.h"

void want_budget(const struct args *args)
{
	if (!HAS(args, OPT_BUDGET))
		usage("%s: it needs a --budget", usage_command);
	if (args->res.budget == TIME_MAX || !args->res.budget)
		usage("%s: a --budget above 0", usage_command);
}

/* All or nothing: what does not work out is removed again. */
int capsule_make(const struct args *args, const char *cg, bool *created)
{
	int status;

	want_budget(args);
	if (cg_create(cg, HAS(args, OPT_CPUS), created))
		return EXIT_FAILED;
	status = capsule_change(args, cg);
	if (status != EXIT_OK && *created) {
		rmdir(cg);
		*created = false;
		return status;
	}
	if (*created) {
		cg_note(cg, "name", strrchr(cg, '/') + 1);
		cg_note_made(cg);
	}
	return status;
}

char *capsule_path(const struct args *args, const char *name)
{
	cg_check_new_name(name);
	return xasprintf("%s/%s", cg_base(args), name);
}

/* A cgroup's file has that name, or a cgroup, or a capsule. */
int complain_taken(const char *name, const char *cg)
{
	struct stat st;

	if (!stat(cg, &st) && !S_ISDIR(st.st_mode))
		return complain(EEXIST, "another NAME", "%s is a file of cgroups", name);
	if (!stat(cg, &st) && !capsule_exists(cg))
		return complain(EEXIST, "sched-vm set gives it a reservation",
				"there is a cgroup %s, without one", cg_relative(cg));
	return complain(EEXIST, "another NAME; or sched-vm set changes it, remove removes it",
			"there is a capsule %s already", name);
}

/* As it is now, so that a mistyped time is seen. Takes @cg. */
static int show_made(const struct args *args, char *cg, int status)
{
	if (status == EXIT_OK)
		status = json_mode ? cmd_show(args) : show_reservation(cg);
	free(cg);
	return status;
}

static void complain_no_room(const struct args *args)
{
	char *budget = format_time(args->res.budget), *period = format_time(args->res.period);
	char *whose = args->auto_cpus > 1 ? xasprintf("there are no %d CPUs", args->auto_cpus) :
		      xstrdup("there is no CPU");

	complain(EBUSY, "fewer CPUs, or a smaller budget; " CURE_FREE, "%s with room for %s in %s",
		 whose, budget, period);
	free(whose);
	free(budget);
	free(period);
}

/* Where it is to be: those CPUs that have the most room, or the least that is enough. */
static int pick_cpus(const char *cg, struct args *args)
{
	int nr = args->auto_cpus, i, ret = -ENOENT, *cpus = xzalloc(nr * sizeof(*cpus));
	u64 *budgets = xzalloc(nr * sizeof(*budgets)), lacking = 0;
	struct cg_trial trial;

	for (i = 0; i < nr; i++)
		budgets[i] = args->res.budget;
	if (!cg_try(cg, &trial))
		ret = place_budgets(cg, &args->res, budgets, nr, args->best_fit, cpus, &lacking);
	if (ret == -EOPNOTSUPP)
		complain_no_files(cg);
	cg_end_trial(&trial);
	for (i = 0; !ret && i < nr; i++)
		cpus_set(&args->cpus, cpus[i]);
	free(budgets);
	free(cpus);
	if (ret == -ENOSPC)
		complain_no_room(args);
	return ret;
}

static int create(const struct args *args, const char *cg)
{
	struct args where = *args;
	bool created;

	if (args->auto_cpus && pick_cpus(cg, &where))
		return EXIT_FAILED;
	return capsule_make(&where, cg, &created);
}

int cmd_create(const struct args *args)
{
	int status;
	char *cg;

	cg_check_new_name(args->rest[0]);
	want_budget(args);
	if (!machine_is_able())
		return EXIT_FAILED;
	cg = capsule_path(args, args->rest[0]);
	if (!access(cg, F_OK) || cg_name_taken(args, args->rest[0], cg))
		status = complain_taken(args->rest[0], cg);
	else
		status = create(args, cg);
	return show_made(args, cg, status);
}

int cmd_set(const struct args *args)
{
	char *cg = cg_find(args, args->rest[0]);
	int status;

	if (!cg)
		return EXIT_FAILED;
	if (!(args->given & ~(1UL << OPT_JSON | 1UL << OPT_CGROUP)))
		usage("set: nothing to change");
	status = capsule_change(args, cg);
	return show_made(args, cg, status);
}

/* Where adopt took it from, if that is still there. */
static char *home_of(const char *cg, const char *otherwise, pid_t pid)
{
	char *home = cg_noted_home(cg, pid), *path;

	if (!home)
		return xstrdup(otherwise);
	path = xasprintf("%s%s", cg_mount(), strcmp(home, "/") ? home : "");
	free(home);
	if (!access(path, F_OK))
		return path;
	free(path);
	return xstrdup(otherwise);
}

static int move_to(const char *to, pid_t pid)
{
	int ret = cg_write(to, "cgroup.procs", "%d", pid);

	return ret == -ESRCH ? 0 : ret;
}

static int move_home(const char *cg, const char *otherwise, pid_t pid)
{
	char *home = home_of(cg, otherwise, pid);
	int ret = move_to(home, pid);

	if (ret && strcmp(home, otherwise))
		ret = move_to(otherwise, pid);
	free(home);
	return ret;
}

static int move_outside(const char *base, pid_t pid)
{
	char *leaf = xasprintf("%s/" OUTSIDE, base);
	int ret = 0;

	if (capsule_exists(leaf))
		ret = -EBUSY;
	else if (mkdir(leaf, 0755) && errno != EEXIST)
		ret = -errno;
	else
		ret = move_to(leaf, pid);
	free(leaf);
	return ret;
}

/*
 * A cgroup whose children have controllers takes no processes, unless it is the
 * root. Where this program is, there must be room, but no reservation for others.
 */
static int move_out(const char *cg, const char *base, pid_t pid)
{
	char *top = cg_parent(base), *own = cg_of(getpid());
	int ret = move_home(cg, top, pid);

	if (ret && own && !cg_is_below(own, cg) && !capsule_exists(own))
		ret = move_to(own, pid);
	if (ret)
		ret = move_outside(base, pid);
	free(own);
	free(top);
	return ret;
}

/* Who forks meanwhile is seen in the next round. */
static int empty(const char *cg, const char *base)
{
	int i, nr, round, ret = 0;
	pid_t *pids;

	for (round = 0; round < 20; round++) {
		nr = capsule_processes(cg, &pids);
		for (i = 0; i < nr && !ret; i++)
			ret = move_out(cg, base, pids[i]);
		free(pids);
		if (ret || !nr)
			return ret;
	}
	return -EBUSY;
}

/* A process that has just ended keeps its cgroup for a moment. */
static int remove_folder(const char *cg)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (!rmdir(cg))
			return 0;
		if (errno != EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	return -errno;
}

static bool is_other(const char *cg, void *data)
{
	const char **top = data;

	if (*top && strcmp(cg, *top))
		*top = NULL;
	return *top;
}

static bool has_children(const char *cg)
{
	const char *top = cg;

	cg_walk(cg, is_other, &top);
	return !top;
}

static int remove_ours(const struct args *args, const char *cg, bool force)
{
	pid_t *pids = NULL;
	int nr = capsule_processes(cg, &pids), ret;

	free(pids);
	/* Before anything is moved. */
	if (has_children(cg))
		return complain(EBUSY, cure_of(CALL_RMDIR, EBUSY), "cannot remove %s",
				cg_relative(cg));
	if (nr && !force)
		return complain(EBUSY, "--force moves them out, to where they came from",
				"%s: %d process%s inside", strrchr(cg, '/') + 1, nr,
				nr == 1 ? " is" : "es are");
	ret = nr ? empty(cg, cg_base(args)) : 0;
	if (ret)
		return complain(-ret, cure_of(CALL_MOVE_OUT, -ret),
				"%s: cannot move its threads out", cg_relative(cg));
	ret = remove_folder(cg);
	if (ret)
		return complain(-ret, cure_of(CALL_RMDIR, -ret), "cannot remove %s",
				cg_relative(cg));
	return EXIT_OK;
}

/* Made by the tool itself, and not a cgroup of somebody else. */
static bool is_ours(const struct args *args, const char *cg)
{
	char *parent = cg_parent(cg), *place = cg_noted(cg, "in-place");
	bool ours = !place && !strcmp(parent, cg_base(args));

	free(place);
	free(parent);
	return ours;
}

/* Kernel threads that adopt brought in keep nobody from removing the cgroup. */
static void return_kthreads(const char *cg)
{
	pid_t *pids;
	int i, nr = capsule_processes(cg, &pids);

	for (i = 0; i < nr; i++) {
		char *home = is_kthread(pids[i]) ? cg_noted_home(cg, pids[i]) : NULL;

		if (home)
			move_home(cg, cg, pids[i]);
		free(home);
	}
	free(pids);
}

/* A removed cgroup ends what is bound to it by itself, but this one stays. */
static void unbind_all(const char *cg)
{
	char *text = cg_read(cg, "cpu.rt_irqs"), *word, *save;
	int i, nr_keys;
	char **keys;

	word = text ? strtok_r(text, "\n", &save) : NULL;
	for (; word; word = strtok_r(NULL, "\n", &save))
		cg_write(cg, "cpu.rt_irqs", "-%s", word);
	free(text);
	nr_keys = cg_notes(cg, "bound.", &keys);
	for (i = 0; i < nr_keys; i++) {
		device_bind(cg, false, SCHED_VM_KTHREAD, atoi(keys[i] + strlen("bound.")));
		cg_forget(cg, keys[i]);
		free(keys[i]);
	}
	free(keys);
}

/* Each exception ends by its own list of CPUs. */
static int end_cpu_budgets(const char *cg)
{
	char *text = cg_read(cg, CPU_BUDGET), *line, *save;
	int ret = 0;

	line = text ? strtok_r(text, "\n", &save) : NULL;
	for (; line && !ret; line = strtok_r(NULL, "\n", &save))
		ret = cg_write(cg, CPU_BUDGET, "%.*s max", (int)strcspn(line, " "), line);
	free(text);
	return ret;
}

/* As in a new cgroup. */
static const struct reservation none = { TIME_MAX, 100000, TIME_MAX };

/* Without a budget, nothing of it needs room. */
static void end_settings(const char *cg)
{
	char *cure = xasprintf("sched-vm set %s --scope all --cpu-budget LIST=max",
			       cg_relative(cg));
	int ret = end_cpu_budgets(cg);

	if (!ret)
		ret = capsule_reserve(cg, &none);
	if (!ret)
		ret = cg_write(cg, "cpu.rt_scope", "all");
	if (!ret && cg_has(cg, "cpu.rt_extra"))
		ret = cg_write(cg, "cpu.rt_extra", "none");
	if (ret)
		warn_error(-ret, cure, "%s keeps settings, without a reservation", cg_relative(cg));
	free(cure);
}

static int end_reservation(const char *cg)
{
	int ret = cg_write(cg, BUDGET, "max");

	if (ret)
		return admission_complain(cg, &none, -ret);
	end_settings(cg);
	return_kthreads(cg);
	unbind_all(cg);
	cg_forget_processes(cg);
	cg_forget(cg, "name");
	cg_forget(cg, "in-place");
	cg_forget(cg, "guest");
	cg_forget(cg, "cpus");
	cg_forget(cg, "made");
	return EXIT_OK;
}

int capsule_remove(const struct args *args, const char *cg)
{
	return is_ours(args, cg) ? remove_ours(args, cg, true) : end_reservation(cg);
}

int cmd_remove(const struct args *args)
{
	char *cg = cg_find(args, args->rest[0]);
	struct json_object *o;
	int status;

	if (!cg)
		return EXIT_FAILED;
	if (is_ours(args, cg) && !strchr(args->rest[0], '/'))
		status = remove_ours(args, cg, HAS(args, OPT_FORCE));
	else
		status = end_reservation(cg);
	if (status == EXIT_OK && json_mode) {
		o = json_object_new_object();
		jo_str(o, "removed", cg_relative(cg));
		json_print(o);
	}
	free(cg);
	return status;
}
