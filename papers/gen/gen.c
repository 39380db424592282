// SPDX-License-Identifier: GPL-2.0
/* Task sets from a seed. */
#include <math.h>

#include "gen.h"
#include "rng.h"

const char *const gen_case_name[GEN_CASES] = { "decreasing", "even", "increasing" };
const char *const gen_guest_name[GEN_GUESTS] = { "pedf", "gedf", "prm" };

void gen_uunifast(struct rng *rng, double *part, int nr, double sum)
{
	double rest;
	int i;

	for (i = 0; i < nr - 1; i++) {
		rest = sum * pow(rng_real(rng), 1.0 / (nr - 1 - i));
		part[i] = sum - rest;
		sum = rest;
	}
	part[nr - 1] = sum;
}

/* A period in whole ms: so long that no set waits for more than some minutes. */
static int64_t period_for(int64_t cost, double part)
{
	int64_t period = part > 0 ? llround(fmin(cost / part / MS, 100000)) * MS : 100000 * MS;

	return period < cost ? cost : period;
}

void gen_capacity(struct set *set, enum gen_case which, int load, uint64_t seed)
{
	static const int period[GEN_CASES][5] = {
		{ 4, 20, 40, 80, 200 }, { 10, 20, 30, 40, 50 }, { 40, 40, 40, 40, 20 }
	};
	struct rng rng = rng_stream(seed, (uint64_t)which << 8 | load);
	double part[5];
	int i, j;

	set_init(set, 1, seed);
	for (i = 0; i < 5; i++) {
		int64_t budget = 2 * (i + 1);

		set_add_server(set, i + 1, 1, 0, budget * MS, period[which][i] * MS);
		gen_uunifast(&rng, part, 5, (double)budget / period[which][i] * load / 100);
		for (j = 0; j < 5; j++) {
			int64_t cost = rng_between(&rng, 5, 10) * MS;

			set_add_task(set, i + 1, 1, cost, period_for(cost, part[j]));
		}
	}
}

void gen_overload(struct set *set)
{
	struct set_task *first = NULL;
	int i;

	for (i = 0; i < set->nr_tasks; i++) {
		struct set_task *t = &set->task[i];

		if (t->domain == 3 && (!first || t->period < first->period))
			first = t;
	}
	if (first)
		first->cost = first->period / 10;
}

void gen_bimodal(struct set *set, int percent, uint64_t seed)
{
	struct rng rng = rng_stream(seed, percent);
	double left = percent / 100.0;
	int i;

	set_init(set, 5, seed);
	for (i = 0; left > 0.0005; i++) {
		double part = rng_between(&rng, 0, 2) < 2 ? 0.0001 + 0.4999 * rng_real(&rng) :
							    0.5 + 0.4 * rng_real(&rng);
		int64_t period = rng_between(&rng, 350, 850) * MS;
		int64_t cost;

		/* The last one is what is missing. */
		if (part > left)
			part = left;
		left -= part;
		cost = llround(part * period / MS) * MS;
		set_add_task(set, i % 4 + 1, SET_ANY, cost < MS ? MS : cost, period);
	}
}

static void mixed_tasks(struct set *set, struct rng *rng, const struct set_server *s, int percent)
{
	int i, nr = rng_between(rng, 1, 4);
	struct set_task *t;
	double part[4];

	gen_uunifast(rng, part, nr, (0.5 + 0.45 * rng_real(rng)) * s->budget / s->period);
	for (i = 0; i < nr; i++) {
		int64_t period = rng_between(rng, 2 * s->period, 12 * s->period);
		int64_t cost = llround(part[i] * period);

		t = set_add_task(set, s->domain, 1, cost < 150 ? 150 : cost, period);
		t->offset = rng_between(rng, 0, period);
		t->percent = percent;
	}
}

void gen_mixed(struct set *set, uint64_t seed)
{
	struct rng rng = rng_stream(seed, 0x6d69786564);
	int i, nr = rng_between(&rng, 2, 5);
	int percent = rng_between(&rng, 1, 3) == 1 ? 50 : 100;
	struct set_server *s;
	double part[5];

	set_init(set, 1, seed);
	/* A tenth of the CPU for each, and the rest split */
	gen_uunifast(&rng, part, nr, 0.6 + 0.35 * rng_real(&rng) - 0.1 * nr);
	for (i = 0; i < nr; i++) {
		int64_t period = rng_between(&rng, 2000, 20000);
		int64_t deadline = rng_between(&rng, 1, 4) == 1 ?
				   rng_between(&rng, period / 2, period) : period;
		int64_t budget = llround((part[i] + 0.1) * deadline);

		s = set_add_server(set, i + 1, 1, 0, budget, period);
		s->deadline = deadline;
		mixed_tasks(set, &rng, s, percent);
	}
}

void gen_guest(struct set *set, uint64_t seed)
{
	struct rng rng = rng_stream(seed, 0x6775657374);
	int i, nr = rng_between(&rng, 2, 5);
	int64_t period = rng_between(&rng, 100, 400) * 100;
	double part[5];

	set_init(set, 1, seed);
	set_add_server(set, 1, 1, 0, period, period);
	gen_uunifast(&rng, part, nr, 0.25 + 0.45 * rng_real(&rng));
	for (i = 0; i < nr; i++) {
		int64_t t = rng_between(&rng, 15 * period, 80 * period) / 1000 * 100;
		int64_t cost = llround(part[i] * t / 100) * 100;

		set_add_task(set, 1, 1, cost < 500 ? 500 : cost, t);
	}
}

static int64_t divided(int64_t time, int divide)
{
	return time < divide ? 1 : time / divide;
}

