// SPDX-License-Identifier: GPL-2.0
/*
 * What others may notice of an owner, and whether they noticed more.
 *
 * - A capsule of another tenant, and the owners' own that they cannot change, have in each
 *   window of time what a server of (Q, P) gives at least.
 * - A job of Q in the capsule of one more tenant, whose deadlines are the last of all, ends
 *   within P. What anybody takes that is not his is missing there.
 * - A probe of root waits no longer than beside honest owners, and for the longest time for
 *   which capsules may have the CPU.
 * - In no window an owner's threads have more than what is reserved for him, and what an
 *   honest owner may have in advance: twice the budgets of his longest periods. What they
 *   are counted to have had as normal threads (spilled_usec, extra_usec) comes on top.
 * - A normal thread of root has what beside one normal thread is its due of the rest.
 * - A thread of an owner is served by a capsule, whatever he does.
 * - Whoever is killed goes.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adversary.h"
#include "cgroup_util.h"
#include "kselftest.h"

#define HOG_SHARE	0.40		/* of what is not reserved; fair: a half, less the probes */
#define KILL_MAX_NS	(5 * NS_PER_S)
#define COUNTED_NS	(NS_PER_S / 4)

static char verdict[256];
static uint64_t hog_cpu[ADV_CPUS], hog_at;
static double hog_behind[ADV_CPUS], hog_behind_max;

/* The least that a busy thread has in any window of @t. */
uint64_t adv_sbf(uint64_t t, uint64_t q, uint64_t p)
{
	uint64_t gap = p - q, k;

	if (t <= gap)
		return 0;
	t -= gap;
	k = t / p;
	t -= k * p;
	return k * q + (t > gap ? t - gap : 0);
}

/* By how much a job ends, or would end now, too late. */
uint64_t adv_late(uint64_t t, uint64_t p)
{
	return t > p ? t - p : 0;
}

/* The longest time for which capsules, all with their budgets at once, have a CPU. */
static uint64_t longest_busy(void)
{
	double rest = 1.05 - plan.reserved - 0.05;

	if (rest < 0.05)
		rest = 0.05;
	return plan.reserved * plan.max_period_us * NS_PER_US / rest;
}

static uint64_t ahead_bound(void)
{
	double share = (double)plan.own_q_us / plan.own_p_us;

	return plan.capsule_cpus * (2 * share * plan.max_period_us * NS_PER_US + 20 * NS_PER_MS);
}

/* The cgroups that threads of an owner can be in: his, its home, those by slots. */
#define PLACES	(ADV_SLOTS + 3)

static const char *place_path(int owner, int place)
{
	if (place <= ADV_WITNESS)
		return adv_slot(owner, place);
	return place == ADV_WITNESS + 1 ? adv_home[owner] : adv_own[owner];
}

/*
 * CPU time as normal threads since the last time, in us; -1: what a cgroup had that has
 * gone since then, nobody can say.
 */
static long long spilled_since(int owner)
{
	static struct { ino_t ino; long long spilled; } seen[ADV_OWNERS][PLACES];
	long long sum = 0, us;
	bool gone = false;
	struct stat st;
	int i;

	for (i = 0; i < PLACES - (adv_home[owner] == adv_own[owner]); i++) {
		const char *path = place_path(owner, i);

		if (stat(path, &st))
			st.st_ino = 0;
		if (st.st_ino != seen[owner][i].ino) {
			gone = gone || seen[owner][i].ino;
			seen[owner][i].ino = st.st_ino;
			seen[owner][i].spilled = 0;
		}
		us = st.st_ino ? group_value(path, RT_STAT, "spilled_usec") +
				 group_value(path, RT_STAT, "extra_usec") : 0;
		if (us < seen[owner][i].spilled)
			continue;
		sum += us - seen[owner][i].spilled;
		seen[owner][i].spilled = us;
	}
	return gone ? -1 : sum;
}

static void sample_owner(int owner, uint64_t passed)
{
	static long long used[ADV_OWNERS];
	struct adv_owner *o = &adv->owner[owner];
	double share = (double)plan.own_q_us / plan.own_p_us * plan.capsule_cpus;
	long long now_used = group_value(adv_own[owner], "cpu.stat", "usage_usec");
	long long spilled = spilled_since(owner), due = share * passed, more;

	more = (now_used - used[owner] - spilled) * 1000;
	used[owner] = now_used;
	if (spilled < 0 && more > due)
		more = due;
	more += o->ahead_ns - due;
	store_64(&o->ahead_ns, more > 0 && passed ? more : 0);
	if (o->ahead_ns > o->ahead_max_ns)
		store_64(&o->ahead_max_ns, o->ahead_ns);
}

