// SPDX-License-Identifier: GPL-2.0
/* doctor: the layout of cgroups, and the capsules that there are. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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
			"run as root, or " CURE_DELEGATE ", and a reservation there");
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

static bool reserves_on(const struct capsule *c, int cpu)
{
	int i;

	for (i = 0; i < c->nr_cpus; i++)
		if (c->cpu[i].cpu == cpu)
			return !c->cpu[i].device || c->cpu[i].budget_ns;
	return false;
}

static void check_cpus(struct findings *f, const struct capsule *c)
{
	int nr = cpus_count(&c->cpus), cpu, missing = 0;
	struct cpus online;

	online_cpus(&online);
	if (nr > 1 && nr == cpus_count(&online))
		finding_of(f, ADVICE, "all-cpus", c->name,
			   xasprintf("%s reserves on all %d CPUs", c->name, nr),
			   "sched-vm set %s --cpus LIST, if its threads do not need all");
	for (cpu = cpus_next(&c->cpus, -1); cpu >= 0; cpu = cpus_next(&c->cpus, cpu))
		missing += !reserves_on(c, cpu);
	if (missing)
		finding_of(f, WRONG, "not-reserved", c->name,
			   xasprintf("%s: no reservation on %d of %d CPUs", c->name, missing, nr),
			   "free bandwidth there, then sched-vm set %s --budget Q once more");
}

/* What was asked for by --cpus, but systemd and others write the file, too. */
static void check_cpuset(struct findings *f, const struct capsule *c)
{
	char *list = cg_noted(c->path, "cpus"), *now = cpus_text(&c->cpus), *cure;
	struct cpus wanted;
	int cpu;

	if (!list || !parse_cpus(list, &wanted))
		goto out;
	for (cpu = cpus_next(&c->cpus, -1); cpu >= 0; cpu = cpus_next(&c->cpus, cpu))
		if (!cpus_test(&wanted, cpu))
			break;
	if (cpu < 0)
		goto out;
	cure = xasprintf("sched-vm set %%s --cpus %s; AllowedCPUs= of its unit keeps it", list);
	finding_of(f, WRONG, "cpuset", c->name,
		   xasprintf("%s reserves on %s, not on %s only: its cpuset was changed",
			     c->name, now, list), cure);
	free(cure);
out:
	free(now);
	free(list);
}

static void check_usable(struct findings *f, const struct capsule *c)
{
	struct cpus unusable;
	char *cpus;

	if (!unusable_cpus(c->path, &c->cpus, &unusable) || !cpus_count(&unusable))
		return;
	cpus = cpus_text(&unusable);
	finding_of(f, ADVICE, "unusable", c->name,
		   xasprintf("%s has %.1f %% of %s, where none of its threads may run", c->name,
			     capsule_share(c), cpus),
		   "taskset -a -p for its process, without isolcpus=; or sched-vm set %s --cpus");
	free(cpus);
}

/* "in 3h", "in 12min": counters begin when the cgroup does. */
static char *age_text(const struct capsule *c)
{
	char *made = cg_noted(c->path, "made");
	long long s = made ? (long long)time(NULL) - atoll(made) : -1;

	free(made);
	if (s < 0)
		return xstrdup("since it was made");
	if (s < 120)
		return xasprintf("in the %llds since it was made", s);
	if (s < 7200)
		return xasprintf("in the %lldmin since it was made", s / 60);
	return xasprintf("in the %lldh since it was made", s / 3600);
}

static void check_counters(struct findings *f, const struct capsule *c)
{
	char *below = hypervisor_below(), *age = age_text(c);

	if (c->total.nr_deadline_misses)
		finding_of(f, below ? ADVICE : WRONG, "deadline-misses", c->name,
			   xasprintf("%s got its budget too late %lld time%s %s", c->name,
				     c->total.nr_deadline_misses,
				     plural(c->total.nr_deadline_misses), age),
			   below ? "the hypervisor below takes the CPU away: nothing here helps" :
			   "look for SCHED_DEADLINE threads with D < P, and for irqs-off sections");
	if (c->total.nr_overruns * 100 > c->total.nr_periods)
		finding_of(f, ADVICE, "overruns", c->name,
			   xasprintf("%s exceeded its budget in %lld of %lld periods %s", c->name,
				     c->total.nr_overruns, c->total.nr_periods, age),
			   below ? "it pays that back; it is the hypervisor below" :
			   "it pays that back; look for irqs-off sections");
	free(age);
	free(below);
}

