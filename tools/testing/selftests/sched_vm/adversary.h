/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The selftest "adversary": unprivileged owners of delegated cgroups do whatever
 * they may, at random, and nobody else may notice.
 *
 * adversary.c		arguments, phases, verdict
 * adversary_plan.c	what follows from the seed: the sizes, and each operation
 * adversary_keeper.c	starts the owners' processes, gives them one operation after the other
 * adversary_ops.c	operations on cgroups
 * adversary_acts.c	operations of threads
 * adversary_work.c	what a process of an owner does between two operations
 * adversary_victims.c	who must not notice
 * adversary_oracle.c	how much they may notice, and whether they did
 */
#ifndef __ADVERSARY_H
#define __ADVERSARY_H

#include <pthread.h>

#include "kselftest.h"
#include "sched_vm.h"

#define ADV_OWNERS	3
#define ADV_AGENTS	4	/* processes of an owner that take orders */
#define ADV_OUTSIDER	3	/* this one is outside his capsule */
#define ADV_SLOTS	6	/* names that his cgroups have */
#define ADV_WITNESS	ADV_SLOTS	/* and the one that he can only fail to change */
#define ADV_CROWD	32	/* processes of an owner that take none */
#define ADV_LOCKS	4
#define ADV_CPUS	4
#define ADV_UID		65534	/* of the first owner; that of the next is one less */
#define ADV_RTPRIO	5

#define STARVE_Q_US	200	/* the least that an owner can reserve */
#define STARVE_P_US	4000000

/* Kinds of operations; a seed has some of them, since rare faults need few kinds. */
enum adv_class {
	ADV_RESERVE	= 1 << 0,
	ADV_PERIODS	= 1 << 1,	/* a cgroup's period changes */
	ADV_TREE	= 1 << 2,
	ADV_CPUSET	= 1 << 3,
	ADV_SCOPE	= 1 << 4,
	ADV_SELF	= 1 << 5,	/* threads that move themselves */
	ADV_CROWDS	= 1 << 6,
	ADV_POLICY	= 1 << 7,
	ADV_PI		= 1 << 8,
	ADV_BIRTH	= 1 << 9,	/* fork, vfork, exec, threads */
	ADV_MEMORY	= 1 << 10,
	ADV_DEATH	= 1 << 11,	/* exit, kill */
	ADV_STOP	= 1 << 12,	/* freeze, SIGSTOP, ptrace */
	ADV_FILES	= 1 << 13,
	ADV_CALLS	= 1 << 14,	/* long system calls */
	ADV_URING	= 1 << 15,
	ADV_FAIL	= 1 << 16,	/* writes that fail */
	NR_ADV_CLASSES	= 17,
};

struct adv_op {
	unsigned int index;
	unsigned int kind;
	int owner, agent, slot;
	unsigned int r[3];		/* what it needs more */
	unsigned int classes;		/* what else there is at that time */
	uint64_t pause_ns;		/* before the next one */
};

enum adv_mode {
	MODE_WAIT, MODE_SPIN, MODE_YIELD, MODE_FORK, MODE_VFORK, MODE_READ, MODE_MAP,
	MODE_PIPE, MODE_FILES, MODE_CGROUP, MODE_URING, MODE_NAP, NR_MODES
};

struct adv_plan {
	uint64_t seed;
	unsigned int ops;
	const char *only;		/* operations, a list of numbers and ranges */
	int cpus;			/* of the machine */
	int capsule_cpus;		/* the first of these */
	bool tight;			/* nearly everything is reserved */
	bool verbose;
	const char *ignore;		/* part of a verdict */
	long max_period_us;		/* of a budget that counts */
	long own_q_us, own_p_us;	/* of each owner */
	long victim_q_us, victim_p_us;
	long late_q_us, late_p_us;	/* of one that is the last by EDF */
	long witness_q_us, witness_p_us;
	double reserved;		/* of each CPU of capsules */
};

struct adv_mail {
	unsigned int posted;		/* numbers of orders */
	unsigned int taken;
	unsigned int index;		/* of the operation */
};

struct adv_owner {
	unsigned int mode[ADV_AGENTS];
	struct adv_mail mail[ADV_AGENTS];
	pid_t agent[ADV_AGENTS];
	unsigned int inside[ADV_AGENTS];	/* the same, when it has come into the capsule */
	uint64_t killed_ns[ADV_AGENTS];	/* by root, and not gone yet */
	pid_t crowd[ADV_CROWD];
	pthread_mutex_t lock[ADV_LOCKS];
	unsigned int word;		/* a futex */
	uint64_t ahead_ns;		/* CPU time beyond what is reserved */
	uint64_t ahead_max_ns;
	unsigned int unserved;		/* one of them that no capsule serves */
};