/* There is a capsule of his on each CPU where one of his threads may run. */
static void sample_served(struct adv_owner *o, unsigned int *inside)
{
	unsigned int pid = load_u(inside);

	if (pid && served_by_none(pid) && load_u(inside) == pid)
		store_u(&o->unserved, pid);
}

void adv_sample(void)
{
	static unsigned int nr;
	static uint64_t last;
	uint64_t t = now_ns();
	int owner;

	for (owner = 0; owner < ADV_OWNERS; owner++) {
		sample_owner(owner, last ? t - last : 0);
		sample_served(&adv->owner[owner], &adv->owner[owner].inside[nr % ADV_OUTSIDER]);
	}
	last = t;
	nr++;
}

void adv_oracle_reset(void)
{
	unsigned int i;

	for (i = 0; i < adv_nr_probes; i++)
		store_64(&adv_probes[i].w.page->value[WORST], 0);
	for (i = 0; i < adv_nr_supplied; i++)
		store_64(&adv_supplied[i].w.page->value[WORST], 0);
	for (i = 0; i < ADV_OWNERS; i++)
		store_64(&adv->owner[i].ahead_max_ns, 0);
	hog_at = 0;
	hog_behind_max = 0;
	memset(hog_behind, 0, sizeof(hog_behind));
}

/*
 * Who may run on a CPU that no capsule has, need not wait for any owner. (The normal
 * threads there take their turns.)
 */
void adv_oracle_quiet(void)
{
	struct adv_probe *p = &adv_probes[0];

	p->bound_ns = 0;
	if (plan.capsule_cpus < plan.cpus)
		p->bound_ns = 2 * load_64(&p->w.page->value[WORST]) + 10 * NS_PER_MS;
}

/*
 * One thread may emulate all CPUs in turn, mostly for a tick of each, but up to 100 ms,
 * and timers wait so long.
 */
static uint64_t supplied_slack(void)
{
	return NS_PER_MS / 2 + (plan.cpus > 1 ? plan.cpus * 16 * NS_PER_MS : 0);
}

/*
 * A probe waits for its CPU, and then for that of who holds what it waits for. Normal
 * threads share what capsules leave, so they wait twice as long; with an owner who always
 * has extra time FIFO waits a half more, and who is a normal thread stands in line behind
 * all of his threads, without a priority to lend to the first: that is to end, no more.
 */
static uint64_t probe_bound(const struct adv_probe *p)
{
	uint64_t worst = 2 * load_64(&p->w.page->value[WORST]);

	if (plan.seed % 2)
		return p->policy ? worst + 3 * longest_busy() : KILL_MAX_NS;
	return worst + (p->policy ? 2 : 4) * longest_busy();
}

/* Of what was seen beside honest owners, twice, since they may meet at worse moments. */
void adv_oracle_bounds(void)
{
	unsigned int i;

	for (i = 0; i < adv_nr_probes; i++) {
		struct adv_probe *p = &adv_probes[i];

		if (!i && p->bound_ns)
			continue;
		p->bound_ns = probe_bound(p);
	}
	for (i = 0; i < adv_nr_supplied; i++)
		adv_supplied[i].bound_ns = supplied_slack() +
			2 * load_64(&adv_supplied[i].w.page->value[WORST]);
}

static bool is_ignored(const char *what)
{
	return plan.ignore && strstr(what, plan.ignore);
}

static bool too_much(const char *who, const char *what, uint64_t ns, uint64_t bound)
{
	if (ns <= bound || is_ignored(what))
		return false;
	snprintf(verdict, sizeof(verdict), "%s: %s %.3f ms (bound %.3f)", who, what, ns / 1e6,
		 bound / 1e6);
	return true;
}

static bool probe_waits(struct adv_probe *p)
{
	uint64_t since = load_64(&p->w.page->value[SINCE]), t = now_ns();
	uint64_t worst = load_64(&p->w.page->value[WORST]);

	if (since && t > since && t - since > worst)
		worst = t - since;
	return too_much(p->name, "waits for", worst, p->bound_ns);
}

static bool supplied_misses(struct adv_supplied *s)
{
	uint64_t since = load_64(&s->w.page->value[SINCE]), t = now_ns();
	uint64_t past = since && t > since ? t - since : 0;
	uint64_t due = s->jobs ? adv_late(past, s->p_ns) : adv_sbf(past, s->q_ns, s->p_ns);
	uint64_t worst = load_64(&s->w.page->value[WORST]);

	return too_much(s->name, "misses", due > worst ? due : worst, s->bound_ns);
}

