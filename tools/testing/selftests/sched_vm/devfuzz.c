// SPDX-License-Identifier: GPL-2.0
/*
 * Generated calls of /dev/sched_vm: wrong sizes, wrong fds, wild pointers, while
 * cgroups come and go. Afterwards the machine is as it was. Arguments: seed, calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "kselftest.h"

#define SEED		20260102
#define CALLS		10000
#define NR_GROUPS	4
#define MAX_SIZE	512

static uint64_t rng_state;
static unsigned long counts[200];

static uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state * 2685821657736338717ULL >> 8;
}

static unsigned int below(unsigned int n)
{
	return rng() % n;
}

static const unsigned long commands[] = {
	SCHED_VM_QUERY, SCHED_VM_STAT, SCHED_VM_CHECK, SCHED_VM_BIND, SCHED_VM_UNBIND,
	SCHED_VM_EVENTFD,
};

static const unsigned int sizes[] = {
	sizeof(struct sched_vm_query), sizeof(struct sched_vm_stat),
	sizeof(struct sched_vm_check), sizeof(struct sched_vm_bind),
	sizeof(struct sched_vm_bind), sizeof(struct sched_vm_eventfd),
};

/* Removes and makes the cgroups, as fast as it can. */
static void fn_churn(struct worker *w, void *arg)
{
	char path[256], text[64];

	rng_state = SEED;
	while (!load_u(&w->page->stop)) {
		snprintf(path, sizeof(path), "%s/f%u", sv_top, below(NR_GROUPS));
		if (below(3)) {
			mkdir(path, 0755);
			snprintf(text, sizeof(text), "%u %u", 10 + below(2000),
				 2100 + below(20000));
			group_write(path, RT_MAX, text);
		} else {
			rmdir(path);
		}
		w->page->count++;
		sleep_ns(below(50) * NS_PER_US);
	}
}

static int some_fd(int *fds)
{
	unsigned int i = below(10);
	char path[256];

	if (i < NR_GROUPS) {
		snprintf(path, sizeof(path), "%s/f%u", sv_top, i);
		if (fds[i] >= 0 && below(3))
			return fds[i];
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = open(path, O_RDONLY | O_DIRECTORY);
		return fds[i];
	}
	return i == 4 ? -1 : i == 5 ? (int)rng() : i == 6 ? 0 : fds[NR_GROUPS + i % 3];
}

/* Of plausible values most of the time, or else nothing would get far. */
static uint32_t some_word(int *fds, void *buf)
{
	switch (below(12)) {
	case 0: return rng();
	case 1: return UINT32_MAX;
	case 2: return below(64);
	case 3: return below(200000);
	case 4: return (uintptr_t)buf;
	case 5: return some_fd(fds);
	case 6: return 8;
	default: return 0;
	}
}

static void call(int dev, int *fds)
{
	uint32_t word[MAX_SIZE / 4], room[64];
	unsigned int cmd = below(ARRAY_SIZE(commands)), i;
	struct sched_vm_stat *stat = (void *)word;
	int ret;

	memset(word, 0, sizeof(word));
	for (i = 3; i < sizes[cmd] / 4 + 2; i++)
		word[i] = some_word(fds, room);
	word[0] = below(8) ? sizes[cmd] : below(2) ? below(MAX_SIZE) : (uint32_t)rng();
	word[1] = below(8) ? 0 : rng();
	word[2] = some_fd(fds);
	if (commands[cmd] == SCHED_VM_STAT && below(3)) {
		*stat = (struct sched_vm_stat){
			.size = sizeof(*stat), .cgroup_fd = some_fd(fds), .nr_cpus = below(3),
			.stride = 80 + 8 * below(3), .cpus = (uintptr_t)room,
		};
	}
	/* Threads that matter to others are not for play. */
	if (commands[cmd] == SCHED_VM_BIND && word[3] == SCHED_VM_KTHREAD)
		word[4] = below(2) ? 0 : getpid();
	ret = device_call(dev, below(50) ? commands[cmd] : rng(), below(50) ? word : (void *)rng());
	counts[-ret < 200 ? -ret : 199]++;
}

int main(int argc, char **argv)
{
	unsigned int calls = argc > 2 ? atoi(argv[2]) : CALLS, i;
	struct worker_spec spec = { .cpu = -1, .fn = fn_churn };
	int fds[NR_GROUPS + 3] = { -1, -1, -1, -1 }, dev;
	struct worker w = {};
	char path[256];

	ksft_print_header();
	sv_setup();
	dev = device_open();
	rng_state = argc > 1 ? strtoull(argv[1], NULL, 0) : SEED;
	fds[NR_GROUPS] = dev;
	fds[NR_GROUPS + 1] = eventfd(0, EFD_NONBLOCK);
	fds[NR_GROUPS + 2] = group_fd(sv_top);
	ksft_set_plan(3);
	log_mark();
	worker_start(&w, &spec);
	for (i = 0; i < calls; i++) {
		call(dev, fds);
		/* In virtual time a CPU that never waits has all to itself. */
		if (i % 16 == 0)
			sleep_ns(10 * NS_PER_US);
	}
	worker_stop(&w);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i])
			ksft_print_msg("%lu times %s\n", counts[i], i ? strerror(i) : "done");
	ksft_print_msg("%lu changes of cgroups meanwhile\n", (unsigned long)w.page->count);
	ksft_test_result(counts[0] > calls / 50 && counts[EINVAL] && counts[EFAULT] &&
			 counts[EBADF] && counts[E2BIG] && counts[ENOENT] && counts[ENOTTY] &&
			 w.page->count > calls / 1000,
			 "%u calls, each answer that there is\n", calls);
	close(dev);
	for (i = 0; i < NR_GROUPS; i++) {
		snprintf(path, sizeof(path), "%s/f%u", sv_top, i);
		wait_for(!rmdir(path) || errno == ENOENT, NS_PER_S);
	}
	ksft_test_result(log_silent(), "not a line in the log\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
