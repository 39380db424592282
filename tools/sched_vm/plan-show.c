// SPDX-License-Identifier: GPL-2.0
/* What plan has found: a table, what to paste, or why there is nothing. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

#define MOST_ROWS	12
#define SO_MANY	"since there are so many"
#define KNOWN_TO_BE	"is known to be enough for the task %s: "	\
	"there are too many windows up to %s to look at"
#define NOT_ALL		"not to the hyperperiod"
#define NOT_KNOWN	"whether it fits here is not known: "	\
	"this machine has no deadline groups, or you may not ask"

static double percent(u64 bandwidth)
{
	return 100.0 * bandwidth / PLAN_UNIT;
}

static double used(const struct plan *plan)
{
	return 100.0 * plan->use / 4294967296.0;
}

static rt_time largest_budget(const struct candidate *c)
{
	rt_time most = 0;
	int i;

	for (i = 0; i < c->nr; i++)
		most = c->q[i] > most ? c->q[i] : most;
	return most;
}

static double switches(const struct candidate *c)
{
	return 2e6 * c->nr / c->p;
}

/* Where would it be, here and now? */
struct place {
	int error;		/* 0: there is room, on @cpu for each vCPU */
	int cpu[PLAN_MOST_VCPUS];
	u64 lacking;
};

static void find_place(const struct args *args, const struct candidate *c, struct place *place)
{
	const struct reservation res = { .budget = c->q[0], .period = c->p, .deadline = c->d };
	struct cg_trial trial;
	char *cg;

	place->error = -EOPNOTSUPP;
	if (!cg_is_mounted())
		return;
	/* Who may not ask, is told nothing else. */
	quiet = true;
	cg = xasprintf("%s/" PLAN_PREFIX "%d", cg_base(args), getpid());
	if (!cg_try(cg, &trial))
		place->error = place_budgets(cg, &res, c->q, c->nr, false, place->cpu,
					     &place->lacking);
	cg_end_trial(&trial);
	quiet = false;
	free(cg);
}

static void add_row(struct table *t, const struct plan *plan, const struct candidate *c, bool taken)
{
	struct rt_server s[PLAN_MOST_VCPUS];
	char *text[7];
	size_t i;

	plan_servers(plan, c, s);
	text[0] = format_time(c->p);
	text[1] = format_time(largest_budget(c));
	text[2] = format_time(c->d);
	text[3] = format_time(c->gap);
	text[4] = format_time(rt_supply_of(s, c->nr, c->p));
	text[5] = format_time(rt_supply_of(s, c->nr, 2 * c->p));
	text[6] = format_time(rt_supply_of(s, c->nr, 5 * c->p));
	table_add(t, "%s\t%s\t%s\t%s\t%d\t%.2f %%\t%+.2f %%\t%s\t%.0f\t%s\t%s\t%s",
		  taken ? "*" : "", text[0], text[1], text[2], c->nr, percent(c->bandwidth),
		  percent(c->bandwidth) - used(plan), text[3], switches(c), text[4], text[5],
		  text[6]);
	for (i = 0; i < ARRAY_SIZE(text); i++)
		free(text[i]);
}

static void show_table(const struct plan *plan, const struct front *front)
{
	struct table t = { .align = "lrrrrrrrrrrr" };
	int i, last = -1;

	table_add(&t, "\tPERIOD\tBUDGET\tDEADLINE\tCPUS\tBANDWIDTH\tOVER\t%s",
		  "GAP\tSWITCHES/S\tIN P\tIN 2P\tIN 5P");
	for (i = 0; i < front->nr; i++) {
		/* So many of them, at equal distances, and the one that is taken. */
		if (i * MOST_ROWS / front->nr == last && i != front->taken)
			continue;
		last = i * MOST_ROWS / front->nr;
		add_row(&t, plan, &front->list[i], i == front->taken);
	}
	table_print(&t);
	table_free(&t);
}

static const char *guest_name(const struct plan *plan)
{
	return plan->policy == RT_FP ? "fixed priority" :
	       plan->policy == RT_EDF ? "EDF" : "global EDF";
}

static void note(char **notes, const char *text)
{
	char *longer = xasprintf("%s%s\n", *notes, text);

	free(*notes);
	*notes = longer;
}

