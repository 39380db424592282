// SPDX-License-Identifier: GPL-2.0
/* adopt: bring all threads of a running guest into a capsule. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched_vm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched-vm.h"

static void want_process(const struct args *args)
{
	if (HAS(args, OPT_PID) + HAS(args, OPT_QEMU) + HAS(args, OPT_DOMAIN) != 1)
		usage("adopt: one of --pid, --qemu and --domain");
	if (HAS(args, OPT_BUDGET))
		want_budget(args);
	if (!strchr(args->rest[0], '/'))
		cg_check_new_name(args->rest[0]);
}

/* --- where it is already --- */

static bool holds_all(const char *cg, const struct guest *g)
{
	int i;

	for (i = 0; i < g->nr; i++)
		if (g->threads[i].kind == THREAD_PROCESS && g->threads[i].cgroup &&
		    !cg_is_below(g->threads[i].cgroup, cg))
			return false;
	return true;
}

/* The lowest cgroup that has all threads of the process: libvirt spreads them. */
static char *common_cgroup(const struct guest *g)
{
	char *cg = xstrdup(g->threads[0].cgroup ? g->threads[0].cgroup : cg_mount()), *up;

	while (strlen(cg) > strlen(cg_mount()) && !holds_all(cg, g)) {
		up = cg_parent(cg);
		free(cg);
		cg = up;
	}
	return cg;
}

/* A thread of another process would be in the reservation by accident. */
static bool alone(const char *cg, pid_t pid)
{
	pid_t *pids;
	int i, nr = capsule_processes(cg, &pids);
	bool yes = true;

	for (i = 0; i < nr; i++) {
		char *exe = xasprintf("/proc/%d/exe", pids[i]), target[8];

		/* Kernel threads have no program. */
		if (pids[i] != pid && readlink(exe, target, sizeof(target)) > 0)
			yes = false;
		free(exe);
	}
	free(pids);
	return yes;
}

#define CURE_BUDGET	"--budget 4ms --period 20ms, for example"

/* It has a reservation, or gets one. NULL after a complaint. */
static struct change *reserve(const struct args *args, const char *cg)
{
	if (!HAS(args, OPT_BUDGET) && !capsule_exists(cg)) {
		complain(0, CURE_BUDGET, "%s has no reservation yet, so it needs a --budget",
			 cg_relative(cg));
		return NULL;
	}
	return change_begin(args, cg);
}

static char *place_in_place(const struct args *args, const struct guest *g)
{
	char *cg = common_cgroup(g);
	struct change *change;
	bool created;

	if (cg_name_taken(args, args->rest[0], cg)) {
		complain(EEXIST, "another NAME, or sched-vm remove it",
			 "there is a capsule %s already", args->rest[0]);
		free(cg);
		return NULL;
	}
	if (strlen(cg) > strlen(cg_mount()) && alone(cg, g->pid)) {
		/* It is there, but its controllers may be off. */
		change = cg_create(cg, HAS(args, OPT_CPUS), &created) ? NULL :
			 reserve(args, cg);
		if (!change) {
			free(cg);
			return NULL;
		}
		change_keep(change);
		cg_note(cg, "name", args->rest[0]);
		cg_note(cg, "in-place", "1");
		cg_note_made(cg);
		cg_note_process(cg, g->pid, NULL);
		return cg;
	}
	complain(0, "leave out --in-place: the guest gets a cgroup of its own",
		 "the cgroup of the process, %s, has others in it", cg_relative(cg));
	free(cg);
	return NULL;
}

/* --- or another one --- */

struct place {
	char *cg;
	bool created;
	struct change *change;	/* of one that was there */
};

static bool find_place(const struct args *args, struct place *p)
{
	bool is_path = strchr(args->rest[0], '/');

	quiet = !is_path;
	p->cg = cg_find(args, args->rest[0]);
	quiet = false;
	if (!p->cg && is_path)
		return false;
	if (p->cg) {
		p->change = reserve(args, p->cg);
		return p->change;
	}
	if (!HAS(args, OPT_BUDGET)) {
		complain(0, CURE_BUDGET, "there is no capsule %s yet, so it needs a --budget",
			 args->rest[0]);
		return false;
	}
	p->cg = capsule_path(args, args->rest[0]);
	return capsule_make(args, p->cg, &p->created) == EXIT_OK;
}

static void leave_place(struct place *p)
{
	if (p->created)
		rmdir(p->cg);
	if (p->change)
		change_undo(p->change);
}

