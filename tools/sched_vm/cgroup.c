// SPDX-License-Identifier: GPL-2.0
/*
 * Folders of cgroup v2.
 *
 * Capsules are made in /sys/fs/cgroup/sched_vm. Who may not write there has a
 * subtree of his own, delegated by systemd or somebody else: then it is "sched_vm"
 * in the highest cgroup above this process that he may write to.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sched-vm.h"

/* NULL if cgroup v2 is nowhere mounted. */
static char *find_mount(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *m;
	char *dir = NULL;

	if (!mounts)
		return NULL;
	while (!dir && (m = getmntent(mounts)))
		if (!strcmp(m->mnt_type, "cgroup2"))
			dir = xstrdup(m->mnt_dir);
	endmntent(mounts);
	return dir;
}

bool cg_is_mounted(void)
{
	char *dir = find_mount();
	bool mounted = dir;

	free(dir);
	return mounted;
}

const char *cg_mount(void)
{
	static char *dir;

	if (!dir)
		dir = find_mount();
	if (!dir) {
		complain(0, CURE_MOUNT, "cgroup v2 is not mounted");
		exit(EXIT_FAILED);
	}
	return dir;
}

const char *cg_relative(const char *path)
{
	size_t len = strlen(cg_mount());

	return strncmp(path, cg_mount(), len) || !path[len] ? "/" : path + len;
}

char *cg_parent(const char *path)
{
	char *parent = xstrdup(path);

	*strrchr(parent, '/') = '\0';
	return parent;
}

bool cg_is_below(const char *cg, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(cg, top, len) && (!cg[len] || cg[len] == '/');
}

char *cg_of(pid_t pid)
{
	char *text = read_file("/proc/%d/cgroup", pid), *line, *cg = NULL;

	line = text ? strstr(text, "0::/") : NULL;
	if (line) {
		line[strcspn(line, "\n")] = '\0';
		cg = xasprintf("%s%s", cg_mount(), line[4] ? line + 3 : "");
	}
	free(text);
	return cg;
}

/* The highest one above us that we may write to; NULL: none. */
static char *delegated_top(void)
{
	char *cg = cg_of(getpid()), *top = NULL, *parent;

	while (cg && strlen(cg) > strlen(cg_mount())) {
		if (access(cg, W_OK))
			break;
		free(top);
		top = xstrdup(cg);
		parent = cg_parent(cg);
		free(cg);
		cg = parent;
	}
	free(cg);
	return top;
}

/* Up and out of the mount is no way to a cgroup. */
static void check_path(const char *path)
{
	const char *s;

	for (s = path; *s; s += strspn(s, "/")) {
		if (strcspn(s, "/") == 2 && !strncmp(s, "..", 2))
			usage("'%s' is no path of a cgroup: it has .. in it", path);
		s += strcspn(s, "/");
	}
}

/* Absolute, or below the mount. */
static char *full_path(const char *path)
{
	char *full;
	size_t len;

	if (cg_is_below(path, cg_mount()))
		full = xstrdup(path);
	else
		full = xasprintf("%s/%s", cg_mount(), path + strspn(path, "/"));
	len = strlen(full);
	while (len > 1 && full[len - 1] == '/')
		full[--len] = '\0';
	return full;
}

const char *cg_base(const struct args *args)
{
	const char *given = args->cgroup ? args->cgroup : getenv("SCHED_VM_CGROUP");
	static char *base;
	char *top;

	if (base)
		return base;
	if (given && *given) {
		check_path(given);
		base = full_path(given);
		return base;
	}
	base = xasprintf("%s/sched_vm", cg_mount());
	if (!access(cg_mount(), W_OK) || !access(base, W_OK))
		return base;
	top = delegated_top();
	if (top) {
		free(base);
		base = xasprintf("%s/sched_vm", top);
		free(top);
	}
	return base;
}

#define MAX_NAME	200

struct wanted {
	const char *name;
	char *path;		/* the first of them */
	char *all;		/* for people */
	int nr;
};

