// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: who is told when something happens
 *
 * Who waits for events with poll() or inotify, or has given an eventfd, is told
 * from an irq_work and a timer, since the rq lock is held when they happen, and
 * not more often than every DL_GROUP_NOTIFY_INTERVAL. cgroup_file_notify() would not
 * serve: it takes locks that must not be taken below an rq lock, and wants a timer in
 * each task_group, where a cgroup that is told nothing is to cost a pointer.
 */

#include <linux/eventfd.h>

#define DL_GROUP_NOTIFY_INTERVAL	(10 * NSEC_PER_MSEC)

/* They are all told from one softirq, and outlive the file descriptor. */
#define DL_GROUP_MAX_LISTENERS		16

/* What can be waited for, in the order of the bits SCHED_VM_EVENT_*. */
#define DL_GROUP_NR_EVENTS		3
#define DL_GROUP_ALL_EVENTS		GENMASK(DL_GROUP_NR_EVENTS - 1, 0)

/**
 * struct dl_group_events - who waits for a capsule's events
 * @kn: the file cpu.rt_events, referenced, or NULL if it was never opened; set
 *	once
 * @work: leads out of the rq lock
 * @timer: waits for the end of the interval
 * @notified: when somebody was last notified; @work and @timer only
 * @lock: guards @listeners
 * @listeners: eventfds
 * @nr_listeners: so many of them; dl_group_mutex
 */
struct dl_group_events {
	struct kernfs_node	*kn;
	struct irq_work		work;
	struct hrtimer		timer;
	ktime_t			notified;
	spinlock_t		lock;		/* guards @listeners */
	struct list_head	listeners;
	unsigned int		nr_listeners;
};

/**
 * struct dl_group_listener - an eventfd that is told of a capsule's events
 * @node: in dl_group_listeners; dl_group_mutex
 * @of_group: in dl_group_events::listeners
 * @dlg: the capsule
 * @file: of /dev/sched_vm, which made it, and takes it along when it is closed
 * @ctx: the eventfd, referenced
 * @events: what it waits for, SCHED_VM_EVENT_*; dl_group_events::lock
 * @seen: the counters when it was last told; dl_group_events::lock
 */
struct dl_group_listener {
	struct list_head	node;
	struct list_head	of_group;
	struct dl_group		*dlg;
	struct file		*file;
	struct eventfd_ctx	*ctx;
	u32			events;
	u64			seen[DL_GROUP_NR_EVENTS];
};

static LIST_HEAD(dl_group_listeners);

/* Not exact while they change; but then there will be another notification. */
static void dl_group_count_events(struct dl_group *dlg, u64 *count)
{
	struct dl_group_server *srv;
	int cpu;

	memset(count, 0, DL_GROUP_NR_EVENTS * sizeof(*count));
	for_each_possible_cpu(cpu) {
		srv = READ_ONCE(dlg->place[cpu].own);
		if (!srv)
			continue;
		count[0] += READ_ONCE(srv->stat.nr_throttled);
		count[1] += READ_ONCE(srv->stat.nr_overruns);
		count[2] += READ_ONCE(srv->stat.nr_misses);
	}
}

static void dl_group_tell_listener(struct dl_group_listener *listener, const u64 *count)
{
	bool news = false;
	int i;

	for (i = 0; i < DL_GROUP_NR_EVENTS; i++) {
		news |= (listener->events & BIT(i)) && listener->seen[i] != count[i];
		listener->seen[i] = count[i];
	}
	if (news)
		eventfd_signal(listener->ctx);
}

static void dl_group_tell_listeners(struct dl_group_events *events)
{
	struct dl_group_listener *listener;
	u64 count[DL_GROUP_NR_EVENTS];

	guard(spinlock_bh)(&events->lock);

	listener = list_first_entry_or_null(&events->listeners, typeof(*listener), of_group);
	if (!listener)
		return;

	dl_group_count_events(listener->dlg, count);
	list_for_each_entry(listener, &events->listeners, of_group)
		dl_group_tell_listener(listener, count);
}

static enum hrtimer_restart dl_group_notify_timer(struct hrtimer *timer)
{
	struct dl_group_events *events = container_of(timer, struct dl_group_events, timer);

	/* Pairs with dl_group_events_open(). */
	struct kernfs_node *kn = smp_load_acquire(&events->kn);

	WRITE_ONCE(events->notified, ktime_get());
	if (kn)
		kernfs_notify(kn);
	dl_group_tell_listeners(events);
	return HRTIMER_NORESTART;
}

static void dl_group_notify_work(struct irq_work *work)
{
	struct dl_group_events *events = container_of(work, struct dl_group_events, work);
	ktime_t next = ktime_add_ns(READ_ONCE(events->notified), DL_GROUP_NOTIFY_INTERVAL);

	if (!hrtimer_is_queued(&events->timer))
		hrtimer_start(&events->timer, next, HRTIMER_MODE_ABS_SOFT);
}

/**
 * dl_group_notify() - one of a capsule's counters of events has changed
 * @dlg: the capsule
 *
 * Context: any
 */
void dl_group_notify(struct dl_group *dlg)
{
	/* Pairs with dl_group_get_events(). */
	struct dl_group_events *events = smp_load_acquire(&dlg->events);

	if (events)
		irq_work_queue(&events->work);
}

/* Where nobody has ever waited, nobody need be told. */
static struct dl_group_events *dl_group_get_events(struct task_group *tg)
{
	struct dl_group *dlg = dl_group_get(tg);
	struct dl_group_events *events;

	lockdep_assert_held(&dl_group_mutex);

	if (!dlg || dlg->events)
		return dlg ? dlg->events : NULL;

