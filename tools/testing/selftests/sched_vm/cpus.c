// SPDX-License-Identifier: GPL-2.0
/*
 * Where a reservation holds: on the CPUs of the cgroup's cpuset, with a budget
 * for each of them, through all changes of cpusets, partitions and hotplug. Does
 * not need exact time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define CPUSET		"cpuset.cpus"
#define PARTITION	"cpuset.cpus.partition"
#define EXCLUSIVE	"cpuset.cpus.exclusive"
#define CPUS_USED		4

static void busy_start(struct worker *w, struct worker_spec *spec, const char *cg,
		       int policy, int cpu)
{
	*spec = (struct worker_spec){
		.group = cg, .policy = policy, .prio = policy == SCHED_FIFO ? 10 : 0,
		.cpu = cpu, .fn = fn_busy,
	};
	worker_start(w, spec);
}

/* How much of @cpu a new capsule at the top could have, in percent. */
static double room_on(int cpu)
{
	char buf[1024], key[16], *at;
	char *cg = group_make(sv_top, "room");
	double percent = -1;

	snprintf(key, sizeof(key), "cpu%d ", cpu);
	if (!group_read_all(cg, RT_FREE, buf, sizeof(buf))) {
		at = strstr(buf, key);
		if (at)
			percent = atof(at + strlen(key));
	}
	group_remove(cg);
	return percent;
}

static bool has_room(const double *percent)
{
	bool ok = true;
	int cpu;

	for (cpu = 0; cpu < CPUS_USED; cpu++) {
		double room = room_on(cpu);

		if (room >= percent[cpu] - 0.02 && room <= percent[cpu] + 0.02)
			continue;
		ksft_print_msg("CPU %d has %.2f %% free, expected %.2f %%\n", cpu,
			       room, percent[cpu]);
		ok = false;
	}
	return ok;
}

/*
 * Do @nr threads get @percent of a CPU together? Periods of several CPUs begin
 * at different times, so a part of a budget more or less may fall into the 3 s
 * that are looked at.
 */
static bool together(struct worker *w, int nr, double percent)
{
	uint64_t begin, end, before[CPUS_USED], cpu[CPUS_USED];
	double sum = 0;
	int i;

	sleep_ns(500 * NS_PER_MS);
	begin = workers_cpu_ns(w, nr, before);
	sleep_until(begin + 3 * NS_PER_S);
	end = workers_cpu_ns(w, nr, cpu);
	for (i = 0; i < nr; i++)
		sum += 100.0 * (cpu[i] - before[i]) / (end - begin);
	if (sum >= percent - 2 && sum <= percent + 2)
		return true;
	ksft_print_msg("%d threads have %.2f %%, expected %.2f %%\n", nr, sum, percent);
	return false;
}

static const double all_free[] = { 90, 90, 90, 90 };

/* A capsule on CPU 0 leaves CPU 1 free. */
static bool one_cpu(void)
{
	static const double left[] = { 10, 90, 90, 90 };
	char *a = group_make_on("a", "0"), *b = group_make_on("b", "1-3");
	char *c = group_make_on("c", "0-1");
	bool ok;

	group_reserve(a, 80000, 100000);
	ok = check(has_room(left));
	ok &= check(!group_try_reserve(b, 90000, 100000));
	ok &= check(group_try_reserve(c, 10000, 100000) == -EBUSY);
	ok &= check(!group_write(b, BUDGET, "80000"));
	ok &= check(!group_try_reserve(c, 10000, 100000));
	ok &= check(group_try_reserve(c, 10100, 100000) == -EBUSY);
	group_remove(a);
	group_remove(b);
	group_remove(c);
	return ok & check(has_room(all_free));
}

/* Another cpuset, with busy threads of all kinds inside. */
static bool move(void)
{
	static const double on_0[] = { 60, 90, 90, 90 }, on_23[] = { 90, 90, 60, 60 };
	char *cg = group_make_on("moves", "0");
	struct worker_spec spec[2];
	struct worker w[2] = {};
	bool ok;
	int i;

	group_reserve(cg, 30000, 100000);
	busy_start(&w[0], &spec[0], cg, SCHED_OTHER, -1);
	ok = check(has_room(on_0));
	/* Who measures may come a budget late, behind the capsule: 30 ms of 5 s. */
	ok &= check(worker_gets(&w[0], 30, 5000));
	busy_start(&w[1], &spec[1], cg, SCHED_FIFO, -1);
	ok &= check(!group_write(cg, CPUSET, "2-3"));
	ok &= check(has_room(on_23));
	ok &= check(together(w, 2, 60));
	for (i = 0; i < 2; i++)
		ok &= check(served_by(w[i].pid, cg));
	worker_kill(&w[1]);
	ok &= check(together(w, 1, 60));
	for (i = 0; i < 10; i++) {
		ok &= check(!group_write(cg, CPUSET, i % 2 ? "1" : "0,2"));
		ok &= check(worker_progress(&w[0], NS_PER_S));
	}
	ok &= check(together(w, 1, 30));
	worker_kill(&w[0]);
	group_remove(cg);
	return ok & check(has_room(all_free));
}

