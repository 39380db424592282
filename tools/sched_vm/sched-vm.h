/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sched-vm - reservations of CPU time for virtual machines
 *
 * What the files of the tool know of each other. A "capsule" is a cgroup with a
 * reservation, see Documentation/scheduler/sched-deadline-group.rst. Paths of
 * cgroups are absolute. Functions that return int return 0, or -errno, unless
 * they say otherwise; cmd_*() return an exit status.
 */
#ifndef SCHED_VM_TOOL_H
#define SCHED_VM_TOOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <json-c/json.h>

typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define EXIT_OK		0
#define EXIT_FAILED	1	/* refused, does not fit, or doctor found something */
#define EXIT_USAGE	2

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NS_PER_US	1000LL
#define NS_PER_S	1000000000LL

/* util.c: memory, files, complaints */

extern bool json_mode;
extern bool quiet;	/* complain() says nothing */

/* These end the program when memory runs out. */
void *xrealloc(void *p, size_t size);
void *xzalloc(size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Room for one more than @nr elements of @size. */
void *grow(void *array, size_t nr, size_t size);

/* All of a file, without white space at its end; NULL with errno set. */
char *read_file(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int write_file(const char *path, const char *text);
/* Is all written that was given to @f? */
int file_error(FILE *f);
/* Control characters, and what is no UTF-8, become '?': names of threads have any. */
void clean_text(char *s);
/* The same, but ends of lines stay. */
void clean_lines(char *s);
/* Cleaned so: names of cgroups have any bytes, too. */
void say(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
u64 now_ns(void);
/* The value of "key" in lines "key value", or -1. */
long long keyed_value(const char *text, const char *key);

/*
 * Say what is wrong, and what helps, if something is known to; @error is an
 * errno or 0. Returns EXIT_FAILED.
 */
int complain(int error, const char *cure, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define CURE_KERNEL	"one with CONFIG_DEADLINE_GROUP_SCHED; it excludes RT_GROUP_SCHED, " \
			"SCHED_CORE, and SCHED_PROXY_EXEC"
#define CURE_OWN	"run as root, or give a --cgroup that is yours"
#define CURE_CHECK	"sched-vm check says what fits"
#define CURE_LIST	"sched-vm list shows those there are"
#define CURE_FREE	"sched-vm free says what is left, and who has the rest"
#define CURE_DELEGATE	"systemctl edit user@.service: [Service] Delegate=cpu cpuset"
#define CURE_MOUNT	"mount -t cgroup2 none /sys/fs/cgroup"
#define CURE_PERMISSION	"run as root; or below a capsule that is delegated to you, at least " \
			"200us, and nothing or 200us left above"
#define CURE_V1		"boot with cgroup_no_v1=all, or unmount the v1 hierarchy that has it"
/* Not an error, but not all that was asked for; @error and @cure as above. */
void warn_error(int error, const char *cure, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "1 thread is", "2 threads are" */
const char *plural(long long nr);
const char *are(long long nr);
/* The command that the user typed, as far as it is known: usage() names its help. */
extern const char *usage_command;
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What the user typed makes no sense: ends the program with EXIT_USAGE. */
void usage(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* cures.c: what helps, by what was tried */

enum call {
	CALL_ANY,
	/* Files and folders of cgroups: */
	CALL_CGROUP, CALL_CONTROLLER, CALL_MKDIR, CALL_RMDIR, CALL_CPUSET, CALL_WORD,
	CALL_RESERVE, CALL_BIND, CALL_MOVE_IN, CALL_MOVE_OUT, CALL_NOTE,
	/* Others: */
	CALL_FORK, CALL_EXEC, CALL_TRACE, CALL_DEVICE, CALL_INPUT, CALL_OUTPUT
};

/* NULL: nothing that is known. */
const char *cure_of(enum call call, int error);

/* support.c: what does this machine lack? */

struct lack {
	const char *id;		/* for programs: stays the same */
	const char *text, *cure;
};

/* NULL: nothing. */
const struct lack *machine_lacks(void);
/* Complains if it is not. */
bool machine_is_able(void);
/* Why a controller is not in the root of cgroup v2, as what helps. */
const char *controller_cure(const char *controller);
/* Below this machine; allocated. NULL: its CPUs are real. */
char *hypervisor_below(void);
void print_hypervisor(void);
/* "0": built without; NULL: not known. Of the kernel that runs; allocated. */
char *kernel_option(const char *name);

/* units.c: times and CPU lists as people write them */

#define TIME_MAX	UINT64_MAX	/* "max" */
#define MAX_CPUS	8192

/* As the kernel's ioctls take it: CPU 0 is the least significant bit of the first. */
struct cpus {
	u64 map[MAX_CPUS / 64];
};

bool parse_time(const char *text, u64 *us);
bool lacks_unit(const char *text);
char *format_time(u64 us);
char *format_ns(s64 ns);
bool parse_cpus(const char *text, struct cpus *cpus);
char *format_cpus(const struct cpus *cpus);
/* "CPU 1", "the CPUs 0-1"; allocated. */
char *cpus_text(const struct cpus *cpus);
/* "CPU 1 is not WHAT", "none of the CPUs 0-1 is WHAT"; allocated. */
char *none_of_cpus(const struct cpus *cpus, const char *what);
bool cpus_test(const struct cpus *cpus, int cpu);
void cpus_set(struct cpus *cpus, int cpu);
void cpus_clear(struct cpus *cpus, int cpu);
int cpus_count(const struct cpus *cpus);
/* Those that are in both. */
struct cpus cpus_common(const struct cpus *a, const struct cpus *b);
/* The one after @cpu, which is -1 for the first; -1: no more. */
int cpus_next(const struct cpus *cpus, int cpu);

/* table.c: aligned columns, or JSON */

struct table {
	const char *align;	/* of each column: 'l' or 'r' */
	char **rows;
	int nr;
};

/* Cells are separated by tabs. */
void table_add(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_print(struct table *t);
/* Columns that @len bytes of @s take on a terminal. */
int text_width(const char *s, int len);
void table_free(struct table *t);

/* Strings are cleaned. */
void jo_str(struct json_object *o, const char *key, const char *value);
void jo_int(struct json_object *o, const char *key, s64 value);
void jo_bool(struct json_object *o, const char *key, bool value);
void jo_time(struct json_object *o, const char *key, u64 us);
struct json_object *jo_array(struct json_object *o, const char *key);
struct json_object *jo_cpus(const struct cpus *cpus);
/* Prints and frees. */
void json_print(struct json_object *o);

/* args.c: the command line */

struct reservation {
	u64 budget;	/* in us, like the rest; TIME_MAX: inherit */
	u64 period;
	u64 deadline;	/* TIME_MAX: the period */
};

enum opt {
	OPT_BUDGET, OPT_PERIOD, OPT_DEADLINE, OPT_CPUS, OPT_SCOPE, OPT_EXTRA,
	OPT_CPU_BUDGET,
	OPT_IRQ, OPT_PID, OPT_QEMU, OPT_DOMAIN, OPT_IN_PLACE, OPT_NAME, OPT_OUTPUT,
	OPT_SVG, OPT_RAW, OPT_FROM, OPT_TIME, OPT_INTERVAL, OPT_ONCE, OPT_BATCH, OPT_COUNT,
	OPT_CSV, OPT_FORCE, OPT_REMOVE_AT_EXIT, OPT_THREADS, OPT_TASK, OPT_TASKS, OPT_GUEST,
	OPT_VCPUS, OPT_LATENCY, OPT_MARGIN, OPT_STEP, OPT_OVERHEAD, OPT_DEBT, OPT_FIT,
	OPT_PERCENTILE, OPT_HEADROOM, OPT_APPLY, OPT_WATCH, OPT_FLOOR, OPT_CEILING,
	OPT_CGROUP, OPT_JSON, OPT_HELP, NR_OPTIONS
};

#define HAS(args, option)	(!!((args)->given & (1UL << (option))))

struct args {
	unsigned long given;		/* bits of enum opt */
	struct reservation res;
	struct cpus cpus;
	int auto_cpus;			/* so many, wherever there is room; 0: those above */
	bool best_fit;
	const char *scope, *extra;
	const char **cpu_budgets;	/* "CPUS=Q" */
	int nr_cpu_budgets;
	const char **irqs;		/* "+N", "-N" */
	int nr_irqs;
	pid_t pid;
	const char *qemu, *domain, *name, *output, *svg, *raw, *from, *cgroup;
	u64 time, interval;	/* us */
	int count;		/* 0: without end */
	/* Of plan: */
	const char **tasks;	/* "C/T/D" */
	int nr_tasks;
	const char *task_file, *guest;
	int vcpus;		/* 0: auto */
	u64 period_high;	/* 0: res.period is the only one */
	u64 latency, margin_ppm, step;
	u64 overhead, debt;	/* of show and check, too */
	bool deadline_auto;
	/* Of suggest: */
	u64 percentile_ppm, headroom_ppm, floor, ceiling;
	char **rest;			/* what is no option */
	int nr_rest;
};

struct command {
	const char *name;
	const char *synopsis;
	const char *what;		/* one line */
	const char *help;		/* the rest */
	unsigned long options;		/* bits of enum opt */
	int min_rest, max_rest;		/* max_rest < 0: any number */
	int (*run)(const struct args *args);
};

void args_parse(const struct command *cmd, int argc, char **argv, struct args *args);
void args_help(const struct command *cmd);
/* Ends the program if the kernel would refuse one of them. */
void want_periods(u64 low, u64 high);
/* Which of @nr words may @typed be meant to be? NULL is none; -1: none of them. */
int guess(const char *typed, const char *(*word)(int i), int nr);

/* cgroup.c: folders of cgroup v2 */

/* For those that can go nowhere else: it never has a reservation. */
#define OUTSIDE	"outside"
/* Capsules of run, and cgroups that exist while check or plan asks; a number follows. */
#define RUN_PREFIX	"run-"
#define CHECK_PREFIX	"check-"
#define PLAN_PREFIX	"plan-"

bool cg_is_mounted(void);
/* Ends the program if it is not. */
const char *cg_mount(void);
/* The cgroup in which capsules are made: --cgroup, or the default. */
const char *cg_base(const struct args *args);
/* Ends the program if a capsule cannot have this name. */
void cg_check_name(const char *name);
/* The same for one that does not exist yet. */
void cg_check_new_name(const char *name);
/* Is there another one than @cg in the base, or adopted in place, with this name? */
bool cg_name_taken(const struct args *args, const char *name, const char *cg);
/* The path of an existing capsule or cgroup, or NULL after a complaint. */
char *cg_find(const struct args *args, const char *name);
/* Path below the mount, "/" for the root. */
const char *cg_relative(const char *path);
char *cg_parent(const char *path);
char *cg_read(const char *cg, const char *file);
int cg_write(const char *cg, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool cg_has(const char *cg, const char *file);
/* Make @cg with its parents, with the controllers on. Complains. */
int cg_create(const char *cg, bool cpuset, bool *created);
/*
 * Make @cg for a moment. cg_end_trial() takes back whatever that has changed, and
 * must be called in any case; until then, no signal ends the program.
 */
struct cg_step {
	char *cg;
	const char *controller;	/* turned on for its children; NULL: it was made */
};

struct cg_trial {
	struct cg_step *steps;
	int nr;
	sigset_t mask;
};

int cg_try(const char *cg, struct cg_trial *trial);
void cg_end_trial(struct cg_trial *trial);
bool cg_enabled(const char *cg, const char *controller);
u64 cg_id(const char *cg);
void cg_cpus(const char *cg, struct cpus *cpus);
/* Those that @cg, which need not exist, could have by a cpuset of its own. */
void cg_available(const char *cg, struct cpus *cpus);
/* Could @cg have none of @wanted? Complains then, and if some can never be there. */
bool cg_lacks_cpus(const char *cg, const struct cpus *wanted);
/* Of a process or thread; NULL if it is gone. */
char *cg_of(pid_t pid);
/* @fn for each cgroup from @top down; it returns false to pass by those below. */
void cg_walk(const char *top, bool (*fn)(const char *cg, void *data), void *data);
bool cg_is_below(const char *cg, const char *top);

/* owner.c: whose is a cgroup? */

enum owner_kind { OWNER_NONE, OWNER_SESSION, OWNER_UNIT, OWNER_LIBVIRT };

struct owner {
	enum owner_kind kind;
	char *cg;		/* all below it is his; NULL: nobody's */
};

void owner_of(const char *cg, struct owner *o);
void owner_free(struct owner *o);

/* notes.c: xattrs by which the tool remembers, removed with the cgroup */

/* Warns if it cannot be. */
void cg_note(const char *cg, const char *key, const char *value);
char *cg_noted(const char *cg, const char *key);
/* Keys that begin with @prefix. */
int cg_notes(const char *cg, const char *prefix, char ***keys);
void cg_forget(const char *cg, const char *key);
/*
 * A process that was brought in, and from where: NULL if it was there. It is noted in
 * one cgroup only, and a number that another process has got since does not count.
 */
void cg_note_process(const char *cg, pid_t pid, const char *from);
/* The path below the mount; NULL: it was not brought in, or was there. */
char *cg_noted_home(const char *cg, pid_t pid);
/* All of them that are alive. */
int cg_noted_processes(const char *cg, pid_t **pids);
void cg_forget_processes(const char *cg);
void cg_note_made(const char *cg);
/* The process that the capsule was made for, while it is there or not. */
void cg_note_guest(const char *cg, pid_t pid);
/* False: there is none, or it runs. Else its number and name, which is allocated. */
bool cg_guest_is_gone(const char *cg, pid_t *pid, char **comm);

/* capsule.c: reservations and counters */

struct cpu_stat {
	int cpu;
	long long nr_periods, nr_throttled, throttled_usec, usage_usec;
	long long nr_overruns, max_overrun_nsec, nr_migrations, nr_deadline_misses;
	long long spilled_usec, extra_usec;	/* -1: a kernel without */
	/* From /dev/sched_vm only: */
	bool device, throttled;
	long long budget_ns, left_ns, nr_ready;
};

struct capsule {
	char *path, *name;
	struct reservation res;
	/* extra, irqs NULL: kernel without */
	char *scope, *extra, *cpu_budgets, *irqs;
	struct cpus cpus;
	struct cpu_stat total, *cpu;
	int nr_cpus;
};

#define BUDGET		"cpu.rt_budget_us"
#define RT_MAX		"cpu.rt.max"
#define CPU_BUDGET	"cpu.rt_cpu_budget_us"

bool capsule_exists(const char *cg);		/* a reservation of its own? */
/* The cgroup of @name, allocated; NULL after a complaint, also if nothing is reserved there. */
char *capsule_find(const struct args *args, const char *name);
int capsule_read(const char *cg, struct capsule *c);
void capsule_free(struct capsule *c);
/* Why has @cg none of the files? */
int complain_no_files(const char *cg);
/* As cpu.rt.max takes it. */
char *reservation_text(const struct reservation *res);
int capsule_reserve(const char *cg, const struct reservation *res);
u64 capsule_budget_on(const struct capsule *c, int cpu);
/* All with a reservation, in the order of their paths. */
int capsules_find(struct capsule **list);
/* And those that have had one. */
int capsules_find_all(struct capsule **list);
void capsules_free(struct capsule *list, int nr);
/* The nearest one above @cg; allocated, NULL: none. */
char *capsule_above(const char *cg);
/* Is its budget part of another's? */
bool capsule_is_part(const struct capsule *list, int nr, const struct capsule *c);
/* "active", "empty", "gone": its guest is, or "none": it has no reservation */
const char *capsule_state(const struct capsule *c);
bool capsule_goes_on(const struct capsule *c);	/* when dry, by cpu.rt_extra */
/* Of each of its CPUs, in percent. */
double capsule_share(const struct capsule *c);

/* What the kernel counts: its name, the heading of a column, and what it is. */
struct counter {
	const char *key, *heading;
	enum { COUNT, USEC, NSEC } unit;
	size_t offset;		/* in struct cpu_stat */
};

extern const struct counter counters[];
extern const int nr_counters;
long long counter_value(const struct cpu_stat *s, const struct counter *c);
char *counter_text(const struct cpu_stat *s, const struct counter *c);
void counters_json(struct json_object *o, const struct cpu_stat *s);

/* device.c: /dev/sched_vm. -ENOENT: the kernel has none. */

struct sched_vm_query;
struct sched_vm_check;
int device_query(struct sched_vm_query *query);
int device_check(const char *cg, const struct reservation *res, const struct cpus *cpus,
		 struct sched_vm_check *check);
/* Fills in what the files do not tell. */
int device_stat(const char *cg, struct cpu_stat *cpu, int nr);
int device_bind(const char *cg, bool bind, int kind, unsigned int id);

/* admission.c: does it fit, and what would? */

struct verdict {
	bool fits, exact;	/* exact: by the kernel's dry run */
	char *reason, *cure;
	int cpu;		/* the one that lacks most, or -1 */
	u32 missing_ppm;
	u64 max_budget, min_period;	/* what would fit; 0: nothing, or unknown */
	u64 min_budget;			/* for what is below it */
	struct cpus fitting;			/* CPUs where it fits */
};

/* For @cg, which exists. @cpus NULL: its cpuset, else those of them that are available. */
void admission_ask(const char *cg, const struct reservation *res, const struct cpus *cpus,
		   struct verdict *v);
struct json_object *admission_json(const struct verdict *v);
/*
 * Would the kernel refuse that, by its dry run? Complains then. @list: these CPUs
 * are to have another budget than the rest, and that is what is asked for.
 */
bool admission_refused(const char *cg, const struct reservation *res, const struct cpus *cpus,
		       const char *list);
/* Complain that @cg could not get @res: with the reason, if there is one to find. */
int admission_complain(const char *cg, const struct reservation *res, int error);
/*
 * The same for "LIST=Q" that was refused, where @res has that Q. EXIT_OK: nothing is
 * found that is wrong with it.
 */
int admission_complain_on(const char *cg, const struct reservation *res, const char *list,
			  int error);
/* Why this is no reservation at all, whatever is free; NULL: it is one. */
char *admission_invalid(const struct reservation *res);
void verdict_free(struct verdict *v);
void warn_missing_cpus(const struct cpus *wanted, const struct cpus *has);

/* procs.c: all processes, as they were at the last refresh */

struct proc {
	pid_t pid;
	bool kthread;
	char *comm;	/* of a thread of the kernel, else NULL */
};

void procs_refresh(void);
int procs_all(const struct proc **list);
bool is_kthread(pid_t tid);

/* place.c: which CPUs for which budgets? */

/*
 * One CPU for each of @nr budgets, with the period and deadline of @res, for a capsule
 * @cg, which exists: where most is free or, with @best, least. 0; -ENOSPC: @lacking is the
 * first budget that fits nowhere; -EOPNOTSUPP: this kernel has no capsules.
 */
int place_budgets(const char *cg, const struct reservation *res, const u64 *budgets, int nr,
		  bool best, int *cpus, u64 *lacking);

/* supply.c: what a reservation gives at the least, whatever else runs. */

/* us: of each budget lost to switches, and by how much one is exceeded. */
#define DEFAULT_OVERHEAD	8
#define DEFAULT_DEBT		20

/* As plan counts: with --overhead and --debt. */
void supply_options(const struct args *args);
void print_supply(const struct reservation *res);
void supply_json(struct json_object *o, const struct reservation *res);

/* guest.c, guest-devices.c: which threads work for a guest? */

enum thread_kind { THREAD_PROCESS, THREAD_KTHREAD, THREAD_NAPI, THREAD_IRQ };

struct thread {
	pid_t tid;
	enum thread_kind kind;
	int irq;		/* THREAD_IRQ */
	char *comm;
	char *cgroup;		/* absolute, NULL: gone */
	char *served;		/* dl_group of /proc/PID/sched, NULL: by no capsule */
	const char *why;	/* it is outside; NULL: inside */
	bool intended;		/* that it is outside: it has not escaped */
	char *cure;		/* what would bring it in, where that is known */
};

struct guest {
	pid_t pid;
	struct thread *threads;
	int nr;
	int *irqs;		/* of its devices */
	int nr_irqs;
	bool other_netns;	/* it has a tap device, but not one of ours */
};

/* 0: there is none. -1: more than one, after a complaint. */
pid_t guest_by_qemu_name(const char *name);
pid_t guest_by_domain(const char *name);
/* By --pid, --qemu or --domain; 0 after a complaint. */
pid_t guest_named(const struct args *args);
void guest_find(pid_t pid, struct guest *g);
/* All that is in @cg, and all that works for it. */
void guest_find_all(const char *cg, struct guest *g);
/* Which of its threads does the capsule not serve? Returns how many have escaped. */
int guest_escaped(struct guest *g, const char *cg);
void guest_free(struct guest *g);
void guest_add_thread(struct guest *g, pid_t tid, enum thread_kind kind, int irq);
void guest_find_devices(struct guest *g);
const char *thread_kind_name(enum thread_kind kind);
/* 0: it is no thread of the kernel with the number of a thread in its name. */
pid_t number_in_name(const struct proc *p);
/* Calls @fn for each number that names an entry of @dir. */
void each_number(const char *dir, void (*fn)(pid_t nr, void *data), void *data);
/* A row with where it is, or why it is not inside, and the cures after the table. */
void thread_row(struct table *t, const struct thread *thread);
void print_cures(const struct guest *g);
struct json_object *thread_json(const struct thread *t);
/* Handler threads of the irqs that cpu.rt_irqs has; it may be NULL. */
void irqs_threads(struct guest *g, const char *irqs);
bool irq_is_bound(const char *irqs, int irq);
/* The line @key of a file like /proc/PID/status; allocated or NULL. */
char *proc_field(const char *path, const char *key);

/* inside.c: who is inside, and who is not */

/* Processes with threads in @cg or below, without other capsules. In order. */
int capsule_processes(const char *cg, pid_t **pids);
int capsule_threads(const char *cg, pid_t **tids);
/* Threads outside, and some that are not; returns how many have escaped. */
int escaped_find(const char *cg, struct guest *g);
int escaped_count(const char *cg);
struct json_object *escaped_json(const char *cg);
/* Those of @cpus that no thread inside may run on. False: nobody is inside. */
bool unusable_cpus(const char *cg, const struct cpus *cpus, struct cpus *unusable);

/* watch.c */

/*
 * Beside us: remove @cg when nobody is inside, and the other end of @pipe is closed,
 * which may be NULL.
 */
int remove_at_exit(const struct args *args, const char *cg, int *pipe);
/* With the errno of that: nobody does, after @when. */
void warn_unwatched(const char *name, const char *when, int error);

/* trace.c: what is recorded, as a file */

enum trace_type {
	TRACE_SWITCH, TRACE_START, TRACE_STOP, TRACE_THROTTLE, TRACE_OVERRUN,
	TRACE_REPLENISH, TRACE_MIGRATE, TRACE_WAKE, TRACE_LOST, NR_TRACE_TYPES
};

struct trace_event {
	u64 ts;		/* ns */
	int cpu;
	enum trace_type type;
	int prev, next;		/* switch; migrate, wake: next is the thread */
	int from;		/* migrate, wake: the CPU of who did it */
	s64 runtime, left;	/* ns, of servers' events; lost: for so long from ts on */
	u32 nr_ready;	/* switch: 1 if prev is still ready */
};

struct trace_thread {
	int tid;
	char *comm;
};

struct trace {
	char *name;
	struct reservation res;
	u64 begin, end;		/* ns */
	long long lost;			/* events */
	u64 *budget_ns;		/* by CPU, nr_cpus of them; 0: not reserved */
	int nr_cpus;
	struct trace_thread *threads;
	int nr_threads;
	int *index;		/* of threads by number, nr_index of them */
	int nr_index;
	struct trace_event *events;
	size_t nr, room;
};

extern const char *const trace_names[NR_TRACE_TYPES];
struct trace_event *trace_add(struct trace *t);
void trace_add_thread(struct trace *t, int tid, const char *comm);
const struct trace_thread *trace_thread(const struct trace *t, int tid);
void trace_set_budget(struct trace *t, int cpu, u64 ns);
void trace_sort(struct trace *t);
void trace_free(struct trace *t);
void trace_save_head(const struct trace *t, FILE *f);
void trace_save_event(const struct trace_event *ev, FILE *f);
int trace_save(const struct trace *t, FILE *f);
/* All but the events, which @take gets; not 0 ends it. Complains. */
typedef int (*trace_fn)(const struct trace_event *ev, void *data);
int trace_read(struct trace *t, const char *path, trace_fn take, void *data);
/* With the events. Complains. */
int trace_load(struct trace *t, const char *path);

/* output.c: files that are written at the end of something that takes long */

struct output {
	char *path;		/* NULL: not wanted */
	FILE *f;
	bool created;
};

/*
 * All with a path, or none, after a complaint: if some are one file, or that of @from.
 * What is in them stays, until they are written.
 */
int outputs_open(struct output *outputs, int nr, const char *from);
int output_begin(struct output *o);
/* With what came of writing it, which is returned, or that it is not stored. */
int output_end(struct output *o, int ret);
void outputs_close(struct output *outputs, int nr, bool keep);

/* svg.c: pictures */

void svg_begin(FILE *f, int width, int height);
/* What is special in SVG is escaped. */
void svg_text(FILE *f, const char *s);
/* 1, 2 or 5 with as many zeros as it takes for an axis of @length. */
u64 svg_tick_step(u64 length);

/* tracer.c: tracepoints of the running kernel, with libtracefs */

struct tracer;
/*
 * With switches on some CPUs, or without; with who wakes up there. NULL with errno set
 * if it cannot be had.
 */
struct tracer *tracer_start(const struct cpus *switches, bool wakes);
typedef void (*tracer_fn)(const struct trace_event *ev, u64 cgroup, void *data);
int tracer_poll(struct tracer *tracer, tracer_fn fn, void *data);
long long tracer_lost(struct tracer *tracer);
void tracer_stop(struct tracer *tracer);
/* Whatever ends the program, the instance must be removed. */
extern volatile sig_atomic_t tracer_stopped;	/* the signal that did it */
void tracer_signals(void);

/* capture.c: what record and suggest look at */

struct capture {
	const struct capsule *c;	/* without a reservation, only its path and CPUs */
	bool reserved;
	pid_t pid;			/* its threads, instead of those in @c; or 0 */
	bool wakes;
	u64 time;			/* us */
	trace_fn take;			/* gets the events, in order; NULL: the trace keeps them */
	void *data;
};

/* Who it is of, and what that has. */
void capture_name(struct trace *t, const struct capsule *c);
/* Until the time is over, or a signal comes. Returns an exit status. */
int capture(struct trace *t, const struct capture *what);

/* commands */

int cmd_create(const struct args *args);
int cmd_adopt(const struct args *args);
int cmd_run(const struct args *args);
int cmd_set(const struct args *args);
int cmd_remove(const struct args *args);
int cmd_list(const struct args *args);
int cmd_show(const struct args *args);
int cmd_check(const struct args *args);
int cmd_top(const struct args *args);
int cmd_free(const struct args *args);
int cmd_monitor(const struct args *args);
int cmd_record(const struct args *args);
int cmd_doctor(const struct args *args);
int cmd_plan(const struct args *args);
int cmd_suggest(const struct args *args);

/* cmd-free.c: what a new capsule could have */

struct cpu_free {
	int cpu;
	double percent;		/* -1: not known */
};

/* Of the whole machine, in the order of CPUs; returns how many there are. */
int cpus_free(struct cpus *cpus, struct cpu_free **list);

/* What @c has of @cpu by its deadline, as the kernel admits it, in percent. */
double capsule_share_on(const struct capsule *c, int cpu);

/* cmd-show.c: what it has, in a line */
int show_reservation(const char *cg);

/* cmd-create.c: what adopt and run need of it */
/* Ends the program if there is none in @args, or one that reserves nothing. */
void want_budget(const struct args *args);
int complain_taken(const char *name, const char *cg);
char *capsule_path(const struct args *args, const char *name);
int capsule_make(const struct args *args, const char *cg, bool *created);

/* With --force, without a word; complains. */
int capsule_remove(const struct args *args, const char *cg);

/* change.c: what helps if an irq cannot be bound to @cg */
const char *cure_of_irq(const char *cg, int error);

/* change.c: all that @args say, or nothing. Returns an exit status. */
int capsule_change(const struct args *args, const char *cg);
/* The same in two steps. NULL after a complaint, else one of the others must follow. */
struct change;
struct change *change_begin(const struct args *args, const char *cg);
void change_keep(struct change *c);
void change_undo(struct change *c);

#endif
