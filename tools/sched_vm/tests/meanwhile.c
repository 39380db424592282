// SPDX-License-Identifier: GPL-2.0
/*
 * meanwhile.c, and what is shown of it, on a machine that is made of files below FAKE_ROOT,
 * with fakedev.so: CPU 0 shares its core with 1, and is watched.
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
/* A tenth of CPU 0 are interrupts and softirqs, and six tenths of its sibling are used. */
static const char stat0[] = "cpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n";
static const char busy[] = "cpu0 50 0 0 40 0 2 8 0 0 0\ncpu1 60 0 0 40 0 0 0 0 0 0\n";

char *hypervisor_below(void)
{
	return below ? xstrdup(below) : NULL;
}

/* Nobody asks: there is no capsule. */
void admission_ask(const char *cg, const struct reservation *res, const struct cpus *cpus,
		   struct verdict *v)
{
	(void)cg;
	(void)res;
	(void)cpus;
	(void)v;
	abort();
}

void verdict_free(struct verdict *v)
{
	(void)v;
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

/* What suggest prints if that happened meanwhile, and so much is the headroom. */
static char *shown(const char *after, u64 headroom_ppm, bool json)
{
	struct trace t = { .name = (char *)"a", .res = { 10000, 20000, TIME_MAX } };
	struct cpu_demand cpu = { .work = NS_PER_S / 5, .longest = NS_PER_US };
	struct suggestion s = { .period = 20000, .deadline = 20000, .least = 9000, .budget = 9900 };
	struct wish w = { .low = 20000, .high = 20000, .headroom_ppm = headroom_ppm };
	struct demands d = { &cpu, 1, NS_PER_S };
	struct args args = { .name = "a" };
	struct answer a = { .args = &args, .t = &t, .d = &d, .w = &w, .list = &s, .nr = 1 };
	struct cpus cpus = {};
	struct meanwhile *m;
	FILE *was = stdout;
	char *text;
	size_t size;

	cpus_set(&cpus, 0);
	set("/proc/stat", stat0);
	m = meanwhile_begin(&cpus);
	set("/proc/stat", after);
	meanwhile_end(m);
	a.m = m;
	json_mode = json;
	stdout = open_memstream(&text, &size);
	suggest_show(&a);
	fclose(stdout);
	stdout = was;
	meanwhile_free(m);
	return text;
}

static void interference(void)
{
	static const char more[] = "interrupts took 10.00 % of host CPU 0: more than --headroom";
	char *text = shown(busy, 50000, false);

	tap_check(strstr(text, " IRQS\n") && strstr(text, " 10.00 %\n"), "a number, in the table");
	tap_check(strstr(text, more), "more than the headroom");
	tap_check(strstr(text, "busy for 60 %") && strstr(text, "25-40 %"), "what a sibling costs");
	free(text);
	text = shown(busy, 100000, false);
	tap_check(!strstr(text, more), "no more than that");
	free(text);
	text = shown("", 50000, false);
	tap_check(strstr(text, "  -\n") && !strstr(text, "interrupts"), "not known, nothing said");
	free(text);
	text = shown(busy, 50000, true);
	tap_check(strstr(text, "\"interrupts_percent\": 10.0,") && strstr(text, more) &&
		  strstr(text, "\"id\": \"interrupts\""), "in JSON");
	free(text);
	text = shown("", 50000, true);
	tap_check(strstr(text, "\"interrupts_percent\": null"), "not known, in JSON");
	free(text);
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
	told("/proc/stat", stat0, busy, &ppm);
	tap_check(ppm == 100000, "interrupts and softirqs");
	told("/proc/stat", "", "", &ppm);
	tap_check(ppm == -1 && !said[0], "it is not known how much there was");
	interference();
	set("/proc/stat", stat0);
	below = "a cloud";
	tap_check(is("hypervisor ", "/proc/misc", "", ""), "a hypervisor below");
	return tap_end();
}
