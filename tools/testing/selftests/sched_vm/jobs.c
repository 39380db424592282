// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of tasks in capsules: when does each job end? For whoever has a model of it.
 *
 *   jobs                                 a set worked by hand
 *   jobs [--length US] SET...            prints "# job SET TASK,NR,RELEASE,FINISH", in us
 *   jobs --least [--length US] SET...    from which cost of task 1 on, in 200 us, is one of
 *                                        its jobs late? Without what switches take.
 *                                        "# result jobs.least.SET COST"
 *   jobs --switches [--length US] SET... how long nobody's thread runs when one is switched for
 *                                        another, from the last instruction of the one to
 *                                        the first of the other: "# result jobs.SET.switch..."
 *   jobs --decisions [--length US] SET.. what __schedule() takes until it has decided, and the
 *                                        switch: "# result jobs.SET.decision..., .switched..."
 *   jobs --decisions                     the same of the set worked by hand, and is it true?
 *
 * What capsules have beyond their budgets: "--extra idle", "--extra fair", before --length, and
 * "--beside", a busy normal thread on each CPU, of the weight that a capsule has.
 *
 * A set is lines, times in us:
 *
 *   cpus   N
 *   seed   N
 *   server DOMAIN VCPU CPU BUDGET PERIOD DEADLINE PRIORITY OFFSET
 *   task   DOMAIN VCPU COST PERIOD DEADLINE OFFSET PERCENT
 *
 * A vCPU is a capsule; its tasks are FIFO threads, the shorter the period the higher.
 * Servers of one vCPU are its budgets on several CPUs. PRIORITY and OFFSET of a server
 * say nothing here. All of the CPU is there for capsules: the fair server is off.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define MAX_SERVERS	64
#define MAX_TASKS	64
#define MAX_CPUS	8
#define TOP_PRIO	90
#define HEAD_START_NS	NS_PER_S

/*
 * Of the loop: a longer step is time that somebody else had. Several CPUs that take turns in
 * virtual time stand still for some 10 us again and again.
 */
#define GAP_NS		500
#define TURNS_GAP_NS	(60 * NS_PER_US)

#define LEAST_STEP_US	200

/* What is longer is no switch: the CPU was idle meanwhile. */
#define MAX_SWITCH_NS	(40 * NS_PER_US)
#define MAX_SPELLS	(32 * 1024)

/* What a switch, and a budget that ended late, may delay the end of a job by */
#define OVERHEAD_NS	(30 * NS_PER_US)

struct server {
	int domain, vcpu, cpu;
	unsigned long budget, period, deadline;	/* us */
	char *cg;			/* of the first one of a vCPU */
};

/* A time in which a thread was not interrupted */
struct spell {
	uint64_t start, end;
	int task;
};

struct task {
	int domain, vcpu, percent;
	unsigned long cost, period, deadline, offset;	/* us */
	unsigned long seed, gap_ns;
	int nr;
	unsigned int max;
	unsigned int *done;		/* these two are shared */
	uint64_t *finish;		/* ns after the start */
	struct spell *spell;		/* shared, or NULL */
	unsigned int *nr_spells;
	bool works;			/* instead of being there for so long */
	struct worker worker;
	struct worker_spec spec;
};

struct set {
	char name[64];
	int nr_cpus, nr_servers, nr_tasks;
	bool spells;			/* to be noted */
	char *beside;			/* the cgroup of normal threads, if there are any */
	unsigned long seed;
	struct server server[MAX_SERVERS];
	struct task task[MAX_TASKS];
};

/* Of all capsules: cpu.rt_extra; and are there normal threads? */
static const char *extra_text;
static bool with_beside;

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* What a job executes, in us: the model knows it too, by the same numbers. */
static uint64_t execution(const struct task *t, unsigned int nr)
{
	uint64_t least = t->cost * t->percent / 100 + 1, state;

	if (t->percent >= 100 || least >= t->cost)
		return t->cost;
	state = (((uint64_t)(t->nr + 1) << 40) + nr) * 0xd1342543de82ef95ULL;
	state = mix(mix(t->seed + 1) ^ state) + 0x9e3779b97f4a7c15ULL;
	return least + mix(state) % (t->cost - least + 1);
}

