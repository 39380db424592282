// SPDX-License-Identifier: GPL-2.0
/*
 * KVM and capsules: a vCPU's directed yield to another one of its capsule; the
 * steal time that a guest is told, which is the time it waits for a budget; a
 * virtual machine that is killed while it is throttled; the threads that the kernel
 * has for it.
 *
 * For real time, since a guest does not get on in virtual time. The emulated
 * machine may stand still for a while, so all figures are shares of something
 * that was measured in the same boot, and the limits are wide: what is wrong is
 * nothing, or everything, or the share of another capsule.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "device.h"
#include "kselftest.h"

#define Q_US		50000L
#define P_US		100000L

#define PRIO		10
#define HIGH_PRIO	20

#define SHARE_MS	2000
#define STEAL_MS	3000
#define PATIENCE_NS	(20 * NS_PER_S)

#define BASE_SLICE	"/sys/kernel/debug/sched/base_slice_ns"
#define SLICE_NS	"10000000"

/* Percent, and how far from that */
#define NONE		0
#define HALF		50
#define ALL		100
#define ABOUT		15

static bool is_about(const char *what, double percent, double expected, double tolerance)
{
	ksft_print_msg("%s: %.1f %%\n", what, percent);
	return percent >= expected - tolerance && percent <= expected + tolerance;
}

static uint64_t count_of(struct guest *g, int id)
{
	return load_u(&guest_vcpu(g, id)->count);
}

/* What vCPU 1 has of what both have of something in a while, in percent. */
static double share_of(struct guest *g, uint64_t (*something)(struct guest *g, int id))
{
	uint64_t before[2], had[2];
	int i;

	for (i = 0; i < 2; i++)
		before[i] = something(g, i);
	sleep_ns(SHARE_MS * NS_PER_MS);
	for (i = 0; i < 2; i++)
		had[i] = something(g, i) - before[i];
	return 100.0 * had[1] / (had[0] + had[1] ?: 1);
}

static double share(struct guest *g)
{
	return share_of(g, guest_cpu_ns);
}

/* Who yields after each count takes turns with the other one, long or short. */
static double share_of_counts(struct guest *g)
{
	return share_of(g, count_of);
}

/*
 * Time slices longer than a hypercall and a switch of threads take here: who
 * yields has to come to it first.
 */
static bool yield_other(void)
{
	char *cg = capsule_make("yield", Q_US, P_US);
	char slice[32] = "";
	struct guest g = {};
	bool ok;
	int i;

	ok = check(read_text(BASE_SLICE, slice, sizeof(slice)) > 0);
	ok &= check(write_text(BASE_SLICE, SLICE_NS, strlen(SLICE_NS)) > 0);
	guest_start(&g, cg, SCHED_OTHER, 0);
	for (i = 0; i < 2; i++) {
		guest_order(&g, i, GUEST_COUNT);
		guest_wake(&g, i);
	}
	ok &= check(is_about("none yields", share(&g), HALF, ABOUT));
	guest_order(&g, 0, GUEST_YIELD);
	ok &= check(is_about("vCPU 0 yields", share(&g), ALL, ABOUT));
	guest_order(&g, 1, GUEST_YIELD);
	ok &= check(is_about("both yield", share_of_counts(&g), HALF, ABOUT));
	guest_order(&g, 0, GUEST_COUNT);
	ok &= check(is_about("vCPU 1 yields", share(&g), NONE, ABOUT));
	worker_kill(&g.w);
	group_remove(cg);
	write_text(BASE_SLICE, slice, strlen(slice));
	return ok;
}

/* A thread that is given a lower priority is the first of those who have it. */
static void takes_over(pid_t tid)
{
	set_policy(tid, SCHED_FIFO, PRIO);
}

/*
 * Without a yield the first one has it all, so the other one has to be
 * interrupted in its guest before: one that is not ready is not yielded to.
 */
static void start_fifo(struct guest *g, const char *cg)
{
	guest_start(g, cg, SCHED_FIFO, PRIO);
	guest_order(g, 1, GUEST_COUNT);
	guest_wake(g, 1);
	set_policy(guest_tid(g, 0), SCHED_FIFO, HIGH_PRIO);
	guest_order(g, 0, GUEST_COUNT);
	guest_wake(g, 0);
	takes_over(guest_tid(g, 0));
}

