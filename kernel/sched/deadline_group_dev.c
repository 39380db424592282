// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: /dev/sched_vm
 *
 * The ioctls of include/uapi/linux/sched_vm.h, which describes them. Each is a
 * function that gets its argument as the structure that this kernel knows, filled
 * up with zeros, and says whether it is to be copied back. Whatever they do is
 * done elsewhere: here is only who may, and what fits in.
 */

#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/kernfs.h>
#include <linux/miscdevice.h>
#include <linux/nospec.h>
#include <uapi/linux/sched_vm.h>

/* The argument of an ioctl; @size is what user space knows of it. */
union dl_group_arg {
	__u32			size;
	struct sched_vm_query	query;
	struct sched_vm_stat	stat;
	struct sched_vm_check	check;
	struct sched_vm_bind	bind;
	struct sched_vm_eventfd	eventfd;
};

/* As for the files of a cgroup, see cgroup_file_write(). */
static bool dl_group_is_ns_root(struct cgroup *cgrp)
{
	struct cgroup_namespace *ns = current->nsproxy->cgroup_ns;

	return (cgrp->root->flags & CGRP_ROOT_NS_DELEGATE) && ns != &init_cgroup_ns &&
	       ns->root_cset->dfl_cgrp == cgrp;
}

/* Who may write cpu.rt_budget_us may do this. */
static int dl_group_may(struct cgroup *cgrp, struct super_block *sb)
{
	struct kernfs_node *kn;
	struct inode *inode;
	int ret;

	if (dl_group_is_ns_root(cgrp))
		return -EPERM;

	kn = kernfs_find_and_get(cgrp->kn, "cpu.rt_budget_us");
	if (!kn)
		return cgroup_parent(cgrp) ? -ENOENT : -EOPNOTSUPP;

	inode = kernfs_get_inode(sb, kn);
	kernfs_put(kn);
	if (!inode)
		return -ENOMEM;

	ret = inode_permission(&nop_mnt_idmap, inode, MAY_WRITE);
	iput(inode);
	return ret;
}

/* The task group of an open directory, referenced. */
static struct task_group *dl_group_tg_of_fd(int fd)
{
	struct cgroup_subsys_state *css;
	struct cgroup *cgrp;
	int ret;

	CLASS(fd_raw, f)(fd);
	if (fd_empty(f))
		return ERR_PTR(-EBADF);

	css = css_tryget_online_from_dir(fd_file(f)->f_path.dentry, &cpu_cgrp_subsys);
	if (IS_ERR(css))
		return ERR_CAST(css);

	cgrp = css->cgroup;
	ret = -EOPNOTSUPP;
	if (cgroup_on_dfl(cgrp))
		ret = dl_group_may(cgrp, fd_file(f)->f_path.dentry->d_sb);
	if (ret) {
		css_put(css);
		return ERR_PTR(ret);
	}

	return css_tg(css);
}

static int dl_group_query(struct file *file, union dl_group_arg *arg)
{
	struct sched_vm_query *query = &arg->query;

	if (query->flags)
		return -EINVAL;

	query->version = SCHED_VM_VERSION;
	query->nr_cpus = nr_cpu_ids;
	query->features = SCHED_VM_FEATURE_STAT | SCHED_VM_FEATURE_CHECK |
			  SCHED_VM_FEATURE_EVENTFD | SCHED_VM_FEATURE_BIND_IRQ |
			  SCHED_VM_FEATURE_BIND_KTHREAD | SCHED_VM_FEATURE_EXTRA;
	query->budget_min_us = DL_GROUP_MIN_RUNTIME / NSEC_PER_USEC;
	query->period_min_us = READ_ONCE(sysctl_sched_dl_period_min);
	query->period_max_us = READ_ONCE(sysctl_sched_dl_period_max);
	return 0;
}

