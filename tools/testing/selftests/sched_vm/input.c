// SPDX-License-Identifier: GPL-2.0
/*
 * Writes that must be refused: the right error, nothing changed, no line in
 * the kernel log. And the ones next to them that must not be refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define PERIOD_MIN	"/proc/sys/kernel/sched_deadline_period_min_us"
#define PERIOD_MAX	"/proc/sys/kernel/sched_deadline_period_max_us"

static const char * const files[] = { BUDGET, PERIOD, RT_MAX, SCOPE };

struct refused {
	const char *file;
	const char *text;
	int error;
};

/* Refused whatever the reservation is. 2^64 = 18446744073709551616. */
static const struct refused malformed[] = {
	{ BUDGET, "\n", EINVAL },
	{ BUDGET, " ", EINVAL },
	{ BUDGET, " \t\t\n", EINVAL },
	{ BUDGET, "x", EINVAL },
	{ BUDGET, "maxx", EINVAL },
	{ BUDGET, "MAX", EINVAL },
	{ BUDGET, "ma", EINVAL },
	{ BUDGET, "m", EINVAL },
	{ BUDGET, "-1", EINVAL },
	{ BUDGET, "-20", EINVAL },
	{ BUDGET, "+20", EINVAL },
	{ BUDGET, "- 20", EINVAL },
	{ BUDGET, "-max", EINVAL },
	{ BUDGET, "0x20", EINVAL },
	{ BUDGET, "20.5", EINVAL },
	{ BUDGET, "1e3", EINVAL },
	{ BUDGET, "20us", EINVAL },
	{ BUDGET, "20 x", EINVAL },
	{ BUDGET, "20,30", EINVAL },
	{ BUDGET, "20 30", EINVAL },
	{ BUDGET, "20 100000", EINVAL },
	{ BUDGET, "20\n30\n", EINVAL },
	{ BUDGET, "max 100000", EINVAL },
	{ BUDGET, "max max", EINVAL },
	{ BUDGET, "0 0", EINVAL },
	{ BUDGET, "-0", EINVAL },
	{ BUDGET, "1", EINVAL },
	{ BUDGET, "9", EINVAL },
	{ BUDGET, "100001", EINVAL },
	{ BUDGET, "4294967316", EINVAL },		/* 2^32 + 20 */
	{ BUDGET, "18446744073709551", EINVAL },
	{ BUDGET, "18446744073729552", EINVAL },	/* 20000 in ns, mod 2^64 */
	{ BUDGET, "18446744073709551615", EINVAL },
	{ BUDGET, "18446744073709551616", EINVAL },
	{ BUDGET, "18446744073709551636", EINVAL },	/* 2^64 + 20 */
	{ BUDGET, "99999999999999999999999999999999999999", EINVAL },
	{ PERIOD, "\n", EINVAL },
	{ PERIOD, "   ", EINVAL },
	{ PERIOD, "x", EINVAL },
	{ PERIOD, "max", EINVAL },
	{ PERIOD, "-100000", EINVAL },
	{ PERIOD, "+100000", EINVAL },
	{ PERIOD, "0x186a0", EINVAL },
	{ PERIOD, "100000.0", EINVAL },
	{ PERIOD, "100000 100000", EINVAL },
	{ PERIOD, "100000x", EINVAL },
	{ PERIOD, "0", EINVAL },
	{ PERIOD, "1", EINVAL },
	{ PERIOD, "99", EINVAL },
	{ PERIOD, "4194305", EINVAL },
	{ PERIOD, "4295067296", EINVAL },		/* 2^32 + 100000 */
	{ PERIOD, "18446744073809552", EINVAL },	/* 100000 in ns, mod 2^64 */
	{ PERIOD, "18446744073709651616", EINVAL },	/* 2^64 + 100000 */
	{ PERIOD, "99999999999999999999999999999999999999", EINVAL },
	{ RT_MAX, "\n", EINVAL },
	{ RT_MAX, "  ", EINVAL },
	{ RT_MAX, "x", EINVAL },
	{ RT_MAX, "x 100000", EINVAL },
	{ RT_MAX, "20000 x", EINVAL },
	{ RT_MAX, "20000 100000x", EINVAL },
	{ RT_MAX, "20000x 100000", EINVAL },
	{ RT_MAX, "20000 max", EINVAL },
	{ RT_MAX, "max max", EINVAL },
	{ RT_MAX, "maxx 100000", EINVAL },
	{ RT_MAX, "20000,100000", EINVAL },
	{ RT_MAX, "20000/100000", EINVAL },
	{ RT_MAX, "-20000 100000", EINVAL },
	{ RT_MAX, "+20000 100000", EINVAL },
	{ RT_MAX, "20000 -100000", EINVAL },
	{ RT_MAX, "20000 +100000", EINVAL },
	{ RT_MAX, "0x20 100000", EINVAL },
	{ RT_MAX, "20000 0x186a0", EINVAL },
	{ RT_MAX, "20000 100000 x", EINVAL },
	{ RT_MAX, "20000 100000 100000 100000", EINVAL },
	{ RT_MAX, "9 100000", EINVAL },
	{ RT_MAX, "1", EINVAL },
	{ RT_MAX, "9", EINVAL },
	{ RT_MAX, "100001 100000", EINVAL },
	{ RT_MAX, "5000000", EINVAL },
	{ RT_MAX, "10 99", EINVAL },
	{ RT_MAX, "max 99", EINVAL },
	{ RT_MAX, "max 0", EINVAL },
	{ RT_MAX, "0 0", EINVAL },
	{ RT_MAX, "max 4194305", EINVAL },
	{ RT_MAX, "20000 4194305", EINVAL },
	{ RT_MAX, "200 150", EINVAL },
	{ RT_MAX, "18446744073709571616 100000", EINVAL },
	{ RT_MAX, "18446744073729552 100000", EINVAL },
	{ RT_MAX, "20000 18446744073709651616", EINVAL },
	{ RT_MAX, "20000 18446744073809552", EINVAL },
	{ RT_MAX, "4294987296 100000", EINVAL },	/* 2^32 + 20000 */
	{ RT_MAX, "20000 4295067296", EINVAL },
	{ SCOPE, "\n", EINVAL },
	{ SCOPE, " ", EINVAL },
	{ SCOPE, "x", EINVAL },
	{ SCOPE, "0", EINVAL },
	{ SCOPE, "1", EINVAL },
	{ SCOPE, "r", EINVAL },
	{ SCOPE, "al", EINVAL },
	{ SCOPE, "alll", EINVAL },
	{ SCOPE, "rtt", EINVAL },
	{ SCOPE, "RT", EINVAL },
	{ SCOPE, "all rt", EINVAL },
	{ SCOPE, "max", EINVAL },
};

