/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set: CPUs, the servers (vCPUs) of some domains, and the tasks of their guests.
 * As text, a line each, times in us; "#" begins a comment:
 *
 *   cpus   N
 *   seed   N
 *   server DOMAIN VCPU CPU|any BUDGET PERIOD DEADLINE PRIORITY OFFSET
 *   task   DOMAIN VCPU|any COST PERIOD DEADLINE OFFSET PERCENT
 *
 * Domains and vCPUs count from 1, CPUs from 0. The lowest priority number is
 * served first. Several servers of one vCPU are its pieces on several CPUs: it
 * runs on one of them at a time. A task of VCPU "any" runs on whichever vCPU of its
 * domain runs at the time. A job executes between PERCENT % of COST and COST
 * (gen/rng.h).
 */
#ifndef PAPERS_SET_H
#define PAPERS_SET_H

#include <stdint.h>
#include <stdio.h>

#define SET_CPUS	16
#define SET_SERVERS	64
#define SET_TASKS	256
#define SET_DOMAINS	16
#define SET_ANY		(-1)

struct set_server {
	int domain;
	int vcpu;
	int cpu;
	int priority;
	int64_t budget;
	int64_t period;
	int64_t deadline;
	int64_t offset;
};

struct set_task {
	int domain;
	int vcpu;
	int percent;
	int64_t cost;
	int64_t period;
	int64_t deadline;
	int64_t offset;
};

struct set {
	int nr_cpus;
	int nr_servers;
	int nr_tasks;
	uint64_t seed;
	struct set_server server[SET_SERVERS];
	struct set_task task[SET_TASKS];
};

void set_init(struct set *set, int nr_cpus, uint64_t seed);
struct set_server *set_add_server(struct set *set, int domain, int vcpu, int cpu,
				  int64_t budget, int64_t period);
struct set_task *set_add_task(struct set *set, int domain, int vcpu, int64_t cost, int64_t period);

/* Read a set. Return: 0, or -1 after a message that names the line on standard error */
int set_read(struct set *set, FILE *in, const char *name);
void set_print(const struct set *set, FILE *out);

/* Return: what is wrong with the set, or NULL */
const char *set_fault(const struct set *set);

#endif
