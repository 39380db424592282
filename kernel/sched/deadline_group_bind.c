// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: threads of the kernel that work for a capsule
 *
 * The handler threads of a guest's devices belong into its capsule, but cgroups
 * do not take them: irq threads are PF_NO_SETAFFINITY. So they are bound: such a
 * thread stays in the cgroup that it is in, but dl_group_of() looks for its
 * capsule from another one, task_struct::dl_group_bound.
 *
 * An irq is bound by its number, since its threads come and go with the driver's
 * request_irq() and free_irq(). Each looks for its cgroup when it starts, and when
 * the irq has gone to other CPUs. If the irq is being bound or unbound meanwhile, it
 * either sees the change in dl_group_irqs, or is found among the irq's actions:
 *
 *	+N:	xa_store()	walk of the actions: bind each thread
 *	thread:	is in an action		xa_load(), bind itself
 *
 * Other threads of the kernel, of NAPI for example, are bound one by one.
 *
 * Bindings end with the cgroup, and that of an irq with its descriptor: the next
 * device to be given the number is another one.
 */

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>

/* The cgroup of each irq that is bound; dl_group_mutex to add */
static DEFINE_XARRAY(dl_group_irqs);

/* Was any thread ever bound? If not, nobody looks for one. dl_group_mutex to write */
static bool dl_group_binds;

static void __dl_group_bind_task(struct rq *rq, struct task_struct *p, struct task_group *tg)
{
	lockdep_assert_rq_held(rq);
	lockdep_assert_held(&p->pi_lock);

	/* Exiting threads are not found any more when the cgroup goes. */
	p->dl_group_bound = p->flags & PF_EXITING ? NULL : tg;
	update_rq_clock(rq);
	dl_group_update_task(rq, p);
}

static void dl_group_bind_task(struct task_struct *p, struct task_group *tg)
{
	CLASS(task_rq_lock, guard)(p);

	__dl_group_bind_task(guard.rq, p, tg);
	__balance_callbacks(guard.rq, &guard.rf);
}

/**
 * dl_group_exit() - a thread exits
 * @p: the thread, PF_EXITING
 */
void dl_group_exit(struct task_struct *p)
{
	/* Bound, or just being bound by somebody who has not seen PF_EXITING. */
	if ((p->flags & PF_KTHREAD) && READ_ONCE(dl_group_binds))
		dl_group_bind_task(p, NULL);
}

/**
 * dl_group_irq_thread() - a handler thread of an irq starts, or has followed it
 * @irq: the irq
 *
 * A thread that may run on none of its capsule's CPUs is not served. So when the
 * irq goes to other CPUs, and its thread with it, that is to be decided anew.
 *
 * Context: process context, the thread itself, when its action can be found
 */
void dl_group_irq_thread(unsigned int irq)
{
	if (!dl_group_enabled())
		return;

	CLASS(task_rq_lock, guard)(current);

	__dl_group_bind_task(guard.rq, current, xa_load(&dl_group_irqs, irq));
	__balance_callbacks(guard.rq, &guard.rf);
}

/**
 * dl_group_irq_gone() - an irq's descriptor is being freed
 * @irq: the irq, without handlers
 *
 * Context: process context
 */
void dl_group_irq_gone(unsigned int irq)
{
	if (dl_group_enabled())
		xa_erase(&dl_group_irqs, irq);
}

/* Return: false if there is no such irq */
static bool dl_group_bind_actions(unsigned int irq, struct task_group *tg)
{
	struct irqaction *action;
	struct irq_desc *desc;

	guard(rcu)();
	desc = irq_to_desc(irq);
	if (!desc)
		return false;

	guard(raw_spinlock_irqsave)(&desc->lock);
	for (action = desc->action; action; action = action->next) {
		if (action->thread)
			dl_group_bind_task(action->thread, tg);
		if (action->secondary && action->secondary->thread)
			dl_group_bind_task(action->secondary->thread, tg);
	}

	return true;
}

/**
 * dl_group_bind_irq() - have an irq's threads served by a cgroup's capsule
 * @tg: the cgroup
 * @irq: number of the irq
 *
 * Context: process context, dl_group_mutex and cpu_hotplug_lock held
 * Return: 0, -ENOENT if there is no such irq, -EBUSY if it is bound to another
 *	cgroup, or this one has handed out all that it has, -ENOMEM
 */
static int dl_group_bind_irq(struct task_group *tg, unsigned int irq)
{
	struct task_group *now = xa_load(&dl_group_irqs, irq);
	int ret;

	lockdep_assert_held(&dl_group_mutex);

	if (now && now != tg)
		return -EBUSY;
	if (!irq_to_desc(irq))
		return -ENOENT;
	/* Its threads are FIFO ones, which are in the scope of each capsule. */
	if (dl_group_nearest(tg) && dl_group_nearest(tg)->handed_out)
		return -EBUSY;
	if (!dl_group_get_used(tg))
		return -ENOMEM;

	WRITE_ONCE(dl_group_binds, true);
	ret = xa_err(xa_store(&dl_group_irqs, irq, tg, GFP_KERNEL));
	if (ret)
		return ret;

	/* The descriptor may have been freed meanwhile, and looked for us before. */
	if (!dl_group_bind_actions(irq, tg)) {
		xa_erase(&dl_group_irqs, irq);
		return -ENOENT;
	}

	return 0;
}

static int dl_group_unbind_irq(struct task_group *tg, unsigned int irq)
{
	lockdep_assert_held(&dl_group_mutex);

	if (xa_load(&dl_group_irqs, irq) != tg)
		return -ENOENT;

	xa_erase(&dl_group_irqs, irq);
	dl_group_bind_actions(irq, NULL);
	return 0;
}

