// SPDX-License-Identifier: GPL-2.0
/*
 * Beyond the budget: cpu.rt_extra. What a capsule has of an idle CPU, and beside
 * normal threads; that it costs those with a reservation nothing; and two published
 * experiments: shares of one host, and a guest that needs more than it has reserved.
 * One CPU, virtual time.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

/* The capsule of most tests */
#define Q_US		40000L
#define P_US		100000L
#define TIME_NS		(2 * NS_PER_S)
/* What tests begin with settles meanwhile. */
#define SETTLE_NS	(200 * NS_PER_MS)

#define MAX_NEIGHBOURS	5

static struct worker_spec busy_in(const char *cg, int policy, int prio)
{
	return (struct worker_spec){
		.group = cg, .policy = policy, .prio = prio, .cpu = 0, .fn = fn_busy,
	};
}

static char *capsule_with(const char *name, long q_us, long p_us, const char *extra)
{
	char *cg = capsule_make(name, q_us, p_us);

	if (group_write(cg, EXTRA, extra))
		ksft_exit_fail_msg("%s: %s is refused\n", EXTRA, extra);
	return cg;
}

/* Of TIME_NS, in percent, each. */
static void measure(struct worker *w, int nr, double *percent)
{
	uint64_t before[1 + MAX_NEIGHBOURS], after[1 + MAX_NEIGHBOURS], start;
	int i;

	sleep_ns(SETTLE_NS);
	start = now_ns();
	for (i = 0; i < nr; i++)
		before[i] = worker_cpu_ns(&w[i]);
	sleep_until(start + TIME_NS);
	for (i = 0; i < nr; i++)
		after[i] = worker_cpu_ns(&w[i]);
	for (i = 0; i < nr; i++)
		percent[i] = 100.0 * (after[i] - before[i]) / TIME_NS;
}

static bool within(const char *what, double value, double least, double most)
{
	if (value >= least && value <= most)
		return true;
	ksft_print_msg("%s: %.3f, not from %.3f to %.3f\n", what, value, least, most);
	return false;
}

/* A busy thread in a capsule, beside one in a cgroup of weight 100, or alone. */
static bool share(const char *name, const char *extra, const char *file, const char *text,
		  bool beside, double expected, double tolerance)
{
	char *cg = capsule_with("extra", Q_US, P_US, extra), *other = group_make(sv_top, "other");
	struct worker_spec spec[] = {
		busy_in(cg, SCHED_OTHER, 0), busy_in(other, SCHED_OTHER, 0),
	};
	struct worker w[2] = {};
	double percent[2];
	char key[64];
	bool ok = true;

	if (file)
		ok = check(!group_write(cg, file, text));
	worker_start(&w[0], &spec[0]);
	if (beside)
		worker_start(&w[1], &spec[1]);
	measure(w, 1 + beside, percent);
	snprintf(key, sizeof(key), "extra.%s", name);
	result_float(key, percent[0] / 100);
	ok &= within(name, percent[0], expected - tolerance, expected + tolerance);
	if (beside && !file)
		ok &= within("all", percent[0] + percent[1], 99.5, 100);
	kill_all_workers();
	group_remove(other);
	group_remove(cg);
	return ok;
}

