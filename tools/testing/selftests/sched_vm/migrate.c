// SPDX-License-Identifier: GPL-2.0
/*
 * Capsules on several CPUs: the m highest-priority ready threads run on the m
 * CPUs where there is budget. Figures are exact in virtual time, except that the
 * CPUs of one emulated machine take turns.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define CPUS_USED		4
#define WARM_UP_NS	(300 * NS_PER_MS)
#define DURATION_NS	(5 * NS_PER_S)
#define P_NS		(100 * NS_PER_MS)

/* A step of the clock that is more than this is time off the CPU. */
#define GAP_NS		(5 * NS_PER_US)
#define MAX_BURSTS	(64 * 1024)
#define MAX_BUSY	5

/* When a thread ran, and where. */
struct run {
	uint64_t start;
	uint64_t end;
	int cpu;
};

struct run_log {
	uint64_t end_ns;
	uint64_t rest_ns;
	unsigned int nr;
	int cpu_now;
	struct run run[MAX_BURSTS];
};

static void run_begin(struct run *run)
{
	*run = (struct run){ .start = now_ns(), .end = now_ns(), .cpu = sched_getcpu() };
}

/*
 * Until the end; with rest_ns, with a rest of so long whenever it had to wait for
 * more than a millisecond, as it must when the budgets of all CPUs are used up.
 */
static void fn_run(struct worker *w, void *arg)
{
	struct run_log *log = arg;
	struct run *run = log->run;
	uint64_t t, gap;
	int cpu;

	worker_sleep_until_start(w);
	run_begin(run);
	while (!load_u(&w->page->stop)) {
		cpu = sched_getcpu();
		__atomic_store_n(&log->cpu_now, cpu, __ATOMIC_RELAXED);
		t = now_ns();
		/* Did it move in between? Then both must be read again. */
		if (sched_getcpu() != cpu)
			continue;
		gap = t - run->end;
		if ((gap > GAP_NS || cpu != run->cpu) && run < &log->run[MAX_BURSTS - 1])
			*++run = (struct run){ .start = t, .cpu = cpu };
		run->end = t;
		if (log->rest_ns && gap > NS_PER_MS) {
			sleep_ns(log->rest_ns);
			run_begin(run);
		}
		if (t >= log->end_ns)
			break;
	}
	log->nr = run - log->run + 1;
}

struct busy {
	struct worker *worker;	/* of an array, as the busy ones are */
	struct worker_spec spec;
	struct run_log *log;
};

static void busy_spawn(struct busy *b, const char *cg, int policy, int prio)
{
	if (!b->log)
		b->log = shared_alloc(sizeof(*b->log));
	b->log->nr = 0;
	b->log->rest_ns = 0;
	b->spec = (struct worker_spec){
		.group = cg, .policy = policy, .prio = prio, .cpu = -1,
		.fn = fn_run, .arg = b->log,
	};
	worker_spawn(b->worker, &b->spec);
}

/* Let all run from one moment. Returns from when on to look. */
static uint64_t busy_go(struct busy *b, int nr)
{
	uint64_t start = now_ns() + 20 * NS_PER_MS;
	int i;

	for (i = 0; i < nr; i++) {
		b[i].log->end_ns = start + 2 * WARM_UP_NS + DURATION_NS;
		store_64(&b[i].worker->page->start_ns, start);
		worker_go(b[i].worker);
	}
	return start + WARM_UP_NS;
}

/* What all of @b got, in CPUs, over DURATION_NS from @from on. */
static void shares(struct busy *b, int nr, uint64_t from, double *share)
{
	uint64_t before[MAX_BUSY], cpu[MAX_BUSY], begin, end;
	int i;

	sleep_until(from);
	begin = workers_cpu_ns(b->worker, nr, before);
	sleep_until(begin + DURATION_NS);
	end = workers_cpu_ns(b->worker, nr, cpu);
	for (i = 0; i < nr; i++)
		share[i] = (double)(cpu[i] - before[i]) / (end - begin);
}

/* What the capsule says of its CPU time on @cpu, in us. */
static uint64_t usage_us(const char *cg, int cpu)
{
	char buf[4096], key[32], *at;

	snprintf(key, sizeof(key), "cpu%d ", cpu);
	if (group_read_all(cg, RT_STAT, buf, sizeof(buf)))
		return 0;
	at = strstr(buf, key);
	at = at ? strstr(at, "usage_usec=") : NULL;
	return at ? strtoull(at + strlen("usage_usec="), NULL, 10) : 0;
}