/* A cpuset that would overbook a CPU is refused, and nothing changes. */
static bool overbook(void)
{
	static const double left[] = { 30, 40, 90, 90 };
	char *a = group_make_on("a", "0"), *b = group_make_on("b", "1");
	bool ok;

	group_reserve(a, 60000, 100000);
	group_reserve(b, 50000, 100000);
	ok = check(group_write(b, CPUSET, "0-1") == -EBUSY);
	ok &= check(group_write(b, CPUSET, "0") == -EBUSY);
	ok &= check(group_reads(b, CPUSET, "1"));
	ok &= check(has_room(left));
	ok &= check(!group_write(b, BUDGET, "max"));
	ok &= check(!group_write(b, CPUSET, "0-1"));
	ok &= check(group_try_reserve(b, 50000, 100000) == -EBUSY);
	ok &= check(!group_try_reserve(b, 30000, 100000));
	ok &= check(!group_write(b, CPUSET, "1-3"));
	group_remove(a);
	group_remove(b);
	return ok & check(has_room(all_free));
}

/* The same for a cgroup whose capsules are further down. */
static bool overbook_below(void)
{
	char *a = group_make_on("a", "0"), *up = group_make_on("up", "1");
	char *down = group_make(up, "down");
	bool ok;

	group_reserve(a, 60000, 100000);
	group_reserve(down, 50000, 100000);
	ok = check(group_write(up, CPUSET, "0-1") == -EBUSY);
	ok &= check(!group_write(up, CPUSET, "1-2"));
	ok &= check(!group_write(up, CPUSET, "3"));
	group_remove(down);
	group_remove(up);
	group_remove(a);
	return ok & check(has_room(all_free));
}

/* Each CPU its own budget. */
static bool cpu_budget(void)
{
	static const double left[] = { 60, 80, 85, 70 };
	char *cg = group_make_on("each", "0-3");
	struct worker_spec spec[CPUS_USED];
	struct worker w[CPUS_USED] = {};
	double percent[CPUS_USED];
	bool ok;
	int i;

	ok = check(!group_write(cg, CPU_BUDGET, "0 30000\n1 10000"));
	ok &= check(!group_write(cg, CPU_BUDGET, "2 5000"));
	group_reserve(cg, 20000, 100000);
	ok &= check(has_room(left));
	ok &= check(group_reads_all(cg, CPU_BUDGET, "0 30000\n1 10000\n2 5000\n"));
	ok &= check(group_reads(cg, BUDGET, "20000"));
	for (i = 0; i < CPUS_USED; i++) {
		busy_start(&w[i], &spec[i], cg, SCHED_OTHER, i);
		percent[i] = 90 - left[i];
	}
	ok &= check(workers_get(w, percent, CPUS_USED, 5000));
	ok &= check(!group_write(cg, CPU_BUDGET, "0-1,3 max"));
	ok &= check(group_reads_all(cg, CPU_BUDGET, "2 5000\n"));
	for (i = 0; i < CPUS_USED; i++)
		percent[i] = i == 2 ? 5 : 20;
	ok &= check(workers_get(w, percent, CPUS_USED, 5000));
	ok &= check(!group_write(cg, BUDGET, "max"));
	ok &= check(group_reads_all(cg, CPU_BUDGET, "2 5000\n"));
	ok &= check(has_room(all_free));
	for (i = 0; i < CPUS_USED; i++)
		worker_kill(&w[i]);
	group_remove(cg);
	return ok;
}

