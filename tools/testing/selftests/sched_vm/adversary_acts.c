// SPDX-License-Identifier: GPL-2.0
/* What an owner's processes do to themselves and to each other. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adversary.h"
#include "kselftest.h"

#define HOLD_MAX_NS	(800 * NS_PER_MS)

void op_mode(const struct adv_op *op)
{
	unsigned int mode = op->r[0] % NR_MODES;

	if (!(op->classes & ADV_BIRTH) && (mode == MODE_FORK || mode == MODE_VFORK))
		mode = MODE_SPIN;
	if (!(op->classes & (ADV_CALLS | ADV_FILES)) && mode > MODE_VFORK)
		mode = op->r[1] % 3 ? MODE_SPIN : MODE_WAIT;
	adv_note(op, "%u", mode);
	adv->owner[op->owner].mode[op->agent] = mode;
}

/* Has no agent to obey; its parent is the keeper, which knows when it has gone. */
static void one_of_the_crowd(const struct adv_op *op, unsigned int mode)
{
	if (op->classes & ADV_SELF)
		adv_attach(op->owner, op->slot, 0);
	for (;;)
		adv_work(op->owner, mode);
}

static pid_t fork_sibling(void)
{
	fflush(stdout);
	return syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

void op_crowd(const struct adv_op *op)
{
	static const unsigned int modes[] = {
		MODE_SPIN, MODE_SPIN, MODE_SPIN, MODE_FORK, MODE_YIELD, MODE_READ, MODE_CGROUP,
		MODE_PIPE,
	};
	unsigned int want = 1 + op->r[0] % 12, i, mode = modes[op->r[1] % ARRAY_SIZE(modes)];
	struct adv_owner *o = &adv->owner[op->owner];

	if (mode != MODE_SPIN && !(op->classes & (ADV_BIRTH | ADV_CALLS)))
		mode = MODE_SPIN;
	adv_note(op, "%u, mode %u, in slot %d", want, mode, op->slot);
	for (i = 0; i < ADV_CROWD && want; i++) {
		pid_t none = 0;

		if (!__atomic_compare_exchange_n(&o->crowd[i], &none, -1, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			continue;
		none = fork_sibling();
		if (!none)
			one_of_the_crowd(op, mode);
		__atomic_store_n(&o->crowd[i], none > 0 ? none : 0, __ATOMIC_SEQ_CST);
		want--;
	}
}

void op_disperse(const struct adv_op *op)
{
	int i;

	for (i = 0; i < ADV_CROWD; i++)
		if (adv->owner[op->owner].crowd[i] > 0)
			kill(adv->owner[op->owner].crowd[i], SIGKILL);
}

void op_policy(const struct adv_op *op)
{
	static const int policy[] = {
		SCHED_FIFO, SCHED_RR, SCHED_FIFO, SCHED_OTHER, SCHED_BATCH, SCHED_IDLE
	};
	int which = policy[op->r[1] % ARRAY_SIZE(policy)];
	bool rt = which == SCHED_FIFO || which == SCHED_RR;
	pid_t pid = adv_anybody(op);

	if (pid > 0)
		adv_note(op, "%d policy %d: %d", pid, which,
			 set_policy(pid, which, rt ? 1 + op->r[2] % ADV_RTPRIO : 0));
}

void op_affinity(const struct adv_op *op)
{
	pid_t pid = adv_anybody(op);

	if (pid <= 0)
		return;
	adv_note(op, "%d to CPU %u: %d", pid, op->r[1] % plan.cpus,
		 try_pin_to(pid, op->r[1] % plan.cpus));
}

static int lock_for(pthread_mutex_t *lock, uint64_t ns)
{
	uint64_t end = now_ns() + ns;
	struct timespec until = { .tv_sec = end / NS_PER_S, .tv_nsec = end % NS_PER_S };
	int ret = pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &until);

	if (ret == EOWNERDEAD)
		ret = pthread_mutex_consistent(lock);
	return ret;
}

/* With a lock that somebody may wait for, inside, beside or outside. */
void op_hold(const struct adv_op *op)
{
	pthread_mutex_t *lock = &adv->owner[op->owner].lock[op->r[0] % ADV_LOCKS];
	uint64_t end;

	if (lock_for(lock, 20 * NS_PER_MS))
		return;
	end = now_ns() + (op->r[1] % 2 ? 5 * NS_PER_MS : op->r[2] % HOLD_MAX_NS);
	adv_note(op, "holds %u", op->r[0] % ADV_LOCKS);
	while (now_ns() < end)
		;
	pthread_mutex_unlock(lock);
	adv_note(op, "lets go");
}

void op_wait(const struct adv_op *op)
{
	struct adv_owner *o = &adv->owner[op->owner];
	pthread_mutex_t *lock = &o->lock[op->r[0] % ADV_LOCKS];
	struct timespec ts = { .tv_nsec = 1 + op->r[1] % 50 * NS_PER_MS };

	if (op->r[1] % 8 == 0) {
		syscall(SYS_futex, &o->word, FUTEX_WAKE, 100, NULL, NULL, 0);
		syscall(SYS_futex, &o->word, FUTEX_WAIT, 0, &ts, NULL, 0);
		return;
	}
	adv_note(op, "waits for %u", op->r[0] % ADV_LOCKS);
	if (!lock_for(lock, HOLD_MAX_NS))
		pthread_mutex_unlock(lock);
}

/* As an honest user of a lock that root uses, too. */
void op_section(const struct adv_op *op)
{
	if (lock_for(&adv->root_lock, 100 * NS_PER_MS))
		return;
	burn_ns((1 + op->r[0] % 10) * 200 * NS_PER_US);
	pthread_mutex_unlock(&adv->root_lock);
}

static void *thread(void *arg)
{
	burn_ns((long)arg * NS_PER_MS);
	return NULL;
}

/* 0: fork, 1: vfork, 2: exec, 3: a thread, 4: dies of a signal */
void op_birth(const struct adv_op *op)
{
	unsigned int how = op->r[0] % 5;
	pthread_t t;
	pid_t pid;

	adv_note(op, "%u", how);
	if (how == 1) {
		adv_work(op->owner, MODE_VFORK);
		return;
	}
	if (how == 3) {
		if (!pthread_create(&t, NULL, thread, (void *)(op->r[1] % 20L)))
			pthread_join(t, NULL);
		return;
	}
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(STDOUT_FILENO);
		if (how == 2)
			execl("/proc/self/exe", "adversary", "--help", NULL);
		if (how == 4)
			abort();
		burn_ns(op->r[1] % 5 * NS_PER_MS);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Until it exits, which takes the longer. */
void op_memory(const struct adv_op *op)
{
	size_t size = (4 + op->r[0] % 28) << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static size_t all;
	size_t i;

	if (p == MAP_FAILED)
		return;
	if (all + size > 32UL << 20 || op->r[1] % 4 == 0) {
		munmap(p, size);
		return;
	}
	all += size;
	adv_note(op, "%zu MiB", size >> 20);
	for (i = 0; i < size; i += 4096)
		p[i] = 1;
}

void op_exit(const struct adv_op *op)
{
	exit(0);
}

void op_kill(const struct adv_op *op)
{
	pid_t pid = adv_anybody(op);

	if (pid > 0)
		adv_note(op, "%d: %d", pid, kill(pid, SIGKILL));
}

void op_stop(const struct adv_op *op)
{
	pid_t pid = adv_anybody(op);

	if (pid <= 0 || pid == getpid())
		return;
	adv_note(op, "%d", pid);
	kill(pid, SIGSTOP);
	sleep_ns(op->r[1] % 20 * NS_PER_MS);
	kill(pid, SIGCONT);
}

void op_trace(const struct adv_op *op)
{
	pid_t pid = adv_anybody(op);

	if (pid <= 0 || pid == getpid() || ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return;
	adv_note(op, "%d", pid);
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	sleep_ns(op->r[1] % 20 * NS_PER_MS);
	waitpid(pid, NULL, WNOHANG | __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	kill(pid, SIGCONT);
}

/* Many requests of nothing; folders and moves, which another thread does for it. */
void op_uring(const struct adv_op *op)
{
	char path[512], text[16];
	int fd;

	snprintf(path, sizeof(path), "%s/u%d", adv_own[op->owner], getpid());
	snprintf(text, sizeof(text), "%d", getpid());
	fd = openat(AT_FDCWD, adv_slot(op->owner, op->slot), O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		int file = openat(fd, adv_is_threaded(op->owner) ? "cgroup.threads" :
				  "cgroup.procs", O_WRONLY | O_CLOEXEC);

		close(fd);
		fd = file;
	}
	adv_note(op, "begins");
	adv_uring(op->r[0] % 3 ? 64 : 20000, op->r[1] % 2 ? path : NULL, fd, text);
	adv_note(op, "ends");
	if (fd >= 0)
		close(fd);
	rmdir(path);
}
