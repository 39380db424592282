// SPDX-License-Identifier: GPL-2.0
/* Processes that do something in a cgroup, under some policy. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define MAX_WORKERS	1024
#define LIFTED_PRIO	98
#define PATIENCE_NS	(20 * NS_PER_S)
#define KEEP_PARAMS	0x10		/* SCHED_FLAG_KEEP_PARAMS */

static pid_t workers[MAX_WORKERS];

struct sv_sched_attr {
	uint32_t size;
	uint32_t sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime;
	uint64_t sched_deadline;
	uint64_t sched_period;
};

unsigned int load_u(unsigned int *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

void store_u(unsigned int *p, unsigned int v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

uint64_t load_64(uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

void store_64(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* Memory that children share; all of it is there before it is used. */
void *shared_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		ksft_exit_fail_perror("mmap");
	return p;
}

int set_policy(pid_t pid, int policy, int prio)
{
	struct sched_param param = { .sched_priority = prio };

	return sched_setscheduler(pid, policy, &param) ? -errno : 0;
}

/* The parameters, whatever they are for that policy, stay as they are. */
int set_policy_alone(pid_t pid, int policy)
{
	struct sv_sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = policy,
		.sched_flags = KEEP_PARAMS,
	};

	return syscall(SYS_sched_setattr, pid, &attr, 0) ? -errno : 0;
}

int set_deadline(pid_t pid, uint64_t q_ns, uint64_t p_ns)
{
	struct sv_sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_DEADLINE,
		.sched_runtime = q_ns,
		.sched_deadline = p_ns,
		.sched_period = p_ns,
	};

	return syscall(SYS_sched_setattr, pid, &attr, 0) ? -errno : 0;
}

int get_policy(pid_t pid)
{
	return sched_getscheduler(pid);
}

int try_pin_to(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(pid, sizeof(set), &set) ? -errno : 0;
}

void pin_to(pid_t pid, int cpu)
{
	int ret = try_pin_to(pid, cpu);

	if (ret)
		ksft_exit_fail_msg("pin to CPU %d: %s\n", cpu, strerror(-ret));
}

/* To all CPUs that its cgroup has. */
void unpin(pid_t pid)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	if (sched_setaffinity(pid, sizeof(set), &set))
		ksft_exit_fail_perror("unpin");
}

/*
 * What the kernel cannot do without, if a FIFO thread runs all the time:
 * without this it reports RCU stalls, reservations or not.
 */
void lift_kthreads(void)
{
	static const char * const names[] = {
		"rcuc/", "rcub/", "rcu_preempt", "rcu_exp_", "rcu_tasks",
		"ktimers/", "ksoftirqd/", "irq_work/",
	};
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	char comm[64];
	size_t i;

	while (proc && (entry = readdir(proc))) {
		int pid = atoi(entry->d_name);

		if (pid <= 0 || proc_read_text(pid, false, "comm", comm,
					       sizeof(comm)) < 0)
			continue;
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (!strncmp(comm, names[i], strlen(names[i])))
				set_policy(pid, SCHED_FIFO, LIFTED_PRIO);
	}
	if (proc)
		closedir(proc);
}

