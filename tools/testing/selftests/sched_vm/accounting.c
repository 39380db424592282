// SPDX-License-Identifier: GPL-2.0
/*
 * What the rest of the system tells about a capsule's threads: their CPU time
 * and their waiting, in /proc, in the cgroup, and in getrusage(). One CPU,
 * virtual time.
 *
 * A busy thread has 31 of 101 ms. It is looked at only while it is throttled,
 * so that all that is read at one time belongs together. 31 ms is a multiple of
 * 1 ms, but not of a tick (4 ms), and 101 ms moves each period by 1 ms against
 * the ticks: what is sampled by ticks is right after four periods.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define Q_US		31000L
#define P_US		101000L
#define Q_NS		(Q_US * NS_PER_US)
#define P_NS		(P_US * NS_PER_US)
#define PERIODS		40
/*
 * The watchdog for soft lockups has a thread of the stop class, above all
 * others, look at each CPU every 4 s: a turn more, at times.
 */
#define WATCHDOG	2

/* What others may have had of the CPU, in all: housekeeping, the test itself. */
#define OTHERS_NS	(20 * NS_PER_MS)

struct load {
	char *cg;
	struct worker w;
	struct worker_spec spec;
	uint64_t start;
};

/* User mode only. */
static void fn_spin(struct worker *w, void *arg)
{
	worker_sleep_until_start(w);
	while (!load_u(&w->page->stop))
		;
}

static void load_start(struct load *l, void (*fn)(struct worker *w, void *arg),
		       int policy)
{
	memset(l, 0, sizeof(*l));
	l->cg = capsule_make("load", Q_US, P_US);
	l->spec = (struct worker_spec){
		.group = l->cg, .policy = policy, .cpu = 0, .fn = fn,
		.prio = policy == SCHED_OTHER ? 0 : 10,
	};
	worker_spawn(&l->w, &l->spec);
	l->start = now_ns() + 20 * NS_PER_MS;
	store_64(&l->w.page->start_ns, l->start);
	worker_go(&l->w);
}

static void load_end(struct load *l)
{
	if (l->w.pid)
		worker_kill(&l->w);
	group_remove(l->cg);
}

/* Period @k, counted from 0, when the budget is used up. */
static void until_throttled(struct load *l, unsigned int k)
{
	sleep_until(l->start + k * P_NS + P_NS * 9 / 10);
}

/* The number after the colon of the line of @key, in 10^-6 if it has a point. */
static long long sched_line(pid_t pid, const char *key)
{
	char buf[8192], *line;
	long long whole;
	int frac = 0;

	if (proc_read_text(pid, false, "sched", buf, sizeof(buf)) < 0)
		return -1;
	line = strstr(buf, key);
	if (!line)
		return -1;
	line = strchr(line, ':');
	if (!line)
		return -1;
	if (sscanf(line + 1, "%lld.%d", &whole, &frac) == 2)
		return whole * 1000000 + frac;
	return whole;
}

/*
 * Every nanosecond that the CPU clock shows is in sum_exec_runtime, and the
 * thread loses its CPU once a period: not to the tick, and not to others.
 */
static bool proc_sched(void)
{
	long long switches;
	struct load l;
	bool ok;

	load_start(&l, fn_spin, SCHED_OTHER);
	until_throttled(&l, 4);
	switches = sched_line(l.w.pid, "nr_involuntary_switches");
	ok = check(served_by(l.w.pid, l.cg));
	ok &= check(is_near("se.sum_exec_runtime",
			    sched_line(l.w.pid, "se.sum_exec_runtime"), worker_cpu_ns(&l.w), 0));
	ok &= check(switches > 0);
	until_throttled(&l, 14);
	ok &= check(is_near("nr_involuntary_switches",
			 sched_line(l.w.pid, "nr_involuntary_switches"), switches + 10,
			 WATCHDOG));
	load_end(&l);
	return ok;
}

/* Fields 14 and 15 of /proc/PID/stat, in clock ticks. */
static bool stat_times(pid_t pid, long long *user, long long *system)
{
	char buf[1024], *at;

	if (proc_read_text(pid, false, "stat", buf, sizeof(buf)) < 0)
		return false;
	at = strrchr(buf, ')');
	return at && sscanf(at + 1,
			    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld",
			    user, system) == 2;
}

/*
 * utime and stime share out what the CPU clock says, both rounded down. The
 * thread never enters the kernel after its start.
 */
