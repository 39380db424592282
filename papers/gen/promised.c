// SPDX-License-Identifier: GPL-2.0
/* Does an analysis promise that the tasks of a set are in time? */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"

static const char usage[] =
	"usage: promised deferrable|periodic|cbs SET [LOST DEBT]\n"
	"\n"
	"Is it known without a run that each task of a set (papers/model/set.h) is in time?\n"
	"\n"
	"  deferrable, periodic   servers of fixed priority, each with its budget in each period:\n"
	"                         Davis and Burns\n"
	"  cbs                    servers as this project has them: the test of sched-vm plan, where\n"
	"                         LOST us of each budget go to switches, and DEBT us may be owed\n"
	"\n"
	"Status: 0 if it is, 1 if not, 2 for an error.\n";

static int print_usage(FILE *out, int status)
{
	fputs(usage, out);
	return status;
}

int main(int argc, char **argv)
{
	int64_t lost = argc > 3 ? atoi(argv[3]) : 0, debt = argc > 4 ? atoi(argv[4]) : 0;
	static struct set set;
	FILE *in;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return print_usage(stdout, 0);
	if (argc < 3)
		return print_usage(stderr, 2);
	in = fopen(argv[2], "r");
	if (!in) {
		fprintf(stderr, "promised: error: %s: %m\n", argv[2]);
		return 2;
	}
	if (set_read(&set, in, argv[2]))
		return 2;
	if (!strcmp(argv[1], "cbs"))
		return !analysis_cbs(&set, lost, debt);
	if (!strcmp(argv[1], "deferrable") || !strcmp(argv[1], "periodic"))
		return !analysis_davis_burns(&set, !strcmp(argv[1], "deferrable"));
	return print_usage(stderr, 2);
}
