// SPDX-License-Identifier: GPL-2.0
/*
 * Unprivileged owners of delegated cgroups do at random whatever they may, beside
 * others who must not notice. See adversary.h for the parts, and --help for what can
 * be chosen. The same seed does the same; in virtual time, to the last digit.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adversary.h"
#include "cgroup_util.h"
#include "kselftest.h"

#define DIE_NS		(5 * NS_PER_S)
#define REFERENCE_NS	(2 * NS_PER_S)
#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"

struct adv_shared *adv;
char *adv_own[ADV_OWNERS], *adv_home[ADV_OWNERS], *adv_out[ADV_OWNERS], *adv_beside[2];

static void lock_make(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	if (pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
	    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) ||
	    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) ||
	    pthread_mutex_init(lock, &attr))
		ksft_exit_fail_msg("no robust PTHREAD_PRIO_INHERIT\n");
}

static void hand_over(const char *cg, const char *file, int owner)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", cg, file);
	if (chown(path, ADV_UID - owner, ADV_UID - owner))
		ksft_exit_fail_perror(path);
}

static void delegate(const char *cg, int owner)
{
	hand_over(cg, "", owner);
	hand_over(cg, "cgroup.procs", owner);
	hand_over(cg, "cgroup.threads", owner);
	hand_over(cg, "cgroup.subtree_control", owner);
}

/* Its files are the owner's, but what he writes to them has to fail. */
static void witness_make(int owner)
{
	static const char * const files[] = { RT_MAX, BUDGET, DEADLINE, CPU_BUDGET };
	char *cg = adv_is_threaded(owner) ? group_make_threaded(adv_own[owner], "witness") :
					    group_make(adv_own[owner], "witness");
	size_t i;

	group_reserve(cg, plan.witness_q_us, plan.witness_p_us);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		hand_over(cg, files[i], owner);
	free(cg);
}

/* A folder that an owner's process makes is his, all files of it. */
static void slots_make(int owner)
{
	static const int first[] = { 0, 1, 2, 3, 4, 5 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(first); i++) {
		char path[PATH_MAX];
		struct stat st;

		snprintf(path, sizeof(path), "%s", adv_slot(owner, first[i]));
		if (stat(path, &st) && !setegid(ADV_UID - owner) && !seteuid(ADV_UID - owner)) {
			if (mkdir(path, 0755))
				ksft_exit_fail_perror(path);
			if (adv_is_threaded(owner))
				group_write(path, "cgroup.type", "threaded");
			if (i < 2)
				group_write(path, "cgroup.subtree_control", "+cpu");
		}
		if (seteuid(0) || setegid(0))
			ksft_exit_fail_perror("root");
	}
}

/* With every other seed, what two of them have beyond their budgets */
const char *adv_extra(int owner)
{
	static const char * const extra[ADV_OWNERS] = { "none", "fair", "idle" };

	return plan.seed % 2 ? extra[owner] : "none";
}

static void owner_make(int owner)
{
	char name[16], cpus[16];
	int i;

	snprintf(name, sizeof(name), "own%d", owner);
	snprintf(cpus, sizeof(cpus), "0-%d", plan.capsule_cpus - 1);
	adv_own[owner] = group_make_on(name, cpus);
	group_reserve(adv_own[owner], plan.own_q_us, plan.own_p_us);
	group_write(adv_own[owner], "cgroup.subtree_control", "+cpu +cpuset");
	/* FIFO and RR for those who have no RLIMIT_RTPRIO, too. */
	if (owner % 2 == 0)
		group_write(adv_own[owner], UNPRIVILEGED, "1");
	/* He may take it, or leave it, for what he makes below. */
	group_write(adv_own[owner], EXTRA, adv_extra(owner));
	witness_make(owner);
	adv_home[owner] = adv_own[owner];
	if (!adv_is_threaded(owner)) {
		adv_home[owner] = group_make(adv_own[owner], "home");
		delegate(adv_home[owner], owner);
	}
	delegate(adv_own[owner], owner);
	slots_make(owner);
	snprintf(name, sizeof(name), "out%d", owner);
	adv_out[owner] = group_make(sv_top, name);
	for (i = 0; i < ADV_LOCKS; i++)
		lock_make(&adv->owner[owner].lock[i]);
}

static void make_all(void)
{
	int owner;

	adv = shared_alloc(sizeof(*adv));
	lock_make(&adv->root_lock);
	if (plan.tight)
		write_text(RT_RUNTIME, "1000000", 7);
	for (owner = 0; owner < ADV_OWNERS; owner++)
		owner_make(owner);
	adv_beside[0] = group_make(sv_top, "beside0");
	adv_beside[1] = group_make(sv_top, "beside1");
}

