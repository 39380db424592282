// SPDX-License-Identifier: GPL-2.0
/*
 * Does a reservation fit, why not, and what would? The kernel's dry run knows
 * exactly. Without it, cpu.rt_free of the cgroup above tells to 0.01 %.
 */
#include <errno.h>
#include <linux/sched_vm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

#define PPM	1000000ULL

/* The least that a user without CAP_SYS_NICE may have below a capsule, in us */
#define OWNER_BUDGET	200

static u64 sysctl(const char *name, u64 otherwise)
{
	char *text = read_file("/proc/sys/kernel/%s", name);
	u64 value = text ? strtoull(text, NULL, 10) : otherwise;

	free(text);
	return value;
}

static u64 deadline_of(const struct reservation *res)
{
	return res->deadline == TIME_MAX ? res->period : res->deadline;
}

/* The kernel says EINVAL to these, without a word. */
char *admission_invalid(const struct reservation *res)
{
	u64 min = sysctl("sched_deadline_period_min_us", 100);
	u64 max = sysctl("sched_deadline_period_max_us", 4194304);
	u64 deadline = deadline_of(res);

	if (res->period < min || res->period > max)
		return xasprintf("the period must be from %s to %s",
				 format_time(min), format_time(max));
	if (deadline > res->period)
		return xasprintf("the deadline, %s, is longer than the period, %s",
				 format_time(deadline), format_time(res->period));
	if (deadline < 10)
		return xasprintf("the deadline, %s, is less than 10us", format_time(deadline));
	if (res->budget == TIME_MAX || !res->budget)
		return NULL;
	if (res->budget < 10)
		return xasprintf("the budget, %s, is less than 10us", format_time(res->budget));
	if (res->budget > deadline)
		return xasprintf("the budget, %s, is more than the %s, %s",
				 format_time(res->budget),
				 res->deadline == TIME_MAX ? "period" : "deadline",
				 format_time(deadline));
	return NULL;
}

void verdict_free(struct verdict *v)
{
	free(v->reason);
	free(v->cure);
}

/* Rounded up: so much must be given up. */
static char *percent(u32 ppm)
{
	u32 hundredths = (ppm + 99) / 100;

	return xasprintf("%u.%02u %%", hundredths / 100, hundredths % 100);
}

/* The shortest period with which this budget fits: asked, not believed. */
static u64 find_period(const char *cg, const struct reservation *res,
		       const struct cpus *cpus, u64 max_budget)
{
	struct reservation longer = *res;
	struct sched_vm_check check;
	int tries;

	if (res->deadline != TIME_MAX || !max_budget)
		return 0;
	longer.period = (res->budget * res->period + max_budget - 1) / max_budget;
	for (tries = 0; tries < 20; tries++) {
		if (device_check(cg, &longer, cpus, &check))
			return 0;
		if (check.result == SCHED_VM_FITS)
			return longer.period;
		longer.period += 1 + longer.period / 1000;
	}
	return 0;
}

/* The least budget that covers what the capsules below have. */
static u64 find_budget(const char *cg, const struct reservation *res, const struct cpus *cpus,
		       u32 missing_ppm)
{
	struct reservation more = *res;
	struct sched_vm_check check;
	int tries;

	for (tries = 0; tries < 20; tries++) {
		more.budget += (missing_ppm * deadline_of(res) + PPM - 1) / PPM;
		if (more.budget > deadline_of(&more) || device_check(cg, &more, cpus, &check))
			return 0;
		if (check.result == SCHED_VM_FITS)
			return more.budget;
		if (check.result != SCHED_VM_BELOW_CHILDREN)
			return 0;
		missing_ppm = check.missing_ppm ? check.missing_ppm : 1;
	}
	return 0;
}

static void find_cpus(const char *cg, const struct reservation *res, const struct cpus *cpus,
		      struct cpus *fitting)
{
	struct sched_vm_check check;
	struct cpus one;
	int cpu;

	for (cpu = cpus_next(cpus, -1); cpu >= 0; cpu = cpus_next(cpus, cpu)) {
		one = (struct cpus){};
		cpus_set(&one, cpu);
		if (!device_check(cg, res, &one, &check) && check.result == SCHED_VM_FITS)
			cpus_set(fitting, cpu);
	}
}

