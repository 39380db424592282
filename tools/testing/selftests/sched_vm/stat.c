// SPDX-License-Identifier: GPL-2.0
/*
 * What a capsule tells about itself: cpu.rt_stat, cpu.rt_events, cpu.rt_free, the
 * tracepoints and the scheduler's debug file. One CPU, virtual time.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define TRACING		"/sys/kernel/tracing/"

static bool between(const char *cg, const char *file, const char *key,
		    long long least, long long most)
{
	long long value = group_value(cg, file, key);

	if (value >= least && value <= most)
		return true;
	ksft_print_msg("%s: %s is %lld, expected %lld to %lld\n", file, key, value,
		       least, most);
	return false;
}

static void busy_start(struct worker *w, struct worker_spec *spec, const char *cg)
{
	*spec = (struct worker_spec){ .group = cg, .cpu = 0, .fn = fn_busy };
	worker_start(w, spec);
}

/* Nobody ever reserved anything: all zero, and no line for a CPU. */
static bool nothing(void)
{
	char *cg = group_make(sv_top, "nothing"), buf[4096];
	bool ok;

	ok = check(!group_read_all(cg, RT_STAT, buf, sizeof(buf)));
	ok &= check(!strstr(buf, "cpu"));
	ok &= check(!strpbrk(buf, "123456789"));
	ok &= check(group_reads_all(cg, RT_EVENTS,
				    "throttled 0\noverrun 0\ndeadline_miss 0\nrefused 0\n"));
	ok &= check(between(cg, RT_FREE, "cpu0", 89, 90));
	group_remove(cg);
	return ok;
}

