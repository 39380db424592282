// SPDX-License-Identifier: GPL-2.0
/*
 * meanwhile.c on a machine that is made of files below FAKE_ROOT, with fakedev.so: CPU 0
 * shares its core with 1, and is watched.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "suggest.h"
#include "tap.h"

#define CPU0	"/sys/devices/system/cpu/cpu0/"

static char *below;
static char said[4096];

char *hypervisor_below(void)
{
	return below ? xstrdup(below) : NULL;
}

/* A file of that machine. */
static void set(const char *path, const char *text)
{
	char *file = xasprintf("%s%s", getenv("FAKE_ROOT"), path), *slash;
	FILE *f;

	for (slash = strchr(file + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(file, 0755);
		*slash = '/';
	}
	f = fopen(file, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		tap_check(false, path);
	free(file);
}

static void tell(const char *id, const char *text, void *data)
{
	(void)text;
	(void)data;
	strcat(said, id);
	strcat(said, " ");
}

/* What is said if @path has @after in the end. */
static const char *told(const char *path, const char *before, const char *after,
			long long *interrupts)
{
	struct cpu_demand cpu = {};
	struct demands d = { &cpu, 1, NS_PER_S };
	struct cpus cpus = {};
	struct meanwhile *m;

	cpus_set(&cpus, 0);
	set(path, before);
	m = meanwhile_begin(&cpus);
	set(path, after);
	meanwhile_end(m);
	said[0] = '\0';
	meanwhile_doubts(m, &d, tell, NULL);
	*interrupts = meanwhile_interrupts(m, 0);
	meanwhile_free(m);
	return said;
}

static void machine(void)
{
	set("/proc/stat", "cpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n");
	set(CPU0 "topology/thread_siblings_list", "0-1\n");
	set(CPU0 "cpufreq/scaling_cur_freq", "2000000\n");
	set(CPU0 "cpuidle/state0/latency", "0\n");
	set(CPU0 "cpuidle/state0/usage", "5\n");
	set(CPU0 "cpuidle/state1/latency", "2\n");
	set(CPU0 "cpuidle/state1/usage", "5\n");
	set(CPU0 "cpuidle/state2/latency", "133\n");
	set(CPU0 "cpuidle/state2/usage", "5\n");
}

static bool is(const char *words, const char *path, const char *before, const char *after)
{
	long long ppm;

	return !strcmp(told(path, before, after, &ppm), words);
}

int main(void)
{
	static const char stat0[] = "cpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n";
	static const char freq[] = CPU0 "cpufreq/scaling_cur_freq";
	long long ppm;

	machine();
	tap_check(is("", "/proc/misc", "", ""), "nothing happened, nothing is said");
	tap_check(is("frequency ", freq, "2000000\n", "1200000\n"), "another frequency");
	tap_check(is("", freq, "2000000\n", "2010000\n"), "almost the same");
	tap_check(is("cstates ", CPU0 "cpuidle/state2/usage", "5\n", "6\n"), "a deep sleep");
	tap_check(is("", CPU0 "cpuidle/state1/usage", "5\n", "600\n"), "light ones");
	set(freq, "2000000\n");
	tap_check(is("smt ", "/proc/stat", stat0,
		     "cpu0 0 0 0 100 0 0 0 0 0 0\ncpu1 60 0 0 40 0 0 0 0 0 0\n"), "a busy sibling");
	tap_check(is("", "/proc/stat", stat0,
		     "cpu0 90 0 0 10 0 0 0 0 0 0\ncpu1 1 0 0 99 0 0 0 0 0 0\n"), "an idle one");
	told("/proc/stat", stat0, "cpu0 50 0 0 40 0 2 8 0 0 0\ncpu1 0 0 0 9 0 0 0 0 0 0\n", &ppm);
	tap_check(ppm == 100000, "interrupts and softirqs");
	told("/proc/stat", "", "", &ppm);
	tap_check(ppm == -1 && !said[0], "it is not known how much there was");
	set("/proc/stat", stat0);
	below = "a cloud";
	tap_check(is("hypervisor ", "/proc/misc", "", ""), "a hypervisor below");
	return tap_end();
}