static char *device_reason(const struct sched_vm_check *c, const struct reservation *res)
{
	char *lacks = percent(c->missing_ppm), *text = NULL;

	switch (c->result) {
	case SCHED_VM_BAD_RESERVATION:
		text = admission_invalid(res);
		if (!text)
			text = xstrdup("budget, deadline or period is out of range");
		break;
	case SCHED_VM_NO_CPU:
		text = xstrdup("no CPU in common with the capsule above");
		break;
	case SCHED_VM_CPU_FULL:
		text = xasprintf("CPU %d lacks %s", c->cpu, lacks);
		break;
	case SCHED_VM_PARENT_FULL:
		text = xasprintf("the capsule above lacks %s on CPU %d", lacks, c->cpu);
		break;
	case SCHED_VM_BELOW_CHILDREN:
		text = xasprintf("capsules below have %s more on CPU %d", lacks, c->cpu);
		break;
	case SCHED_VM_NOT_PERMITTED:
		text = xstrdup(res->budget < OWNER_BUDGET ? "less than 200us takes CAP_SYS_NICE" :
			       c->max_budget_us ?
			       "less than 200us would be left, which takes CAP_SYS_NICE" :
			       "it takes CAP_SYS_NICE: no capsule above has anything to hand out");
		break;
	default:
		text = xasprintf("refused for a reason that this program does not know (%u)",
				 c->result);
	}
	free(lacks);
	return text;
}

/* From what would fit. */
static char *cure_for(const struct verdict *v)
{
	char *text = NULL, *longer, *part;

	if (v->min_budget)
		return xasprintf("--budget %s is the least that fits", format_time(v->min_budget));
	if (v->max_budget)
		text = xasprintf("--budget %s would fit", format_time(v->max_budget));
	if (v->min_period) {
		longer = xasprintf("%s%s--period %s", text ? text : "", text ? ", so would " : "",
				   format_time(v->min_period));
		free(text);
		text = longer;
	}
	if (cpus_count(&v->fitting)) {
		part = format_cpus(&v->fitting);
		longer = xasprintf("%s%s--cpus %s", text ? text : "", text ? ", so would " : "",
				   part);
		free(part);
		free(text);
		text = longer;
	}
	return text;
}

static int ask_device(const char *cg, const struct reservation *res, const struct cpus *cpus,
		      struct verdict *v)
{
	struct sched_vm_check check;
	struct cpus all;
	int ret = device_check(cg, res, cpus, &check);

	if (ret)
		return ret;
	v->exact = true;
	v->fits = check.result == SCHED_VM_FITS;
	v->cpu = check.cpu;
	v->missing_ppm = check.missing_ppm;
	v->max_budget = check.max_budget_us;
	if (v->fits)
		return 0;
	v->reason = device_reason(&check, res);
	if (check.result == SCHED_VM_BELOW_CHILDREN) {
		v->max_budget = 0;
		v->min_budget = find_budget(cg, res, cpus, check.missing_ppm);
	}
	if (check.result == SCHED_VM_CPU_FULL || check.result == SCHED_VM_PARENT_FULL) {
		v->min_period = find_period(cg, res, cpus, v->max_budget);
		cg_available(cg, &all);
		find_cpus(cg, res, &all, &v->fitting);
	}
	v->cure = check.result == SCHED_VM_NOT_PERMITTED ? xstrdup(CURE_PERMISSION) : cure_for(v);
	return 0;
}

/* "cpu1 95.00" of cpu.rt_free, in ppm; -1: no such line. */
static s64 free_on(const char *text, int cpu)
{
	char key[16];
	const char *s;

	snprintf(key, sizeof(key), "cpu%d ", cpu);
	s = strstr(text, key);
	return s ? (s64)(atof(s + strlen(key)) * 10000 + 0.5) : -1;
}

static s64 ppm_up(u64 budget, u64 deadline)
{
	return (budget * PPM + deadline - 1) / deadline;
}

/* What @c has already counts as free. */
static s64 own_ppm(const struct capsule *c, int cpu)
{
	u64 budget;

	if (!c->path || !capsule_exists(c->path) || !cpus_test(&c->cpus, cpu))
		return 0;
	budget = capsule_budget_on(c, cpu);
	return budget * PPM / deadline_of(&c->res);
}

/* @asked: it is one of those that the reservation is for. */
static void judge_cpu(struct verdict *v, int cpu, bool asked, s64 need, s64 has, s64 *least)
{
	if (has >= need)
		cpus_set(&v->fitting, cpu);
	if (!asked || has >= *least)
		return;
	*least = has;
	v->cpu = cpu;
}

/* cpu.rt_free of the cgroup above; the root has none, but then @cg may tell. */
static char *free_text(const char *cg)
{
	char *parent = cg_parent(cg), *text = cg_read(parent, "cpu.rt_free");

	free(parent);
	if (!text && !capsule_exists(cg))
		text = cg_read(cg, "cpu.rt_free");
	return text;
}