/* Refused because of a reservation of 20000 in 100000. */
static const struct refused misfit[] = {
	{ PERIOD, "19999", EINVAL },
	{ PERIOD, "100", EINVAL },
	{ RT_MAX, "100001", EINVAL },
	{ PERIOD, "20000", EBUSY },
	{ PERIOD, "22000", EBUSY },
	{ BUDGET, "100000", EBUSY },
	{ BUDGET, "90100", EBUSY },
	{ RT_MAX, "100000 100000", EBUSY },
	{ RT_MAX, "90100 100000", EBUSY },
	{ RT_MAX, "100 100", EBUSY },
	{ RT_MAX, "91 100", EBUSY },
	{ RT_MAX, "3800000 4194304", EBUSY },
};

struct accepted {
	const char *file;
	const char *text;
	const char *budget;
	const char *period;
	const char *scope;
};

/* In this order. */
static const struct accepted fine[] = {
	{ BUDGET, "max", "max", "100000", "all" },
	{ BUDGET, "20000\n", "20000", "100000", "all" },
	{ BUDGET, " 30000\t\n", "30000", "100000", "all" },
	{ BUDGET, "\t40000", "40000", "100000", "all" },
	{ BUDGET, "10", "10", "100000", "all" },
	{ BUDGET, "90000", "90000", "100000", "all" },
	{ PERIOD, "4194304", "90000", "4194304", "all" },
	{ PERIOD, " 200000\n", "90000", "200000", "all" },
	{ RT_MAX, "10 100", "10", "100", "all" },
	{ RT_MAX, "90 100\n", "90", "100", "all" },
	{ BUDGET, "max\n", "max", "100", "all" },
	{ PERIOD, "4194304", "max", "4194304", "all" },
	{ BUDGET, "3774873", "3774873", "4194304", "all" },
	{ RT_MAX, "max", "max", "4194304", "all" },
	{ PERIOD, "100", "max", "100", "all" },
	{ BUDGET, "0", "0", "100", "all" },
	{ PERIOD, "50000", "0", "50000", "all" },
	{ RT_MAX, "max 60000", "max", "60000", "all" },
	{ RT_MAX, "0 70000", "0", "70000", "all" },
	{ RT_MAX, "  20000   80000\t\n", "20000", "80000", "all" },
	{ RT_MAX, "30000", "30000", "80000", "all" },
	{ SCOPE, "rt", "30000", "80000", "rt" },
	{ SCOPE, " all\t\n", "30000", "80000", "all" },
	{ SCOPE, "rt\n", "30000", "80000", "rt" },
	{ RT_MAX, "max 100000", "max", "100000", "rt" },
	{ SCOPE, "all", "max", "100000", "all" },
};

