// SPDX-License-Identifier: GPL-2.0
/*
 * The threads that work for real devices, in capsules: handlers that share an irq,
 * secondary handlers and the vectors of a disk, NAPI of a network card, vhost
 * workers of both kinds.
 *
 * Needs a second serial line, two devices on one interrupt line, an NVMe disk with
 * nvme.use_threaded_interrupts=1, two virtio network cards that are connected, two
 * CPUs, and PREEMPT_RT or threadirqs. For real time: figures are shares of what was
 * measured meanwhile.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/vhost.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "device.h"
#include "kselftest.h"

#define VIRTIO_CONSOLE	"/sys/bus/virtio/drivers/virtio_console/"
#define DISK		"/dev/nvme0n1"
#define BLOCK		4096
#define BLOCKS		1024
#define TTY		"/dev/ttyS1"
#define TTY_IRQ		3
#define TTY_AFFINITY	"/proc/irq/3/smp_affinity_list"
#define NET		"/sys/class/net/"
#define VHOST		"/dev/vhost-net"
#define MAX_THREADS	32
#define PATIENCE_NS	(10 * NS_PER_S)

/* For headers older than the kernel */
#ifndef VHOST_SET_FORK_FROM_OWNER
#define VHOST_FORK_OWNER_KTHREAD	0
#define VHOST_SET_FORK_FROM_OWNER	_IOW(VHOST_VIRTIO, 0x84, __u8)
#endif

/* What a holder of a lock that somebody outside waits for is not charged */
#define CHARGED_PERCENT	95

static int dev;

struct threads {
	pid_t tid[MAX_THREADS];
	unsigned int nr;
};

static struct threads kthreads(const char *prefix)
{
	struct threads t;

	t.nr = threads_of("/proc", prefix, t.tid, MAX_THREADS);
	return t;
}

static struct threads threads_of_irq(int irq)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "irq/%d-", irq);
	return kthreads(prefix);
}

static bool all_served_by(const struct threads *t, const char *cg)
{
	unsigned int i;
	bool ok = true;

	for (i = 0; i < t->nr; i++)
		ok &= served_by(t->tid[i], cg);
	return ok;
}

static uint64_t cpu_ns_of_all(const struct threads *t)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		sum += cpu_ns_of(t->tid[i]);
	return sum;
}

/* What the threads of a capsule took: inside, and outside, where they owe it. */
static long long charged_usec(const char *cg)
{
	return group_value(cg, RT_STAT, "usage_usec") +
	       group_value(cg, RT_STAT, "spilled_usec");
}

/* While others give them work, the capsule pays for (nearly) all of it. */
static bool charged(const struct threads *t, const char *cg)
{
	long long usage = charged_usec(cg);
	uint64_t cpu = cpu_ns_of_all(t);
	double percent;

	sleep_ns(2 * NS_PER_S);
	usage = charged_usec(cg) - usage;
	cpu = (cpu_ns_of_all(t) - cpu) / NS_PER_US;
	percent = 100.0 * usage / (cpu ?: 1);
	ksft_print_msg("%llu us of CPU time, %.1f %% by the capsule\n",
		       (unsigned long long)cpu, percent);
	return check(cpu > 1000) & check(percent >= CHARGED_PERCENT && percent <= 105);
}

/* The irq that two virtio devices share, and their names; -1 if there is none */
static int shared_irq(char *first, char *second, size_t size)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[512], *comma, *name;
	int irq = -1;

	while (irq < 0 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		comma = strstr(line, ", virtio");
		if (!comma)
			continue;
		irq = atoi(line);
		*comma = '\0';
		name = strrchr(line, ' ');
		snprintf(first, size, "%s", name ? name + 1 : "");
		snprintf(second, size, "%.*s", (int)strcspn(comma + 2, ","), comma + 2);
	}
	fclose(f);
	return irq;
}