static void note_spell(struct task *t, uint64_t start, uint64_t end)
{
	if (t->spell && *t->nr_spells < MAX_SPELLS)
		t->spell[(*t->nr_spells)++] = (struct spell){ start, end, t->nr };
}

/*
 * Until the thread has had @end of CPU time. In user mode, but for a look at its own
 * clock where somebody else has been.
 */
static void burn_until(struct task *t, uint64_t end)
{
	uint64_t begin = now_ns(), cpu = own_cpu_ns(), at = now_ns(), last = at, now;

	while (cpu + last - at < end) {
		now = now_ns();
		if (now - last <= t->gap_ns) {
			last = now;
			continue;
		}
		note_spell(t, begin, last);
		begin = now;
		cpu = own_cpu_ns();
		at = now_ns();
		last = at;
	}
	note_spell(t, begin, last);
}

/* Until the thread itself has worked for @ns: what switches and interrupts take is none. */
static void work(struct task *t, uint64_t ns)
{
	uint64_t begin = now_ns(), last = begin, done = 0, now;

	while (done + last - begin < ns) {
		now = now_ns();
		if (now - last > t->gap_ns) {
			done += last - begin;
			begin = now;
		}
		last = now;
	}
}

/*
 * Whoever has to ask for memory meets others that do, and waits. It is asked for outside of
 * the capsule: as spill, it would be a debt that a small budget pays for a second or more.
 */
static void touch_memory(void *arg)
{
	struct task *t = arg;

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		_exit(EXIT_FAILURE);
	memset(t->finish, 0, (t->max + 1) * sizeof(*t->finish));
	store_u(t->done, 0);
	if (t->spell)
		memset(t->spell, 0, MAX_SPELLS * sizeof(*t->spell));
}

/* What a job takes beside its cost, to sleep and wake up, the next one has less. */
static void fn_jobs(struct worker *w, void *arg)
{
	uint64_t start = load_64(&w->page->start_ns), cpu, release;
	struct task *t = arg;
	unsigned int nr;

	sleep_until(now_ns());
	cpu = own_cpu_ns();
	for (nr = 0; nr < t->max; nr++) {
		release = start + (t->offset + nr * t->period) * NS_PER_US;
		if (now_ns() < release)
			sleep_until(release);
		cpu += execution(t, nr) * NS_PER_US;
		if (t->works)
			work(t, execution(t, nr) * NS_PER_US);
		else
			burn_until(t, cpu);
		t->finish[nr] = now_ns() - start;
		store_u(t->done, nr + 1);
	}
	fn_pause(w, NULL);
}

static void read_set(struct set *set, FILE *in, const char *name)
{
	char line[256];
	struct server *s;
	struct task *t;
	int i;

	memset(set, 0, sizeof(*set));
	set->nr_cpus = 1;
	snprintf(set->name, sizeof(set->name), "%s", name);
	set->name[strcspn(set->name, ".")] = '\0';
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "#\n")] = '\0';
		s = &set->server[set->nr_servers];
		t = &set->task[set->nr_tasks];
		if (!line[strspn(line, " \t")] || sscanf(line, "cpus %d", &set->nr_cpus) == 1 ||
		    sscanf(line, "seed %lu", &set->seed) == 1)
			continue;
		if (set->nr_servers < MAX_SERVERS &&
		    sscanf(line, "server %d %d %d %lu %lu %lu", &s->domain, &s->vcpu, &s->cpu,
			   &s->budget, &s->period, &s->deadline) == 6)
			set->nr_servers++;
		else if (set->nr_tasks < MAX_TASKS &&
			 sscanf(line, "task %d %d %lu %lu %lu %lu %d", &t->domain, &t->vcpu,
				&t->cost, &t->period, &t->deadline, &t->offset,
				&t->percent) == 7)
			set->nr_tasks++;
		else
			ksft_exit_fail_msg("%s: not for a kernel: %s\n", name, line);
	}
	for (i = 0; i < set->nr_tasks; i++) {
		set->task[i].nr = i;
		set->task[i].seed = set->seed;
		set->task[i].gap_ns = set->nr_cpus > 1 ? TURNS_GAP_NS : GAP_NS;
	}
}