static void dl_group_fill_stat(struct dl_group *dlg, int cpu, struct sched_vm_cpu_stat *out)
{
	struct sched_dl_entity *dl_se = &dlg->place[cpu].own->dl_se;
	struct dl_group_stat stat;

	dl_group_read_stat(dlg, cpu, &stat);
	*out = (struct sched_vm_cpu_stat){
		.cpu = cpu,
		.usage_ns = stat.usage,
		.throttled_ns = stat.throttled,
		.spilled_ns = stat.spilled,
		.max_overrun_ns = stat.max_overrun,
		.nr_periods = stat.nr_periods,
		.nr_throttled = stat.nr_throttled,
		.nr_overruns = stat.nr_overruns,
		.nr_migrations = stat.nr_migrations,
		.nr_deadline_misses = stat.nr_misses,
		.extra_ns = stat.extra,
	};

	guard(rq_lock_irqsave)(cpu_rq(cpu));
	out->nr_ready = dlg->place[cpu].own->nr_ready;
	if (dl_se->dl_bw_attached) {
		out->flags |= SCHED_VM_CPU_RESERVED;
		out->budget_ns = dl_se->dl_runtime;
		out->left_ns = dl_se->runtime;
	}
	if (dl_se->dl_throttled)
		out->flags |= SCHED_VM_CPU_THROTTLED;
}

static int dl_group_copy_stats(struct task_group *tg, struct sched_vm_stat *arg)
{
	/* Pairs with dl_group_get(). */
	struct dl_group *dlg = smp_load_acquire(&tg->dl_group);
	struct sched_vm_cpu_stat stat;
	u32 nr = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		void __user *to = u64_to_user_ptr(arg->cpus) + (u64)nr * arg->stride;

		if (!dlg || !dlg->place[cpu].own)
			continue;
		if (nr++ >= arg->nr_cpus)
			continue;
		dl_group_fill_stat(dlg, cpu, &stat);
		if (copy_struct_to_user(to, arg->stride, &stat, sizeof(stat), NULL))
			return -EFAULT;
	}

	arg->nr_cpus = nr;
	return 0;
}

/* What every program knows of an element. */
#define DL_GROUP_STAT_SIZE0	offsetofend(struct sched_vm_cpu_stat, nr_deadline_misses)

static int dl_group_ioctl_stat(struct file *file, union dl_group_arg *arg)
{
	struct sched_vm_stat *stat = &arg->stat;
	struct task_group *tg;
	int ret;

	if (stat->flags || stat->pad || stat->stride < DL_GROUP_STAT_SIZE0 ||
	    stat->stride > PAGE_SIZE)
		return -EINVAL;

	tg = dl_group_tg_of_fd(stat->cgroup_fd);
	if (IS_ERR(tg))
		return PTR_ERR(tg);

	/* A server, once there, remains, and so does the group: no lock is needed. */
	ret = dl_group_copy_stats(tg, stat);
	css_put(&tg->css);
	return ret;
}

/* The bitmap of the caller, or the effective cpuset, within what the parent has. */
static void dl_group_check_cpus(struct task_group *tg, const u64 *words, u32 bytes,
				struct cpumask *cpus)
{
	struct dl_group *parent = dl_group_parent(tg);

	if (words) {
		cpumask_clear(cpus);
		bitmap_from_arr64(cpumask_bits(cpus), words,
				  min_t(u32, nr_cpu_ids, bytes * BITS_PER_BYTE));
		cpumask_and(cpus, cpus, cpu_possible_mask);
	} else {
		dl_group_cpuset_cpus(tg->css.cgroup, cpus);
	}
	if (parent)
		dl_group_keep_cpus(parent, cpus);
}

/* What @runtime by @deadline is by the deadline of @dlg. */
static u64 dl_group_part_of(struct dl_group *dlg, u64 runtime, u64 deadline)
{
	return mul_u64_u64_div_u64(runtime, min(dlg->spec.deadline, dlg->spec.period), deadline);
}

/*
 * On each CPU there is a least budget, for the capsules below, and a largest.
 * Which CPU is farthest from having that of @spec, and which budget would do?
 */
