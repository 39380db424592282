/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sched_vm

#if !defined(_TRACE_SCHED_VM_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_SCHED_VM_H

#include <linux/tracepoint.h>

/*
 * What happens to a capsule's server on a CPU: @cgroup is the inode of the
 * capsule's folder in cgroupfs, @runtime what is left of the budget, @left the
 * time to the deadline, both in ns.
 */
DECLARE_EVENT_CLASS(dl_group_server,

	TP_PROTO(struct dl_group_server *srv),

	TP_ARGS(srv),

	TP_STRUCT__entry(
		__field(u64,	cgroup)
		__field(int,	cpu)
		__field(u32,	nr_ready)
		__field(s64,	runtime)
		__field(s64,	left)
	),

	TP_fast_assign(
		struct rq *rq = srv->dl_se.rq;

		__entry->cgroup		= cgroup_id(srv->group->tg->css.cgroup);
		__entry->cpu		= cpu_of(rq);
		__entry->nr_ready	= srv->nr_ready;
		__entry->runtime	= srv->dl_se.runtime;
		__entry->left		= srv->dl_se.deadline - rq_clock(rq);
	),

	TP_printk("cgroup=%llu cpu=%d nr_ready=%u runtime=%lld left=%lld",
		  __entry->cgroup, __entry->cpu, __entry->nr_ready,
		  __entry->runtime, __entry->left)
);

/* The first thread became ready. */
DEFINE_EVENT(dl_group_server, dl_group_start,
	TP_PROTO(struct dl_group_server *srv),
	TP_ARGS(srv));

/* The last thread is gone. */
DEFINE_EVENT(dl_group_server, dl_group_stop,
	TP_PROTO(struct dl_group_server *srv),
	TP_ARGS(srv));

/* The budget is used up; what it was exceeded by is a negative runtime. */
DEFINE_EVENT(dl_group_server, dl_group_throttle,
	TP_PROTO(struct dl_group_server *srv),
	TP_ARGS(srv));

/* The budget was exceeded by more than enforcement by timer takes. */
DEFINE_EVENT(dl_group_server, dl_group_overrun,
	TP_PROTO(struct dl_group_server *srv),
	TP_ARGS(srv));

/* A period begins, after a throttle. */
DEFINE_EVENT(dl_group_server, dl_group_replenish,
	TP_PROTO(struct dl_group_server *srv),
	TP_ARGS(srv));

/* Beyond its budget, a thread is picked where the CPU would be idle. */
DEFINE_EVENT(dl_group_server, dl_group_idle,
	TP_PROTO(struct dl_group_server *srv),
	TP_ARGS(srv));

/*
 * A thread that was, or is, outside its capsule has had @took ns there since the last
 * such event: @extra, or else spill, which is a debt.
 */
TRACE_EVENT(dl_group_outside,

	TP_PROTO(struct task_struct *p, u64 took, bool extra),

	TP_ARGS(p, took, extra),

	TP_STRUCT__entry(
		__field(u64,	cgroup)
		__array(char,	comm, TASK_COMM_LEN)
		__field(pid_t,	pid)
		__field(int,	cpu)
		__field(u64,	took)
		__field(bool,	extra)
	),

	TP_fast_assign(
		__entry->cgroup		= cgroup_id(p->dl_group->tg->css.cgroup);
		__entry->pid		= p->pid;
		__entry->cpu		= task_cpu(p);
		__entry->took		= took;
		__entry->extra		= extra;
		strscpy(__entry->comm, p->comm);
	),

	TP_printk("cgroup=%llu comm=%s pid=%d cpu=%d took=%llu extra=%d",
		  __entry->cgroup, __entry->comm, __entry->pid, __entry->cpu,
		  __entry->took, __entry->extra)
);

/* A ready thread comes from another CPU, since there is budget here. */
TRACE_EVENT(dl_group_migrate,

	TP_PROTO(struct dl_group_server *srv, struct task_struct *p, int from),

	TP_ARGS(srv, p, from),

	TP_STRUCT__entry(
		__field(u64,	cgroup)
		__array(char,	comm, TASK_COMM_LEN)
		__field(pid_t,	pid)
		__field(int,	from)
		__field(int,	to)
	),

	TP_fast_assign(
		__entry->cgroup		= cgroup_id(srv->group->tg->css.cgroup);
		__entry->pid		= p->pid;
		__entry->from		= from;
		__entry->to		= cpu_of(srv->dl_se.rq);
		strscpy(__entry->comm, p->comm);
	),

	TP_printk("cgroup=%llu comm=%s pid=%d from=%d to=%d",
		  __entry->cgroup, __entry->comm, __entry->pid, __entry->from, __entry->to)
);

#endif /* _TRACE_SCHED_VM_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
