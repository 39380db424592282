// SPDX-License-Identifier: GPL-2.0
/* doctor: is this machine fit for capsules? The kernel's side of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched_vm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"

void finding(struct findings *f, enum verdict_kind kind, const char *id, char *text,
	     const char *cure)
{
	f->list = grow(f->list, f->nr, sizeof(*f->list));
	f->list[f->nr++] = (struct finding){
		.kind = kind, .id = id, .text = text, .cure = cure ? xstrdup(cure) : NULL,
	};
	f->wrong += kind == WRONG;
}

static void add_name(struct finding *f, const char *name)
{
	f->names = grow(f->names, f->nr_names, sizeof(*f->names));
	f->names[f->nr_names++] = xstrdup(name);
}

/* Each %s is the name. */
static char *named(const char *cure, const char *name)
{
	char *text = xstrdup(""), *more;
	const char *s;

	while ((s = strstr(cure, "%s"))) {
		more = xasprintf("%s%.*s%s", text, (int)(s - cure), cure, name);
		free(text);
		text = more;
		cure = s + 2;
	}
	more = xasprintf("%s%s", text, cure);
	free(text);
	return more;
}

void finding_of(struct findings *f, enum verdict_kind kind, const char *id, const char *name,
		char *text, const char *cure)
{
	char *its_cure;
	int i;

	for (i = 0; i < f->nr; i++) {
		if (strcmp(f->list[i].id, id) || f->list[i].kind != kind || !f->list[i].nr_names)
			continue;
		add_name(&f->list[i], name);
		free(text);
		return;
	}
	its_cure = cure ? named(cure, name) : NULL;
	finding(f, kind, id, text, its_cure);
	free(its_cure);
	add_name(&f->list[f->nr - 1], name);
}

char *sysfs_word(const char *path)
{
	char *text = read_file("%s", path);

	if (text && !*text) {
		free(text);
		text = NULL;
	}
	return text;
}

static bool check_support(struct findings *f)
{
	const struct lack *lack = machine_lacks();

	if (!lack)
		finding(f, GOOD, "kernel", xstrdup("the kernel has deadline groups"), NULL);
	else
		finding(f, WRONG, lack->id, xstrdup(lack->text), lack->cure);
	return !lack;
}

static const char *device_cure(int error)
{
	char *misc = error == ENOENT ? read_file("/proc/misc") : NULL;
	bool has = misc && strstr(misc, " sched_vm");

	free(misc);
	return has ? "mknod it, c 10 and its number in /proc/misc; a container must be given it" :
	       cure_of(CALL_DEVICE, error);
}

static void check_device(struct findings *f)
{
	struct sched_vm_query query;
	int ret = device_query(&query);

	if (!ret)
		finding(f, GOOD, "device",
			xasprintf("%s, version %u, features %#llx", SCHED_VM_PATH, query.version,
				  (unsigned long long)query.features), NULL);
	else
		finding(f, ADVICE, "device",
			xasprintf("%s: %s. What does not fit is known to 0.01 %% only",
				  SCHED_VM_PATH, strerror(-ret)),
			device_cure(-ret));
}

/* Without high-resolution timers a budget ends at the next tick. */
static void check_timers(struct findings *f)
{
	struct timespec res;

	if (clock_getres(CLOCK_MONOTONIC, &res) || res.tv_sec || res.tv_nsec > 1)
		finding(f, WRONG, "hrtimers",
			xstrdup("no high-resolution timers: budgets are exceeded by up to a tick"),
			"CONFIG_HIGH_RES_TIMERS, and no highres=off on the command line");
	else
		finding(f, GOOD, "hrtimers", xstrdup("high-resolution timers are on"), NULL);
}

static void check_hrtick(struct findings *f)
{
	char *value = kernel_option("CONFIG_SCHED_HRTICK");

	if (!value)
		finding(f, ADVICE, "hrtick",
			xstrdup("whether budgets are ended by a timer is not known"),
			"/proc/config.gz and /boot/config-* tell; show has the worst overrun");
	else if (!strcmp(value, "y"))
		finding(f, GOOD, "hrtick", xstrdup("budgets are ended by a timer"), NULL);
	else
		finding(f, WRONG, "hrtick",
			xstrdup("no SCHED_HRTICK: budgets are exceeded by up to a tick"),
			"CONFIG_SCHED_HRTICK=y");
	free(value);
}

#define CURE_LIMIT	"sysctl kernel.sched_rt_runtime_us=950000"

/* Without a limit the kernel admits whatever is asked for. */
static void check_limit(struct findings *f)
{
	char *runtime = sysfs_word("/proc/sys/kernel/sched_rt_runtime_us");
	char *period = sysfs_word("/proc/sys/kernel/sched_rt_period_us");
	long long r = runtime ? atoll(runtime) : 950000, p = period ? atoll(period) : 1000000;

	if (r < 0)
		finding(f, WRONG, "limit",
			xstrdup("sched_rt_runtime_us is -1: all is admitted, nothing guaranteed"),
			CURE_LIMIT);
	else if (p > 0 && r * 100 / p < 90)
		finding(f, ADVICE, "limit",
			xasprintf("reservations may have %lld %% of each CPU", r * 100 / p),
			CURE_LIMIT);
	else
		finding(f, GOOD, "limit",
			xasprintf("reservations may have %lld %% of each CPU together",
				  p <= 0 ? 100 : r * 100 / p), NULL);
	free(runtime);
	free(period);
}