/* The thread of the kernel @tid, if it may be bound: those of irqs and CPUs may not. */
static struct task_struct *dl_group_get_kthread(pid_t tid)
{
	struct task_struct *p __free(put_task) = find_get_task_by_vpid(tid);

	if (!p)
		return ERR_PTR(-ENOENT);
	if (!(p->flags & PF_KTHREAD) || (p->flags & PF_NO_SETAFFINITY) || p == kthreadd_task)
		return ERR_PTR(-EINVAL);

	return no_free_ptr(p);
}

/**
 * dl_group_bind_kthread() - have a thread of the kernel served by a capsule
 * @tg: the cgroup
 * @tid: the thread's ID, as the caller knows it
 *
 * Context: process context, dl_group_mutex and cpu_hotplug_lock held
 * Return: 0, -ENOENT if there is no such thread, -EINVAL if it cannot be bound,
 *	-EBUSY if it is bound to another cgroup, or this one has handed out all that it
 *	has, -ENOMEM
 */
static int dl_group_bind_kthread(struct task_group *tg, pid_t tid)
{
	struct task_struct *p __free(put_task) = dl_group_get_kthread(tid);

	lockdep_assert_held(&dl_group_mutex);

	if (IS_ERR(p))
		return PTR_ERR(no_free_ptr(p));
	if ((p->dl_group_bound && p->dl_group_bound != tg) || dl_group_is_handed_out(tg, p))
		return -EBUSY;
	if (!dl_group_get_used(tg))
		return -ENOMEM;

	WRITE_ONCE(dl_group_binds, true);
	dl_group_bind_task(p, tg);
	return 0;
}

static int dl_group_unbind_kthread(struct task_group *tg, pid_t tid)
{
	struct task_struct *p __free(put_task) = dl_group_get_kthread(tid);

	lockdep_assert_held(&dl_group_mutex);

	if (IS_ERR(p))
		return PTR_ERR(no_free_ptr(p));
	if (p->dl_group_bound != tg)
		return -ENOENT;

	dl_group_bind_task(p, NULL);
	return 0;
}

/* Call @fn for each thread bound to @tg, or below it, until it returns true. */
bool dl_group_visit_bound(struct task_group *tg, dl_group_visit_f fn, void *arg)
{
	struct task_struct *g, *p;

	lockdep_assert_held(&dl_group_mutex);

	if (!dl_group_binds)
		return false;

	guard(rcu)();
	for_each_process_thread(g, p) {
		struct task_group *bound = READ_ONCE(p->dl_group_bound);

		if (bound && cgroup_is_descendant(bound->css.cgroup, tg->css.cgroup) &&
		    fn(p, arg))
			return true;
	}

	return false;
}

static bool dl_group_release_bound(struct task_struct *p, void *arg)
{
	dl_group_bind_task(p, NULL);
	return false;
}

/* The cgroup, which has none below it, goes: who was bound returns to where he was. */
void dl_group_unbind_all(struct task_group *tg)
{
	struct task_group *entry;
	unsigned long irq;

	lockdep_assert_held(&dl_group_mutex);

	/* First the irqs, so that no thread binds itself any more, and who is about to. */
	xa_for_each(&dl_group_irqs, irq, entry) {
		if (entry == tg)
			dl_group_unbind_irq(tg, irq);
	}
	dl_group_visit_bound(tg, dl_group_release_bound, NULL);
}

static int dl_group_irqs_show(struct seq_file *sf, void *v)
{
	struct task_group *entry, *tg = css_tg(seq_css(sf));
	unsigned long irq;

	guard(mutex)(&dl_group_mutex);
	xa_for_each(&dl_group_irqs, irq, entry) {
		if (entry == tg)
			seq_printf(sf, "%lu\n", irq);
	}

	return 0;
}

/* Those that were not bound before have a mark. */
static int dl_group_irqs_bind(struct task_group *tg, char *text)
{
	unsigned int irq;
	char *word;
	int ret;

	while ((word = strsep(&text, "\n "))) {
		word += *word == '+';
		if (!isdigit(*word) || kstrtouint(word, 10, &irq))
			return -EINVAL;
		if (xa_load(&dl_group_irqs, irq) == tg)
			continue;
		ret = dl_group_bind_irq(tg, irq);
		if (ret)
			return ret;
		xa_set_mark(&dl_group_irqs, irq, XA_MARK_0);
	}

	return 0;
}

/* "-N", or a list of "N" or "+N", as it is shown: an empty one, too. */
static int dl_group_irqs_change(struct task_group *tg, char *text)
{
	struct task_group *entry;
	unsigned long irq;
	unsigned int one;
	int ret;

	if (*text == '-') {
		if (!isdigit(text[1]) || kstrtouint(text + 1, 10, &one))
			return -EINVAL;
		return dl_group_unbind_irq(tg, one);
	}

	ret = *text ? dl_group_irqs_bind(tg, text) : 0;
	xa_for_each_marked(&dl_group_irqs, irq, entry, XA_MARK_0) {
		xa_clear_mark(&dl_group_irqs, irq, XA_MARK_0);
		if (ret)
			dl_group_unbind_irq(tg, irq);
	}

	return ret;
}

static ssize_t dl_group_irqs_write(struct kernfs_open_file *of, char *buf,
				   size_t nbytes, loff_t off)
{
	/* Nor is who opened it, and had somebody else write, to do what he may not. */
	if (!capable(CAP_SYS_NICE) || !file_ns_capable(of->file, &init_user_ns, CAP_SYS_NICE))
		return -EPERM;

	guard(cpus_read_lock)();
	guard(mutex)(&dl_group_mutex);

	return dl_group_irqs_change(css_tg(of_css(of)), strstrip(buf)) ?: nbytes;
}
