/* SPDX-License-Identifier: GPL-2.0 */
/* What the simulator's two halves share: events (sim.c) and rules (policy.c). */
#ifndef PAPERS_SIM_CORE_H
#define PAPERS_SIM_CORE_H

#include <stdbool.h>

#include "sim.h"

#define NEVER		INT64_MAX
#define NOBODY		(-1)
#define NORMAL		(-2)
#define CHUNKS		64

/* The jobs of one vCPU, or, if its tasks are bound to none, of a domain. */
struct queue {
	uint64_t pending;	/* by place in task[]; tasks stand in the order of their periods */
	uint64_t taken;		/* in the decision being made */
	int task[64];
	int nr_tasks;
	int nr_servers;
	int home;		/* CBS: the piece that the vCPU is on */
	bool serial;		/* one job at a time */
};

struct chunk {
	int64_t when;
	int64_t amount;
};

struct server {
	const struct set_server *def;
	struct queue *queue;
	int64_t budget;
	int64_t deadline;
	int64_t next;		/* replenishment */
	uint64_t seq;		/* CBS: who was queued first wins a tie */
	int place;		/* in queue->task[], of the job that it runs, or NOBODY */
	int64_t periods;	/* that began */
	bool charged;		/* its budget is being used */
	bool active;		/* CBS, CASH: queued or waiting, with a job */
	bool throttled;		/* CBS, CASH: waiting for next */
	bool late;		/* so is what it has of its budget */
	bool waits;		/* cbs-idle: for idle time, or has it */
	int64_t extra;		/* idle time that it has had; the least is next */
	/* sporadic */
	int64_t chunk_start;
	int64_t chunk_used;
	struct chunk chunk[CHUNKS];
	int nr_chunks;
};

/* CPUs that serve the same servers: one CPU, or all. */
struct pool {
	int server[SET_SERVERS];
	int nr_servers;
	int nr_cpus;
	/* CASH: what servers have left over, by deadline */
	struct chunk spare[SET_SERVERS * 2];
	int nr_spare;
	bool spare_charged;
	/* Who has idle time, or NOBODY, or NORMAL; how much of it until it is another's turn */
	int extra;
	int64_t turn;
	int64_t normal;		/* idle time that the normal thread has had */
	int64_t least;		/* that who waited for it, or had it, has had */
};

struct task {
	const struct set_task *def;
	struct queue *queue;
	int place;
	int64_t released;	/* jobs */
	int64_t done;
	int64_t left;		/* of job number done */
};

struct sim {
	const struct set *set;
	const struct sim_options *opt;
	struct sim_result *result;
	int64_t now;
	uint64_t seq;
	struct server server[SET_SERVERS];
	struct queue queue[SET_SERVERS];
	int nr_queues;
	struct pool pool[SET_CPUS];
	int nr_pools;
	struct task task[SET_TASKS];
	int heap[SET_TASKS];	/* tasks by next release */
	int64_t due[SET_TASKS];
};

/* sim.c: how much longer the number @nr of stream @stream is than it should be */
int64_t sim_jitter(const struct sim *sim, uint64_t stream, int64_t nr);

/* policy.c */
void policy_init(struct sim *sim, struct server *s);
void policy_replenish(struct sim *sim, struct server *s);
void policy_spent(struct sim *sim, struct server *s);
void policy_job_ended(struct sim *sim, struct server *s);
void policy_activity(struct sim *sim);
void policy_pick(struct sim *sim, struct pool *pool);

#endif