static bool yield_fifo(void)
{
	char *cg = capsule_make("yield", Q_US, P_US);
	struct guest g = {};
	bool ok;

	start_fifo(&g, cg);
	ok = check(is_about("none yields", share(&g), NONE, ABOUT));
	guest_order(&g, 0, GUEST_YIELD);
	ok &= check(is_about("vCPU 0 yields", share(&g), ALL, ABOUT));
	guest_order(&g, 1, GUEST_YIELD);
	ok &= check(is_about("both yield", share_of_counts(&g), HALF, ABOUT));
	worker_kill(&g.w);
	group_remove(cg);
	return ok;
}

/* Who yields is still the first one, if the other one's priority is lower. */
static bool yield_to_lower(void)
{
	char *cg = capsule_make("yield", Q_US, P_US);
	struct guest g = {};
	bool ok;

	start_fifo(&g, cg);
	set_policy(guest_tid(&g, 1), SCHED_FIFO, PRIO - 1);
	guest_order(&g, 0, GUEST_YIELD);
	ok = check(is_about("to a lower priority", share(&g), NONE, ABOUT));
	ok &= check(guest_counter(&g, "directed_yield_attempted") > 0);
	worker_kill(&g.w);
	group_remove(cg);
	return ok;
}

/*
 * Each vCPU in a capsule of its own; that of vCPU 1 has another thread as well,
 * which is first. Were vCPU 1 made the first one, it would have it all. A thread
 * outside is always ready, so that there is always somebody to yield to.
 */
static bool yield_outside(void)
{
	char *vm = group_make(sv_top, "vm");
	char *a = group_make_threaded(vm, "a"), *b = group_make_threaded(vm, "b");
	struct worker_spec rival_spec = {
		.group = vm, .policy = SCHED_FIFO, .prio = HIGH_PRIO, .fn = fn_busy,
	};
	struct worker_spec other_spec = { .fn = fn_busy };
	struct worker rival = {}, other = {};
	struct guest g = { .group = { a, b } };
	uint64_t before;
	bool ok;

	group_reserve(a, Q_US / 2, P_US);
	group_reserve(b, Q_US / 2, P_US);
	start_fifo(&g, vm);
	worker_start(&other, &other_spec);
	worker_start(&rival, &rival_spec);
	ok = check(!group_attach_thread(b, rival.pid));
	ok &= check(worker_progress(&rival, PATIENCE_NS));
	ok &= check(served_by(guest_tid(&g, 0), a));
	ok &= check(served_by(guest_tid(&g, 1), b));
	takes_over(rival.pid);
	guest_order(&g, 0, GUEST_YIELD);
	before = worker_cpu_ns(&rival);
	ok &= check(is_about("in another capsule", share(&g), NONE, ABOUT));
	ok &= check(worker_cpu_ns(&rival) > before);
	ok &= check(guest_counter(&g, "directed_yield_attempted") > 0);
	ok &= check(!guest_counter(&g, "directed_yield_successful"));
	/* All at once: one that exits goes behind its equals, as outside. */
	kill_all_workers();
	group_remove(b);
	group_remove(a);
	group_remove(vm);
	return ok;
}

/* A sum of what it waited, written when it runs again: so measure from there. */
static uint64_t steal_ns(struct guest *g, uint64_t *at)
{
	uint64_t *steal = &guest_vcpu(g, 0)->steal.ns, before = load_64(steal);

	wait_for(load_64(steal) != before, PATIENCE_NS);
	*at = now_ns();
	return load_64(steal);
}

/* The guest's CPU time as well, since the two must be all there is. */
static bool steal_busy(long q_us)
{
	char *cg = capsule_make("steal", q_us, P_US);
	uint64_t from, to, steal, cpu;
	double percent = 100.0 * q_us / P_US;
	struct guest g = {};
	bool ok;

	guest_start(&g, cg, SCHED_OTHER, 0);
	guest_order(&g, 0, GUEST_COUNT);
	guest_wake(&g, 0);
	steal = steal_ns(&g, &from);
	cpu = guest_cpu_ns(&g, 0);
	sleep_ns(STEAL_MS * NS_PER_MS);
	steal = steal_ns(&g, &to) - steal;
	cpu = guest_cpu_ns(&g, 0) - cpu;
	ok = check(is_about("stolen", 100.0 * steal / (to - from), 100 - percent, 5));
	ok &= check(is_about("with CPU time", 100.0 * (steal + cpu) / (to - from), 100, 3));
	worker_kill(&g.w);
	group_remove(cg);
	return ok;
}

