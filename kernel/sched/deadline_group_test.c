// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the arithmetic of deadline groups
 */

#include <kunit/test.h>

static void dl_group_test_bw_rounds_up(struct kunit *test)
{
	/* 40 % is 419430.4 units */
	KUNIT_EXPECT_EQ(test, dl_group_to_bw(40 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC), 419431);
	/* An exact ratio stays exact. */
	KUNIT_EXPECT_EQ(test, dl_group_to_bw(50 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC), BW_UNIT / 2);
	KUNIT_EXPECT_EQ(test, dl_group_to_bw(NSEC_PER_SEC, NSEC_PER_SEC), BW_UNIT);
	/* The smallest there is, 10 us in 4.19 s, must not be free. */
	KUNIT_EXPECT_EQ(test, dl_group_to_bw(10 * NSEC_PER_USEC, (1ULL << 22) * NSEC_PER_USEC), 3);
}

static void dl_group_test_owner(struct kunit *test)
{
	struct dl_group_spec spec = {
		.budget = 200 * NSEC_PER_USEC, .period = NSEC_PER_SEC, .deadline = RUNTIME_INF,
	};
	u64 *cpu_budget;
	int cpu;

	KUNIT_EXPECT_TRUE(test, dl_group_is_coarse(&spec));
	spec.budget--;
	KUNIT_EXPECT_FALSE(test, dl_group_is_coarse(&spec));
	spec.budget++;
	spec.period = 4 * NSEC_PER_SEC;
	KUNIT_EXPECT_TRUE(test, dl_group_is_coarse(&spec));

	/* An exception counts as well. */
	cpu_budget = kunit_kmalloc_array(test, nr_cpu_ids, sizeof(*cpu_budget), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu_budget);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		cpu_budget[cpu] = RUNTIME_INF;
	spec.cpu_budget = cpu_budget;
	KUNIT_EXPECT_TRUE(test, dl_group_is_coarse(&spec));
	cpu_budget[nr_cpu_ids - 1] = spec.budget - 1;
	KUNIT_EXPECT_FALSE(test, dl_group_is_coarse(&spec));
}

/* As a part of a CPU. */
static struct dl_group_params dl_group_part(u64 runtime, u64 deadline)
{
	return (struct dl_group_params){
		.runtime = runtime,
		.deadline = deadline,
		.period = deadline,
		.bw = dl_group_to_bw(runtime, deadline),
	};
}

/* What is handed out in some time never claims more than what it is a part of. */
static void dl_group_test_runtime_rounds_down(struct kunit *test)
{
	const u64 us = NSEC_PER_USEC;
	u64 runtime, deadline, time;

	for (deadline = 100 * us; deadline < 4 * NSEC_PER_SEC; deadline = deadline * 7 / 3) {
		for (runtime = 10 * us; runtime <= deadline; runtime = runtime * 3 / 2 + 1) {
			struct dl_group_params all = dl_group_part(runtime, deadline);

			for (time = 30; time < 4 * NSEC_PER_SEC; time = time * 17 / 3) {
				u64 good = dl_group_to_runtime(&all, time);

				KUNIT_EXPECT_LE(test, good, time);
				KUNIT_EXPECT_LE(test, mul_u64_u64_div_u64(good, deadline, time),
						runtime);
			}
		}
	}
}

