// SPDX-License-Identifier: GPL-2.0
/*
 * What helps, by what was tried and the errno that came of it. All errnos that a call
 * can give are here; none is better than a cure that does not fit.
 */
#include <errno.h>
#include <stddef.h>

#include "sched-vm.h"

#define CURE_BOUND	"sched-vm list --json shows who has it; or those below have all: leave it some"
#define CURE_TAKEN	"cgroups below have controllers: another NAME; or all it has: leave it some"
#define CURE_FORK	"raise what is reached: ulimit -u, pids.max above, or kernel.pid_max"
#define CURE_DISK	"make room there, or name a file on another disk"
#define CURE_READ	"chmod +r it, or run as somebody who may read it"
#define CURE_WRITE	"chmod +w it, or name a file that you may write"
#define CURE_NAME	"-o, --svg and --raw name other files"
#define CURE_TRACER	"run as root, without lockdown=confidentiality"

static const struct {
	enum call call;
	int error;	/* 0: all others */
	const char *cure;
} cures[] = {
	{ CALL_ANY, ENOMEM, "free memory, or raise memory.max where this runs" },
	{ CALL_ANY, EMFILE, "raise ulimit -n" },
	{ CALL_ANY, ENFILE, "raise the sysctl fs.file-max" },

	{ CALL_CGROUP, EACCES, CURE_OWN },
	{ CALL_CGROUP, EPERM, CURE_OWN },
	{ CALL_CGROUP, EROFS, "mount -o remount,rw /sys/fs/cgroup; or start the container so" },
	{ CALL_CGROUP, ENOENT, "it has been removed meanwhile: try again" },
	{ CALL_CGROUP, ENODEV, "it has been removed meanwhile: try again" },

	{ CALL_CONTROLLER, EBUSY,
	  "processes in it forbid that: move them to a child, or another --cgroup" },
	{ CALL_CONTROLLER, EOPNOTSUPP, "it is threaded, or below one that is: another --cgroup" },
	{ CALL_CONTROLLER, ENOTDIR, "it is a file: another --cgroup" },

	{ CALL_MKDIR, EAGAIN, "cgroup.max.descendants or cgroup.max.depth above it is reached" },
	{ CALL_MKDIR, ENOSPC, "rmdir empty ones: with memory there are at most 65535" },
	{ CALL_MKDIR, EOPNOTSUPP, "it would be below a threaded one: another --cgroup" },
	{ CALL_MKDIR, EEXIST, "somebody has made it meanwhile: another NAME" },
	{ CALL_MKDIR, ENOTDIR, "a part of its path is a file: another --cgroup" },
	{ CALL_MKDIR, ENAMETOOLONG, "a shorter NAME or --cgroup" },
	{ CALL_MKDIR, EINVAL, "another NAME or --cgroup" },

	{ CALL_RMDIR, EBUSY, "cgroups below it must go first" },

	{ CALL_CPUSET, EBUSY,
	  CURE_CHECK "; if it fits, SCHED_DEADLINE threads of a partition need its CPUs" },
	{ CALL_CPUSET, EINVAL, "some belong to another partition: other --cpus" },
	{ CALL_CPUSET, ENOSPC, "threads inside need at least one: other --cpus" },

	{ CALL_WORD, EBUSY,
	  "chrt -f its normal threads: those above have handed out all; or leave them some" },
	{ CALL_WORD, EINVAL, "this kernel does not know that word: boot a newer one" },

	{ CALL_RESERVE, EPERM, CURE_PERMISSION },
	{ CALL_RESERVE, EBUSY, CURE_FREE },
	{ CALL_RESERVE, EINVAL, "Q from 10us to the deadline; change that first, by itself" },

	{ CALL_BIND, EPERM, "it takes CAP_SYS_NICE: run as root" },
	{ CALL_BIND, EBUSY, CURE_BOUND },
	{ CALL_BIND, EINVAL, "leave it outside: the kernel lets such a thread go nowhere" },

	{ CALL_MOVE_IN, EACCES,
	  "run as root, or have the cgroup above both delegated: that where it is, and this" },
	{ CALL_MOVE_IN, EBUSY, CURE_TAKEN },
	{ CALL_MOVE_IN, EINVAL, "chrt -o -p 0 TID for its SCHED_FIFO threads: the budget is 0" },
	{ CALL_MOVE_IN, EOPNOTSUPP, "it is threaded, or below one that is: another NAME" },
	{ CALL_MOVE_IN, ENOSPC, "its cpuset is empty: --cpus" },
	{ CALL_MOVE_IN, ESRCH, "it has ended meanwhile: another process" },

	{ CALL_MOVE_OUT, EBUSY, "no cgroup takes them: kill those in its cgroup.procs" },
	{ CALL_MOVE_OUT, EINVAL, "chrt -o -p 0 TID for those of SCHED_FIFO: outside it is 0" },
	{ CALL_MOVE_OUT, EOPNOTSUPP, "where they came from is threaded: kill them, or move them" },
	{ CALL_MOVE_OUT, ENOSPC, "the cpuset where they came from is empty: give it CPUs" },

	{ CALL_NOTE, ENOSPC, "it has as many xattrs as there can be: setfattr -x some of them" },

	{ CALL_FORK, EAGAIN, CURE_FORK },

	{ CALL_EXEC, ENOENT, "its path, or a name in $PATH; of a script, the one after #! too" },
	{ CALL_EXEC, EACCES, "chmod +x it, on a disk that is not mounted with noexec" },
	{ CALL_EXEC, ENOEXEC, "a program for this machine, or a script that begins with #!" },
	{ CALL_EXEC, E2BIG, "fewer arguments, or less environment" },
	{ CALL_EXEC, ETXTBSY, "somebody writes it: try again" },

	{ CALL_TRACE, EACCES, CURE_TRACER },
	{ CALL_TRACE, EPERM, CURE_TRACER },
	{ CALL_TRACE, ENOENT, "event tracing in the kernel, and tracefs at /sys/kernel/tracing" },
	{ CALL_TRACE, ENOMEM, "free memory: it takes 4 MiB for each CPU" },
	{ CALL_TRACE, EBUSY, "somebody else uses its buffers: end him, and try again" },
	{ CALL_TRACE, EROFS, "mount -o remount,rw /sys/kernel/tracing" },

	{ CALL_DEVICE, EACCES, "permission to read and write it" },
	{ CALL_DEVICE, EPERM, "permission to read and write it; a container must be given it" },
	{ CALL_DEVICE, ENOENT, "a kernel that has it" },
	{ CALL_DEVICE, ENXIO, "rm it, and mknod it with its number in /proc/misc" },
	{ CALL_DEVICE, ENODEV, "rm it, and mknod it with its number in /proc/misc" },
	{ CALL_DEVICE, ENOTTY, "a sched-vm and a kernel of one version" },
	{ CALL_DEVICE, EINVAL, "a sched-vm and a kernel of one version" },

	{ CALL_INPUT, EACCES, CURE_READ },
	{ CALL_INPUT, EPERM, CURE_READ },
	{ CALL_INPUT, 0, "name another file" },

	{ CALL_OUTPUT, EACCES, CURE_WRITE },
	{ CALL_OUTPUT, EPERM, CURE_WRITE },
	{ CALL_OUTPUT, ENOSPC, CURE_DISK },
	{ CALL_OUTPUT, EDQUOT, CURE_DISK },
	{ CALL_OUTPUT, EFBIG, "raise ulimit -f" },
	{ CALL_OUTPUT, ENOENT, CURE_NAME },
	{ CALL_OUTPUT, ENOTDIR, CURE_NAME },
	{ CALL_OUTPUT, EISDIR, CURE_NAME },
	{ CALL_OUTPUT, EROFS, CURE_DISK },
	{ CALL_OUTPUT, EBADF, "it is closed: give it a file" },
	{ CALL_OUTPUT, 0, "make room there, or name another file" },
};

static const char *find(enum call call, int error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cures); i++)
		if (cures[i].call == call && cures[i].error == error)
			return cures[i].cure;
	return NULL;
}

const char *cure_of(enum call call, int error)
{
	const char *cure = find(call, error);

	if (!cure && call < CALL_FORK)
		cure = find(CALL_CGROUP, error);
	if (!cure)
		cure = find(CALL_ANY, error);
	return cure ? cure : find(call, 0);
}
