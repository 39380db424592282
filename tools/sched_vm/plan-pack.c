// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks to vCPUs, before there are budgets: the largest first, each on the vCPU with the
 * most bandwidth that still has time for it; if there is none, on one more (S. Xi, thesis
 * 2014, 3.3.1). Where the number of vCPUs is given, on the one with the least, so that
 * all are of use. Of many tasks, only the load is looked at.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#define FEW_TASKS	64
#define MOST_DISTINCT	1000

struct pack {
	const struct plan *plan;
	struct rt_question question;
	rt_time floor;
	struct rt_task *room;		/* for all tasks of a vCPU */
	int *on;
	rt_time *q;
	int nr;				/* vCPUs so far */
	struct front *front;
};

/* Those of @vcpu, and @more if it is one; as many as matter. */
static void gather(struct pack *pack, int vcpu, int more)
{
	int i, nr = 0, digits;

	for (i = 0; i < pack->plan->nr; i++)
		if (pack->on[i] == vcpu || i == more)
			pack->room[nr++] = pack->plan->tasks[i];
	pack->question.tasks = pack->room;
	pack->question.nr = rt_reduce(pack->room, nr, MOST_DISTINCT, &digits);
	if (digits)
		pack->front->digits = digits;
}

static bool has_time(struct pack *pack, int vcpu, int task)
{
	gather(pack, vcpu, task);
	return rt_fits(&pack->question, pack->question.most, &pack->front->failure);
}

/* With what it has now. */
static bool set_budget(struct pack *pack, int vcpu)
{
	gather(pack, vcpu, -1);
	pack->question.from = pack->q[vcpu] > pack->floor ? pack->q[vcpu] : pack->floor;
	pack->q[vcpu] = rt_least_budget(&pack->question, &pack->front->failure,
					&pack->front->bound);
	return pack->q[vcpu];
}

/* The one to try after @last; -1: none is left. */
static int next_vcpu(const struct pack *pack, const bool *tried, bool spread)
{
	int i, next = -1;

	for (i = 0; i < pack->nr; i++) {
		if (tried[i])
			continue;
		if (next < 0 || (spread ? pack->q[i] < pack->q[next] : pack->q[i] > pack->q[next]))
			next = i;
	}
	return next;
}

static bool place_task(struct pack *pack, int task, bool spread)
{
	int most = pack->plan->nr_vcpus ? pack->plan->nr_vcpus : PLAN_MOST_VCPUS, vcpu;
	bool tried[PLAN_MOST_VCPUS] = {};

	while ((vcpu = next_vcpu(pack, tried, spread)) >= 0) {
		if (has_time(pack, vcpu, task))
			break;
		tried[vcpu] = true;
	}
	if (vcpu < 0) {
		if (pack->nr == most || !has_time(pack, pack->nr, task))
			return false;
		vcpu = pack->nr++;
	}
	pack->on[task] = vcpu;
	return set_budget(pack, vcpu);
}

static int larger_load(const void *a, const void *b, void *data)
{
	const struct rt_task *tasks = data;
	const struct rt_task *x = &tasks[*(int *)a], *y = &tasks[*(int *)b];
	__uint128_t left = (__uint128_t)x->c * y->t;
	__uint128_t right = (__uint128_t)y->c * x->t;

	return left > right ? -1 : left < right;
}

static int *by_load(const struct plan *plan)
{
	int *order = xzalloc(plan->nr * sizeof(*order)), i;

	for (i = 0; i < plan->nr; i++)
		order[i] = i;
	qsort_r(order, plan->nr, sizeof(*order), larger_load, plan->tasks);
	return order;
}

static void begin(struct pack *pack, int nr)
{
	int i;

	for (i = 0; i < pack->plan->nr; i++)
		pack->on[i] = -1;
	memset(pack->q, 0, PLAN_MOST_VCPUS * sizeof(*pack->q));
	pack->nr = nr;
}

static bool pack_few(struct pack *pack, const int *order, bool spread)
{
	int i;

	begin(pack, spread ? pack->plan->nr_vcpus : 0);
	for (i = 0; i < pack->plan->nr; i++)
		if (!place_task(pack, order[i], spread))
			return false;
	return true;
}

static bool pack_by_load(struct pack *pack, const int *order, int nr)
{
	u64 load[PLAN_MOST_VCPUS] = {};
	int i, j, least;

	begin(pack, nr);
	for (i = 0; i < pack->plan->nr; i++) {
		for (least = 0, j = 1; j < nr; j++)
			if (load[j] < load[least])
				least = j;
		pack->on[order[i]] = least;
		load[least] += rt_utilisation(&pack->plan->tasks[order[i]], 1);
	}
	for (j = 0; j < nr; j++)
		if (!set_budget(pack, j))
			return false;
	return true;
}

static bool pack_many(struct pack *pack, const int *order)
{
	int nr = pack->plan->nr_vcpus, i;

	pack->front->by_use = true;
	if (nr)
		return pack_by_load(pack, order, nr);
	nr = (rt_utilisation(pack->plan->tasks, pack->plan->nr) >> 32) + 1;
	for (i = 0; i < 3 && nr + i <= PLAN_MOST_VCPUS; i++)
		if (pack_by_load(pack, order, nr + i))
			return true;
	return false;
}

static bool all_on_one(struct pack *pack)
{
	memset(pack->on, 0, pack->plan->nr * sizeof(*pack->on));
	memset(pack->q, 0, PLAN_MOST_VCPUS * sizeof(*pack->q));
	pack->nr = 1;
	return set_budget(pack, 0);
}

/*
 * As many vCPUs as were asked for. One without a task has the least that is a supply: what
 * else the guest does there is not known. False: that is more than may be.
 */
static bool fill_up(struct pack *pack)
{
	const struct rt_question *q = &pack->question;
	rt_time least = q->server.lost + q->server.debt + 1;
	int i;

	least = least > pack->floor ? least : pack->floor;
	least = (least + q->step - 1) / q->step * q->step;
	if (pack->nr < pack->plan->nr_vcpus)
		pack->nr = pack->plan->nr_vcpus;
	for (i = 0; i < pack->nr; i++) {
		if (pack->q[i])
			continue;
		if (least > q->most)
			return false;
		pack->q[i] = least;
	}
	return true;
}

int plan_pack(const struct plan *plan, const struct rt_server *server, rt_time floor, int *on,
	      rt_time *q, struct front *front)
{
	struct pack pack = {
		.plan = plan, .floor = floor, .on = on, .q = q, .front = front,
		.question = { .policy = plan->policy, .nr_cpus = 1, .server = *server,
			      .step = plan->step, .most = server->q },
	};
	int *order = NULL;
	bool ok = false;

	pack.room = xzalloc(plan->nr * sizeof(*pack.room));
	if (plan->nr_vcpus <= 1)
		ok = all_on_one(&pack);
	if (!ok && plan->nr_vcpus != 1) {
		order = by_load(plan);
		if (plan->nr > FEW_TASKS)
			ok = pack_many(&pack, order);
		else
			ok = (plan->nr_vcpus && pack_few(&pack, order, true)) ||
			     pack_few(&pack, order, false);
	}
	free(order);
	free(pack.room);
	return ok && fill_up(&pack) ? pack.nr : 0;
}