static void dl_group_check_fit(struct task_group *tg, const struct dl_group_spec *spec,
			       const struct cpumask *cpus, struct sched_vm_check *arg)
{
	u64 deadline = min(spec->deadline, spec->period);
	u64 above = dl_group_keeps_above(tg->parent, tg), keeps = dl_group_keeps(tg, NULL);
	u64 least = 0, most = deadline, worst = 0;
	struct dl_group *parent = dl_group_parent(tg);
	bool hopeless = false, crumbs = false;
	int cpu;

	for_each_cpu(cpu, cpus) {
		u64 budget = dl_group_params_on(spec, cpu).runtime;
		u64 low = DIV_ROUND_UP_ULL(dl_group_below(tg, cpu, deadline),
					   1ULL << DL_GROUP_SHARE_SHIFT);
		u64 high = dl_group_budget_most(tg, cpu, deadline, above);
		u64 lacks;

		crumbs |= (low && budget >= low && dl_group_is_crumb(budget - low)) ||
			  (parent && budget <= high &&
			   dl_group_is_crumb(dl_group_part_of(parent, high - budget, deadline) +
					     above));
		if (low)
			low += keeps;
		lacks = budget < low ? low - budget : budget > high ? budget - high : 0;
		if (spec->cpu_budget && spec->cpu_budget[cpu] != RUNTIME_INF) {
			hopeless |= !!lacks;
		} else {
			least = max(least, low);
			most = min(most, high);
		}
		if (lacks <= worst)
			continue;
		worst = lacks;
		arg->cpu = cpu;
		arg->result = budget < low ? SCHED_VM_BELOW_CHILDREN :
			      parent ? SCHED_VM_PARENT_FULL : SCHED_VM_CPU_FULL;
	}

	if (!worst && crumbs && !capable(CAP_SYS_NICE))
		arg->result = SCHED_VM_NOT_PERMITTED;

	worst = mul_u64_u64_div_u64_roundup(worst, 1000000, deadline);
	arg->missing_ppm = min_t(u64, worst, U32_MAX);
	if (!hopeless && least <= most && most >= DL_GROUP_MIN_RUNTIME)
		arg->max_budget_us = div_u64(most, NSEC_PER_USEC);
}

/* @words is a copy: no access to user space may wait with these locks held. */
static int dl_group_dry_run(struct task_group *tg, struct sched_vm_check *arg, const u64 *words)
{
	struct dl_group_spec spec = {
		.budget = arg->budget_us * NSEC_PER_USEC,
		.period = arg->period_us * NSEC_PER_USEC,
		.deadline = arg->deadline_us ? arg->deadline_us * NSEC_PER_USEC : RUNTIME_INF,
	};
	cpumask_var_t cpus;

	guard(cpus_read_lock)();
	guard(mutex)(&dl_group_mutex);

	spec.cpu_budget = dl_group_spec_of(tg)->cpu_budget;
	if (arg->budget_us > U32_MAX || arg->period_us > U32_MAX || arg->deadline_us > U32_MAX ||
	    !arg->budget_us || dl_group_check_spec(&spec, dl_group_spec_of(tg))) {
		arg->result = SCHED_VM_BAD_RESERVATION;
		return 0;
	}
	if (!dl_group_owner_may(tg, &spec) && !capable(CAP_SYS_NICE)) {
		arg->result = SCHED_VM_NOT_PERMITTED;
		return 0;
	}

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;

	dl_group_check_cpus(tg, words, arg->cpus_bytes, cpus);
	if (cpumask_empty(cpus))
		arg->result = SCHED_VM_NO_CPU;
	else
		dl_group_check_fit(tg, &spec, cpus, arg);

	free_cpumask_var(cpus);
	return 0;
}

static int dl_group_ioctl_check(struct file *file, union dl_group_arg *arg)
{
	struct sched_vm_check *check = &arg->check;
	struct task_group *tg;
	u64 *words = NULL;
	int ret;

	if (check->flags || check->pad || !check->cpus != !check->cpus_bytes ||
	    check->cpus_bytes % sizeof(u64) || check->cpus_bytes > PAGE_SIZE)
		return -EINVAL;

	tg = dl_group_tg_of_fd(check->cgroup_fd);
	if (IS_ERR(tg))
		return PTR_ERR(tg);

	if (check->cpus)
		words = memdup_user(u64_to_user_ptr(check->cpus), check->cpus_bytes);
	if (IS_ERR(words)) {
		css_put(&tg->css);
		return PTR_ERR(words);
	}

	check->cpu = -1;
	check->result = SCHED_VM_FITS;
	check->missing_ppm = 0;
	check->max_budget_us = 0;
	ret = dl_group_dry_run(tg, check, words);
	kfree(words);
	css_put(&tg->css);
	return ret;
}

static int dl_group_do_bind(struct task_group *tg, const struct sched_vm_bind *bind, bool on)
{
	guard(cpus_read_lock)();
	guard(mutex)(&dl_group_mutex);

	/* Its bindings have ended, and nobody would end another one. */
	if (css_is_dying(&tg->css))
		return -ENOENT;

	switch (bind->kind) {
	case SCHED_VM_IRQ:
		return on ? dl_group_bind_irq(tg, bind->id) : dl_group_unbind_irq(tg, bind->id);
	case SCHED_VM_KTHREAD:
		return on ? dl_group_bind_kthread(tg, bind->id) :
			    dl_group_unbind_kthread(tg, bind->id);
	default:
		return -EINVAL;
	}
}

