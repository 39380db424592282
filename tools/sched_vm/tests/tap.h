/* SPDX-License-Identifier: GPL-2.0 */
/* TAP for the C tests: each check() is a test. */
#ifndef SCHED_VM_TAP_H
#define SCHED_VM_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_nr, tap_failed;

static inline void tap_check(bool ok, const char *what)
{
	printf("%sok %d %s\n", ok ? "" : "not ", ++tap_nr, what);
	tap_failed += !ok;
}

/* The plan comes last, so that nobody has to count. */
static inline int tap_end(void)
{
	printf("1..%d\n", tap_nr);
	return tap_failed ? 1 : 0;
}

#endif
