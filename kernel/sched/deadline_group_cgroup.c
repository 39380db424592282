// SPDX-License-Identifier: GPL-2.0
/*
 * Deadline groups: the cgroup interface
 *
 *   cpu.rt_budget_us	"max" inherit, "0" no FIFO/RR thread here, or Q
 *   cpu.rt_period_us	P
 *   cpu.rt_deadline_us	"max" the same as P, or D
 *   cpu.rt.max		"<Q|max> [<P> [<D|max>]]", all at once
 *   cpu.rt_cpu_budget_us	"<cpus> <Q|max>", a line for each exception from Q
 *   cpu.rt_scope	"all", or "rt" to serve FIFO and RR threads only
 *   cpu.rt_extra	"none", or "idle" or "fair": what it has beyond Q
 *   cpu.rt_unprivileged	"1" lets its threads be FIFO and RR without privilege
 *   cpu.rt_irqs	"+N" or "-N": irqs whose handler threads it serves
 *   cpu.rt_free	what a new capsule below could have
 *   cpu.rt_stat, cpu.rt_events	what happened
 *
 * A write takes effect completely, or changes nothing and returns an error:
 * -EINVAL for what is no reservation at all, -EBUSY for one that does not fit, and
 * -EPERM without CAP_SYS_NICE where no capsule above has anything to hand out, or
 * for less than 200 us.
 */

/* Decimal digits and nothing else: kstrtou64() takes a sign, too. */
static int dl_group_parse_us(const char *s, u64 *ns)
{
	u64 us;

	if (!isdigit(*s) || kstrtou64(s, 10, &us) || us > U32_MAX)
		return -EINVAL;

	*ns = us * NSEC_PER_USEC;
	return 0;
}

static int dl_group_parse_us_or_max(const char *s, u64 *ns)
{
	if (strcmp(s, "max"))
		return dl_group_parse_us(s, ns);

	*ns = RUNTIME_INF;
	return 0;
}

/* What a write says; what it does not say is NULL, and remains. */
struct dl_group_text {
	char	*budget;
	char	*period;
	char	*deadline;
	char	*cpu_budgets;
};

/* "<cpulist> <Q|max>", into a table by CPU. */
static int dl_group_parse_cpu_budget(char *line, u64 *cpu_budget, struct cpumask *cpus)
{
	char *list = strsep(&line, " \t");
	u64 budget;
	int cpu;

	if (!line || cpulist_parse(list, cpus) || cpumask_empty(cpus) ||
	    dl_group_parse_us_or_max(strstrip(line), &budget))
		return -EINVAL;

	for_each_cpu(cpu, cpus)
		cpu_budget[cpu] = budget;
	return 0;
}

/*
 * Return: a table with what was before and what @text changes, or an error. No text is
 * what is shown when there are none: so it ends all.
 */
static u64 *dl_group_parse_cpu_budgets(char *text, const u64 *before)
{
	u64 *cpu_budget __free(kfree) = kmalloc_array(nr_cpu_ids, sizeof(u64),
							   GFP_KERNEL_ACCOUNT);
	bool none = !*text;
	cpumask_var_t cpus;
	int cpu, ret = 0;
	char *line;

	if (!cpu_budget || !alloc_cpumask_var(&cpus, GFP_KERNEL))
		return ERR_PTR(-ENOMEM);

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		cpu_budget[cpu] = before && !none ? before[cpu] : RUNTIME_INF;
	while (!ret && !none && (line = strsep(&text, "\n")))
		ret = dl_group_parse_cpu_budget(strstrip(line), cpu_budget, cpus);

	free_cpumask_var(cpus);
	return ret ? ERR_PTR(ret) : no_free_ptr(cpu_budget);
}

static int dl_group_parse(const struct dl_group_text *text, struct dl_group_spec *spec)
{
	const struct dl_group_spec before = *spec;
	int ret = 0;

	if (text->budget)
		ret = dl_group_parse_us_or_max(text->budget, &spec->budget);
	if (!ret && text->period)
		ret = dl_group_parse_us(text->period, &spec->period);
	if (!ret && text->deadline)
		ret = dl_group_parse_us_or_max(text->deadline, &spec->deadline);
	if (!ret && text->cpu_budgets) {
		spec->cpu_budget = dl_group_parse_cpu_budgets(text->cpu_budgets, spec->cpu_budget);
		ret = PTR_ERR_OR_ZERO(spec->cpu_budget);
	}

	return ret ?: dl_group_check_spec(spec, &before);
}

