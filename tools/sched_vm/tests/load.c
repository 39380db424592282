// SPDX-License-Identifier: GPL-2.0
/*
 * load C T PEAK EVERY JOBS: C us of CPU time in each T us, but in each job of EVERY,
 * PEAK of it. Prints the longest time from the beginning of a period to the end of its
 * job, in us.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_US	1000LL
#define NS_PER_S	1000000000LL

static long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void burn(long long ns)
{
	long long end = now(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (now(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

int main(int argc, char **argv)
{
	const struct sched_param prio = { .sched_priority = 1 };
	long long at = now(CLOCK_MONOTONIC) + 1000000, most = 0, c, t, peak, late;
	int every, jobs, i;

	if (argc != 6)
		return 2;
	c = atoll(argv[1]) * NS_PER_US;
	t = atoll(argv[2]) * NS_PER_US;
	peak = atoll(argv[3]) * NS_PER_US;
	every = atoi(argv[4]);
	jobs = atoi(argv[5]);
	if (sched_setscheduler(0, SCHED_FIFO, &prio))
		perror("load");
	for (i = 0; i < jobs; i++, at += t) {
		const struct timespec ts = { at / NS_PER_S, at % NS_PER_S };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		burn(i % every == every / 2 ? peak : c);
		late = now(CLOCK_MONOTONIC) - at;
		most = late > most ? late : most;
	}
	printf("%lld\n", most / NS_PER_US);
	return 0;
}
