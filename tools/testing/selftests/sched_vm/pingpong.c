// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes hand a byte back and forth over two pipes. Prints the time of a
 * round trip, between SCHED_FIFO and between SCHED_OTHER threads, in the root
 * cgroup and in a capsule. What is measured in one kernel is compared with
 * what is measured in another, so there are no limits here, other than that
 * the capsule must not have been throttled in between: its budget is larger
 * than all that is done, and it must be served from it.
 */
#include <stdio.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

#define WARM_UP		1000
#define ROUND_TRIPS	20000
#define BUDGET_US	3600000L
#define PERIOD_US	4000000L

struct pipes {
	int to[2];
	int from[2];
};

static void pass_on(int in, int out)
{
	char byte;

	if (read(in, &byte, 1) != 1 || write(out, &byte, 1) != 1)
		_exit(EXIT_FAILURE);
}

static void fn_pong(struct worker *w, void *arg)
{
	struct pipes *p = arg;
	int i;

	for (i = 0; i < WARM_UP + ROUND_TRIPS; i++)
		pass_on(p->to[0], p->from[1]);
}

static void round_trips(struct pipes *p, int nr)
{
	char byte = 0;

	while (nr--)
		if (write(p->to[1], &byte, 1) != 1 ||
		    read(p->from[0], &byte, 1) != 1)
			_exit(EXIT_FAILURE);
}

static void fn_ping(struct worker *w, void *arg)
{
	uint64_t start;

	round_trips(arg, WARM_UP);
	start = now_ns();
	round_trips(arg, ROUND_TRIPS);
	w->page->value[0] = now_ns() - start;
}

static void test_pingpong(const char *name, const char *group, int policy,
			  int prio)
{
	struct worker ping = {}, pong = {};
	struct worker_spec spec_ping, spec_pong;
	bool served = true, ended;
	struct pipes pipes;
	uint64_t ns;

	if (pipe(pipes.to) || pipe(pipes.from))
		ksft_exit_fail_perror("pipe");
	spec_pong = (struct worker_spec){
		.group = group, .policy = policy, .prio = prio, .cpu = 0,
		.fn = fn_pong, .arg = &pipes,
	};
	spec_ping = spec_pong;
	spec_ping.fn = fn_ping;
	worker_spawn(&pong, &spec_pong);
	worker_spawn(&ping, &spec_ping);
	if (group)
		served = served_by(ping.pid, group) && served_by(pong.pid, group);
	/* All that went before is forgotten when the next period begins. */
	if (group)
		sleep_ns(PERIOD_US * NS_PER_US);
	worker_go(&pong);
	worker_go(&ping);
	/* No polling: that would cost those whom we can preempt, and only them. */
	ended = !worker_wait(&ping) && !worker_wait(&pong);
	ns = ping.page->value[0];
	result_float(name, (double)ns / ROUND_TRIPS);
	ksft_test_result(served && ended && ns < BUDGET_US * NS_PER_US / 2,
			 "%s: %d round trips\n", name, ROUND_TRIPS);
	close(pipes.to[0]);
	close(pipes.to[1]);
	close(pipes.from[0]);
	close(pipes.from[1]);
}

static void test_in_capsule(void)
{
	char *cg = capsule_make("pingpong", BUDGET_US, PERIOD_US);

	test_pingpong("pingpong.capsule.fifo", cg, SCHED_FIFO, 50);
	test_pingpong("pingpong.capsule.other", cg, SCHED_OTHER, 0);
	group_remove(cg);
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	ksft_set_plan(sv_have_capsules() ? 4 : 2);
	test_pingpong("pingpong.root.fifo", NULL, SCHED_FIFO, 50);
	test_pingpong("pingpong.root.other", NULL, SCHED_OTHER, 0);
	if (sv_have_capsules())
		test_in_capsule();
	ksft_finished();
}
