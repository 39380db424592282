// SPDX-License-Identifier: GPL-2.0
/*
 * Reservations and limits that change: what fails has no effect, on anybody; what
 * is given back is free at its zero-lag time, and nobody gets more, or later, than
 * was reserved over the time, whatever is written. Two CPUs, virtual time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
#define RT_PERIOD	"/proc/sys/kernel/sched_rt_period_us"
#define PERIOD_MIN	"/proc/sys/kernel/sched_deadline_period_min_us"
#define PERIOD_MAX	"/proc/sys/kernel/sched_deadline_period_max_us"
#define PARTITION	"cpuset.cpus.partition"
#define EXCLUSIVE	"cpuset.cpus.exclusive"

/* From a timer to the other thread that reads the clock. */
#define SWITCH_NS	(60 * (long long)NS_PER_US)

static long read_knob(const char *file)
{
	char buf[32];

	return read_text(file, buf, sizeof(buf)) > 0 ? atol(buf) : -1;
}

static int write_knob(const char *file, long value)
{
	char buf[32];
	int len = snprintf(buf, sizeof(buf), "%ld", value);

	return write_text(file, buf, len) == len ? 0 : -errno;
}

static void spec_init(struct worker_spec *spec, const char *cg, int cpu,
		      void (*fn)(struct worker *w, void *arg))
{
	*spec = (struct worker_spec){
		.group = cg, .policy = SCHED_FIFO, .prio = 1, .cpu = cpu, .fn = fn,
	};
}

/* Spin from the start on; value[0]: when it first ran. */
static void fn_from_start(struct worker *w, void *arg)
{
	worker_sleep_until_start(w);
	store_64(&w->page->value[0], now_ns());
	fn_busy(w, arg);
}

/* What must be refused on CPU 1, over and over, does nothing on CPU 0. */
static bool failed_write(void)
{
	char *a = group_make_on("a", "0-1"), *b = group_make_on("b", "1");
	struct worker_spec spec;
	struct worker w = {};
	uint64_t start, cpu;
	bool ok = true;

	group_reserve(a, 50000, 100000);
	group_reserve(b, 39000, 100000);
	pin_to(0, 1);
	spec_init(&spec, a, 0, fn_busy);
	worker_spawn(&w, &spec);
	start = now_ns() + 100 * NS_PER_MS;
	store_64(&w.page->start_ns, start);
	worker_go(&w);
	/* Between two budgets: then it does not run while its time is read. */
	start += 380 * NS_PER_MS;
	sleep_until(start);
	cpu = worker_cpu_ns(&w);
	for (; now_ns() < start + 960 * NS_PER_MS; sleep_ns(20 * NS_PER_MS)) {
		ok &= group_write(a, CPU_BUDGET, "0 100\n1 90000") == -EBUSY;
		ok &= group_write(a, CPU_BUDGET, "0 80000\n1 90000") == -EBUSY;
	}
	sleep_until(start + NS_PER_S);
	cpu = worker_cpu_ns(&w) - cpu;
	ok = check(ok);
	ok &= check(is_near("CPU time in 1 s", cpu, 500 * NS_PER_MS, 100 * NS_PER_US));
	worker_kill(&w);
	unpin(0);
	group_remove(a);
	group_remove(b);
	return ok;
}

/* The limit cannot be lowered below what one CPU has given, and returns no sooner. */
static bool limit(void)
{
	long old = read_knob(RT_RUNTIME), period = read_knob(RT_PERIOD);
	char *a = group_make_on("a", "1"), *b = group_make_on("b", "1");
	bool ok;

	group_reserve(a, 80000, 100000);
	ok = check(write_knob(RT_RUNTIME, period * 60 / 100) == -EBUSY);
	ok &= check(read_knob(RT_RUNTIME) == old);
	ok &= check(group_try_reserve(a, 80000, 100000) == 0);
	ok &= check(!write_knob(RT_RUNTIME, period * 86 / 100));
	ok &= check(!write_knob(RT_RUNTIME, -1));
	ok &= check(!group_try_reserve(b, 90000, 100000));
	ok &= check(write_knob(RT_RUNTIME, period) == -EBUSY);
	ok &= check(read_knob(RT_RUNTIME) == -1);
	group_remove(b);
	ok &= check(!write_knob(RT_RUNTIME, old));
	group_remove(a);
	return ok;
}

