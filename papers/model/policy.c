// SPDX-License-Identifier: GPL-2.0
/*
 * The rules: when a server has a budget, who runs, and who pays.
 *
 * A server that is replenished at each period has its deadline in it. A constant
 * bandwidth server is as the kernel's class has it: idle, queued or throttled; see
 * "The server" in Documentation/scheduler/sched-deadline-group.rst.
 */
#include <string.h>

#include "sim-core.h"

const char *const sim_policy_name[SIM_POLICIES] = {
	"deferrable", "periodic", "polling", "sporadic", "wcps", "crps", "cbs", "cash",
	"cbs-idle", "cash-idle", "cash-any"
};

const char *const sim_beside_name[SIM_BESIDES] = { "nobody", "one", "busy" };
const char *const sim_order_name[SIM_ORDERS] = { "fp", "dm", "edf" };
const char *const sim_guest_name[SIM_GUESTS] = { "rm", "edf" };

int sim_named(const char *const *names, int nr, const char *name)
{
	int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static bool is_cbs(const struct sim *sim)
{
	return sim->opt->policy >= SIM_CBS;
}

static bool is_cash(const struct sim *sim)
{
	return is_cbs(sim) && sim->opt->policy != SIM_CBS && sim->opt->policy != SIM_CBS_IDLE;
}

/* Has who waits for its next period what the others leave? */
static bool has_idle(const struct sim *sim)
{
	return sim->opt->policy >= SIM_CBS_IDLE;
}

void policy_init(struct sim *sim, struct server *s)
{
	s->place = NOBODY;
	s->next = NEVER;
	s->deadline = -1;
	if (is_cbs(sim))
		return;
	if (sim->opt->policy == SIM_SPORADIC) {
		s->budget = s->def->budget;
		s->chunk_start = NEVER;
		return;
	}
	s->next = s->def->offset;
}

/* Sporadic: what was used since the server was set running comes back a period later. */
static void sporadic_end_chunk(struct server *s)
{
	int64_t when = s->chunk_start + s->def->period;

	if (s->chunk_used) {
		/* Out of room: later than due does no harm to others. */
		if (s->nr_chunks == CHUNKS)
			s->chunk[CHUNKS - 1].amount += s->chunk_used;
		else
			s->chunk[s->nr_chunks++] = (struct chunk){ when, s->chunk_used };
		s->next = s->chunk[0].when;
	}
	s->chunk_start = NEVER;
	s->chunk_used = 0;
}

static void sporadic_replenish(struct server *s)
{
	s->budget += s->chunk[0].amount;
	memmove(s->chunk, s->chunk + 1, --s->nr_chunks * sizeof(s->chunk[0]));
	s->next = s->nr_chunks ? s->chunk[0].when : NEVER;
}

static int64_t next_period(const struct server *s)
{
	return s->deadline - s->def->deadline + s->def->period;
}

/* Hard reservation: no budget until the next period. */
static void cbs_throttle(struct server *s)
{
	s->throttled = true;
	s->next = next_period(s);
}

static int64_t cbs_budget(struct sim *sim, struct server *s)
{
	uint64_t stream = SET_TASKS + (s - sim->server);

	return s->def->budget + sim_jitter(sim, stream, s->periods++);
}

static void cbs_replenish(struct sim *sim, struct server *s)
{
	s->throttled = false;
	s->next = NEVER;
	if (is_cash(sim) && !s->active)
		return;
	s->budget += cbs_budget(sim, s);
	s->deadline += s->def->period;
	s->late = false;
	s->seq = ++sim->seq;
}

void policy_replenish(struct sim *sim, struct server *s)
{
	if (is_cbs(sim)) {
		cbs_replenish(sim, s);
	} else if (sim->opt->policy == SIM_SPORADIC) {
		sporadic_replenish(s);
	} else {
		s->budget = s->def->budget;
		s->deadline = s->next + s->def->deadline;
		s->next += s->def->period;
	}
}

void policy_spent(struct sim *sim, struct server *s)
{
	if (is_cbs(sim) && s->active)
		cbs_throttle(s);
}

void policy_job_ended(struct sim *sim, struct server *s)
{
	if (sim->opt->policy == SIM_POLLING && !s->queue->pending)
		s->budget = 0;
}

static void cbs_new_period(struct sim *sim, struct server *s)
{
	s->deadline = sim->now + s->def->deadline;
	s->budget = cbs_budget(sim, s);
	s->late = false;
}

/* May what is left be used until the deadline without a share above Q/P? */
static bool cbs_overflows(const struct sim *sim, const struct server *s)
{
	return (__int128)s->budget * s->def->deadline >
	       (__int128)(s->deadline - sim->now) * s->def->budget;
}

static void cbs_wake(struct sim *sim, struct server *s)
{
	bool constrained = s->def->deadline < s->def->period;
	bool past = s->deadline < sim->now;

	if ((s->budget <= 0 && sim->now < s->deadline) ||
	    (constrained && s->deadline >= 0 && past && sim->now < next_period(s))) {
		s->budget = 0;
		cbs_throttle(s);
		return;
	}
	if (past || cbs_overflows(sim, s)) {
		if (constrained && !past)
			s->budget = s->def->budget * (s->deadline - sim->now) / s->def->deadline;
		else
			cbs_new_period(sim, s);
	}
	if (s->budget <= 0)
		cbs_throttle(s);
}

static void cbs_start(struct sim *sim, struct server *s)
{
	s->active = true;
	s->seq = ++sim->seq;
	if (s->throttled)
		return;
	if (is_cash(sim))
		cbs_new_period(sim, s);
	else
		cbs_wake(sim, s);
}

static struct pool *pool_of(struct sim *sim, const struct server *s)
{
	return &sim->pool[s->def->cpu == SET_ANY ? 0 : s->def->cpu];
}

/* CASH: what is left is there for whoever runs with a deadline that is not before. */
static void cash_hand_on(struct sim *sim, struct server *s)
{
	struct pool *pool = pool_of(sim, s);
	int i;

	if (s->throttled)
		return;
	if (s->budget > 0) {
		for (i = pool->nr_spare++; i && pool->spare[i - 1].when > s->deadline; i--)
			pool->spare[i] = pool->spare[i - 1];
		pool->spare[i] = (struct chunk){ s->deadline, s->budget };
		s->budget = 0;
	}
	if (next_period(s) > sim->now)
		cbs_throttle(s);
}

static void cbs_stop(struct sim *sim, struct server *s)
{
	s->active = false;
	if (is_cash(sim))
		cash_hand_on(sim, s);
}

/* A vCPU in pieces is on one CPU at a time, and moves when it has no budget there. */
static void cbs_choose_piece(struct sim *sim, struct queue *q)
{
	int i;

	if (!q->pending ||
	    (q->home != NOBODY && sim->server[q->home].active && !sim->server[q->home].throttled))
		return;
	if (q->home != NOBODY && !sim->server[q->home].throttled) {
		cbs_start(sim, &sim->server[q->home]);
		if (!sim->server[q->home].throttled)
			return;
	}
	for (i = 0; i < sim->set->nr_servers; i++) {
		struct server *s = &sim->server[i];

		if (s->queue != q || s->throttled || i == q->home)
			continue;
		if (!s->active)
			cbs_start(sim, s);
		if (s->throttled)
			continue;
		if (q->home != NOBODY && sim->server[q->home].active)
			cbs_stop(sim, &sim->server[q->home]);
		q->home = i;
		return;
	}
}

/* CBS: who has a job to do is queued, or waits for its next period. */
void policy_activity(struct sim *sim)
{
	int i;

	if (!is_cbs(sim))
		return;
	for (i = 0; i < sim->set->nr_servers; i++) {
		struct server *s = &sim->server[i];
		struct queue *q = s->queue;

		if (s->active && (!q->pending || (q->nr_servers > 1 && q->home != i)))
			cbs_stop(sim, s);
		else if (s->active && !s->throttled && s->budget <= 0)
			cbs_throttle(s);
		if (q->nr_servers > 1)
			cbs_choose_piece(sim, q);
		else if (!s->active && q->pending)
			cbs_start(sim, s);
	}
}

static bool has_budget(const struct sim *sim, const struct server *s)
{
	return s->budget > 0 && (!is_cbs(sim) || (s->active && !s->throttled));
}

static bool before(const struct sim *sim, const struct server *a, const struct server *b)
{
	int64_t key_a, key_b;

	switch (sim->opt->order) {
	case SIM_EDF:
		key_a = a->deadline;
		key_b = b->deadline;
		break;
	case SIM_DM:
		key_a = a->def->deadline;
		key_b = b->def->deadline;
		break;
	default:
		key_a = a->def->priority;
		key_b = b->def->priority;
	}
	if (key_a != key_b)
		return key_a < key_b;
	if (sim->opt->order == SIM_EDF && a->seq != b->seq)
		return a->seq < b->seq;
	return a < b;
}

static void sort_servers(const struct sim *sim, struct pool *pool)
{
	int i, j, moved;

	for (i = 1; i < pool->nr_servers; i++) {
		moved = pool->server[i];
		for (j = i;
		     j && before(sim, &sim->server[moved], &sim->server[pool->server[j - 1]]); j--)
			pool->server[j] = pool->server[j - 1];
		pool->server[j] = moved;
	}
}

static int earliest(const struct sim *sim, const struct queue *q, uint64_t mask)
{
	int64_t best = NEVER;
	int found = NOBODY;

	for (; mask; mask &= mask - 1) {
		const struct task *t = &sim->task[q->task[__builtin_ctzll(mask)]];
		int64_t deadline = t->def->offset + t->done * t->def->period + t->def->deadline;

		if (deadline < best) {
			best = deadline;
			found = t->place;
		}
	}
	return found;
}

/* The guest's choice. Return: false if it has no job for this vCPU */
static bool take_job(const struct sim *sim, struct server *s)
{
	struct queue *q = s->queue;
	uint64_t mask = q->pending & ~q->taken;

	if (!mask || (q->serial && q->taken))
		return false;
	if (sim->opt->guest == SIM_GUEST_RM)
		s->place = __builtin_ctzll(mask);
	else
		s->place = earliest(sim, q, mask);
	q->taken |= UINT64_C(1) << s->place;
	return true;
}

/* The first server with a budget is idle: who runs meanwhile? @rank: its place */
static void pick_meanwhile(struct sim *sim, struct pool *pool, int rank)
{
	bool any = sim->opt->policy == SIM_CRPS;
	int i;

	for (i = any ? 0 : rank + 1; i < pool->nr_servers; i++) {
		struct server *s = &sim->server[pool->server[i]];

		if ((any || has_budget(sim, s)) && take_job(sim, s)) {
			s->charged = !any;
			return;
		}
	}
}

/* Who begins to wait for idle time has at most a turn more to claim than who was next. */
static void note_waiting(struct sim *sim, struct pool *pool)
{
	int64_t least = sim->opt->beside == SIM_ONE ? pool->normal : NEVER;
	int i;

	for (i = 0; i < pool->nr_servers; i++) {
		const struct server *s = &sim->server[pool->server[i]];

		if (s->waits && s->extra < least)
			least = s->extra;
	}
	if (least != NEVER && least > pool->least)
		pool->least = least;
	for (i = 0; i < pool->nr_servers; i++) {
		struct server *s = &sim->server[pool->server[i]];
		bool waits = s->active && s->throttled;

		if (waits && !s->waits && s->extra < pool->least - SIM_TURN)
			s->extra = pool->least - SIM_TURN;
		s->waits = waits;
	}
}

/* No server has a budget. @last: who had that time until now */
static void pick_extra(struct sim *sim, struct pool *pool, int last)
{
	int64_t least = NEVER;
	int i, best = NOBODY;

	for (i = 0; i < pool->nr_servers; i++) {
		const struct server *s = &sim->server[pool->server[i]];

		if (s->waits && s->extra < least) {
			least = s->extra;
			best = pool->server[i];
		}
	}
	if (sim->opt->beside == SIM_ONE && pool->normal < least)
		best = NORMAL;
	if (pool->turn && (last == NORMAL || (last != NOBODY && sim->server[last].waits)))
		best = last;
	else
		pool->turn = SIM_TURN;
	if (best == NORMAL || (best != NOBODY && take_job(sim, &sim->server[best])))
		pool->extra = best;
}

/*
 * What was handed on comes before any budget: is there one without for it? The server
 * whose deadline will be the earliest. Return: false if not
 */
static bool pick_without(struct sim *sim, struct pool *pool)
{
	struct server *best = NULL;
	int i;

	for (i = 0; i < pool->nr_servers; i++) {
		struct server *s = &sim->server[pool->server[i]];

		if (has_budget(sim, s) && s->deadline < pool->spare[0].when)
			return false;
		if (s->waits && (!best || s->deadline + s->def->period <
						  best->deadline + best->def->period))
			best = s;
	}
	pool->spare_charged = best && take_job(sim, best);
	return pool->spare_charged;
}

static void pick_spare(struct sim *sim, struct pool *pool, struct server *running)
{
	pool->spare_charged = pool->nr_spare &&
			      (!running || pool->spare[0].when <= running->deadline);
	if (pool->spare_charged && running)
		running->charged = false;
}

static void pick_servers(struct sim *sim, struct pool *pool)
{
	enum sim_policy policy = sim->opt->policy;
	struct server *running = NULL;
	int free = pool->nr_cpus, last = pool->extra, i;

	pool->extra = NOBODY;
	if (policy == SIM_CASH_ANY && pool->nr_spare && pick_without(sim, pool))
		return;
	for (i = 0; i < pool->nr_servers && free; i++) {
		struct server *s = &sim->server[pool->server[i]];

		if (!has_budget(sim, s))
			continue;
		if (take_job(sim, s))
			running = s;
		else if (policy == SIM_WCPS || policy == SIM_CRPS)
			pick_meanwhile(sim, pool, i);
		else if (policy != SIM_PERIODIC)
			continue;
		s->charged = true;
		free--;
	}
	if (is_cash(sim))
		pick_spare(sim, pool, running);
	if (has_idle(sim) && free && sim->opt->beside != SIM_BUSY)
		pick_extra(sim, pool, last);
}

/* Budgets that are not there by their deadlines: none, if they all fit */
static void count_late(struct sim *sim, struct pool *pool)
{
	int i;

	for (i = 0; i < pool->nr_servers; i++) {
		struct server *s = &sim->server[pool->server[i]];

		if (!has_budget(sim, s) || s->deadline > sim->now || s->late)
			continue;
		s->late = true;
		sim->result->late++;
	}
}

/* Who runs, and whose budgets are used, until the next event. */
void policy_pick(struct sim *sim, struct pool *pool)
{
	int i;

	if (is_cbs(sim))
		count_late(sim, pool);
	if (has_idle(sim))
		note_waiting(sim, pool);
	if (sim->opt->order == SIM_EDF)
		sort_servers(sim, pool);
	for (i = 0; i < pool->nr_servers; i++) {
		sim->server[pool->server[i]].place = NOBODY;
		sim->server[pool->server[i]].charged = false;
	}
	pick_servers(sim, pool);
	if (sim->opt->policy != SIM_SPORADIC)
		return;
	for (i = 0; i < pool->nr_servers; i++) {
		struct server *s = &sim->server[pool->server[i]];

		if (s->charged && s->chunk_start == NEVER)
			s->chunk_start = sim->now;
		else if (!s->charged && s->chunk_start != NEVER)
			sporadic_end_chunk(s);
	}
}