void gen_scale(struct set *set, int divide, int spare, int apart)
{
	int i;

	for (i = 0; i < set->nr_servers; i++) {
		struct set_server *s = &set->server[i];

		s->budget = divided(s->budget * (1000 - spare), divide * 1000);
		s->period = divided(s->period, divide);
		s->deadline = divided(s->deadline, divide);
	}
	for (i = 0; i < set->nr_tasks; i++) {
		struct set_task *t = &set->task[i];

		t->cost = divided(t->cost, divide);
		t->period = divided(t->period, divide);
		t->deadline = divided(t->deadline, divide);
		t->offset = t->offset / divide + t->domain * apart;
	}
}

double gen_bandwidth(const struct set *set)
{
	double sum = 0;
	int i;

	for (i = 0; i < set->nr_servers; i++)
		sum += (double)set->server[i].budget / set->server[i].period;
	return sum;
}

void gen_admit(struct set *set, int most)
{
	double sum = gen_bandwidth(set);
	int i;

	for (i = 0; i < set->nr_servers && sum > most / 1000.0; i++)
		set->server[i].budget *= most / 1000.0 / sum;
}

static bool is_on(const struct set *set, int cpu, int domain, int before)
{
	int i;

	for (i = 0; i < before; i++)
		if (set->server[i].cpu == cpu && set->server[i].domain == domain)
			return true;
	return false;
}

/* Bandwidth in 2^-30; rounded up by less than SLACK for all servers together. */
#define SLACK	SET_SERVERS
#define ROOM(most)	(((int64_t)(most) << 30) / 1000 + SLACK)

static int64_t bandwidth(const struct set_server *s)
{
	return ((s->budget << 30) + s->period - 1) / s->period;
}

/* The fullest CPU with room, without another vCPU of the domain if possible. */
static int fullest(const struct set *set, const int64_t *used, int nr, int most)
{
	const struct set_server *s = &set->server[nr];
	int cpu, best = -1, alone, best_alone = 0;

	for (cpu = 0; cpu < set->nr_cpus; cpu++) {
		if (used[cpu] + bandwidth(s) > ROOM(most))
			continue;
		alone = !is_on(set, cpu, s->domain, nr);
		if (best < 0 || alone > best_alone ||
		    (alone == best_alone && used[cpu] > used[best])) {
			best = cpu;
			best_alone = alone;
		}
	}
	return best;
}

static int emptiest(const struct set *set, const int64_t *used)
{
	int cpu, best = 0;

	for (cpu = 1; cpu < set->nr_cpus; cpu++)
		if (used[cpu] < used[best])
			best = cpu;
	return best;
}

bool gen_pack(struct set *set, int most)
{
	int64_t used[SET_CPUS] = { 0 };
	bool fits = true;
	int i;

	for (i = 0; i < set->nr_servers; i++) {
		int cpu = fullest(set, used, i, most);

		if (cpu < 0) {
			cpu = emptiest(set, used);
			fits = false;
		}
		set->server[i].cpu = cpu;
		used[cpu] += bandwidth(&set->server[i]);
	}
	return fits;
}

static int nr_tasks_of(const struct set *set, const struct set_server *s)
{
	int i, nr = 0;

	for (i = 0; i < set->nr_tasks; i++)
		nr += set->task[i].domain == s->domain && set->task[i].vcpu == s->vcpu;
	return nr;
}

/* Those that cannot be in pieces come first, then the largest. */
static bool comes_first(const struct set *set, const struct set_server *a,
			const struct set_server *b)
{
	bool whole = nr_tasks_of(set, a) > 1;

	if (whole != (nr_tasks_of(set, b) > 1))
		return whole;
	return a->budget * b->period > b->budget * a->period;
}

static void sort_for_pieces(struct set *set)
{
	struct set_server moved;
	int i, j;

	for (i = 1; i < set->nr_servers; i++) {
		moved = set->server[i];
		for (j = i; j && comes_first(set, &moved, &set->server[j - 1]); j--)
			set->server[j] = set->server[j - 1];
		set->server[j] = moved;
	}
}

/* Less than that on a CPU would be eaten up by switches: 5 % of a period */
#define LEAST_PIECE	20

/* The server @nr gets pieces of what is left on each CPU; the first is in its place. */
static bool add_pieces(struct set *set, int nr, int64_t *used, int most)
{
	struct set_server whole = set->server[nr], *piece = &set->server[nr];
	int64_t left = whole.budget, this;
	int cpu;

	for (cpu = 0; cpu < set->nr_cpus && left; cpu++) {
		this = (ROOM(most) - used[cpu]) * whole.period >> 30;
		if (this > left)
			this = left;
		if (this < whole.period / LEAST_PIECE)
			continue;
		if (left != whole.budget)
			piece = set_add_server(set, whole.domain, whole.vcpu, cpu, this,
					       whole.period);
		if (!piece)
			return false;
		piece->cpu = cpu;
		piece->budget = this;
		used[cpu] += bandwidth(piece);
		left -= this;
	}
	return !left;
}

bool gen_spread(struct set *set, int most)
{
	int64_t used[SET_CPUS] = { 0 };
	int i, cpu, nr = set->nr_servers;

	sort_for_pieces(set);
	for (i = 0; i < nr; i++) {
		cpu = fullest(set, used, i, most);
		if (cpu >= 0) {
			set->server[i].cpu = cpu;
			used[cpu] += bandwidth(&set->server[i]);
		} else if (nr_tasks_of(set, &set->server[i]) > 1 ||
			   !add_pieces(set, i, used, most)) {
			return false;
		}
	}
	return true;
}