static void check_escaped(struct findings *f, const struct capsule *c)
{
	int nr = escaped_count(c->path);

	if (nr)
		finding_of(f, WRONG, "escaped", c->name,
			   xasprintf("%d thread%s of processes in %s %s outside of it", nr,
				     plural(nr), c->name, are(nr)),
			   "show %s --threads lists them; adopt %s --pid PID brings them in");
}

/* Nobody uses it, and nobody else may. */
static void check_gone(struct findings *f, const struct capsule *c)
{
	char *cpus;

	if (strcmp(capsule_state(c), "gone"))
		return;
	cpus = cpus_text(&c->cpus);
	finding_of(f, ADVICE, "gone", c->name,
		   xasprintf("%s keeps %.1f %% of %s for a guest that is gone", c->name,
			     capsule_share(c), cpus),
		   "sched-vm remove %s");
	free(cpus);
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

/* On @cpu, by how much may a thread of the host come later than without capsules? */
static void check_host(struct findings *f, const struct capsule *list, int nr, int cpu)
{
	u64 sum = 0;
	bool has_irqs = false;
	char *time, *name;
	int i;

	for (i = 0; i < nr; i++) {
		if (!cpus_test(&list[i].cpus, cpu))
			continue;
		if (is_for_irqs(&list[i]))
			has_irqs = true;
		else if (!capsule_is_part(list, nr, &list[i]))
			sum += capsule_budget_on(&list[i], cpu);
	}
	if (sum <= 1000)
		return;
	time = format_time(sum);
	name = xasprintf("CPU %d", cpu);
	if (has_irqs)
		finding_of(f, GOOD, "host", name,
			   xasprintf("%s: irq threads are bound to a capsule", name), NULL);
	else
		finding_of(f, ADVICE, "host", name,
			   xasprintf("%s: the host's irq threads may wait for %s and more", name,
				     time),
			   "sched-vm create host --budget 100us --period 1ms --irq +N");
	free(name);
	free(time);
}

/*
 * The fair server is the part of each CPU that SCHED_OTHER threads of the host have
 * in any case. Without debugfs nobody knows.
 */
void doctor_fair_server(struct findings *f)
{
	struct cpus cpus, off = {};
	char *runtime, *text;
	int cpu, seen = 0;

	online_cpus(&cpus);
	for (cpu = cpus_next(&cpus, -1); cpu >= 0; cpu = cpus_next(&cpus, cpu)) {
		runtime = read_file("/sys/kernel/debug/sched/fair_server/cpu%d/runtime", cpu);
		seen += !!runtime;
		if (runtime && !atoll(runtime))
			cpus_set(&off, cpu);
		free(runtime);
	}
	text = cpus_text(&off);
	if (cpus_count(&off))
		finding(f, WRONG, "fair-server",
			xasprintf("no fair server on %s: capsules may starve the host there", text),
			"echo 50000000 > /sys/kernel/debug/sched/fair_server/cpuN/runtime");
	else if (seen)
		finding(f, GOOD, "fair-server",
			xstrdup("the fair server keeps time for the host on each CPU"), NULL);
	free(text);
}

void doctor_capsules(struct findings *f)
{
	struct capsule *list;
	struct cpus cpus;
	int i, cpu, nr = capsules_find(&list);

	for (i = 0; i < nr; i++) {
		check_gone(f, &list[i]);
		check_cpus(f, &list[i]);
		check_cpuset(f, &list[i]);
		check_usable(f, &list[i]);
		check_counters(f, &list[i]);
		check_escaped(f, &list[i]);
	}
	online_cpus(&cpus);
	for (cpu = cpus_next(&cpus, -1); cpu >= 0; cpu = cpus_next(&cpus, cpu))
		check_host(f, list, nr, cpu);
	capsules_free(list, nr);
}
