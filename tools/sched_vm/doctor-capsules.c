// SPDX-License-Identifier: GPL-2.0
/* doctor: the layout of cgroups, and the capsules that there are. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

static bool systemd_runs(void)
{
	return !access("/run/systemd/system", F_OK);
}

static void check_controller(struct findings *f, const char *controller, const char *needed_for)
{
	if (cg_enabled(cg_mount(), controller))
		finding(f, GOOD, controller,
			xasprintf("cgroup v2 has the %s controller", controller), NULL);
	else
		finding(f, WRONG, controller,
			xasprintf("cgroup v2 has no %s controller, which it takes %s", controller,
				  needed_for),
			controller_cure(controller));
}

/* Who is the only one to write to the tree, according to himself? */
static void check_base(const struct args *args, struct findings *f)
{
	const char *base = cg_base(args);
	char *parent = cg_parent(base);

	if (access(access(base, F_OK) ? parent : base, W_OK))
		finding(f, WRONG, "base",
			xasprintf("you may not make capsules in %s", cg_relative(base)),
			"run as root, or " CURE_DELEGATE);
	else if (systemd_runs() && !strcmp(parent, cg_mount()))
		finding(f, ADVICE, "base",
			xasprintf("capsules are made in %s: systemd says that is its own",
				  cg_relative(base)),
			"--cgroup in a unit with Delegate=cpu cpuset, or adopt --in-place");
	else
		finding(f, GOOD, "base", xasprintf("capsules are made in %s", cg_relative(base)),
			NULL);
	free(parent);
}

/* The two controllers must be on in each cgroup from the root to those of capsules. */
static void check_subtree(const struct args *args, struct findings *f)
{
	const char *base = cg_base(args);

	if (access(base, F_OK))
		return;
	if (!cg_enabled(base, "cpu"))
		finding(f, ADVICE, "layout", xasprintf("%s has no cpu controller yet",
						       cg_relative(base)),
			"sched-vm create turns it on");
	else if (!cg_enabled(base, "cpuset"))
		finding(f, ADVICE, "layout",
			xasprintf("%s has no cpuset: capsules have all CPUs", cg_relative(base)),
			"sched-vm create --cpus turns it on");
	else
		finding(f, GOOD, "layout",
			xasprintf("%s has cpu and cpuset", cg_relative(base)), NULL);
}

void doctor_cgroups(const struct args *args, struct findings *f)
{
	check_controller(f, "cpuset", "to reserve on some CPUs only");
	check_base(args, f);
	check_subtree(args, f);
}

/* --- capsules --- */

static void online_cpus(struct cpus *cpus)
{
	char *text = read_file("/sys/devices/system/cpu/online");

	if (!text || !parse_cpus(text, cpus))
		*cpus = (struct cpus){ .map = { 1 } };
	free(text);
}

static void check_cpus(struct findings *f, const struct capsule *c)
{
	int nr = cpus_count(&c->cpus), cpu, i, missing = 0;
	struct cpus online;

	online_cpus(&online);
	if (nr > 1 && nr == cpus_count(&online))
		finding(f, ADVICE, "all-cpus",
			xasprintf("%s reserves on all %d CPUs", c->name, nr),
			"sched-vm set NAME --cpus LIST, if its threads do not need all");
	for (cpu = cpus_next(&c->cpus, -1); cpu >= 0; cpu = cpus_next(&c->cpus, cpu)) {
		for (i = 0; i < c->nr_cpus; i++)
			if (c->cpu[i].cpu == cpu && !(c->cpu[i].device && !c->cpu[i].budget_ns))
				break;
		missing += i == c->nr_cpus;
	}
	if (missing)
		finding(f, WRONG, "not-reserved",
			xasprintf("%s: no reservation on %d of %d CPUs", c->name, missing, nr),
			"free bandwidth there, then sched-vm set NAME --budget Q once more");
}

static void check_counters(struct findings *f, const struct capsule *c)
{
	if (c->total.nr_deadline_misses)
		finding(f, WRONG, "deadline-misses",
			xasprintf("%s got its budget too late %lld times", c->name,
				  c->total.nr_deadline_misses),
			"look for SCHED_DEADLINE threads with D < P, and for irqs-off sections");
	if (c->total.nr_overruns * 100 > c->total.nr_periods)
		finding(f, ADVICE, "overruns",
			xasprintf("%s exceeded its budget by over 20us in %lld of %lld periods",
				  c->name, c->total.nr_overruns, c->total.nr_periods),
			"it pays that back; look for irqs-off sections, and a hypervisor below");
}

