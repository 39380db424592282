/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the deadline group (capsule) tests share: cgroups with a reservation,
 * worker processes, a busy loop that knows when it ran, and result lines.
 *
 * Functions that say "or die" end the test program with "Bail out!", because
 * what they do is preparation and not what is tested.
 */
#ifndef __SCHED_VM_TEST_H
#define __SCHED_VM_TEST_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define NS_PER_US	1000ULL
#define NS_PER_MS	1000000ULL
#define NS_PER_S	1000000000ULL

#define BUDGET		"cpu.rt_budget_us"
#define PERIOD		"cpu.rt_period_us"
#define DEADLINE	"cpu.rt_deadline_us"
#define CPU_BUDGET	"cpu.rt_cpu_budget_us"
#define RT_MAX		"cpu.rt.max"
#define SCOPE		"cpu.rt_scope"
#define EXTRA		"cpu.rt_extra"
#define UNPRIVILEGED	"cpu.rt_unprivileged"
#define RT_FREE		"cpu.rt_free"
#define RT_STAT		"cpu.rt_stat"
#define RT_IRQS		"cpu.rt_irqs"
#define RT_EVENTS	"cpu.rt_events"

#define DEFAULT_PERIOD_US	100000
#define MIN_BUDGET_US		10

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE	6
#endif

/*
 * A different thing fails on each line of a test; say which. Used in functions
 * that return true for success.
 */
#define check(cond) check_at((cond), #cond, __FILE__, __LINE__)
bool check_at(bool ok, const char *what, const char *file, int line);
bool is_near(const char *what, long long value, long long expected,
	     long long tolerance);	/* says so if it is not */

/* group.c: cgroups */
void sv_setup(void);			/* empty test cgroup, or skip, or die */
bool sv_have_capsules(void);
extern const char *sv_top;		/* the test cgroup */

char *group_make(const char *parent, const char *name);	/* or die */
char *group_make_on(const char *name, const char *cpus);	/* or die */
char *group_make_on_in(const char *parent, const char *name, const char *cpus);
void group_remove(char *cg);		/* kills what is in it; frees @cg */
bool group_try_remove(const char *cg);
const char *group_path(const char *cg);	/* as the kernel names it */
int group_write(const char *cg, const char *file, const char *text);
ssize_t group_write_raw(const char *cg, const char *file, const void *buf,
			size_t len);
int group_read(const char *cg, const char *file, char *buf, size_t size);
int group_read_all(const char *cg, const char *file, char *buf, size_t size);
long long group_value(const char *cg, const char *file, const char *key);
bool group_reads(const char *cg, const char *file, const char *expected);
bool group_reads_all(const char *cg, const char *file, const char *expected);
int group_try_reserve(const char *cg, long q_us, long p_us);
void group_reserve(const char *cg, long q_us, long p_us);	/* or die */
char *capsule_make(const char *name, long q_us, long p_us);	/* or die */
char *group_make_threaded(const char *parent, const char *name);
int group_attach(const char *cg, pid_t pid);		/* a process */
int group_attach_thread(const char *cg, pid_t tid);	/* within its domain */
int group_enter(const char *cg);			/* threaded or not */
bool can_reserve_all(void);		/* the whole 90 %, on each CPU */
void bandwidth_text(char *buf, size_t size);	/* what debugfs says */
bool served_by(pid_t tid, const char *cg);	/* NULL: by no capsule */
bool served_by_path(pid_t tid, const char *path);
bool served_by_none(pid_t tid);		/* says nothing; false if it has gone */

/* worker.c: processes */
struct worker;
struct worker_page;

struct worker_spec {
	const char *group;		/* NULL: where the parent is */
	int policy;
	int prio;
	int cpu;			/* -1: any */
	void (*prepare)(void *arg);	/* before it enters; or NULL */
	void (*fn)(struct worker *w, void *arg);
	void *arg;
};

struct worker {
	pid_t pid;
	const struct worker_spec *spec;
	struct worker_page *page;	/* shared by parent and child */
};

struct worker_page {
	unsigned int ready;
	unsigned int go;
	unsigned int stop;
	unsigned int word;		/* for whatever the test needs */
	uint64_t start_ns;		/* set before go: when to begin */
	uint64_t count;			/* progress */
	uint64_t last_ns;		/* when it last made some */
	uint64_t value[8];		/* results */
};

