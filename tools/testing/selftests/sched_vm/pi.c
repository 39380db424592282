// SPDX-License-Identifier: GPL-2.0
/*
 * A thread of a throttled capsule holds a PTHREAD_PRIO_INHERIT mutex. Whoever
 * waits for it outside must not wait for the capsule's next period: the holder
 * runs outside until it lets go. Who waits inside the capsule gets nothing
 * more than the capsule has.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest.h"
#include "sched_vm.h"

/* 2 ms in a second; the critical section takes 10 ms. */
#define Q_US		2000L
#define P_US		1000000L
#define P_NS		(P_US * NS_PER_US)
#define SECTION_NS	(10 * NS_PER_MS)
#define TICK_NS		(4 * NS_PER_MS)
#define CALL_BYTES	(32UL << 20)

/* The time for the section, and for getting at it in the root cgroup. */
#define FIFO_WAIT_NS	(SECTION_NS + 2 * NS_PER_MS)
#define OTHER_WAIT_NS	(P_NS / 2)

/* How often who holds a mutex sleeps; and how slow the debug kernel is. */
#define SLEEPS		5
#define SLOW		50

struct shared {
	pthread_mutex_t mutex;
	pthread_mutex_t second;
	pthread_mutex_t third;
	pthread_mutex_t fourth;
	unsigned int holder_has_it;
	unsigned int cond;
};

static struct shared *shared;

/* "pi sleep": the debug kernel, in real time, where nothing depends on how long it takes. */
static bool untimed;

static bool in_time(uint64_t ns, uint64_t limit_ns)
{
	ksft_print_msg("waited for %.3f ms\n", ns / 1e6);
	return untimed || ns <= limit_ns;
}

static void mutex_make(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	if (pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
	    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) ||
	    pthread_mutex_init(mutex, &attr))
		ksft_exit_fail_msg("no PTHREAD_PRIO_INHERIT\n");
}

static void shared_reset(void)
{
	memset(shared, 0, sizeof(*shared));
	mutex_make(&shared->mutex);
	mutex_make(&shared->second);
	mutex_make(&shared->third);
	mutex_make(&shared->fourth);
}

/* value[0]: CPU time in the section; value[1]: when it let go. */
static void fn_holder(struct worker *w, void *arg)
{
	pthread_mutex_lock(&shared->mutex);
	store_u(&shared->holder_has_it, 1);
	burn_ns(arg ? (uint64_t)arg : SECTION_NS);
	pthread_mutex_unlock(&shared->mutex);
	store_64(&w->page->value[1], now_ns());
	fn_busy(w, NULL);
}

/* Takes one mutex, or two, and begins when it is told to. */
static void fn_patient_holder(struct worker *w, void *arg)
{
	bool both = arg;

	pthread_mutex_lock(&shared->mutex);
	if (both)
		pthread_mutex_lock(&shared->second);
	store_u(&shared->holder_has_it, 1);
	while (!load_u(&w->page->word))
		sleep_ns(100 * NS_PER_US);
	burn_ns(SECTION_NS);
	if (both)
		pthread_mutex_unlock(&shared->second);
	pthread_mutex_unlock(&shared->mutex);
	fn_busy(w, NULL);
}

/* Sleeps, each time as the last of its class outside: what it asks for is not left behind. */
static void fn_sleepy_holder(struct worker *w, void *arg)
{
	int i;

	pthread_mutex_lock(&shared->mutex);
	store_u(&shared->holder_has_it, 1);
	for (i = 0; i < SLEEPS; i++) {
		burn_ns((untimed ? SLOW : 1) * SECTION_NS / SLEEPS);
		sleep_ns(100 * NS_PER_US);
	}
	pthread_mutex_unlock(&shared->mutex);
	fn_busy(w, NULL);
}