static bool cpu_budget_input(void)
{
	static const char * const wrong[] = {
		"0", "max", "0 ", "0 0", "0 9", "0 -1", "0 1000001", "0 x",
		"x 1000", "9999 1000", ", 1000", "0,1,2,3", "1-0 1000", "0 1000 1",
		"0 1000\n1", "0 1000\n\n1 1000", "0 18446744073709551616",
	};
	char *cg = group_make(sv_top, "input");
	bool ok = true;
	size_t i;

	log_mark();
	ok &= check(!group_write(cg, CPU_BUDGET, "1,3 5000"));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (group_write(cg, CPU_BUDGET, wrong[i]) == -EINVAL &&
		    group_reads_all(cg, CPU_BUDGET, "1,3 5000\n"))
			continue;
		ksft_print_msg("'%s' is not refused\n", wrong[i]);
		ok = false;
	}
	/* It takes what it shows: so no text ends all exceptions. */
	ok &= check(!group_write(cg, CPU_BUDGET, "1,3 5000\n"));
	ok &= check(group_reads_all(cg, CPU_BUDGET, "1,3 5000\n"));
	ok &= check(!group_write(cg, CPU_BUDGET, "\n"));
	ok &= check(group_reads_all(cg, CPU_BUDGET, ""));
	ok &= check(!group_write(cg, CPU_BUDGET, "\n"));
	ok &= check(log_silent());
	group_remove(cg);
	return ok;
}

/* A child's cpuset and reservation within its parent's. */
static bool child_cpus(void)
{
	static const double left[] = { 90, 50, 50, 90 };
	char *up = group_make_on("up", "1-2"), *down = group_make_on_in(up, "down", "2");
	bool ok;

	group_reserve(up, 40000, 100000);
	group_reserve(down, 30000, 100000);
	ok = check(has_room(left));
	ok &= check(group_try_reserve(up, 20000, 100000) == -EBUSY);
	ok &= check(!group_write(down, CPUSET, "1-2"));
	ok &= check(has_room(left));
	ok &= check(!group_write(up, CPUSET, "0-1"));
	ok &= check(group_try_reserve(up, 20000, 100000) == -EBUSY);
	ok &= check(!group_write(down, BUDGET, "max"));
	ok &= check(!group_try_reserve(up, 20000, 100000));
	group_remove(down);
	group_remove(up);
	return ok & check(has_room(all_free));
}

/* A partition root has a root domain of its own. */
static bool partition(void)
{
	static const double left[] = { 60, 60, 60, 50 };
	char *wide = group_make_on("wide", "0-2"), *alone = group_make_on("alone", "3");
	struct worker_spec spec[2];
	struct worker w[2] = {};
	bool ok;
	int i;

	group_reserve(wide, 30000, 100000);
	group_reserve(alone, 40000, 100000);
	busy_start(&w[0], &spec[0], wide, SCHED_OTHER, -1);
	busy_start(&w[1], &spec[1], alone, SCHED_OTHER, -1);
	ok = check(has_room(left));
	ok &= check(!group_write(sv_top, EXCLUSIVE, "3"));
	ok &= check(!group_write(alone, EXCLUSIVE, "3"));
	for (i = 0; i < 3; i++) {
		ok &= check(!group_write(alone, PARTITION, "root"));
		ok &= check(group_reads(alone, PARTITION, "root"));
		ok &= check(worker_progress(&w[0], NS_PER_S));
		ok &= check(worker_progress(&w[1], NS_PER_S));
		ok &= check(!group_write(alone, PARTITION, "isolated"));
		ok &= check(!group_write(alone, PARTITION, "member"));
		ok &= check(has_room(left));
	}
	ok &= check(together(&w[1], 1, 40));
	for (i = 0; i < 2; i++)
		worker_kill(&w[i]);
	group_remove(wide);
	group_remove(alone);
	return ok & check(!group_write(sv_top, EXCLUSIVE, "\n")) & check(has_room(all_free));
}

/* The CPUs of a partition are not among its parent's, which are full here. */
static bool partition_cpus(void)
{
	char *full, *alone, *other;
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	ok = check(!group_write(sv_top, CPUSET, "1-3"));
	ok &= check(!group_write(sv_top, PARTITION, "root"));
	full = group_make_on("full", "1");
	other = group_make_on("other", "2");
	alone = group_make_on("alone", "2-3");
	group_reserve(full, 60000, 100000);
	group_reserve(alone, 40000, 100000);
	busy_start(&w, &spec, alone, SCHED_OTHER, -1);
	ok &= check(!group_write(alone, PARTITION, "root"));
	/* The root domain has room for that when what others had before is free. */
	ok &= check(wait_for(!group_write(alone, CPUSET, "3"), NS_PER_S));
	ok &= check(group_reads(alone, PARTITION, "root"));
	ok &= check(together(&w, 1, 40));
	ok &= check(!group_try_reserve(other, 60000, 100000));
	ok &= check(group_write(alone, CPUSET, "2-3") == -EBUSY);
	ok &= check(group_reads(alone, PARTITION, "root"));
	ok &= check(!group_write(other, BUDGET, "50000"));
	ok &= check(!group_write(alone, CPUSET, "2-3"));
	ok &= check(together(&w, 1, 80));
	worker_kill(&w);
	group_remove(alone);
	group_remove(other);
	group_remove(full);
	ok &= check(!group_write(sv_top, PARTITION, "member"));
	return ok & check(!group_write(sv_top, CPUSET, "\n")) & check(has_room(all_free));
}