static void ask_files(const char *cg, const struct reservation *res, const struct cpus *cpus,
		      struct verdict *v)
{
	char *text = free_text(cg);
	s64 need, least = INT64_MAX;
	struct cpus own, all;
	struct capsule c;
	int cpu;

	v->reason = admission_invalid(res);
	if (v->reason || !text) {
		free(text);
		return;
	}
	need = ppm_up(res->budget, deadline_of(res));
	cg_cpus(cg, &own);
	cg_available(cg, &all);
	capsule_read(cg, &c);
	if (!cpus)
		cpus = &own;
	for (cpu = cpus_next(&all, -1); cpu >= 0; cpu = cpus_next(&all, cpu)) {
		s64 has = free_on(text, cpu);

		judge_cpu(v, cpu, cpus_test(cpus, cpu), need,
			  has < 0 ? 0 : has + own_ppm(&c, cpu), &least);
	}
	capsule_free(&c);
	free(text);
	if (least == INT64_MAX)
		return;
	v->fits = least >= need;
	if (v->fits) {
		v->cpu = -1;
		return;
	}
	v->missing_ppm = need - least;
	v->max_budget = least * deadline_of(res) / PPM;
	if (v->max_budget < 10)
		v->max_budget = 0;
	if (res->deadline == TIME_MAX && least > 0)
		v->min_period = (res->budget * PPM + least - 1) / least;
	v->reason = xasprintf("CPU %d lacks %s", v->cpu, percent(v->missing_ppm));
	v->cure = cure_for(v);
}

/* A cpuset has those of its list that the cgroup above has; without any, all of these. */
static bool none_available(const char *cg, const struct cpus *cpus, struct cpus *common,
			   struct verdict *v)
{
	struct cpus all;
	char *list;

	cg_available(cg, &all);
	*common = cpus_common(cpus, &all);
	if (cpus_count(common))
		return false;
	v->exact = true;
	v->reason = none_of_cpus(cpus, "available");
	list = cpus_text(&all);
	v->cure = xasprintf("the cgroup above has %s", list);
	free(list);
	return true;
}

void warn_missing_cpus(const struct cpus *wanted, const struct cpus *has)
{
	char *list = format_cpus(wanted), *available = format_cpus(has);

	if (strcmp(list, available))
		warn("of the CPUs %s, those that are available: %s", list, available);
	free(available);
	free(list);
}

void admission_ask(const char *cg, const struct reservation *res, const struct cpus *cpus,
		   struct verdict *v)
{
	struct cpus common;

	*v = (struct verdict){ .cpu = -1 };
	if (cpus && none_available(cg, cpus, &common, v))
		return;
	cpus = cpus ? &common : NULL;
	if (!ask_device(cg, res, cpus, v))
		return;
	ask_files(cg, res, cpus, v);
	if (!v->fits && !v->reason)
		v->reason = xstrdup("refused, and this kernel does not say why");
}

struct json_object *admission_json(const struct verdict *v)
{
	struct json_object *o = json_object_new_object();

	jo_bool(o, "fits", v->fits);
	jo_bool(o, "exact", v->exact);
	if (v->fits)
		return o;
	jo_str(o, "reason", v->reason);
	jo_str(o, "cure", v->cure);
	if (v->cpu >= 0) {
		jo_int(o, "cpu", v->cpu);
		jo_int(o, "missing_ppm", v->missing_ppm);
	}
	if (v->max_budget)
		jo_int(o, "max_budget_us", v->max_budget);
	if (v->min_budget)
		jo_int(o, "min_budget_us", v->min_budget);
	if (v->min_period)
		jo_int(o, "min_period_us", v->min_period);
	json_object_object_add(o, "fitting_cpus", jo_cpus(&v->fitting));
	return o;
}

static int complain_verdict(const char *cg, const struct verdict *v, int error)
{
	struct json_object *o;

	if (!json_mode)
		return complain(0, v->cure, "%s: the reservation does not fit: %s",
				cg_relative(cg), v->reason);
	o = admission_json(v);
	jo_str(o, "error", v->reason);
	jo_int(o, "errno", error);
	json_print(o);
	return EXIT_FAILED;
}

/* With @list it is about an exception. */
static void complain_refused(const char *cg, struct verdict *v, const char *list)
{
	if (list) {
		free(v->cure);
		v->cure = v->max_budget ? xasprintf("--cpu-budget %s=%s would fit", list,
						    format_time(v->max_budget)) : NULL;
	}
	complain_verdict(cg, v, EBUSY);
}

