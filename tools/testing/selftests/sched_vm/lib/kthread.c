// SPDX-License-Identifier: GPL-2.0
/* Threads of the kernel, and the devices that they work for. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "sched_vm.h"

/* Those whose names begin with @prefix, be they in /proc or a process's task folder. */
unsigned int threads_of(const char *folder, const char *prefix, pid_t *tid, unsigned int max)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	unsigned int nr = 0;
	char comm[64];

	while (dir && nr < max && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && proc_read_text(pid, false, "comm", comm, sizeof(comm)) > 0 &&
		    !strncmp(comm, prefix, strlen(prefix)))
			tid[nr++] = pid;
	}
	if (dir)
		closedir(dir);
	return nr;
}

pid_t kthread_of(const char *prefix)
{
	pid_t tid;

	return threads_of("/proc", prefix, &tid, 1) ? tid : 0;
}

pid_t thread_of_irq(int irq)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "irq/%d-", irq);
	return kthread_of(prefix);
}

/* As /proc/interrupts names them. */
int irq_of(const char *name)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[512];
	int irq = -1;

	while (irq < 0 && fgets(line, sizeof(line), f))
		if (strstr(line, name))
			irq = atoi(line);
	fclose(f);
	return irq;
}

int bind_irq(const char *cg, char sign, unsigned int irq)
{
	char text[32];

	snprintf(text, sizeof(text), "%c%u", sign, irq);
	return group_write(cg, RT_IRQS, text);
}

/* A driver takes (@file: bind) or leaves (unbind) a device. */
bool driver_write(const char *file, const char *device)
{
	int fd = open(file, O_WRONLY);
	bool ok = fd >= 0 && write(fd, device, strlen(device)) > 0;

	close(fd);
	return ok;
}