/* libvirt has one budget for all vCPUs, and so has who does not know where each is. */
static void note_largest(char **notes, const struct candidate *c, const struct place *place)
{
	u64 all = (largest_budget(c) * PLAN_UNIT + c->d - 1) / c->d * c->nr;
	char *text;

	if (all == c->bandwidth)
		return;
	text = xasprintf("%s have the largest budget on each CPU: %.2f %% in all",
			 place->error ? "all lines below" : "libvirt's lines", percent(all));
	note(notes, text);
	free(text);
}

/* What was used instead of an exact answer, and what is pasted instead of it. */
static char *all_notes(const struct plan *plan, const struct front *front,
		       const struct place *place)
{
	char *notes = xstrdup(""), *text;

	note_largest(&notes, &front->list[front->taken], place);
	if (front->digits) {
		text = xasprintf("periods and deadlines were rounded down by up to %.1f %%, %s",
				 100.0 / (1 << (front->digits - 1)), SO_MANY);
		note(&notes, text);
		free(text);
	}
	if (front->by_use)
		note(&notes, "tasks were spread by their load alone, " SO_MANY);
	if (plan->policy == RT_GEDF && plan->nr > RT_GEDF_FEW)
		note(&notes, "one sum for all was used instead of one for each task, " SO_MANY);
	if (front->bound)
		note(&notes, "some budgets may be more than the least: too many windows");
	else if (plan->policy != RT_FP)
		note(&notes, "windows up to the end of the busy one were looked at, " NOT_ALL);
	return notes;
}

static void show_packing(const struct plan *plan, const struct candidate *c, const int *on)
{
	char *budget;
	int i, j, nr;

	for (i = 0; i < c->nr; i++) {
		budget = format_time(c->q[i]);
		printf("vCPU %d, %s:", i, budget);
		for (nr = 0, j = 0; j < plan->nr; j++) {
			if (on[j] != i)
				continue;
			if (nr++ < 20)
				say(stdout, " %s", plan->names[plan->tasks[j].id]);
		}
		printf(nr > 20 ? " and %d more\n" : "\n", nr - 20);
		free(budget);
	}
}

/* Which tasks are where, for the one that is taken; NULL: anywhere. */
static int *packing(const struct plan *plan, const struct candidate *c)
{
	int *on;

	if (plan->policy == RT_GEDF || c->nr == 1)
		return NULL;
	on = xzalloc(plan->nr * sizeof(*on));
	plan_placed(plan, c, on);
	return on;
}

/* All budgets are the largest, unless it is known where each is. */
static char *create_line(const struct plan *plan, const struct candidate *c,
			 const struct place *place)
{
	char *budget = format_time(largest_budget(c)), *period = format_time(c->p);
	char *deadline = format_time(c->d), *line, *list, *other;
	struct cpus cpus = {};
	int i;

	for (i = 0; !place->error && i < c->nr; i++)
		cpus_set(&cpus, place->cpu[i]);
	list = place->error ? xasprintf("auto:%d", c->nr) : format_cpus(&cpus);
	line = xasprintf("sched-vm create %s --budget %s --period %s%s%s --cpus %s", plan->name,
			 budget, period, c->d < c->p ? " --deadline " : "",
			 c->d < c->p ? deadline : "", list);
	for (i = 0; !place->error && i < c->nr; i++) {
		if (c->q[i] == largest_budget(c))
			continue;
		other = format_time(c->q[i]);
		line = xasprintf("%s --cpu-budget %d=%s", line, place->cpu[i], other);
		free(other);
	}
	free(list);
	free(budget);
	free(period);
	free(deadline);
	return line;
}

static char *tune_lines(const struct candidate *c, const struct place *place)
{
	char *text = xstrdup("<cputune>\n");
	int i;

	for (i = 0; i < c->nr; i++)
		text = xasprintf("%s  <vcpupin vcpu='%d' cpuset='%d'/>\n", text, i,
				 place->error ? i : place->cpu[i]);
	text = xasprintf("%s  <rt_period>%llu</rt_period>\n  <rt_budget>%llu</rt_budget>\n", text,
			 (unsigned long long)c->p, (unsigned long long)largest_budget(c));
	if (c->d < c->p)
		text = xasprintf("%s  <rt_deadline>%llu</rt_deadline>\n", text,
				 (unsigned long long)c->d);
	return xasprintf("%s</cputune>", text);
}

