// SPDX-License-Identifier: GPL-2.0
/* threads N: a process with N threads besides the first, which sleep. Says "ready". */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *wait_for_ever(void *data)
{
	for (;;)
		pause();
	return data;
}

int main(int argc, char **argv)
{
	int i, nr = argc > 1 ? atoi(argv[1]) : 0;
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (i = 0; i < nr; i++)
		if (pthread_create(&thread, &small, wait_for_ever, NULL))
			return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