/* Parts of a capsule's budget add up to all of it, and not to more. */
static void dl_group_test_sum_of_parts(struct kunit *test)
{
	const u64 ms = NSEC_PER_MSEC, us = NSEC_PER_USEC, one = 1ULL << DL_GROUP_SHARE_SHIFT;
	struct dl_group_params all = dl_group_part(10 * ms, 30 * ms);
	u64 third = dl_group_share(10 * ms, 90 * ms, 30 * ms);
	u64 more = dl_group_share(10 * ms + 3, 90 * ms, 30 * ms);

	KUNIT_EXPECT_EQ(test, dl_group_share(20 * ms, 100 * ms, 100 * ms), 20 * ms * one);
	KUNIT_EXPECT_EQ(test, dl_group_share(5 * ms, 25 * ms, 100 * ms), 20 * ms * one);
	KUNIT_EXPECT_EQ(test, dl_group_share(10 * us, 10 * us, U32_MAX * us), U32_MAX * us * one);
	KUNIT_EXPECT_EQ(test, dl_group_share(20 * ms, 100 * ms, 0), 209716);
	/* Thirds: three of them, and three and a bit. */
	KUNIT_EXPECT_EQ(test, dl_group_carve(&all, 3 * third), 0);
	KUNIT_EXPECT_EQ(test, all.runtime, 0);
	all = dl_group_part(10 * ms, 30 * ms);
	KUNIT_EXPECT_EQ(test, dl_group_carve(&all, 2 * third + more), -EBUSY);
}

static void dl_group_test_carry(struct kunit *test)
{
	const s64 ms = NSEC_PER_MSEC;
	struct dl_group_params half = dl_group_part(50 * ms, 100 * ms);
	struct dl_group_params quarter = dl_group_part(5 * ms, 20 * ms);
	struct dl_group_params tenth = dl_group_part(10 * ms, 100 * ms);
	struct dl_group_params third = dl_group_part(10 * ms, 30 * ms);
	struct dl_group_params less = dl_group_part(10 * ms - 1, 30 * ms);

	/* More budget does not help before the next period ... */
	KUNIT_EXPECT_EQ(test, dl_group_carry_runtime(1 * ms, 50 * ms, &tenth, &half), 1 * ms);
	/* ... nor does the same take anything, late as it may be ... */
	KUNIT_EXPECT_EQ(test, dl_group_carry_runtime(40 * ms, 50 * ms, &half, &half), 40 * ms);
	KUNIT_EXPECT_EQ(test, dl_group_carry_runtime(7 * ms, 9 * ms, &third, &third), 7 * ms);
	/* ... less does harm at once, or from the zero-lag time on ... */
	KUNIT_EXPECT_EQ(test, dl_group_carry_runtime(40 * ms, 50 * ms, &half, &quarter),
			50 * ms / 4);
	KUNIT_EXPECT_EQ(test, dl_group_carry_runtime(10 * ms, 50 * ms, &half, &quarter), 5 * ms);
	/* ... however little less it is ... */
	KUNIT_EXPECT_LT(test, dl_group_carry_runtime(7 * ms, 21 * ms, &third, &less), 7 * ms);
	/* ... and after the deadline, or with a debt, there is nothing more to use. */
	KUNIT_EXPECT_EQ(test, dl_group_carry_runtime(-3 * ms, 50 * ms, &half, &half), 0);
	KUNIT_EXPECT_EQ(test, dl_group_carry_runtime(4 * ms, -1, &half, &half), 0);
}

static void dl_group_test_to_time(struct kunit *test)
{
	const u64 us = NSEC_PER_USEC, longest = U32_MAX * us;
	struct dl_group_params all = dl_group_part(longest, longest);
	struct dl_group_params quarter = dl_group_part(25 * us, 100 * us);
	struct dl_group_params least = dl_group_part(10 * us, longest);

	KUNIT_EXPECT_EQ(test, dl_group_to_time(&all, 0), 0);
	KUNIT_EXPECT_EQ(test, dl_group_to_time(&quarter, 10 * us), 40 * us);
	/* The longest there is, and the smallest bandwidth. */
	KUNIT_EXPECT_EQ(test, dl_group_to_time(&all, longest), longest);
	KUNIT_EXPECT_EQ(test, dl_group_to_time(&least, 10 * us), longest);
}

/* What no reservation was made of. */
static const struct dl_group_spec dl_group_none = { .budget = RUNTIME_INF };