/*
 * Two capsules of 4/10 and 5/20 ms. Task 1 has 3 ms each 20, task 2, below it, 6 ms each
 * 40: it has 1 ms of the first budget, waits for the second, which begins at 10 ms, has 4 of
 * it, which the second capsule's deadline of 20.2 does not come before, and then the rest.
 */
static const char by_hand[] =
	"server 1 1 0 4000 10000 10000 1 0\n"
	"server 2 1 0 5000 20000 20000 2 0\n"
	"task 1 1 3000 20000 20000 0 100\n"
	"task 1 1 6000 40000 40000 0 100\n"
	"task 2 1 12000 40000 40000 200 100\n";

/* Without a file, that which is worked by hand */
static void load_set(struct set *set, const char *file)
{
	FILE *in = file ? fopen(file, "r") :
		   fmemopen((void *)by_hand, sizeof(by_hand) - 1, "r");
	const char *name = file ? strrchr(file, '/') : NULL;

	if (!in)
		ksft_exit_fail_perror(file ? file : "fmemopen");
	read_set(set, in, name ? name + 1 : file ? file : "by-hand");
	fclose(in);
}

static bool is_of(const struct server *s, int domain, int vcpu)
{
	return s->domain == domain && s->vcpu == vcpu;
}

/* The first server of a vCPU, and how many it has */
static struct server *vcpu_of(struct set *set, int domain, int vcpu, int *nr)
{
	struct server *first = NULL;
	int i;

	*nr = 0;
	for (i = 0; i < set->nr_servers; i++) {
		if (!is_of(&set->server[i], domain, vcpu))
			continue;
		if (!first)
			first = &set->server[i];
		else if (set->server[i].period != first->period ||
			 set->server[i].deadline != first->deadline)
			ksft_exit_fail_msg("%s: a capsule has one period and one deadline\n",
					   set->name);
		++*nr;
	}
	if (!first)
		ksft_exit_fail_msg("%s: a task has no server\n", set->name);
	return first;
}

static void write_or_die(const char *cg, const char *file, const char *text)
{
	int ret = group_write(cg, file, text);

	if (ret)
		ksft_exit_fail_msg("%s: \"%s\" to %s: %s\n", cg, text, file, strerror(-ret));
}

/* The capsule of a vCPU, with what its servers have on each CPU */
static void make_capsule(struct set *set, struct server *s, int nr)
{
	char name[32], text[256], cpus[64];
	int i, len = 0, cpus_len = 0;

	for (i = 0; i < set->nr_servers; i++) {
		const struct server *piece = &set->server[i];

		if (!is_of(piece, s->domain, s->vcpu))
			continue;
		cpus_len += snprintf(cpus + cpus_len, sizeof(cpus) - cpus_len, "%s%d",
				     cpus_len ? "," : "", piece->cpu);
		len += snprintf(text + len, sizeof(text) - len, "%d %lu\n", piece->cpu,
				piece->budget);
	}
	snprintf(name, sizeof(name), "d%dv%d", s->domain, s->vcpu);
	s->cg = set->nr_cpus > 1 ? group_make_on(name, cpus) : group_make(sv_top, name);
	if (nr > 1)
		write_or_die(s->cg, CPU_BUDGET, text);
	snprintf(text, sizeof(text), "%lu %lu %lu", s->budget, s->period,
		 s->deadline);
	write_or_die(s->cg, RT_MAX, text);
	if (extra_text)
		write_or_die(s->cg, EXTRA, extra_text);
}

static void make_capsules(struct set *set)
{
	int i, nr;

	for (i = 0; i < set->nr_servers; i++)
		if (vcpu_of(set, set->server[i].domain, set->server[i].vcpu, &nr) ==
		    &set->server[i])
			make_capsule(set, &set->server[i], nr);
}

