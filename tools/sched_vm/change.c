// SPDX-License-Identifier: GPL-2.0
/*
 * Changes of a cgroup's reservation: all of those asked for, or none.
 *
 * The kernel takes each file by itself, and may refuse a step between two states
 * that are both possible. So the steps are tried in several orders, and each write
 * is noted with what undoes it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

struct undo {
	const char *file;
	char *text;
};

struct change {
	const struct args *args;
	const char *cg;
	struct undo *log;
	int nr;
	bool stuck;	/* something could not be restored */
};

/* Takes @undo, which is what to write to have it as before. */
static int change_file(struct change *c, const char *file, const char *text, char *undo)
{
	int ret = cg_write(c->cg, file, "%s", text);

	if (ret) {
		free(undo);
		return ret;
	}
	c->log = grow(c->log, c->nr, sizeof(*c->log));
	c->log[c->nr++] = (struct undo){ file, undo };
	return 0;
}

static void warn_left(const struct change *c, const struct undo *u, int error)
{
	int len = strlen(u->text);
	char *cure;

	while (len && u->text[len - 1] == '\n')
		len--;
	cure = xasprintf("echo '%.*s' > %s/%s", len, u->text, c->cg, u->file);
	warn_error(error, cure, "%s: cannot restore %s", cg_relative(c->cg), u->file);
	free(cure);
}

/*
 * Backwards, so that the kernel sees only what it has seen already. What it was, only
 * the first time knows.
 */
static void undo_all(struct change *c)
{
	bool stuck = c->stuck;
	struct undo *u;
	int ret;

	while (c->nr) {
		u = &c->log[--c->nr];
		ret = cg_write(c->cg, u->file, "%s", u->text);
		c->stuck = c->stuck || ret;
		if (ret && !stuck)
			warn_left(c, u, -ret);
		free(u->text);
	}
	free(c->log);
	c->log = NULL;
}

/* "LIST=Q", as args.c has checked, to a line of the file. */
static char *cpu_budget_line(const char *text)
{
	const char *eq = strchr(text, '=');
	u64 us;

	parse_time(eq + 1, &us);
	if (us == TIME_MAX)
		return xasprintf("%.*s max\n", (int)(eq - text), text);
	return xasprintf("%.*s %llu\n", (int)(eq - text), text, (unsigned long long)us);
}

/* Takes both. */
static char *joined(char *a, char *b)
{
	char *text = xasprintf("%s%s", a, b);

	free(a);
	free(b);
	return text;
}

static int complain_cpu_budgets(const struct change *c, int error);

/* One write, so the kernel takes all of them or none. */
static int change_cpu_budgets(struct change *c)
{
	char *text = xstrdup(""), *undo = xstrdup(""), *was = cg_read(c->cg, CPU_BUDGET);
	int i, ret;

	for (i = 0; i < c->args->nr_cpu_budgets; i++) {
		const char *one = c->args->cpu_budgets[i];

		text = joined(text, cpu_budget_line(one));
		undo = joined(undo, xasprintf("%.*s max\n", (int)strcspn(one, "="), one));
	}
	undo = joined(undo, was ? was : xstrdup(""));
	ret = i ? change_file(c, CPU_BUDGET, text, undo) : 0;
	if (!i)
		free(undo);
	free(text);
	return ret && !quiet ? complain_cpu_budgets(c, -ret) : ret ? EXIT_FAILED : EXIT_OK;
}

const char *cure_of_irq(const char *cg, int error)
{
	if (!cg_has(cg, "cpu.rt_irqs"))
		return "this kernel cannot bind irq threads: boot one that has cpu.rt_irqs";
	return cure_of(CALL_BIND, error);
}

static int complain_irq(const struct change *c, const char *irq, int error)
{
	bool able = cg_has(c->cg, "cpu.rt_irqs");

	if (able && error == ENOENT && *irq == '-')
		return complain(0, "sched-vm show lists those that are",
				"%s: irq %s is not bound to it", cg_relative(c->cg), irq + 1);
	if (able && error == ENOENT)
		return complain(0, "/proc/interrupts lists irqs", "%s: there is no irq %s",
				cg_relative(c->cg), irq + 1);
	return complain(error, cure_of_irq(c->cg, error), "%s: irq %s", cg_relative(c->cg), irq);
}

static int change_irqs(struct change *c)
{
	int i, ret;

	for (i = 0; i < c->args->nr_irqs; i++) {
		const char *irq = c->args->irqs[i];
		char *was = cg_read(c->cg, "cpu.rt_irqs");
		bool had = irq_is_bound(was, atoi(irq + 1));

		free(was);
		ret = change_file(c, "cpu.rt_irqs", irq,
				  xasprintf("%c%s", had ? '+' : '-', irq + 1));
		if (ret)
			return complain_irq(c, irq, -ret);
	}
	return EXIT_OK;
}