static void futex_wait(unsigned int *word, unsigned int value)
{
	while (load_u(word) == value)
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void futex_set(unsigned int *word, unsigned int value)
{
	store_u(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static __noreturn void worker_child(struct worker *w)
{
	const struct worker_spec *spec = w->spec;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	if (spec->cpu >= 0)
		pin_to(0, spec->cpu);
	if (spec->prepare)
		spec->prepare(spec->arg);
	/* The policy last: FIFO may be forbidden where we come from. */
	if (set_policy(0, SCHED_OTHER, 0) ||
	    (spec->group && group_enter(spec->group)) ||
	    set_policy(0, spec->policy, spec->prio))
		_exit(EXIT_FAILURE);
	futex_set(&w->page->ready, 1);
	futex_wait(&w->page->go, 0);
	spec->fn(w, spec->arg);
	_exit(EXIT_SUCCESS);
}

/* Where a thread hangs: its state, its cgroup, whether it is served, and what it is in. */
static void print_whereabouts(pid_t pid)
{
	static const char * const file[] = { "stat", "cgroup", "schedstat", "stack" };
	char text[4096];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(file); i++) {
		ssize_t n = proc_read_text(pid, false, file[i], text, sizeof(text));

		if (n < 0)
			continue;
		while (n--)
			if (text[n] == '\n')
				text[n] = ' ';
		ksft_print_msg("%s of %d: %.500s\n", file[i], pid, text);
	}
}

/* Make it and bring it to the point where worker_go() lets it begin. */
void worker_spawn(struct worker *w, const struct worker_spec *spec)
{
	int i;

	w->spec = spec;
	if (!w->page)
		w->page = shared_alloc(sizeof(*w->page));
	memset(w->page, 0, sizeof(*w->page));
	fflush(stdout);
	w->pid = fork();
	if (w->pid < 0)
		ksft_exit_fail_perror("fork");
	if (!w->pid)
		worker_child(w);
	for (i = 0; i < MAX_WORKERS && workers[i]; i++)
		;
	if (i < MAX_WORKERS)
		workers[i] = w->pid;
	if (!wait_for(load_u(&w->page->ready), PATIENCE_NS)) {
		print_whereabouts(w->pid);
		ksft_exit_fail_msg("a worker does not get ready\n");
	}
}

void worker_go(struct worker *w)
{
	futex_set(&w->page->go, 1);
}

void worker_start(struct worker *w, const struct worker_spec *spec)
{
	worker_spawn(w, spec);
	worker_go(w);
}

static void forget(pid_t pid)
{
	int i;

	for (i = 0; i < MAX_WORKERS; i++)
		if (workers[i] == pid)
			workers[i] = 0;
}

/* What it left in its page can still be read. */
int worker_wait(struct worker *w)
{
	int status = 0;

	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	forget(w->pid);
	w->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void worker_stop(struct worker *w)
{
	store_u(&w->page->stop, 1);
	worker_wait(w);
}

void worker_kill(struct worker *w)
{
	kill(w->pid, SIGKILL);
	worker_wait(w);
}

/* Is it gone @ns after SIGKILL? */
bool worker_kill_within(struct worker *w, uint64_t ns)
{
	siginfo_t info;
	bool gone;

	kill(w->pid, SIGKILL);
	gone = wait_for((info.si_pid = 0,
			 !waitid(P_PID, w->pid, &info,
				 WEXITED | WNOHANG | WNOWAIT) && info.si_pid),
			ns);
	worker_wait(w);
	return gone;
}

/* All at once: some may not get to die before others have. */
void kill_all_workers(void)
{
	int i;

	for (i = 0; i < MAX_WORKERS; i++)
		if (workers[i])
			kill(workers[i], SIGKILL);
	for (i = 0; i < MAX_WORKERS; i++) {
		if (!workers[i])
			continue;
		waitpid(workers[i], NULL, 0);
		workers[i] = 0;
	}
}

uint64_t worker_cpu_ns(struct worker *w)
{
	return cpu_ns_of(w->pid);
}

/*
 * CPU times of @nr workers at one moment, which is returned. Where a capsule takes the
 * CPU from us in between, once more.
 */
uint64_t workers_cpu_ns(struct worker *w, int nr, uint64_t *cpu)
{
	uint64_t begin;
	int i, try = 0;

	do {
		begin = now_ns();
		for (i = 0; i < nr; i++)
			cpu[i] = worker_cpu_ns(&w[i]);
	} while (now_ns() - begin > NS_PER_MS && ++try < 100);
	return begin;
}

uint64_t worker_count(struct worker *w)
{
	return load_64(&w->page->count);
}

bool worker_progress(struct worker *w, uint64_t within_ns)
{
	uint64_t before = worker_count(w);

	return wait_for(worker_count(w) != before, within_ns);
}

void worker_sleep_until_start(struct worker *w)
{
	uint64_t start = load_64(&w->page->start_ns);

	if (start)
		sleep_until(start);
}

/*
 * Is each of @nr given its percentage of a CPU, +- 1 % of the CPU? @ms has to be
 * a multiple of the period. One that a change cut short is not looked at.
 */
bool workers_get(struct worker *w, const double *percent, int nr,
		 unsigned int ms)
{
	uint64_t from, to, before[16], cpu[16];
	bool ok = true;
	double share;
	int i;

	sleep_ns(200 * NS_PER_MS);
	from = workers_cpu_ns(w, nr, before);
	sleep_until(from + ms * NS_PER_MS);
	to = workers_cpu_ns(w, nr, cpu);
	for (i = 0; i < nr; i++) {
		share = 100.0 * (cpu[i] - before[i]) / (to - from);
		if (share >= percent[i] - 1 && share <= percent[i] + 1)
			continue;
		ksft_print_msg("worker %d has %.2f %%, expected %.2f %%\n", i,
			       share, percent[i]);
		ok = false;
	}
	return ok;
}

bool worker_gets(struct worker *w, double percent, unsigned int ms)
{
	return workers_get(w, &percent, 1, ms);
}

void fn_gap(struct worker *w, void *arg)
{
	uint64_t last = now_ns(), t;

	for (; !load_u(&w->page->stop); last = t) {
		t = now_ns();
		if (t - last > load_64(&w->page->value[0]))
			store_64(&w->page->value[0], t - last);
	}
}

void fn_busy(struct worker *w, void *arg)
{
	worker_sleep_until_start(w);
	while (!load_u(&w->page->stop)) {
		store_64(&w->page->last_ns, now_ns());
		store_64(&w->page->count, w->page->count + 1);
	}
}

void fn_yield(struct worker *w, void *arg)
{
	while (!load_u(&w->page->stop)) {
		store_64(&w->page->count, w->page->count + 1);
		sched_yield();
	}
}

void fn_sleep(struct worker *w, void *arg)
{
	while (!load_u(&w->page->stop)) {
		sleep_ns(NS_PER_MS);
		store_64(&w->page->count, w->page->count + 1);
	}
}

void fn_pause(struct worker *w, void *arg)
{
	for (;;)
		pause();
}
