// SPDX-License-Identifier: GPL-2.0
/* What suggest has found: tables and a line to paste, or JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "suggest.h"

#define UNSEEN		"it may want more than was seen"
#define BEYOND		"what it had beyond its budget counts"
#define ENVELOPE	12	/* points of it, in JSON */

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static double bandwidth(const struct suggestion *s)
{
	return percent(s->budget, s->deadline);
}

static void add_row(struct table *t, const struct suggestion *s, bool taken)
{
	char *period = format_time(s->period), *least, *budget, *gap, *response;

	if (s->least) {
		least = format_time(s->least);
		budget = format_time(s->budget);
		gap = format_time(s->gap);
		response = s->response == RT_NEVER ? xstrdup("-") : format_ns(s->response);
		table_add(t, "%s\t%s\t%s\t%s%s\t%.2f %%\t%.2f %%\t%s\t%s", taken ? "*" : "",
			  period, least, budget, s->capped ? "!" : "", bandwidth(s), 100 * s->dry,
			  gap, response);
		free(least);
		free(budget);
		free(gap);
		free(response);
	} else {
		table_add(t, "\t%s\tnone\t-\t-\t-\t-\t-", period);
	}
	free(period);
}

static void show_periods(const struct answer *a)
{
	struct table t = { .align = "lrrrrrrr" };
	int i;

	table_add(&t, "\tPERIOD\tLEAST\tBUDGET\tBANDWIDTH\tDRY\tGAP\tRESPONSE");
	for (i = 0; i < a->nr; i++)
		add_row(&t, &a->list[i], i == a->taken);
	table_print(&t);
	table_free(&t);
}

/* Of one CPU alone, for the period that is taken. */
static u64 least_on(const struct answer *a, int i)
{
	struct demands one = { &a->d->cpus[i], 1, a->d->time };
	struct suggestion s;

	suggest_for(&one, a->w, a->list[a->taken].period, &s);
	return s.least;
}

static void show_cpus(const struct answer *a)
{
	struct table t = { .align = "rrrrrr" };
	int i;

	table_add(&t, "HOST CPU\tUSED\tAT ONCE\tLEAST\tRAN DRY\tIRQS");
	for (i = 0; i < a->d->nr; i++) {
		const struct cpu_demand *c = &a->d->cpus[i];
		long long ppm = meanwhile_interrupts(a->m, c->cpu);
		char *longest = format_ns(c->longest), *least = format_time(least_on(a, i));
		char *irqs = ppm < 0 ? xstrdup("-") : xasprintf("%.2f %%", ppm / 10000.0);

		table_add(&t, "%d\t%.2f %%\t%s\t%s\t%.2f %%\t%s", c->cpu,
			  percent(c->work, a->d->time), longest, least, c->dry_ppm / 10000.0, irqs);
		free(longest);
		free(least);
		free(irqs);
	}
	table_print(&t);
	table_free(&t);
}

/* --- what makes it worth less --- */

static void doubt_time(const struct answer *a, doubt_fn say_it, void *data)
{
	const struct suggestion *s = &a->list[a->taken];
	u64 longer = suggest_longer(a->d, a->w, s);
	char *time, *text;

	if (!longer)
		return;
	time = format_ns(longer);
	text = xasprintf("%llu budget%s began, too few to tell that at most %g %% %s: --time %s",
			 (unsigned long long)s->periods, plural(s->periods),
			 a->w->dry_ppm / 10000.0, "run dry", time);
	say_it("short", text, data);
	free(text);
	free(time);
}

static void doubts(const struct answer *a, doubt_fn say_it, void *data)
{
	char *text;
	int i;

	doubt_time(a, say_it, data);
	if (a->t->lost) {
		text = xasprintf("%lld event%s lost: %s", a->t->lost, a->t->lost == 1 ? " was" :
				 "s were", UNSEEN);
		say_it("lost", text, data);
		free(text);
	}
	for (i = 0; i < a->d->nr; i++) {
		const struct cpu_demand *c = &a->d->cpus[i];
		long long ppm = meanwhile_interrupts(a->m, c->cpu);

		if (c->dry_ppm) {
			text = xasprintf("on host CPU %d it ran dry in %.2f %% of its periods: %s",
					 c->cpu, c->dry_ppm / 10000.0,
					 a->beyond ? BEYOND : UNSEEN);
			say_it("throttled", text, data);
			free(text);
		}
		if (ppm > (long long)a->w->headroom_ppm) {
			text = xasprintf("interrupts took %.2f %% of host CPU %d: %s",
					 ppm / 10000.0, c->cpu, "more than --headroom");
			say_it("interrupts", text, data);
			free(text);
		}
	}
	if (a->list[a->taken].capped)
		say_it("headroom", "there is no room on a CPU for all of the --headroom", data);
	if (a->m)
		meanwhile_doubts(a->m, a->d, say_it, data);
}

static void print_doubt(const char *id, const char *text, void *data)
{
	(void)id;
	(void)data;
	say(stdout, "note: %s\n", text);
}

static void add_doubt(const char *id, const char *text, void *data)
{
	struct json_object *o = json_object_new_object();

	jo_str(o, "id", id);
	jo_str(o, "text", text);
	json_object_array_add(data, o);
}

/* --- what to do with it --- */