static void remove_capsules(struct set *set)
{
	int i;

	for (i = 0; i < set->nr_servers; i++)
		if (set->server[i].cg)
			group_remove(set->server[i].cg);
	for (i = 0; i < set->nr_servers; i++)
		set->server[i].cg = NULL;
}

/* How many of its vCPU's tasks come before it */
static int rank_of(const struct set *set, const struct task *t)
{
	const struct task *other;
	int i, rank = 0;

	for (i = 0; i < set->nr_tasks; i++) {
		other = &set->task[i];
		if (other->domain == t->domain && other->vcpu == t->vcpu &&
		    (other->period < t->period || (other->period == t->period && other < t)))
			rank++;
	}
	return rank;
}

static void spawn_task(struct set *set, struct task *t, unsigned long length_us)
{
	struct server *s;
	int nr;

	s = vcpu_of(set, t->domain, t->vcpu, &nr);
	t->max = t->offset < length_us ? (length_us - t->offset - 1) / t->period + 1 : 0;
	t->finish = shared_alloc((t->max + 1) * sizeof(*t->finish));
	t->done = shared_alloc(2 * sizeof(*t->done));
	t->nr_spells = t->done + 1;
	t->spell = set->spells ? shared_alloc(MAX_SPELLS * sizeof(*t->spell)) : NULL;
	t->spec = (struct worker_spec){
		.group = s->cg, .policy = SCHED_FIFO, .prio = TOP_PRIO - rank_of(set, t),
		.cpu = nr > 1 ? -1 : s->cpu, .prepare = touch_memory, .fn = fn_jobs, .arg = t,
	};
	worker_spawn(&t->worker, &t->spec);
}

/* A busy normal thread on each CPU */
static void start_beside(struct set *set)
{
	static struct worker_spec spec[MAX_CPUS];
	static struct worker worker[MAX_CPUS];
	int cpu;

	set->beside = group_make(sv_top, "beside");
	for (cpu = 0; cpu < set->nr_cpus && cpu < MAX_CPUS; cpu++) {
		spec[cpu] = (struct worker_spec){
			.group = set->beside, .policy = SCHED_OTHER, .cpu = cpu, .fn = fn_busy,
		};
		worker_start(&worker[cpu], &spec[cpu]);
	}
}

/* Was every budget there by its deadline? */
static bool kept_deadlines(const struct set *set)
{
	long long missed;
	bool ok = true;
	int i;

	for (i = 0; i < set->nr_servers; i++) {
		if (!set->server[i].cg)
			continue;
		missed = group_value(set->server[i].cg, RT_STAT, "nr_deadline_misses");
		if (missed)
			ksft_print_msg("%s: domain %d was late with %lld budgets\n", set->name,
				       set->server[i].domain, missed);
		ok &= !missed;
	}
	return ok;
}

/*
 * Jobs may end until @length_us. Returns false if a budget was late; several CPUs take
 * turns in virtual time, so there that says nothing.
 */
static bool run_set(struct set *set, unsigned long length_us)
{
	uint64_t start;
	bool ok;
	int i;

	make_capsules(set);
	for (i = 0; i < set->nr_tasks; i++)
		spawn_task(set, &set->task[i], length_us);
	if (with_beside)
		start_beside(set);
	start = now_ns() + HEAD_START_NS;
	for (i = 0; i < set->nr_tasks; i++) {
		store_64(&set->task[i].worker.page->start_ns, start);
		worker_go(&set->task[i].worker);
	}
	sleep_until(start + length_us * NS_PER_US);
	kill_all_workers();
	ok = kept_deadlines(set);
	remove_capsules(set);
	if (set->beside)
		group_remove(set->beside);
	return ok || set->nr_cpus > 1;
}

static uint64_t release_ns(const struct task *t, unsigned int nr)
{
	return (t->offset + nr * t->period) * NS_PER_US;
}

