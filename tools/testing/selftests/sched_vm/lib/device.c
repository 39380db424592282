// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "kselftest.h"

int device_open(void)
{
	int fd = open(SCHED_VM_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		ksft_exit_skip("no %s\n", SCHED_VM_PATH);
	if (fd < 0)
		ksft_exit_fail_perror(SCHED_VM_PATH);
	return fd;
}

int device_call(int dev, unsigned long cmd, void *arg)
{
	return ioctl(dev, cmd, arg) < 0 ? -errno : 0;
}

int group_fd(const char *cg)
{
	int fd = open(cg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		ksft_exit_fail_perror(cg);
	return fd;
}

int device_check(int dev, const char *cg, long q_us, long p_us, struct sched_vm_check *out)
{
	int ret;

	*out = (struct sched_vm_check){
		.size = sizeof(*out), .cgroup_fd = group_fd(cg),
		.budget_us = q_us, .period_us = p_us,
	};
	ret = device_call(dev, SCHED_VM_CHECK, out);
	close(out->cgroup_fd);
	return ret;
}

int device_bind(int dev, const char *cg, unsigned int kind, unsigned int id, bool on)
{
	struct sched_vm_bind bind = {
		.size = sizeof(bind), .cgroup_fd = group_fd(cg), .kind = kind, .id = id,
	};
	int ret = device_call(dev, on ? SCHED_VM_BIND : SCHED_VM_UNBIND, &bind);

	close(bind.cgroup_fd);
	return ret;
}