void worker_spawn(struct worker *w, const struct worker_spec *spec);
void worker_go(struct worker *w);
void worker_start(struct worker *w, const struct worker_spec *spec);
void worker_stop(struct worker *w);	/* asks, then waits */
void worker_kill(struct worker *w);
bool worker_kill_within(struct worker *w, uint64_t ns);
int worker_wait(struct worker *w);	/* exit status, -1 if killed */
uint64_t worker_cpu_ns(struct worker *w);
uint64_t workers_cpu_ns(struct worker *w, int nr, uint64_t *cpu);
uint64_t worker_count(struct worker *w);
bool worker_progress(struct worker *w, uint64_t within_ns);
bool worker_gets(struct worker *w, double percent, unsigned int ms);
bool workers_get(struct worker *w, const double *percent, int nr,
		 unsigned int ms);
void worker_sleep_until_start(struct worker *w);
void kill_all_workers(void);

void fn_busy(struct worker *w, void *arg);	/* until told to stop */
void fn_gap(struct worker *w, void *arg);	/* the same; value[0]: longest time without CPU */
void fn_sleep(struct worker *w, void *arg);	/* 1 ms naps until then */
void fn_yield(struct worker *w, void *arg);	/* busy, but polite */
void fn_pause(struct worker *w, void *arg);	/* for ever */

int set_policy(pid_t pid, int policy, int prio);	/* 0 or -errno */
int set_policy_alone(pid_t pid, int policy);	/* SCHED_FLAG_KEEP_PARAMS */
int set_deadline(pid_t pid, uint64_t q_ns, uint64_t p_ns);
int get_policy(pid_t pid);
void pin_to(pid_t pid, int cpu);
int try_pin_to(pid_t pid, int cpu);
void unpin(pid_t pid);
void lift_kthreads(void);
unsigned int load_u(unsigned int *p);
void store_u(unsigned int *p, unsigned int v);
uint64_t load_64(uint64_t *p);
void store_64(uint64_t *p, uint64_t v);
void *shared_alloc(size_t size);

/* clock.c: time */
uint64_t now_ns(void);
uint64_t own_cpu_ns(void);
uint64_t cpu_ns_of(pid_t pid);
void sleep_until(uint64_t ns);
void sleep_ns(uint64_t ns);
void burn_ns(uint64_t ns);		/* CPU time, not wall-clock time */
/* Looks more and more seldom; in the end once more. */
#define wait_for(cond, timeout_ns) ({					\
	uint64_t __start = now_ns(), __limit = (timeout_ns), __past;	\
	bool __ok;							\
	for (;;) {							\
		__past = now_ns() - __start;				\
		__ok = (cond);						\
		if (__ok || __past >= __limit)				\
			break;						\
		sleep_ns(100 * NS_PER_US + __past / 32);		\
	}								\
	__ok; })

/* supply.c: what a busy loop was given */
struct burst {
	uint64_t start;			/* CLOCK_MONOTONIC */
	uint64_t end;
	uint64_t cpu_start;		/* CLOCK_THREAD_CPUTIME_ID */
};

struct burst_log {
	unsigned int nr;
	unsigned int max;
	uint64_t gap_ns;		/* what interrupts a burst */
	uint64_t end_ns;		/* when to stop */
	struct burst burst[];
};

struct supply {
	unsigned int periods;		/* full ones */
	uint64_t cpu_ns;		/* in all of them, thread's clock */
	uint64_t max_ns;		/* most in one, by wall clock */
	uint64_t max_cpu_ns;		/* the same by the thread's clock */
	uint64_t min_cpu_ns;		/* least in one */
	uint64_t min_slack_ns;		/* most that was missing after debt */
	uint64_t worst_ns;		/* ... in the period that began then */
};

struct burst_log *burst_log_alloc(unsigned int max, uint64_t gap_ns);
void fn_burst(struct worker *w, void *arg);	/* arg: struct burst_log */
void supply_measure(const struct burst_log *log, uint64_t from, unsigned int before,
		    uint64_t q_ns, uint64_t p_ns, struct supply *s);