static void print_jobs(struct set *set)
{
	unsigned int nr;
	int i;

	for (i = 0; i < set->nr_tasks; i++) {
		const struct task *t = &set->task[i];

		for (nr = 0; nr < load_u(t->done); nr++)
			ksft_print_msg("job %s %d,%u,%.3f,%.3f\n", set->name, i + 1, nr,
				       release_ns(t, nr) / 1e3, t->finish[nr] / 1e3);
	}
}

static void show_set(const char *file, unsigned long length_us)
{
	static struct set set;
	bool ok;

	load_set(&set, file);
	ok = run_set(&set, length_us);
	print_jobs(&set);
	ksft_test_result(ok, "%s: every budget is there by its deadline\n", set.name);
}

static int by_start(const void *a, const void *b)
{
	const struct spell *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static struct spell *all_spells(struct set *set, unsigned int *nr)
{
	struct spell *all;
	int i;

	*nr = 0;
	for (i = 0; i < set->nr_tasks; i++)
		*nr += *set->task[i].nr_spells;
	all = calloc(*nr + 1, sizeof(*all));
	if (!all)
		ksft_exit_fail_perror("memory");
	*nr = 0;
	for (i = 0; i < set->nr_tasks; i++) {
		memcpy(all + *nr, set->task[i].spell, *set->task[i].nr_spells * sizeof(*all));
		*nr += *set->task[i].nr_spells;
	}
	qsort(all, *nr, sizeof(*all), by_start);
	return all;
}

static void result_of(const struct set *set, const char *what, double value)
{
	char name[160];

	snprintf(name, sizeof(name), "jobs.%s.%s", set->name, what);
	result_float(name, value);
}

/* The results of @nr times in ns, sorted */
static void results_of(const struct set *set, const char *what, const uint64_t *ns,
		       unsigned int nr, double total_ns)
{
	const struct { const char *name; double value; } of[] = {
		{ "count", nr }, { "total_us", total_ns / 1e3 },
		{ "median_ns", percentile(ns, nr, 50) }, { "p99_ns", percentile(ns, nr, 99) },
		{ "max_ns", percentile(ns, nr, 100) },
	};
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of); i++) {
		snprintf(name, sizeof(name), "%s.%s", what, of[i].name);
		result_of(set, name, of[i].value);
	}
}

/*
 * Run it: the time from the end of a thread's spell to the beginning of another's, sorted.
 * @from, @to: when the first one began, and the last one ended. Return: that of all switches.
 */
static double run_switches(struct set *set, unsigned long length_us, uint64_t **took,
			   unsigned int *switches, uint64_t *from, uint64_t *to)
{
	unsigned int nr, i;
	struct spell *all;
	double sum = 0;

	set->spells = true;
	run_set(set, length_us);
	all = all_spells(set, &nr);
	*took = calloc(nr + 1, sizeof(**took));
	if (!*took || !nr)
		ksft_exit_fail_perror("memory");
	*switches = 0;
	for (i = 0; i + 1 < nr; i++) {
		uint64_t gap = all[i + 1].start - all[i].end;

		if (gap > MAX_SWITCH_NS)
			continue;
		sum += gap;
		if (all[i + 1].task != all[i].task)
			(*took)[(*switches)++] = gap;
	}
	*from = all[0].start;
	*to = all[nr - 1].end;
	free(all);
	sort_u64(*took, *switches);
	return sum;
}

static void show_switches(const char *file, unsigned long length_us)
{
	uint64_t *took, from, to;
	static struct set set;
	unsigned int nr;
	double sum;

	load_set(&set, file);
	sum = run_switches(&set, length_us, &took, &nr, &from, &to);
	results_of(&set, "switch", took, nr, sum);
	ksft_test_result(nr > 0, "%s: %u switches\n", set.name, nr);
	free(took);
}

/* What threads saw, in the median without probes, and what probes did */
struct decided {
	struct costs decisions, switches;
	uint64_t probe_ns, between;
	unsigned int nr;
};

/*
 * What a probe takes is seen from the threads: with three of them on the way, a switch takes
 * that much more than without. Return: were there probes?
 */