static bool proc_stat(void)
{
	long long user = 0, system = 0, tick = NS_PER_S / sysconf(_SC_CLK_TCK);
	struct load l;
	uint64_t cpu;
	bool ok;

	load_start(&l, fn_spin, SCHED_OTHER);
	until_throttled(&l, PERIODS);
	cpu = worker_cpu_ns(&l.w);
	ok = check(stat_times(l.w.pid, &user, &system));
	ok &= check((user + system) * tick <= (long long)cpu);
	ok &= check((user + system + 2) * tick > (long long)cpu);
	ok &= check(user >= 95 * (user + system) / 100);
	load_end(&l);
	return ok;
}

/* User time of CPU 0 in /proc/stat, in clock ticks; -1 if there is none. */
static long long user_ticks(void)
{
	FILE *f = fopen("/proc/stat", "r");
	long long user = -1, nice = -1;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "cpu0 %lld %lld", &user, &nice) == 2)
			break;
	if (f)
		fclose(f);
	return user < 0 ? -1 : user + nice;
}

/* Ticks find the thread as long on the CPU as it is: one of 31 may differ. */
static bool machine_stat(void)
{
	long long tick = NS_PER_S / sysconf(_SC_CLK_TCK), user;
	struct load l;
	uint64_t cpu;
	bool ok;

	load_start(&l, fn_spin, SCHED_OTHER);
	until_throttled(&l, 0);
	cpu = worker_cpu_ns(&l.w);
	user = user_ticks();
	ok = check(user >= 0);
	until_throttled(&l, PERIODS);
	cpu = worker_cpu_ns(&l.w) - cpu;
	user = (user_ticks() - user) * tick;
	ok &= check(is_near("user time", user, cpu, cpu * 4 / 100 + tick));
	load_end(&l);
	return ok;
}

struct wait_stat {
	long long cpu;
	long long delay;
	long long count;
};

static bool thread_waits(pid_t pid, struct wait_stat *s)
{
	char buf[256];

	return proc_read_text(pid, false, "schedstat", buf, sizeof(buf)) > 0 &&
	       sscanf(buf, "%lld %lld %lld", &s->cpu, &s->delay, &s->count) == 3;
}

/*
 * A throttled thread waits for a CPU, like any other that is runnable and does
 * not run: all the time that it does not have is run delay.
 */
static bool proc_schedstat(void)
{
	struct wait_stat a = {}, b = {};
	long long throttled;
	struct load l;
	bool ok;

	load_start(&l, fn_spin, SCHED_OTHER);
	until_throttled(&l, 2);
	throttled = group_value(l.cg, RT_STAT, "throttled_usec");
	ok = check(thread_waits(l.w.pid, &a));
	ok &= check(is_near("CPU time", a.cpu, worker_cpu_ns(&l.w), 0));
	until_throttled(&l, 2 + PERIODS);
	throttled = group_value(l.cg, RT_STAT, "throttled_usec") - throttled;
	ok &= check(thread_waits(l.w.pid, &b));
	ok &= check(is_near("CPU time and delay", b.cpu - a.cpu + b.delay - a.delay,
			    PERIODS * P_NS, 20 * NS_PER_US));
	ok &= check(is_near("throttled_usec", throttled, (b.delay - a.delay) / 1000,
			    PERIODS * 5));
	ok &= check(is_near("turns", b.count - a.count, PERIODS, WATCHDOG));
	load_end(&l);
	return ok;
}

/* CPU time, run delay, and turns, of CPU 0. */
static bool cpu_waits(struct wait_stat *s)
{
	FILE *f = fopen("/proc/schedstat", "r");
	char line[512];
	bool ok = false;

	while (f && !ok && fgets(line, sizeof(line), f))
		ok = sscanf(line, "cpu0 %*u %*u %*u %*u %*u %*u %lld %lld %lld",
			    &s->cpu, &s->delay, &s->count) == 3;
	if (f)
		fclose(f);
	return ok;
}

/*
 * The same, for the CPU: others have next to nothing of it. What wakes up while
 * the capsule runs waits up to Q: say, one thread in each period.
 */
