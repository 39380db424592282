// SPDX-License-Identifier: GPL-2.0
/*
 * The threads of irqs, and others of the kernel, in capsules: cpu.rt_irqs, and
 * the same by /dev/sched_vm. With PREEMPT_RT or threadirqs, a second serial line
 * and a virtio network card. On one CPU in virtual time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "device.h"
#include "kselftest.h"

#define TTY		"/dev/ttyS1"
#define TTY_IRQ		3
#define VIRTIO_NET	"/sys/bus/virtio/drivers/virtio_net/"
#define NOBODY		65534

static int dev;

static int tty_open(void)
{
	int fd = open(TTY, O_RDWR | O_NOCTTY);
	struct termios t;

	if (fd < 0 || tcgetattr(fd, &t))
		return -1;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	return tcsetattr(fd, TCSANOW, &t) ? -1 : fd;
}

/* Who may not do it opens the file, and lets somebody write who may. */
static void fn_bind_opened(struct worker *w, void *arg)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/" RT_IRQS, (char *)arg);
	if (chown(path, NOBODY, NOBODY) || seteuid(NOBODY))
		return;
	fd = open(path, O_WRONLY);
	if (fd < 0 || seteuid(0))
		return;
	w->page->value[0] = write(fd, "+3", 2) < 0 ? errno : 0;
	if (chown(path, 0, 0))
		w->page->value[0] = errno;
}

static void fn_bind(struct worker *w, void *arg)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/" RT_IRQS, (char *)arg);
	fd = open(path, O_WRONLY);
	if (setgid(NOBODY) || setuid(NOBODY))
		return;
	w->page->value[0] = write(fd, "+3", 2) < 0 ? errno : 0;
}

static bool input(void)
{
	static const char * const wrong[] = {
		"+", "-", "+ 3", "+x", "++3", "+-3", "-+3", "+3 x", "+3x", "3 -3", "-3 3",
		"+4294967296", "+99999999999999999999", "max",
	};
	char *cg = group_make(sv_top, "input");
	struct worker_spec spec = { .cpu = -1, .fn = fn_bind, .arg = cg };
	struct worker_spec opened = { .cpu = -1, .fn = fn_bind_opened, .arg = cg };
	struct worker w = {};
	bool ok = true;
	size_t i;

	log_mark();
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (group_write(cg, RT_IRQS, wrong[i]) == -EINVAL)
			continue;
		ksft_print_msg("'%s' is not refused\n", wrong[i]);
		ok = false;
	}
	ok &= check(bind_irq(cg, '+', 9999) == -ENOENT);
	ok &= check(bind_irq(cg, '-', TTY_IRQ) == -ENOENT);
	ok &= check(device_bind(dev, cg, 2, TTY_IRQ, true) == -EINVAL);
	worker_start(&w, &spec);
	worker_wait(&w);
	ok &= check(w.page->value[0] == EPERM);
	worker_start(&w, &opened);
	worker_wait(&w);
	ok &= check(w.page->value[0] == EPERM);
	ok &= check(group_reads_all(cg, RT_IRQS, ""));
	ok &= check(log_silent());
	group_remove(cg);
	return ok;
}

/* Bound, bound twice, to another one, and released. */
static bool membership(void)
{
	char *a = capsule_make("a", 10000, 100000), *b = capsule_make("b", 10000, 100000);
	int tty = tty_open();
	pid_t tid = thread_of_irq(TTY_IRQ);
	bool ok;

	ok = check(tty >= 0);
	ok &= check(tid);
	ok &= check(served_by(tid, NULL));
	ok &= check(!bind_irq(a, '+', TTY_IRQ));
	ok &= check(served_by(tid, a));
	ok &= check(group_reads_all(a, RT_IRQS, "3\n"));
	ok &= check(!bind_irq(a, '+', TTY_IRQ));
	/* It takes what it shows, and of a list that is refused, nothing. */
	ok &= check(!group_write(a, RT_IRQS, "3\n"));
	ok &= check(!group_write(b, RT_IRQS, "\n"));
	ok &= check(group_write(b, RT_IRQS, "4\n3\n") == -EBUSY);
	ok &= check(group_reads_all(b, RT_IRQS, ""));
	ok &= check(group_write(a, RT_IRQS, "3\n9999\n") == -ENOENT);
	ok &= check(group_reads_all(a, RT_IRQS, "3\n"));
	ok &= check(bind_irq(b, '+', TTY_IRQ) == -EBUSY);
	ok &= check(device_bind(dev, b, SCHED_VM_IRQ, TTY_IRQ, true) == -EBUSY);
	ok &= check(bind_irq(b, '-', TTY_IRQ) == -ENOENT);
	ok &= check(served_by(tid, a));
	ok &= check(!bind_irq(a, '-', TTY_IRQ));
	ok &= check(served_by(tid, NULL));
	ok &= check(group_reads_all(a, RT_IRQS, ""));
	ok &= check(!device_bind(dev, b, SCHED_VM_IRQ, TTY_IRQ, true));
	ok &= check(served_by(tid, b));
	ok &= check(group_reads_all(b, RT_IRQS, "3\n"));
	/* With the cgroup goes the binding. */
	group_remove(b);
	ok &= check(served_by(tid, NULL));
	ok &= check(get_policy(tid) == SCHED_FIFO);
	ok &= check(!bind_irq(a, '+', TTY_IRQ));
	close(tty);
	group_remove(a);
	return ok;
}

