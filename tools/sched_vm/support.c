// SPDX-License-Identifier: GPL-2.0
/*
 * What does this machine lack? Every command asks here first, and here only: who is
 * told the wrong thing reboots, and learns the right one then.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sched-vm.h"

/* Unpacked; NULL: it is not there, or cannot be. */
static char *packed_config(void)
{
	FILE *f = access("/proc/config.gz", R_OK) ? NULL :
		  popen("zcat /proc/config.gz 2>/dev/null", "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t len;

	if (!f)
		return NULL;
	len = getdelim(&text, &room, '\0', f);
	if (!pclose(f) && len > 0)
		return text;
	free(text);
	return NULL;
}

/* Of the kernel that runs; NULL: not known. */
static char *kernel_config(void)
{
	char *text = packed_config();
	struct utsname name;

	if (!text && !uname(&name))
		text = read_file("/boot/config-%s", name.release);
	return text;
}

char *kernel_option(const char *name)
{
	char *config = kernel_config(), *key = xasprintf("\n%s=", name), *value = NULL, *line;

	if (config) {
		line = strstr(config, key);
		value = line ? line + strlen(key) : NULL;
		value = xasprintf("%.*s", value ? (int)strcspn(value, "\n") : 1,
				  value ? value : "0");
	}
	free(key);
	free(config);
	return value;
}

/* Steal is time that a hypervisor below gave to others, whatever the CPU says of itself. */
static bool has_steal(void)
{
	char *text = read_file("/proc/stat");
	unsigned long long steal = 0;

	if (text)
		sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal);
	free(text);
	return steal;
}

char *hypervisor_below(void)
{
	char *text = read_file("/proc/cpuinfo"), *name = NULL;
	bool is_virtual = (text && strstr(text, " hypervisor")) || has_steal();

	free(text);
	if (is_virtual)
		name = read_file("/sys/class/dmi/id/sys_vendor");
	if (name)
		clean_text(name);
	return is_virtual && !name ? xstrdup("its hypervisor is not known") : name;
}

void print_hypervisor(void)
{
	char *name = hypervisor_below();

	if (name)
		say(stdout, "(on a virtual machine, %s: its CPUs stop, and budgets are late)\n",
		    name);
	free(name);
}

static bool find_file(const char *cg, void *data)
{
	bool *found = data;

	*found = *found || cg_has(cg, RT_MAX);
	return !*found;
}

/* Its device is there in a container, too, though not in its /dev. */
static bool has_device(void)
{
	char *misc = read_file("/proc/misc");
	bool has = !access("/dev/sched_vm", F_OK) || (misc && strstr(misc, " sched_vm"));

	free(misc);
	return has;
}

static bool kernel_is_able(void)
{
	bool able = has_device();
	char *option;

	if (!able && cg_is_mounted())
		cg_walk(cg_mount(), find_file, &able);
	if (able)
		return true;
	option = kernel_option("CONFIG_DEADLINE_GROUP_SCHED");
	able = option && !strcmp(option, "y");
	free(option);
	return able;
}

const char *controller_cure(const char *controller)
{
	char *text = read_file("/proc/cgroups"), *line, *key = xasprintf("\n%s\t", controller);
	int hierarchy = 0, enabled = 1;
	const char *cure = CURE_DELEGATE;

	line = text ? strstr(text, key) : NULL;
	if (line)
		sscanf(line + strlen(key), "%d %*d %d", &hierarchy, &enabled);
	if (!enabled)
		cure = "boot without cgroup_disable= for it";
	else if (hierarchy)
		cure = CURE_V1;
	free(key);
	free(text);
	return cure;
}

static const struct lack no_kernel = {
	"kernel", "this kernel has no deadline groups", CURE_KERNEL
};

static const struct lack no_cgroups = {
	"cgroup2", "cgroup v2 is not mounted", CURE_MOUNT
};

/* Without a kernel that is able, nothing else helps; without cgroups, no controller. */
const struct lack *machine_lacks(void)
{
	static struct lack no_controller;

	if (!kernel_is_able())
		return &no_kernel;
	if (!cg_is_mounted())
		return &no_cgroups;
	if (cg_enabled(cg_mount(), "cpu"))
		return NULL;
	no_controller = (struct lack){ "cpu", NULL, controller_cure("cpu") };
	if (!strcmp(no_controller.cure, CURE_V1))
		no_controller.text = "cgroup v1 has the cpu controller, v2 needs it";
	else
		no_controller.text = "the cpu controller of cgroup v2 is off";
	return &no_controller;
}

bool machine_is_able(void)
{
	const struct lack *lack = machine_lacks();

	if (lack)
		complain(0, lack->cure, "%s", lack->text);
	return !lack;
}