/* A busy thread with 10 of 100 ms, for 2 s. */
static bool counted(void)
{
	char *cg = capsule_make("counted", 10000, 100000);
	struct worker_spec spec;
	struct worker w = {};
	bool ok;

	busy_start(&w, &spec, cg);
	sleep_ns(2 * NS_PER_S);
	ok = check(between(cg, RT_STAT, "nr_periods", 19, 21));
	ok &= check(between(cg, RT_STAT, "nr_throttled", 19, 21));
	ok &= check(between(cg, RT_STAT, "usage_usec", 190000, 211000));
	ok &= check(between(cg, RT_STAT, "throttled_usec", 1700000, 1820000));
	ok &= check(between(cg, RT_STAT, "nr_overruns", 0, 0));
	ok &= check(between(cg, RT_STAT, "max_overrun_nsec", 1, 20000));
	ok &= check(between(cg, RT_STAT, "nr_migrations", 0, 0));
	ok &= check(between(cg, RT_STAT, "nr_deadline_misses", 0, 0));
	ok &= check(between(cg, RT_EVENTS, "throttled", 19, 21));
	result_int("stat.max_overrun_ns", group_value(cg, RT_STAT, "max_overrun_nsec"));
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

/* The line of the CPU says the same in another form, and remains. */
static bool by_cpu(void)
{
	char *cg = capsule_make("cpu", 10000, 100000), buf[4096], *line;
	struct worker_spec spec;
	struct worker w = {};
	unsigned int throttled = 0;
	bool ok;

	busy_start(&w, &spec, cg);
	sleep_ns(NS_PER_S);
	worker_kill(&w);
	ok = check(!group_write(cg, BUDGET, "max"));
	ok &= check(!group_read_all(cg, RT_STAT, buf, sizeof(buf)));
	line = strstr(buf, "\ncpu0 nr_periods=");
	ok &= check(line);
	if (line)
		ok &= check(sscanf(line, "\ncpu0 nr_periods=%*u nr_throttled=%u throttled_usec=",
				   &throttled) == 1);
	ok &= check(throttled == group_value(cg, RT_STAT, "nr_throttled"));
	ok &= check(throttled >= 9);
	group_remove(cg);
	return ok;
}

static unsigned int wakeups(int fd, unsigned int ms)
{
	uint64_t end = now_ns() + ms * NS_PER_MS;
	struct pollfd pfd = { .fd = fd, .events = POLLPRI };
	unsigned int n = 0;
	char buf[256];

	while (now_ns() < end) {
		if (poll(&pfd, 1, (end - now_ns()) / NS_PER_MS + 1) <= 0 ||
		    !(pfd.revents & POLLPRI))
			break;
		n++;
		if (lseek(fd, 0, SEEK_SET) || read(fd, buf, sizeof(buf)) <= 0)
			break;
	}
	return n;
}

/* 1,000 throttles in a second wake up who polls, but not 1,000 times. */
static bool polled(void)
{
	char *cg = capsule_make("polled", 100, 1000), buf[256];
	int fd = cg_open(cg, RT_EVENTS, O_RDONLY | O_CLOEXEC);
	struct worker_spec spec;
	struct worker w = {};
	unsigned int n;
	bool ok;

	ok = check(fd >= 0);
	ok &= check(read(fd, buf, sizeof(buf)) > 0);
	n = wakeups(fd, 200);
	ok &= check(!n);
	busy_start(&w, &spec, cg);
	n = wakeups(fd, 1000);
	ksft_print_msg("%u wakeups in 1 s\n", n);
	ok &= check(n >= 50 && n <= 101);
	worker_kill(&w);
	close(fd);
	group_remove(cg);
	return ok;
}

static bool refused(void)
{
	char *cg = group_make(sv_top, "refused"), buf[256];
	int fd = cg_open(cg, RT_EVENTS, O_RDONLY | O_CLOEXEC);
	bool ok;

	ok = check(fd >= 0);
	ok &= check(read(fd, buf, sizeof(buf)) > 0);
	ok &= check(group_try_reserve(cg, 99000, 100000) == -EBUSY);
	ok &= check(wakeups(fd, 100) == 1);
	ok &= check(between(cg, RT_EVENTS, "refused", 1, 1));
	ok &= check(group_try_reserve(cg, 200000, 100000) == -EINVAL);
	ok &= check(between(cg, RT_EVENTS, "refused", 1, 1));
	close(fd);
	group_remove(cg);
	return ok;
}

/* What a new child could get: of the machine, or of the capsule above. */
static bool is_free(void)
{
	char *up = group_make(sv_top, "up"), *down = group_make(up, "down");
	char *other = group_make(sv_top, "other");
	bool ok;

	group_reserve(up, 40000, 100000);
	ok = check(between(up, RT_FREE, "cpu0", 39, 40));
	ok &= check(between(down, RT_FREE, "cpu0", 39, 40));
	ok &= check(between(other, RT_FREE, "cpu0", 49, 50));
	group_reserve(down, 30000, 100000);
	ok &= check(between(up, RT_FREE, "cpu0", 9, 10));
	ok &= check(between(down, RT_FREE, "cpu0", 29, 30));
	ok &= check(between(other, RT_FREE, "cpu0", 49, 50));
	ok &= check(group_try_reserve(other, 50100, 100000) == -EBUSY);
	ok &= check(!group_try_reserve(other, 49900, 100000));
	group_remove(down);
	group_remove(up);
	group_remove(other);
	return ok;
}

static bool traced(void)
{
	static const char * const events[] = {
		"dl_group_start:", "dl_group_stop:", "dl_group_throttle:",
		"dl_group_replenish:", "dl_group_outside:", " extra=1", "dl_group_idle:",
	};
	char *cg = capsule_make("traced", 10000, 100000), *buf = malloc(1 << 20);
	struct worker_spec spec;
	struct worker w = {};
	bool ok = true;
	size_t i;
	FILE *f;

	ok &= check(write_text(TRACING "trace", "", 0) >= 0);
	ok &= check(write_text(TRACING "events/sched_vm/enable", "1", 1) == 1);
	busy_start(&w, &spec, cg);
	sleep_ns(500 * NS_PER_MS);
	ok &= check(!group_write(cg, EXTRA, "fair"));
	sleep_ns(300 * NS_PER_MS);
	ok &= check(!group_write(cg, EXTRA, "idle"));
	sleep_ns(300 * NS_PER_MS);
	worker_kill(&w);
	ok &= check(write_text(TRACING "events/sched_vm/enable", "0", 1) == 1);
	/* A read gives no more than a page or two. */
	f = fopen(TRACING "trace", "r");
	ok &= check(buf && f);
	if (buf && f)
		buf[fread(buf, 1, (1 << 20) - 1, f)] = 0;
	if (f)
		fclose(f);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (buf && strstr(buf, events[i]))
			continue;
		ksft_print_msg("no %s\n", events[i]);
		ok = false;
	}
	free(buf);
	group_remove(cg);
	return ok;
}

static bool debugged(void)
{
	char *cg = capsule_make("debugged", 10000, 100000), line[512];
	struct worker_spec spec;
	struct worker w = {};
	bool cpu = false, capsule = false;
	FILE *f;

	busy_start(&w, &spec, cg);
	sleep_ns(250 * NS_PER_MS);
	f = fopen("/sys/kernel/debug/sched/debug", "r");
	while (f && fgets(line, sizeof(line), f)) {
		cpu |= !strcmp(line, "dl_group[0]: lost 0\n");
		capsule |= !!strstr(line, "1 ready, 10000000 of each 100000000 ns");
	}
	if (f)
		fclose(f);
	worker_kill(&w);
	group_remove(cg);
	return check(cpu) & check(capsule);
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(8);
	lift_kthreads();
	ksft_test_result(nothing(), "nothing happened to a cgroup without reservation\n");
	ksft_test_result(counted(), "periods, throttles and CPU time are counted\n");
	ksft_test_result(by_cpu(), "for each CPU, too, and to the end of the cgroup\n");
	ksft_test_result(polled(), "poll() tells of events, not too often\n");
	ksft_test_result(refused(), "what is refused is an event, what is wrong is not\n");
	ksft_test_result(is_free(), "what a child could have is known\n");
	ksft_test_result(traced(), "tracepoints tell what happens\n");
	ksft_test_result(debugged(), "sched/debug shows the capsules of a CPU\n");
	ksft_finished();
}