static int dl_group_check(u64 budget_us, u64 period_us, u64 deadline_us)
{
	const u64 us = NSEC_PER_USEC;
	struct dl_group_spec spec = {
		.budget = budget_us == RUNTIME_INF ? RUNTIME_INF : budget_us * us,
		.period = period_us * us,
		.deadline = deadline_us == RUNTIME_INF ? RUNTIME_INF : deadline_us * us,
	};

	return dl_group_check_spec(&spec, &dl_group_none);
}

static void dl_group_test_spec(struct kunit *test)
{
	const u64 max = RUNTIME_INF;

	KUNIT_EXPECT_EQ(test, dl_group_check(10, 100, max), 0);
	KUNIT_EXPECT_EQ(test, dl_group_check(100, 100, max), 0);
	KUNIT_EXPECT_EQ(test, dl_group_check(0, 100, max), 0);
	KUNIT_EXPECT_EQ(test, dl_group_check(max, 100, max), 0);
	KUNIT_EXPECT_EQ(test, dl_group_check(10, 1ULL << 22, max), 0);
	KUNIT_EXPECT_EQ(test, dl_group_check(10, 100, 10), 0);
	KUNIT_EXPECT_EQ(test, dl_group_check(max, 100, 10), 0);

	KUNIT_EXPECT_EQ(test, dl_group_check(9, 100, max), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(101, 100, max), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(10, 99, max), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(max, 99, max), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(10, (1ULL << 22) + 1, max), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(10, 0, max), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(11, 100, 10), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(10, 100, 101), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(max, 100, 9), -EINVAL);
	KUNIT_EXPECT_EQ(test, dl_group_check(max, 100, 0), -EINVAL);
}

/* Limits of periods are for new ones, and for reservations that begin. */
static void dl_group_test_old_period(struct kunit *test)
{
	const u64 us = NSEC_PER_USEC;
	struct dl_group_spec spec = {
		.budget = 20 * us, .period = 50 * us, .deadline = RUNTIME_INF,
	};
	struct dl_group_spec before = spec;

	before.budget = 30 * us;
	KUNIT_EXPECT_EQ(test, dl_group_check_spec(&spec, &before), 0);
	before.budget = RUNTIME_INF;
	KUNIT_EXPECT_EQ(test, dl_group_check_spec(&spec, &before), -EINVAL);
	before = spec;
	spec.budget = RUNTIME_INF;
	KUNIT_EXPECT_EQ(test, dl_group_check_spec(&spec, &before), 0);
	spec.period = 60 * us;
	KUNIT_EXPECT_EQ(test, dl_group_check_spec(&spec, &before), -EINVAL);
}

/* A CPU's own budget is checked like the common one, and used in its place. */
static void dl_group_test_cpu_budget(struct kunit *test)
{
	const u64 ms = NSEC_PER_MSEC;
	u64 *cpu_budget = kunit_kcalloc(test, nr_cpu_ids, sizeof(u64), GFP_KERNEL);
	struct dl_group_spec spec = {
		.budget = 10 * ms, .period = 100 * ms, .deadline = 50 * ms,
		.cpu_budget = cpu_budget,
	};
	struct dl_group_params params;
	int cpu;

	KUNIT_ASSERT_NOT_NULL(test, cpu_budget);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		cpu_budget[cpu] = RUNTIME_INF;

	params = dl_group_params_on(&spec, nr_cpu_ids - 1);
	KUNIT_EXPECT_EQ(test, params.runtime, 10 * ms);
	KUNIT_EXPECT_EQ(test, params.deadline, 50 * ms);
	KUNIT_EXPECT_EQ(test, params.period, 100 * ms);
	KUNIT_EXPECT_EQ(test, params.bw, dl_group_to_bw(10 * ms, 50 * ms));

	cpu_budget[nr_cpu_ids - 1] = 50 * ms;
	KUNIT_EXPECT_EQ(test, dl_group_check_spec(&spec, &dl_group_none), 0);
	params = dl_group_params_on(&spec, nr_cpu_ids - 1);
	KUNIT_EXPECT_EQ(test, params.runtime, 50 * ms);
	KUNIT_EXPECT_EQ(test, params.bw, BW_UNIT);

	cpu_budget[nr_cpu_ids - 1] = 50 * ms + 1;
	KUNIT_EXPECT_EQ(test, dl_group_check_spec(&spec, &dl_group_none), -EINVAL);
	cpu_budget[nr_cpu_ids - 1] = 0;
	KUNIT_EXPECT_EQ(test, dl_group_check_spec(&spec, &dl_group_none), -EINVAL);
}