/* Limits of periods are for new ones; what ends, ends. */
static bool periods(void)
{
	long min = read_knob(PERIOD_MIN), max = read_knob(PERIOD_MAX);
	char *a = capsule_make("a", 100000, 2000000), *b = capsule_make("b", 1000, 10000);
	char *c = group_make(sv_top, "c");
	bool ok;

	ok = check(!write_knob(PERIOD_MAX, 1000000));
	ok &= check(!group_write(a, BUDGET, "90000"));
	ok &= check(!group_write(a, RT_MAX, "max"));
	ok &= check(group_reads(a, RT_MAX, "max 2000000"));
	ok &= check(group_write(a, BUDGET, "90000") == -EINVAL);
	ok &= check(!write_knob(PERIOD_MIN, 200000));
	ok &= check(!group_write(b, BUDGET, "max"));
	ok &= check(!group_write(c, BUDGET, "0"));
	ok &= check(!group_write(c, BUDGET, "max"));
	ok &= check(group_write(c, BUDGET, "20000") == -EINVAL);
	ok &= check(group_write(c, PERIOD, "199999") == -EINVAL);
	ok &= check(!group_write(c, RT_MAX, "20000 200000"));
	ok &= check(!write_knob(PERIOD_MIN, min) && !write_knob(PERIOD_MAX, max));
	group_remove(a);
	group_remove(b);
	group_remove(c);
	return ok;
}

/* A partition does not end if its CPUs are too full for those outside. */
static bool partition(void)
{
	char *wide = group_make_on("wide", "0-1"), *alone = group_make_on("alone", "1");
	bool ok;

	ok = check(!group_write(sv_top, EXCLUSIVE, "1"));
	ok &= check(!group_write(alone, EXCLUSIVE, "1"));
	ok &= check(!group_write(alone, PARTITION, "root"));
	ok &= check(group_reads(alone, PARTITION, "root"));
	group_reserve(wide, 60000, 100000);
	group_reserve(alone, 60000, 100000);
	ok &= check(group_write(alone, PARTITION, "member") == -EBUSY);
	ok &= check(group_reads(alone, PARTITION, "root"));
	ok &= check(!group_value(wide, RT_EVENTS, "refused"));
	group_reserve(alone, 30000, 100000);
	ok &= check(!group_write(alone, PARTITION, "member"));
	ok &= check(!group_value(wide, RT_EVENTS, "refused"));
	group_remove(wide);
	group_remove(alone);
	return ok & check(!group_write(sv_top, EXCLUSIVE, "\n"));
}

#define FLAG_RECLAIM	2

struct reclaimer {
	const char *cg;
	uint64_t runtime;
};

/* Admitted on all CPUs, and then on one of them. */
static void fn_reclaims(struct worker *w, void *arg)
{
	const struct reclaimer *r = arg;
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = {
		.size = sizeof(attr), .policy = SCHED_DEADLINE, .flags = FLAG_RECLAIM,
		.runtime = r->runtime, .deadline = 10 * NS_PER_MS, .period = 10 * NS_PER_MS,
	};

	unpin(0);
	w->page->value[0] = syscall(SYS_sched_setattr, 0, &attr, 0) || group_enter(r->cg);
	fn_busy(w, NULL);
}

/* Whoever may have what others leave has nothing of a capsule. */
static bool reclaim(long q_us, uint64_t runtime)
{
	char *a = group_make_on("a", "1"), *d = group_make_on("d", "1");
	struct reclaimer r = { .cg = d, .runtime = runtime };
	struct worker_spec spec[2];
	struct worker w[2] = {};
	uint64_t cpu;
	bool ok;

	pin_to(0, 0);
	group_reserve(a, q_us, 100000);
	spec_init(&spec[0], a, -1, fn_busy);
	worker_start(&w[0], &spec[0]);
	spec[1] = (struct worker_spec){ .cpu = -1, .fn = fn_reclaims, .arg = &r };
	worker_start(&w[1], &spec[1]);
	sleep_ns(NS_PER_S);
	cpu = worker_cpu_ns(&w[0]);
	sleep_ns(2 * NS_PER_S);
	cpu = worker_cpu_ns(&w[0]) - cpu;
	ok = check(!w[1].page->value[0]);
	ok &= check(is_near("capsule's CPU time in 2 s", cpu, 20 * q_us * NS_PER_US,
			    5 * NS_PER_MS));
	ok &= check(!group_value(a, RT_STAT, "nr_deadline_misses"));
	worker_kill(&w[0]);
	worker_kill(&w[1]);
	unpin(0);
	group_remove(a);
	group_remove(d);
	return ok;
}