static void check_escaped(struct findings *f, const struct capsule *c)
{
	int nr = escaped_count(c->path);

	if (nr)
		finding(f, WRONG, "escaped",
			xasprintf("%d threads of processes in %s are outside of it", nr, c->name),
			"show NAME --threads lists them; adopt NAME --pid PID brings them in");
}

#define SHORT_US	2000

/* A process inside: what is bound to it as well are irqs of its own devices. */
static bool has_process(const struct capsule *c)
{
	pid_t *pids;
	int i, nr = capsule_processes(c->path, &pids);
	bool has = false;

	for (i = 0; i < nr; i++)
		has = has || !is_kthread(pids[i]);
	free(pids);
	return has;
}

/* For irqs of the host, which then come soon. */
static bool is_for_irqs(const struct capsule *c)
{
	u64 deadline = c->res.deadline == TIME_MAX ? c->res.period : c->res.deadline;

	return c->irqs && *c->irqs && deadline <= SHORT_US && !has_process(c);
}

/* Its budget is part of another's. */
static bool is_part(const struct capsule *list, int nr, const struct capsule *c)
{
	int i;

	for (i = 0; i < nr; i++)
		if (&list[i] != c && cg_is_below(c->path, list[i].path))
			return true;
	return false;
}

/* On @cpu, by how much may a thread of the host come later than without capsules? */
static void check_host(struct findings *f, const struct capsule *list, int nr, int cpu)
{
	u64 sum = 0;
	bool has_irqs = false;
	char *time;
	int i;

	for (i = 0; i < nr; i++) {
		if (!cpus_test(&list[i].cpus, cpu))
			continue;
		if (is_for_irqs(&list[i]))
			has_irqs = true;
		else if (!is_part(list, nr, &list[i]))
			sum += capsule_budget_on(&list[i], cpu);
	}
	if (sum <= 1000)
		return;
	time = format_time(sum);
	if (has_irqs)
		finding(f, GOOD, "host",
			xasprintf("CPU %d: irq threads are bound to a capsule", cpu), NULL);
	else
		finding(f, ADVICE, "host",
			xasprintf("CPU %d: the host's irq threads may wait for %s and more", cpu,
				  time),
			"sched-vm create host --budget 100us --period 1ms --irq +N");
	free(time);
}

/*
 * The fair server is the part of each CPU that SCHED_OTHER threads of the host have
 * in any case. Without debugfs nobody knows.
 */
void doctor_fair_server(struct findings *f)
{
	struct cpus cpus, off = {};
	char *runtime, *list;
	int cpu, seen = 0;

	online_cpus(&cpus);
	for (cpu = cpus_next(&cpus, -1); cpu >= 0; cpu = cpus_next(&cpus, cpu)) {
		runtime = read_file("/sys/kernel/debug/sched/fair_server/cpu%d/runtime", cpu);
		seen += !!runtime;
		if (runtime && !atoll(runtime))
			cpus_set(&off, cpu);
		free(runtime);
	}
	list = format_cpus(&off);
	if (*list)
		finding(f, WRONG, "fair-server",
			xasprintf("no fair server on CPUs %s: capsules may starve the host there",
				  list),
			"echo 50000000 > /sys/kernel/debug/sched/fair_server/cpuN/runtime");
	else if (seen)
		finding(f, GOOD, "fair-server",
			xstrdup("the fair server keeps time for the host on each CPU"), NULL);
	free(list);
}

void doctor_capsules(struct findings *f)
{
	struct capsule *list;
	struct cpus cpus;
	int i, cpu, nr = capsules_find(&list);

	for (i = 0; i < nr; i++) {
		check_cpus(f, &list[i]);
		check_counters(f, &list[i]);
		check_escaped(f, &list[i]);
	}
	online_cpus(&cpus);
	for (cpu = cpus_next(&cpus, -1); cpu >= 0; cpu = cpus_next(&cpus, cpu))
		check_host(f, list, nr, cpu);
	for (i = 0; i < nr; i++)
		capsule_free(&list[i]);
	free(list);
}