/* The one that is written to, and those that must not notice. */
enum { PARENT, GROUP, SIBLING, NR_GROUPS };

struct snapshot {
	char text[NR_GROUPS][ARRAY_SIZE(files)][64];
	char total_bw[512];
};

static char *groups[NR_GROUPS];

static void snapshot_take(struct snapshot *s)
{
	unsigned int i, j;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < NR_GROUPS; i++)
		for (j = 0; j < ARRAY_SIZE(files); j++)
			group_read(groups[i], files[j], s->text[i][j],
				   sizeof(s->text[i][j]));
	bandwidth_text(s->total_bw, sizeof(s->total_bw));
}

/* For messages: on one line, and not too long. */
static const char *printable(const char *text)
{
	static char out[64];
	size_t n = 0;

	for (; *text && n < sizeof(out) - 3; text++) {
		if (*text >= ' ' && *text <= '~') {
			out[n++] = *text;
		} else {
			out[n++] = '\\';
			out[n++] = *text == '\n' ? 'n' : *text == '\t' ? 't' : '?';
		}
	}
	out[n] = '\0';
	return out;
}

static void test_refused(const struct refused *r, const char *state)
{
	struct snapshot before, after;
	bool same, silent;
	int ret;

	snapshot_take(&before);
	log_mark();
	ret = group_write(groups[GROUP], r->file, r->text);
	silent = log_silent();
	snapshot_take(&after);
	same = !memcmp(&before, &after, sizeof(before));
	if (ret != -r->error)
		ksft_print_msg("returned %d (%s)\n", ret, strerror(-ret));
	if (!same) {
		ksft_print_msg("something changed\n");
		group_write(groups[GROUP], RT_MAX, state);
	}
	ksft_test_result(ret == -r->error && same && silent,
			 "%s: '%s' > %s: %s\n", state, printable(r->text),
			 r->file, r->error == EINVAL ? "EINVAL" : "EBUSY");
}

static void test_all_refused(const struct refused *r, unsigned int nr,
			     const char *reservation)
{
	if (group_write(groups[GROUP], RT_MAX, reservation))
		ksft_exit_fail_msg("cannot write '%s'\n", reservation);
	for (; nr--; r++)
		test_refused(r, reservation);
}

/* More than the page that kernfs takes at once, and nothing at all. */
static void test_lengths(void)
{
	struct snapshot before, after;
	char digits[5000];
	ssize_t zero, many;

	memset(digits, '1', sizeof(digits));
	snapshot_take(&before);
	log_mark();
	/* The cgroup core answers this one; nobody asks us. */
	zero = group_write_raw(groups[GROUP], BUDGET, "", 0);
	many = group_write_raw(groups[GROUP], BUDGET, digits, sizeof(digits));
	snapshot_take(&after);
	ksft_test_result(check(zero == 0) &&
			 check(many == -EINVAL || many == -E2BIG) &&
			 check(!memcmp(&before, &after, sizeof(before))) &&
			 log_silent(), "no bytes, and 5000 digits\n");
}

