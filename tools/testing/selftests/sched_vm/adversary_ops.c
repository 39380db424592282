// SPDX-License-Identifier: GPL-2.0
/* What an owner does to his cgroups. Most of it may fail, and nobody minds. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adversary.h"
#include "cgroup_util.h"
#include "kselftest.h"

static const char * const slot_name[ADV_SLOTS + 1] = {
	"k0", "k1", "k2", "k3", "k0/n", "k1/n", "witness"
};

static const char * const files[] = {
	BUDGET, PERIOD, DEADLINE, RT_MAX, CPU_BUDGET, SCOPE, EXTRA, RT_FREE, RT_STAT, RT_IRQS,
	RT_EVENTS, UNPRIVILEGED,
	"cpu.max", "cpu.weight", "cpu.idle", "cpu.stat", "cpuset.cpus", "cpuset.cpus.effective",
	"cpuset.cpus.partition", "cgroup.procs", "cgroup.threads", "cgroup.type", "cgroup.events",
	"cgroup.freeze", "cgroup.subtree_control", "cgroup.max.depth", "cgroup.stat",
};

const char *adv_slot(int owner, int slot)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", adv_own[owner], slot_name[slot]);
	return path;
}

/* Who is killed while he says something may leave the line unfinished. */
void adv_note(const struct adv_op *op, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int len;

	if (!plan.verbose)
		return;
	len = snprintf(text, sizeof(text), "# %5u owner %d/%d %s: ", op->index, op->owner,
		       op->agent, adv_kinds[op->kind].name);
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len - 1, fmt, ap);
	va_end(ap);
	strcat(text, "\n");
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		return;
}

static int put(const struct adv_op *op, int slot, const char *file, const char *text)
{
	int ret;

	adv_note(op, "%s/%s <- '%s'", slot_name[slot], file, text);
	ret = group_write(adv_slot(op->owner, slot), file, text);
	adv_note(op, "%s/%s <- '%s': %d", slot_name[slot], file, text, ret);
	return ret;
}

static long share_of(long period_us, unsigned int permille)
{
	long q = period_us * (plan.own_q_us * permille / 1000) / plan.own_p_us;

	return q < STARVE_Q_US ? STARVE_Q_US : q;
}

static long period(const struct adv_op *op, unsigned int r)
{
	static const long periods[] = {
		5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000
	};
	long p;

	if (!(op->classes & ADV_PERIODS))
		r = op->slot + op->owner + plan.seed % 8;
	p = periods[r % ARRAY_SIZE(periods)];
	return p > plan.max_period_us ? 100000 : p;
}

/* A share of what the owner has; or next to nothing. */
void op_reserve(const struct adv_op *op)
{
	static const unsigned int permille[] = { 50, 100, 250, 500, 700, 800 };
	long p = period(op, op->r[1]), q;
	char text[64];

	q = share_of(p, permille[op->r[2] % ARRAY_SIZE(permille)]);
	if (op->r[0] % 3 == 0)
		q = STARVE_Q_US, p = STARVE_P_US;
	snprintf(text, sizeof(text), "%ld %ld", q, p);
	put(op, op->slot, RT_MAX, text);
}

/* The same share in a short period, and in the longest. */
void op_flip(const struct adv_op *op)
{
	long p = 5000 << op->r[0] % 3;
	char text[64];

	snprintf(text, sizeof(text), "%ld %ld", share_of(p, 700), p);
	put(op, op->slot, RT_MAX, text);
	sleep_ns((1 + op->r[1] % 3) * p * NS_PER_US / 2);
	p = plan.max_period_us;
	snprintf(text, sizeof(text), "%ld %ld", share_of(p, 700), p);
	put(op, op->slot, RT_MAX, text);
}

#define KIDS		4	/* slots that are in no other */

enum adv_give { GIVE_ENDS, GIVE_SHRINKS, GIVE_AT_ONCE, GIVE_SAME, NR_GIVES };

/*
 * A child has a budget, uses it, and gives its bandwidth back: it ends, or keeps next to
 * nothing. Or it does so at once, and uses what it still has. Or it has another period.
 */
