// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints of the running kernel, in an instance of tracefs of our own: who
 * traces something else at the same time is not disturbed, and does not disturb.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <event-parse.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "sched-vm.h"

#define BUFFER_KB	4096	/* for each CPU */
#define STATES		0xff	/* of prev_state: none of them, it is ready */

struct tracer {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	tracer_fn fn;
	void *data;
	u64 *last;		/* by CPU: the event that was read last */
	long nr_cpus;
};

static const struct {
	const char *name;
	enum trace_type type;
} events[] = {
	{ "sched_switch", TRACE_SWITCH },
	{ "dl_group_start", TRACE_START },
	{ "dl_group_stop", TRACE_STOP },
	{ "dl_group_throttle", TRACE_THROTTLE },
	{ "dl_group_overrun", TRACE_OVERRUN },
	{ "dl_group_replenish", TRACE_REPLENISH },
	{ "dl_group_migrate", TRACE_MIGRATE },
	{ "sched_wakeup", TRACE_WAKE },
	{ "sched_wakeup_new", TRACE_WAKE },
};

static s64 field(struct tep_event *event, struct tep_record *record, const char *name)
{
	unsigned long long value = 0;

	tep_get_field_val(NULL, event, name, record, &value, 0);
	return value;
}

/* @record is the first one after a gap. */
static int on_missed(struct tep_event *event, struct tep_record *record, int cpu, void *data)
{
	struct tracer *tracer = data;
	struct trace_event ev = { .cpu = cpu, .type = TRACE_LOST };

	(void)event;
	if (cpu >= tracer->nr_cpus || record->ts <= tracer->last[cpu])
		return 0;
	ev.ts = tracer->last[cpu];
	ev.runtime = record->ts - ev.ts;
	tracer->fn(&ev, 0, tracer->data);
	return 0;
}

static int on_event(struct tep_event *event, struct tep_record *record, int cpu, void *data)
{
	struct trace_event ev = { .ts = record->ts, .cpu = cpu };
	struct tracer *tracer = data;
	size_t i;

	if (cpu < tracer->nr_cpus)
		tracer->last[cpu] = record->ts;
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (!strcmp(event->name, events[i].name))
			break;
	if (i == ARRAY_SIZE(events))
		return 0;
	ev.type = events[i].type;
	if (ev.type == TRACE_SWITCH) {
		ev.prev = (int)field(event, record, "prev_pid");
		ev.next = (int)field(event, record, "next_pid");
		ev.nr_ready = !(field(event, record, "prev_state") & STATES);
		tracer->fn(&ev, 0, tracer->data);
		return 0;
	}
	if (ev.type == TRACE_WAKE) {
		ev.next = (int)field(event, record, "pid");
		ev.from = cpu;
		ev.cpu = (int)field(event, record, "target_cpu");
		tracer->fn(&ev, 0, tracer->data);
		return 0;
	}
	if (ev.type == TRACE_MIGRATE) {
		ev.next = (int)field(event, record, "pid");
		ev.from = (int)field(event, record, "from");
		ev.cpu = (int)field(event, record, "to");
	} else {
		/* Timers may do a server's work on another CPU. */
		ev.cpu = (int)field(event, record, "cpu");
		ev.runtime = field(event, record, "runtime");
		ev.left = field(event, record, "left");
		ev.nr_ready = field(event, record, "nr_ready");
	}
	tracer->fn(&ev, field(event, record, "cgroup"), tracer->data);
	return 0;
}

/*
 * Events of servers come from other CPUs as well, where timers expire; switches do
 * not. A kernel that has no such filters (before 6.6) gives all of them.
 */
static void only_on(struct tracer *tracer, const char *event, const char *field,
		    const struct cpus *cpus)
{
	char *list = format_cpus(cpus), *filter = xasprintf("%s & CPUS{%s}", field, list);
	char *file = xasprintf("events/sched/%s/filter", event);

	tracefs_instance_file_write(tracer->instance, file, filter);
	free(file);
	free(filter);
	free(list);
}

static int enable_wakes(struct tracer *tracer, const struct cpus *cpus)
{
	static const char *const names[] = { "sched_wakeup", "sched_wakeup_new" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		only_on(tracer, names[i], "target_cpu", cpus);
		if (tracefs_event_enable(tracer->instance, "sched", names[i]) < 0)
			return -1;
	}
	return 0;
}