static bool dl_group_same_spec(const struct dl_group_spec *a, const struct dl_group_spec *b)
{
	return a->budget == b->budget && a->period == b->period && a->deadline == b->deadline &&
	       a->cpu_budget == b->cpu_budget;
}

static int dl_group_tell_spec(struct task_group *tg, const struct dl_group_spec *spec, bool fine)
{
	struct dl_group *dlg;

	/* A reservation that was refused on some CPU may fit by now. */
	if (dl_group_same_spec(spec, dl_group_spec_of(tg)) &&
	    !(tg->dl_group && tg->dl_group->active))
		return 0;

	dlg = dl_group_get_used(tg);
	if (!dlg)
		return -ENOMEM;

	dlg->fine = fine;
	return dl_group_set(dlg, spec);
}

/*
 * Below a capsule its owner hands out what he was given. Elsewhere a reservation
 * takes the CPU from everybody else, threads of the kernel included.
 */
static bool dl_group_owner_may(struct task_group *tg, const struct dl_group_spec *spec)
{
	return dl_group_parent(tg) && dl_group_is_coarse(spec);
}

static bool dl_group_is_privileged(struct kernfs_open_file *of)
{
	return file_ns_capable(of->file, &init_user_ns, CAP_SYS_NICE);
}

static int dl_group_may_tell(struct task_group *tg, const struct dl_group_spec *spec, bool fine)
{
	if (!dl_group_reserves(spec) || dl_group_owner_may(tg, spec) || fine)
		return 0;

	return -EPERM;
}

/* No cpuset and no root domain changes while a reservation is made. */
DEFINE_LOCK_GUARD_0(dl_group_cpusets, cpuset_lock(), cpuset_unlock())

/* Common part of the writes of a reservation. */
static int dl_group_write(struct kernfs_open_file *of, const struct dl_group_text *text)
{
	struct task_group *tg = css_tg(of_css(of));
	bool fine = dl_group_is_privileged(of);
	struct dl_group_spec spec;
	u64 *before;
	int ret;

	guard(cpus_read_lock)();
	guard(dl_group_cpusets)();
	guard(mutex)(&dl_group_mutex);

	spec = *dl_group_spec_of(tg);
	before = spec.cpu_budget;
	ret = dl_group_parse(text, &spec) ?: dl_group_may_tell(tg, &spec, fine) ?:
	      dl_group_tell_spec(tg, &spec, fine);

	if (!IS_ERR(spec.cpu_budget) && spec.cpu_budget != before)
		kfree(ret ? spec.cpu_budget : before);
	return ret;
}

static void dl_group_show_us(struct seq_file *sf, u64 ns, char end)
{
	if (ns == RUNTIME_INF)
		seq_puts(sf, "max");
	else
		seq_printf(sf, "%llu", div_u64(ns, NSEC_PER_USEC));
	seq_putc(sf, end);
}

/* The files of one number; in cftype::private. */
enum { DL_GROUP_BUDGET, DL_GROUP_PERIOD, DL_GROUP_DEADLINE };

static int dl_group_number_show(struct seq_file *sf, void *v)
{
	const struct dl_group_spec *spec;

	guard(mutex)(&dl_group_mutex);
	spec = dl_group_spec_of(css_tg(seq_css(sf)));
	switch (seq_cft(sf)->private) {
	case DL_GROUP_BUDGET:
		dl_group_show_us(sf, spec->budget, '\n');
		break;
	case DL_GROUP_PERIOD:
		dl_group_show_us(sf, spec->period, '\n');
		break;
	case DL_GROUP_DEADLINE:
		dl_group_show_us(sf, spec->deadline, '\n');
		break;
	}

	return 0;
}