static bool find_noted(const char *cg, void *data)
{
	struct wanted *w = data;
	char *name = cg_noted(cg, "name"), *all;

	if (name && !strcmp(name, w->name)) {
		all = xasprintf("%s%s%s", w->nr ? w->all : "", w->nr ? ", " : "", cg_relative(cg));
		free(w->all);
		w->all = all;
		if (!w->nr++)
			w->path = xstrdup(cg);
	}
	free(name);
	return true;
}

/* Which of several is meant, somebody else must say. */
static char *complain_wanted(struct wanted *w)
{
	if (w->nr > 1)
		complain(0, "say its path in place of NAME, or --cgroup PATH",
			 "%d capsules have the name '%s': %s", w->nr, w->name, w->all);
	else if (strchr(w->name, '/'))
		complain(0, CURE_LIST, "no cgroup %s", w->name);
	else
		complain(0, CURE_LIST, "no capsule '%s'", w->name);
	free(w->path);
	return NULL;
}

/* "run-123" */
static bool is_numbered(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return !strncmp(name, prefix, len) && name[len] &&
	       !name[len + strspn(name + len, "0123456789")];
}

static bool is_given(const char *name)
{
	return is_numbered(name, RUN_PREFIX) || is_numbered(name, CHECK_PREFIX) ||
	       is_numbered(name, PLAN_PREFIX);
}

/* Why nobody can be called that; NULL: he can. */
static const char *bad_name(const char *name)
{
	if (strlen(name) > MAX_NAME)
		return "it has more than 200 bytes";
	if (!*name)
		return "it is empty";
	if (strchr(name, '/'))
		return "it has a slash";
	if (strpbrk(name, " \t\n"))
		return "it has a space";
	if (*name == '.' || *name == '-')
		return *name == '.' ? "it begins with a dot" : "it begins with -";
	if (!strcmp(name, OUTSIDE))
		return "sched-vm needs that itself";
	return NULL;
}

static void check_name(const char *name, bool is_new)
{
	const char *why = bad_name(name);

	if (is_new && is_given(name))
		why = "sched-vm gives such names itself";
	if (why)
		usage("'%.40s' cannot be the name of a capsule: %s", name, why);
}

void cg_check_name(const char *name)
{
	check_name(name, false);
}

void cg_check_new_name(const char *name)
{
	check_name(name, true);
}

static bool is_root(const char *cg)
{
	return strlen(cg) <= strlen(cg_mount());
}

