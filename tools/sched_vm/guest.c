// SPDX-License-Identifier: GPL-2.0
/*
 * Which threads work for a guest, and which of them are outside of its capsule?
 *
 * The process, with all threads that QEMU has, vhost workers and KVM's recovery of
 * large pages among them; kernel threads that have its number in their names; and
 * the threads of its devices, see guest-devices.c.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched-vm.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE	6
#endif

static const char *const kthreads[] = { "vhost-", "kvm-pit/", "kvm-nx-lpage-recovery-" };

const char *thread_kind_name(enum thread_kind kind)
{
	static const char *const names[] = {
		[THREAD_PROCESS] = "process",
		[THREAD_KTHREAD] = "kthread",
		[THREAD_NAPI] = "napi",
		[THREAD_IRQ] = "irq",
	};

	return names[kind];
}

/* "key : value" or "key:\tvalue" */
char *proc_field(const char *path, const char *key)
{
	char *text = read_file("%s", path), *line, *save, *value = NULL;
	size_t len = strlen(key);

	if (!text)
		return NULL;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *rest = line + len;

		if (strncmp(line, key, len) || !strchr(" \t:", *rest))
			continue;
		rest += strspn(rest, " \t");
		if (*rest == ':') {
			rest++;
			value = xstrdup(rest + strspn(rest, " \t"));
			break;
		}
	}
	free(text);
	return value;
}

static bool has_thread(const struct guest *g, pid_t tid)
{
	int i;

	for (i = 0; i < g->nr; i++)
		if (g->threads[i].tid == tid)
			return true;
	return false;
}

/* Where it is, and which capsule serves it: cg_of() works for threads, too. */
void guest_add_thread(struct guest *g, pid_t tid, enum thread_kind kind, int irq)
{
	char *path = xasprintf("/proc/%d/sched", tid);
	char *comm = read_file("/proc/%d/comm", tid);
	struct thread *t;

	if (comm && !has_thread(g, tid)) {
		clean_text(comm);
		g->threads = grow(g->threads, g->nr, sizeof(*g->threads));
		t = &g->threads[g->nr++];
		*t = (struct thread){ .tid = tid, .kind = kind, .irq = irq, .comm = comm };
		t->cgroup = cg_of(tid);
		t->served = proc_field(path, "dl_group");
	} else {
		free(comm);
	}
	free(path);
}

/* Calls @fn for each number that names an entry of @dir. */
void each_number(const char *dir, void (*fn)(pid_t nr, void *data), void *data)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (atoi(e->d_name) > 0)
			fn(atoi(e->d_name), data);
	if (d)
		closedir(d);
}

/* Kernel threads may be in the cgroup themselves, moved there by adopt. */
static void add_own(pid_t tid, void *data)
{
	enum thread_kind kind = THREAD_PROCESS;
	char *comm;

	if (is_kthread(tid)) {
		comm = read_file("/proc/%d/comm", tid);
		kind = comm && !strncmp(comm, "napi/", 5) ? THREAD_NAPI : THREAD_KTHREAD;
		free(comm);
	}
	guest_add_thread(data, tid, kind, -1);
}

/*
 * Its name ends with the number of one of our threads: vhost-PID, kvm-pit/PID. 0: it
 * does not. Where vhost workers are threads of the process, they are among its own.
 */
pid_t number_in_name(const struct proc *p)
{
	size_t i, len;

	for (i = 0; p->kthread && i < ARRAY_SIZE(kthreads); i++) {
		len = strlen(kthreads[i]);
		if (!strncmp(p->comm, kthreads[i], len) && atoi(p->comm + len) > 0)
			return atoi(p->comm + len);
	}
	return 0;
}

static void add_kthreads(struct guest *g)
{
	const struct proc *list;
	int i, nr = procs_all(&list);

	for (i = 0; i < nr; i++) {
		pid_t owner = number_in_name(&list[i]);

		if (owner && has_thread(g, owner))
			guest_add_thread(g, list[i].pid, THREAD_KTHREAD, -1);
	}
}

static void add_process(struct guest *g, pid_t pid)
{
	char *tasks = xasprintf("/proc/%d/task", pid);

	g->pid = pid;
	each_number(tasks, add_own, g);
	free(tasks);
}

void guest_find(pid_t pid, struct guest *g)
{
	*g = (struct guest){};
	procs_refresh();
	add_process(g, pid);
	if (g->nr) {
		add_kthreads(g);
		guest_find_devices(g);
	}
}

static void add_processes(struct guest *g, const pid_t *pids, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (has_thread(g, pids[i]))
			continue;
		add_process(g, pids[i]);
		guest_find_devices(g);
	}
}

