// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's threads that serve a guest's devices: NAPI threads of its tap
 * devices, irq threads of PCI devices that it has by VFIO.
 *
 * Which devices these are, its open files tell. What many guests share (a bridge,
 * the machine's own network card) belongs to nobody, and is left alone.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sched-vm.h"

/* Calls @fn for each entry of @dir, which is freed. */
static void each_entry(char *dir, void (*fn)(struct guest *g, const char *name),
		       struct guest *g)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			fn(g, e->d_name);
	if (d)
		closedir(d);
	free(dir);
}

struct prefix {
	struct guest *g;
	char *text;
	enum thread_kind kind;
	int irq;
};

/* "napi/tap0-8193": with more after the device's name, it is that of another one. */
static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* Kernel threads whose names begin with @text: "napi/tap0-", "irq/24-". */
static void threads_named(struct prefix *p)
{
	size_t len = strlen(p->text);
	const struct proc *list;
	int i, nr = procs_all(&list);

	for (i = 0; i < nr; i++) {
		const char *comm = list[i].kthread ? list[i].comm : "";

		if (!strncmp(comm, p->text, len) &&
		    (p->kind != THREAD_NAPI || is_number(comm + len)))
			guest_add_thread(p->g, list[i].pid, p->kind, p->irq);
	}
	free(p->text);
}

static void irq_threads(struct guest *g, int irq)
{
	struct prefix p = { g, xasprintf("irq/%d-", irq), THREAD_IRQ, irq };

	threads_named(&p);
}

void irqs_threads(struct guest *g, const char *irqs)
{
	char *text = xstrdup(irqs ? irqs : ""), *word, *save;

	for (word = strtok_r(text, " ,\n", &save); word; word = strtok_r(NULL, " ,\n", &save))
		irq_threads(g, atoi(word));
	free(text);
}

/*
 * A line may be shared with devices of the host, a bridge in the IOMMU group has its
 * own driver, and a vector that the guest does not use has no handler at all.
 */
static bool is_vfio_irq(int irq)
{
	char *actions = read_file("/sys/kernel/irq/%d/actions", irq), *name, *save;
	bool is_vfio = actions && *actions;

	name = is_vfio ? strtok_r(actions, ",", &save) : NULL;
	for (; name; name = strtok_r(NULL, ",", &save))
		if (strncmp(name, "vfio-", 5))
			is_vfio = false;
	free(actions);
	return is_vfio;
}

static void add_irq(struct guest *g, const char *name)
{
	int irq = atoi(name), i;

	for (i = 0; i < g->nr_irqs; i++)
		if (g->irqs[i] == irq)
			return;
	if (irq <= 0 || !is_vfio_irq(irq))
		return;
	g->irqs = grow(g->irqs, g->nr_irqs, sizeof(*g->irqs));
	g->irqs[g->nr_irqs++] = irq;
	irq_threads(g, irq);
}

/* The folder may be there, and empty. */
static bool has_msi(const char *address)
{
	char *dir = xasprintf("/sys/bus/pci/devices/%s/msi_irqs", address);
	DIR *d = opendir(dir);
	bool has = false;
	struct dirent *e;

	while (d && !has && (e = readdir(d)))
		has = e->d_name[0] != '.';
	if (d)
		closedir(d);
	free(dir);
	return has;
}

/* Its vectors, or without MSI its only one. */
static void add_pci_device(struct guest *g, const char *address)
{
	char *text = NULL;

	if (has_msi(address)) {
		each_entry(xasprintf("/sys/bus/pci/devices/%s/msi_irqs", address), add_irq, g);
		return;
	}
	text = read_file("/sys/bus/pci/devices/%s/irq", address);
	if (text)
		add_irq(g, text);
	free(text);
}

/* The same name may be that of another device in another network namespace. */
static bool in_our_netns(pid_t pid)
{
	char *path = xasprintf("/proc/%d/ns/net", pid);
	struct stat its, ours;
	bool same = stat(path, &its) || stat("/proc/self/ns/net", &ours) ||
		    (its.st_ino == ours.st_ino && its.st_dev == ours.st_dev);

	free(path);
	return same;
}

static void add_tap(struct guest *g, const char *name)
{
	struct prefix p = { g, NULL, THREAD_NAPI, -1 };

	if (!in_our_netns(g->pid)) {
		g->other_netns = true;
		return;
	}
	p.text = xasprintf("napi/%s-", name);
	threads_named(&p);
}

/* /dev/vfio/devices/vfioN: one device */
static void add_vfio_device(struct guest *g, const char *name)
{
	char *link = xasprintf("/sys/class/vfio-dev/%s/device", name), target[PATH_MAX];
	ssize_t len = readlink(link, target, sizeof(target) - 1);

	if (len > 0) {
		target[len] = '\0';
		add_pci_device(g, strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
	}
	free(link);
}

static void add_file(struct guest *g, const char *fd)
{
	char *link = xasprintf("/proc/%d/fd/%s", g->pid, fd), target[PATH_MAX], *info, *tap;
	ssize_t len = readlink(link, target, sizeof(target) - 1);

	free(link);
	if (len <= 0)
		return;
	target[len] = '\0';
	if (!strcmp(target, "/dev/net/tun")) {
		info = xasprintf("/proc/%d/fdinfo/%s", g->pid, fd);
		tap = proc_field(info, "iff");
		if (tap && *tap)
			add_tap(g, tap);
		free(tap);
		free(info);
	} else if (!strncmp(target, "/dev/vfio/devices/", 18)) {
		add_vfio_device(g, target + 18);
	} else if (!strncmp(target, "/dev/vfio/", 10) && strcmp(target, "/dev/vfio/vfio")) {
		each_entry(xasprintf("/sys/kernel/iommu_groups/%s/devices", target + 10),
			   add_pci_device, g);
	}
}

void guest_find_devices(struct guest *g)
{
	each_entry(xasprintf("/proc/%d/fd", g->pid), add_file, g);
}

/* @irqs is what cpu.rt_irqs reads: numbers, one a line or separated by spaces. */
bool irq_is_bound(const char *irqs, int irq)
{
	const char *s = irqs;
	char *end;

	while (s && *s) {
		long nr = strtol(s, &end, 10);

		if (end == s)
			return false;
		if (nr == irq)
			return true;
		s = end + strspn(end, " ,\n\t");
	}
	return false;
}