/* Waits for a condition, and is requeued to the mutex by who signals it. */
static void fn_requeued(struct worker *w, void *arg)
{
	store_u(&w->page->word, 1);
	if (syscall(SYS_futex, &shared->cond, FUTEX_WAIT_REQUEUE_PI, 0, NULL,
		    &shared->mutex.__data.__lock, 0))
		_exit(EXIT_FAILURE);
	store_64(&w->page->value[0], now_ns() - load_64(&w->page->value[2]));
	syscall(SYS_futex, &shared->mutex.__data.__lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	fn_pause(w, NULL);
}

/* value[0]: how long it waited; value[1]: when it got the mutex. */
static void fn_waiter(struct worker *w, void *arg)
{
	uint64_t start = now_ns();

	pthread_mutex_lock(&shared->mutex);
	store_64(&w->page->value[1], now_ns());
	store_64(&w->page->value[0], now_ns() - start);
	pthread_mutex_unlock(&shared->mutex);
	fn_pause(w, NULL);
}

/* Holds the second one, waits for the first. */
static void fn_link(struct worker *w, void *arg)
{
	pthread_mutex_lock(&shared->second);
	store_u(&w->page->word, 1);
	pthread_mutex_lock(&shared->mutex);
	pthread_mutex_unlock(&shared->mutex);
	pthread_mutex_unlock(&shared->second);
	fn_pause(w, NULL);
}

static void fn_waiter_second(struct worker *w, void *arg)
{
	uint64_t start = now_ns();

	pthread_mutex_lock(&shared->second);
	store_64(&w->page->value[0], now_ns() - start);
	pthread_mutex_unlock(&shared->second);
	fn_pause(w, NULL);
}

struct locks {
	pthread_mutex_t *has[2];
	pthread_mutex_t *wants;
};

/* Is busy with some locks, once it has got another one, if it wants that. */
static void fn_locks(struct worker *w, void *arg)
{
	const struct locks *locks = arg;
	int i;

	for (i = 0; i < 2 && locks->has[i]; i++)
		pthread_mutex_lock(locks->has[i]);
	store_u(&w->page->word, 1);
	if (locks->wants)
		pthread_mutex_lock(locks->wants);
	fn_busy(w, NULL);
}

/* Holds it, and is not on the CPU when a tick comes, but for those just before it. */
static void fn_evader(struct worker *w, void *arg)
{
	pthread_mutex_lock(&shared->mutex);
	store_u(&w->page->word, 1);
	for (;;)
		if (now_ns() % TICK_NS > TICK_NS * 9 / 10)
			sched_yield();
}

/* Holds one, and once it is to be busy makes way for equals each millisecond. */
static void fn_yields(struct worker *w, void *arg)
{
	pthread_mutex_lock(arg);
	store_u(&w->page->word, 1);
	while (!load_u(&shared->cond))
		sleep_ns(NS_PER_MS);
	for (;;) {
		burn_ns(NS_PER_MS);
		sched_yield();
	}
}

/* Gives up after 5 ms, which is less than the section takes. */
static void fn_impatient(struct worker *w, void *arg)
{
	struct timespec ts;
	int ret;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_nsec += 5 * NS_PER_MS;
	if (ts.tv_nsec >= (long)NS_PER_S) {
		ts.tv_sec++;
		ts.tv_nsec -= NS_PER_S;
	}
	ret = pthread_mutex_timedlock(&shared->mutex, &ts);
	store_64(&w->page->value[0], ret == ETIMEDOUT);
	fn_pause(w, NULL);
}

static void holder_start(struct worker *w, struct worker_spec *spec,
			 const char *group, int policy)
{
	shared_reset();
	*spec = (struct worker_spec){
		.group = group, .policy = policy,
		.prio = policy == SCHED_FIFO ? 5 : 0, .cpu = 0, .fn = fn_holder,
	};
	worker_start(w, spec);
	if (!wait_for(load_u(&shared->holder_has_it), 3 * P_NS))
		ksft_exit_fail_msg("the holder does not get the mutex\n");
	/* All of the budget, and then some. */
	sleep_ns(10 * NS_PER_MS);
}

static bool outsider_waits(int holder, const char *group, int policy,
			   uint64_t limit_ns)
{
	char *a = capsule_make("a", Q_US, P_US);
	struct worker_spec spec, out = {
		.group = group, .policy = policy, .cpu = 0, .fn = fn_waiter,
		.prio = policy == SCHED_FIFO ? 50 : 0,
	};
	struct worker w = {}, v = {};
	uint64_t cpu, begin = now_ns();
	bool ok;

	holder_start(&w, &spec, a, holder);
	ok = check(served_by(w.pid, a));
	if (policy == SCHED_DEADLINE)
		out.policy = SCHED_OTHER;
	worker_spawn(&v, &out);
	if (policy == SCHED_DEADLINE)
		ok &= check(!set_deadline(v.pid, 5 * NS_PER_MS, 50 * NS_PER_MS));
	worker_go(&v);
	ok &= check(wait_for(load_64(&v.page->value[0]), 10 * P_NS));
	ok &= check(in_time(v.page->value[0], limit_ns));
	/* Back home, and home only, at once, and what it took is paid. */
	ok &= check(served_by(w.pid, a));
	sleep_ns(20 * P_NS);
	cpu = worker_cpu_ns(&w);
	begin = (now_ns() - begin) / P_NS;
	ksft_print_msg("%.3f ms in %llu periods\n", cpu / 1e6, (unsigned long long)begin);
	ok &= check(cpu <= (begin + 1) * Q_US * NS_PER_US + NS_PER_MS);
	ok &= check(cpu >= (begin - 2) * Q_US * NS_PER_US - NS_PER_MS);
	ok &= check(served_by(w.pid, a));
	ok &= check(get_policy(w.pid) == holder);
	worker_kill(&w);
	worker_kill(&v);
	group_remove(a);
	return ok;
}

/* The waiter is served by another capsule: it is outside as well. */
static bool other_capsule_waits(void)
{
	char *b = capsule_make("b", 50000, 100000);
	bool ok = outsider_waits(SCHED_OTHER, b, SCHED_FIFO, OTHER_WAIT_NS);

	group_remove(b);
	return ok;
}

/* Nobody outside is waiting, so nothing goes outside. */
static bool insider_waits(void)
{
	char *a = capsule_make("a", Q_US, P_US);
	struct worker_spec spec, in = {
		.group = a, .policy = SCHED_FIFO, .prio = 50, .cpu = 0,
		.fn = fn_waiter,
	};
	struct worker w = {}, v = {};
	uint64_t cpu;
	bool ok;

	holder_start(&w, &spec, a, SCHED_OTHER);
	worker_spawn(&v, &in);
	worker_go(&v);
	/* It gets so far as to wait in the next period. */
	sleep_ns(P_NS + P_NS / 2);
	cpu = worker_cpu_ns(&w);
	sleep_ns(P_NS);
	cpu = worker_cpu_ns(&w) - cpu;
	ok = check(served_by(w.pid, a));
	ok &= check(served_by(v.pid, a));
	ok &= check(!load_64(&v.page->value[0]));
	ok &= check(cpu <= Q_US * NS_PER_US + 20 * NS_PER_US);
	ok &= check(cpu >= Q_US * NS_PER_US / 2);
	ok &= check(wait_for(load_64(&v.page->value[0]), 10 * P_NS));
	worker_kill(&w);
	worker_kill(&v);
	group_remove(a);
	return ok;
}

/* root FIFO -> second mutex -> thread in b -> mutex -> thread in a. */
static bool chain(void)
{
	char *a = capsule_make("a", Q_US, P_US), *b = capsule_make("b", Q_US, P_US);
	struct worker_spec spec, link = {
		.group = b, .cpu = 0, .fn = fn_link,
	}, out = {
		.policy = SCHED_FIFO, .prio = 50, .cpu = 0,
		.fn = fn_waiter_second,
	};
	struct worker w = {}, l = {}, v = {};
	bool ok;

	/*
	 * Keep b's thread from waiting before a's is throttled: then a's would
	 * run outside for it already.
	 */
	holder_start(&w, &spec, a, SCHED_OTHER);
	worker_start(&l, &link);
	ok = check(wait_for(load_u(&l.page->word), 3 * P_NS));
	worker_start(&v, &out);
	ok &= check(wait_for(load_64(&v.page->value[0]), 10 * P_NS));
	ok &= check(in_time(v.page->value[0], FIFO_WAIT_NS + 2 * NS_PER_MS));
	sleep_ns(10 * NS_PER_MS);
	ok &= check(served_by(w.pid, a));
	ok &= check(served_by(l.pid, b));
	worker_kill(&w);
	worker_kill(&l);
	worker_kill(&v);
	group_remove(b);
	group_remove(a);
	return ok;
}

/* All in one capsule but the last, and all of the same priority. */
static bool chain_inside(void)
{
	char *a = capsule_make("a", Q_US, P_US);
	struct worker_spec holder = {
		.group = a, .cpu = 0, .fn = fn_patient_holder,
	}, link = {
		.group = a, .cpu = 0, .fn = fn_link,
	}, out = {
		.cpu = 0, .fn = fn_waiter_second,
	};
	struct worker w = {}, l = {}, v = {};
	bool ok;

	shared_reset();
	worker_start(&w, &holder);
	ok = check(wait_for(load_u(&shared->holder_has_it), 3 * P_NS));
	worker_start(&l, &link);
	ok &= check(wait_for(load_u(&l.page->word), 3 * P_NS));
	sleep_ns(P_NS);
	store_u(&w.page->word, 1);
	sleep_ns(10 * NS_PER_MS);
	ok &= check(served_by(w.pid, a));
	ok &= check(served_by(l.pid, a));
	worker_start(&v, &out);
	ok &= check(wait_for(load_64(&v.page->value[0]), 20 * P_NS));
	ok &= check(in_time(v.page->value[0], OTHER_WAIT_NS));
	sleep_ns(10 * NS_PER_MS);
	ok &= check(served_by(w.pid, a));
	ok &= check(served_by(l.pid, a));
	worker_kill(&w);
	worker_kill(&l);
	worker_kill(&v);
	group_remove(a);
	return ok;
}

/* Two mutexes: of the two that wait, the one outside has the lower priority. */
static bool lower_waits(void)
{
	char *a = capsule_make("a", Q_US, P_US);
	struct worker_spec holder = {
		.group = a, .cpu = 0, .fn = fn_patient_holder, .arg = shared,
	}, in = {
		.group = a, .policy = SCHED_FIFO, .prio = 50, .cpu = 0, .fn = fn_waiter,
	}, out = {
		.policy = SCHED_OTHER, .cpu = 0, .fn = fn_waiter_second,
	};
	struct worker w = {}, i = {}, v = {};
	bool ok;

	shared_reset();
	worker_start(&w, &holder);
	ok = check(wait_for(load_u(&shared->holder_has_it), 3 * P_NS));
	worker_start(&i, &in);
	sleep_ns(P_NS);
	store_u(&w.page->word, 1);
	sleep_ns(10 * NS_PER_MS);
	ok &= check(served_by(w.pid, a));
	worker_start(&v, &out);
	ok &= check(wait_for(load_64(&v.page->value[0]), 20 * P_NS));
	ok &= check(in_time(v.page->value[0], OTHER_WAIT_NS));
	worker_kill(&w);
	worker_kill(&i);
	worker_kill(&v);
	group_remove(a);
	return ok;
}

static bool requeued(void)
{
	char *a = capsule_make("a", Q_US, P_US);
	struct worker_spec spec, out = {
		.policy = SCHED_FIFO, .prio = 50, .cpu = 0, .fn = fn_requeued,
	};
	struct worker w = {}, v = {};
	bool ok;
	long n;

	holder_start(&w, &spec, a, SCHED_OTHER);
	worker_start(&v, &out);
	ok = check(wait_for(load_u(&v.page->word), P_NS));
	sleep_ns(NS_PER_MS);
	store_64(&v.page->value[2], now_ns());
	n = syscall(SYS_futex, &shared->cond, FUTEX_CMP_REQUEUE_PI, 1, NULL,
		    &shared->mutex.__data.__lock, 0);
	ok &= check(n == 1);
	ok &= check(wait_for(load_64(&v.page->value[0]), 10 * P_NS));
	ok &= check(in_time(v.page->value[0], FIFO_WAIT_NS));
	ok &= check(served_by(w.pid, a));
	worker_kill(&w);
	worker_kill(&v);
	group_remove(a);
	return ok;
}

/* A thread in @group holds, outside, and sleeps; FIFO outside waits. */
static bool sleeper_holds(int holder)
{
	char *a = capsule_make("a", (untimed ? SLOW : 1) * Q_US, P_US);
	struct worker_spec spec = {
		.group = a, .policy = holder, .prio = holder == SCHED_FIFO ? 5 : 0, .cpu = 0,
		.fn = fn_sleepy_holder,
	}, out = {
		.policy = SCHED_FIFO, .prio = 50, .cpu = 0, .fn = fn_waiter,
	};
	struct worker w = {}, v = {};
	bool ok;

	shared_reset();
	worker_start(&w, &spec);
	ok = check(wait_for(load_u(&shared->holder_has_it), 3 * P_NS));
	worker_start(&v, &out);
	ok &= check(wait_for(load_64(&v.page->value[0]), 20 * P_NS));
	ok &= check(in_time(v.page->value[0], FIFO_WAIT_NS + 2 * SLEEPS * NS_PER_MS));
	ok &= check(served_by(w.pid, a));
	worker_kill(&w);
	worker_kill(&v);
	group_remove(a);
	return ok;
}

/* The waiter goes away: the holder goes home, still holding. */
static bool waiter_gives_up(void)
{
	char *a = capsule_make("a", Q_US, P_US);
	/* Had it a priority, the holder would have it too, and not be late. */
	struct worker_spec spec, out = {
		.policy = SCHED_OTHER, .cpu = 0, .fn = fn_impatient,
	};
	struct worker w = {}, v = {};
	bool ok;

	holder_start(&w, &spec, a, SCHED_OTHER);
	worker_start(&v, &out);
	ok = check(wait_for(load_64(&v.page->value[0]), P_NS));
	ok &= check(v.page->value[0] == 1);
	ok &= check(served_by(w.pid, a));
	ok &= check(!load_64(&w.page->value[1]));
	ok &= check(wait_for(load_64(&w.page->value[1]), 10 * P_NS));
	worker_kill(&w);
	worker_kill(&v);
	group_remove(a);
	return ok;
}

/*
 * Two threads of owners who know each other: one holds, the other one, FIFO in another
 * capsule, waits. What they make of it is a normal thread's, for as long as they like.
 */
static bool accomplice_lends_nothing(void)
{
	char *a = capsule_make("a", Q_US, P_US), *b = capsule_make("b", Q_US, P_US);
	struct worker_spec spec = {
		.group = a, .cpu = 0, .fn = fn_holder, .arg = (void *)(10 * SECTION_NS),
	}, with = {
		.group = b, .policy = SCHED_FIFO, .prio = 50, .cpu = 0, .fn = fn_waiter,
	}, beside = {
		.cpu = 0, .fn = fn_gap,
	};
	struct worker w = {}, v = {}, n = {};
	bool ok;

	shared_reset();
	worker_start(&w, &spec);
	ok = check(wait_for(load_u(&shared->holder_has_it), 3 * P_NS));
	worker_start(&n, &beside);
	sleep_ns(SECTION_NS);
	worker_start(&v, &with);
	ok &= check(wait_for(load_64(&v.page->value[0]), 2 * P_NS));
	ksft_print_msg("a normal thread beside it waits up to %.3f ms\n",
		       load_64(&n.page->value[0]) / 1e6);
	ok &= check(load_64(&n.page->value[0]) <= SECTION_NS);
	kill_all_workers();
	group_remove(a);
	group_remove(b);
	return ok;
}

/*
 * The waiter stays for ever: beside a normal thread's share they have no more than half of
 * Q. The holder makes system calls; or, beside a FIFO thread of its capsule that has what
 * is left of the budget, it does not leave user mode, or evades the tick.
 */
static bool accomplice_stays(void (*fn)(struct worker *w, void *arg))
{
	bool calls = fn == fn_holder;
	char *a = capsule_make("a", 40000, 100000), *b = capsule_make("b", Q_US, P_US);
	const struct locks locks = { { &shared->mutex } };
	struct worker_spec spec = {
		.group = a, .cpu = 0, .fn = fn,
		.arg = calls ? (void *)(60 * NS_PER_S) : (void *)&locks,
	}, fifo = {
		.group = a, .policy = SCHED_FIFO, .prio = 1, .cpu = 0, .fn = fn_busy,
	}, with = {
		.group = b, .cpu = 0, .fn = fn_waiter,
	}, beside = {
		.cpu = 0, .fn = fn_busy,
	};
	struct worker w = {}, f = {}, v = {}, n = {};
	double half = 0.4 / 2, share;
	long long us;
	bool ok;

	shared_reset();
	worker_start(&w, &spec);
	ok = check(wait_for(load_u(&shared->holder_has_it) || load_u(&w.page->word), 3 * P_NS));
	worker_start(&n, &beside);
	worker_start(&v, &with);
	if (!calls)
		worker_start(&f, &fifo);
	sleep_ns(NS_PER_S);
	us = group_value(a, "cpu.stat", "usage_usec");
	sleep_ns(4 * NS_PER_S);
	share = (group_value(a, "cpu.stat", "usage_usec") - us) / 4e6;
	ksft_print_msg("who is awaited all the time has %.3f of the CPU\n", share);
	ok &= check(share <= half + (1 - half) / 2 + 0.02);
	kill_all_workers();
	group_remove(a);
	group_remove(b);
	return ok;
}

/* A call of some 100 ms that takes no lock. word: it begins */
static void fn_call(struct worker *w, void *arg)
{
	char *buf = mmap(NULL, CALL_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	store_u(&w->page->word, 1);
	for (;;)
		syscall(SYS_getrandom, buf, CALL_BYTES, GRND_INSECURE);
}

/*
 * Who is awaited is outside, for as long as somebody waits, and does not leave user mode;
 * a FIFO thread has what is left of the budget. Another thread of the capsule is in the
 * kernel: it gets on as a normal thread, and does not wait for the end of either.
 */
static bool accomplice_keeps_nobody(void)
{
	char *a = capsule_make("a", 40000, 100000), *b = capsule_make("b", Q_US, P_US);
	const struct locks locks = { { &shared->mutex } };
	struct worker_spec spec[] = {
		{ .group = a, .cpu = 0, .fn = fn_locks, .arg = (void *)&locks },
		{ .group = b, .cpu = 0, .fn = fn_waiter },
		{ .group = a, .cpu = 0, .fn = fn_call },
		{ .group = a, .policy = SCHED_FIFO, .prio = 1, .cpu = 0, .fn = fn_busy },
	};
	struct worker w[ARRAY_SIZE(spec)] = {};
	uint64_t cpu;
	size_t i;
	bool ok = true;

	shared_reset();
	for (i = 0; i < ARRAY_SIZE(spec); i++) {
		worker_start(&w[i], &spec[i]);
		if (!i || i == 2)
			ok &= check(wait_for(load_u(&w[i].page->word), 3 * P_NS));
		sleep_ns(50 * NS_PER_MS);
	}
	cpu = worker_cpu_ns(&w[2]);
	sleep_ns(3 * P_NS);
	cpu = worker_cpu_ns(&w[2]) - cpu;
	ksft_print_msg("the call has had %.3f ms\n", cpu / 1e6);
	ok &= check(cpu > 20 * NS_PER_MS);
	kill_all_workers();
	group_remove(a);
	group_remove(b);
	return ok;
}

/*
 * Two FIFO threads take turns with a budget of 3.6 s, and for each somebody waits. Behind
 * them another thread of the capsule is in the kernel: beside these, too, it is outside
 * after a tenth of a second, where it has the fair server's time within another one.
 */
static bool accomplices_hide_nobody(void)
{
	char *a = capsule_make("a", 3600000, 4000000);
	struct worker_spec spec[] = {
		{ .policy = SCHED_FIFO, .prio = 50, .cpu = 0, .fn = fn_yields,
		  .arg = &shared->mutex },
		{ .policy = SCHED_FIFO, .prio = 50, .cpu = 0, .fn = fn_yields,
		  .arg = &shared->second },
		{ .cpu = 0, .fn = fn_waiter },
		{ .cpu = 0, .fn = fn_waiter_second },
		{ .cpu = 0, .fn = fn_call },
	};
	struct worker w[ARRAY_SIZE(spec)] = {};
	uint64_t cpu, begin;
	bool ok = true;
	size_t i;

	shared_reset();
	for (i = 0; i < ARRAY_SIZE(spec); i++) {
		worker_start(&w[i], &spec[i]);
		if (spec[i].fn == fn_yields)
			ok &= check(wait_for(load_u(&w[i].page->word), 3 * P_NS)) &
			      check(!group_attach(a, w[i].pid));
		sleep_ns(10 * NS_PER_MS);
	}
	store_u(&shared->cond, 1);
	ok &= check(!group_attach(a, w[4].pid));
	begin = now_ns();
	cpu = worker_cpu_ns(&w[4]);
	while (worker_cpu_ns(&w[4]) == cpu && now_ns() < begin + 4 * NS_PER_S)
		sleep_ns(5 * NS_PER_MS);
	begin = now_ns() - begin;
	ksft_print_msg("the call has waited for %.3f ms\n", begin / 1e6);
	ok &= check(begin <= 1500 * NS_PER_MS);
	kill_all_workers();
	group_remove(a);
	return ok;
}

/*
 * A chain of normal threads of one capsule, with a branch in its midst. FIFO outside waits
 * for its beginning and gives up: its end has nothing of that any more.
 */
static bool gives_up_at_branch(void)
{
	char *a = capsule_make("a", Q_US, P_US);
	const struct locks locks[] = {
		{ { &shared->third } },
		{ { &shared->second, &shared->fourth }, &shared->third },
		{ { &shared->mutex }, &shared->second },
		{ {}, &shared->fourth },
	};
	struct worker_spec spec[ARRAY_SIZE(locks)], out = {
		.policy = SCHED_FIFO, .prio = 50, .cpu = 0, .fn = fn_impatient,
	}, beside = {
		.cpu = 0, .fn = fn_gap,
	};
	struct worker w[ARRAY_SIZE(locks)] = {}, v = {}, n = {};
	bool ok = true;
	size_t i;

	shared_reset();
	for (i = 0; i < ARRAY_SIZE(locks); i++) {
		spec[i] = (struct worker_spec){
			.group = a, .cpu = 0, .fn = fn_locks, .arg = (void *)&locks[i],
		};
		worker_start(&w[i], &spec[i]);
		ok &= check(wait_for(load_u(&w[i].page->word), 20 * P_NS));
	}
	/* Until all of them wait */
	sleep_ns(10 * P_NS);
	worker_start(&v, &out);
	ok &= check(wait_for(load_64(&v.page->value[0]), 10 * P_NS));
	ok &= check(v.page->value[0] == 1);
	worker_start(&n, &beside);
	sleep_ns(5 * P_NS);
	ksft_print_msg("a normal thread beside it waits up to %.3f ms\n",
		       load_64(&n.page->value[0]) / 1e6);
	ok &= check(load_64(&n.page->value[0]) <= 10 * SECTION_NS);
	kill_all_workers();
	group_remove(a);
	return ok;
}

/* The reservation comes, goes and is changed while the holder is outside. */
static bool changed_while_boosted(void)
{
	char *a = capsule_make("a", Q_US, P_US), *b = group_make(sv_top, "b");
	struct worker_spec spec, out = {
		.policy = SCHED_OTHER, .cpu = 0, .fn = fn_waiter,
	}, hog = {
		.policy = SCHED_FIFO, .prio = 60, .cpu = 0, .fn = fn_busy,
	};
	struct worker w = {}, v = {}, h = {};
	bool ok;

	holder_start(&w, &spec, a, SCHED_OTHER);
	worker_start(&v, &out);
	/* The hog keeps the holder, that is now an OTHER thread, from running. */
	worker_start(&h, &hog);
	ok = check(served_by(w.pid, a));
	ok &= check(!group_write(a, BUDGET, "max"));
	ok &= check(served_by(w.pid, NULL));
	ok &= check(!group_try_reserve(a, Q_US, P_US));
	ok &= check(served_by(w.pid, a));
	ok &= check(!group_attach(b, w.pid));
	ok &= check(!group_attach(a, w.pid));
	ok &= check(served_by(w.pid, a));
	ok &= check(!set_policy(w.pid, SCHED_FIFO, 1));
	ok &= check(served_by(w.pid, a));
	worker_kill(&h);
	ok &= check(wait_for(load_64(&v.page->value[0]), P_NS));
	ok &= check(served_by(w.pid, a));
	worker_kill(&w);
	worker_kill(&v);
	group_remove(b);
	group_remove(a);
	return ok;
}

static void timed_ones(void)
{
	ksft_test_result(outsider_waits(SCHED_OTHER, NULL, SCHED_FIFO, FIFO_WAIT_NS),
			 "OTHER holds, FIFO outside waits\n");
	ksft_test_result(outsider_waits(SCHED_FIFO, NULL, SCHED_FIFO, FIFO_WAIT_NS),
			 "FIFO holds, FIFO outside waits\n");
	ksft_test_result(outsider_waits(SCHED_OTHER, NULL, SCHED_OTHER, OTHER_WAIT_NS),
			 "OTHER holds, OTHER outside waits\n");
	ksft_test_result(outsider_waits(SCHED_OTHER, NULL, SCHED_DEADLINE, FIFO_WAIT_NS),
			 "OTHER holds, SCHED_DEADLINE outside waits\n");
	ksft_test_result(other_capsule_waits(), "a thread of another capsule waits\n");
	ksft_test_result(accomplice_lends_nothing(), "who makes the holder a normal one\n");
	ksft_test_result(accomplice_stays(fn_holder), "and stays for ever\n");
	ksft_test_result(accomplice_stays(fn_locks), "the holder makes no system call\n");
	ksft_test_result(accomplice_stays(fn_evader), "it yields before each tick\n");
	ksft_test_result(accomplice_keeps_nobody(), "others of its capsule get on\n");
	ksft_test_result(insider_waits(), "a thread of the same capsule waits\n");
	ksft_test_result(chain(), "a chain over two capsules\n");
	ksft_test_result(chain_inside(), "a chain of equals, all but the last in one capsule\n");
	ksft_test_result(lower_waits(), "a lower one outside waits for another mutex\n");
	ksft_test_result(requeued(), "a waiter is requeued to the mutex\n");
	ksft_test_result(waiter_gives_up(), "the waiter gives up\n");
	ksft_test_result(gives_up_at_branch(), "that of a chain with a branch gives up\n");
	ksft_test_result(changed_while_boosted(), "changes while it is outside\n");
}

/* From another CPU, since the capsule has this one for most of the time. */
static void test_behind(void)
{
	pin_to(0, 1);
	ksft_test_result(accomplices_hide_nobody(), "two who are awaited hide nobody\n");
}

int main(int argc, char **argv)
{
	bool behind = argc > 1 && !strcmp(argv[1], "behind");

	ksft_print_header();
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	untimed = argc > 1 && !strcmp(argv[1], "sleep");
	ksft_set_plan(behind ? 3 : untimed ? 4 : 22);
	lift_kthreads();
	log_mark();
	shared = shared_alloc(sizeof(*shared));
	if (behind) {
		test_behind();
	} else {
		if (!untimed)
			timed_ones();
		ksft_test_result(sleeper_holds(SCHED_OTHER),
				 "OTHER sleeps with it, FIFO outside waits\n");
		ksft_test_result(sleeper_holds(SCHED_FIFO),
				 "FIFO sleeps with it, FIFO outside waits\n");
	}
	ksft_test_result(log_silent(), "the kernel log is silent\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
