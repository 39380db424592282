// SPDX-License-Identifier: GPL-2.0
/* Semi-partitioned servers: most are on one CPU, some in pieces on several. */
#include <string.h>

#include "analysis.h"
#include "gen.h"

struct cpu {
	struct set_server on[SET_SERVERS];
	int nr;
};

static bool takes(struct cpu *cpu, const struct set_server *s)
{
	if (cpu->nr == SET_SERVERS)
		return false;
	cpu->on[cpu->nr] = *s;
	return analysis_demand(cpu->on, cpu->nr + 1);
}

/* First fit */
static bool place_whole(struct cpu *cpus, int nr_cpus, const struct set_server *s, int not_on)
{
	int i;

	for (i = 0; i < nr_cpus; i++) {
		if (i == not_on || !takes(&cpus[i], s))
			continue;
		cpus[i].on[cpus[i].nr++].cpu = i;
		return true;
	}
	return false;
}

/* The largest piece with a deadline equal to its budget that the CPU takes, in ms */
static int64_t largest_piece(struct cpu *cpu, const struct set_server *s)
{
	int64_t low = 0, high = (s->budget - 1) / MS, middle;
	struct set_server piece = *s;

	while (low < high) {
		middle = (low + high + 1) / 2;
		piece.budget = middle * MS;
		piece.deadline = middle * MS;
		if (takes(cpu, &piece))
			low = middle;
		else
			high = middle - 1;
	}
	return low * MS;
}

/* A piece on the CPU that takes most of it, and so on with the rest. */
static bool place_pieces(struct cpu *cpus, int nr_cpus, struct set_server s)
{
	int64_t most, this;
	int i, best;

	do {
		most = 0;
		for (i = 0; i < nr_cpus; i++) {
			this = largest_piece(&cpus[i], &s);
			if (this > most) {
				most = this;
				best = i;
			}
		}
		if (!most)
			return false;
		cpus[best].on[cpus[best].nr] = s;
		cpus[best].on[cpus[best].nr].budget = most;
		cpus[best].on[cpus[best].nr].deadline = most;
		cpus[best].on[cpus[best].nr++].cpu = best;
		s.budget -= most;
		s.deadline -= most;
		s.offset += most;
	} while (s.budget > s.deadline || !place_whole(cpus, nr_cpus, &s, best));
	return true;
}

/* By bandwidth, the largest first */
static void sort_servers(struct set_server *s, int nr)
{
	struct set_server moved;
	int i, j;

	for (i = 1; i < nr; i++) {
		moved = s[i];
		for (j = i; j && moved.budget * s[j - 1].period > s[j - 1].budget * moved.period;
		     j--)
			s[j] = s[j - 1];
		s[j] = moved;
	}
}

bool analysis_split(struct set *set)
{
	struct set_server left[SET_SERVERS];
	struct cpu cpus[SET_CPUS];
	int i, j, nr_left = 0, nr = 0;

	memset(cpus, 0, sizeof(cpus));
	sort_servers(set->server, set->nr_servers);
	for (i = 0; i < set->nr_servers; i++)
		if (!place_whole(cpus, set->nr_cpus, &set->server[i], -1))
			left[nr_left++] = set->server[i];
	for (i = 0; i < nr_left; i++)
		if (!place_pieces(cpus, set->nr_cpus, left[i]))
			return false;
	for (i = 0; i < set->nr_cpus; i++)
		for (j = 0; j < cpus[i].nr && nr < SET_SERVERS; j++)
			set->server[nr++] = cpus[i].on[j];
	set->nr_servers = nr;
	return true;
}
