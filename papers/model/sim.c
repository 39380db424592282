// SPDX-License-Identifier: GPL-2.0
/* Events: releases, ends of jobs and budgets, replenishments; and the results. */
#include <stdlib.h>
#include <string.h>

#include "../gen/rng.h"
#include "sim-core.h"

static int64_t release_of(const struct task *t, int64_t nr)
{
	return t->def->offset + nr * t->def->period;
}

/* What has been taken ahead before number @nr */
static int64_t ahead(const struct sim *sim, uint64_t stream, int64_t nr)
{
	struct rng rng = rng_stream(sim->opt->jitter_seed, stream << 40 | nr);

	return nr ? rng_between(&rng, 0, sim->opt->jitter) : 0;
}

int64_t sim_jitter(const struct sim *sim, uint64_t stream, int64_t nr)
{
	return sim->opt->jitter ? ahead(sim, stream, nr + 1) - ahead(sim, stream, nr) : 0;
}

/* A task wakes up so much after its release: up to a third of the jitter. */
static int64_t lateness(const struct sim *sim, int nr, int64_t job)
{
	return sim->opt->jitter ? ahead(sim, SET_TASKS + SET_SERVERS + nr, job) / 3 : 0;
}

static int64_t execution(const struct sim *sim, int nr)
{
	const struct task *t = &sim->task[nr];
	int64_t time = rng_execution(sim->set->seed, nr, t->done, t->def->cost, t->def->percent);

	time += sim_jitter(sim, nr, t->done);
	return time > 0 ? time : 1;
}

/* The heap of releases: the earliest at 0, of equals the task of the lowest number. */
static bool sooner(const struct sim *sim, int a, int b)
{
	int x = sim->heap[a], y = sim->heap[b];

	return sim->due[x] != sim->due[y] ? sim->due[x] < sim->due[y] : x < y;
}

static void sift(struct sim *sim, int at)
{
	int child, swap;

	while ((child = 2 * at + 1) < sim->set->nr_tasks) {
		if (child + 1 < sim->set->nr_tasks && sooner(sim, child + 1, child))
			child++;
		if (!sooner(sim, child, at))
			return;
		swap = sim->heap[at];
		sim->heap[at] = sim->heap[child];
		sim->heap[child] = swap;
		at = child;
	}
}

static void release_jobs(struct sim *sim)
{
	while (sim->set->nr_tasks && sim->due[sim->heap[0]] <= sim->now) {
		int nr = sim->heap[0];
		struct task *t = &sim->task[nr];

		if (t->released++ == t->done) {
			t->left = execution(sim, nr);
			t->queue->pending |= UINT64_C(1) << t->place;
		}
		sim->due[nr] = release_of(t, t->released) + lateness(sim, nr, t->released);
		sift(sim, 0);
	}
}

static void count_job(struct sim *sim, int nr, int64_t response, bool ended)
{
	const struct set_task *def = sim->task[nr].def;
	struct sim_result *r = sim->result;
	struct sim_count *count[] = { &r->all, &r->domain[def->domain], &r->task[nr] };
	int64_t bin = (response * (SIM_BINS - 1) / 3 + def->deadline - 1) / def->deadline;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (sim->now + def->deadline - response <= sim->opt->length || !ended) {
			count[i]->jobs++;
			count[i]->missed += !ended || response > def->deadline;
		}
		if (ended && response > count[i]->worst)
			count[i]->worst = response;
	}
	if (!ended || bin >= SIM_BINS)
		bin = SIM_BINS - 1;
	r->bin[def->domain][bin]++;
}

static void end_job(struct sim *sim, struct server *s)
{
	int nr = s->queue->task[s->place];
	struct task *t = &sim->task[nr];
	int64_t release = release_of(t, t->done);

	count_job(sim, nr, sim->now - release, true);
	if (sim->opt->job)
		sim->opt->job(sim->opt->arg, nr, t->done, release, sim->now);
	t->done++;
	if (t->done < t->released)
		t->left = execution(sim, nr);
	else
		t->queue->pending &= ~(UINT64_C(1) << t->place);
	policy_job_ended(sim, s);
}

