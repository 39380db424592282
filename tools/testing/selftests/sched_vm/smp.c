// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once, on several CPUs, in real time: threads of all kinds in
 * capsules that come, go, change and are nested, while the threads are moved,
 * killed, frozen, repinned and given other policies, and a CPU goes off- and
 * online; where there is sched_ext, a scheduler of it comes and goes. No figures:
 * nobody may get lost, and in the end all must be as it was in the beginning. What
 * the kernel itself finds wrong is in its log.
 *
 * Arguments: seconds (20), seed, and the least that a capsule has of a CPU, in % (1).
 * Whoever wants to move a thread waits until nobody is in fork() or exit(), so all
 * goes on as fast as these do in the smallest capsule. Where a fork takes up to 200 ms
 * of CPU time, as in a debug kernel that is emulated, 1 % is too little.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define NR_GROUPS	6
#define NR_WORKERS	12
#define NR_CHURNERS	3
#define NR_DEADLINE	2
#define PATIENCE_NS	(60 * NS_PER_S)

struct shared {
	pthread_mutex_t mutex;
	pid_t pid[NR_WORKERS];
	unsigned int stop;
	unsigned int loads;		/* of a scheduler of sched_ext */
	uint64_t ops;
};

static struct shared *shared;
static char *group[NR_GROUPS];
static struct worker worker[NR_WORKERS];
static struct worker_spec spec[NR_WORKERS];
static struct worker deadline[NR_DEADLINE];
static long cpus;
static char everywhere[32], everywhere_max[40];	/* all CPUs */
static uint64_t rng_state;
static unsigned int least = 1;	/* of a CPU, in % */

static unsigned int below(unsigned int n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (rng_state >> 11) % n;
}

static void made_progress(struct worker *w)
{
	store_64(&w->page->count, w->page->count + 1);
}

/* Not for ever: lower priorities of its capsule may hold what everybody needs. */
static void fn_mostly_busy(struct worker *w, void *arg)
{
	while (!load_u(&w->page->stop)) {
		uint64_t end = now_ns() + 5 * NS_PER_MS;

		while (now_ns() < end)
			made_progress(w);
		sleep_ns((1 + below(20)) * 500 * NS_PER_US);
	}
}

static void fn_naps(struct worker *w, void *arg)
{
	while (!load_u(&w->page->stop)) {
		sleep_ns((20 + below(400)) * NS_PER_US);
		made_progress(w);
	}
}

static void fn_forks(struct worker *w, void *arg)
{
	while (!load_u(&w->page->stop)) {
		pid_t pid = fork();

		if (!pid) {
			burn_ns(below(300) * NS_PER_US);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
		sleep_ns(NS_PER_MS);
		made_progress(w);
	}
}

static void fn_pi(struct worker *w, void *arg)
{
	int ret;

	while (!load_u(&w->page->stop)) {
		ret = pthread_mutex_lock(&shared->mutex);
		if (ret == EOWNERDEAD)
			pthread_mutex_consistent(&shared->mutex);
		burn_ns(below(200) * NS_PER_US);
		pthread_mutex_unlock(&shared->mutex);
		sleep_ns(below(500) * NS_PER_US);
		made_progress(w);
	}
}

/* Without privilege: FIFO or RR wherever it is allowed */
static void fn_granted(struct worker *w, void *arg)
{
	owner_become(0);
	while (!load_u(&w->page->stop)) {
		set_policy(0, below(2) ? SCHED_FIFO : SCHED_RR, 1 + below(50));
		burn_ns(below(2000) * NS_PER_US);
		sleep_ns(below(2000) * NS_PER_US);
		set_policy(0, SCHED_OTHER, 0);
		made_progress(w);
	}
}

static void (*const functions[])(struct worker *w, void *arg) = {
	fn_mostly_busy, fn_naps, fn_forks, fn_pi, fn_granted,
};

static void mutex_make(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	if (pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
	    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) ||
	    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) ||
	    pthread_mutex_init(&shared->mutex, &attr))
		ksft_exit_fail_msg("no robust PTHREAD_PRIO_INHERIT\n");
}

static void worker_renew(int i)
{
	if (worker[i].pid)
		worker_kill(&worker[i]);
	spec[i] = (struct worker_spec){
		.cpu = -1, .fn = functions[i % ARRAY_SIZE(functions)],
	};
	worker_start(&worker[i], &spec[i]);
	__atomic_store_n(&shared->pid[i], worker[i].pid, __ATOMIC_RELEASE);
}

