// SPDX-License-Identifier: GPL-2.0
/* suggest: which reservation does a guest need, by what it does? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

#define DEFAULT_TIME	30000000	/* us */
#define BLIND_PPM	500000		/* so often dry, it is not known what it wants */
#define CURE_IDLE	"ask while it has its load; sched-vm show NAME --threads says who is inside"
#define CURE_BLIND	"sched-vm set it a budget that is more than enough, then ask again"

/* Who is watched. */
struct subject {
	struct capsule c;
	bool reserved;
	pid_t pid;		/* not in a capsule, but a guest */
};

static void check_args(const struct args *args)
{
	bool named = HAS(args, OPT_PID) || HAS(args, OPT_QEMU) || HAS(args, OPT_DOMAIN);

	if (args->nr_rest + named + !!args->from != 1 ||
	    HAS(args, OPT_PID) + HAS(args, OPT_QEMU) + HAS(args, OPT_DOMAIN) > 1)
		usage("suggest: one of NAME, --pid, --qemu, --domain and --from");
	if (args->from && (HAS(args, OPT_APPLY) || HAS(args, OPT_WATCH)))
		usage("suggest: --apply and --watch are for what runs, not for --from");
	if (!HAS(args, OPT_WATCH) &&
	    (HAS(args, OPT_FLOOR) || HAS(args, OPT_CEILING) || HAS(args, OPT_INTERVAL)))
		usage("suggest: --floor, --ceiling and --interval are for --watch");
	if (HAS(args, OPT_WATCH) && (args->period_high || HAS(args, OPT_SVG) || HAS(args, OPT_RAW)))
		usage("suggest: --watch takes one period, and has no --svg and --raw");
	if (args->floor && args->ceiling && args->floor > args->ceiling)
		usage("suggest: the floor is above the ceiling");
}

static struct wish wish_of(const struct args *args, const struct reservation *res)
{
	struct wish w = {
		.dry_ppm = 1000000 - args->percentile_ppm,
		.headroom_ppm = args->headroom_ppm,
		.latency = args->latency,
	};

	if (HAS(args, OPT_PERIOD)) {
		w.low = args->res.period;
		w.high = args->period_high ? args->period_high : w.low;
	}
	if (res && res->budget && res->budget != TIME_MAX) {
		w.has = res->period;
		w.deadline = res->deadline < res->period ? res->deadline : 0;
	}
	if (w.low)
		want_periods(w.low, w.high);
	return w;
}

/* A cgroup without a reservation is only a number of threads. */
static void take_cgroup(struct subject *s, const char *cg)
{
	s->reserved = capsule_exists(cg) && !capsule_read(cg, &s->c);
	if (s->reserved)
		return;
	s->c = (struct capsule){ .path = xstrdup(cg), .res = { 0, 100000, TIME_MAX } };
	s->c.name = xstrdup(cg_relative(cg));
	cg_cpus(cg, &s->c.cpus);
}

/* Wherever it is, it has a name of its own. */
static void take_process(const struct args *args, struct subject *s, pid_t pid)
{
	s->pid = pid;
	free(s->c.name);
	if (args->qemu || args->domain)
		s->c.name = xstrdup(args->qemu ? args->qemu : args->domain);
	else
		s->c.name = xasprintf("process %d", pid);
}

/* The capsule that serves the guest, or its threads where they are. */
static int find_guest(const struct args *args, struct subject *s)
{
	pid_t pid = guest_named(args);
	char *cg, *above;

	if (pid <= 0)
		return EXIT_FAILED;
	cg = cg_of(pid);
	if (!cg)
		return complain(ESRCH, cure_of(CALL_MOVE_IN, ESRCH), "process %d", pid);
	above = capsule_exists(cg) ? NULL : capsule_above(cg);
	take_cgroup(s, above ? above : cg);
	if (!s->reserved)
		take_process(args, s, pid);
	free(above);
	free(cg);
	return EXIT_OK;
}

static int find_subject(const struct args *args, struct subject *s)
{
	char *cg;

	if (!machine_is_able())
		return EXIT_FAILED;
	if (!args->nr_rest)
		return find_guest(args, s);
	cg = cg_find(args, args->rest[0]);
	if (!cg)
		return EXIT_FAILED;
	take_cgroup(s, cg);
	free(cg);
	return EXIT_OK;
}

/* --- one answer --- */

enum { SVG, RAW, NR_OUTPUTS };

static int complain_none(const struct answer *a)
{
	const struct trace *t = a->t;
	int i;

	for (i = 0; i < a->nr; i++)
		if (a->list[i].least)
			return complain(0, "a longer --latency, or another --period",
					"%s: no period has a response as short as --latency",
					t->name);
	return complain(0, "more vCPUs on more CPUs, a lower --percentile, or a longer --period",
			"%s: no budget up to %d %% of host CPU %d is enough: it was ready %s",
			t->name, SUGGEST_LIMIT, a->d->cpus[a->list[0].cpu].cpu,
			"for almost all of the time, or for long at a time");
}

/* Can an answer be given at all? */
static int is_visible(const struct answer *a)
{
	const struct trace *t = a->t;
	const struct demands *d = a->d;
	u64 work = 0;
	int i;

	for (i = 0; i < d->nr; i++)
		work += d->cpus[i].work;
	if (!a->beyond && demands_dry_ppm(d) >= BLIND_PPM)
		return complain(0, CURE_BLIND,
				"%s was throttled in %u %% of its periods: %s", t->name,
				demands_dry_ppm(d) / 10000,
				"what it would do with more cannot be seen");
	if (!work)
		return complain(0, CURE_IDLE,
				"%s was idle all the time: there is nothing to see", t->name);
	return EXIT_OK;
}