/* Who was adopted works for it, even if nothing of it is inside any more. */
void guest_find_all(const char *cg, struct guest *g)
{
	char *irqs = cg_read(cg, "cpu.rt_irqs");
	pid_t *pids;
	int nr;

	*g = (struct guest){};
	nr = capsule_processes(cg, &pids);
	add_processes(g, pids, nr);
	free(pids);
	nr = cg_noted_processes(cg, &pids);
	add_processes(g, pids, nr);
	free(pids);
	if (g->nr)
		add_kthreads(g);
	irqs_threads(g, irqs);
	free(irqs);
}

void guest_free(struct guest *g)
{
	while (g->nr--) {
		free(g->threads[g->nr].comm);
		free(g->threads[g->nr].cgroup);
		free(g->threads[g->nr].served);
		free(g->threads[g->nr].cure);
	}
	free(g->threads);
	free(g->irqs);
}

/* --- the process --- */

struct search {
	const char *name;
	pid_t *pids;
	int nr;
};

/* "-name GUEST", "-name guest=GUEST,..." or "-name GUEST,..." */
static bool is_named(const char *value, const char *name)
{
	const char *guest = strstr(value, "guest=");
	size_t len = strlen(name);

	if (guest && (guest == value || guest[-1] == ','))
		value = guest + strlen("guest=");
	return !strncmp(value, name, len) && (!value[len] || value[len] == ',');
}

static bool has_qemu(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strstr(slash ? slash + 1 : path, "qemu");
}

static bool uses_kvm(pid_t pid)
{
	char *dir = xasprintf("/proc/%d/fd", pid), target[sizeof("/dev/kvm")];
	DIR *d = opendir(dir);
	struct dirent *e;
	bool uses = false;
	ssize_t len;

	while (d && !uses && (e = readdir(d))) {
		len = readlinkat(dirfd(d), e->d_name, target, sizeof(target));
		uses = len == strlen("/dev/kvm") && !strncmp(target, "/dev/kvm", len);
	}
	if (d)
		closedir(d);
	free(dir);
	return uses;
}

/* Others may have -name in their command lines, too: grep, or the tool itself. */
static bool is_qemu(pid_t pid, const char *argv0)
{
	char *link = xasprintf("/proc/%d/exe", pid), target[PATH_MAX];
	ssize_t len = readlink(link, target, sizeof(target) - 1);

	target[len < 0 ? 0 : len] = '\0';
	free(link);
	return has_qemu(argv0) || has_qemu(target) || uses_kvm(pid);
}

static void match_qemu(pid_t pid, void *data)
{
	char *path = xasprintf("/proc/%d/cmdline", pid), *line = NULL, *argv0 = NULL;
	FILE *f = fopen(path, "re");
	struct search *s = data;
	bool name = false, matches = false;
	size_t room = 0;

	free(path);
	while (f && getdelim(&line, &room, '\0', f) > 0) {
		if (!argv0)
			argv0 = xstrdup(line);
		matches = matches || (name && is_named(line, s->name));
		name = !strcmp(line, "-name") || !strcmp(line, "--name");
	}
	if (matches && is_qemu(pid, argv0)) {
		s->pids = grow(s->pids, s->nr, sizeof(*s->pids));
		s->pids[s->nr++] = pid;
	}
	free(argv0);
	free(line);
	if (f)
		fclose(f);
}

static pid_t complain_many(const struct search *s)
{
	char *list = xstrdup(""), *longer;
	int i;

	for (i = 0; i < s->nr; i++) {
		longer = xasprintf("%s %d", list, s->pids[i]);
		free(list);
		list = longer;
	}
	complain(0, "--pid tells which", "%d processes were started with -name %s:%s", s->nr,
		 s->name, list);
	free(list);
	return -1;
}

pid_t guest_by_qemu_name(const char *name)
{
	struct search s = { .name = name };
	pid_t pid = 0;

	each_number("/proc", match_qemu, &s);
	if (s.nr > 1)
		pid = complain_many(&s);
	else if (s.nr)
		pid = s.pids[0];
	free(s.pids);
	return pid;
}

pid_t guest_by_domain(const char *name)
{
	char *text = read_file("/run/libvirt/qemu/%s.pid", name);
	struct search s = { .name = name };
	pid_t pid = text ? atoi(text) : 0;

	free(text);
	/* The file may be left over, and the number be that of another. */
	if (pid > 0)
		match_qemu(pid, &s);
	free(s.pids);
	return s.nr ? pid : guest_by_qemu_name(name);
}

/* --- in or out --- */

#define BEYOND_SCOPE	"the scope is rt"
#define IRQ_ELSEWHERE	"its irq is delivered on other CPUs"

/* What matters of a capsule. */
struct inside {
	const char *cg;
	char *irqs;
	bool reserved, rt_only;
	struct cpus cpus;
};

