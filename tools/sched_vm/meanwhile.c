// SPDX-License-Identifier: GPL-2.0
/*
 * What the machine did while a guest was watched, and what makes an answer worth less:
 * a budget is time, and how much is done in that depends on more than the guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

#define SYS_CPU		"/sys/devices/system/cpu/cpu%d/"
#define DEEP_US		10	/* idle states that take longer to leave are deep */
#define MOST_STATES	16
#define BUSY_PPM	50000	/* of a sibling */
#define FREQUENCY	50	/* so many parts of it are no change */

/* As they are in /proc/stat. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, NR_TIMES };

struct cpu_snap {
	long long times[NR_TIMES];
	bool known;
	long long khz, transitions, deep;	/* -1: not known */
};

struct meanwhile {
	struct cpus cpus;
	int nr;				/* of the machine */
	struct cpu_snap *before, *after;
};

static long long number(const char *format, int cpu, int state)
{
	char *path = xasprintf(format, cpu, state), *text = read_file("%s", path);
	long long value = -1;

	if (text && *text >= '0' && *text <= '9')
		value = atoll(text);
	free(text);
	free(path);
	return value;
}

/* How often it slept deeply. */
static long long deep_sleeps(int cpu)
{
	long long latency, sum = -1;
	int state;

	for (state = 0; state < MOST_STATES; state++) {
		latency = number(SYS_CPU "cpuidle/state%d/latency", cpu, state);
		if (latency < 0)
			break;
		sum = sum < 0 ? 0 : sum;
		if (latency > DEEP_US)
			sum += number(SYS_CPU "cpuidle/state%d/usage", cpu, state);
	}
	return sum;
}

static void snap_times(struct cpu_snap *snaps, int nr)
{
	char *text = read_file("/proc/stat"), *line, *save;
	long long t[NR_TIMES];
	int cpu;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "cpu%d %lld %lld %lld %lld %lld %lld %lld %lld", &cpu, &t[USER],
			   &t[NICE], &t[SYSTEM], &t[IDLE], &t[IOWAIT], &t[IRQ], &t[SOFTIRQ],
			   &t[STEAL]) != NR_TIMES + 1 || cpu < 0 || cpu >= nr)
			continue;
		memcpy(snaps[cpu].times, t, sizeof(t));
		snaps[cpu].known = true;
	}
	free(text);
}

static struct cpu_snap *snap(const struct meanwhile *m)
{
	struct cpu_snap *snaps = xzalloc(m->nr * sizeof(*snaps));
	int cpu;

	snap_times(snaps, m->nr);
	for (cpu = cpus_next(&m->cpus, -1); cpu >= 0 && cpu < m->nr;
	     cpu = cpus_next(&m->cpus, cpu)) {
		snaps[cpu].khz = number(SYS_CPU "cpufreq/scaling_cur_freq", cpu, 0);
		snaps[cpu].transitions = number(SYS_CPU "cpufreq/stats/total_trans", cpu, 0);
		snaps[cpu].deep = deep_sleeps(cpu);
	}
	return snaps;
}

struct meanwhile *meanwhile_begin(const struct cpus *cpus)
{
	struct meanwhile *m = xzalloc(sizeof(*m));

	m->cpus = *cpus;
	m->nr = MAX_CPUS;
	m->before = snap(m);
	return m;
}

void meanwhile_end(struct meanwhile *m)
{
	m->after = snap(m);
}

void meanwhile_free(struct meanwhile *m)
{
	free(m->before);
	free(m->after);
	free(m);
}

static bool knows(const struct meanwhile *m, int cpu)
{
	return m && m->after && cpu < m->nr && m->before[cpu].known && m->after[cpu].known;
}

static long long spent(const struct meanwhile *m, int cpu, int what)
{
	long long d = m->after[cpu].times[what] - m->before[cpu].times[what];

	return d > 0 ? d : 0;
}

static long long spent_in_all(const struct meanwhile *m, int cpu)
{
	long long sum = 0;
	int i;

	for (i = 0; i < NR_TIMES; i++)
		sum += spent(m, cpu, i);
	return sum;
}

long long meanwhile_interrupts(const struct meanwhile *m, int cpu)
{
	long long all = knows(m, cpu) ? spent_in_all(m, cpu) : 0;

	return all ? (spent(m, cpu, IRQ) + spent(m, cpu, SOFTIRQ)) * 1000000 / all : -1;
}

static long long busy_ppm(const struct meanwhile *m, int cpu)
{
	long long all = knows(m, cpu) ? spent_in_all(m, cpu) : 0;

	return all ? (all - spent(m, cpu, IDLE) - spent(m, cpu, IOWAIT)) * 1000000 / all : 0;
}

static bool frequency_changed(const struct cpu_snap *a, const struct cpu_snap *b)
{
	if (a->transitions >= 0 && b->transitions > a->transitions)
		return true;
	return a->khz > 0 && b->khz > 0 && llabs(a->khz - b->khz) > a->khz / FREQUENCY;
}

static void doubt(doubt_fn tell, void *data, const char *id, char *text)
{
	tell(id, text, data);
	free(text);
}

static void doubt_cpu(const struct meanwhile *m, int cpu, doubt_fn tell, void *data)
{
	const struct cpu_snap *a = &m->before[cpu], *b = &m->after[cpu];

	if (frequency_changed(a, b))
		doubt(tell, data, "frequency",
		      xasprintf("host CPU %d had %lld MHz at first, and %lld at the end: %s", cpu,
				a->khz / 1000, b->khz / 1000,
				"a budget is time, and a slow CPU does less in it"));
	if (a->deep >= 0 && b->deep > a->deep)
		doubt(tell, data, "cstates",
		      xasprintf("host CPU %d slept %lld time%s so deeply that it %s", cpu,
				b->deep - a->deep, plural(b->deep - a->deep),
				"wakes up late: a guest that sleeps less may find it faster"));
}

static void doubt_sibling(const struct meanwhile *m, int cpu, int other, doubt_fn tell, void *data)
{
	doubt(tell, data, "smt",
	      xasprintf("host CPU %d shares its core with %d, busy for %lld %%: %s", cpu, other,
			busy_ppm(m, other) / 10000,
			"alone the guest needs less, beside more load more (it may cost 25-40 %)"));
}

static void doubt_siblings(const struct meanwhile *m, int cpu, doubt_fn tell, void *data)
{
	char *list = read_file(SYS_CPU "topology/thread_siblings_list", cpu);
	struct cpus siblings;
	int other;

	if (list && parse_cpus(list, &siblings))
		for (other = cpus_next(&siblings, -1); other >= 0;
		     other = cpus_next(&siblings, other))
			if (other != cpu && busy_ppm(m, other) > BUSY_PPM)
				doubt_sibling(m, cpu, other, tell, data);
	free(list);
}

void meanwhile_doubts(const struct meanwhile *m, const struct demands *d, doubt_fn tell,
		      void *data)
{
	char *below;
	int i;

	for (i = 0; i < d->nr; i++) {
		if (!knows(m, d->cpus[i].cpu))
			continue;
		doubt_cpu(m, d->cpus[i].cpu, tell, data);
		doubt_siblings(m, d->cpus[i].cpu, tell, data);
	}
	below = hypervisor_below();
	if (below)
		doubt(tell, data, "hypervisor",
		      xasprintf("this is a virtual machine, %s: %s", below,
				"its CPUs stop, and the guest seems to need more"));
	free(below);
}
