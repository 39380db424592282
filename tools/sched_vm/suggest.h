/* SPDX-License-Identifier: GPL-2.0 */
/* suggest - what the files of sched-vm suggest know of each other */
#ifndef SCHED_VM_SUGGEST_H
#define SCHED_VM_SUGGEST_H

#include "rt-model.h"
#include "sched-vm.h"

#define SUGGEST_LIMIT	95	/* percent of a CPU: no more can be had */
#define SUGGEST_MOST	16	/* periods that are looked at */

/* demand.c: from a trace to what arrived on each CPU */

struct cpu_demand {
	int cpu;
	struct rt_arrival *arrivals;	/* in ns from the beginning of the trace on */
	size_t nr;
	u64 work, longest;		/* ns: all of it, and the most that came at once */
	unsigned int dry_ppm;		/* of the capsule's periods, as it was */
};

struct demands {
	struct cpu_demand *cpus;	/* those with any, in their order */
	int nr;
	u64 time;			/* ns that were looked at */
};

void demands_find(const struct trace *t, struct demands *d);
void demands_free(struct demands *d);
struct rt_demand demand_on(const struct demands *d, int i);
/* The most on any CPU. */
unsigned int demands_dry_ppm(const struct demands *d);

/* suggest.c: which budgets for that? */

struct wish {
	u64 low, high;		/* periods, us; 0: by what it has */
	u64 deadline;		/* us; 0: the period */
	u64 has;		/* its period, us; 0: none */
	unsigned int dry_ppm;	/* so many may run dry */
	u64 headroom_ppm;
	u64 latency;		/* us; 0: any */
};

struct suggestion {
	u64 period, deadline;	/* us */
	u64 least;		/* us; 0: none is enough */
	u64 budget;		/* with the headroom */
	bool capped;		/* the headroom did not fit */
	int cpu;		/* that needs most, as an index */
	u64 periods;		/* budgets that began on it, in what was seen */
	double dry;		/* share of budgets that would have run dry, on the worst CPU */
	u64 gap;		/* us: the longest time without CPU time; TIME_MAX: any */
	u64 response;		/* ns: RT_NEVER if not known */
};

/* For one period. */
void suggest_for(const struct demands *d, const struct wish *w, u64 period,
		 struct suggestion *s);
/* For several. Returns how many, and which is taken; -1: none. */
int suggest_all(const struct demands *d, const struct wish *w, struct suggestion *list,
		int *taken);
struct rt_server suggest_server(const struct suggestion *s);
/* How long to watch until something can be said of the share that runs dry, in ns; 0: it was. */
u64 suggest_longer(const struct demands *d, const struct wish *w, const struct suggestion *s);

/* meanwhile.c: what the machine did in that time */

struct meanwhile;
struct meanwhile *meanwhile_begin(const struct cpus *cpus);
void meanwhile_end(struct meanwhile *m);
/* Share of @cpu that interrupts and softirqs took, in ppm; -1: not known. */
long long meanwhile_interrupts(const struct meanwhile *m, int cpu);
/* What makes the answer worth less: calls @tell with an id for programs, and a text. */
typedef void (*doubt_fn)(const char *id, const char *text, void *data);
void meanwhile_doubts(const struct meanwhile *m, const struct demands *d, doubt_fn tell,
		      void *data);
void meanwhile_free(struct meanwhile *m);

/* suggest-show.c */

struct answer {
	const struct args *args;
	const struct trace *t;
	const struct demands *d;
	const struct wish *w;
	const struct meanwhile *m;	/* NULL: it was not here and now */
	const struct suggestion *list;
	int nr, taken;
	const char *cg;			/* the capsule; NULL: there is none */
	bool beyond;			/* with cpu.rt_extra: dry, it goes on, and is seen */
};

void suggest_show(const struct answer *a);

/* cmd-suggest.c */
int suggest_set(const char *cg, const struct suggestion *s);

/* suggest-watch.c: until somebody else changes it. Returns an exit status. */
int suggest_watch(const struct args *args, struct capsule *c);

/* suggest-svg.c: the envelope beside the supply */
int suggest_svg(const struct answer *a, FILE *f);

#endif