/* The cgroup may have been made when nobody asked for its CPUs. */
static int change_cpus(struct change *c)
{
	char *list, *was;
	bool created;
	int ret, status = EXIT_OK;

	if (!HAS(c->args, OPT_CPUS))
		return EXIT_OK;
	/* A cpuset without any CPU of its list has those of the cgroup above. */
	if (cg_lacks_cpus(c->cg, &c->args->cpus))
		return EXIT_FAILED;
	if (!(cg_has(c->cg, "cpuset.cpus") && cg_has(c->cg, BUDGET)) &&
	    cg_create(c->cg, true, &created))
		return EXIT_FAILED;
	list = format_cpus(&c->args->cpus);
	was = cg_read(c->cg, "cpuset.cpus");
	/* An empty write is none: the newline empties the list. */
	ret = change_file(c, "cpuset.cpus", list, xasprintf("%s\n", was ? was : ""));
	if (ret)
		status = complain(-ret, cure_of(CALL_CPUSET, -ret),
				  "%s: cannot set the CPUs to %s", cg_relative(c->cg), list);
	free(was);
	free(list);
	return status;
}

/* A file with a word in it, which is @otherwise if it was never written. */
static int change_word(struct change *c, const char *file, const char *word,
		       const char *otherwise, const char *what)
{
	char *was;
	int ret;

	if (!word)
		return EXIT_OK;
	was = cg_read(c->cg, file);
	ret = change_file(c, file, word, was ? was : xstrdup(otherwise));
	if (ret)
		return complain(-ret, cure_of(CALL_WORD, -ret), "%s: cannot set %s",
				cg_relative(c->cg), what);
	return EXIT_OK;
}

static int change_scope(struct change *c)
{
	return change_word(c, "cpu.rt_scope", c->args->scope, "all", "the scope");
}

static int change_extra(struct change *c)
{
	if (c->args->extra && !cg_has(c->cg, "cpu.rt_extra"))
		return complain(0, "boot one that has it, or leave --extra out",
				"%s: this kernel has no cpu.rt_extra", cg_relative(c->cg));
	return change_word(c, "cpu.rt_extra", c->args->extra, "none", "the extra time");
}

/* What is not given stays. False: no times are given. */
static bool wanted_times(const struct change *c, const struct reservation *was,
			 struct reservation *res)
{
	*res = *was;
	if (HAS(c->args, OPT_BUDGET))
		res->budget = c->args->res.budget;
	if (HAS(c->args, OPT_PERIOD))
		res->period = c->args->res.period;
	if (HAS(c->args, OPT_DEADLINE))
		res->deadline = c->args->res.deadline;
	return HAS(c->args, OPT_BUDGET) || HAS(c->args, OPT_PERIOD) ||
	       HAS(c->args, OPT_DEADLINE);
}

/* To find the reason takes time, and questions to the kernel. */
static int complain_times(const struct change *c, const struct reservation *res, int error)
{
	return quiet ? EXIT_FAILED : admission_complain(c->cg, res, error);
}

static int write_times(struct change *c, bool without_budget)
{
	struct reservation res;
	struct capsule now;
	char *text, *undo;
	int ret;

	if (capsule_read(c->cg, &now))
		return wanted_times(c, &c->args->res, &res) ? complain_times(c, &res, ENOENT) :
		       EXIT_OK;
	undo = reservation_text(&now.res);
	if (!wanted_times(c, &now.res, &res)) {
		free(undo);
		capsule_free(&now);
		return EXIT_OK;
	}
	if (without_budget)
		res.budget = now.res.budget;
	capsule_free(&now);
	text = reservation_text(&res);
	ret = change_file(c, RT_MAX, text, undo);
	free(text);
	return ret ? complain_times(c, &res, -ret) : EXIT_OK;
}

static int change_times(struct change *c)
{
	return write_times(c, false);
}

/*
 * Before there is a reservation: exceptions are checked by period and deadline, and
 * must be known before the budget, which may not fit without them.
 */
static int change_shape(struct change *c)
{
	return capsule_exists(c->cg) ? EXIT_OK : write_times(c, true);
}

/* The first of them that cannot be, else all of them together. */
static int complain_cpu_budgets(const struct change *c, int error)
{
	struct reservation res;
	struct capsule now;
	char *list;
	int i, status = EXIT_OK;

	if (capsule_read(c->cg, &now))
		return complain_no_files(c->cg);
	wanted_times(c, &now.res, &res);
	capsule_free(&now);
	for (i = 0; i < c->args->nr_cpu_budgets && status == EXIT_OK; i++) {
		const char *one = c->args->cpu_budgets[i], *eq = strchr(one, '=');

		parse_time(eq + 1, &res.budget);
		list = xasprintf("%.*s", (int)(eq - one), one);
		status = admission_complain_on(c->cg, &res, list, error);
		free(list);
	}
	if (status == EXIT_OK)
		status = complain(error, cure_of(CALL_RESERVE, error),
				  "%s: cannot set the budget %s%s", cg_relative(c->cg),
				  c->args->cpu_budgets[0], i > 1 ? " and others" : "");
	return status;
}

