// SPDX-License-Identifier: GPL-2.0
/*
 * Housekeeping of the host: how long an irq thread waits for the CPU while
 * capsules with long periods have 80 % of it, as a FIFO thread of the root, and
 * in a capsule of its own with a deadline of 1 ms. Needs a second serial line. On
 * one CPU in virtual time.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define TRACING		"/sys/kernel/tracing/"
#define TTY		"/dev/ttyS1"
#define IRQ_THREAD	"irq/3-ttyS1"
#define SENT		500

static void tell_trace(const char *file, const char *text)
{
	if (!trace_write(file, text))
		ksft_exit_fail_perror(file);
}

static void trace_start(void)
{
	tell_trace("tracing_on", "0");
	tell_trace("trace_clock", "mono");
	tell_trace("buffer_size_kb", "16384");
	tell_trace("events/sched/sched_waking/filter", "comm ~ \"" IRQ_THREAD "*\"");
	tell_trace("events/sched/sched_switch/filter", "next_comm ~ \"" IRQ_THREAD "*\"");
	tell_trace("events/sched/sched_waking/enable", "1");
	tell_trace("events/sched/sched_switch/enable", "1");
	tell_trace("trace", "\n");
	tell_trace("tracing_on", "1");
}

/* From "... 123.456789: sched_waking: ..." */
static double stamp_of(const char *line, const char *event)
{
	const char *at = strstr(line, event);

	while (at > line && at[-1] != ' ')
		at--;
	while (at > line && at[-1] == ' ')
		at--;
	while (at > line && at[-1] != ' ')
		at--;
	return at ? atof(at) : 0;
}

/* The delays between waking and running, in us, sorted. */
static unsigned int trace_end(uint64_t *delay, unsigned int max)
{
	double waking = 0;
	unsigned int nr = 0;
	char line[1024];
	FILE *f;

	tell_trace("tracing_on", "0");
	tell_trace("events/sched/sched_waking/enable", "0");
	tell_trace("events/sched/sched_switch/enable", "0");
	tell_trace("events/sched/sched_waking/filter", "0");
	tell_trace("events/sched/sched_switch/filter", "0");
	f = fopen(TRACING "trace", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (!waking && strstr(line, " sched_waking: ")) {
			waking = stamp_of(line, "sched_waking: ");
		} else if (waking && nr < max && strstr(line, " sched_switch: ")) {
			delay[nr++] = (stamp_of(line, "sched_switch: ") - waking) * 1e6 + 0.5;
			waking = 0;
		}
	}
	if (f)
		fclose(f);
	sort_u64(delay, nr);
	return nr;
}

/* A byte every 3.1 ms, in a capsule that gets it out in time. */
static void fn_send(struct worker *w, void *arg)
{
	uint64_t next = now_ns();
	int tty = *(int *)arg, i;

	for (i = 0; i < SENT; i++) {
		next += 3100 * NS_PER_US;
		sleep_until(next);
		if (write(tty, "x", 1) == 1)
			w->page->count++;
	}
}

static bool measure(const char *name, int tty, uint64_t *worst)
{
	char *cg = capsule_make("send", 40, 1000), key[64];
	struct worker_spec spec = {
		.group = cg, .policy = SCHED_FIFO, .prio = 1, .cpu = 0,
		.fn = fn_send, .arg = &tty,
	};
	static uint64_t delay[4 * SENT];
	struct worker w = {};
	unsigned int nr;

	trace_start();
	worker_start(&w, &spec);
	worker_wait(&w);
	nr = trace_end(delay, ARRAY_SIZE(delay));
	group_remove(cg);
	if (nr < SENT / 4)
		return check(!"the thread was woken by most bytes");
	*worst = delay[nr - 1];
	snprintf(key, sizeof(key), "house.%s.median_us", name);
	result_int(key, delay[nr / 2]);
	snprintf(key, sizeof(key), "house.%s.p99_us", name);
	result_int(key, percentile(delay, nr, 99));
	snprintf(key, sizeof(key), "house.%s.worst_us", name);
	result_int(key, *worst);
	return true;
}

int main(void)
{
	char *busy[2], *own;
	struct worker_spec spec[2];
	struct worker w[2] = {};
	uint64_t root = 0, capsule = 0;
	struct termios t;
	int tty, i;
	bool ok;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	tty = open(TTY, O_RDWR | O_NOCTTY);
	if (tty < 0 || tcgetattr(tty, &t))
		ksft_exit_skip("no " TTY "\n");
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	tcsetattr(tty, TCSANOW, &t);
	ksft_set_plan(2);
	for (i = 0; i < 2; i++) {
		busy[i] = capsule_make(i ? "busy1" : "busy0", 40000, 100000);
		spec[i] = (struct worker_spec){ .group = busy[i], .cpu = 0, .fn = fn_busy };
		worker_start(&w[i], &spec[i]);
	}
	ok = measure("root", tty, &root);
	own = capsule_make("house", 40, 1000);
	ok &= check(!group_write(own, RT_IRQS, "+3"));
	ok &= measure("capsule", tty, &capsule);
	/* Behind most of a budget of 40 ms; within its deadline and a switch. */
	ksft_test_result(ok && root > 30000 && capsule <= 1020,
			 "an irq thread in a capsule with 1 ms keeps its deadline\n");
	for (i = 0; i < 2; i++) {
		worker_kill(&w[i]);
		group_remove(busy[i]);
	}
	group_remove(own);
	close(tty);
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