static int enable(struct tracer *tracer, const struct cpus *switches, bool wakes)
{
	struct tracefs_instance *i = tracer->instance;

	if (tracefs_instance_file_write(i, "trace_clock", "mono") < 0 ||
	    tracefs_instance_set_buffer_size(i, BUFFER_KB, -1) < 0)
		return -1;
	if (switches) {
		only_on(tracer, "sched_switch", "CPU", switches);
		if (tracefs_event_enable(i, "sched_vm", NULL) < 0 ||
		    tracefs_event_enable(i, "sched", "sched_switch") < 0)
			return -1;
		if (wakes && enable_wakes(tracer, switches))
			return -1;
	} else if (tracefs_event_enable(i, "sched_vm", "dl_group_replenish") < 0) {
		return -1;
	}
	return tracefs_trace_on(i);
}

volatile sig_atomic_t tracer_stopped;

static void on_signal(int sig)
{
	tracer_stopped = sig;
}

void tracer_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &(struct sigaction){ .sa_handler = on_signal }, NULL);
}

/* Of those of us that were killed: their buffers take memory. */
static void remove_orphans(void)
{
	char *path = tracefs_get_tracing_file("instances");
	DIR *d = path ? opendir(path) : NULL;
	struct dirent *e;
	int pid;

	while (d && (e = readdir(d)))
		if (sscanf(e->d_name, "sched-vm-%d", &pid) == 1 && kill(pid, 0) && errno == ESRCH)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	if (d)
		closedir(d);
	tracefs_put_tracing_file(path);
}

/* Who may not look into tracefs is told that there is nothing. */
static bool is_hidden(void)
{
	const char *dir = "/sys/kernel/tracing";

	return !access(dir, F_OK) && access(dir, X_OK);
}

struct tracer *tracer_start(const struct cpus *switches, bool wakes)
{
	static const char *const systems[] = { "sched_vm", "sched", NULL };
	char *name = xasprintf("sched-vm-%d", getpid());
	struct tracer *tracer = xzalloc(sizeof(*tracer));
	long cpu;
	int error;

	tep_set_loglevel(TEP_LOG_NONE);
	tracefs_set_loglevel(TEP_LOG_NONE);
	errno = 0;
	/* All symbols of the kernel are read for that, and an instance takes even longer. */
	if (tracefs_dir_exists(NULL, "events/sched_vm"))
		tracer->tep = tracefs_local_events_system(NULL, systems);
	remove_orphans();
	if (tracer->tep)
		tracer->instance = tracefs_instance_create(name);
	free(name);
	tracer->nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	tracer->last = xzalloc(tracer->nr_cpus * sizeof(*tracer->last));
	for (cpu = 0; cpu < tracer->nr_cpus; cpu++)
		tracer->last[cpu] = now_ns();
	if (tracer->instance && !enable(tracer, switches, wakes) &&
	    !tracefs_follow_missed_events(tracer->instance, on_missed, tracer))
		return tracer;
	error = errno && errno != ENOENT ? errno : is_hidden() ? EACCES : ENOENT;
	tracer_stop(tracer);
	errno = error;
	return NULL;
}

int tracer_poll(struct tracer *tracer, tracer_fn fn, void *data)
{
	tracer->fn = fn;
	tracer->data = data;
	return tracefs_iterate_raw_events(tracer->tep, tracer->instance, NULL, 0, on_event, tracer);
}

/* Since the beginning, because nobody read them in time. */
long long tracer_lost(struct tracer *tracer)
{
	long long lost = 0;
	long cpu;

	for (cpu = 0; cpu < tracer->nr_cpus; cpu++) {
		char *file = xasprintf("per_cpu/cpu%ld/stats", cpu), *text, *line;

		text = tracefs_instance_file_read(tracer->instance, file, NULL);
		line = text ? strstr(text, "overrun: ") : NULL;
		if (line)
			lost += atoll(line + strlen("overrun: "));
		free(text);
		free(file);
	}
	return lost;
}

void tracer_stop(struct tracer *tracer)
{
	if (tracer->instance) {
		tracefs_trace_off(tracer->instance);
		tracefs_instance_destroy(tracer->instance);
		tracefs_instance_free(tracer->instance);
	}
	if (tracer->tep)
		tep_free(tracer->tep);
	free(tracer->last);
	free(tracer);
}