static int dl_group_ioctl_bind(struct sched_vm_bind *bind, bool on)
{
	struct task_group *tg;
	int ret;

	if (bind->flags || bind->pad || bind->id > INT_MAX)
		return -EINVAL;
	if (!capable(CAP_SYS_NICE))
		return -EPERM;

	tg = dl_group_tg_of_fd(bind->cgroup_fd);
	if (IS_ERR(tg))
		return PTR_ERR(tg);

	ret = dl_group_do_bind(tg, bind, on);
	css_put(&tg->css);
	return ret;
}

static int dl_group_bind(struct file *file, union dl_group_arg *arg)
{
	return dl_group_ioctl_bind(&arg->bind, true);
}

static int dl_group_unbind(struct file *file, union dl_group_arg *arg)
{
	return dl_group_ioctl_bind(&arg->bind, false);
}

static int dl_group_ioctl_eventfd(struct file *file, union dl_group_arg *arg)
{
	struct sched_vm_eventfd *eventfd = &arg->eventfd;
	struct task_group *tg;
	int ret;

	if (eventfd->flags || eventfd->pad || eventfd->events & ~DL_GROUP_ALL_EVENTS)
		return -EINVAL;

	tg = dl_group_tg_of_fd(eventfd->cgroup_fd);
	if (IS_ERR(tg))
		return PTR_ERR(tg);

	ret = dl_group_listen(tg, file, eventfd->eventfd, eventfd->events);
	css_put(&tg->css);
	return ret;
}

/**
 * struct dl_group_ioctl - an ioctl
 * @fn: does it
 * @size: of the structure that this kernel knows
 * @size0: what every program knows of it
 */
struct dl_group_ioctl {
	int			(*fn)(struct file *file, union dl_group_arg *arg);
	size_t			size;
	size_t			size0;
};

#define DL_GROUP_IOCTL(cmd, func, type, last)				\
	[_IOC_NR(cmd)] = {						\
		.fn = func,						\
		.size = sizeof(struct type),				\
		.size0 = offsetofend(struct type, last),		\
	}

static const struct dl_group_ioctl dl_group_ioctls[] = {
	DL_GROUP_IOCTL(SCHED_VM_QUERY, dl_group_query, sched_vm_query, features),
	DL_GROUP_IOCTL(SCHED_VM_STAT, dl_group_ioctl_stat, sched_vm_stat, pad),
	DL_GROUP_IOCTL(SCHED_VM_CHECK, dl_group_ioctl_check, sched_vm_check, result),
	DL_GROUP_IOCTL(SCHED_VM_BIND, dl_group_bind, sched_vm_bind, pad),
	DL_GROUP_IOCTL(SCHED_VM_UNBIND, dl_group_unbind, sched_vm_bind, pad),
	DL_GROUP_IOCTL(SCHED_VM_EVENTFD, dl_group_ioctl_eventfd, sched_vm_eventfd, pad),
};

static long dl_group_dev_ioctl(struct file *file, unsigned int cmd, unsigned long ptr)
{
	const struct dl_group_ioctl *ioctl;
	void __user *user = (void __user *)ptr;
	unsigned int nr = _IOC_NR(cmd);
	union dl_group_arg arg;
	u32 size;
	int ret;

	if (cmd != _IO(SCHED_VM_TYPE, nr) || nr >= ARRAY_SIZE(dl_group_ioctls))
		return -ENOTTY;

	ioctl = &dl_group_ioctls[array_index_nospec(nr, ARRAY_SIZE(dl_group_ioctls))];
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < ioctl->size0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;

	ret = copy_struct_from_user(&arg, ioctl->size, user, size);
	if (ret)
		return ret;

	arg.size = size;
	ret = ioctl->fn(file, &arg);
	if (!ret && copy_to_user(user, &arg, min_t(size_t, size, ioctl->size)))
		return -EFAULT;

	return ret;
}

static int dl_group_dev_release(struct inode *inode, struct file *file)
{
	dl_group_listen_end(file);
	return 0;
}

static const struct file_operations dl_group_dev_fops = {
	.owner		= THIS_MODULE,
	.release	= dl_group_dev_release,
	.unlocked_ioctl	= dl_group_dev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice dl_group_dev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "sched_vm",
	.mode	= 0666,
	.fops	= &dl_group_dev_fops,
};

builtin_misc_device(dl_group_dev);