static long random_budget(long period)
{
	return period / 100 * (least + below(31 - least));
}

/* Some will not fit. What is left of an exception may be nothing in another period. */
static void random_reservation(const char *cg)
{
	static const long periods[] = { 1000, 5000, 20000, 100000, 1000000 };
	long p = periods[below(ARRAY_SIZE(periods))];

	group_try_reserve(cg, random_budget(p), p);
	group_write(cg, CPU_BUDGET, everywhere_max);
}

/* Another deadline, or another budget on some CPUs. */
static void random_exception(const char *cg)
{
	static const char * const deadline[] = { "max", "1000", "10000", "100000" };
	static const char * const where[] = { "0", "1", "2-3" };
	long p = cg_read_long(cg, PERIOD);
	char budget[64];

	if (below(2)) {
		group_write(cg, DEADLINE, deadline[below(ARRAY_SIZE(deadline))]);
		return;
	}
	snprintf(budget, sizeof(budget), "%s %ld", where[below(ARRAY_SIZE(where))],
		 random_budget(p));
	group_write(cg, CPU_BUDGET, budget);
	if (cg_read_long(cg, PERIOD) != p)
		group_write(cg, CPU_BUDGET, everywhere_max);
}

static void random_cpuset(const char *cg)
{
	static const char * const cpuset[] = { everywhere, "0-1", "1-3", "2", "0,3", "3" };

	group_write(cg, "cpuset.cpus", cpuset[below(ARRAY_SIZE(cpuset))]);
}

/*
 * Not to and from SCHED_DEADLINE: then Linux 7.3 without capsules, too, forgets
 * bandwidth, or replenishes for ever a thread that has none (WARNING in
 * replenish_dl_entity()). Deadline threads are there, but stay what they are.
 */
static void random_policy(pid_t pid)
{
	static const int fair[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE };

	switch (below(3)) {
	case 0:
		set_policy(pid, SCHED_FIFO, 1 + below(40));
		break;
	case 1:
		set_policy(pid, SCHED_RR, 1 + below(40));
		break;
	default:
		set_policy(pid, fair[below(ARRAY_SIZE(fair))], 0);
	}
}

static void random_affinity(pid_t pid)
{
	cpu_set_t set;
	int i;

	if (below(3)) {
		try_pin_to(pid, below(cpus));
		return;
	}
	CPU_ZERO(&set);
	for (i = 0; i < cpus; i++)
		CPU_SET(i, &set);
	sched_setaffinity(pid, sizeof(set), &set);
}

/* What it has beyond its budget, or whether it takes privileges to be FIFO in it. */
static void random_grant(const char *cg)
{
	static const char * const extra[] = { "none", "idle", "fair" };

	if (below(3))
		group_write(cg, EXTRA, extra[below(ARRAY_SIZE(extra))]);
	else
		group_write(cg, UNPRIVILEGED, below(2) ? "1" : "0");
}

/* All that @parent has, so that nothing is left for its own threads. */
static void take_all(const char *parent, const char *cg)
{
	char text[64];

	if (!group_read_all(parent, RT_MAX, text, sizeof(text)))
		group_write(cg, RT_MAX, text);
	random_grant(cg);
}

/* A capsule below a capsule, with a thread in it, for a moment. */
static void nested(const char *parent, pid_t pid, int id)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/n%d", parent, id);
	if (mkdir(path, 0755) && errno != EEXIST)
		return;
	group_write(path, "cgroup.type", "threaded");
	if (below(2))
		group_try_reserve(path, 200 * least, 20000);
	else
		take_all(parent, path);
	group_attach(parent, pid);
	group_attach_thread(path, pid);
	sleep_ns(below(3000) * NS_PER_US);
	if (below(2))
		group_write(path, BUDGET, "max");
	group_attach(group[below(NR_GROUPS)], pid);
	rmdir(path);
}