/* A bound thread runs where its irq is delivered. */
static bool is_elsewhere(const struct thread *t, const struct inside *in)
{
	char *path = xasprintf("/proc/%d/status", t->tid);
	char *list = proc_field(path, "Cpus_allowed_list");
	struct cpus cpus, common;
	bool elsewhere = false;

	if (list && parse_cpus(list, &cpus)) {
		common = cpus_common(&cpus, &in->cpus);
		elsewhere = !cpus_count(&common);
	}
	free(list);
	free(path);
	return elsewhere;
}

static const char *why_outside(const struct thread *t, const struct inside *in)
{
	int policy;

	if (!t->cgroup)
		return NULL;		/* it is gone */
	if (t->served && cg_is_below(t->served, cg_relative(in->cg)))
		return NULL;
	if (t->kind == THREAD_IRQ && !irq_is_bound(in->irqs, t->irq))
		return "irq is not bound";
	if (t->kind != THREAD_IRQ && !cg_is_below(t->cgroup, in->cg))
		return t->served ? "in another capsule" : "in another cgroup";
	if (t->kind == THREAD_IRQ)
		return is_elsewhere(t, in) ? IRQ_ELSEWHERE : NULL;
	policy = sched_getscheduler(t->tid) & ~SCHED_RESET_ON_FORK;
	if (policy == SCHED_DEADLINE)
		return "SCHED_DEADLINE has its own reservation";
	if (in->rt_only && policy != SCHED_FIFO && policy != SCHED_RR)
		return BEYOND_SCOPE;
	return NULL;			/* lent a priority at the moment */
}

static char *thread_cure(const struct thread *t, const struct inside *in)
{
	char *list, *cure = NULL;

	if (t->kind == THREAD_IRQ && t->why && !strcmp(t->why, IRQ_ELSEWHERE)) {
		list = format_cpus(&in->cpus);
		cure = xasprintf("echo %s > /proc/irq/%d/smp_affinity_list", list, t->irq);
		free(list);
	}
	return cure;
}

int guest_escaped(struct guest *g, const char *cg)
{
	struct inside in = {
		.cg = cg,
		.irqs = cg_read(cg, "cpu.rt_irqs"),
		.reserved = capsule_exists(cg),
	};
	char *scope = cg_read(cg, "cpu.rt_scope");
	int i, nr = 0;

	/* Nobody is promised anything. */
	if (!in.reserved)
		goto out;
	in.rt_only = scope && !strcmp(scope, "rt");
	cg_cpus(cg, &in.cpus);
	for (i = 0; i < g->nr; i++) {
		struct thread *t = &g->threads[i];

		t->why = why_outside(t, &in);
		t->intended = t->why && !strcmp(t->why, BEYOND_SCOPE);
		free(t->cure);
		t->cure = thread_cure(t, &in);
		nr += t->why && !t->intended;
	}
out:
	free(scope);
	free(in.irqs);
	return nr;
}

void thread_row(struct table *t, const struct thread *thread)
{
	table_add(t, "%d\t%s\t%s\t%s", thread->tid, thread->comm, thread_kind_name(thread->kind),
		  thread->why ? thread->why :
		  thread->kind == THREAD_IRQ ? "inside, bound" : "inside");
}

/* Each once: an irq may have several threads. */
void print_cures(const struct guest *g)
{
	const char *last = "";
	int i;

	for (i = 0; i < g->nr; i++) {
		const char *cure = g->threads[i].cure;

		if (!cure || !strcmp(cure, last))
			continue;
		printf("cure: %s\n", cure);
		last = cure;
	}
}

struct json_object *thread_json(const struct thread *t)
{
	struct json_object *o = json_object_new_object();

	jo_int(o, "tid", t->tid);
	jo_str(o, "comm", t->comm);
	jo_str(o, "kind", thread_kind_name(t->kind));
	jo_str(o, "cgroup", t->cgroup ? cg_relative(t->cgroup) : NULL);
	jo_str(o, "why", t->why);
	jo_str(o, "cure", t->cure);
	return o;
}

pid_t guest_named(const struct args *args)
{
	pid_t pid;

	if (HAS(args, OPT_PID)) {
		pid = kill(args->pid, 0) && errno == ESRCH ? 0 : args->pid;
		if (!pid)
			complain(0, NULL, "there is no process %d", args->pid);
		return pid;
	}
	if (args->qemu) {
		pid = guest_by_qemu_name(args->qemu);
		if (!pid)
			complain(0, "start QEMU with -name, or use --pid",
				 "no process was started with -name %s", args->qemu);
		return pid;
	}
	pid = guest_by_domain(args->domain);
	if (!pid)
		complain(0, "virsh list shows those that run",
			 "no QEMU process of a libvirt domain '%s'", args->domain);
	return pid;
}