static bool machine_schedstat(void)
{
	struct wait_stat a = {}, b = {};
	long long cpu, least;
	struct load l;
	bool ok;

	load_start(&l, fn_spin, SCHED_OTHER);
	until_throttled(&l, 2);
	cpu = worker_cpu_ns(&l.w);
	ok = check(cpu_waits(&a));
	until_throttled(&l, 2 + PERIODS);
	cpu = worker_cpu_ns(&l.w) - cpu;
	least = PERIODS * (P_NS - Q_NS) - 1 * NS_PER_MS;
	ok &= check(cpu_waits(&b));
	ok &= check(is_near("CPU time", b.cpu - a.cpu, cpu + OTHERS_NS / 2, OTHERS_NS / 2));
	ok &= check(b.delay - a.delay >= least);
	ok &= check(b.delay - a.delay <= least + (long long)(PERIODS * Q_NS + OTHERS_NS));
	load_end(&l);
	return ok;
}

struct cgroup_times {
	long long usage;
	long long user;
	long long system;
	long long capsule;
	long long clock;
};

static void cgroup_read(struct load *l, struct cgroup_times *t)
{
	t->usage = group_value(l->cg, "cpu.stat", "usage_usec");
	t->user = group_value(l->cg, "cpu.stat", "user_usec");
	t->system = group_value(l->cg, "cpu.stat", "system_usec");
	t->capsule = group_value(l->cg, RT_STAT, "usage_usec");
	t->clock = worker_cpu_ns(&l->w) / NS_PER_US;
}

/* The cgroup, its capsule and its only thread agree, to the microsecond. */
static bool cgroup_stat(void)
{
	struct cgroup_times a, b;
	long long cpu;
	struct load l;
	bool ok;

	load_start(&l, fn_spin, SCHED_OTHER);
	until_throttled(&l, 2);
	cgroup_read(&l, &a);
	until_throttled(&l, 2 + PERIODS);
	cgroup_read(&l, &b);
	cpu = b.clock - a.clock;
	ok = check(a.usage >= 0 && a.user >= 0 && a.system >= 0 && a.capsule >= 0);
	ok &= check(is_near("CPU time", cpu, PERIODS * Q_US, 20));
	ok &= check(is_near("cpu.stat usage_usec", b.usage - a.usage, cpu, 1));
	ok &= check(is_near("cpu.rt_stat usage_usec", b.capsule - a.capsule, cpu, 1));
	ok &= check(is_near("user_usec + system_usec",
			    b.user - a.user + b.system - a.system, cpu, 2));
	ok &= check(b.user - a.user >= 95 * cpu / 100);
	load_end(&l);
	return ok;
}

static uint64_t usage_ns(const struct rusage *ru)
{
	return (ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * NS_PER_S +
	       (ru->ru_utime.tv_usec + ru->ru_stime.tv_usec) * NS_PER_US;
}

/* value[]: CPU clock, getrusage(), CPU clock, involuntary switches */
static void fn_rusage(struct worker *w, void *arg)
{
	struct rusage ru;

	worker_sleep_until_start(w);
	burn_ns(4 * Q_NS + Q_NS / 2);
	w->page->value[0] = own_cpu_ns();
	getrusage(RUSAGE_SELF, &ru);
	w->page->value[1] = usage_ns(&ru);
	w->page->value[2] = own_cpu_ns();
	w->page->value[3] = ru.ru_nivcsw;
}

/* Of the running thread itself. Two times are rounded down to a microsecond. */
static bool rusage(void)
{
	uint64_t *value;
	struct load l;
	bool ok;

	load_start(&l, fn_rusage, SCHED_OTHER);
	value = l.w.page->value;
	ok = check(!worker_wait(&l.w));
	ok &= check(value[0] > 4 * Q_NS);
	ok &= check(value[1] + 2 * NS_PER_US > value[0]);
	ok &= check(value[1] <= value[2]);
	ok &= check(value[3] >= 4);
	load_end(&l);
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(7);
	lift_kthreads();
	ksft_test_result(proc_sched(), "/proc/PID/sched: CPU time, switches\n");
	ksft_test_result(proc_stat(), "/proc/PID/stat: utime and stime\n");
	ksft_test_result(machine_stat(), "/proc/stat: user time\n");
	ksft_test_result(proc_schedstat(), "/proc/PID/schedstat: throttled is waiting\n");
	ksft_test_result(machine_schedstat(), "/proc/schedstat\n");
	ksft_test_result(cgroup_stat(), "cpu.stat and cpu.rt_stat\n");
	ksft_test_result(rusage(), "getrusage()\n");
	ksft_finished();
}