static int complain_root(void)
{
	return complain(0, "name one below it", "the root cgroup cannot be a capsule");
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

char *cg_find(const struct args *args, const char *name)
{
	struct wanted w = { .name = name };
	char *path;

	if (strchr(name, '/'))
		check_path(name);
	else
		cg_check_name(name);
	if (!machine_is_able())
		return NULL;
	if (strchr(name, '/'))
		path = full_path(name);
	else
		path = xasprintf("%s/%s", cg_base(args), name);
	if (is_root(path)) {
		complain_root();
		free(path);
		return NULL;
	}
	if (is_folder(path))
		return path;
	if (!strchr(name, '/'))
		cg_walk(cg_mount(), find_noted, &w);
	free(path);
	path = w.nr == 1 ? w.path : complain_wanted(&w);
	free(w.all);
	return path;
}

struct rival {
	const char *name, *cg, *base;
	bool found;
};

/* Those that others have made elsewhere may have the same. */
static bool find_rival(const char *cg, void *data)
{
	struct rival *r = data;
	char *name = cg_noted(cg, "name"), *place = cg_noted(cg, "in-place");

	if (name && !strcmp(name, r->name) && strcmp(cg, r->cg) &&
	    (place || cg_is_below(cg, r->base)))
		r->found = true;
	free(place);
	free(name);
	return true;
}

bool cg_name_taken(const struct args *args, const char *name, const char *cg)
{
	struct rival r = { .name = name, .cg = cg, .base = cg_base(args) };
	char *path = xasprintf("%s/%s", r.base, name);

	r.found = is_folder(path) && strcmp(path, cg);
	free(path);
	if (!r.found)
		cg_walk(cg_mount(), find_rival, &r);
	return r.found;
}

char *cg_read(const char *cg, const char *file)
{
	return read_file("%s/%s", cg, file);
}

int cg_write(const char *cg, const char *file, const char *fmt, ...)
{
	char *path = xasprintf("%s/%s", cg, file), *text;
	va_list ap;
	int ret;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		exit(EXIT_FAILED);
	va_end(ap);
	ret = write_file(path, text);
	free(text);
	free(path);
	return ret;
}

bool cg_has(const char *cg, const char *file)
{
	char *path = xasprintf("%s/%s", cg, file);
	bool has = !access(path, F_OK);

	free(path);
	return has;
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	const char *s = text;

	while (s && (s = strstr(s, word))) {
		if ((s == text || s[-1] == ' ') && (!s[len] || s[len] == ' '))
			return true;
		s += len;
	}
	return false;
}

/* Do children of @cg have @controller? */
static bool gives(const char *cg, const char *controller)
{
	char *text = cg_read(cg, "cgroup.subtree_control");
	bool yes = has_word(text, controller);

	free(text);
	return yes;
}

bool cg_enabled(const char *cg, const char *controller)
{
	char *text = cg_read(cg, "cgroup.controllers");
	bool yes = has_word(text, controller);

	free(text);
	return yes;
}

static int complain_controller(const char *cg, const char *controller, int error)
{
	const char *cure = cure_of(CALL_CONTROLLER, error);

	if (cg_has(cg, "cgroup.controllers") && !cg_enabled(cg, controller))
		cure = strcmp(cg, cg_mount()) ? CURE_DELEGATE : controller_cure(controller);
	return complain(error, cure, "cannot turn on the %s controller in %s", controller,
			cg_relative(cg));
}

static void note_step(struct cg_trial *trial, const char *cg, const char *controller)
{
	if (!trial)
		return;
	trial->steps = grow(trial->steps, trial->nr, sizeof(*trial->steps));
	trial->steps[trial->nr++] = (struct cg_step){ xstrdup(cg), controller };
}

/* For the children of @cg, and of all above it. */
static int enable(const char *cg, const char *controller, struct cg_trial *trial)
{
	char *parent;
	int ret = 0;

	if (gives(cg, controller))
		return 0;
	if (strlen(cg) > strlen(cg_mount()) && !cg_enabled(cg, controller)) {
		parent = cg_parent(cg);
		ret = enable(parent, controller, trial);
		free(parent);
	}
	if (ret)
		return ret;
	ret = cg_write(cg, "cgroup.subtree_control", "+%s", controller);
	if (ret)
		complain_controller(cg, controller, -ret);
	else
		note_step(trial, cg, controller);
	return ret;
}

/* No process could ever be there. */
static bool is_invalid(const char *cg)
{
	char *type = cg_read(cg, "cgroup.type");
	bool invalid = type && !strcmp(type, "domain invalid");

	free(type);
	return invalid;
}

static int make_one(const char *cg, struct cg_trial *trial)
{
	int error = mkdir(cg, 0755) ? errno : 0;

	if (!error && !is_invalid(cg)) {
		note_step(trial, cg, NULL);
		return 0;
	}
	if (!error) {
		rmdir(cg);
		error = EOPNOTSUPP;
	}
	complain(error, cure_of(CALL_MKDIR, error), "cannot make the cgroup %s", cg_relative(cg));
	return -error;
}

static int create(const char *cg, bool cpuset, bool *created, struct cg_trial *trial)
{
	char *parent;
	int ret = 0;

	*created = false;
	if (is_root(cg))
		return -complain_root();
	parent = cg_parent(cg);
	if (access(parent, F_OK))
		ret = create(parent, cpuset, created, trial);
	if (!ret)
		ret = enable(parent, "cpu", trial);
	if (!ret && cpuset)
		ret = enable(parent, "cpuset", trial);
	*created = false;
	if (!ret && access(cg, F_OK)) {
		ret = make_one(cg, trial);
		*created = !ret;
	}
	free(parent);
	return ret;
}

int cg_create(const char *cg, bool cpuset, bool *created)
{
	return create(cg, cpuset, created, NULL);
}

int cg_try(const char *cg, struct cg_trial *trial)
{
	bool created;
	sigset_t all;

	*trial = (struct cg_trial){};
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &trial->mask);
	return create(cg, false, &created, trial);
}