static int write_raw(const struct answer *a, FILE *f)
{
	return trace_save(a->t, f);
}

typedef int (*write_fn)(const struct answer *a, FILE *f);

static const write_fn writers[NR_OUTPUTS] = { suggest_svg, write_raw };

/* The events are good for --from, even if there is no answer. */
static int write_outputs(const struct answer *a, struct output *outputs)
{
	int i, ret, status = EXIT_OK;

	for (i = 0; i < NR_OUTPUTS; i++) {
		struct output *o = &outputs[i];

		if (!o->path || (i == SVG && a->taken < 0))
			continue;
		ret = output_begin(o);
		if (!ret)
			ret = output_end(o, writers[i](a, o->f));
		if (ret)
			status = complain(-ret, cure_of(CALL_OUTPUT, -ret), "cannot write %s",
					  o->path);
		else
			o->created = false;
	}
	return status;
}

int suggest_set(const char *cg, const struct suggestion *s)
{
	const struct args args = {
		.given = 1UL << OPT_BUDGET | 1UL << OPT_PERIOD | 1UL << OPT_DEADLINE,
		.res = { s->budget, s->period,
			 s->deadline < s->period ? s->deadline : TIME_MAX },
	};

	return capsule_change(&args, cg);
}

static int apply(const struct answer *a)
{
	int status = suggest_set(a->cg, &a->list[a->taken]);

	if (status == EXIT_OK && !json_mode)
		status = show_reservation(a->cg);
	return status;
}

/* A program gets one object, with what has come of it. */
static int show(const struct answer *a)
{
	int status = EXIT_OK;

	if (!json_mode)
		suggest_show(a);
	if (HAS(a->args, OPT_APPLY))
		status = apply(a);
	if (json_mode && status == EXIT_OK)
		suggest_show(a);
	return status;
}

static int answer(struct answer *a, struct output *outputs)
{
	struct suggestion list[SUGGEST_MOST];
	struct demands d;
	int status;

	demands_find(a->t, &d);
	a->d = &d;
	a->list = list;
	a->taken = -1;
	status = is_visible(a);
	if (status == EXIT_OK) {
		a->nr = suggest_all(&d, a->w, list, &a->taken);
		if (a->taken < 0)
			status = complain_none(a);
	}
	if (write_outputs(a, outputs) != EXIT_OK)
		status = EXIT_FAILED;
	if (status == EXIT_OK)
		status = show(a);
	demands_free(&d);
	return status;
}

static int answer_from(const struct args *args, struct output *outputs)
{
	struct answer a = { .args = args };
	struct trace t;
	struct wish w;
	int status;

	if (trace_load(&t, args->from))
		return EXIT_FAILED;
	w = wish_of(args, &t.res);
	a.t = &t;
	a.w = &w;
	status = answer(&a, outputs);
	trace_free(&t);
	return status;
}

static int answer_now(const struct args *args, const struct subject *s, struct output *outputs)
{
	const struct capture what = {
		.c = &s->c, .reserved = s->reserved, .pid = s->pid, .wakes = true,
		.time = HAS(args, OPT_TIME) ? args->time : DEFAULT_TIME,
	};
	struct wish w = wish_of(args, &s->c.res);
	struct answer a = {
		.args = args, .w = &w, .cg = s->reserved ? s->c.path : NULL,
		.beyond = capsule_goes_on(&s->c),
	};
	struct meanwhile *m;
	struct trace t = {};
	int status;

	capture_name(&t, &s->c);
	m = meanwhile_begin(&s->c.cpus);
	status = capture(&t, &what);
	meanwhile_end(m);
	a.t = &t;
	a.m = m;
	if (status == EXIT_OK)
		status = answer(&a, outputs);
	meanwhile_free(m);
	trace_free(&t);
	return status;
}

/* What there is to change, and that it means all of it. */
static int check_apply(const struct args *args, const struct subject *s)
{
	if (!HAS(args, OPT_APPLY) && !HAS(args, OPT_WATCH))
		return EXIT_OK;
	if (!s->reserved)
		return complain(0, "sched-vm adopt brings it into a capsule",
				"%s has no reservation to change", s->c.name);
	if (s->c.cpu_budgets && *s->c.cpu_budgets)
		return complain(0, "sched-vm set NAME --cpu-budget LIST=max ends them",
				"%s has other budgets on some CPUs: %s", s->c.name,
				"a new one would not be for these");
	return EXIT_OK;
}

static int suggest(const struct args *args, struct output *outputs)
{
	struct subject s = {};
	int status;

	if (args->from)
		return answer_from(args, outputs);
	status = find_subject(args, &s);
	if (status == EXIT_OK)
		status = check_apply(args, &s);
	if (status == EXIT_OK)
		status = HAS(args, OPT_WATCH) ? suggest_watch(args, &s.c) :
			 answer_now(args, &s, outputs);
	capsule_free(&s.c);
	return status;
}

int cmd_suggest(const struct args *args)
{
	struct output outputs[NR_OUTPUTS] = {};
	int status;

	check_args(args);
	/* Before anybody waits. */
	wish_of(args, NULL);
	outputs[SVG].path = args->svg ? xstrdup(args->svg) : NULL;
	outputs[RAW].path = args->raw ? xstrdup(args->raw) : NULL;
	status = outputs_open(outputs, NR_OUTPUTS, args->from);
	if (status == EXIT_OK)
		status = suggest(args, outputs);
	outputs_close(outputs, NR_OUTPUTS, false);
	return status;
}