static bool run_decisions(struct set *set, const char *file, unsigned long length_us,
			  struct decided *d)
{
	uint64_t *took, with, from, to;

	load_set(set, file);
	run_switches(set, length_us, &took, &d->nr, &from, &to);
	d->between = percentile(took, d->nr, 50);
	free(took);
	if (!decisions_begin()) {
		ksft_test_result_skip("%s: no probe events (CONFIG_FPROBE_EVENTS)\n",
				      set->name);
		return false;
	}
	load_set(set, file);
	run_switches(set, length_us, &took, &d->nr, &from, &to);
	with = percentile(took, d->nr, 50);
	free(took);
	d->probe_ns = with > d->between ? (with - d->between) / 3 : 0;
	decisions_end(from, to, d->probe_ns, &d->decisions, &d->switches);
	return true;
}

static void show_decisions(const char *file, unsigned long length_us)
{
	static struct decided d;
	static struct set set;

	if (!run_decisions(&set, file, length_us, &d))
		return;
	result_of(&set, "probe_ns", d.probe_ns);
	results_of(&set, "decision", d.decisions.ns, d.decisions.nr, d.decisions.total_ns);
	results_of(&set, "switched", d.switches.ns, d.switches.nr, d.switches.total_ns);
	ksft_test_result(d.probe_ns && d.switches.nr, "%s: %u decisions, %u switches\n",
			 set.name, d.decisions.nr, d.switches.nr);
}

/*
 * Each time that threads saw another one run, there was a switch, and before it a decision;
 * and both together take no longer than nobody ran.
 */
static void test_decisions(void)
{
	static struct decided d;
	static struct set set;
	uint64_t decision, switched;
	bool ok;

	if (!run_decisions(&set, NULL, 400000, &d))
		return;
	ok = check(d.probe_ns) && check(d.nr >= 20) && check(d.switches.nr >= d.nr) &&
	     check(d.decisions.nr >= d.switches.nr);
	decision = percentile(d.decisions.ns, d.decisions.nr, 50);
	switched = percentile(d.switches.ns, d.switches.nr, 50);
	ksft_print_msg("%u switches seen by threads, %llu ns in the median\n", d.nr,
		       (unsigned long long)d.between);
	ksft_print_msg("%u decisions of %llu ns, %u switches of %llu ns\n", d.decisions.nr,
		       (unsigned long long)decision, d.switches.nr, (unsigned long long)switched);
	ok &= check(decision) && check(switched) && check(decision + switched <= d.between);
	ksft_test_result(ok, "the decision and the switch are what threads miss, or less\n");
}

/* A job whose deadline is before the end, and which was not done by it */
static bool is_late(const struct task *t, unsigned long length_us)
{
	unsigned int nr, done = load_u(t->done);

	for (nr = 0; nr < t->max; nr++) {
		if (release_ns(t, nr) + t->deadline * NS_PER_US > length_us * NS_PER_US)
			return false;
		if (nr >= done || t->finish[nr] > release_ns(t, nr) + t->deadline * NS_PER_US)
			return true;
	}
	return false;
}

static void find_least(const char *file, unsigned long length_us)
{
	static struct set set;
	unsigned long low = 0, high, middle;
	char name[96];

	load_set(&set, file);
	high = set.task[0].period / LEAST_STEP_US;
	while (high - low > 1) {
		middle = (low + high) / 2;
		load_set(&set, file);
		set.task[0].cost = middle * LEAST_STEP_US;
		set.task[0].works = true;
		run_set(&set, length_us);
		if (is_late(&set.task[0], length_us))
			high = middle;
		else
			low = middle;
	}
	snprintf(name, sizeof(name), "jobs.least.%s", set.name);
	result_int(name, high * LEAST_STEP_US);
	ksft_test_result(low > 0, "%s: a job is late from a cost of %lu us on\n", set.name,
			 high * LEAST_STEP_US);
}

struct end {
	int task;
	unsigned int nr;
	unsigned long us;
};