/* Off- and onlining the only CPU, or one of two, of a busy capsule. */
static bool hotplug(void)
{
	static const double left[] = { 90, 60, 60, 50 };
	static const double crowded[] = { 30, 0, 40, 30 }, shared[] = { 60, 30, 10, 60 };
	char *wide = group_make_on("wide", "1-2"), *alone = group_make_on("alone", "3");
	char *other = group_make(sv_top, "other");
	struct worker_spec spec[2];
	struct worker w[2] = {};
	bool ok = true;
	int i;

	group_reserve(wide, 30000, 100000);
	group_reserve(alone, 40000, 100000);
	busy_start(&w[0], &spec[0], wide, SCHED_FIFO, -1);
	busy_start(&w[1], &spec[1], alone, SCHED_OTHER, -1);
	for (i = 0; i < 3; i++) {
		int cpu = 2 + i % 2;

		ok &= check(has_room(left));
		ok &= check(cpu_online(cpu, false));
		ok &= check(worker_progress(&w[0], NS_PER_S));
		ok &= check(worker_progress(&w[1], NS_PER_S));
		ok &= check(cpu_online(cpu, true));
		ok &= check(has_room(left));
		ok &= check(together(w, 1, 60));
		ok &= check(served_by(w[0].pid, wide));
		ok &= check(served_by(w[1].pid, alone));
	}
	/*
	 * In virtual time, CPUs take turns: who goes to another one waits for its
	 * turn, if others are busy.
	 */
	worker_kill(&w[1]);
	/* Changed while one of its CPUs is away, which then has no more room. */
	ok &= check(cpu_online(2, false));
	ok &= check(!group_try_reserve(wide, 80000, 100000));
	ok &= check(group_try_reserve(wide, 91000, 100000) == -EBUSY);
	ok &= check(cpu_online(2, true));
	ok &= check(together(w, 1, 100));
	/*
	 * Nobody else gets what it will need there: on that CPU the other one has
	 * no reservation, as nobody could be told no when the CPU came back.
	 */
	ok &= check(!group_write(alone, BUDGET, "max"));
	ok &= check(!group_write(wide, CPU_BUDGET, "2 50000"));
	ok &= check(!group_try_reserve(wide, 30000, 100000));
	ok &= check(cpu_online(2, false));
	ok &= check(!group_try_reserve(other, 60000, 100000));
	ok &= check(cpu_online(2, true));
	ok &= check(has_room(crowded));
	ok &= check(together(w, 1, 80));
	ok &= check(!group_write(other, BUDGET, "30000"));
	ok &= check(has_room(shared));
	ok &= check(together(w, 1, 80));
	worker_kill(&w[0]);
	group_remove(other);
	group_remove(wide);
	group_remove(alone);
	return ok & check(has_room(all_free));
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS_USED)
		ksft_exit_skip("needs %d CPUs\n", CPUS_USED);
	ksft_set_plan(11);
	lift_kthreads();
	ksft_test_result(one_cpu(), "a reservation on one CPU leaves the others free\n");
	ksft_test_result(move(), "the reservation follows the cpuset\n");
	ksft_test_result(overbook(), "a cpuset that overbooks a CPU is refused\n");
	ksft_test_result(overbook_below(), "so it is for capsules further down\n");
	ksft_test_result(cpu_budget(), "each CPU its own budget\n");
	ksft_test_result(cpu_budget_input(), "what is no budget of a CPU is refused\n");
	ksft_test_result(child_cpus(), "a child has CPUs and budget of its parent\n");
	ksft_test_result(partition(), "partitions come and go\n");
	ksft_test_result(partition_cpus(), "a partition changes its CPUs\n");
	ksft_test_result(hotplug(), "CPUs go and come\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