/* Those CPUs of @set that one "LIST=Q" is about, which are taken from it. */
static struct cpus take_listed(struct cpus *set, const char *list)
{
	struct cpus listed;
	int cpu;

	parse_cpus(list, &listed);
	listed = cpus_common(&listed, set);
	for (cpu = cpus_next(&listed, -1); cpu >= 0; cpu = cpus_next(&listed, cpu))
		cpus_clear(set, cpu);
	return listed;
}

/* @set is left with those that have the same budget as most. */
static bool refused_exceptions(const struct change *c, const struct capsule *now,
			       const struct reservation *res, struct cpus *set)
{
	struct reservation other = *res;
	struct cpus listed;
	bool refused = false;
	int i;

	/* The last one counts, so it comes first. */
	for (i = c->args->nr_cpu_budgets - 1; i >= 0 && !refused; i--) {
		const char *one = c->args->cpu_budgets[i], *eq = strchr(one, '=');
		char *list = xasprintf("%.*s", (int)(eq - one), one);

		listed = take_listed(set, list);
		parse_time(eq + 1, &other.budget);
		/* The dry run goes by the exceptions that there are. */
		if (cpus_count(&listed) && other.budget && other.budget != TIME_MAX &&
		    !(now->cpu_budgets && *now->cpu_budgets))
			refused = admission_refused(c->cg, &other, &listed, list);
		free(list);
	}
	return refused;
}

/*
 * Would it come to nothing? The steps change budgets, and move threads, before the
 * kernel refuses the last of them, and it does not say why.
 */
static bool is_refused(const struct change *c)
{
	struct reservation res;
	struct capsule now;
	struct cpus set;
	bool refused, times;

	if (capsule_read(c->cg, &now))
		return false;
	times = wanted_times(c, &now.res, &res);
	set = now.cpus;
	if (HAS(c->args, OPT_CPUS)) {
		cg_available(c->cg, &set);
		set = cpus_common(&set, &c->args->cpus);
	}
	refused = (times || HAS(c->args, OPT_CPUS) || c->args->nr_cpu_budgets) &&
		  res.budget && res.budget != TIME_MAX &&
		  (refused_exceptions(c, &now, &res, &set) ||
		   (cpus_count(&set) && admission_refused(c->cg, &res, &set, NULL)));
	capsule_free(&now);
	return refused;
}

typedef int (*step_fn)(struct change *c);
#define MAX_STEPS	6

/* The first is the one whose complaint is heard. */
static const step_fn orders[][MAX_STEPS] = {
	{ change_cpus, change_scope, change_extra, change_shape, change_cpu_budgets, change_times },
	{ change_cpus, change_scope, change_extra, change_times, change_cpu_budgets },
	{ change_scope, change_extra, change_times, change_cpu_budgets, change_cpus },
	{ change_scope, change_extra, change_cpu_budgets, change_times, change_cpus },
};

static int try_order(struct change *c, const step_fn *order)
{
	int i, status = EXIT_OK;

	for (i = 0; i < MAX_STEPS && order[i] && status == EXIT_OK; i++)
		status = order[i](c);
	if (status != EXIT_OK)
		undo_all(c);
	return status;
}

static int change_all(struct change *c)
{
	int status = EXIT_FAILED;
	size_t i;

	/* With --cpus, controllers are turned on. */
	if (!HAS(c->args, OPT_CPUS) && !cg_has(c->cg, BUDGET))
		return complain_no_files(c->cg);
	if (is_refused(c))
		return EXIT_FAILED;
	quiet = true;
	for (i = 0; i < ARRAY_SIZE(orders) && status != EXIT_OK && !c->stuck; i++)
		status = try_order(c, orders[i]);
	quiet = false;
	/* Once more, to say why. */
	if (status != EXIT_OK)
		status = try_order(c, orders[0]);
	if (status == EXIT_OK)
		status = change_irqs(c);
	return status;
}

struct change *change_begin(const struct args *args, const char *cg)
{
	struct change *c = xzalloc(sizeof(*c));
	struct cpus cpus;

	c->args = args;
	c->cg = cg;
	if (change_all(c) == EXIT_OK) {
		cg_cpus(cg, &cpus);
		if (HAS(args, OPT_CPUS))
			warn_missing_cpus(&args->cpus, &cpus);
		return c;
	}
	change_undo(c);
	return NULL;
}

/* Who else writes the cpuset is found out by that. */
static void note_cpus(const struct change *c)
{
	char *list;

	if (!HAS(c->args, OPT_CPUS))
		return;
	list = format_cpus(&c->args->cpus);
	cg_note(c->cg, "cpus", list);
	free(list);
}

void change_keep(struct change *c)
{
	note_cpus(c);
	while (c->nr)
		free(c->log[--c->nr].text);
	free(c->log);
	free(c);
}

void change_undo(struct change *c)
{
	undo_all(c);
	free(c);
}

int capsule_change(const struct args *args, const char *cg)
{
	struct change *c = change_begin(args, cg);

	if (!c)
		return EXIT_FAILED;
	change_keep(c);
	return EXIT_OK;
}