static void check_preemption(struct findings *f)
{
	char *model = sysfs_word("/sys/kernel/debug/sched/preempt");
	struct utsname name = {};

	uname(&name);
	if (strstr(name.version, "PREEMPT_RT"))
		finding(f, GOOD, "preemption", xstrdup("PREEMPT_RT"), NULL);
	else
		finding(f, ADVICE, "preemption",
			xasprintf("not PREEMPT_RT%s%s: few locks lend their waiters' priority",
				  model ? ", but " : "", model ? model : ""),
			"CONFIG_PREEMPT_RT, if that matters");
	free(model);
}

static void check_halt_poll(struct findings *f)
{
	char *ns = sysfs_word("/sys/module/kvm/parameters/halt_poll_ns");

	if (!ns)
		finding(f, ADVICE, "kvm", xstrdup("KVM is not there"),
			"modprobe kvm_intel or kvm_amd");
	else if (atoll(ns))
		finding(f, ADVICE, "halt-poll",
			xasprintf("KVM polls for up to %s ns for idle vCPUs, out of budgets", ns),
			"echo 0 > /sys/module/kvm/parameters/halt_poll_ns, before guests start");
	else
		finding(f, GOOD, "halt-poll", xstrdup("KVM does not poll for idle vCPUs"), NULL);
	free(ns);
}

static void check_hypervisor(struct findings *f)
{
	char *name = hypervisor_below();

	if (name)
		finding(f, ADVICE, "virtual",
			xasprintf("this machine is a virtual one (%s): its CPUs stop now and then",
				  name),
			"late budgets and overruns are no fault of capsules then; or real hardware");
	free(name);
}

static void check_frequency(struct findings *f)
{
	char *governor = sysfs_word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");

	if (governor && strcmp(governor, "performance"))
		finding(f, ADVICE, "frequency",
			xasprintf("the governor is %s: slow CPUs do less in a budget", governor),
			"cpupower frequency-set -g performance");
	free(governor);
}

#define NAMES	3

/* Of sixty capsules with the same finding nobody reads more. */
static void print_others(const struct finding *f)
{
	int i, more = f->nr_names - 1 - NAMES;

	if (f->nr_names < 2)
		return;
	printf("       the same with");
	for (i = 1; i < f->nr_names && i <= NAMES; i++)
		say(stdout, "%s %s", i > 1 ? "," : "", f->names[i]);
	if (more > 0)
		printf(" and %d other%s", more, plural(more));
	putchar('\n');
}

static void print(const struct findings *f)
{
	static const char *const marks[] = {
		[GOOD] = "ok", [ADVICE] = "note", [WRONG] = "WRONG",
	};
	int i;

	for (i = 0; i < f->nr; i++) {
		say(stdout, "%-6s %s\n", marks[f->list[i].kind], f->list[i].text);
		print_others(&f->list[i]);
		if (f->list[i].cure)
			say(stdout, "       cure: %s\n", f->list[i].cure);
	}
}

static void findings_free(struct findings *f)
{
	while (f->nr) {
		struct finding *last = &f->list[--f->nr];

		while (last->nr_names)
			free(last->names[--last->nr_names]);
		free(last->names);
		free(last->text);
		free(last->cure);
	}
	free(f->list);
}

static struct json_object *names_json(const struct finding *f)
{
	struct json_object *array = json_object_new_array();
	int i;

	for (i = 0; i < f->nr_names; i++)
		json_object_array_add(array, json_object_new_string(f->names[i]));
	return array;
}

static void print_json(const struct findings *f)
{
	static const char *const kinds[] = {
		[GOOD] = "ok", [ADVICE] = "note", [WRONG] = "wrong",
	};
	struct json_object *o = json_object_new_object(), *list = jo_array(o, "findings"), *one;
	int i;

	for (i = 0; i < f->nr; i++) {
		one = json_object_new_object();
		jo_str(one, "id", f->list[i].id);
		jo_str(one, "verdict", kinds[f->list[i].kind]);
		jo_str(one, "text", f->list[i].text);
		jo_str(one, "cure", f->list[i].cure);
		if (f->list[i].nr_names)
			json_object_object_add(one, "of", names_json(&f->list[i]));
		json_object_array_add(list, one);
	}
	json_print(o);
}

int cmd_doctor(const struct args *args)
{
	struct findings f = {};
	bool able = check_support(&f);
	int status;

	if (able)
		check_device(&f);
	check_timers(&f);
	check_hrtick(&f);
	check_preemption(&f);
	check_limit(&f);
	doctor_fair_server(&f);
	check_halt_poll(&f);
	check_frequency(&f);
	check_hypervisor(&f);
	if (able) {
		doctor_cgroups(args, &f);
		doctor_capsules(&f);
	}
	if (json_mode)
		print_json(&f);
	else
		print(&f);
	status = f.wrong ? EXIT_FAILED : EXIT_OK;
	findings_free(&f);
	return status;
}