uint64_t supply_bound(uint64_t q_ns, uint64_t p_ns, uint64_t d_ns, uint64_t t);
uint64_t *supply_sums(const struct burst_log *log);
uint64_t supply_least(const struct burst_log *log, const uint64_t *sum, uint64_t t);
uint64_t supply_between(const struct burst_log *log, uint64_t from, uint64_t to);
void supply_by_clock(struct burst_log *log);

/* trace.c: files of tracefs; what __schedule() costs */
#define MAX_COSTS	(64 * 1024)

struct costs {
	unsigned int nr;
	uint64_t total_ns;
	uint64_t ns[MAX_COSTS];		/* sorted */
};

bool trace_write(const char *file, const char *text);

/* Return: can it be had? It takes probe events (CONFIG_FPROBE_EVENTS) and x86. */
bool decisions_begin(void);

/*
 * Of all calls of __schedule() that began since then, at @from or later and before @to, on
 * the one CPU: from its entry to the switch, or to its end if there is none; and from there to
 * its end, in the other thread. Each without what an event takes, @probe_ns.
 */
void decisions_end(uint64_t from, uint64_t to, uint64_t probe_ns, struct costs *decisions,
		   struct costs *switches);

/* guest.c: a virtual machine on CPU 0 */
#define GUEST_VCPUS	2

enum guest_order {
	GUEST_COUNT,
	GUEST_YIELD,			/* to the other one, after each count */
	GUEST_HALT,			/* after each count, until kicked */
	GUEST_PASS,			/* counts when the ball is its own, and passes it */
};

struct guest_vcpu {			/* in the guest's memory */
	unsigned int count;
	unsigned int order;
	uint8_t unused[56];		/* what follows is aligned to 64 bytes */
	struct {			/* struct kvm_steal_time */
		uint64_t ns;
		uint32_t version;
		uint32_t flags;
		uint8_t preempted;
		uint8_t pad[47];
	} steal;
};

struct guest {
	const char *group[GUEST_VCPUS];	/* of a vCPU; NULL: the process's */
	struct worker_spec spec;
	struct worker w;
	void *memory;
};

bool guest_supported(void);
void guest_start(struct guest *g, const char *group, int policy, int prio);
void guest_order(struct guest *g, int id, enum guest_order order);
void guest_kick(struct guest *g, int id);	/* if it has halted */
void guest_wake(struct guest *g, int id);	/* ... and see it run, or die */
struct guest_vcpu *guest_vcpu(struct guest *g, int id);
pid_t guest_tid(struct guest *g, int id);
uint64_t guest_cpu_ns(struct guest *g, int id);
long long guest_counter(struct guest *g, const char *name);

/* kthread.c: threads of the kernel, and what they work for */
unsigned int threads_of(const char *folder, const char *prefix, pid_t *tid,
			unsigned int max);
pid_t kthread_of(const char *prefix);	/* the first whose name begins so, or 0 */
pid_t thread_of_irq(int irq);
int irq_of(const char *name);		/* the first that is named so, or -1 */
int bind_irq(const char *cg, char sign, unsigned int irq);
bool driver_write(const char *file, const char *device);

/* owner.c: an unprivileged user */
void owner_gets(const char *cg, bool files);	/* those of cpu.rt*, too; or die */
void owner_become(unsigned long rtprio);	/* with that RLIMIT_RTPRIO; or exit */

/* machine.c: the machine itself */
bool cpu_online(int cpu, bool on);

/* scx.c: sched_ext */
#define SCHED_EXT		7
#define SCX_OPS_SWITCH_PARTIAL	8	/* threads of SCHED_EXT only */

bool scx_supported(void);
bool scx_enabled(void);
int scx_load(uint64_t flags, unsigned int timeout_ms);	/* -1 if refused */
bool scx_unload(int scx);

/* result.c: what scripts read */
void result_int(const char *name, long long value);
void result_float(const char *name, double value);
uint64_t percentile(const uint64_t *sorted, unsigned int nr, double p);
void sort_u64(uint64_t *v, unsigned int nr);
void log_mark(void);			/* kernel log: from here on */
bool log_silent(void);			/* nothing since? prints what was */

#endif