/* For so long: spill is counted a tick late at most, but who samples may have to wait. */
static bool is_ahead(const char *name, int owner)
{
	static uint64_t since[ADV_OWNERS];
	uint64_t ahead = load_64(&adv->owner[owner].ahead_ns), t = now_ns();

	if (ahead <= ahead_bound()) {
		since[owner] = 0;
		return false;
	}
	if (!since[owner])
		since[owner] = t;
	return t - since[owner] > COUNTED_NS &&
	       too_much(name, "is ahead of what is reserved by", ahead, ahead_bound());
}

static bool owner_takes(int owner)
{
	struct adv_owner *o = &adv->owner[owner];
	uint64_t kill_max = KILL_MAX_NS;
	char name[16];
	int i;

	/* Who is killed has turns with those who are busy. */
	if (!strcmp(adv_extra(owner), "fair"))
		kill_max *= 2;
	snprintf(name, sizeof(name), "owner %d", owner);
	if (is_ahead(name, owner))
		return true;
	if (load_u(&o->unserved) && !is_ignored("serves")) {
		snprintf(verdict, sizeof(verdict), "%s: no capsule serves a thread of his", name);
		return true;
	}
	for (i = 0; i < ADV_AGENTS; i++) {
		uint64_t since = load_64(&o->killed_ns[i]);

		if (since && too_much(name, "is killed and dies for", now_ns() - since,
				      kill_max))
			return true;
	}
	return false;
}

static bool hog_starves(int cpu, uint64_t passed)
{
	double share = HOG_SHARE * (1 - (cpu < plan.capsule_cpus ? plan.reserved : 0));
	uint64_t cpu_ns = worker_cpu_ns(&adv_hog[cpu]);

	hog_behind[cpu] += share * passed - (cpu_ns - hog_cpu[cpu]);
	hog_cpu[cpu] = cpu_ns;
	if (hog_behind[cpu] < 0 || !passed)
		hog_behind[cpu] = 0;
	if (hog_behind[cpu] > hog_behind_max)
		hog_behind_max = hog_behind[cpu];
	return too_much("a normal thread", "lacks of its share", hog_behind[cpu],
			longest_busy() + 300 * NS_PER_MS);
}

static bool noticed(void)
{
	uint64_t t = now_ns();
	unsigned int i;
	bool is = false;

	for (i = 0; i < (unsigned int)plan.cpus; i++)
		is = is || hog_starves(i, hog_at ? t - hog_at : 0);
	hog_at = t;
	for (i = 0; i < adv_nr_probes; i++)
		is = is || probe_waits(&adv_probes[i]);
	for (i = 0; i < adv_nr_supplied; i++)
		is = is || supplied_misses(&adv_supplied[i]);
	for (i = 0; i < ADV_OWNERS; i++)
		is = is || owner_takes(i);
	return is;
}

/* For so long, or until all operations are done. */
bool adv_oracle_watch(uint64_t ns)
{
	uint64_t end = ns ? now_ns() + ns : UINT64_MAX;

	while (now_ns() < end && !load_u(&adv->finished)) {
		if (noticed())
			return false;
		sleep_ns(10 * NS_PER_MS);
	}
	return true;
}

const char *adv_oracle_says(void)
{
	return verdict;
}

void adv_oracle_print(void)
{
	unsigned int i;

	for (i = 0; i < adv_nr_probes; i++)
		ksft_print_msg("%s: up to %.3f ms (bound %.3f)\n", adv_probes[i].name,
			       adv_probes[i].w.page->value[WORST] / 1e6,
			       adv_probes[i].bound_ns / 1e6);
	for (i = 0; i < adv_nr_supplied; i++)
		ksft_print_msg("%s misses up to %.3f ms (bound %.3f)\n", adv_supplied[i].name,
			       adv_supplied[i].w.page->value[WORST] / 1e6,
			       adv_supplied[i].bound_ns / 1e6);
	for (i = 0; i < ADV_OWNERS; i++)
		ksft_print_msg("owner %d is ahead by up to %.3f ms (bound %.3f)\n", i,
			       adv->owner[i].ahead_max_ns / 1e6, ahead_bound() / 1e6);
	ksft_print_msg("a normal thread lacks up to %.3f ms; the killed die for up to %.3f ms\n",
		       hog_behind_max / 1e6, adv->kill_max_ns / 1e6);
}
