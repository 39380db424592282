// SPDX-License-Identifier: GPL-2.0
/*
 * Threads outside of capsules, and a CPU that a capsule occupies: a FIFO or
 * SCHED_DEADLINE thread that wakes up there goes to a CPU that is free, and if
 * none is, it is fetched by the first that becomes free. On two CPUs, of which a
 * capsule has CPU 0 for 80 ms of every 100 ms, in virtual time.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "kselftest.h"
#include "sched_vm.h"

#define ROUNDS		20
/* From the end of a budget to the middle of the next one. */
#define LATER_NS	(35 * NS_PER_MS)
/* CPU 1 is busy from so long before the wakeup, and for so long. */
#define BEFORE_NS	(5 * NS_PER_MS)
#define BUSY_NS		(20 * NS_PER_MS)
#define MARGIN_NS	NS_PER_MS

struct place {
	const char *name;
	int policy;			/* of the thread in the capsule */
	int prio;
	bool deadline;			/* who wakes up is SCHED_DEADLINE, not FIFO */
	bool busy;			/* CPU 1 is, when it wakes up */
	bool busy_capsule;		/* with a thread of a capsule */
};

static uint64_t *busy_at;

/* Wakes up on CPU 0: where it last ran, which was after the end of a budget. */
static void fn_wake(struct worker *w, void *arg)
{
	const struct place *p = arg;
	uint64_t due, late;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pin_to(0, 0);
		unpin(0);
		due = now_ns() + LATER_NS;
		store_64(busy_at, due - BEFORE_NS);
		if (p->deadline && set_deadline(0, 2 * NS_PER_MS, 100 * NS_PER_MS))
			return;
		sleep_until(due);
		late = now_ns() - due;
		if (p->deadline)
			set_policy(0, SCHED_FIFO, 90);
		if (!i || late < w->page->value[0])
			store_64(&w->page->value[0], late);
		if (late > w->page->value[1])
			store_64(&w->page->value[1], late);
		w->page->count++;
	}
}

static void fn_busy_at(struct worker *w, void *arg)
{
	uint64_t at, last = 0;

	while (!load_u(&w->page->stop)) {
		at = load_64(busy_at);
		if (at == last) {
			sleep_ns(NS_PER_MS);
			continue;
		}
		last = at;
		sleep_until(at);
		burn_ns(BUSY_NS);
	}
}

static bool wakes(const struct place *p)
{
	char *cg = group_make_on("c", "0"), *other = group_make_on("o", "1");
	struct worker_spec hog = { .group = cg, .policy = p->policy, .prio = p->prio,
				   .cpu = 0, .fn = fn_busy };
	struct worker_spec busy = { .group = p->busy_capsule ? other : NULL,
				    .policy = SCHED_FIFO, .prio = 95, .cpu = 1,
				    .fn = fn_busy_at };
	struct worker_spec wake = { .policy = SCHED_FIFO, .prio = 90, .cpu = 0,
				    .fn = fn_wake, .arg = (void *)p };
	uint64_t least = p->busy ? BUSY_NS - BEFORE_NS : 0;
	struct worker a = {}, b = {}, c = {};
	bool ok;

	group_reserve(cg, 80000, 100000);
	group_reserve(other, 80000, 100000);
	worker_start(&a, &hog);
	if (p->busy)
		worker_start(&b, &busy);
	worker_start(&c, &wake);
	ok = check(wait_for(worker_count(&c) == ROUNDS, 20 * NS_PER_S));
	ksft_print_msg("%s: after %.3f to %.3f ms\n", p->name, c.page->value[0] / 1e6,
		       c.page->value[1] / 1e6);
	ok &= check(c.page->value[0] + MARGIN_NS >= least);
	ok &= check(c.page->value[1] <= least + MARGIN_NS);
	worker_kill(&a);
	if (p->busy)
		worker_kill(&b);
	worker_kill(&c);
	group_remove(cg);
	group_remove(other);
	return ok;
}

static const struct place places[] = {
	{ "FIFO, from an OTHER thread of a capsule", SCHED_OTHER, 0 },
	{ "FIFO, from a FIFO thread of a capsule", SCHED_FIFO, 10 },
	{ "SCHED_DEADLINE, from a capsule", SCHED_OTHER, 0, .deadline = true },
	{ "FIFO, to where a FIFO thread leaves", SCHED_OTHER, 0, .busy = true },
	{ "FIFO, to where a capsule leaves", SCHED_OTHER, 0, .busy = true,
	  .busy_capsule = true },
	{ "SCHED_DEADLINE, to where a capsule leaves", SCHED_OTHER, 0, .deadline = true,
	  .busy = true, .busy_capsule = true },
};

int main(void)
{
	unsigned int i;

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(ARRAY_SIZE(places));
	lift_kthreads();
	busy_at = shared_alloc(sizeof(*busy_at));
	for (i = 0; i < ARRAY_SIZE(places); i++)
		ksft_test_result(wakes(&places[i]), "%s\n", places[i].name);
	ksft_finished();
}
