// SPDX-License-Identifier: GPL-2.0
/* Who must not notice: probes of root, normal threads, and capsules of others. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adversary.h"
#include "cgroup_util.h"
#include "kselftest.h"

#define GAP_NS		(20 * NS_PER_US)	/* who reads the clock later was not running */
#define GAPS		256
#define MAX_SUPPLIED	(ADV_CPUS * (2 + ADV_OWNERS))

struct adv_supplied adv_supplied[MAX_SUPPLIED];
unsigned int adv_nr_supplied;
struct worker adv_hog[ADV_CPUS];
static struct worker_spec hog_spec[ADV_CPUS];
static struct worker extra[ADV_CPUS * (1 + ADV_OWNERS)];
static struct worker_spec extra_spec[ARRAY_SIZE(extra)];
static unsigned int nr_extras;
static char *tenant, *late_tenant;

static void note_worst(struct worker *w, uint64_t ns)
{
	if (ns > load_64(&w->page->value[WORST]))
		store_64(&w->page->value[WORST], ns);
}

/*
 * Busy. The worst windows begin where it lost the CPU and end where it has it again:
 * by how much did it have less than its bound in one of these?
 */
static void fn_supplied(struct worker *w, void *arg)
{
	struct { uint64_t wall, cpu; } gap[GAPS] = {};
	struct adv_supplied *s = arg;
	unsigned int nr = 0, i;
	uint64_t prev = now_ns(), t;

	while (!load_u(&w->page->stop)) {
		t = now_ns();
		store_64(&w->page->value[SINCE], t);
		if (t - prev > GAP_NS) {
			uint64_t cpu = own_cpu_ns();

			gap[nr % GAPS].wall = prev;
			gap[nr++ % GAPS].cpu = cpu;
			for (i = 0; i < GAPS && i < nr; i++) {
				uint64_t due = adv_sbf(t - gap[i].wall, s->q_ns, s->p_ns);

				if (due > cpu - gap[i].cpu)
					note_worst(w, due - (cpu - gap[i].cpu));
			}
		}
		prev = t;
	}
}

/* Jobs of nearly a budget, each of which has a period to itself: it is ready at its end. */
static void fn_jobs(struct worker *w, void *arg)
{
	struct adv_supplied *s = arg;
	uint64_t at, naps = 0;

	while (!load_u(&w->page->stop)) {
		at = now_ns() + s->p_ns + ++naps * 7 % 13 * s->p_ns / 100;
		sleep_until(at);
		store_64(&w->page->value[SINCE], at);
		burn_ns(s->q_ns - s->q_ns / 50);
		note_worst(w, adv_late(now_ns() - at, s->p_ns));
		store_64(&w->page->value[SINCE], 0);
	}
}

static void supplied_start(const char *name, const char *cg, long q_us, long p_us, int cpu,
			   bool jobs)
{
	struct adv_supplied *s = &adv_supplied[adv_nr_supplied++];

	snprintf(s->name, sizeof(s->name), "%s on CPU %d", name, cpu);
	s->q_ns = q_us * NS_PER_US;
	s->p_ns = p_us * NS_PER_US;
	s->jobs = jobs;
	s->spec = (struct worker_spec){
		.group = cg, .cpu = cpu, .fn = jobs ? fn_jobs : fn_supplied, .arg = s
	};
	worker_start(&s->w, &s->spec);
}

/* Probes: what is done over and over, and how long it took. */
static void once_wake(struct worker *w)
{
}

static void once_fork(struct worker *w)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void once_attach(struct worker *w)
{
	group_attach(adv_beside[w->page->count % 2], w->page->word);
}

static void once_mkdir(struct worker *w)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/p%d", sv_top, getpid());
	mkdir(path, 0755);
	rmdir(path);
}

static void once_lock(struct worker *w)
{
	int ret = pthread_mutex_lock(&adv->root_lock);

	if (ret == EOWNERDEAD)
		pthread_mutex_consistent(&adv->root_lock);
	pthread_mutex_unlock(&adv->root_lock);
}

static void once_sample(struct worker *w)
{
	adv_sample();
}

static void fn_probe(struct worker *w, void *arg)
{
	struct adv_probe *p = arg;
	uint64_t at, naps = 0;

	while (!load_u(&w->page->stop)) {
		at = now_ns() + (20 + ++naps * 7 % 13) * NS_PER_MS;
		sleep_until(at);
		store_64(&w->page->value[SINCE], at);
		p->once(w);
		note_worst(w, now_ns() - at);
		store_64(&w->page->value[SINCE], 0);
		store_64(&w->page->count, w->page->count + 1);
	}
}