static void give_once(const struct adv_op *op, pid_t pid, long p, unsigned int nr)
{
	enum adv_give how = op->r[2] % NR_GIVES;
	int slot = how == GIVE_SAME ? op->slot : (int)(op->slot + nr) % KIDS;
	long q = share_of(p, 800);
	char text[64];

	if (how != GIVE_SAME)
		put(op, slot, BUDGET, "max");
	snprintf(text, sizeof(text), "%ld %ld", q, p - nr);
	if (put(op, slot, RT_MAX, text))
		return;
	adv_attach(op->owner, slot, pid);
	sleep_ns(how == GIVE_AT_ONCE ? NS_PER_MS : (2 + nr % 3) * q * NS_PER_US / 2);
	snprintf(text, sizeof(text), "%d %d", STARVE_Q_US, STARVE_P_US);
	if (how == GIVE_ENDS)
		put(op, slot, BUDGET, "max");
	else if (how != GIVE_SAME)
		put(op, slot, RT_MAX, text);
	if (how == GIVE_AT_ONCE)
		sleep_ns(q * NS_PER_US);
}

/* One child after the other, with the same bandwidth and the same thread. */
void op_give(const struct adv_op *op)
{
	struct adv_owner *o = &adv->owner[op->owner];
	bool is_long = op->r[1] % 3;
	unsigned int id = op->r[0] % ADV_OUTSIDER, nr = is_long ? 2 * KIDS : 16 * KIDS, i;

	if (id == (unsigned int)op->agent)
		id = (id + 1) % ADV_OUTSIDER;
	for (i = ADV_SLOTS; i; i--)
		put(op, i - 1, BUDGET, "max");
	store_u(&o->mode[id], MODE_SPIN);
	for (i = 0; i < nr && o->agent[id] > 0; i++)
		give_once(op, o->agent[id], is_long ? plan.max_period_us : 10000, i);
}

void op_end(const struct adv_op *op)
{
	put(op, op->slot, BUDGET, op->r[0] % 4 ? "max" : "0");
}

/* Deadlines, and budgets of single CPUs. */
void op_tune(const struct adv_op *op)
{
	char text[64];
	long p = period(op, op->r[1]);

	if (op->r[0] % 3 == 0) {
		snprintf(text, sizeof(text), "%ld", p / (1 + op->r[2] % 4));
		put(op, op->slot, DEADLINE, op->r[2] % 3 ? text : "max");
		return;
	}
	snprintf(text, sizeof(text), "%u %ld", op->r[0] / 3 % plan.cpus,
		 share_of(p, op->r[2] % 1000));
	put(op, op->slot, CPU_BUDGET, op->r[1] % 5 ? text : "0-3 max");
}

static void fail_once(const struct adv_op *op)
{
	long p = plan.witness_p_us, much = p - 1;
	char text[96];

	switch (op->r[0] % 4) {
	case 0:
		snprintf(text, sizeof(text), "%ld %ld", much, p);
		put(op, ADV_WITNESS, RT_MAX, text);
		break;
	case 1:
		snprintf(text, sizeof(text), "%ld", much);
		put(op, ADV_WITNESS, op->r[1] % 2 ? BUDGET : DEADLINE,
		    op->r[1] % 2 ? text : "10");
		break;
	default:
		snprintf(text, sizeof(text), "0 %d\n%d %ld", STARVE_Q_US,
			 plan.capsule_cpus - 1, much);
		put(op, ADV_WITNESS, CPU_BUDGET, text);
	}
}

/*
 * More than there is, on the last CPU, or nonsense. The witness is not to notice
 * that somebody tries, and tries.
 */
void op_fail(const struct adv_op *op)
{
	unsigned int i;

	for (i = 0; i <= op->r[2] % 16; i++) {
		fail_once(op);
		sleep_ns(5 * NS_PER_MS);
	}
}

/*
 * Does he say how slow his threads are as normal ones? If they are so beside busy ones of
 * his, a lock that one of them holds is held for as long as without capsules: any time.
 */
static bool is_weight(const struct adv_op *op, const char *file)
{
	return !strcmp(adv_extra(op->owner), "fair") &&
	       (!strcmp(file, "cpu.weight") || !strcmp(file, "cpu.idle"));
}

/* Any text to any file, or what a file shows back to it. */
void op_junk(const struct adv_op *op)
{
	static const char * const junk[] = {
		"", " ", "\n", "max", "0", "1", "-1", "max max", "200 100", "10 4194304",
		"18446744073709551616", "0-4095 max", "+1", "-1", "rt", "all", "fair", "idle",
		"threaded", "root", "isolated", "domain", "+cpu +cpuset", "\xff\xfe", "nan",
	};
	const char *file = files[op->r[0] % ARRAY_SIZE(files)];
	char text[1024];

	if (is_weight(op, file))
		return;
	if (op->r[1] % 3) {
		put(op, op->slot, file, junk[op->r[2] % ARRAY_SIZE(junk)]);
		return;
	}
	if (!group_read_all(adv_slot(op->owner, op->slot), file, text, sizeof(text)))
		put(op, op->slot, file, text);
}