static int64_t next_event(const struct sim *sim)
{
	int64_t at = sim->opt->length;
	int i;

	if (sim->set->nr_tasks && sim->due[sim->heap[0]] < at)
		at = sim->due[sim->heap[0]];
	for (i = 0; i < sim->set->nr_servers; i++) {
		const struct server *s = &sim->server[i];

		if (s->next < at)
			at = s->next;
		if (s->charged && sim->now + s->budget < at)
			at = sim->now + s->budget;
		if (s->place != NOBODY) {
			int64_t left = sim->task[s->queue->task[s->place]].left;

			if (sim->now + left < at)
				at = sim->now + left;
		}
	}
	for (i = 0; i < sim->nr_pools; i++) {
		const struct pool *p = &sim->pool[i];

		if (p->spare_charged && sim->now + p->spare[0].amount < at)
			at = sim->now + p->spare[0].amount;
		if (p->extra != NOBODY && sim->now + p->turn < at)
			at = sim->now + p->turn;
	}
	return at;
}

static void run_job(struct sim *sim, struct server *s, int64_t from)
{
	int nr = s->queue->task[s->place];
	int domain = sim->task[nr].def->domain;
	int64_t time = sim->now - from;

	sim->task[nr].left -= time;
	sim->result->task[nr].ran += time;
	sim->result->domain[domain].ran += time;
	sim->result->all.ran += time;
	if (sim->opt->ran && time)
		sim->opt->ran(sim->opt->arg, s - sim->server, nr, from, sim->now);
}

static void use_time(struct sim *sim, int64_t from)
{
	int64_t time = sim->now - from;
	int i;

	for (i = 0; i < sim->set->nr_servers; i++) {
		struct server *s = &sim->server[i];

		if (s->charged) {
			s->budget -= time;
			if (s->chunk_start != NEVER)
				s->chunk_used += time;
		}
		if (s->place != NOBODY)
			run_job(sim, s, from);
	}
	for (i = 0; i < sim->nr_pools; i++) {
		struct pool *p = &sim->pool[i];

		if (p->extra != NOBODY) {
			*(p->extra == NORMAL ? &p->normal : &sim->server[p->extra].extra) += time;
			p->turn -= time;
		}
		if (!p->spare_charged)
			continue;
		p->spare[0].amount -= time;
		if (!p->spare[0].amount)
			memmove(p->spare, p->spare + 1, --p->nr_spare * sizeof(p->spare[0]));
		p->spare_charged = false;
	}
}

static void happen(struct sim *sim)
{
	int i;

	for (i = 0; i < sim->set->nr_servers; i++) {
		struct server *s = &sim->server[i];

		if (s->place != NOBODY && !sim->task[s->queue->task[s->place]].left)
			end_job(sim, s);
	}
	release_jobs(sim);
	/* A job that came just now is one that has to wait for the next budget. */
	policy_activity(sim);
	for (i = 0; i < sim->set->nr_servers; i++) {
		struct server *s = &sim->server[i];

		if (s->charged && s->budget <= 0 && !s->throttled)
			policy_spent(sim, s);
		while (s->next <= sim->now)
			policy_replenish(sim, s);
	}
	policy_activity(sim);
	for (i = 0; i < sim->nr_queues; i++)
		sim->queue[i].taken = 0;
	for (i = 0; i < sim->nr_pools; i++)
		policy_pick(sim, &sim->pool[i]);
}

/* Jobs that did not end, and should have. */
static void count_rest(struct sim *sim)
{
	int i;

	for (i = 0; i < sim->set->nr_tasks; i++) {
		struct task *t = &sim->task[i];

		for (; t->done < t->released; t->done++)
			if (release_of(t, t->done) + t->def->deadline <= sim->opt->length)
				count_job(sim, i, sim->opt->length - release_of(t, t->done), false);
	}
}

static struct queue *queue_for(struct sim *sim, int domain, int vcpu, bool shared)
{
	int i, first = -1;

	for (i = 0; i < sim->set->nr_servers && first < 0; i++)
		if (sim->set->server[i].domain == domain &&
		    (shared || sim->set->server[i].vcpu == vcpu))
			first = i;
	return &sim->queue[first];
}

static bool is_shared(const struct sim *sim, int domain)
{
	int i;

	for (i = 0; i < sim->set->nr_tasks; i++)
		if (sim->set->task[i].domain == domain)
			return sim->set->task[i].vcpu == SET_ANY;
	return false;
}

static void init_servers(struct sim *sim)
{
	int i;

	sim->nr_queues = sim->set->nr_servers;
	for (i = 0; i < sim->set->nr_servers; i++) {
		struct server *s = &sim->server[i];
		bool shared;

		s->def = &sim->set->server[i];
		shared = is_shared(sim, s->def->domain);
		s->queue = queue_for(sim, s->def->domain, s->def->vcpu, shared);
		s->queue->serial = !shared;
		s->queue->home = NOBODY;
		s->queue->nr_servers++;
		s->chunk_start = NEVER;
		policy_init(sim, s);
	}
}

