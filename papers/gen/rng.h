/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are the same on every machine (splitmix64). What a job
 * executes is a function of the set's seed, the task and the job's number, so that
 * whoever runs a set, the model or a kernel, does the same work.
 */
#ifndef PAPERS_RNG_H
#define PAPERS_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline uint64_t rng_next(struct rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ULL;
	return rng_mix(rng->state);
}

/* In [0, 1) */
static inline double rng_real(struct rng *rng)
{
	return (rng_next(rng) >> 11) / 9007199254740992.0;
}

/* In [low, high]; the bias is below 2^-40 for what is drawn here. */
static inline int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
	return low + (int64_t)(rng_next(rng) % (uint64_t)(high - low + 1));
}

/* Several streams of one seed: distinct for distinct (seed, stream). */
static inline struct rng rng_stream(uint64_t seed, uint64_t stream)
{
	return (struct rng){ rng_mix(rng_mix(seed + 1) ^ (stream * 0xd1342543de82ef95ULL)) };
}

/*
 * What job @nr of task @task executes: uniform in (cost * percent / 100, cost],
 * in us.
 */
static inline int64_t rng_execution(uint64_t seed, int task, int64_t nr, int64_t cost, int percent)
{
	int64_t least = cost * percent / 100 + 1;
	struct rng rng;

	if (percent >= 100 || least >= cost)
		return cost;
	rng = rng_stream(seed, ((uint64_t)(task + 1) << 40) + nr);
	return rng_between(&rng, least, cost);
}

#endif