/* A budget of each CPU is that of a vCPU only while this one is there, and no other. */
static char *pin_lines(const struct plan *plan, const struct candidate *c,
		       const struct place *place)
{
	char *text = xstrdup("");
	int i;

	if (c->nr == 1)
		return text;
	for (i = 0; !place->error && i < c->nr; i++)
		text = xasprintf("%s%s %d to CPU %d", text, i ? "," : ": vCPU", i, place->cpu[i]);
	return xasprintf("# and pin each vCPU to a CPU of its own%s\n"
			 "#   libvirt: <cputune>, or virsh vcpupin GUEST VCPU CPU\n"
			 "#   else: taskset -c -p CPU TID, with the TIDs of sched-vm show %s --threads\n",
			 text, plan->name);
}

static char *place_text(const struct candidate *c, const struct place *place)
{
	struct cpus cpus = {};
	int i;

	if (place->error == -ENOSPC)
		return xasprintf("it does not fit here now: no %sCPU has %s free",
				 c->nr > 1 ? "other " : "", format_time(place->lacking));
	if (place->error)
		return xstrdup(NOT_KNOWN);
	for (i = 0; i < c->nr; i++)
		cpus_set(&cpus, place->cpu[i]);
	return xasprintf("it fits here now, on CPU%s %s", c->nr > 1 ? "s" : "", format_cpus(&cpus));
}

static void show_text(const struct plan *plan, const struct front *front,
		      const struct place *place)
{
	const struct candidate *c = &front->list[front->taken];
	char *lost = format_time(plan->lost), *debt = format_time(plan->debt);
	int *on = packing(plan, c);

	printf("%d task%s, %.2f %% of a CPU; guest: %s; ", plan->nr, plan->nr > 1 ? "s" : "",
	       used(plan), guest_name(plan));
	printf("of each budget %s lost to switches, up to %s owed\n", lost, debt);
	show_table(plan, front);
	printf("%s\n* the longest period within 1 %% of a CPU of the least bandwidth; %s\n",
	       all_notes(plan, front, place), place_text(c, place));
	if (on)
		show_packing(plan, c, on);
	printf("\n%s\nsched-vm adopt %s --qemu GUEST    # then, if it runs\n%s\n%s\n",
	       create_line(plan, c, place), plan->name, pin_lines(plan, c, place),
	       tune_lines(c, place));
	free(on);
	free(lost);
	free(debt);
}

static struct json_object *candidate_json(const struct plan *plan, const struct candidate *c)
{
	struct json_object *o = json_object_new_object(), *q = jo_array(o, "budgets_us");
	struct rt_server s[PLAN_MOST_VCPUS];
	int i;

	plan_servers(plan, c, s);
	for (i = 0; i < c->nr; i++)
		json_object_array_add(q, json_object_new_int64(c->q[i]));
	jo_int(o, "period_us", c->p);
	jo_int(o, "budget_us", largest_budget(c));
	jo_int(o, "deadline_us", c->d);
	jo_int(o, "vcpus", c->nr);
	json_object_object_add(o, "bandwidth_percent",
			       json_object_new_double(percent(c->bandwidth)));
	json_object_object_add(o, "over_percent",
			       json_object_new_double(percent(c->bandwidth) - used(plan)));
	jo_int(o, "gap_us", c->gap);
	json_object_object_add(o, "switches_per_second", json_object_new_double(switches(c)));
	jo_int(o, "supply_p_us", rt_supply_of(s, c->nr, c->p));
	jo_int(o, "supply_2p_us", rt_supply_of(s, c->nr, 2 * c->p));
	jo_int(o, "supply_5p_us", rt_supply_of(s, c->nr, 5 * c->p));
	return o;
}

static void tasks_json(struct json_object *o, const struct plan *plan, const int *on)
{
	struct json_object *array = jo_array(o, "tasks"), *task;
	int i;

	for (i = 0; i < plan->nr; i++) {
		task = json_object_new_object();
		jo_str(task, "task", plan->names[plan->tasks[i].id]);
		if (on)
			jo_int(task, "vcpu", on[i]);
		json_object_array_add(array, task);
	}
}