/* One of two devices gives the irq back, and takes it again. */
static bool shared(void)
{
	char *cg = capsule_make("shared", 10000, 100000), first[64], second[64];
	int irq = shared_irq(first, second, sizeof(first));
	struct threads t = threads_of_irq(irq);
	bool ok;

	if (irq < 0)
		return check(!"two devices with the same irq");
	ok = check(t.nr == 2);
	ok &= all_served_by(&t, NULL);
	ok &= check(!bind_irq(cg, '+', irq));
	ok &= all_served_by(&t, cg);
	ok &= check(driver_write(VIRTIO_CONSOLE "unbind", second));
	/* One that has just ended is still listed. */
	ok &= check(wait_for(threads_of_irq(irq).nr == 1, PATIENCE_NS));
	t = threads_of_irq(irq);
	ok &= all_served_by(&t, cg);
	ok &= check(driver_write(VIRTIO_CONSOLE "bind", second));
	ok &= check(wait_for(threads_of_irq(irq).nr == 2, PATIENCE_NS));
	t = threads_of_irq(irq);
	ok &= check(wait_for(all_served_by(&t, cg), PATIENCE_NS));
	group_remove(cg);
	return ok & all_served_by(&t, NULL);
}

static void fn_read(struct worker *w, void *arg)
{
	int fd = open(DISK, O_RDONLY | O_DIRECT);
	void *block = NULL;

	if (fd < 0 || posix_memalign(&block, BLOCK, BLOCK))
		return;
	while (!load_u(&w->page->stop)) {
		if (pread(fd, block, BLOCK, w->page->count % BLOCKS * BLOCK) != BLOCK)
			return;
		w->page->count++;
	}
}

/* Each vector of the disk has a handler and a secondary one. */
static bool vectors(void)
{
	char *cg = capsule_make("vectors", 50000, 100000), name[16];
	struct worker_spec spec = { .cpu = -1, .fn = fn_read };
	struct threads all = {}, t;
	struct worker w = {};
	unsigned int nr, i;
	bool ok = true;
	int irq[MAX_THREADS / 2];

	for (nr = 0; nr < ARRAY_SIZE(irq); nr++) {
		snprintf(name, sizeof(name), "nvme0q%u", nr);
		irq[nr] = irq_of(name);
		if (irq[nr] < 0)
			break;
		t = threads_of_irq(irq[nr]);
		ok &= check(t.nr == 2);
		for (i = 0; i < t.nr; i++)
			all.tid[all.nr++] = t.tid[i];
		ok &= check(!bind_irq(cg, '+', irq[nr]));
	}
	ok &= check(nr >= 2);
	ok &= all_served_by(&all, cg);
	worker_start(&w, &spec);
	ok &= charged(&all, cg);
	ok &= check(worker_progress(&w, PATIENCE_NS));
	for (i = 0; i < nr; i++)
		ok &= check(!bind_irq(cg, '-', irq[i]));
	ok &= all_served_by(&all, NULL);
	ok &= check(worker_progress(&w, PATIENCE_NS));
	worker_stop(&w);
	group_remove(cg);
	return ok;
}

static void fn_send(struct worker *w, void *arg)
{
	static const char text[64];
	int tty = open(TTY, O_RDWR | O_NOCTTY);

	while (!load_u(&w->page->stop) && write(tty, text, sizeof(text)) > 0)
		w->page->count++;
}

static bool is_pinned_to(pid_t tid, int cpu)
{
	cpu_set_t set;

	return !sched_getaffinity(tid, sizeof(set), &set) && CPU_COUNT(&set) == 1 &&
	       CPU_ISSET(cpu, &set);
}

/*
 * The irq goes to a CPU of the capsule, and away: its thread follows. Who sends is on
 * that CPU, too, so that he never waits for a lock that the thread has: then it would
 * be looked at again in any case.
 */