	events = kzalloc_obj(*events, GFP_KERNEL_ACCOUNT);
	if (!events)
		return NULL;

	init_irq_work(&events->work, dl_group_notify_work);
	hrtimer_setup(&events->timer, dl_group_notify_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_SOFT);
	spin_lock_init(&events->lock);
	INIT_LIST_HEAD(&events->listeners);
	/* Pairs with dl_group_notify(). */
	smp_store_release(&dlg->events, events);
	return events;
}

static int dl_group_events_open(struct kernfs_open_file *of)
{
	struct dl_group_events *events;

	guard(mutex)(&dl_group_mutex);

	events = dl_group_get_events(css_tg(of_css(of)));
	if (!events)
		return -ENOMEM;
	if (!events->kn) {
		kernfs_get(of->kn);
		/* Pairs with dl_group_notify_timer(). */
		smp_store_release(&events->kn, of->kn);
	}

	return 0;
}

static int dl_group_events_show(struct seq_file *sf, void *v)
{
	u64 count[DL_GROUP_NR_EVENTS] = {};
	struct dl_group *dlg;

	guard(mutex)(&dl_group_mutex);

	dlg = css_tg(seq_css(sf))->dl_group;
	if (dlg)
		dl_group_count_events(dlg, count);
	seq_printf(sf, "throttled %llu\noverrun %llu\ndeadline_miss %llu\nrefused %llu\n",
		   count[0], count[1], count[2], dlg ? dlg->refused : 0);
	return 0;
}

static struct dl_group_listener *dl_group_find_listener(struct dl_group *dlg, struct file *file,
							struct eventfd_ctx *ctx)
{
	struct dl_group_listener *listener;

	lockdep_assert_held(&dl_group_mutex);

	if (!dlg || !dlg->events)
		return NULL;

	list_for_each_entry(listener, &dlg->events->listeners, of_group) {
		if (listener->file == file && listener->ctx == ctx)
			return listener;
	}

	return NULL;
}

/* Takes the reference of @ctx. */
static int dl_group_add_listener(struct dl_group *dlg, struct file *file,
				 struct eventfd_ctx *ctx, u32 events)
{
	struct dl_group_listener *listener = NULL;
	bool full = dlg->events->nr_listeners >= DL_GROUP_MAX_LISTENERS;

	if (!full)
		listener = kzalloc_obj(*listener, GFP_KERNEL_ACCOUNT);
	if (!listener) {
		eventfd_ctx_put(ctx);
		return full ? -ENOSPC : -ENOMEM;
	}

	listener->dlg = dlg;
	listener->file = file;
	listener->ctx = ctx;
	listener->events = events;
	dl_group_count_events(dlg, listener->seen);
	list_add(&listener->node, &dl_group_listeners);
	dlg->events->nr_listeners++;

	guard(spinlock_bh)(&dlg->events->lock);
	list_add(&listener->of_group, &dlg->events->listeners);
	return 0;
}

static void dl_group_remove_listener(struct dl_group_listener *listener)
{
	lockdep_assert_held(&dl_group_mutex);

	list_del(&listener->node);
	listener->dlg->events->nr_listeners--;
	scoped_guard (spinlock_bh, &listener->dlg->events->lock)
		list_del(&listener->of_group);
	eventfd_ctx_put(listener->ctx);
	kfree(listener);
}

static int dl_group_change_listener(struct dl_group_listener *listener, u32 events)
{
	if (!events) {
		dl_group_remove_listener(listener);
		return 0;
	}

	guard(spinlock_bh)(&listener->dlg->events->lock);
	listener->events = events;
	return 0;
}

/**
 * dl_group_listen() - have an eventfd signalled, or no longer
 * @tg: a cgroup, referenced
 * @file: an open file of /dev/sched_vm
 * @fd: the eventfd
 * @events: SCHED_VM_EVENT_*; 0: none
 *
 * Context: process context
 * Return: 0; what eventfd_ctx_fdget() says; -ENOENT if there is nothing to end;
 *	-ENOSPC if DL_GROUP_MAX_LISTENERS others wait for the same cgroup; -ENOMEM
 */
static int dl_group_listen(struct task_group *tg, struct file *file, int fd, u32 events)
{
	struct eventfd_ctx *ctx = eventfd_ctx_fdget(fd);
	struct dl_group_listener *listener;
	int ret = -ENOENT;

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);

	guard(mutex)(&dl_group_mutex);

	listener = dl_group_find_listener(tg->dl_group, file, ctx);
	if (!listener && events) {
		if (dl_group_get_events(tg))
			return dl_group_add_listener(tg->dl_group, file, ctx, events);
		ret = -ENOMEM;
	}
	if (listener)
		ret = dl_group_change_listener(listener, events);

	eventfd_ctx_put(ctx);
	return ret;
}

/**
 * dl_group_listen_end() - a file of /dev/sched_vm is closed
 * @file: the file
 *
 * Context: process context
 */
static void dl_group_listen_end(struct file *file)
{
	struct dl_group_listener *listener, *next;

	guard(mutex)(&dl_group_mutex);
	list_for_each_entry_safe(listener, next, &dl_group_listeners, node) {
		if (listener->file == file)
			dl_group_remove_listener(listener);
	}
}

void dl_group_free_events(struct dl_group *dlg)
{
	struct dl_group_events *events = dlg->events;
	struct dl_group_listener *listener, *next;

	if (!events)
		return;

	irq_work_sync(&events->work);
	hrtimer_cancel(&events->timer);
	scoped_guard (mutex, &dl_group_mutex) {
		list_for_each_entry_safe(listener, next, &events->listeners, of_group)
			dl_group_remove_listener(listener);
	}
	kernfs_put(events->kn);
	kfree(events);
}