/* Parent and children together never have more than the parent had, but may have all of it. */
static void dl_group_test_carve(struct kunit *test)
{
	const u64 ms = NSEC_PER_MSEC;
	struct dl_group_spec spec = {
		.budget = 50 * ms, .period = 100 * ms, .deadline = 80 * ms,
	};
	struct dl_group_params all = dl_group_params_on(&spec, 0), rest = all;
	u64 child = dl_group_share(7 * ms, 30 * ms, 80 * ms);
	const u64 one = 1ULL << DL_GROUP_SHARE_SHIFT;

	KUNIT_EXPECT_EQ(test, dl_group_carve(&rest, 0), 0);
	KUNIT_EXPECT_EQ(test, rest.runtime, 50 * ms);

	KUNIT_EXPECT_EQ(test, dl_group_carve(&rest, child), 0);
	KUNIT_EXPECT_EQ(test, rest.runtime, 50 * ms - DIV_ROUND_UP_ULL(child, one));
	KUNIT_EXPECT_EQ(test, rest.bw, dl_group_to_bw(rest.runtime, 80 * ms));
	KUNIT_EXPECT_EQ(test, rest.deadline, 80 * ms);
	KUNIT_EXPECT_EQ(test, rest.period, 100 * ms);

	/* Too much, all of it, and all but what would be no budget. */
	rest = all;
	KUNIT_EXPECT_EQ(test, dl_group_carve(&rest, all.runtime * one + 1), -EBUSY);
	rest = all;
	KUNIT_EXPECT_EQ(test, dl_group_carve(&rest, all.runtime * one), 0);
	KUNIT_EXPECT_EQ(test, rest.bw, 0);
	rest = all;
	KUNIT_EXPECT_EQ(test, dl_group_carve(&rest, (all.runtime - DL_GROUP_MIN_RUNTIME + 1) * one),
			0);
	KUNIT_EXPECT_EQ(test, rest.bw, 0);
}

/* Nobody waits long for what somebody else owes. */
static void dl_group_test_free_at(struct kunit *test)
{
	const u64 ms = NSEC_PER_MSEC, now = 5 * NSEC_PER_SEC;

	KUNIT_EXPECT_EQ(test, dl_group_free_at(now, 0), 0);
	/* Of 4 s, all used at once, and as much owed */
	KUNIT_EXPECT_EQ(test, dl_group_free_at(now, now + 8000 * ms), now + 8000 * ms);
	/* An overrun of 100 ms of 10 us in 1 ms */
	KUNIT_EXPECT_EQ(test, dl_group_free_at(now, now + 10000 * ms), now + (1 << 23) * 1000ULL);
}

static struct kunit_case dl_group_test_cases[] = {
	KUNIT_CASE(dl_group_test_bw_rounds_up),
	KUNIT_CASE(dl_group_test_runtime_rounds_down),
	KUNIT_CASE(dl_group_test_sum_of_parts),
	KUNIT_CASE(dl_group_test_owner),
	KUNIT_CASE(dl_group_test_carry),
	KUNIT_CASE(dl_group_test_to_time),
	KUNIT_CASE(dl_group_test_spec),
	KUNIT_CASE(dl_group_test_old_period),
	KUNIT_CASE(dl_group_test_cpu_budget),
	KUNIT_CASE(dl_group_test_carve),
	KUNIT_CASE(dl_group_test_free_at),
	{}
};

static struct kunit_suite dl_group_test_suite = {
	.name = "deadline_group",
	.test_cases = dl_group_test_cases,
};

kunit_test_suite(dl_group_test_suite);
