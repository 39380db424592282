// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/sched_vm: what the files of cgroups do not tell. Kernels without it give
 * -ENOENT, and everybody who asks can do with less.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched_vm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sched-vm.h"

static int call(unsigned long request, void *arg)
{
	int fd = open(SCHED_VM_PATH, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, request, arg) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int open_cgroup(const char *cg)
{
	int fd = open(cg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int device_query(struct sched_vm_query *query)
{
	*query = (struct sched_vm_query){ .size = sizeof(*query) };
	return call(SCHED_VM_QUERY, query);
}

/* Up to the last CPU in it, so that no kernel finds it too long. */
static u32 bitmap_bytes(const struct cpus *cpus)
{
	u32 words = ARRAY_SIZE(cpus->map);

	while (words > 1 && !cpus->map[words - 1])
		words--;
	return words * sizeof(cpus->map[0]);
}

int device_check(const char *cg, const struct reservation *res, const struct cpus *cpus,
		 struct sched_vm_check *check)
{
	int fd = open_cgroup(cg), ret;

	if (fd < 0)
		return fd;
	*check = (struct sched_vm_check){
		.size = sizeof(*check),
		.cgroup_fd = fd,
		.budget_us = res->budget,
		.period_us = res->period,
		.deadline_us = res->deadline == TIME_MAX ? 0 : res->deadline,
		.cpus = (uintptr_t)cpus,
		.cpus_bytes = cpus ? bitmap_bytes(cpus) : 0,
	};
	ret = call(SCHED_VM_CHECK, check);
	close(fd);
	return ret;
}

static void take_stat(struct cpu_stat *to, const struct sched_vm_cpu_stat *from)
{
	to->device = true;
	to->throttled = from->flags & SCHED_VM_CPU_THROTTLED;
	to->budget_ns = from->flags & SCHED_VM_CPU_RESERVED ? from->budget_ns : 0;
	to->left_ns = from->left_ns;
	to->nr_ready = from->nr_ready;
}

/* CPUs that appeared since @cpu was read are left out. */
int device_stat(const char *cg, struct cpu_stat *cpu, int nr)
{
	struct sched_vm_cpu_stat *array = xzalloc((nr + 1) * sizeof(*array));
	struct sched_vm_stat stat = {
		.size = sizeof(stat),
		.cgroup_fd = open_cgroup(cg),
		.stride = sizeof(*array),
		.cpus = (uintptr_t)array,
		.nr_cpus = nr,
	};
	int i, ret = stat.cgroup_fd;
	u32 j;

	if (ret >= 0) {
		ret = nr ? call(SCHED_VM_STAT, &stat) : 0;
		close(stat.cgroup_fd);
	}
	for (i = 0; !ret && i < nr; i++)
		for (j = 0; j < stat.nr_cpus && j < (u32)nr; j++)
			if ((int)array[j].cpu == cpu[i].cpu)
				take_stat(&cpu[i], &array[j]);
	free(array);
	return ret;
}

int device_bind(const char *cg, bool bind, int kind, unsigned int id)
{
	struct sched_vm_bind arg = {
		.size = sizeof(arg),
		.cgroup_fd = open_cgroup(cg),
		.kind = kind,
		.id = id,
	};
	int ret = arg.cgroup_fd;

	if (ret < 0)
		return ret;
	ret = call(bind ? SCHED_VM_BIND : SCHED_VM_UNBIND, &arg);
	close(arg.cgroup_fd);
	return ret;
}