/* What is seen beside owners who just use what they have. */
static void reference(void)
{
	adv_victims_start();
	if (plan.capsule_cpus < plan.cpus) {
		sleep_ns(NS_PER_S / 2);
		adv_oracle_reset();
		sleep_ns(NS_PER_S);
		adv_oracle_quiet();
	}
	adv_extras_start();
	sleep_ns(NS_PER_S / 2);
	adv_oracle_reset();
	sleep_ns(REFERENCE_NS);
	adv_oracle_bounds();
	adv_oracle_print();
	adv_extras_stop();
	sleep_ns(NS_PER_S / 2);
	adv_oracle_reset();
}

static struct worker keeper;
static const struct worker_spec keeper_spec = {
	.policy = SCHED_FIFO, .prio = 96, .cpu = -1, .fn = fn_keeper
};

/*
 * The victims and the keeper go with us. Those who have next to no time would keep the
 * machine waiting for long.
 */
static void kill_owners(void)
{
	int owner, slot, i;

	kill(keeper.pid, SIGKILL);
	for (owner = 0; owner < ADV_OWNERS; owner++) {
		for (i = 0; i < ADV_AGENTS; i++)
			if (adv->owner[owner].agent[i] > 0)
				kill(adv->owner[owner].agent[i], SIGKILL);
		for (i = 0; i < ADV_CROWD; i++)
			if (adv->owner[owner].crowd[i] > 0)
				kill(adv->owner[owner].crowd[i], SIGKILL);
		for (slot = 0; slot < ADV_SLOTS; slot++)
			group_write(adv_slot(owner, slot), BUDGET, "max");
	}
}

/* Without waiting for anything, since it may be the machine that waits. */
static void __noreturn give_up(const char *why)
{
	adv_oracle_print();
	ksft_print_msg("result found %u\n", adv->posted);
	ksft_test_result(false, "seed %llu: noticed after %u operations: %s\n",
			 (unsigned long long)plan.seed, adv->posted, why);
	fflush(stdout);
	kill_owners();
	_exit(KSFT_FAIL);
}

static void attack(void)
{
	worker_start(&keeper, &keeper_spec);
	if (!adv_oracle_watch(0))
		give_up(adv_oracle_says());
	adv_oracle_print();
	ksft_print_msg("%u operations, %u of them done, %u lost\n", adv->posted, adv->done,
		       adv->lost);
	ksft_test_result(true, "nobody noticed\n");
}

static void remove_owner(int owner)
{
	int slot;

	group_write(adv_own[owner], "cgroup.kill", "1");
	for (slot = ADV_WITNESS; slot >= 0; slot--)
		group_write(adv_slot(owner, slot), "cgroup.freeze", "0");
}

/* All of an owner die at once, and root need not end a reservation for it. */
static bool all_die(void)
{
	uint64_t t = now_ns();
	bool gone = true;
	int owner;

	for (owner = 0; owner < ADV_OWNERS; owner++)
		remove_owner(owner);
	for (owner = 0; owner < ADV_OWNERS; owner++)
		gone = gone && wait_for(!group_value(adv_own[owner], "cgroup.events", "populated"),
					t + DIE_NS > now_ns() ? t + DIE_NS - now_ns() : 0);
	ksft_print_msg("all have died after %.3f ms\n", (now_ns() - t) / 1e6);
	return gone;
}

/* What owners made below it, and were killed before they removed it. */
static void remove_below(const char *cg)
{
	DIR *dir = opendir(cg);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	if (dir)
		closedir(dir);
}

static bool all_go(void)
{
	int owner, slot, i;

	for (owner = 0; owner < ADV_OWNERS; owner++) {
		for (slot = ADV_WITNESS; slot >= 0; slot--) {
			remove_below(adv_slot(owner, slot));
			wait_for(!rmdir(adv_slot(owner, slot)) || errno == ENOENT, 2 * NS_PER_S);
		}
		remove_below(adv_home[owner]);
		if (adv_home[owner] != adv_own[owner])
			group_remove(adv_home[owner]);
		remove_below(adv_own[owner]);
		group_remove(adv_own[owner]);
		group_remove(adv_out[owner]);
	}
	for (i = 0; i < 2; i++)
		group_remove(adv_beside[i]);
	/* What the owners had is free at its zero-lag time, that of the longest period below. */
	return !plan.tight || wait_for(write_text(RT_RUNTIME, "950000", 6) == 6,
				       STARVE_P_US * NS_PER_US + NS_PER_S);
}

int main(int argc, char **argv)
{
	if (!adv_plan_parse(argc, argv))
		return KSFT_FAIL;
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(4);
	lift_kthreads();
	log_mark();
	adv_plan_print();
	make_all();
	reference();
	attack();
	adv_victims_stop();
	if (!all_die())
		give_up("who was killed lives");
	ksft_test_result(all_go(), "nothing is left\n");
	sleep_ns(NS_PER_S);
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_finished();
}