void op_make(const struct adv_op *op)
{
	int ret = mkdir(adv_slot(op->owner, op->slot), 0755) ? -errno : 0;

	adv_note(op, "mkdir %s: %d", slot_name[op->slot], ret);
	if (adv_is_threaded(op->owner))
		put(op, op->slot, "cgroup.type", "threaded");
}

void op_remove(const struct adv_op *op)
{
	int ret = rmdir(adv_slot(op->owner, op->slot)) ? -errno : 0;

	adv_note(op, "rmdir %s: %d", slot_name[op->slot], ret);
}

/* The controllers of what he has; the cpu controller of the witness remains. */
void op_control(const struct adv_op *op)
{
	static const char * const text[] = { "+cpu", "-cpu", "+cpuset", "-cpuset" };
	const char *what = text[op->r[1] % 4];
	int ret;

	if (op->classes & ADV_CPUSET && op->r[0] % 2) {
		what = text[2 + op->r[1] % 2];
		ret = group_write(adv_own[op->owner], "cgroup.subtree_control", what);
		adv_note(op, "cgroup.subtree_control <- '%s': %d", what, ret);
		return;
	}
	put(op, op->slot, "cgroup.subtree_control", what);
}

void op_cpuset(const struct adv_op *op)
{
	static const char * const text[] = { "0", "1", "0-1", "2", "1-3", "0-3", "", "3" };

	put(op, op->slot, "cpuset.cpus", text[op->r[0] % ARRAY_SIZE(text)]);
}

void op_scope(const struct adv_op *op)
{
	static const char * const extra[] = { "none", "idle", "fair" };

	switch (op->r[1] % 4) {
	case 0:
		put(op, op->slot, UNPRIVILEGED, op->r[0] % 3 ? "1" : "0");
		break;
	case 1:
	case 3:
		put(op, op->slot, EXTRA, extra[op->r[0] % ARRAY_SIZE(extra)]);
		break;
	default:
		put(op, op->slot, SCOPE, op->r[0] % 3 ? "rt" : "all");
	}
}

/* A thread of a threaded tree, or else a process; 0 is who does it. */
int adv_attach(int owner, int slot, pid_t pid)
{
	const char *cg = slot < 0 ? adv_home[owner] : adv_slot(owner, slot);
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return group_write(cg, adv_is_threaded(owner) ? "cgroup.threads" : "cgroup.procs", text);
}

/* One of his processes, if he has any but this. */
pid_t adv_anybody(const struct adv_op *op)
{
	struct adv_owner *o = &adv->owner[op->owner];
	unsigned int at = op->r[0] % 2 ? 0 : op->r[0] / 2 % ADV_CROWD, i;

	for (i = at; i < ADV_CROWD; i++)
		if (o->crowd[i] > 0 && op->r[0] % 2 == 0)
			return o->crowd[i];
	return o->agent[op->r[0] / 2 % ADV_OUTSIDER];
}

void op_move(const struct adv_op *op)
{
	int slot = op->r[1] % 8 ? op->slot : -1;
	pid_t pid = adv_anybody(op);

	if (pid > 0)
		adv_note(op, "%d to %s: %d", pid, slot < 0 ? "home" : slot_name[slot],
			 adv_attach(op->owner, slot, pid));
}

void op_self(const struct adv_op *op)
{
	adv_note(op, "goes to %s", slot_name[op->slot]);
	adv_note(op, "came: %d", adv_attach(op->owner, op->slot, 0));
}

void op_freeze(const struct adv_op *op)
{
	if (put(op, op->slot, "cgroup.freeze", "1"))
		return;
	sleep_ns(op->r[0] % 20 * NS_PER_MS);
	put(op, op->slot, "cgroup.freeze", "0");
}

void op_kill_all(const struct adv_op *op)
{
	put(op, op->slot, "cgroup.kill", "1");
}

/* One file of them, and be told when it changes. */
void op_read(const struct adv_op *op)
{
	const char *file = files[op->r[0] % ARRAY_SIZE(files)];
	struct pollfd poll_fd = { .events = POLLPRI };
	char text[4096];

	adv_note(op, "%s/%s", slot_name[op->slot], file);
	group_read_all(adv_slot(op->owner, op->slot), file, text, sizeof(text));
	poll_fd.fd = cg_open(adv_slot(op->owner, op->slot), RT_EVENTS, O_RDONLY | O_CLOEXEC);
	if (poll_fd.fd < 0)
		return;
	if (read(poll_fd.fd, text, sizeof(text)) > 0)
		poll(&poll_fd, 1, op->r[1] % 20);
	close(poll_fd.fd);
}
