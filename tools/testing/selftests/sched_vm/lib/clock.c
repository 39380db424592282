// SPDX-License-Identifier: GPL-2.0
/* Time, and spending it. */
#define _GNU_SOURCE
#include <errno.h>

#include "sched_vm.h"

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

uint64_t now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t own_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* CPU time of all threads of @pid; 0 once it has been reaped. */
uint64_t cpu_ns_of(pid_t pid)
{
	clockid_t id;

	if (clock_getcpuclockid(pid, &id))
		return 0;
	return read_clock(id);
}

void sleep_until(uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = ns / NS_PER_S,
		.tv_nsec = ns % NS_PER_S,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

void sleep_ns(uint64_t ns)
{
	sleep_until(now_ns() + ns);
}

void burn_ns(uint64_t ns)
{
	uint64_t end = own_cpu_ns() + ns;

	while (own_cpu_ns() < end)
		;
}