/* The capsule of a bound thread is looked for from its cgroup upwards. */
static bool hierarchy(void)
{
	char *up = capsule_make("up", 20000, 100000), *down = group_make(up, "down");
	int tty = tty_open();
	pid_t tid = thread_of_irq(TTY_IRQ);
	bool ok;

	ok = check(!bind_irq(down, '+', TTY_IRQ));
	ok &= check(served_by(tid, up));
	ok &= check(!group_try_reserve(down, 5000, 100000));
	ok &= check(served_by(tid, down));
	ok &= check(!group_write(down, BUDGET, "max"));
	ok &= check(served_by(tid, up));
	ok &= check(!group_write(up, BUDGET, "max"));
	ok &= check(served_by(tid, NULL));
	ok &= check(!group_try_reserve(up, 5000, 100000));
	ok &= check(served_by(tid, up));
	ok &= check(!group_write(up, SCOPE, "rt"));
	ok &= check(served_by(tid, up));
	close(tty);
	group_remove(down);
	group_remove(up);
	return ok;
}

/* The driver gives the irq back and requests it again: another thread. */
static bool again(void)
{
	char *cg = group_make(sv_top, "again");
	int tty = tty_open();
	pid_t tid = thread_of_irq(TTY_IRQ), other;
	bool ok;

	ok = check(!bind_irq(cg, '+', TTY_IRQ));
	group_reserve(cg, 10000, 100000);
	close(tty);
	ok &= check(wait_for(!thread_of_irq(TTY_IRQ), NS_PER_S));
	ok &= check(group_reads_all(cg, RT_IRQS, "3\n"));
	tty = tty_open();
	other = thread_of_irq(TTY_IRQ);
	/* It binds itself when it first runs. */
	ok &= check(other && other != tid);
	ok &= check(wait_for(served_by(other, cg), NS_PER_S));
	close(tty);
	ok &= check(!bind_irq(cg, '-', TTY_IRQ));
	tty = tty_open();
	sleep_ns(NS_PER_MS);
	ok &= check(served_by(thread_of_irq(TTY_IRQ), NULL));
	close(tty);
	group_remove(cg);
	return ok;
}

static void fn_send(struct worker *w, void *arg)
{
	static const char text[256];
	int tty = *(int *)arg;

	while (!load_u(&w->page->stop) && write(tty, text, sizeof(text)) > 0) {
		w->page->count++;
		/* Let the port's thread be done at times: the kernel asks for that. */
		sleep_ns(5 * NS_PER_MS);
	}
}

/*
 * What the thread takes is the capsule's, and no more than that. The writer, who
 * is outside, lends it its priority when it waits for the lock of the port and
 * there is no budget left: that part is spill.
 */
static bool charged(void)
{
	char *cg = capsule_make("charged", 80000, 100000);
	int tty = tty_open();
	pid_t tid = thread_of_irq(TTY_IRQ);
	struct worker_spec spec = { .cpu = 0, .fn = fn_send, .arg = &tty };
	uint64_t begin, usual;
	long long usage;
	struct worker w = {};
	bool ok;

	ok = check(!bind_irq(cg, '+', TTY_IRQ));
	begin = cpu_ns_of(tid);
	worker_start(&w, &spec);
	sleep_ns(2 * NS_PER_S);
	usual = cpu_ns_of(tid) - begin;
	usage = group_value(cg, RT_STAT, "usage_usec");
	ok &= check(usual > NS_PER_MS);
	usage += group_value(cg, RT_STAT, "spilled_usec");
	ksft_print_msg("%llu us, of which %lld were paid\n",
		       (unsigned long long)usual / NS_PER_US, usage);
	ok &= check(usage >= (long long)(usual / NS_PER_US) * 99 / 100);
	ok &= check(usage <= (long long)((cpu_ns_of(tid) - begin) / NS_PER_US) + 20);
	worker_kill(&w);
	close(tty);
	group_remove(cg);
	return ok;
}

