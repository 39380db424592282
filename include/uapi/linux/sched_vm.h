/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Deadline groups: the binary interface, /dev/sched_vm
 *
 * For programs that want to know why a reservation is refused, the counters of
 * all CPUs in one call, or to be told what happens by an eventfd. Reservations
 * are made with the files cpu.rt* of cgroups, see
 * Documentation/scheduler/sched-deadline-group.rst.
 *
 * All ioctls follow the same pattern:
 *
 *  - The argument is a structure that begins with its size, which user space sets
 *    to the sizeof() that it was compiled with. A kernel that knows more fields
 *    takes those that are not there for 0, and does not write them. A kernel that
 *    knows fewer accepts the rest if it is 0, and returns -E2BIG if it is not.
 *  - Flags and bits that the kernel does not know are refused with -EINVAL. So
 *    are padding and output fields that must be 0 on input and are not.
 *  - Structures have the same layout for 32-bit and 64-bit programs, and pointers
 *    are passed as __u64.
 *  - @cgroup_fd is an open directory of a cgroup (v2) with the cpu controller.
 *    Who may write its cpu.rt_budget_us may use the ioctl, others get -EACCES.
 *    -EBADF: not the directory of a cgroup; -ENOENT: it has no cpu controller, or
 *    was removed; -EOPNOTSUPP: the root, or of cgroup v1.
 *
 * Times are in microseconds, and bandwidths in millionths of a CPU (ppm), unless
 * a name says otherwise.
 */
#ifndef _UAPI_LINUX_SCHED_VM_H
#define _UAPI_LINUX_SCHED_VM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SCHED_VM_PATH		"/dev/sched_vm"
#define SCHED_VM_VERSION	1

#define SCHED_VM_TYPE		'^'

/* struct sched_vm_query::features */
#define SCHED_VM_FEATURE_STAT		0x1
#define SCHED_VM_FEATURE_CHECK		0x2
#define SCHED_VM_FEATURE_EVENTFD	0x4
#define SCHED_VM_FEATURE_BIND_IRQ	0x8
#define SCHED_VM_FEATURE_BIND_KTHREAD	0x10
#define SCHED_VM_FEATURE_EXTRA		0x20	/* cpu.rt_extra */

/**
 * struct sched_vm_query - what this kernel can do (SCHED_VM_QUERY)
 * @size: sizeof(struct sched_vm_query)
 * @flags: 0
 * @version: out: SCHED_VM_VERSION of the kernel
 * @nr_cpus: out: CPUs that the machine may have, so many lines of statistics at most
 * @features: out: SCHED_VM_FEATURE_*
 * @budget_min_us: out: smallest budget
 * @period_min_us: out: shortest period
 * @period_max_us: out: longest period
 */
struct sched_vm_query {
	__u32 size;
	__u32 flags;
	__u32 version;
	__u32 nr_cpus;
	__aligned_u64 features;
	__aligned_u64 budget_min_us;
	__aligned_u64 period_min_us;
	__aligned_u64 period_max_us;
};

/**
 * struct sched_vm_cpu_stat - what happened to a capsule on a CPU
 * @cpu: number of the CPU
 * @flags: SCHED_VM_CPU_*
 * @budget_ns: what it has in each period; 0 if it has no reservation here
 * @left_ns: what is left of that now; negative: what it owes
 * @usage_ns: CPU time of its threads
 * @throttled_ns: time in which threads were ready, and the budget used up
 * @spilled_ns: CPU time of threads in the kernel after their budget was used up
 * @max_overrun_ns: most by which a budget was exceeded
 * @nr_periods: budgets that were provided
 * @nr_throttled: budgets that were used up
 * @nr_overruns: budgets that were exceeded by more than 20 us
 * @nr_migrations: threads that came because there was budget
 * @nr_deadline_misses: budgets that were not available by their deadline
 * @nr_ready: threads that are ready now, the running one included
 * @pad: 0
 * @extra_ns: CPU time beyond the budget, by cpu.rt_extra
 */
struct sched_vm_cpu_stat {
	__u32 cpu;
	__u32 flags;
	__aligned_u64 budget_ns;
	__aligned_s64 left_ns;
	__aligned_u64 usage_ns;
	__aligned_u64 throttled_ns;
	__aligned_u64 spilled_ns;
	__aligned_u64 max_overrun_ns;
	__aligned_u64 nr_periods;
	__aligned_u64 nr_throttled;
	__aligned_u64 nr_overruns;
	__aligned_u64 nr_migrations;
	__aligned_u64 nr_deadline_misses;
	__u32 nr_ready;
	__u32 pad;
	__aligned_u64 extra_ns;
};

/* struct sched_vm_cpu_stat::flags */
#define SCHED_VM_CPU_RESERVED	0x1	/* it has a reservation here */
#define SCHED_VM_CPU_THROTTLED	0x2	/* without budget until the period ends */

/**
 * struct sched_vm_stat - statistics of a capsule on all its CPUs (SCHED_VM_STAT)
 * @size: sizeof(struct sched_vm_stat)
 * @flags: 0
 * @cgroup_fd: the cgroup
 * @stride: sizeof(struct sched_vm_cpu_stat), the distance between elements
 * @cpus: pointer to an array of struct sched_vm_cpu_stat
 * @nr_cpus: in: elements that fit into it; out: elements there are. If that is
 *	more, only those that fit were written. Only CPUs where the cgroup has, or
 *	has had, a reservation are in the list, in the order of their numbers.
 * @pad: 0
 */