static void init_pools(struct sim *sim)
{
	bool global = sim->set->server[0].cpu == SET_ANY;
	int i, j, moved;

	sim->nr_pools = global ? 1 : sim->set->nr_cpus;
	for (i = 0; i < sim->nr_pools; i++) {
		sim->pool[i].nr_cpus = global ? sim->set->nr_cpus : 1;
		sim->pool[i].extra = NOBODY;
	}
	for (i = 0; i < sim->set->nr_servers; i++) {
		struct pool *p = &sim->pool[global ? 0 : sim->set->server[i].cpu];
		int64_t key, other;

		moved = i;
		for (j = p->nr_servers++; j; j--) {
			const struct set_server *a = &sim->set->server[p->server[j - 1]];
			const struct set_server *b = &sim->set->server[moved];

			key = sim->opt->order == SIM_DM ? b->deadline : b->priority;
			other = sim->opt->order == SIM_DM ? a->deadline : a->priority;
			if (other <= key)
				break;
			p->server[j] = p->server[j - 1];
		}
		p->server[j] = moved;
	}
}

static void init_tasks(struct sim *sim)
{
	int i, j;

	for (i = 0; i < sim->set->nr_tasks; i++) {
		struct task *t = &sim->task[i];
		struct queue *q;

		t->def = &sim->set->task[i];
		q = queue_for(sim, t->def->domain, t->def->vcpu, t->def->vcpu == SET_ANY);
		t->queue = q;
		for (j = q->nr_tasks++; j && sim->set->task[q->task[j - 1]].period > t->def->period;
		     j--)
			q->task[j] = q->task[j - 1];
		q->task[j] = i;
		sim->due[i] = t->def->offset;
		sim->heap[i] = i;
	}
	for (i = 0; i < sim->nr_queues; i++)
		for (j = 0; j < sim->queue[i].nr_tasks; j++)
			sim->task[sim->queue[i].task[j]].place = j;
	for (i = sim->set->nr_tasks / 2 - 1; i >= 0; i--)
		sift(sim, i);
}

static bool has_pieces(const struct set *set)
{
	int i, j;

	for (i = 0; i < set->nr_servers; i++)
		for (j = 0; j < i; j++)
			if (set->server[i].domain == set->server[j].domain &&
			    set->server[i].vcpu == set->server[j].vcpu)
				return true;
	return false;
}

const char *sim_fault(const struct set *set, const struct sim_options *opt)
{
	bool global = set->server[0].cpu == SET_ANY;
	int i, j, tasks;

	if (opt->policy == SIM_SPORADIC && opt->order == SIM_EDF)
		return "a sporadic server has a fixed priority";
	if (global && set->nr_cpus > 1 && opt->policy != SIM_DEFERRABLE &&
	    opt->policy != SIM_PERIODIC && opt->policy != SIM_CBS)
		return "this policy is for one CPU, or for servers that are each on one";
	if (opt->policy >= SIM_CBS_IDLE && has_pieces(set))
		return "this policy is for vCPUs that are each on one CPU";
	for (i = 0; i < set->nr_servers; i++) {
		for (j = tasks = 0; j < set->nr_tasks; j++)
			if (set->task[j].domain == set->server[i].domain) {
				tasks++;
				if (set->task[j].vcpu == SET_ANY && set->nr_servers > 1 &&
				    opt->policy >= SIM_CBS)
					return "for cbs and cash each task has its vCPU";
			}
		if (tasks > 64)
			return "a domain has 64 tasks at most";
	}
	return NULL;
}

void sim_run(const struct set *set, const struct sim_options *opt, struct sim_result *result)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	int64_t from;

	if (!sim)
		abort();
	memset(result, 0, sizeof(*result));
	sim->set = set;
	sim->opt = opt;
	sim->result = result;
	init_servers(sim);
	init_pools(sim);
	init_tasks(sim);
	happen(sim);
	while (sim->now < opt->length) {
		from = sim->now;
		sim->now = next_event(sim);
		use_time(sim, from);
		happen(sim);
	}
	count_rest(sim);
	result->idle = opt->length * set->nr_cpus - result->all.ran;
	free(sim);
}

double sim_quantile(const struct sim_result *result, int domain, double part)
{
	int64_t all = 0, sum = 0;
	int i;

	for (i = 0; i < SIM_BINS; i++)
		all += result->bin[domain][i];
	for (i = 0; i < SIM_BINS - 1; i++) {
		sum += result->bin[domain][i];
		if (all && sum >= part * all)
			break;
	}
	return 3.0 * i / (SIM_BINS - 1);
}
