// SPDX-License-Identifier: GPL-2.0
/*
 * Root's process that starts the owners' processes, gives them their orders, one after
 * the other, kills one of them now and then, and starts those anew that have gone.
 * An order that finds its process busy is lost: so nobody waits for who may have
 * stopped himself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adversary.h"
#include "cgroup_util.h"
#include "kselftest.h"

#define KILL_EVERY	64		/* operations */

/* For ever, and with no privileges left. */
static bool become_owner(int owner, rlim_t rtprio)
{
	struct rlimit limit = { .rlim_cur = rtprio, .rlim_max = rtprio };
	struct rlimit files = { .rlim_cur = 256, .rlim_max = 256 };
	uid_t uid = ADV_UID - owner;

	return !setrlimit(RLIMIT_RTPRIO, &limit) && !setrlimit(RLIMIT_NOFILE, &files) &&
	       !setgroups(0, NULL) && !setresgid(uid, uid, uid) &&
	       !setresuid(uid, uid, uid) && !prctl(PR_SET_DUMPABLE, 1);
}

static void obey(int owner, int id)
{
	struct adv_mail *mail = &adv->owner[owner].mail[id];
	unsigned int *mode = &adv->owner[owner].mode[id];
	struct timespec ts = { .tv_nsec = 50 * NS_PER_MS };
	struct adv_op op;

	for (;;) {
		unsigned int posted = load_u(&mail->posted);

		if (posted == mail->taken) {
			if (*mode == MODE_WAIT)
				syscall(SYS_futex, &mail->posted, FUTEX_WAIT, posted, &ts, NULL, 0);
			else
				adv_work(owner, *mode);
			continue;
		}
		adv_op_make(load_u(&mail->index), &op);
		store_u(&mail->taken, posted);
		adv_kinds[op.kind].run(&op);
		__atomic_add_fetch(&adv->done, 1, __ATOMIC_RELAXED);
	}
}

static void agent_child(int owner, int id)
{
	bool outside = id == ADV_OUTSIDER, rt = owner && !outside;

	prctl(PR_SET_PDEATHSIG, 0);
	if (set_policy(0, SCHED_OTHER, 0) ||
	    group_enter(outside ? adv_out[owner] : adv_home[owner]) ||
	    (owner == 2 && unshare(CLONE_NEWCGROUP)) ||
	    !become_owner(owner, rt ? ADV_RTPRIO : 0))
		_exit(1);
	if (!outside)
		store_u(&adv->owner[owner].inside[id], getpid());
	obey(owner, id);
}

static void agent_start(int owner, int id)
{
	struct adv_owner *o = &adv->owner[owner];
	pid_t pid;

	o->mail[id].taken = o->mail[id].posted;
	/* Two take what they can get, until they are told otherwise. */
	o->mode[id] = id < 2 ? MODE_SPIN : MODE_WAIT;
	fflush(stdout);
	pid = fork();
	if (!pid)
		agent_child(owner, id);
	o->agent[id] = pid;
}

static void agent_gone(int owner, int id)
{
	struct adv_owner *o = &adv->owner[owner];
	uint64_t since = load_64(&o->killed_ns[id]);

	if (since && now_ns() - since > adv->kill_max_ns)
		store_64(&adv->kill_max_ns, now_ns() - since);
	store_64(&o->killed_ns[id], 0);
	store_u(&o->inside[id], 0);
	o->agent[id] = 0;
}

static void forget(pid_t pid)
{
	int owner, i;

	for (owner = 0; owner < ADV_OWNERS; owner++) {
		for (i = 0; i < ADV_AGENTS; i++)
			if (adv->owner[owner].agent[i] == pid)
				agent_gone(owner, i);
		for (i = 0; i < ADV_CROWD; i++)
			if (adv->owner[owner].crowd[i] == pid)
				adv->owner[owner].crowd[i] = 0;
	}
}

static void renew(bool again)
{
	int owner, i;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		forget(pid);
	for (owner = 0; again && owner < ADV_OWNERS; owner++)
		for (i = 0; i < ADV_AGENTS; i++)
			if (adv->owner[owner].agent[i] <= 0)
				agent_start(owner, i);
}

static void order(const struct adv_op *op)
{
	struct adv_mail *mail = &adv->owner[op->owner].mail[op->agent];

	store_u(&adv->posted, op->index + 1);
	if (mail->taken != mail->posted) {
		adv->lost++;
		return;
	}
	store_u(&mail->index, op->index);
	store_u(&mail->posted, mail->posted + 1);
	syscall(SYS_futex, &mail->posted, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* It is to be gone as soon as any other process. */
static void kill_one(unsigned int nr)
{
	int id = nr % ADV_AGENTS, owner = nr / ADV_AGENTS % ADV_OWNERS;
	struct adv_owner *o = &adv->owner[owner];

	if (o->agent[id] <= 0 || load_64(&o->killed_ns[id]))
		return;
	store_64(&o->killed_ns[id], now_ns());
	kill(o->agent[id], SIGKILL);
}

/* Looks after the others every 5 ms. */
static void wait_and_renew(uint64_t ns, bool again)
{
	uint64_t end = now_ns() + ns, t;

	do {
		renew(again);
		t = now_ns();
		if (t < end)
			sleep_ns(end - t < 5 * NS_PER_MS ? end - t : 5 * NS_PER_MS);
	} while (t < end);
}

void fn_keeper(struct worker *w, void *arg)
{
	unsigned int i, nr = 0;
	struct adv_op op;

	renew(true);
	for (i = 0; i < plan.ops && !load_u(&w->page->stop); i++) {
		if (!adv_selected(i))
			continue;
		adv_op_make(i, &op);
		order(&op);
		if (++nr % KILL_EVERY == 0)
			kill_one(nr / KILL_EVERY);
		wait_and_renew(op.pause_ns, true);
	}
	wait_and_renew(2 * NS_PER_S, true);
	store_u(&adv->finished, 1);
	while (!load_u(&w->page->stop))
		wait_and_renew(20 * NS_PER_MS, false);
}