bool admission_refused(const char *cg, const struct reservation *res, const struct cpus *cpus,
		       const char *list)
{
	struct verdict v;
	bool refused;

	admission_ask(cg, res, cpus, &v);
	/* What lacks no CPU, like a budget above the period, others explain. */
	refused = v.exact && !v.fits && v.cpu >= 0;
	if (refused)
		complain_refused(cg, &v, list);
	verdict_free(&v);
	return refused;
}

/* The dry run goes by the exceptions that there are, and knows nothing of another one. */
static bool refused_by_files(const char *cg, const struct reservation *res,
			     const struct cpus *cpus, const char *list)
{
	struct verdict v = { .cpu = -1 };
	bool refused;

	ask_files(cg, res, cpus, &v);
	refused = !v.fits && v.cpu >= 0;
	if (refused)
		complain_refused(cg, &v, list);
	verdict_free(&v);
	return refused;
}

int admission_complain_on(const char *cg, const struct reservation *res, const char *list,
			  int error)
{
	char *invalid = admission_invalid(res), *text;
	int status = EXIT_OK;
	struct cpus cpus;

	parse_cpus(list, &cpus);
	text = cpus_text(&cpus);
	if (cg_lacks_cpus(cg, &cpus))
		status = EXIT_FAILED;
	else if (error == EINVAL && invalid)
		status = complain(0, NULL, "%s: on %s, %s", cg_relative(cg), text, invalid);
	else if (error == EBUSY && res->budget && res->budget != TIME_MAX &&
		 (admission_refused(cg, res, &cpus, list) ||
		  refused_by_files(cg, res, &cpus, list)))
		status = EXIT_FAILED;
	free(text);
	free(invalid);
	return status;
}

#define CURE_FIFO	"chrt -o -p 0 TID for each of them, or move them out"

/* It does not end, or does not become 0, for the sake of threads inside. */
static int complain_end(const char *cg, bool forbids, int error)
{
	char *above = capsule_above(cg);
	int status;

	status = complain(error, above ? CURE_FIFO "; or more for the capsule above" : CURE_FIFO,
			  "%s: SCHED_FIFO or SCHED_RR threads are inside%s%s", cg_relative(cg),
			  forbids ? "" : ", and one above has 0",
			  above ? ", or the capsule above has nothing for its threads" : "");
	free(above);
	return status;
}

/* One that it has may be more than it could be. */
static bool complain_exception(const char *cg, const struct reservation *res)
{
	char *text = cg_read(cg, CPU_BUDGET), *line, *save, *cure, *most;
	bool found = false;

	line = text ? strtok_r(text, "\n", &save) : NULL;
	for (; line && !found; line = strtok_r(NULL, "\n", &save)) {
		int len = strcspn(line, " ");

		found = strtoull(line + len, NULL, 10) > deadline_of(res);
		if (!found)
			continue;
		most = format_time(deadline_of(res));
		cure = xasprintf("--cpu-budget %.*s=max, or up to %s", len, line, most);
		complain(0, cure, "%s: its budget on CPU %.*s is more than the %s, %s",
			 cg_relative(cg), len, line,
			 res->deadline == TIME_MAX ? "period" : "deadline", most);
		free(cure);
		free(most);
	}
	free(text);
	return found;
}

/* By the files, or the dry run, which knows nothing of threads. */
static int complain_full(const char *cg, const struct reservation *res, int error)
{
	struct verdict v;
	int status;

	admission_ask(cg, res, NULL, &v);
	if (v.fits) {
		v.fits = false;
		v.reason = xstrdup("not with what capsules above or below have");
		v.cure = xstrdup("leave something to their threads: less here, or less below");
	}
	status = complain_verdict(cg, &v, error);
	verdict_free(&v);
	return status;
}

int admission_complain(const char *cg, const struct reservation *res, int error)
{
	char *invalid = admission_invalid(res);
	int status = EXIT_FAILED;

	if (error == ENOENT)
		status = complain_no_files(cg);
	else if (error == EINVAL && invalid)
		status = complain(0, NULL, "%s: %s", cg_relative(cg), invalid);
	else if (error == EBUSY && (!res->budget || res->budget == TIME_MAX))
		status = complain_end(cg, !res->budget, error);
	else if (error == EBUSY)
		status = complain_full(cg, res, error);
	else if (error != EINVAL || !complain_exception(cg, res))
		status = complain(error, cure_of(CALL_RESERVE, error),
				  "%s: cannot set the reservation", cg_relative(cg));
	free(invalid);
	return status;
}