struct search {
	const char *top;
	bool found;
};

static bool find_capsule(const char *cg, void *data)
{
	struct search *s = data;

	if (!strcmp(cg, s->top))
		return true;
	s->found = s->found || capsule_exists(cg);
	return false;
}

/* Without the controller a child's reservation would go: somebody was faster. */
static void disable(const char *cg, const char *controller)
{
	struct search s = { .top = cg };

	cg_walk(cg, find_capsule, &s);
	if (!s.found)
		cg_write(cg, "cgroup.subtree_control", "-%s", controller);
}

void cg_end_trial(struct cg_trial *trial)
{
	while (trial->nr) {
		struct cg_step *step = &trial->steps[--trial->nr];

		if (step->controller)
			disable(step->cg, step->controller);
		else
			rmdir(step->cg);
		free(step->cg);
	}
	free(trial->steps);
	sigprocmask(SIG_SETMASK, &trial->mask, NULL);
}

/* The ID that tracepoints have: the inode, on 64-bit machines. */
u64 cg_id(const char *cg)
{
	struct stat st;

	return stat(cg, &st) ? 0 : st.st_ino;
}

/* Without cpuset: what the nearest cgroup above has, at last all that are online. */
void cg_cpus(const char *cg, struct cpus *cpus)
{
	char *text = cg_read(cg, "cpuset.cpus.effective"), *parent;

	if (text && parse_cpus(text, cpus)) {
		free(text);
		return;
	}
	free(text);
	if (strlen(cg) > strlen(cg_mount())) {
		parent = cg_parent(cg);
		cg_cpus(parent, cpus);
		free(parent);
		return;
	}
	text = read_file("/sys/devices/system/cpu/online");
	if (!text || !parse_cpus(text, cpus))
		*cpus = (struct cpus){ .map = { 1 } };
	free(text);
}

void cg_available(const char *cg, struct cpus *cpus)
{
	char *parent = cg_parent(cg);

	cg_cpus(strlen(parent) > strlen(cg_mount()) ? parent : cg_mount(), cpus);
	free(parent);
}

static void possible_cpus(struct cpus *cpus)
{
	char *text = read_file("/sys/devices/system/cpu/possible");

	if (!text || !parse_cpus(text, cpus))
		*cpus = (struct cpus){ .map = { 1 } };
	free(text);
}

static bool complain_cpus(const char *cg, const struct cpus *wanted, const char *are_what,
			  const struct cpus *others, const char *whose)
{
	char *list = cpus_text(others), *cure = xasprintf("%s has %s", whose, list);
	char *none = none_of_cpus(wanted, are_what);

	complain(0, cure, "%s: %s", cg_relative(cg), none);
	free(none);
	free(cure);
	free(list);
	return true;
}

bool cg_lacks_cpus(const char *cg, const struct cpus *wanted)
{
	struct cpus all, common, never = *wanted;
	int cpu;

	possible_cpus(&all);
	for (cpu = cpus_next(&all, -1); cpu >= 0; cpu = cpus_next(&all, cpu))
		cpus_clear(&never, cpu);
	if (cpus_count(&never))
		return complain_cpus(cg, &never, "there", &all, "the machine");
	cg_available(cg, &all);
	common = cpus_common(wanted, &all);
	if (!cpus_count(&common))
		return complain_cpus(cg, wanted, "available", &all, "the cgroup above");
	return false;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

void cg_walk(const char *top, bool (*fn)(const char *cg, void *data), void *data)
{
	struct dirent **list;
	int nr, i;

	if (!fn(top, data))
		return;
	nr = scandir(top, &list, NULL, by_name);
	for (i = 0; i < nr; i++) {
		if (list[i]->d_type == DT_DIR && list[i]->d_name[0] != '.') {
			char *child = xasprintf("%s/%s", top, list[i]->d_name);

			cg_walk(child, fn, data);
			free(child);
		}
		free(list[i]);
	}
	if (nr >= 0)
		free(list);
}