static void show_json(const struct plan *plan, const struct front *front,
		      const struct place *place)
{
	const struct candidate *c = &front->list[front->taken];
	struct json_object *o = json_object_new_object(), *array;
	char *text = all_notes(plan, front, place);
	int *on = packing(plan, c), i;

	json_object_object_add(o, "used_percent", json_object_new_double(used(plan)));
	jo_str(o, "guest", guest_name(plan));
	jo_int(o, "overhead_us", plan->lost);
	jo_int(o, "debt_us", plan->debt);
	jo_int(o, "step_us", plan->step);
	tasks_json(o, plan, on);
	array = jo_array(o, "front");
	for (i = 0; i < front->nr; i++)
		json_object_array_add(array, candidate_json(plan, &front->list[i]));
	json_object_object_add(o, "taken", candidate_json(plan, c));
	jo_str(o, "notes", text);
	if (!place->error || place->error == -ENOSPC)
		jo_bool(o, "fits", !place->error);
	else
		json_object_object_add(o, "fits", NULL);
	array = jo_array(o, "cpus");
	for (i = 0; !place->error && i < c->nr; i++)
		json_object_array_add(array, json_object_new_int(place->cpu[i]));
	jo_str(o, "create", create_line(plan, c, place));
	jo_str(o, "cputune", tune_lines(c, place));
	json_print(o);
	free(text);
	free(on);
}

static char *plan_cure(const struct plan *plan)
{
	if (used(plan) > PLAN_LIMIT * PLAN_MOST_VCPUS)
		return xasprintf("several guests: one has up to %d vCPUs", PLAN_MOST_VCPUS);
	if (plan->policy == RT_GEDF && plan->nr > RT_GEDF_FEW)
		return xstrdup("--guest edf: for so many tasks, the test for gedf is a rough one");
	if (plan->nr_vcpus && plan->nr > 1)
		return xstrdup("more --vcpus, or --vcpus auto");
	return xstrdup("other periods (--period), longer deadlines, or less to do");
}

static const char *heaviest_task(const struct plan *plan)
{
	int i, most = 0;

	for (i = 1; i < plan->nr; i++)
		if (rt_utilisation(&plan->tasks[i], 1) > rt_utilisation(&plan->tasks[most], 1))
			most = i;
	return plan->names[plan->tasks[most].id];
}

/* Which task, and in which window? */
static char *reason_of(const struct plan *plan, const struct rt_failure *f)
{
	if (f->unknown)
		return xasprintf(KNOWN_TO_BE, plan->names[f->id], format_time(f->window));
	if (f->window == RT_NEVER)
		return xasprintf("is enough in the long run: tasks take %.2f %% of a CPU, most %s",
				 used(plan), heaviest_task(plan));
	return xasprintf("is enough for the task %s: a window of %s may take %s, and have %s",
			 plan->names[f->id], format_time(f->window), format_time(f->demand),
			 format_time(f->supply));
}

/* There was no budget to try. The task with the shortest deadline is named. */
static int refuse_untried(const struct plan *plan, const struct front *front)
{
	const char *name = plan->names[plan->tasks[0].id];

	if (!front->gap_p)
		return complain(0, "a smaller --step, or longer periods and deadlines",
				"no budget for the task %s: %d %% of the deadline in a period is less than %s",
				name, PLAN_LIMIT, format_time(plan->step > PLAN_LEAST_BUDGET ?
							      plan->step : PLAN_LEAST_BUDGET));
	return complain(0, "shorter periods, or a longer --latency",
			"with a period of %s, no budget up to %d %% of a CPU has gaps as short as %s for the task %s: a window of %s may have 0us",
			format_time(front->gap_p), PLAN_LIMIT, format_time(plan->latency), name,
			format_time(front->gap));
}

static int refuse(const struct plan *plan, const struct front *front)
{
	char *cure, *reason;
	int status;

	if (!front->failed_p)
		return refuse_untried(plan, front);
	cure = plan_cure(plan);
	if (front->gap_p)
		cure = xasprintf("%s, or a longer --latency, which leaves out periods from %s on",
				 cure, format_time(front->gap_p));
	reason = reason_of(plan, &front->failed);
	status = complain(0, cure, "with a period of %s, no budget up to %d %% of a CPU %s",
			  format_time(front->failed_p), PLAN_LIMIT, reason);
	free(cure);
	free(reason);
	return status;
}

int plan_show(const struct args *args, const struct plan *plan, const struct front *front)
{
	struct place place;

	if (!front->nr)
		return refuse(plan, front);
	find_place(args, &front->list[front->taken], &place);
	if (json_mode)
		show_json(plan, front, &place);
	else
		show_text(plan, front, &place);
	return EXIT_OK;
}