static ssize_t dl_group_number_write(struct kernfs_open_file *of, char *buf,
				     size_t nbytes, loff_t off)
{
	struct dl_group_text text = {};

	switch (of_cft(of)->private) {
	case DL_GROUP_BUDGET:
		text.budget = strstrip(buf);
		break;
	case DL_GROUP_PERIOD:
		text.period = strstrip(buf);
		break;
	case DL_GROUP_DEADLINE:
		text.deadline = strstrip(buf);
		break;
	}

	return dl_group_write(of, &text) ?: nbytes;
}

static int dl_group_max_show(struct seq_file *sf, void *v)
{
	const struct dl_group_spec *spec;

	guard(mutex)(&dl_group_mutex);
	spec = dl_group_spec_of(css_tg(seq_css(sf)));
	dl_group_show_us(sf, spec->budget, ' ');
	dl_group_show_us(sf, spec->period, spec->deadline == RUNTIME_INF ? '\n' : ' ');
	if (spec->deadline != RUNTIME_INF)
		dl_group_show_us(sf, spec->deadline, '\n');
	return 0;
}

/* The next word of *@text, or NULL; *@text is what comes after it, or NULL. */
static char *dl_group_word(char **text)
{
	char *word = strsep(text, " \t\n\v\f\r");

	if (*text)
		*text = skip_spaces(*text);
	return word;
}

static ssize_t dl_group_max_write(struct kernfs_open_file *of, char *buf,
				  size_t nbytes, loff_t off)
{
	char *rest = strstrip(buf);
	struct dl_group_text text = {};

	text.budget = dl_group_word(&rest);
	text.period = dl_group_word(&rest);
	text.deadline = rest;

	return dl_group_write(of, &text) ?: nbytes;
}

/* CPUs with the same budget in one line, in the order of the first of them. */
static int dl_group_cpu_budget_show(struct seq_file *sf, void *v)
{
	cpumask_var_t todo, same;
	const u64 *cpu_budget;
	int first, cpu;

	if (!zalloc_cpumask_var(&todo, GFP_KERNEL))
		return -ENOMEM;
	if (!alloc_cpumask_var(&same, GFP_KERNEL)) {
		free_cpumask_var(todo);
		return -ENOMEM;
	}

	scoped_guard (mutex, &dl_group_mutex) {
		cpu_budget = dl_group_spec_of(css_tg(seq_css(sf)))->cpu_budget;
		for (cpu = 0; cpu_budget && cpu < nr_cpu_ids; cpu++) {
			if (cpu_budget[cpu] != RUNTIME_INF)
				cpumask_set_cpu(cpu, todo);
		}

		for_each_cpu(first, todo) {
			cpumask_clear(same);
			for_each_cpu(cpu, todo) {
				if (cpu_budget[cpu] == cpu_budget[first])
					cpumask_set_cpu(cpu, same);
			}
			cpumask_andnot(todo, todo, same);
			seq_printf(sf, "%*pbl ", cpumask_pr_args(same));
			dl_group_show_us(sf, cpu_budget[first], '\n');
		}
	}

	free_cpumask_var(same);
	free_cpumask_var(todo);
	return 0;
}

static ssize_t dl_group_cpu_budget_write(struct kernfs_open_file *of, char *buf,
					 size_t nbytes, loff_t off)
{
	struct dl_group_text text = { .cpu_budgets = strstrip(buf) };

	return dl_group_write(of, &text) ?: nbytes;
}

/* The files of one word; in cftype::private. The first word is the default. */
enum { DL_GROUP_SCOPE, DL_GROUP_EXTRA, DL_GROUP_UNPRIVILEGED };

static const char *const dl_group_words[][3] = {
	[DL_GROUP_SCOPE] = { "all", "rt" },
	[DL_GROUP_EXTRA] = { "none", "idle", "fair" },
	[DL_GROUP_UNPRIVILEGED] = { "0", "1" },
};

static int dl_group_word_of(struct task_group *tg, int file)
{
	struct dl_group *dlg = tg->dl_group;

	lockdep_assert_held(&dl_group_mutex);

	if (!dlg)
		return 0;

	switch (file) {
	case DL_GROUP_SCOPE:
		return dlg->rt_only;
	case DL_GROUP_EXTRA:
		return dlg->extra_told;
	default:
		return dlg->unprivileged_told;
	}
}