static void churn_once(int id)
{
	const char *cg = group[below(NR_GROUPS)];
	pid_t pid = __atomic_load_n(&shared->pid[below(NR_WORKERS)],
				    __ATOMIC_ACQUIRE);

	switch (below(15)) {
	case 0:
	case 1:
		random_reservation(cg);
		break;
	case 2:
		group_write(cg, BUDGET, below(4) ? "max" : "0");
		break;
	case 3:
	case 4:
		group_attach(cg, pid);
		break;
	case 5:
		random_policy(pid);
		break;
	case 6:
		random_affinity(pid);
		break;
	case 7:
		nested(cg, pid, id);
		break;
	case 10:
		random_exception(cg);
		break;
	case 11:
	case 12:
		random_cpuset(cg);
		break;
	case 8:
		group_write(cg, SCOPE, below(2) ? "rt" : "all");
		break;
	case 13:
	case 14:
		random_grant(cg);
		break;
	default:
		group_write(cg, "cgroup.freeze", "1");
		sleep_ns(below(2000) * NS_PER_US);
		group_write(cg, "cgroup.freeze", "0");
	}
}

static void fn_churn(struct worker *w, void *arg)
{
	int id = (long)arg;

	rng_state += id * 7919;
	while (!load_u(&shared->stop)) {
		churn_once(id);
		__atomic_add_fetch(&shared->ops, 1, __ATOMIC_RELAXED);
		sleep_ns(below(1500) * NS_PER_US);
	}
}

/* Hotplug may end a scheduler before this does. */
static void fn_ext(struct worker *w, void *arg)
{
	int scx;

	while (!load_u(&shared->stop)) {
		scx = scx_load(below(2) ? SCX_OPS_SWITCH_PARTIAL : 0, 0);
		sleep_ns(below(300) * NS_PER_MS);
		if (scx >= 0) {
			scx_unload(scx);
			store_u(&shared->loads, shared->loads + 1);
		}
		sleep_ns(below(300) * NS_PER_MS);
	}
}

static unsigned int hotplugs;

static void churn(unsigned int seconds)
{
	struct worker_spec ext_spec = { .policy = SCHED_FIFO, .prio = 89, .cpu = -1, .fn = fn_ext };
	struct worker_spec churners[NR_CHURNERS];
	struct worker churner[NR_CHURNERS] = {}, ext = {};
	uint64_t end = now_ns() + seconds * NS_PER_S, hotplug = now_ns() + NS_PER_S;
	bool on = true;
	long i;

	for (i = 0; i < NR_CHURNERS; i++) {
		churners[i] = (struct worker_spec){
			.policy = SCHED_FIFO, .prio = 90, .cpu = -1,
			.fn = fn_churn, .arg = (void *)(i + 1),
		};
		worker_start(&churner[i], &churners[i]);
	}
	if (scx_supported())
		worker_start(&ext, &ext_spec);
	while (now_ns() < end) {
		worker_renew(below(NR_WORKERS));
		sleep_ns(below(60) * NS_PER_MS);
		if (cpus > 1 && now_ns() > hotplug) {
			on = !cpu_online(cpus - 1, !on) ? on : !on;
			hotplugs += on;
			hotplug = now_ns() + 2 * NS_PER_S;
		}
	}
	store_u(&shared->stop, 1);
	for (i = 0; i < NR_CHURNERS; i++)
		worker_wait(&churner[i]);
	if (scx_supported())
		worker_wait(&ext);
	if (!on && !wait_for(cpu_online(cpus - 1, true), NS_PER_S))
		ksft_exit_fail_msg("CPU %ld does not come back\n", cpus - 1);
}

static bool nested_remove(void)
{
	char path[512];
	bool ok = true;
	int i, id;

	for (i = 0; i < NR_GROUPS; i++) {
		for (id = 1; id <= NR_CHURNERS; id++) {
			snprintf(path, sizeof(path), "%s/n%d", group[i], id);
			ok &= check(wait_for(!rmdir(path) || errno == ENOENT,
					     PATIENCE_NS));
		}
	}
	return ok;
}