static void test_accepted(const struct accepted *a)
{
	char both[64];
	int ret;

	snprintf(both, sizeof(both), "%s %s", a->budget, a->period);
	log_mark();
	ret = group_write(groups[GROUP], a->file, a->text);
	if (ret)
		ksft_print_msg("returned %d (%s)\n", ret, strerror(-ret));
	ksft_test_result(!ret && group_reads(groups[GROUP], BUDGET, a->budget) &&
			 group_reads(groups[GROUP], PERIOD, a->period) &&
			 group_reads(groups[GROUP], RT_MAX, both) &&
			 group_reads(groups[GROUP], SCOPE, a->scope) && log_silent(),
			 "'%s' > %s\n", printable(a->text), a->file);
}

static bool new_group_defaults(void)
{
	char *cg = group_make(sv_top, "fresh");
	bool ok = group_reads(cg, BUDGET, "max") &&
		  group_reads(cg, PERIOD, "100000") &&
		  group_reads(cg, RT_MAX, "max 100000") &&
		  group_reads(cg, SCOPE, "all");

	group_remove(cg);
	return ok;
}

static bool root_has_no_files(void)
{
	char root[256];

	snprintf(root, sizeof(root), "%.*s",
		 (int)(strrchr(sv_top, '/') - sv_top), sv_top);
	return check(group_write(root, RT_MAX, "10000 100000") == -ENOENT) &&
	       check(group_write(root, BUDGET, "10000") == -ENOENT) &&
	       check(group_write(root, PERIOD, "10000") == -ENOENT) &&
	       check(group_write(root, SCOPE, "all") == -ENOENT);
}

/* The range of periods is the sysctls', not a constant. */
static bool sysctl_range(void)
{
	char min[32], max[32];
	bool ok;

	if (read_text(PERIOD_MIN, min, sizeof(min)) <= 0 ||
	    read_text(PERIOD_MAX, max, sizeof(max)) <= 0)
		return check(false);
	ok = check(write_text(PERIOD_MIN, "1000", 4) == 4) &&
	     check(write_text(PERIOD_MAX, "50000", 5) == 5) &&
	     check(group_write(groups[GROUP], PERIOD, "999") == -EINVAL) &&
	     check(group_write(groups[GROUP], PERIOD, "50001") == -EINVAL) &&
	     check(group_write(groups[GROUP], RT_MAX, "max 50001") == -EINVAL) &&
	     check(group_write(groups[GROUP], PERIOD, "1000") == 0) &&
	     check(group_write(groups[GROUP], PERIOD, "50000") == 0);
	write_text(PERIOD_MAX, max, strlen(max));
	write_text(PERIOD_MIN, min, strlen(min));
	return ok && check(group_write(groups[GROUP], PERIOD, "100000") == 0) &&
	       check(group_write(groups[GROUP], PERIOD, "100") == 0);
}

int main(void)
{
	static const char * const states[] = {
		"max 100000", "20000 100000", "0 100000",
	};
	unsigned int i;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(ARRAY_SIZE(states) * ARRAY_SIZE(malformed) +
		      ARRAY_SIZE(misfit) + ARRAY_SIZE(fine) + 5);
	groups[PARENT] = group_make(sv_top, "parent");
	groups[GROUP] = group_make(groups[PARENT], "group");
	groups[SIBLING] = group_make(groups[PARENT], "sibling");

	for (i = 0; i < ARRAY_SIZE(states); i++)
		test_all_refused(malformed, ARRAY_SIZE(malformed), states[i]);
	test_all_refused(misfit, ARRAY_SIZE(misfit), "20000 100000");
	test_lengths();
	group_write(groups[GROUP], RT_MAX, "max 100000");
	for (i = 0; i < ARRAY_SIZE(fine); i++)
		test_accepted(&fine[i]);
	ksft_test_result(sysctl_range(), "the sysctls limit the period\n");
	ksft_test_result(new_group_defaults(), "a new cgroup has max 100000 all\n");
	ksft_test_result(root_has_no_files(), "the root cgroup has no files\n");
	for (i = NR_GROUPS; i-- > 0;)
		group_remove(groups[i]);
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