static uint64_t stat_total(const char *cg, const char *key)
{
	char buf[4096], *at;

	if (group_read_all(cg, RT_STAT, buf, sizeof(buf)))
		return UINT64_MAX;
	at = strstr(buf, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : UINT64_MAX;
}

/*
 * From the last clock value on one CPU to the first on the next one, the median
 * in ns. Longer than @most is a wait for something else.
 */
static uint64_t median_move(const struct busy *b, uint64_t from, uint64_t most,
			    unsigned int *moves)
{
	static uint64_t gap[MAX_BURSTS];
	unsigned int i;

	*moves = 0;
	for (i = 1; i < b->log->nr; i++) {
		const struct run *prev = &b->log->run[i - 1], *run = prev + 1;

		if (run->start < from || run->cpu == prev->cpu ||
		    run->start - prev->end > most)
			continue;
		gap[(*moves)++] = run->start - prev->end;
	}
	sort_u64(gap, *moves);
	return percentile(gap, *moves, 50);
}

/* Follows a thread from CPU to CPU, and takes each from it for a moment. */
static void fn_chase(struct worker *w, void *arg)
{
	const struct run_log *prey = arg;

	while (!load_u(&w->page->stop)) {
		sleep_ns(5 * NS_PER_MS);
		pin_to(0, __atomic_load_n(&prey->cpu_now, __ATOMIC_RELAXED));
		burn_ns(NS_PER_MS);
	}
}

/* How long does a plain FIFO thread take when a higher one takes its CPU? */
static uint64_t fifo_push(struct busy *b)
{
	struct worker_spec chase = { .policy = SCHED_FIFO, .prio = 20, .cpu = -1,
				     .fn = fn_chase };
	struct worker chaser = {};
	unsigned int moves;
	uint64_t from, ns;

	busy_spawn(b, NULL, SCHED_FIFO, 10);
	chase.arg = b->log;
	worker_start(&chaser, &chase);
	from = busy_go(b, 1);
	worker_wait(b->worker);
	worker_kill(&chaser);
	ns = median_move(b, from, 500 * NS_PER_US, &moves);
	ksft_print_msg("plain FIFO: pushed in %.1f us (median of %u)\n", ns / 1e3, moves);
	return moves < 100 ? 0 : ns;
}

/* 20 ms on each of four CPUs, one after the other, and 20 ms of nothing. */
static void test_one(struct busy *b)
{
	char *cg = capsule_make("one", 20000, 100000);
	uint64_t from;
	double s;

	busy_spawn(b, cg, SCHED_OTHER, 0);
	from = busy_go(b, 1);
	shares(b, 1, from, &s);
	result_float("migrate.one.share", s);
	ksft_test_result(s >= 0.79 && s <= 0.81,
			 "one thread uses the budgets of all CPUs: %.4f of 0.80\n", s);
	group_remove(cg);
}

/*
 * A thread that never sleeps goes to each CPU just when it has budget again, since
 * that is when it came there before. After a rest there is budget on all of them, and
 * how long it takes from one to the next is due to nothing but the move.
 */
static void test_move(struct busy *b)
{
	char *cg = capsule_make("move", 2000, 10000);
	uint64_t from, move, push = fifo_push(&b[1]);
	unsigned int moves;

	busy_spawn(b, cg, SCHED_OTHER, 0);
	b->log->rest_ns = 20 * NS_PER_MS;
	from = busy_go(b, 1);
	worker_wait(b->worker);
	move = median_move(b, from, NS_PER_MS, &moves);
	result_float("migrate.move_us", move / 1e3);
	result_float("migrate.push_us", push / 1e3);
	ksft_test_result(moves >= 100 && push && move <= 2 * push,
			 "from CPU to CPU in %.1f us (median of %u)\n", move / 1e3, moves);
	group_remove(cg);
}

static void test_five(struct busy *b)
{
	char *cg = group_make_on("five", "0-1");
	double s[MAX_BUSY], sum = 0, most = 0;
	uint64_t from, used[CPUS_USED];
	int i;

	group_reserve(cg, 30000, 100000);
	for (i = 0; i < MAX_BUSY; i++)
		busy_spawn(&b[i], cg, SCHED_OTHER, 0);
	from = busy_go(b, MAX_BUSY);
	sleep_until(from);
	from = now_ns();
	for (i = 0; i < CPUS_USED; i++)
		used[i] = usage_us(cg, i);
	shares(b, MAX_BUSY, from, s);
	for (i = 0; i < MAX_BUSY; i++)
		sum += s[i];
	for (i = 0; i < CPUS_USED; i++) {
		double cpu = 1e3 * (usage_us(cg, i) - used[i]) / DURATION_NS;

		ksft_print_msg("CPU %d: %.4f\n", i, cpu);
		most = cpu > most ? cpu : most;
	}
	result_float("migrate.five.share", sum);
	result_float("migrate.five.cpu", most);
	ksft_test_result(sum >= 0.59 && sum <= 0.61,
			 "five threads on two CPUs: %.4f of 0.60\n", sum);
	/* One period more, and a switch, may fall into the time looked at. */
	ksft_test_result(most <= 0.30 * (1 + 1.0 * P_NS / DURATION_NS) + 0.001,
			 "on each CPU no more than its own budget: %.4f of 0.30\n", most);
	group_remove(cg);
}

/* Of three FIFO threads on two CPUs, the least one gets nothing. */
static void test_priorities(struct busy *b)
{
	char *cg = group_make_on("prios", "0-1");
	uint64_t from;
	double s[3];
	int i;

	group_reserve(cg, 40000, 100000);
	for (i = 0; i < 3; i++)
		busy_spawn(&b[i], cg, SCHED_FIFO, 10 + i);
	from = busy_go(b, 3);
	shares(b, 3, from, s);
	ksft_print_msg("shares: %.4f %.4f %.4f\n", s[0], s[1], s[2]);
	/* The two CPUs need not be dry at the same time: one can have both. */
	ksft_test_result(s[2] >= 0.39 && s[1] + s[2] >= 0.79 && s[0] <= 0.01,
			 "the two highest have all there is\n");
	group_remove(cg);
}

/*
 * CPU 0 has 20 ms, CPU 1 has 80 ms, in 100 ms. Wherever the higher one starts, it
 * has 80 ms: all of CPU 1, or CPU 0 for 20 ms and then what CPU 1 has left.
 */
static void test_high_first(struct busy *b)
{
	char *cg = group_make_on("first", "0-1");
	uint64_t from;
	double s[2];

	if (group_write(cg, CPU_BUDGET, "0 20000"))
		ksft_exit_fail_msg("%s\n", CPU_BUDGET);
	group_reserve(cg, 80000, 100000);
	busy_spawn(&b[0], cg, SCHED_OTHER, 0);
	busy_spawn(&b[1], cg, SCHED_FIFO, 20);
	from = busy_go(b, 2);
	shares(b, 2, from, s);
	ksft_print_msg("high %.4f, low %.4f\n", s[1], s[0]);
	ksft_test_result(s[1] >= 0.79 && s[0] + s[1] >= 0.99 && s[0] + s[1] <= 1.01,
			 "the highest follows the budget, and takes it from others\n");
	group_remove(cg);
}

/* Wakes up while the budget of its CPU is used up, and others run elsewhere. */
static void fn_wakes(struct worker *w, void *arg)
{
	uint64_t due = now_ns(), longest = 0, late;
	int i;

	for (i = 0; i < 1000; i++) {
		due += 1700 * NS_PER_US;
		sleep_until(due);
		late = now_ns() - due;
		if (late > longest)
			longest = late;
	}
	store_64(&w->page->value[0], longest);
}

/*
 * Without moving it would have to wait for up to 80 ms. While it is pinned, and until
 * it is moved, it may have to wait for what the higher one has, which is 20 ms.
 */
static void test_wake(void)
{
	char *cg = group_make_on("wake", "0-3");
	struct worker_spec hog = { .group = cg, .policy = SCHED_FIFO, .prio = 10,
				   .cpu = 0, .fn = fn_busy };
	struct worker_spec wakes = { .group = cg, .policy = SCHED_FIFO, .prio = 5,
				     .cpu = -1, .fn = fn_wakes };
	struct worker h = {}, w = {};
	uint64_t longest, moved;
	int i;

	group_reserve(cg, 20000, 100000);
	worker_start(&h, &hog);
	worker_start(&w, &wakes);
	/* Back to where the budget is used up most of the time. */
	for (i = 0; i < 50; i++) {
		pin_to(w.pid, 0);
		unpin(w.pid);
		sleep_ns(28 * NS_PER_MS);
	}
	worker_wait(&w);
	longest = load_64(&w.page->value[0]);
	moved = stat_total(cg, "nr_migrations");
	worker_kill(&h);
	result_float("migrate.wake.longest_us", longest / 1e3);
	ksft_test_result(longest <= 20 * NS_PER_MS && moved <= 15,
			 "a thread wakes up where there is budget: %.1f us late at most, moved %d times\n",
			 longest / 1e3, (int)moved);
	group_remove(cg);
}

/* It may run on one CPU only, and waits there for the budget to come back. */
static void test_pinned(struct busy *b)
{
	char *cg = group_make_on("pinned", "0-3");
	unsigned int moves;
	uint64_t from;
	double s;

	group_reserve(cg, 20000, 100000);
	busy_spawn(b, cg, SCHED_OTHER, 0);
	pin_to(b->worker->pid, 2);
	from = busy_go(b, 1);
	shares(b, 1, from, &s);
	worker_wait(b->worker);
	median_move(b, from, UINT64_MAX, &moves);
	ksft_test_result(s >= 0.19 && s <= 0.21 && !moves,
			 "a pinned thread stays: %.4f of 0.20\n", s);
	group_remove(cg);
}

int main(void)
{
	static struct worker workers[MAX_BUSY];
	static struct busy busy[MAX_BUSY];
	int i;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS_USED)
		ksft_exit_skip("needs %d CPUs\n", CPUS_USED);
	ksft_set_plan(8);
	for (i = 0; i < MAX_BUSY; i++)
		busy[i].worker = &workers[i];
	lift_kthreads();
	test_one(busy);
	test_move(busy);
	test_five(busy);
	test_priorities(busy);
	test_high_first(busy);
	test_wake();
	test_pinned(busy);
	ksft_finished();
}