/*
 * Capsule 1: [0, 4], [10, 14], and, with task 1's second job first, [20, 24]. Capsule 2 has a
 * deadline of 20.2 and so 4 to 9; of its second budget, from 20.2 on, 24 to 29, behind the
 * deadline of 30; and of the third, from 40.2 on, what it needs, behind capsule 1 to 44.
 */
static const struct end ends[] = {
	{ 0, 0, 3000 }, { 1, 0, 24000 }, { 0, 1, 23000 }, { 2, 0, 46000 }, { 0, 2, 43000 },
};

static void test_by_hand(void)
{
	static struct set set;
	bool ok = true;
	unsigned int i;

	load_set(&set, NULL);
	ok &= check(run_set(&set, 60000));
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		ok &= check(load_u(set.task[ends[i].task].done) > ends[i].nr) &&
		      is_near("the end of a job, in ns",
			      set.task[ends[i].task].finish[ends[i].nr],
			      ends[i].us * NS_PER_US, OVERHEAD_NS);
	ksft_test_result(ok, "jobs end when they should by hand\n");
}

/* All of each CPU; setup's end gives back what SCHED_DEADLINE and capsules had. */
static char fair_runtime[MAX_CPUS][32];

static void set_fair_server(int cpu, char *runtime, bool off)
{
	char file[96];

	snprintf(file, sizeof(file), "/sys/kernel/debug/sched/fair_server/cpu%d/runtime", cpu);
	if (off && (read_text(file, runtime, sizeof(fair_runtime[cpu])) <= 0 ||
		    write_text(file, "0", 1) != 1))
		ksft_exit_fail_perror(file);
	if (!off && runtime[0])
		write_text(file, runtime, strlen(runtime));
}

static pid_t main_pid;

static void give_back(void)
{
	int cpu;

	for (cpu = 0; getpid() == main_pid && cpu < MAX_CPUS; cpu++)
		set_fair_server(cpu, fair_runtime[cpu], false);
}

static void take_all(void)
{
	int cpu, nr = sysconf(_SC_NPROCESSORS_ONLN);

	main_pid = getpid();
	atexit(give_back);
	for (cpu = 0; cpu < nr && cpu < MAX_CPUS; cpu++)
		set_fair_server(cpu, fair_runtime[cpu], true);
	if (write_text("/proc/sys/kernel/sched_rt_runtime_us", "1000000", 7) != 7)
		ksft_exit_fail_perror("sched_rt_runtime_us");
}

/* What is to be done with a set of a file, and without one */
struct mode {
	const char *option;
	void (*fn)(const char *file, unsigned long length_us);
	void (*by_hand)(void);
};

static const struct mode modes[] = {
	{ "--least", find_least, test_by_hand }, { "--switches", show_switches, test_by_hand },
	{ "--decisions", show_decisions, test_decisions }, { NULL, show_set, test_by_hand },
};

/* Return: the place of the first argument that says nothing of extra time */
static int extra_options(int argc, char **argv, int i)
{
	if (argc > i + 1 && !strcmp(argv[i], "--extra")) {
		extra_text = argv[i + 1];
		i += 2;
	}
	if (argc > i && !strcmp(argv[i], "--beside")) {
		with_beside = true;
		i++;
	}
	return i;
}

int main(int argc, char **argv)
{
	unsigned long length_us = 1000000;
	const struct mode *mode = modes;
	int i = 1;

	ksft_print_header();
	while (mode->option && (argc <= i || strcmp(argv[i], mode->option)))
		mode++;
	if (mode->option)
		i++;
	i = extra_options(argc, argv, i);
	if (argc > i + 1 && !strcmp(argv[i], "--length")) {
		length_us = strtoul(argv[i + 1], NULL, 10);
		i += 2;
	}
	sv_setup();
	if (!sv_have_capsules())
		ksft_exit_skip("no %s\n", RT_MAX);
	ksft_set_plan(argc > i ? argc - i : 1);
	take_all();
	lift_kthreads();
	if (argc == i)
		mode->by_hand();
	for (; i < argc; i++)
		mode->fn(argv[i], length_us);
	ksft_finished();
}