struct adv_probe adv_probes[] = {
	{ "FIFO wakes",		SCHED_FIFO,	once_wake },
	{ "OTHER wakes",	SCHED_OTHER,	once_wake },
	{ "FIFO forks",		SCHED_FIFO,	once_fork },
	{ "OTHER forks",	SCHED_OTHER,	once_fork },
	{ "FIFO attaches",	SCHED_FIFO,	once_attach },
	{ "OTHER attaches",	SCHED_OTHER,	once_attach },
	{ "FIFO mkdirs",	SCHED_FIFO,	once_mkdir },
	{ "OTHER mkdirs",	SCHED_OTHER,	once_mkdir },
	{ "FIFO locks",		SCHED_FIFO,	once_lock },
	{ "OTHER locks",	SCHED_OTHER,	once_lock },
	{ "FIFO reads",		SCHED_FIFO,	once_sample },
};

const unsigned int adv_nr_probes = ARRAY_SIZE(adv_probes);

static struct worker moved[ARRAY_SIZE(adv_probes)];
static const struct worker_spec moved_spec = { .cpu = -1, .fn = fn_pause };

static void probe_start(unsigned int i)
{
	struct adv_probe *p = &adv_probes[i];

	p->spec = (struct worker_spec){
		.policy = p->policy, .prio = p->policy ? 95 : 0,
		.cpu = p->once == once_wake ? -1 : (int)i % plan.cpus,
		.fn = fn_probe, .arg = p,
	};
	worker_spawn(&p->w, &p->spec);
	if (p->once == once_attach) {
		worker_start(&moved[i], &moved_spec);
		p->w.page->word = moved[i].pid;
	}
	worker_go(&p->w);
}

static char *tenant_make(const char *name, long q_us, long p_us)
{
	char cpus[16], *cg;

	snprintf(cpus, sizeof(cpus), "0-%d", plan.capsule_cpus - 1);
	cg = group_make_on(name, cpus);
	group_reserve(cg, q_us, p_us);
	return cg;
}

void adv_victims_start(void)
{
	unsigned int i;
	int cpu, owner;

	tenant = tenant_make("tenant", plan.victim_q_us, plan.victim_p_us);
	late_tenant = tenant_make("late", plan.late_q_us, plan.late_p_us);
	for (cpu = 0; cpu < plan.cpus; cpu++) {
		hog_spec[cpu] = (struct worker_spec){ .cpu = cpu, .fn = fn_busy };
		worker_start(&adv_hog[cpu], &hog_spec[cpu]);
	}
	for (cpu = 0; cpu < plan.capsule_cpus; cpu++) {
		supplied_start("tenant", tenant, plan.victim_q_us, plan.victim_p_us, cpu, false);
		supplied_start("the last", late_tenant, plan.late_q_us, plan.late_p_us, cpu, true);
		for (owner = 0; owner < ADV_OWNERS; owner++) {
			char name[16], path[512];

			snprintf(name, sizeof(name), "witness %d", owner);
			snprintf(path, sizeof(path), "%s", adv_slot(owner, ADV_WITNESS));
			supplied_start(name, strdup(path), plan.witness_q_us,
				       plan.witness_p_us, cpu, false);
		}
	}
	for (i = 0; i < adv_nr_probes; i++)
		probe_start(i);
}

/* Owners who use all that they have, and one more normal thread on each CPU. */
void adv_extras_start(void)
{
	int cpu, owner;

	for (cpu = 0; cpu < plan.cpus; cpu++) {
		owner = cpu < plan.capsule_cpus ? 0 : ADV_OWNERS;
		for (; owner <= ADV_OWNERS; owner++) {
			struct worker_spec *spec = &extra_spec[nr_extras];

			*spec = (struct worker_spec){
				.group = owner < ADV_OWNERS ? adv_home[owner] : adv_out[0],
				.cpu = cpu, .fn = fn_busy,
			};
			worker_start(&extra[nr_extras++], spec);
		}
	}
}

void adv_extras_stop(void)
{
	while (nr_extras)
		worker_kill(&extra[--nr_extras]);
}

void adv_victims_stop(void)
{
	kill_all_workers();
	group_remove(tenant);
	group_remove(late_tenant);
}
