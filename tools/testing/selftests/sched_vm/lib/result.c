// SPDX-License-Identifier: GPL-2.0
/* Figures, in a form that scripts read, and the kernel log. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

static int log_fd = -1;

bool check_at(bool ok, const char *what, const char *file, int line)
{
	const char *name = strrchr(file, '/');

	if (!ok)
		ksft_print_msg("%s:%d: not true: %s\n", name ? name + 1 : file,
			       line, what);
	return ok;
}

bool is_near(const char *what, long long value, long long expected,
	     long long tolerance)
{
	if (llabs(value - expected) <= tolerance)
		return true;
	ksft_print_msg("%s is %lld, expected %lld +- %lld\n", what, value, expected,
		       tolerance);
	return false;
}

void result_int(const char *name, long long value)
{
	ksft_print_msg("result %s %lld\n", name, value);
}

void result_float(const char *name, double value)
{
	ksft_print_msg("result %s %.6f\n", name, value);
}

static int compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void sort_u64(uint64_t *v, unsigned int nr)
{
	qsort(v, nr, sizeof(*v), compare_u64);
}

/* The smallest value that @p percent of all do not exceed. */
uint64_t percentile(const uint64_t *sorted, unsigned int nr, double p)
{
	unsigned int rank = p / 100 * nr + 0.999999;

	if (!nr)
		return 0;
	if (!rank)
		rank = 1;
	return sorted[rank > nr ? nr - 1 : rank - 1];
}

void log_mark(void)
{
	if (log_fd < 0)
		log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd >= 0)
		lseek(log_fd, 0, SEEK_END);
}

/*
 * A machine that has just booted may still be comparing its clocks, and one that is
 * emulated on a busy one may not have run for the whole period of a fair server.
 */
static bool is_of_the_machine(const char *line)
{
	return strstr(line, "clocksource") || strstr(line, "DL replenish lagged too much");
}

bool log_silent(void)
{
	bool silent = true;
	char line[1024];
	ssize_t len;

	if (log_fd < 0)
		return check_at(false, "/dev/kmsg is there", __FILE__, __LINE__);

	while ((len = read(log_fd, line, sizeof(line) - 1)) > 0) {
		line[len] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (is_of_the_machine(line))
			continue;
		ksft_print_msg("kernel log: %s\n", line);
		silent = false;
	}
	return silent;
}