/* The vector of a device that goes: its number is not the next device's. */
static bool vectors(void)
{
	char *cg = capsule_make("vectors", 10000, 100000), text[16], device[64] = "";
	DIR *dir = opendir(VIRTIO_NET);
	struct dirent *entry;
	int irq;
	bool ok;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "virtio", 6))
			snprintf(device, sizeof(device), "%.63s", entry->d_name);
	if (dir)
		closedir(dir);
	irq = irq_of("-input.0");
	if (!*device || irq < 0)
		return check(!"a virtio network card");
	snprintf(text, sizeof(text), "%d\n", irq);
	ok = check(!bind_irq(cg, '+', irq));
	ok &= check(served_by(thread_of_irq(irq), cg));
	ok &= check(group_reads_all(cg, RT_IRQS, text));
	ok &= check(driver_write(VIRTIO_NET "unbind", device));
	ok &= check(irq_of("-input.0") < 0);
	ok &= check(group_reads_all(cg, RT_IRQS, ""));
	ok &= check(driver_write(VIRTIO_NET "bind", device));
	irq = irq_of("-input.0");
	ok &= check(irq >= 0);
	ok &= check(served_by(thread_of_irq(irq), NULL));
	ok &= check(!bind_irq(cg, '+', irq));
	ok &= check(served_by(thread_of_irq(irq), cg));
	group_remove(cg);
	return ok & check(served_by(thread_of_irq(irq), NULL));
}

/* A capsule that has handed out all that it has serves no irq, and one that does keeps some. */
static bool handed_out(void)
{
	char *up = capsule_make("up", 10000, 100000), *kid = group_make(up, "kid");
	int tty = tty_open();
	pid_t tid = thread_of_irq(TTY_IRQ);
	bool ok;

	ok = check(tty >= 0) & check(tid);
	ok &= check(!group_try_reserve(kid, 10000, 100000));
	ok &= check(bind_irq(up, '+', TTY_IRQ) == -EBUSY);
	ok &= check(device_bind(dev, up, SCHED_VM_IRQ, TTY_IRQ, true) == -EBUSY);
	ok &= check(served_by(tid, NULL)) & check(group_reads_all(up, RT_IRQS, ""));
	ok &= check(!bind_irq(kid, '+', TTY_IRQ));
	ok &= check(served_by(tid, kid));
	ok &= check(!bind_irq(kid, '-', TTY_IRQ));
	ok &= check(!group_write(kid, BUDGET, "max"));
	ok &= check(!bind_irq(up, '+', TTY_IRQ));
	ok &= check(group_try_reserve(kid, 10000, 100000) == -EBUSY);
	ok &= check(served_by(tid, up));
	group_remove(kid);
	group_remove(up);
	ok &= check(served_by(tid, NULL));
	close(tty);
	return ok;
}

/* Other threads of the kernel. */
static bool kthreads(void)
{
	char *cg = capsule_make("kthreads", 10000, 100000);
	char *other = capsule_make("other", 10000, 100000);
	pid_t tid = kthread_of("khungtaskd"), irq = thread_of_irq(9);
	bool ok;

	ok = check(tid);
	ok &= check(!device_bind(dev, cg, SCHED_VM_KTHREAD, tid, true));
	ok &= check(served_by(tid, cg));
	ok &= check(!device_bind(dev, cg, SCHED_VM_KTHREAD, tid, true));
	ok &= check(device_bind(dev, other, SCHED_VM_KTHREAD, tid, true) == -EBUSY);
	ok &= check(device_bind(dev, other, SCHED_VM_KTHREAD, tid, false) == -ENOENT);
	ok &= check(!device_bind(dev, cg, SCHED_VM_KTHREAD, tid, false));
	ok &= check(served_by(tid, NULL));
	ok &= check(!device_bind(dev, other, SCHED_VM_KTHREAD, tid, true));
	ok &= check(served_by(tid, other));
	ok &= check(device_bind(dev, cg, SCHED_VM_KTHREAD, 999999, true) == -ENOENT);
	ok &= check(device_bind(dev, cg, SCHED_VM_KTHREAD, getpid(), true) == -EINVAL);
	ok &= check(device_bind(dev, cg, SCHED_VM_KTHREAD, 2, true) == -EINVAL);
	ok &= check(irq);
	ok &= check(device_bind(dev, cg, SCHED_VM_KTHREAD, irq, true) == -EINVAL);
	ok &= check(device_bind(dev, cg, SCHED_VM_KTHREAD, kthread_of("rcuc/0"), true) ==
		    -EINVAL);
	group_remove(other);
	group_remove(cg);
	return ok & check(served_by(tid, NULL));
}

/* Argument: "untimed" leaves out what takes exact times for granted. */
int main(int argc, char **argv)
{
	bool timed = argc < 2 || strcmp(argv[1], "untimed");

	ksft_print_header();
	sv_setup();
	dev = device_open();
	if (tty_open() < 0 || !thread_of_irq(TTY_IRQ))
		ksft_exit_skip("no thread of " TTY "'s irq\n");
	closefrom(dev + 1);
	ksft_set_plan(timed ? 9 : 8);
	ksft_test_result(input(), "what is no irq is refused\n");
	ksft_test_result(membership(), "an irq belongs to one capsule\n");
	ksft_test_result(hierarchy(), "capsules come and go under it\n");
	ksft_test_result(again(), "threads that are made again are served again\n");
	if (timed)
		ksft_test_result(charged(), "the budget pays for the thread\n");
	ksft_test_result(vectors(), "a number that is given away is not bound\n");
	ksft_test_result(handed_out(), "not by one that has handed out all\n");
	ksft_test_result(kthreads(), "threads of the kernel\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