static int dl_group_word_show(struct seq_file *sf, void *v)
{
	int file = seq_cft(sf)->private;

	guard(mutex)(&dl_group_mutex);
	seq_printf(sf, "%s\n", dl_group_words[file][dl_group_word_of(css_tg(seq_css(sf)), file)]);
	return 0;
}

/* Return: 0, or -EBUSY: threads would leave for a capsule that has nothing for them */
static int dl_group_set_word(struct dl_group *dlg, int file, int word)
{
	switch (file) {
	case DL_GROUP_SCOPE:
		if (word && !dl_group_can_narrow(dlg))
			return -EBUSY;
		WRITE_ONCE(dlg->rt_only, word);
		dl_group_visit(dlg->tg, dl_group_tell, NULL);
		return 0;
	case DL_GROUP_EXTRA:
		dlg->extra_told = word;
		break;
	case DL_GROUP_UNPRIVILEGED:
		dlg->unprivileged_told = word;
		break;
	}
	dl_group_refresh_rights(dlg->tg);
	return 0;
}

/* Who has no privilege gives no more than he was given. */
static bool dl_group_may_set_word(struct kernfs_open_file *of, struct task_group *tg, int file)
{
	return file != DL_GROUP_UNPRIVILEGED || dl_group_grants(tg->parent) ||
	       dl_group_is_privileged(of);
}

static ssize_t dl_group_word_write(struct kernfs_open_file *of, char *buf,
				   size_t nbytes, loff_t off)
{
	struct task_group *tg = css_tg(of_css(of));
	int file = of_cft(of)->private;
	int word = match_string(dl_group_words[file], ARRAY_SIZE(dl_group_words[file]),
				strstrip(buf));
	struct dl_group *dlg;
	bool lent;

	if (word < 0)
		return -EINVAL;

	guard(cpus_read_lock)();
	guard(mutex)(&dl_group_mutex);

	lent = tg->dl_group && tg->dl_group->unprivileged_lent;
	if (dl_group_word_of(tg, file) == word && !(lent && dl_group_is_privileged(of)))
		return nbytes;
	if (!dl_group_may_set_word(of, tg, file))
		return -EPERM;

	dlg = dl_group_get_used(tg);
	if (!dlg)
		return -ENOMEM;

	if (file == DL_GROUP_UNPRIVILEGED)
		dlg->unprivileged_lent = !dl_group_is_privileged(of);
	return dl_group_set_word(dlg, file, word) ?: nbytes;
}

static struct cftype dl_group_files[] = {
	{
		.name = "rt_budget_us",
		.private = DL_GROUP_BUDGET,
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_number_show,
		.write = dl_group_number_write,
	},
	{
		.name = "rt_period_us",
		.private = DL_GROUP_PERIOD,
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_number_show,
		.write = dl_group_number_write,
	},
	{
		.name = "rt_deadline_us",
		.private = DL_GROUP_DEADLINE,
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_number_show,
		.write = dl_group_number_write,
	},
	{
		.name = "rt_cpu_budget_us",
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_cpu_budget_show,
		.write = dl_group_cpu_budget_write,
	},
	{
		.name = "rt.max",
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_max_show,
		.write = dl_group_max_write,
	},
	{
		.name = "rt_scope",
		.private = DL_GROUP_SCOPE,
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_word_show,
		.write = dl_group_word_write,
	},
	{
		.name = "rt_extra",
		.private = DL_GROUP_EXTRA,
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_word_show,
		.write = dl_group_word_write,
	},
	{
		.name = "rt_unprivileged",
		.private = DL_GROUP_UNPRIVILEGED,
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_word_show,
		.write = dl_group_word_write,
	},
	{
		.name = "rt_irqs",
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_irqs_show,
		.write = dl_group_irqs_write,
	},
	{
		.name = "rt_free",
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_free_show,
	},
	{
		.name = "rt_stat",
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = dl_group_stat_show,
	},
	{
		.name = "rt_events",
		.flags = CFTYPE_NOT_ON_ROOT,
		.open = dl_group_events_open,
		.seq_show = dl_group_events_show,
	},
	{ }	/* terminate */
};

static int __init dl_group_init(void)
{
	return cgroup_add_dfl_cftypes(&cpu_cgrp_subsys, dl_group_files);
}
subsys_initcall(dl_group_init);