/* Spins while it has its turn, and sleeps otherwise. */
static void fn_in_turn(struct worker *w, void *arg)
{
	for (;;) {
		if (!load_u(&w->page->word))
			syscall(SYS_futex, &w->page->word, FUTEX_WAIT, 0, NULL, NULL, 0);
	}
}

static void set_turn(struct worker *w, bool on)
{
	store_u(&w->page->word, on);
	syscall(SYS_futex, &w->page->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

#define KIDS	8

static struct worker_spec kid_spec[KIDS];
static struct worker kid_worker[KIDS];

static uint64_t kids_cpu_ns(void)
{
	uint64_t cpu = 0;
	int i;

	for (i = 0; i < KIDS; i++)
		cpu += worker_cpu_ns(&kid_worker[i]);
	return cpu;
}

/*
 * A short period to earn, a long one to spend, of one child after the other, and
 * back to nearly nothing: all of them have no more than what they are carved out of.
 */
static bool short_and_long(void)
{
	char *own = group_make_on("own", "0"), *kid[KIDS], name[8];
	uint64_t start, cpu, past;
	bool ok = true;
	int i;

	group_reserve(own, 30000, 100000);
	pin_to(0, 1);
	for (i = 0; i < KIDS; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		kid[i] = group_make_threaded(own, name);
		ok &= check(!group_write(kid[i], RT_MAX, "200 1000000"));
		spec_init(&kid_spec[i], kid[i], 0, fn_in_turn);
		worker_start(&kid_worker[i], &kid_spec[i]);
	}
	sleep_ns(2200 * NS_PER_MS);
	start = now_ns();
	cpu = kids_cpu_ns();
	for (i = 0; now_ns() - start < 5 * NS_PER_S; i = (i + 1) % KIDS) {
		ok &= !group_write(kid[i], RT_MAX, "200 1000");
		sleep_ns(1100 * NS_PER_US);
		ok &= !group_write(kid[i], RT_MAX, "200000 1000000");
		set_turn(&kid_worker[i], true);
		sleep_ns(201 * NS_PER_MS);
		set_turn(&kid_worker[i], false);
		ok &= !group_write(kid[i], RT_MAX, "200 1000000");
	}
	cpu = kids_cpu_ns() - cpu;
	past = now_ns() - start;
	ksft_print_msg("%.2f %% of 30\n", 100.0 * cpu / past);
	ok = check(ok);
	/* One budget may be for the time to come. */
	ok &= check(cpu <= past * 3 / 10 + 200 * NS_PER_MS);
	/* Who leaves it at that has it, when all that was had is paid. */
	ok &= check(!group_write(kid[0], RT_MAX, "20000 100000"));
	set_turn(&kid_worker[0], true);
	sleep_ns(2500 * NS_PER_MS);
	cpu = worker_cpu_ns(&kid_worker[0]);
	sleep_ns(2 * NS_PER_S);
	cpu = worker_cpu_ns(&kid_worker[0]) - cpu;
	ok &= check(is_near("at last, in 2 s", cpu, 400 * NS_PER_MS, 20 * NS_PER_MS));
	for (i = 0; i < KIDS; i++) {
		worker_kill(&kid_worker[i]);
		group_remove(kid[i]);
	}
	unpin(0);
	group_remove(own);
	return ok;
}

/* A budget that was had early is paid by whoever had it: the child waits. */
static bool child_begins(void)
{
	char *own = group_make_on("own", "0"), *kid;
	struct worker_spec spec[2];
	struct worker w[2] = {};
	uint64_t start;
	bool ok;

	group_reserve(own, 50000, 100000);
	kid = group_make_threaded(own, "kid");
	pin_to(0, 1);
	spec_init(&spec[0], own, 0, fn_from_start);
	spec_init(&spec[1], kid, 0, fn_from_start);
	worker_spawn(&w[0], &spec[0]);
	worker_spawn(&w[1], &spec[1]);
	start = now_ns() + 300 * NS_PER_MS;
	store_64(&w[0].page->start_ns, start);
	store_64(&w[1].page->start_ns, start + 62 * NS_PER_MS);
	worker_go(&w[0]);
	worker_go(&w[1]);
	sleep_until(start + 60 * NS_PER_MS);
	ok = check(!group_try_reserve(kid, 19000, 40000));
	sleep_until(start + 300 * NS_PER_MS);
	ok &= check(is_near("the child begins after", w[1].page->value[0] - start,
			    100 * NS_PER_MS, SWITCH_NS));
	/* From then on: 19 of each 40 ms. */
	ok &= check(is_near("and has", worker_cpu_ns(&w[1]), 95 * NS_PER_MS, NS_PER_MS));
	worker_kill(&w[0]);
	worker_kill(&w[1]);
	unpin(0);
	group_remove(kid);
	group_remove(own);
	return ok;
}

/*
 * At the top: 80 of 100 ms, had at once, are given back after 81. Who asks for
 * them has them at the end of those 100 ms. And a SCHED_DEADLINE thread, which
 * cannot wait, is refused until then. @remove: by rmdir.
 */
static bool top_begins(bool remove)
{
	char *a = group_make_on("a", "0"), *b = group_make_on("b", "0");
	char *none = group_make_on("none", "0");
	struct worker_spec spec[3] = { [2] = { .cpu = -1, .fn = fn_pause } };
	struct worker w[3] = {};
	uint64_t start, owed;
	bool ok;

	group_reserve(a, 80000, 100000);
	spec_init(&spec[0], a, 0, fn_from_start);
	spec_init(&spec[1], b, 0, fn_from_start);
	worker_spawn(&w[0], &spec[0]);
	worker_spawn(&w[1], &spec[1]);
	worker_start(&w[2], &spec[2]);
	pin_to(0, 1);
	start = now_ns() + 300 * NS_PER_MS;
	store_64(&w[0].page->start_ns, start);
	store_64(&w[1].page->start_ns, start + 98 * NS_PER_MS);
	worker_go(&w[0]);
	worker_go(&w[1]);
	sleep_until(start + 81 * NS_PER_MS);
	/* Paid at 80 %. */
	owed = group_value(a, RT_STAT, "max_overrun_nsec") * 10 / 8;
	if (remove) {
		ok = check(!group_attach(none, w[0].pid));
		ok &= check(group_try_remove(a));
		free(a);
		a = NULL;
	} else {
		ok = check(!group_write(a, RT_MAX, "10 100000"));
	}
	ok &= check(set_deadline(w[2].pid, 80 * NS_PER_MS, 200 * NS_PER_MS) == -EBUSY);
	ok &= check(!group_try_reserve(b, 80000, 100000));
	ok &= check(set_deadline(w[2].pid, 20 * NS_PER_MS, 100 * NS_PER_MS) == -EBUSY);
	sleep_until(start + 300 * NS_PER_MS);
	ok &= check(is_near("begins after", w[1].page->value[0] - start,
			    100 * NS_PER_MS + owed, SWITCH_NS));
	kill_all_workers();
	unpin(0);
	if (a)
		group_remove(a);
	group_remove(none);
	group_remove(b);
	return ok;
}

/*
 * Of 90 %, 50 and 30 are given back, had at once, and are free after 1000 and 1020 ms.
 * In between somebody has claimed 59, and has them after the first of these. So there
 * are not 9 more for the last one before the second.
 */
static bool claimed_is_in_use(void)
{
	static const long q_us[] = { 500000, 300000, 590000, 90000 };
	static const long start_ms[] = { 0, 20, 860, 860 };
	static const char * const name[] = { "a", "b", "c", "d" };
	struct worker_spec spec[ARRAY_SIZE(q_us)];
	struct worker w[ARRAY_SIZE(q_us)] = {};
	char *cg[ARRAY_SIZE(q_us)];
	uint64_t start;
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(q_us); i++) {
		cg[i] = group_make_on(name[i], "0");
		if (i < 2)
			group_reserve(cg[i], q_us[i], 1000000);
		spec_init(&spec[i], cg[i], 0, fn_from_start);
		worker_spawn(&w[i], &spec[i]);
	}
	pin_to(0, 1);
	start = now_ns() + 3 * NS_PER_S;
	for (i = 0; i < ARRAY_SIZE(q_us); i++) {
		store_64(&w[i].page->start_ns, start + start_ms[i] * NS_PER_MS);
		worker_go(&w[i]);
	}
	sleep_until(start + 850 * NS_PER_MS);
	for (i = 0; i < 2; i++) {
		ok &= check(!group_write(cg[i], RT_MAX, "100 1000000"));
		ok &= check(!group_try_reserve(cg[i + 2], q_us[i + 2], 1000000));
	}
	sleep_until(start + 3 * NS_PER_S);
	for (i = 2; i < ARRAY_SIZE(q_us); i++)
		ksft_print_msg("%s begins after %.3f ms\n", name[i],
			       (w[i].page->value[0] - start) / 1e6);
	ok &= check(w[2].page->value[0] >= start + 1000 * NS_PER_MS);
	ok &= check(w[3].page->value[0] >= start + 1020 * NS_PER_MS);
	kill_all_workers();
	unpin(0);
	for (i = 0; i < ARRAY_SIZE(q_us); i++)
		group_remove(cg[i]);
	return ok;
}

/* What is free at once begins at once. */
static bool begins_at_once(void)
{
	char *a = group_make_on("a", "0"), *b = group_make_on("b", "0");
	struct worker_spec spec[2];
	struct worker w[2] = {};
	bool ok;

	group_reserve(a, 40000, 100000);
	pin_to(0, 1);
	spec_init(&spec[0], a, 0, fn_busy);
	spec_init(&spec[1], b, 0, fn_from_start);
	worker_start(&w[0], &spec[0]);
	worker_spawn(&w[1], &spec[1]);
	sleep_ns(45 * NS_PER_MS);
	ok = check(!group_write(a, RT_MAX, "100 100000"));
	ok &= check(!group_try_reserve(b, 45000, 100000));
	w[1].page->start_ns = now_ns() + NS_PER_MS;
	worker_go(&w[1]);
	sleep_ns(100 * NS_PER_MS);
	ok &= check(is_near("begins after", w[1].page->value[0] - w[1].page->start_ns, 0,
			    SWITCH_NS));
	worker_kill(&w[0]);
	worker_kill(&w[1]);
	unpin(0);
	group_remove(a);
	group_remove(b);
	return ok;
}

/* What the lines of the CPUs have of @key, added up. */
static long long sum_of_rows(const char *text, const char *key)
{
	char pattern[64];
	long long sum = 0;

	snprintf(pattern, sizeof(pattern), " %s=", key);
	while ((text = strstr(text, pattern))) {
		text += strlen(pattern);
		sum += atoll(text);
	}
	return sum;
}

/* Totals and lines are of the same moment, to the last digit, busy as the CPUs are. */
static bool adds_up(void)
{
	static const char * const keys[] = {
		"nr_periods", "nr_throttled", "throttled_usec", "usage_usec", "spilled_usec",
	};
	char *a = capsule_make("a", 700, 1700), text[4096], line[64], *at;
	struct worker_spec spec[2];
	struct worker w[2] = {};
	bool ok = true;
	size_t i, k;

	for (i = 0; i < 2; i++) {
		spec_init(&spec[i], a, i, fn_busy);
		worker_start(&w[i], &spec[i]);
	}
	for (i = 0; i < 200; i++) {
		sleep_ns(1234567);
		ok &= check(!group_read_all(a, RT_STAT, text, sizeof(text)));
		for (k = 0; k < ARRAY_SIZE(keys); k++) {
			snprintf(line, sizeof(line), "%s ", keys[k]);
			at = strstr(text, line);
			if (at && atoll(at + strlen(line)) == sum_of_rows(text, keys[k]))
				continue;
			ksft_print_msg("%s does not add up\n", keys[k]);
			ok = false;
		}
	}
	worker_kill(&w[0]);
	worker_kill(&w[1]);
	group_remove(a);
	return ok;
}

#define VICTIM_MS	688

static void fn_victim(struct worker *w, void *arg)
{
	uint64_t release;

	worker_sleep_until_start(w);
	release = load_64(&w->page->start_ns);
	burn_ns((VICTIM_MS - 2) * NS_PER_MS);
	store_64(&w->page->value[0], now_ns() - release);
	fn_pause(w, NULL);
}

/* The child's 240 ms, had at once, and then the same bandwidth for the parent. */
static bool victim_in_time(void)
{
	long old = read_knob(RT_RUNTIME);
	char *own, *kid, *x = group_make_on("x", "0");
	struct worker_spec spec[3];
	struct worker w[3] = {};
	uint64_t start;
	bool ok;
	int i;

	ok = check(!write_knob(RT_RUNTIME, read_knob(RT_PERIOD)));
	own = group_make_on("own", "0");
	group_reserve(x, VICTIM_MS * 1000, 1000000);
	group_reserve(own, 26000, 100000);
	kid = group_make_threaded(own, "kid");
	group_reserve(kid, 240000, 1000000);
	pin_to(0, 1);
	spec_init(&spec[0], kid, 0, fn_from_start);
	spec_init(&spec[1], x, 0, fn_victim);
	spec_init(&spec[2], own, 0, fn_from_start);
	for (i = 0; i < 3; i++)
		worker_spawn(&w[i], &spec[i]);
	sleep_ns(NS_PER_S);
	start = now_ns() + 20 * NS_PER_MS;
	for (i = 0; i < 3; i++) {
		store_64(&w[i].page->start_ns, start + i * NS_PER_MS);
		worker_go(&w[i]);
	}
	sleep_until(start + 251 * NS_PER_MS);
	ok &= check(!group_write(kid, RT_MAX, "200 1000000"));
	sleep_until(start + 2 * NS_PER_S);
	ksft_print_msg("%d ms after %.3f of 1000\n", VICTIM_MS - 2, w[1].page->value[0] / 1e6);
	ok &= check(w[1].page->value[0] && w[1].page->value[0] <= NS_PER_S);
	for (i = 0; i < 3; i++)
		worker_kill(&w[i]);
	unpin(0);
	group_remove(kid);
	group_remove(own);
	group_remove(x);
	/* Not before that is free: to die is a debt, and the child pays it by 200 us a second. */
	return ok & check(wait_for(!write_knob(RT_RUNTIME, old), 20 * NS_PER_S));
}

/*
 * A sooner deadline at the same density is no way to have what remains of a budget
 * before others, at whatever moment of a period it is asked for.
 */
static bool sooner_deadline(void)
{
	char *own = group_make_on("own", "0"), *x = group_make_on("x", "0"), *kid;
	struct worker_spec spec[2];
	struct worker w[2] = {};
	bool ok = true;
	int i;

	group_reserve(x, 4000, 20000);
	group_reserve(own, 60000, 100000);
	kid = group_make_threaded(own, "kid");
	group_reserve(kid, 50000, 100000);
	pin_to(0, 1);
	spec_init(&spec[0], kid, 0, fn_busy);
	spec_init(&spec[1], x, 0, fn_busy);
	for (i = 0; i < 2; i++)
		worker_start(&w[i], &spec[i]);
	for (i = 0; i < 30; i++) {
		ok &= check(!group_write(kid, RT_MAX, "5000 100000 10000"));
		sleep_ns(60 * NS_PER_MS);
		ok &= check(!group_write(kid, RT_MAX, "50000 100000 100000"));
		sleep_ns(147 * NS_PER_MS);
	}
	ok &= check(!group_value(x, RT_STAT, "nr_deadline_misses"));
	for (i = 0; i < 2; i++)
		worker_kill(&w[i]);
	unpin(0);
	group_remove(kid);
	group_remove(own);
	group_remove(x);
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(17);
	lift_kthreads();
	log_mark();
	ksft_test_result(failed_write(), "a write that fails does nothing\n");
	ksft_test_result(limit(), "the limit is not less than what a CPU has given\n");
	ksft_test_result(periods(), "limits of periods are for new ones\n");
	ksft_test_result(partition(), "a partition ends when there is room\n");
	ksft_test_result(reclaim(80000, 1000 * NS_PER_US), "nothing to reclaim of 80 %%\n");
	ksft_test_result(reclaim(60000, 3000 * NS_PER_US), "nothing to reclaim of 60 %%\n");
	ksft_test_result(short_and_long(), "short periods and long ones\n");
	ksft_test_result(child_begins(), "a child begins when its parent has paid\n");
	ksft_test_result(top_begins(false), "what is given back is free at its zero-lag time\n");
	ksft_test_result(top_begins(true), "what is removed is free at its zero-lag time\n");
	ksft_test_result(claimed_is_in_use(), "what is claimed is not free for others\n");
	ksft_test_result(begins_at_once(), "what is free begins at once\n");
	ksft_test_result(victim_in_time(), "another capsule is in time\n");
	ksft_test_result(sooner_deadline(), "a sooner deadline is no way to the head\n");
	ksft_test_result(adds_up(), "totals are what the lines add up to\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