struct adv_shared {
	struct adv_owner owner[ADV_OWNERS];
	pthread_mutex_t root_lock;	/* of the probes, and of honest threads */
	unsigned int posted, lost, done;
	unsigned int finished;
	uint64_t kill_max_ns;
};

extern struct adv_plan plan;
extern struct adv_shared *adv;
extern char *adv_own[ADV_OWNERS], *adv_home[ADV_OWNERS], *adv_out[ADV_OWNERS];
extern char *adv_beside[2];

/* adversary_plan.c */
bool adv_plan_parse(int argc, char **argv);
void adv_plan_print(void);
bool adv_is_threaded(int owner);
bool adv_selected(unsigned int index);
void adv_op_make(unsigned int index, struct adv_op *op);

struct adv_kind {
	const char *name;
	unsigned int classes;
	unsigned int weight;
	void (*run)(const struct adv_op *op);
	bool inside;			/* done by who is in the capsule */
};

extern const struct adv_kind adv_kinds[];
extern const unsigned int adv_nr_kinds;

/* adversary_ops.c */
const char *adv_extra(int owner);
const char *adv_slot(int owner, int slot);
void op_reserve(const struct adv_op *op);
void op_flip(const struct adv_op *op);
void op_give(const struct adv_op *op);
void op_end(const struct adv_op *op);
void op_tune(const struct adv_op *op);
void op_fail(const struct adv_op *op);
void op_junk(const struct adv_op *op);
void op_make(const struct adv_op *op);
void op_remove(const struct adv_op *op);
void op_control(const struct adv_op *op);
void op_cpuset(const struct adv_op *op);
void op_scope(const struct adv_op *op);
void op_move(const struct adv_op *op);
void op_self(const struct adv_op *op);
void op_freeze(const struct adv_op *op);
void op_kill_all(const struct adv_op *op);
void op_read(const struct adv_op *op);
int adv_attach(int owner, int slot, pid_t pid);
pid_t adv_anybody(const struct adv_op *op);
__printf(2, 3) void adv_note(const struct adv_op *op, const char *fmt, ...);

/* adversary_acts.c */
void op_mode(const struct adv_op *op);
void op_crowd(const struct adv_op *op);
void op_disperse(const struct adv_op *op);
void op_policy(const struct adv_op *op);
void op_affinity(const struct adv_op *op);
void op_hold(const struct adv_op *op);
void op_wait(const struct adv_op *op);
void op_section(const struct adv_op *op);
void op_birth(const struct adv_op *op);
void op_memory(const struct adv_op *op);
void op_exit(const struct adv_op *op);
void op_kill(const struct adv_op *op);
void op_stop(const struct adv_op *op);
void op_trace(const struct adv_op *op);
void op_uring(const struct adv_op *op);

/* adversary_work.c */
void adv_work(int owner, unsigned int mode);
int adv_uring(unsigned int nops, const char *dir, int fd, const char *text);

/* adversary_keeper.c */
void fn_keeper(struct worker *w, void *arg);

/* adversary_victims.c */
void adv_victims_start(void);
void adv_extras_start(void);		/* what owners would honestly do */
void adv_extras_stop(void);
void adv_victims_stop(void);

struct adv_probe {
	const char *name;
	int policy;
	void (*once)(struct worker *w);
	struct worker_spec spec;
	struct worker w;
	uint64_t bound_ns;
};

struct adv_supplied {
	char name[32];
	uint64_t q_ns, p_ns;
	bool jobs;			/* it has jobs, which end within a period */
	struct worker_spec spec;
	struct worker w;
	uint64_t bound_ns;
};

extern struct adv_probe adv_probes[];
extern const unsigned int adv_nr_probes;
extern struct adv_supplied adv_supplied[];
extern unsigned int adv_nr_supplied;
extern struct worker adv_hog[ADV_CPUS];
/* Of a probe's or victim's page: since when it does what it does, and the worst. */
#define SINCE	0
#define WORST	1

/* adversary_oracle.c */
uint64_t adv_sbf(uint64_t t, uint64_t q, uint64_t p);
uint64_t adv_late(uint64_t t, uint64_t p);
void adv_sample(void);			/* called by a probe, which may have to wait */
void adv_oracle_reset(void);
void adv_oracle_quiet(void);		/* nobody but the victims was there until now */
void adv_oracle_bounds(void);		/* from what was seen until now */
bool adv_oracle_watch(uint64_t ns);	/* false: somebody noticed something */
const char *adv_oracle_says(void);
void adv_oracle_print(void);

#endif
