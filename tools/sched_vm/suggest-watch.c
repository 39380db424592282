// SPDX-License-Identifier: GPL-2.0
/*
 * suggest --watch: look for a moment, change the budget if it must be, and again. It
 * ends when somebody else changes what it has, when it is gone, or at a signal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "adapt.h"
#include "suggest.h"

#define DEFAULT_TIME	30000000	/* us: less must be wanted for so long */
#define LEAST_BUDGET	10

struct watch {
	const struct args *args;
	struct capsule *c;
	struct wish wish;
	struct adapt adapt;
	struct reservation res;		/* as it must still be */
	bool refused, idle;		/* and it was said */
};

static struct json_object *line(const struct watch *w, const char *event)
{
	struct json_object *o = json_object_new_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	jo_int(o, "time_ns", now.tv_sec * NS_PER_S + now.tv_nsec);
	jo_str(o, "name", w->c->name);
	jo_str(o, "event", event);
	return o;
}

static void put_line(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static void tell(const struct watch *w, const char *event, const char *text)
{
	struct json_object *o;
	char when[32];
	time_t now = time(NULL);

	if (json_mode) {
		o = line(w, event);
		jo_str(o, "text", text);
		put_line(o);
	} else {
		strftime(when, sizeof(when), "%H:%M:%S", localtime(&now));
		say(stdout, "%s %s: %s\n", when, w->c->name, text);
	}
	fflush(stdout);
}

static void tell_change(const struct watch *w, u64 was, u64 is, enum adapt_why why)
{
	static const char *const reasons[] = {
		[ADAPT_KEPT] = "", [ADAPT_WANTED] = "it wants more",
		[ADAPT_DRY] = "it ran dry", [ADAPT_CALM] = "it has wanted less for a while",
	};
	char *from = format_time(was), *to = format_time(is), *period = format_time(w->res.period);
	char *text = xasprintf("%s from %s to %s in %s: %s", is > was ? "raised" : "lowered", from,
			       to, period, reasons[why]);
	struct json_object *o;

	if (json_mode) {
		o = line(w, is > was ? "raised" : "lowered");
		jo_int(o, "was_us", was);
		jo_int(o, "budget_us", is);
		jo_str(o, "text", text);
		put_line(o);
		fflush(stdout);
	} else {
		tell(w, NULL, text);
	}
	free(text);
	free(period);
	free(to);
	free(from);
}

/* Is all as we left it? */
static int still_ours(const struct watch *w)
{
	struct capsule now;
	bool same;

	if (!capsule_exists(w->c->path) || capsule_read(w->c->path, &now))
		return complain(0, NULL, "%s has no reservation any more", w->c->name);
	same = now.res.budget == w->res.budget && now.res.period == w->res.period &&
	       now.res.deadline == w->res.deadline &&
	       !(now.cpu_budgets && *now.cpu_budgets);
	/* Which CPUs it has is not ours, but is where to look. */
	w->c->cpus = now.cpus;
	capsule_free(&now);
	if (same)
		return EXIT_OK;
	return complain(0, NULL, "somebody else has changed %s: it is left to him", w->c->name);
}

static void set(struct watch *w, u64 budget, enum adapt_why why)
{
	const struct suggestion s = {
		.budget = budget, .period = w->res.period,
		.deadline = w->res.deadline < w->res.period ? w->res.deadline : w->res.period,
	};

	if (suggest_set(w->c->path, &s) != EXIT_OK)
		return;
	tell_change(w, w->res.budget, budget, why);
	w->res.budget = budget;
}

/* As much as there is room for, if that is more than it has. */
static void set_or_less(struct watch *w, u64 budget, enum adapt_why why)
{
	struct reservation res = w->res;
	struct verdict v;

	res.budget = budget;
	admission_ask(w->c->path, &res, NULL, &v);
	if (!v.fits && !w->refused)
		tell(w, "refused", v.reason);
	w->refused = !v.fits;
	if (v.fits)
		set(w, budget, why);
	else if (v.max_budget > w->res.budget)
		set(w, v.max_budget, why);
	verdict_free(&v);
}

/* What it wants, with the headroom; 0: nothing was to be seen. */
static u64 wanted(const struct watch *w, const struct demands *d, bool dry)
{
	struct suggestion s;
	u64 work = 0;
	int i;

	for (i = 0; i < d->nr; i++)
		work += d->cpus[i].work;
	if (!work)
		return 0;
	suggest_for(d, &w->wish, w->res.period, &s);
	if (s.least)
		return s.budget;
	/* It was always ready: for lack of a budget, or because it would take all. */
	return dry ? w->res.budget : w->adapt.ceiling;
}

static void decide(struct watch *w, const struct trace *t)
{
	struct demands d;
	enum adapt_why why;
	u64 want, budget;
	bool dry;

	if (t->lost) {
		tell(w, "lost", "events were lost, so nothing is concluded from this moment");
		return;
	}
	demands_find(t, &d);
	dry = !capsule_goes_on(w->c) && demands_dry_ppm(&d) > w->wish.dry_ppm;
	want = wanted(w, &d, dry);
	demands_free(&d);
	if (!want && !dry) {
		if (!w->idle)
			tell(w, "idle", "it does nothing, and keeps what it has meanwhile");
		w->idle = true;
		return;
	}
	w->idle = false;
	budget = adapt_round(&w->adapt, w->res.budget, want, dry, &why);
	if (budget != w->res.budget)
		set_or_less(w, budget, why);
}

static int look(struct watch *w)
{
	const struct capture what = {
		.c = w->c, .reserved = true, .wakes = true, .time = w->args->interval,
	};
	struct trace t = {};
	int status;

	w->c->res = w->res;
	capture_name(&t, w->c);
	status = capture(&t, &what);
	if (status == EXIT_OK)
		status = tracer_stopped ? EXIT_OK : still_ours(w);
	if (status == EXIT_OK && !tracer_stopped)
		decide(w, &t);
	trace_free(&t);
	return status;
}

static int begin(struct watch *w)
{
	const struct args *args = w->args;
	u64 time = HAS(args, OPT_TIME) ? args->time : DEFAULT_TIME;
	u64 limit;

	w->res = w->c->res;
	if (HAS(args, OPT_PERIOD) && args->res.period != w->res.period)
		return complain(0, "sched-vm set changes it, or sched-vm suggest --apply",
				"%s has another period: --watch adapts only the budget",
				w->c->name);
	limit = w->res.deadline < w->res.period ? w->res.deadline : w->res.period;
	limit = limit * SUGGEST_LIMIT / 100;
	w->adapt = (struct adapt){
		.floor = args->floor ? args->floor : LEAST_BUDGET,
		.ceiling = args->ceiling && args->ceiling < limit ? args->ceiling : limit,
		.patience = time / args->interval,
	};
	if (w->adapt.patience < 1)
		w->adapt.patience = 1;
	if (w->adapt.floor > w->adapt.ceiling)
		return complain(0, NULL, "%s: --floor is more than can be had of the period",
				w->c->name);
	return EXIT_OK;
}

int suggest_watch(const struct args *args, struct capsule *c)
{
	struct watch w = {
		.args = args, .c = c,
		.wish = {
			.dry_ppm = 1000000 - args->percentile_ppm,
			.headroom_ppm = args->headroom_ppm,
			.deadline = c->res.deadline < c->res.period ? c->res.deadline : 0,
		},
	};
	int status = begin(&w);

	while (status == EXIT_OK && !tracer_stopped)
		status = look(&w);
	return status;
}