struct sched_vm_stat {
	__u32 size;
	__u32 flags;
	__s32 cgroup_fd;
	__u32 stride;
	__aligned_u64 cpus;
	__u32 nr_cpus;
	__u32 pad;
};

/* struct sched_vm_check::result: would it be admitted? */
#define SCHED_VM_FITS		0	/* it would */
#define SCHED_VM_BAD_RESERVATION 1	/* Q, D or P out of range */
#define SCHED_VM_NO_CPU		2	/* no CPU in common with the capsule above */
#define SCHED_VM_CPU_FULL	3	/* a CPU has not that much bandwidth left */
#define SCHED_VM_PARENT_FULL	4	/* the capsule above has not that much left */
#define SCHED_VM_BELOW_CHILDREN	5	/* capsules below have more already */
#define SCHED_VM_NOT_PERMITTED	6	/* needs CAP_SYS_NICE */

/**
 * struct sched_vm_check - dry run of an admission (SCHED_VM_CHECK)
 * @size: sizeof(struct sched_vm_check)
 * @flags: 0
 * @cgroup_fd: the cgroup that would get the reservation; what it has now counts
 *	as free. With exceptions from Q on single CPUs, these hold here as well.
 * @cpu: out: the CPU that lacks most, if @result is SCHED_VM_CPU_FULL,
 *	SCHED_VM_PARENT_FULL or SCHED_VM_BELOW_CHILDREN, or else -1
 * @budget_us: Q
 * @period_us: P
 * @deadline_us: D, or 0: the same as P
 * @cpus: pointer to a bitmap of CPUs, an array of __u64 with CPU 0 in the least
 *	significant bit of the first, or 0: the effective cpuset of the cgroup
 * @cpus_bytes: size of the bitmap, a multiple of 8
 * @result: out: SCHED_VM_FITS, or why not
 * @missing_ppm: out: bandwidth that @cpu lacks, rounded up
 * @pad: 0
 * @max_budget_us: out: the largest Q that would be admitted with this P and D on
 *	these CPUs, 0 if none would
 *
 * Nothing is changed, and nothing is promised: somebody else may be faster.
 */
struct sched_vm_check {
	__u32 size;
	__u32 flags;
	__s32 cgroup_fd;
	__s32 cpu;
	__aligned_u64 budget_us;
	__aligned_u64 period_us;
	__aligned_u64 deadline_us;
	__aligned_u64 cpus;
	__u32 cpus_bytes;
	__u32 result;
	__u32 missing_ppm;
	__u32 pad;
	__aligned_u64 max_budget_us;
};

/* struct sched_vm_bind::kind */
#define SCHED_VM_IRQ		0	/* the handler threads of an irq, @id is its number */
#define SCHED_VM_KTHREAD	1	/* a thread of the kernel, as of NAPI; @id is its TID */

/**
 * struct sched_vm_bind - threads of the kernel that are to be served by a capsule
 *	(SCHED_VM_BIND, SCHED_VM_UNBIND)
 * @size: sizeof(struct sched_vm_bind)
 * @flags: 0
 * @cgroup_fd: the cgroup
 * @kind: SCHED_VM_IRQ or SCHED_VM_KTHREAD
 * @id: which
 * @pad: 0
 *
 * Needs CAP_SYS_NICE. -ENOENT: there is no such irq or thread; -EBUSY: it is bound
 * to another cgroup; -EINVAL: a thread that is not the kernel's, or that belongs to
 * an irq or a CPU. Unbinding what is not bound to this cgroup is -ENOENT.
 *
 * An irq stays bound when its driver requests it again, until its number is given
 * back. cpu.rt_irqs lists the irqs of a cgroup, and binds them as well.
 */
struct sched_vm_bind {
	__u32 size;
	__u32 flags;
	__s32 cgroup_fd;
	__u32 kind;
	__u32 id;
	__u32 pad;
};

/* struct sched_vm_eventfd::events */
#define SCHED_VM_EVENT_THROTTLED	0x1
#define SCHED_VM_EVENT_OVERRUN		0x2
#define SCHED_VM_EVENT_DEADLINE_MISS	0x4

/**
 * struct sched_vm_eventfd - have an eventfd signalled (SCHED_VM_EVENTFD)
 * @size: sizeof(struct sched_vm_eventfd)
 * @flags: 0
 * @cgroup_fd: the cgroup
 * @eventfd: an eventfd(2)
 * @events: SCHED_VM_EVENT_*, or 0 to end it
 * @pad: 0
 *
 * The eventfd's counter is increased when one of @events has happened since it
 * was last increased, at most every 10 ms. It ends when the cgroup is removed or
 * when this file of /dev/sched_vm is closed. One for each cgroup, eventfd and
 * file; a second call changes @events. A cgroup takes 16, and then says -ENOSPC.
 */
struct sched_vm_eventfd {
	__u32 size;
	__u32 flags;
	__s32 cgroup_fd;
	__s32 eventfd;
	__u32 events;
	__u32 pad;
};

#define SCHED_VM_QUERY		_IO(SCHED_VM_TYPE, 0x00)
#define SCHED_VM_STAT		_IO(SCHED_VM_TYPE, 0x01)
#define SCHED_VM_CHECK		_IO(SCHED_VM_TYPE, 0x02)
#define SCHED_VM_BIND		_IO(SCHED_VM_TYPE, 0x03)
#define SCHED_VM_UNBIND		_IO(SCHED_VM_TYPE, 0x04)
#define SCHED_VM_EVENTFD	_IO(SCHED_VM_TYPE, 0x05)

#endif /* _UAPI_LINUX_SCHED_VM_H */