static bool affinity(void)
{
	char *cg = group_make_on("affinity", "0");
	struct worker_spec spec = { .cpu = 0, .fn = fn_send };
	struct worker w = {};
	pid_t tid;
	bool ok;

	group_reserve(cg, 50000, 100000);
	worker_start(&w, &spec);
	ok = check(wait_for(thread_of_irq(TTY_IRQ), PATIENCE_NS));
	tid = thread_of_irq(TTY_IRQ);
	ok &= check(write_text(TTY_AFFINITY, "1", 1) == 1);
	ok &= check(wait_for(is_pinned_to(tid, 1), PATIENCE_NS));
	ok &= check(!bind_irq(cg, '+', TTY_IRQ));
	ok &= check(served_by(tid, NULL));
	ok &= check(write_text(TTY_AFFINITY, "0", 1) == 1);
	ok &= check(wait_for(served_by(tid, cg), PATIENCE_NS));
	ok &= check(worker_progress(&w, PATIENCE_NS));
	ok &= check(write_text(TTY_AFFINITY, "1", 1) == 1);
	ok &= check(wait_for(served_by(tid, NULL), PATIENCE_NS));
	ok &= check(worker_progress(&w, PATIENCE_NS));
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

static bool link_up(const char *name)
{
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = {};
	bool ok;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ok = !ioctl(sock, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP;
	ok = ok && !ioctl(sock, SIOCSIFFLAGS, &ifr);
	close(sock);
	return ok;
}

/* Frames to nobody: what receives them is the work of NAPI. */
static void fn_frames(struct worker *w, void *arg)
{
	int sock = socket(AF_PACKET, SOCK_RAW, 0);
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(arg),
		.sll_halen = ETH_ALEN,
	};
	struct ether_header frame[64] = {};

	memset(frame[0].ether_dhost, 0xff, ETH_ALEN);
	frame[0].ether_type = htons(ETH_P_LOOPBACK);
	while (!load_u(&w->page->stop))
		if (sendto(sock, frame, sizeof(frame), 0, (void *)&to, sizeof(to)) > 0)
			w->page->count++;
}

/* The two network cards, by name; false if there are not two. */
static bool cards(char name[2][IFNAMSIZ])
{
	struct dirent *entry;
	DIR *dir = opendir(NET);
	unsigned int nr = 0;

	while (dir && nr < 2 && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "eth", 3))
			snprintf(name[nr++], IFNAMSIZ, "%.15s", entry->d_name);
	if (dir)
		closedir(dir);
	return nr == 2 && link_up(name[0]) && link_up(name[1]);
}

/* A thread that has never run yet cannot be moved. */
static int napi_enter(const char *cg, pid_t tid, bool bind)
{
	char text[16];

	if (bind)
		return device_bind(dev, cg, SCHED_VM_KTHREAD, tid, true);
	snprintf(text, sizeof(text), "%d", tid);
	return group_write(cg, "cgroup.procs", text);
}

/* The threads of a card: moved, or bound. They end when it polls in softirqs again. */
static bool napi_threads(bool bind)
{
	char *cg = capsule_make("napi", 50000, 100000);
	char name[2][IFNAMSIZ], path[128], prefix[32];
	struct worker_spec spec = { .cpu = -1, .fn = fn_frames, .arg = name[0] };
	struct worker w = {};
	struct threads t;
	unsigned int i;
	bool ok;

	if (!cards(name))
		return check(!"two network cards");
	snprintf(path, sizeof(path), NET "%s/threaded", name[1]);
	snprintf(prefix, sizeof(prefix), "napi/%s-", name[1]);
	ok = check(write_text(path, "1", 1) == 1);
	t = kthreads(prefix);
	ok &= check(t.nr);
	for (i = 0; i < t.nr; i++)
		ok &= check(wait_for(!napi_enter(cg, t.tid[i], bind), PATIENCE_NS));
	ok &= all_served_by(&t, cg);
	worker_start(&w, &spec);
	ok &= charged(&t, cg);
	ok &= check(write_text(path, "0", 1) == 1);
	worker_kill(&w);
	ok &= check(wait_for(!kthreads(prefix).nr, PATIENCE_NS));
	group_remove(cg);
	return ok;
}

static int doorbell;