/* Mostly halted, with more budget than it takes: sleep is not stolen time. */
static bool steal_halted(void)
{
	char *cg = capsule_make("steal", Q_US, P_US);
	uint64_t from, to, steal;
	struct guest g = {};
	unsigned int count, i;
	bool ok;

	guest_start(&g, cg, SCHED_OTHER, 0);
	count = load_u(&guest_vcpu(&g, 0)->count);
	from = now_ns();
	steal = load_64(&guest_vcpu(&g, 0)->steal.ns);
	for (i = 0; i < STEAL_MS / 20; i++) {
		guest_kick(&g, 0);
		sleep_ns(20 * NS_PER_MS);
	}
	to = now_ns();
	steal = load_64(&guest_vcpu(&g, 0)->steal.ns) - steal;
	ok = check(is_about("stolen", 100.0 * steal / (to - from), NONE, ABOUT));
	ok &= check(load_u(&guest_vcpu(&g, 0)->count) - count > i / 2);
	worker_kill(&g.w);
	group_remove(cg);
	return ok;
}

/* Throttled nearly all the time, and known to be so by the guest. */
#define THIN_Q_US	5000L
#define THIN_P_US	1000000L

static bool is_preempted(struct guest *g)
{
	uint8_t *preempted = &guest_vcpu(g, 0)->steal.preempted;

	return __atomic_load_n(preempted, __ATOMIC_ACQUIRE);
}

/*
 * To end a virtual machine takes more than a period's budget; without a
 * reservation, no longer than it takes.
 */
static bool kill_throttled(bool release)
{
	char *cg = capsule_make("kill", Q_US, P_US);
	struct guest g = {};
	bool ok;

	guest_start(&g, cg, SCHED_OTHER, 0);
	group_reserve(cg, THIN_Q_US, THIN_P_US);
	guest_order(&g, 0, GUEST_COUNT);
	guest_wake(&g, 0);
	ok = check(wait_for(is_preempted(&g), PATIENCE_NS));
	if (release)
		ok &= check(!group_write(cg, RT_MAX, "max"));
	ok &= check(worker_kill_within(&g.w, release ? 2 * NS_PER_S : PATIENCE_NS));
	ok &= check(wait_for(group_try_remove(cg), NS_PER_S));
	if (!ok)
		group_remove(cg);
	return ok & check(can_reserve_all());
}

/*
 * The timer of a PC has a thread of the kernel, which starts outside and can be
 * moved, or bound. That for large pages is one of the process.
 */
static bool kernels_threads(void)
{
	char *cg = capsule_make("threads", Q_US, P_US), name[32], folder[32], tid[16];
	struct guest g = {};
	pid_t pit, pages;
	int dev = device_open();
	bool ok;

	guest_start(&g, cg, SCHED_OTHER, 0);
	snprintf(name, sizeof(name), "kvm-pit/%d", g.w.pid);
	snprintf(folder, sizeof(folder), "/proc/%d/task", g.w.pid);
	pit = kthread_of(name);
	ok = check(pit);
	ok &= check(served_by(pit, NULL));
	ok &= check(!device_bind(dev, cg, SCHED_VM_KTHREAD, pit, true));
	ok &= check(served_by(pit, cg));
	ok &= check(!device_bind(dev, cg, SCHED_VM_KTHREAD, pit, false));
	ok &= check(served_by(pit, NULL));
	snprintf(tid, sizeof(tid), "%d", pit);
	ok &= check(wait_for(!group_write(cg, "cgroup.procs", tid), PATIENCE_NS));
	ok &= check(served_by(pit, cg));
	ok &= check(threads_of(folder, "kvm-nx-lpage", &pages, 1) == 1);
	ok &= check(served_by(pages, cg));
	worker_kill(&g.w);
	ok &= check(wait_for(!kthread_of(name), NS_PER_S));
	close(dev);
	group_remove(cg);
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	if (!guest_supported())
		ksft_exit_skip("no KVM, or no guest for this architecture\n");
	ksft_set_plan(10);
	lift_kthreads();
	ksft_test_result(yield_other(), "OTHER: a directed yield gives the turn away\n");
	ksft_test_result(yield_fifo(), "FIFO: a directed yield gives the CPU away\n");
	ksft_test_result(yield_to_lower(), "a directed yield leaves priorities alone\n");
	ksft_test_result(yield_outside(), "a directed yield leaves other capsules alone\n");
	ksft_test_result(steal_busy(20000), "steal time at 20 %%\n");
	ksft_test_result(steal_busy(50000), "steal time at 50 %%\n");
	ksft_test_result(steal_halted(), "no steal time while halted\n");
	ksft_test_result(kill_throttled(false), "killed while throttled\n");
	ksft_test_result(kill_throttled(true), "killed and released while throttled\n");
	ksft_test_result(kernels_threads(), "threads of the kernel and of KVM\n");
	ksft_finished();
}