static int move(const char *cg, pid_t pid)
{
	char *from = cg_of(pid);
	int ret = 0;

	if (from && cg_is_below(from, cg)) {
		cg_note_process(cg, pid, NULL);
	} else {
		ret = cg_write(cg, "cgroup.procs", "%d", pid);
		if (!ret && from)
			cg_note_process(cg, pid, cg_relative(from));
	}
	free(from);
	return ret;
}

static const char *unit_name(const struct owner *o)
{
	return strrchr(o->cg, '/') + 1;
}

static int complain_owner(const struct args *args, pid_t pid, const struct owner *o)
{
	bool libvirt = o->kind == OWNER_LIBVIRT;
	char *cure = xasprintf("%s%s%s--in-place reserves where it is; --force moves it even so",
			       libvirt ? "--domain " : "",
			       libvirt ? args->qemu ? args->qemu : "DOMAIN" : "",
			       libvirt ? " or " : "");

	complain(0, cure, "process %d is in %s: without it, %s would lose it", pid, unit_name(o),
		 libvirt ? "libvirt and systemd" : "systemd");
	free(cure);
	return EXIT_FAILED;
}

/* The unit of systemd that it was in, for the report: allocated, or NULL. */
static char *taken_from;

static void note_taken(pid_t pid, const struct owner *o)
{
	taken_from = xstrdup(unit_name(o));
	if (!json_mode)
		say(stdout, "process %d is taken out of %s, which does not end it any more\n",
		    pid, taken_from);
}

/* In the same unit it may go where it likes. */
static bool may_leave(const struct args *args, pid_t pid, const char *to)
{
	char *from = cg_of(pid);
	struct owner o = {};
	bool may;

	if (from)
		owner_of(from, &o);
	may = o.kind == OWNER_NONE || cg_is_below(to, o.cg) || o.kind == OWNER_SESSION ||
	      HAS(args, OPT_FORCE);
	if (!may)
		complain_owner(args, pid, &o);
	else if (o.kind != OWNER_NONE && !cg_is_below(to, o.cg))
		note_taken(pid, &o);
	owner_free(&o);
	free(from);
	return may;
}

/* NULL after a complaint; then all is as it was. */
static char *place_elsewhere(const struct args *args, pid_t pid)
{
	struct place p = {};
	char *to;
	int ret;
	bool may;

	to = strchr(args->rest[0], '/') ? cg_find(args, args->rest[0]) :
	     capsule_path(args, args->rest[0]);
	may = to && may_leave(args, pid, to);
	free(to);
	if (!may || !find_place(args, &p))
		goto out;
	ret = move(p.cg, pid);
	if (!ret) {
		if (p.change)
			change_keep(p.change);
		return p.cg;
	}
	complain(-ret, cure_of(CALL_MOVE_IN, -ret), "cannot move process %d to %s", pid,
		 cg_relative(p.cg));
	leave_place(&p);
out:
	free(p.cg);
	return NULL;
}

/* By cgroup, and where that does not work by binding. */
static int take_kthread(const char *cg, pid_t tid)
{
	int ret = move(cg, tid), error;
	char key[32];

	if (!ret || ret == -ESRCH)
		return ret;
	error = device_bind(cg, true, SCHED_VM_KTHREAD, tid);
	if (error)
		return error == -ENOENT ? ret : error;
	snprintf(key, sizeof(key), "bound.%d", tid);
	cg_note(cg, key, "1");
	return 0;
}

static void take_kthreads(const char *cg, const struct guest *g)
{
	int i, ret;

	for (i = 0; i < g->nr; i++) {
		const struct thread *t = &g->threads[i];

		if (t->kind != THREAD_KTHREAD && t->kind != THREAD_NAPI)
			continue;
		ret = take_kthread(cg, t->tid);
		if (ret && ret != -ESRCH)
			warn_error(-ret, cure_of(CALL_BIND, -ret), "%s (%d) stays outside", t->comm,
				   t->tid);
	}
	for (i = 0; i < g->nr_irqs; i++) {
		ret = cg_write(cg, "cpu.rt_irqs", "+%d", g->irqs[i]);
		if (ret)
			warn_error(-ret, cure_of_irq(cg, -ret),
				   "the threads of irq %d stay outside", g->irqs[i]);
	}
}

#define LOOKS	10