/* Each ring is a work for the worker, which finds out that there is nothing to send. */
static void fn_own(struct worker *w, void *arg)
{
	struct vhost_vring_file kick = { .index = 1, .fd = doorbell };
	uint8_t mode = VHOST_FORK_OWNER_KTHREAD;
	int fd = open(VHOST, O_RDWR);

	if (arg && ioctl(fd, VHOST_SET_FORK_FROM_OWNER, &mode))
		return;
	if (ioctl(fd, VHOST_SET_OWNER) || ioctl(fd, VHOST_SET_VRING_KICK, &kick))
		return;
	store_u(&w->page->word, 1);
	fn_pause(w, NULL);
}

static void fn_ring(struct worker *w, void *arg)
{
	uint64_t one = 1;

	while (!load_u(&w->page->stop) && write(doorbell, &one, sizeof(one)) > 0)
		w->page->count++;
}

/*
 * It never sleeps, and never comes to user mode: between two works it holds nothing, and
 * waits there for the next budget.
 */
static bool waits_between_works(const char *cg, int cpus)
{
	struct worker_spec spec = { .cpu = 1, .fn = fn_ring };
	struct worker ringer = {};
	uint64_t begin;
	double share;
	long long us;

	worker_start(&ringer, &spec);
	sleep_ns(NS_PER_S / 2);
	begin = now_ns();
	us = group_value(cg, "cpu.stat", "usage_usec");
	sleep_ns(2 * NS_PER_S);
	us = group_value(cg, "cpu.stat", "usage_usec") - us;
	share = us * 1000.0 / (now_ns() - begin);
	ksft_print_msg("a worker that is always asked has %.3f of a CPU, of 0.1 on each of %d\n",
		       share, cpus);
	worker_kill(&ringer);
	return check(share > 0.02) & check(share < 0.1 * cpus + 0.05);
}

/* A worker of vhost is a thread of its owner's, or one of the kernel's. */
static bool vhost_worker(bool kernels)
{
	char *cg = capsule_make("vhost", 10000, 100000), prefix[32], folder[32];
	struct worker_spec spec = {
		.group = cg, .cpu = 0, .fn = fn_own, .arg = kernels ? cg : NULL,
	};
	struct worker w = {};
	struct threads t;
	pid_t own;
	bool ok;

	doorbell = eventfd(0, EFD_CLOEXEC);
	worker_start(&w, &spec);
	if (!wait_for(load_u(&w.page->word), PATIENCE_NS))
		return check(!"a worker of vhost");
	snprintf(prefix, sizeof(prefix), "vhost-%d", w.pid);
	snprintf(folder, sizeof(folder), "/proc/%d/task", w.pid);
	t = kthreads(prefix);
	ok = check(t.nr == kernels);
	if (!kernels)
		t.nr = threads_of(folder, prefix, t.tid, MAX_THREADS);
	else
		ok &= check(!threads_of(folder, prefix, &own, 1));
	ok &= check(t.nr == 1);
	ok &= all_served_by(&t, cg);
	/* That of the kernel has no affinity, and the CPUs of the capsule. */
	ok &= waits_between_works(cg, kernels ? sysconf(_SC_NPROCESSORS_ONLN) : 1);
	close(doorbell);
	worker_kill(&w);
	group_remove(cg);
	return ok;
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	dev = device_open();
	ksft_set_plan(8);
	ksft_test_result(shared(), "handlers that share an irq\n");
	ksft_test_result(vectors(), "secondary handlers, of each vector\n");
	ksft_test_result(affinity(), "an irq that goes to other CPUs\n");
	ksft_test_result(napi_threads(false), "threads of NAPI that are moved\n");
	ksft_test_result(napi_threads(true), "threads of NAPI that are bound\n");
	ksft_test_result(vhost_worker(false), "a worker of vhost that is its owner's thread\n");
	ksft_test_result(vhost_worker(true), "a worker of vhost that is the kernel's thread\n");
	ksft_test_result(can_reserve_all(), "nothing stays reserved\n");
	ksft_finished();
}