static char *command(const struct answer *a)
{
	const struct suggestion *s = &a->list[a->taken];
	char *budget = format_time(s->budget), *period = format_time(s->period);
	char *deadline = format_time(s->deadline), *line, *whom;
	bool shorter = s->deadline < s->period;

	if (a->cg || a->args->from)
		whom = xasprintf("set %s", a->t->name);
	else if (a->args->qemu)
		whom = xasprintf("adopt NAME --qemu %s", a->args->qemu);
	else if (a->args->domain)
		whom = xasprintf("adopt NAME --domain %s", a->args->domain);
	else if (HAS(a->args, OPT_PID))
		whom = xasprintf("adopt NAME --pid %d", a->args->pid);
	else
		whom = xasprintf("set %s", a->t->name);
	line = xasprintf("sched-vm %s --budget %s --period %s%s%s", whom, budget, period,
			 shorter ? " --deadline " : "", shorter ? deadline : "");
	free(whom);
	free(budget);
	free(period);
	free(deadline);
	return line;
}

/* False: that is not known. */
static bool ask(const struct answer *a, struct verdict *v)
{
	const struct suggestion *s = &a->list[a->taken];
	const struct reservation res = {
		s->budget, s->period, s->deadline < s->period ? s->deadline : TIME_MAX
	};

	if (!a->cg)
		return false;
	admission_ask(a->cg, &res, NULL, v);
	return true;
}

static void show_text(const struct answer *a)
{
	char *time = format_ns(a->d->time), *line = command(a);
	struct verdict v;

	say(stdout, "%s, watched for %s: at most %g %% of the periods run dry\n", a->t->name, time,
	    a->w->dry_ppm / 10000.0);
	show_periods(a);
	show_cpus(a);
	doubts(a, print_doubt, NULL);
	if (ask(a, &v)) {
		if (!v.fits)
			say(stdout, "it does not fit here now: %s\n", v.reason);
		verdict_free(&v);
	}
	if (!HAS(a->args, OPT_APPLY))
		say(stdout, "%s\n", line);
	free(time);
	free(line);
}

static void jo_double(struct json_object *o, const char *key, double value)
{
	json_object_object_add(o, key, json_object_new_double(value));
}

static struct json_object *suggestion_json(const struct suggestion *s)
{
	struct json_object *o = json_object_new_object();

	jo_int(o, "period_us", s->period);
	jo_int(o, "deadline_us", s->deadline);
	jo_int(o, "least_us", s->least);
	if (!s->least)
		return o;
	jo_int(o, "budget_us", s->budget);
	jo_double(o, "bandwidth_percent", bandwidth(s));
	jo_double(o, "dry_percent", 100 * s->dry);
	jo_time(o, "gap_us", s->gap);
	json_object_object_add(o, "response_ns", s->response == RT_NEVER ? NULL :
			       json_object_new_int64(s->response));
	return o;
}

/* At the period that is taken, halves and doubles of it. */
static void envelope_json(struct json_object *o, const struct answer *a, int i)
{
	struct json_object *list = jo_array(o, "envelope"), *point;
	const struct rt_demand on = demand_on(a->d, i);
	u64 t = a->list[a->taken].period * NS_PER_US / 16;
	int nr;

	for (nr = 0; nr < ENVELOPE && t <= a->d->time; nr++, t *= 2) {
		point = json_object_new_object();
		jo_int(point, "window_ns", t);
		jo_int(point, "demand_ns", rt_envelope(&on, t));
		json_object_array_add(list, point);
	}
}

static void cpus_json(struct json_object *o, const struct answer *a)
{
	struct json_object *list = jo_array(o, "cpus"), *cpu;
	long long ppm;
	int i;

	for (i = 0; i < a->d->nr; i++) {
		const struct cpu_demand *c = &a->d->cpus[i];

		cpu = json_object_new_object();
		ppm = meanwhile_interrupts(a->m, c->cpu);
		jo_int(cpu, "cpu", c->cpu);
		jo_double(cpu, "used_percent", percent(c->work, a->d->time));
		jo_int(cpu, "at_once_ns", c->longest);
		jo_int(cpu, "least_us", least_on(a, i));
		jo_double(cpu, "ran_dry_percent", c->dry_ppm / 10000.0);
		json_object_object_add(cpu, "interrupts_percent", ppm < 0 ? NULL :
				       json_object_new_double(ppm / 10000.0));
		envelope_json(cpu, a, i);
		json_object_array_add(list, cpu);
	}
}

static void show_json(const struct answer *a)
{
	struct json_object *o = json_object_new_object(), *list;
	char *line = command(a);
	struct verdict v;
	int i;

	jo_str(o, "name", a->t->name);
	jo_int(o, "watched_ns", a->d->time);
	jo_double(o, "percentile", 100 - a->w->dry_ppm / 10000.0);
	jo_double(o, "headroom_percent", a->w->headroom_ppm / 10000.0);
	json_object_object_add(o, "taken", suggestion_json(&a->list[a->taken]));
	list = jo_array(o, "periods");
	for (i = 0; i < a->nr; i++)
		json_object_array_add(list, suggestion_json(&a->list[i]));
	cpus_json(o, a);
	doubts(a, add_doubt, jo_array(o, "notes"));
	if (ask(a, &v)) {
		jo_bool(o, "fits", v.fits);
		verdict_free(&v);
	} else {
		json_object_object_add(o, "fits", NULL);
	}
	jo_bool(o, "applied", HAS(a->args, OPT_APPLY));
	jo_str(o, "command", line);
	json_print(o);
	free(line);
}

void suggest_show(const struct answer *a)
{
	if (json_mode)
		show_json(a);
	else
		show_text(a);
}