/* A guest that boots gets more meanwhile: the thread of its timer, vectors of a card. */
static void take_later_kthreads(const char *cg, pid_t pid, int nr)
{
	struct guest g;
	int i, more = 1;

	for (i = 0; i < LOOKS && more > 0; i++) {
		guest_find(pid, &g);
		more = g.nr + g.nr_irqs - nr;
		nr += more;
		if (more > 0)
			take_kthreads(cg, &g);
		guest_free(&g);
	}
}

static void report_json(const char *cg, const char *name, const struct guest *g)
{
	struct json_object *o = json_object_new_object(), *array;
	int i;

	jo_str(o, "name", name);
	jo_str(o, "cgroup", cg_relative(cg));
	jo_int(o, "pid", g->pid);
	jo_str(o, "taken_from", taken_from);
	array = jo_array(o, "threads");
	for (i = 0; i < g->nr; i++) {
		struct json_object *t = json_object_new_object();

		jo_int(t, "tid", g->threads[i].tid);
		jo_str(t, "comm", g->threads[i].comm);
		jo_str(t, "kind", thread_kind_name(g->threads[i].kind));
		jo_bool(t, "inside", !g->threads[i].why);
		jo_str(t, "why", g->threads[i].why);
		jo_bool(t, "intended", g->threads[i].intended);
		jo_str(t, "cure", g->threads[i].cure);
		json_object_array_add(array, t);
	}
	json_print(o);
}

/* As it is now, not as it was meant to be. */
static int report(const char *cg, const char *name, pid_t pid)
{
	struct table t = { .align = "rlll" };
	int i, escaped, served = 0;
	struct guest g;

	guest_find(pid, &g);
	escaped = guest_escaped(&g, cg);
	for (i = 0; i < g.nr; i++)
		served += !g.threads[i].why;
	if (json_mode) {
		report_json(cg, name, &g);
	} else {
		table_add(&t, "TID\tNAME\tKIND\tWHERE");
		for (i = 0; i < g.nr; i++)
			thread_row(&t, &g.threads[i]);
		table_print(&t);
		table_free(&t);
		print_cures(&g);
		say(stdout, "%d of %d thread%s %s served by %s (%s)\n", served, g.nr,
		    plural(g.nr), are(served), name, cg_relative(cg));
		show_reservation(cg);
	}
	guest_free(&g);
	return escaped ? EXIT_FAILED : EXIT_OK;
}

static void warn_unusable(const char *cg)
{
	struct cpus cpus, unusable;
	struct capsule c;
	char *list;

	cg_cpus(cg, &cpus);
	if (!unusable_cpus(cg, &cpus, &unusable) || !cpus_count(&unusable))
		return;
	if (capsule_read(cg, &c))
		return;
	list = cpus_text(&unusable);
	warn("none of its threads may run on %s (isolcpus=, taskset): %.1f %% there is %s", list,
	     capsule_share(&c), "reserved for nobody");
	free(list);
	capsule_free(&c);
}

int cmd_adopt(const struct args *args)
{
	bool in_place = HAS(args, OPT_IN_PLACE) || HAS(args, OPT_DOMAIN);
	int status = EXIT_FAILED;
	struct guest g;
	pid_t pid;
	char *cg;

	if (in_place)
		cg_check_new_name(args->rest[0]);
	want_process(args);
	if (!machine_is_able())
		return EXIT_FAILED;
	pid = guest_named(args);
	if (pid <= 0)
		return EXIT_FAILED;
	if (is_kthread(pid))
		return complain(0, "those of a guest come with its process",
				"process %d is a thread of the kernel", pid);
	guest_find(pid, &g);
	if (!g.nr)
		return complain(0, NULL, "there is no process %d", pid);
	cg = in_place ? place_in_place(args, &g) : place_elsewhere(args, pid);
	if (cg) {
		if (g.other_netns)
			warn("process %d has another network namespace: %s", pid,
			     "NAPI threads of its tap devices are left alone");
		take_kthreads(cg, &g);
		take_later_kthreads(cg, pid, g.nr + g.nr_irqs);
		cg_note_guest(cg, pid);
		if (HAS(args, OPT_REMOVE_AT_EXIT) && remove_at_exit(args, cg, NULL))
			warn_unwatched(args->rest[0], "when it has ended", errno);
		warn_unusable(cg);
		status = report(cg, args->rest[0], pid);
	}
	free(taken_from);
	free(cg);
	guest_free(&g);
	return status;
}