/* It is counted, and what it owes does not grow: it has Q in P again at once. */
static bool is_counted(const char *extra)
{
	char *cg = capsule_with("counted", Q_US, P_US, extra);
	struct worker_spec spec = busy_in(cg, SCHED_OTHER, 0);
	long long usage, more, spilled;
	struct worker w = {};
	bool ok;

	worker_start(&w, &spec);
	sleep_ns(SETTLE_NS);
	usage = group_value(cg, RT_STAT, "usage_usec");
	more = group_value(cg, RT_STAT, "extra_usec");
	spilled = group_value(cg, RT_STAT, "spilled_usec");
	sleep_ns(2 * NS_PER_S);
	usage = group_value(cg, RT_STAT, "usage_usec") - usage;
	more = group_value(cg, RT_STAT, "extra_usec") - more;
	spilled = group_value(cg, RT_STAT, "spilled_usec") - spilled;
	ok = is_near("usage", usage, 800000, 41000);
	ok &= is_near("extra", more, 1200000, 60000);
	ok &= is_near("spilled", spilled, 0, 1000);
	/* Without it, from one period to the next, nothing more. */
	ok &= check(!group_write(cg, EXTRA, "none"));
	sleep_ns(200 * NS_PER_MS);
	ok &= worker_gets(&w, 40, 2000);
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* From the beginning of a period to a thread that has budget again, and back at its end */
#define SWITCH_NS	(20 * NS_PER_US)

/* Budget that is there again comes before a normal thread, and before extra time. */
static bool comes_first(const char *extra)
{
	char *cg = capsule_with("again", Q_US, P_US, extra), *other = group_make(sv_top, "other");
	struct burst_log *log = burst_log_alloc(16 * 1024, 30 * NS_PER_US);
	struct worker_spec spec[] = { busy_in(cg, SCHED_OTHER, 0), busy_in(other, SCHED_OTHER, 0) };
	uint64_t start, at, got, least = UINT64_MAX;
	struct worker w[2] = {};

	spec[0].fn = fn_burst;
	spec[0].arg = log;
	worker_spawn(&w[0], &spec[0]);
	worker_start(&w[1], &spec[1]);
	start = now_ns() + SETTLE_NS;
	log->end_ns = start + TIME_NS;
	store_64(&w[0].page->start_ns, start);
	worker_go(&w[0]);
	worker_wait(&w[0]);
	kill_all_workers();
	group_remove(other);
	group_remove(cg);
	/* What the first period had before the clock was read is not seen. */
	for (at = start + P_US * NS_PER_US; at < log->end_ns; at += P_US * NS_PER_US) {
		got = supply_between(log, at, at + Q_US * NS_PER_US + SWITCH_NS);
		least = got < least ? got : least;
	}
	/* Who has more has gone on after its budget. */
	least = least < Q_US * NS_PER_US ? least : Q_US * NS_PER_US;
	result_float(strcmp(extra, "idle") ? "extra.fair.late_us" : "extra.idle.late_us",
		     (Q_US * NS_PER_US - (double)least) / 1e3);
	return check(least >= Q_US * NS_PER_US - SWITCH_NS);
}

/* In the kernel nearly all the time */
static void fn_kernel(struct worker *w, void *arg)
{
	size_t size = 32UL << 20;
	char *buf;

	for (;;) {
		buf = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		munmap(buf, size);
	}
}

/*
 * Without budget in the kernel, beside a normal thread: that is part of a normal thread's
 * share if the capsule has one; if it has idle time, it is spill, which its budget pays for.
 */
static bool spills(const char *extra, bool owes)
{
	char *cg = capsule_with("spills", Q_US, P_US, extra), *other = group_make(sv_top, "other");
	struct worker_spec spec[] = { busy_in(cg, SCHED_OTHER, 0), busy_in(other, SCHED_OTHER, 0) };
	long long spilled, more;
	struct worker w[2] = {};
	double percent[2];
	bool ok;

	spec[0].fn = fn_kernel;
	worker_start(&w[0], &spec[0]);
	worker_start(&w[1], &spec[1]);
	spilled = group_value(cg, RT_STAT, "spilled_usec");
	more = group_value(cg, RT_STAT, "extra_usec");
	measure(w, 2, percent);
	spilled = group_value(cg, RT_STAT, "spilled_usec") - spilled;
	more = group_value(cg, RT_STAT, "extra_usec") - more;
	kill_all_workers();
	group_remove(other);
	group_remove(cg);
	ksft_print_msg("%s: %.1f %%, %lld us spilled, %lld extra\n", extra, percent[0], spilled,
		       more);
	if (owes)
		ok = check(spilled > 10000) & check(more < 1000) & check(percent[0] < 42);
	else
		ok = check(spilled < 1000) & check(more > 100000) & check(percent[0] > 60);
	return ok;
}

/* FIFO threads have their order outside, too; equals take turns. */
static bool keeps_order(const char *extra, int policy, int prio, double first)
{
	char *cg = capsule_with("order", Q_US, P_US, extra);
	struct worker_spec spec[] = { busy_in(cg, policy, prio), busy_in(cg, SCHED_OTHER, 0) };
	struct worker w[2] = {};
	double percent[2];
	bool ok;

	worker_start(&w[1], &spec[1]);
	worker_start(&w[0], &spec[0]);
	measure(w, 2, percent);
	/* A turn ends at a tick, and there are two in a period. */
	ok = within("the first", percent[0], first - 2, first + 2);
	ok &= within("both", percent[0] + percent[1], 99, 100);
	kill_all_workers();
	group_remove(cg);
	return ok;
}

/* No capsule has more than the one above it. */
static bool is_inherited(void)
{
	char *top = capsule_make("top", 60000, P_US), *cg = group_make_threaded(top, "below");
	struct worker_spec spec = busy_in(cg, SCHED_OTHER, 0);
	struct worker w = {};
	bool ok;

	group_reserve(cg, 20000, P_US);
	ok = check(!group_write(cg, EXTRA, "fair"));
	worker_start(&w, &spec);
	ok &= worker_gets(&w, 20, 1000);
	ok &= check(!group_write(top, EXTRA, "idle"));
	ok &= check(group_reads(cg, EXTRA, "fair"));
	sleep_ns(200 * NS_PER_MS);
	ok &= worker_gets(&w, 100, 1000);
	ok &= check(!group_write(top, EXTRA, "none"));
	sleep_ns(200 * NS_PER_MS);
	ok &= worker_gets(&w, 20, 1000);
	/* What the capsule has, it has for those below it that inherit. */
	ok &= check(!group_write(cg, BUDGET, "max"));
	ok &= check(!group_write(top, EXTRA, "fair"));
	sleep_ns(200 * NS_PER_MS);
	ok &= worker_gets(&w, 100, 1000);
	worker_kill(&w);
	group_remove(cg);
	group_remove(top);
	return ok;
}

static bool files(void)
{
	static const char * const bad[] = { "", "all", "fair idle", "FAIR", "1", "nones" };
	char *cg = group_make(sv_top, "files");
	bool ok = check(group_reads(cg, EXTRA, "none"));
	size_t i;

	ok &= check(!group_write(cg, EXTRA, "none"));
	ok &= check(!group_write(cg, EXTRA, "idle\n"));
	for (i = 1; i < ARRAY_SIZE(bad); i++)
		ok &= check(group_write(cg, EXTRA, bad[i]) == -EINVAL);
	ok &= check(group_reads(cg, EXTRA, "idle"));
	group_reserve(cg, Q_US, P_US);
	ok &= check(group_reads(cg, EXTRA, "idle"));
	group_remove(cg);
	return ok;
}

#define FEATURES	"/sys/kernel/debug/sched/features"
#define WAKEUPS		12000
#define PHASE_NS	(100 * NS_PER_MS)

struct wakeups {
	uint64_t start_ns;
	uint64_t latency[WAKEUPS];
};

static void fn_wakeups(struct worker *w, void *arg)
{
	struct wakeups *all = arg;
	uint64_t next = all->start_ns;
	int i;

	for (i = 0; i < WAKEUPS; i++, next += 1003 * NS_PER_US) {
		sleep_until(next);
		all->latency[i] = now_ns() - next;
	}
}

/* What a hard capsule has beside another one, and how fast it wakes up, in ns */
struct beside {
	double percent;
	double p99, p999, tail;		/* mean of the slowest 1 % */
};

static double mean_of_slowest(const uint64_t *sorted, unsigned int nr)
{
	double sum = 0;
	unsigned int i;

	for (i = WAKEUPS - nr; i < WAKEUPS; i++)
		sum += sorted[i];
	return sum / nr;
}

static void sched_feature(const char *name)
{
	if (write_text(FEATURES, (char *)name, strlen(name)) < 0)
		ksft_exit_fail_perror(FEATURES);
}

/*
 * Extra time is a normal thread's, or one's of SCHED_IDLE; so without, there is such a
 * thread, @policy, for it: with nobody else beside the normal thread, the CPU would have
 * less to do, and switch for none. Both are to switch at ticks: as it is armed at switches
 * only, the hrtick that finds the same thread to be the one to run leaves that until the
 * next tick, and it is chance whether two threads take turns by the one or by the other.
 */
static void measure_beside(const char *extra, int policy, struct beside *b)
{
	struct wakeups *all = shared_alloc(sizeof(*all));
	char *cg = capsule_with("extra", Q_US, P_US, extra);
	char *hard = capsule_make("hard", Q_US, P_US), *instead = group_make(sv_top, "instead");
	char *quick = capsule_make("quick", 500, 10000), *other = group_make(sv_top, "other");
	struct worker_spec spec[] = {
		busy_in(hard, SCHED_OTHER, 0), busy_in(cg, SCHED_FIFO, 10),
		busy_in(other, SCHED_OTHER, 0), busy_in(instead, policy, 0),
		{ .group = quick, .policy = SCHED_FIFO, .prio = 80, .cpu = 0,
		  .fn = fn_wakeups, .arg = all },
	};
	struct worker w[5] = {};
	int i;

	for (i = 0; i < (strcmp(extra, "none") ? 3 : 4); i++)
		worker_start(&w[i], &spec[i]);
	measure(w, 1, &b->percent);
	worker_spawn(&w[4], &spec[4]);
	all->start_ns = (now_ns() / PHASE_NS + 2) * PHASE_NS;
	worker_go(&w[4]);
	worker_wait(&w[4]);
	kill_all_workers();
	group_remove(other);
	group_remove(instead);
	group_remove(quick);
	group_remove(hard);
	group_remove(cg);
	sort_u64(all->latency, WAKEUPS);
	b->p99 = percentile(all->latency, WAKEUPS, 99);
	b->p999 = percentile(all->latency, WAKEUPS, 99.9);
	b->tail = mean_of_slowest(all->latency, WAKEUPS / 100);
	ksft_print_msg("beside %s: %.3f %%, up in %llu ns, p99 %.0f, p99.9 %.0f, last 1 %% %.0f\n",
		       extra, b->percent,
		       (unsigned long long)percentile(all->latency, WAKEUPS, 50), b->p99, b->p999,
		       b->tail);
}

static void result_beside(const char *extra, const char *what, double value)
{
	char key[64];

	snprintf(key, sizeof(key), "extra.%s.%s", extra, what);
	result_float(key, value);
}

static bool harms_nobody(const char *extra, int policy)
{
	struct beside without, with;

	sched_feature("NO_HRTICK");
	measure_beside("none", policy, &without);
	measure_beside(extra, policy, &with);
	sched_feature("HRTICK");
	result_beside(extra, "share_error_percent", with.percent - without.percent);
	result_beside(extra, "p99_ratio", with.p99 / without.p99);
	result_beside(extra, "p999_ratio", with.p999 / without.p999);
	result_beside(extra, "tail_ratio", with.tail / without.tail);
	return within("its share", with.percent, without.percent - 0.1, without.percent + 0.1) &
	       within("its wake-up, p99", with.p99 / without.p99, 0.9, 1.02) &
	       within("its wake-up, p99.9", with.p999 / without.p999, 0.9, 1.08) &
	       within("its wake-up, slowest 1 %", with.tail / without.tail, 0.9, 1.05);
}

/*
 * Sisu Xi: Real-Time Virtualization and Cloud Computing, 2014, table 4.2: a guest with
 * (4, 10) ms beside none to five others without a reservation, all busy.
 */
static bool one_host(void)
{
	static const double published[] = { 40.3, 40.2, 40.2, 40.2, 40.2, 40.2 };
	char *cg = capsule_make("rt", 4000, 10000), *other[MAX_NEIGHBOURS] = {};
	struct worker_spec spec[1 + MAX_NEIGHBOURS] = { busy_in(cg, SCHED_OTHER, 0) };
	struct worker w[1 + MAX_NEIGHBOURS] = {};
	double percent[1 + MAX_NEIGHBOURS], sum, least = 100;
	char name[32];
	bool ok = true;
	int nr, i;

	worker_start(&w[0], &spec[0]);
	for (nr = 0; nr <= MAX_NEIGHBOURS; nr++) {
		if (nr) {
			snprintf(name, sizeof(name), "vm%d", nr);
			other[nr - 1] = group_make(sv_top, name);
			spec[nr] = busy_in(other[nr - 1], SCHED_OTHER, 0);
			worker_start(&w[nr], &spec[nr]);
		}
		measure(w, nr + 1, percent);
		for (sum = 0, i = 0; i <= nr; i++)
			sum += percent[i];
		ksft_print_msg("%d others: %.2f %% (published %.1f), %.2f %% each, sum %.2f %%\n",
			       nr, percent[0], published[nr], nr ? percent[nr] : 0, sum);
		snprintf(name, sizeof(name), "extra.host.%d", nr);
		result_float(name, percent[0]);
		ok &= within("the guest", percent[0], 39.9, 40.1);
		if (nr) {
			least = sum < least ? sum : least;
			ok &= within("all", sum, 99.5, 100);
		}
	}
	result_float("extra.host.least_sum", least);
	kill_all_workers();
	for (i = 0; i < MAX_NEIGHBOURS; i++)
		group_remove(other[i]);
	group_remove(cg);
	return ok;
}

struct job_log {
	uint64_t period_ns, work_ns;
	unsigned int nr, misses;
	uint64_t longest_ns;		/* between two beginnings */
};

static void fn_jobs(struct worker *w, void *arg)
{
	struct job_log *log = arg;
	uint64_t release = load_64(&w->page->start_ns), last = 0, began;

	while (!load_u(&w->page->stop)) {
		sleep_until(release);
		began = now_ns();
		if (last && began - last > log->longest_ns)
			log->longest_ns = began - last;
		last = began;
		burn_ns(log->work_ns);
		log->nr++;
		release += log->period_ns;
		log->misses += now_ns() > release;
	}
}

/*
 * The experiment with RESCH: a guest with rt_task1, 8 ms in 20 ms, and another one of
 * 80 ms in 220 ms, beside a busy neighbour. Jobs of rt_task1 that miss.
 */
static unsigned int guest_misses(const char *name, long q_us, const char *extra)
{
	struct job_log *log = shared_alloc(2 * sizeof(*log));
	char *cg = group_make(sv_top, "guest"), *other = group_make(sv_top, "neighbour"), key[64];
	int policy = q_us ? SCHED_FIFO : SCHED_OTHER;
	struct worker_spec spec[] = {
		{ .group = cg, .policy = policy, .prio = q_us ? 20 : 0, .cpu = 0, .fn = fn_jobs },
		{ .group = cg, .policy = policy, .prio = q_us ? 10 : 0, .cpu = 0, .fn = fn_jobs },
		busy_in(other, SCHED_OTHER, 0),
	};
	struct worker w[3] = {};
	uint64_t start;
	int i;

	log[0] = (struct job_log){ .period_ns = 20 * NS_PER_MS, .work_ns = 8 * NS_PER_MS };
	log[1] = (struct job_log){ .period_ns = 220 * NS_PER_MS, .work_ns = 80 * NS_PER_MS };
	if (q_us)
		group_reserve(cg, q_us, 12000);
	if (q_us && group_write(cg, EXTRA, extra))
		ksft_exit_fail_msg("%s: %s is refused\n", EXTRA, extra);
	worker_start(&w[2], &spec[2]);
	start = now_ns() + 100 * NS_PER_MS;
	for (i = 0; i < 2; i++) {
		spec[i].arg = &log[i];
		worker_spawn(&w[i], &spec[i]);
		store_64(&w[i].page->start_ns, start);
		worker_go(&w[i]);
	}
	sleep_until(start + TIME_NS);
	ksft_print_msg("%s: %u of %u jobs of rt_task1 miss, at most %.1f ms from one to the next\n",
		       name, log[0].misses, log[0].nr, (double)log[0].longest_ns / NS_PER_MS);
	snprintf(key, sizeof(key), "extra.resch.%s.misses", name);
	result_int(key, log[0].misses);
	kill_all_workers();
	group_remove(other);
	group_remove(cg);
	return log[0].misses;
}

static bool guest_in_need(void)
{
	bool ok = check(guest_misses("fair", 0, "none") > 0);

	ok &= check(guest_misses("hard", 4000, "none") > 0);
	ok &= check(!guest_misses("extra", 4000, "fair"));
	return ok & check(!guest_misses("enough", 9350, "none"));
}

/* Passes a byte on, from one descriptor to the other. */
static void fn_pass(struct worker *w, void *arg)
{
	int *fd = arg;
	char byte;

	while (read(fd[0], &byte, 1) == 1 && write(fd[1], &byte, 1) == 1)
		w->page->count++;
}

static uint64_t all_switches(void)
{
	uint64_t nr = 0;
	char line[64];
	FILE *f = fopen("/proc/stat", "r");

	while (f && !nr && fgets(line, sizeof(line), f))
		if (!strncmp(line, "ctxt ", 5))
			nr = strtoull(line + 5, NULL, 10);
	if (!nr)
		ksft_exit_fail_msg("/proc/stat does not tell context switches\n");
	fclose(f);
	return nr;
}

/*
 * One thread at a time has the extra time. When it sleeps, the next one goes on in its
 * place at once, and not only after the CPU has been idle: one switch each time that two
 * threads pass on a byte.
 */
static bool passes_on(void)
{
	char *cg = capsule_with("pair", 1000, P_US, "fair");
	struct worker_spec spec[2] = {};
	struct worker w[2] = {};
	int to[2], from[2], fd[2][2], i;
	uint64_t passes, nr;

	if (pipe(to) || pipe(from) || write(to[1], "", 1) != 1)
		ksft_exit_fail_perror("pipe");
	for (i = 0; i < 2; i++) {
		fd[i][0] = i ? from[0] : to[0];
		fd[i][1] = i ? to[1] : from[1];
		spec[i] = (struct worker_spec){ .group = cg, .cpu = 0, .fn = fn_pass,
						.arg = fd[i] };
		worker_start(&w[i], &spec[i]);
	}
	sleep_ns(SETTLE_NS);
	passes = worker_count(&w[0]) + worker_count(&w[1]);
	nr = all_switches();
	sleep_ns(TIME_NS);
	nr = all_switches() - nr;
	passes = worker_count(&w[0]) + worker_count(&w[1]) - passes;
	ksft_print_msg("%llu passes, %llu switches\n", (unsigned long long)passes,
		       (unsigned long long)nr);
	result_float("extra.fair.switches", (double)nr / passes);
	kill_all_workers();
	for (i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
	group_remove(cg);
	return within("switches for each pass", (double)nr / passes, 0.95, 1.05);
}

static unsigned int *bell;

/* Some user mode, without a system call that would have the clock looked at. */
static void spin(unsigned long rounds)
{
	while (rounds--)
		asm volatile("");
}

/* Woken up by the bell, it counts to @arg. */
static void fn_rung(struct worker *w, void *arg)
{
	unsigned int rung = 0;

	for (;;) {
		while (load_u(bell) == rung)
			syscall(SYS_futex, bell, FUTEX_WAIT, rung, NULL, NULL, 0);
		rung = load_u(bell);
		spin(*(unsigned long *)arg);
		w->page->count++;
	}
}

static void ring(void)
{
	store_u(bell, load_u(bell) + 1);
	syscall(SYS_futex, bell, FUTEX_WAKE, 2, NULL, NULL, 0);
}

/*
 * Between two ticks, one goes outside and sleeps, so that another one does, and sleeps, too:
 * the time of each is his own, not of whoever comes next.
 */
static bool sleepers_are_charged(void)
{
	unsigned long *rounds = shared_alloc(2 * sizeof(*rounds));
	char *cg = capsule_with("pair", 1000, P_US, "fair");
	struct worker_spec spec[2] = {};
	struct worker w[2] = {};
	uint64_t each, got, next;
	int i;

	bell = shared_alloc(sizeof(*bell));
	rounds[0] = 1000;
	rounds[1] = 1000000;
	each = own_cpu_ns();
	spin(rounds[1]);
	each = own_cpu_ns() - each;
	rounds[1] = rounds[1] * 3 * NS_PER_MS / each;
	for (i = 0; i < 2; i++) {
		spec[i] = (struct worker_spec){ .group = cg, .cpu = 0, .fn = fn_rung,
						.arg = &rounds[i] };
		worker_start(&w[i], &spec[i]);
		/* Who waits first is woken first. */
		sleep_ns(10 * NS_PER_MS);
	}
	next = (now_ns() / PHASE_NS + 1) * PHASE_NS + 200 * NS_PER_US;
	got = worker_cpu_ns(&w[1]);
	for (i = 0; i < 100; i++, next += 8 * NS_PER_MS) {
		sleep_until(next);
		ring();
	}
	sleep_ns(20 * NS_PER_MS);
	got = worker_cpu_ns(&w[1]) - got;
	i = worker_count(&w[1]);
	kill_all_workers();
	group_remove(cg);
	ksft_print_msg("%d times 3 ms are %.3f ms each\n", i, (double)got / i / NS_PER_MS);
	return check(i > 90) & within("of each", (double)got / i / NS_PER_MS, 2.95, 3.10);
}

/* When asked to, it is in the kernel for some 65 ms at a time: far more than a budget. */
static void fn_owes(struct worker *w, void *arg)
{
	static char buf[4 << 20];
	struct iovec v[64];
	int i, fd = open("/dev/zero", O_RDONLY);

	for (i = 0; i < 64; i++)
		v[i] = (struct iovec){ .iov_base = buf, .iov_len = sizeof(buf) };
	while (!load_u(&w->page->stop)) {
		if (load_u(&w->page->word) && readv(fd, v, 64) < 0)
			_exit(EXIT_FAILURE);
		w->page->count++;
	}
}

/* A capsule whose thread owes some 50 ms, and then has a normal share: what it owes, in us. */
static long long make_debt(const char *cg, struct worker *w)
{
	sleep_ns(SETTLE_NS);
	store_u(&w->page->word, 1);
	wait_for(group_value(cg, RT_STAT, "spilled_usec") > 20000, 10 * NS_PER_S);
	store_u(&w->page->word, 0);
	if (group_write(cg, EXTRA, "fair"))
		ksft_exit_fail_msg("%s: fair is refused\n", EXTRA);
	return group_value(cg, RT_STAT, "spilled_usec");
}

/*
 * A FIFO thread pays, while another thread of its capsule is outside, and waits there behind
 * a FIFO thread of no capsule: it stays there, and is not called back in vain.
 */
static bool pays_beside(void)
{
	char *cg = capsule_with("vm", 10000, P_US, "none"), *other = group_make(sv_top, "other");
	struct worker_spec spec[] = {
		{ .group = cg, .cpu = 0, .fn = fn_sleep },
		busy_in(other, SCHED_FIFO, 1),
		{ .group = cg, .policy = SCHED_FIFO, .prio = 10, .cpu = 0, .fn = fn_owes },
	};
	struct worker w[3] = {};
	bool ok = true;
	int i;

	for (i = 0; i < 2; i++)
		worker_spawn(&w[i], &spec[i]);
	worker_start(&w[2], &spec[2]);
	make_debt(cg, &w[2]);
	for (i = 0; i < 2; i++)
		worker_go(&w[i]);
	sleep_ns(NS_PER_S);
	for (i = 1; i < 3; i++)
		ok &= check(worker_progress(&w[i], 2 * NS_PER_S));
	kill_all_workers();
	group_remove(other);
	group_remove(cg);
	return ok;
}

/*
 * A debt that was made without extra time is paid out of the budget: alone on its CPU, its
 * thread does not run for so long.
 */
static bool pays_first(void)
{
	char *cg = capsule_with("vm", 10000, P_US, "none");
	struct worker_spec spec = { .group = cg, .cpu = 0, .fn = fn_owes };
	long long spilled, lacks;
	struct worker w = {};
	uint64_t got;

	worker_start(&w, &spec);
	spilled = make_debt(cg, &w);
	got = worker_cpu_ns(&w);
	sleep_ns(NS_PER_S);
	got = worker_cpu_ns(&w) - got;
	lacks = (NS_PER_S - got) / 1000;
	kill_all_workers();
	group_remove(cg);
	ksft_print_msg("%lld us spilled, %lld us of the next second not had\n", spilled, lacks);
	return check(spilled > 20000) & is_near("paid", lacks, spilled, 1500);
}

static void test(bool ok, const char *what)
{
	ksft_test_result(ok, "%s\n", what);
}

/*
 * On two CPUs: a normal thread has one of them, or moves; so do those of the capsule, and
 * balancing takes them back and forth while they have extra time, which is no debt for that.
 */
static bool is_balanced(unsigned int nr, int cpu)
{
	char *cg = group_make_on("moves", "0-1"), *other = group_make(sv_top, "other");
	struct worker_spec spec[] = {
		{ .group = cg, .cpu = -1, .fn = fn_busy },
		{ .group = cg, .cpu = -1, .fn = fn_busy },
		{ .group = other, .cpu = cpu, .fn = fn_busy },
	};
	struct worker w[3] = {};
	long long extra, spilled, used;
	unsigned int i;

	group_reserve(cg, Q_US, P_US);
	if (group_write(cg, EXTRA, "fair"))
		ksft_exit_fail_perror(EXTRA);
	for (i = nr == 1; i < 3; i++)
		worker_start(&w[i], &spec[i]);
	sleep_ns(SETTLE_NS);
	spilled = group_value(cg, RT_STAT, "spilled_usec");
	extra = group_value(cg, RT_STAT, "extra_usec");
	used = group_value(cg, RT_STAT, "usage_usec");
	sleep_ns(TIME_NS);
	spilled = group_value(cg, RT_STAT, "spilled_usec") - spilled;
	extra = group_value(cg, RT_STAT, "extra_usec") - extra;
	used = group_value(cg, RT_STAT, "usage_usec") - used;
	kill_all_workers();
	group_remove(cg);
	group_remove(other);
	ksft_print_msg("%u threads, %lld us of budget, %lld extra, %lld spilled\n", nr, used, extra,
		       spilled);
	return check(spilled <= extra / 1000) & check(extra > 0.1 * TIME_NS / NS_PER_US);
}

static void moved(void)
{
	ksft_set_plan(4);
	test(is_balanced(1, 0), "one thread, of two CPUs one is free");
	test(is_balanced(2, 0), "two threads");
	test(is_balanced(2, -1), "and so is the normal one");
	test(can_reserve_all(), "nothing stays reserved");
}

int main(int argc, char **argv)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (argc > 1 && !strcmp(argv[1], "moved")) {
		moved();
		ksft_finished();
	}
	ksft_set_plan(26);
	test(files(), "a file that reads what was written");
	test(share("idle.alone", "idle", NULL, NULL, false, 99.5, 0.5), "idle, alone");
	test(share("idle.beside", "idle", NULL, NULL, true, 40, 1), "idle, beside one");
	test(share("fair.alone", "fair", NULL, NULL, false, 99.5, 0.5), "fair, alone");
	test(share("fair.beside", "fair", NULL, NULL, true, 70, 2), "fair, beside one");
	test(share("fair.300", "fair", "cpu.weight", "300", true, 85, 2),
	     "fair, of three times the weight");
	test(share("fair.max", "fair", "cpu.max", "20000 100000", true, 60, 2),
	     "fair, within cpu.max");
	test(is_counted("idle"), "idle time is counted, and no debt");
	test(is_counted("fair"), "a fair share is counted, and no debt");
	test(comes_first("idle"), "budget again comes before idle time");
	test(comes_first("fair"), "budget again comes before a fair share");
	test(spills("idle", true), "spill beside a normal thread is a debt");
	test(spills("fair", false), "spill is part of a fair share");
	test(keeps_order("idle", SCHED_FIFO, 10, 99.5), "FIFO has idle time first");
	test(keeps_order("fair", SCHED_FIFO, 10, 99.5), "FIFO has the fair share first");
	test(keeps_order("idle", SCHED_OTHER, 0, 50), "equals share idle time");
	test(keeps_order("fair", SCHED_OTHER, 0, 50), "equals share the fair share");
	test(is_inherited(), "no more than those above have");
	test(harms_nobody("idle", SCHED_IDLE), "idle: a reservation beside it is as without");
	test(harms_nobody("fair", SCHED_OTHER), "fair: a reservation beside it is as without");
	test(passes_on(), "who sleeps makes way at once");
	test(sleepers_are_charged(), "who sleeps at once has his time counted");
	test(pays_first(), "a debt is paid out of the budget");
	test(pays_beside(), "also with others outside");
	test(one_host(), "guests with and without a reservation, table 4.2");
	test(guest_in_need(), "a guest that needs more than it has reserved, RESCH");
	ksft_finished();
}