/* No reservations, and everybody the same: then each must make progress. */
static bool nobody_is_lost(void)
{
	bool ok = true;
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	for (i = 0; i < cpus; i++)
		CPU_SET(i, &set);
	for (i = 0; i < NR_GROUPS; i++) {
		group_write(group[i], "cgroup.freeze", "0");
		ok &= check(!group_write(group[i], BUDGET, "max"));
		ok &= check(!group_write(group[i], DEADLINE, "max"));
		ok &= check(!group_write(group[i], CPU_BUDGET, everywhere_max));
		ok &= check(!group_write(group[i], "cpuset.cpus", everywhere));
		ok &= check(!group_write(group[i], SCOPE, "all"));
		ok &= check(!group_write(group[i], EXTRA, "none"));
		ok &= check(!group_write(group[i], UNPRIVILEGED, "0"));
	}
	for (i = 0; i < NR_WORKERS; i++) {
		sched_setaffinity(worker[i].pid, sizeof(set), &set);
		ok &= check(!set_policy(worker[i].pid, SCHED_OTHER, 0));
		ok &= check(!group_attach(group[i % NR_GROUPS], worker[i].pid));
	}
	ok &= nested_remove();
	for (i = 0; i < NR_WORKERS; i++) {
		if (!worker_progress(&worker[i], PATIENCE_NS)) {
			ksft_print_msg("worker %d (%d) is lost\n", i, worker[i].pid);
			ok = false;
		}
		ok &= served_by(worker[i].pid, NULL);
	}
	return ok;
}

static bool capsules_work(void)
{
	bool ok = true;
	int i;

	for (i = 0; i < NR_GROUPS; i++)
		ok &= check(!group_try_reserve(group[i], 10000, 100000));
	/*
	 * Not at all times: with PREEMPT_RT, a thread that holds a lock of the kernel
	 * which somebody outside waits for is outside itself.
	 */
	for (i = 0; i < NR_WORKERS; i++) {
		ok &= check(wait_for(served_by(worker[i].pid, group[i % NR_GROUPS]), NS_PER_S));
		ok &= check(worker_progress(&worker[i], PATIENCE_NS));
	}
	return ok;
}

/* A busy thread that is repinned goes there, and is served there. */
static bool affinity(void)
{
	char *cg = capsule_make("pinned", 20000, 100000);
	struct worker_spec busy = { .group = cg, .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	bool ok = true;
	int i;

	worker_start(&w, &busy);
	for (i = 0; i < 20; i++) {
		ok &= check(!try_pin_to(w.pid, i % cpus));
		ok &= check(worker_progress(&w, PATIENCE_NS));
		ok &= check(served_by(w.pid, cg));
	}
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

static void deadline_start(void)
{
	static const struct worker_spec nap = { .cpu = -1, .fn = fn_naps };
	int i;

	for (i = 0; i < NR_DEADLINE; i++) {
		worker_start(&deadline[i], &nap);
		set_deadline(deadline[i].pid, 200 * NS_PER_US, 20 * NS_PER_MS);
	}
}

static bool clean_up(void)
{
	bool ok = true;
	int i;

	for (i = 0; i < NR_DEADLINE; i++)
		ok &= check(worker_kill_within(&deadline[i], PATIENCE_NS));
	for (i = 0; i < NR_WORKERS; i++)
		ok &= check(worker_kill_within(&worker[i], PATIENCE_NS));
	for (i = 0; i < NR_GROUPS; i++)
		group_remove(group[i]);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? atoi(argv[1]) : 20;
	char name[16];
	int i;

	rng_state = argc > 2 ? strtoull(argv[2], NULL, 0) : 20260101;
	if (argc > 3)
		least = atoi(argv[3]);
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	snprintf(everywhere, sizeof(everywhere), "0-%ld", cpus - 1);
	snprintf(everywhere_max, sizeof(everywhere_max), "%s max", everywhere);
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(5);
	lift_kthreads();
	shared = shared_alloc(sizeof(*shared));
	mutex_make();
	for (i = 0; i < NR_GROUPS; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		group[i] = group_make_on(name, everywhere);
		group_write(group[i], "cgroup.subtree_control", "+cpu");
	}
	for (i = 0; i < NR_WORKERS; i++)
		worker_renew(i);
	deadline_start();
	churn(seconds);
	ksft_print_msg("%lld changes, %u times a CPU off- and online, %ld CPUs\n",
		       (long long)shared->ops, hotplugs, cpus);
	if (scx_supported())
		ksft_print_msg("%u schedulers of sched_ext\n", shared->loads);
	ksft_test_result(nobody_is_lost(), "every thread still runs\n");
	ksft_test_result(capsules_work(), "capsules still work\n");
	ksft_test_result(affinity(), "threads follow their affinity\n");
	ksft_test_result(clean_up(), "everything can be removed\n");
	/* Deadline threads among the killed hold theirs for a moment. */
	sleep_ns(NS_PER_S);
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
