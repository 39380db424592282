// SPDX-License-Identifier: GPL-2.0
/* What tests do to the machine. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sched_vm.h"

bool cpu_online(int cpu, bool on)
{
	char path[128];
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	ret = write(fd, on ? "1" : "0", 1);
	close(fd);
	return ret == 1;
}
