// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: what a cgroup costs without and with a reservation, and that all of
 * it comes back. Not estimated from /proc: each allocation and each release is
 * traced, so the figures are exact.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define TRACING		"/sys/kernel/tracing/"
#define ROUNDS		16
#define MAX_ALLOCS	20000
#define MAX_BYTES_PER_CPU	640

static const char * const events[] = {
	"kmem/kmalloc", "kmem/kmem_cache_alloc", "kmem/kfree",
	"kmem/kmem_cache_free", "percpu/percpu_alloc_percpu",
	"percpu/percpu_free_percpu",
};

struct alloc {
	unsigned long ptr;
	long bytes;
	char site[48];
	char cache[32];
};

struct trace {
	unsigned int nr;		/* live ones */
	unsigned int made;		/* by dl_group_*() */
	struct alloc alloc[MAX_ALLOCS];
};

static struct trace trace;

static bool trace_events(bool on)
{
	char file[64];
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(file, sizeof(file), "events/%s/enable", events[i]);
		ok = trace_write(file, on ? "1" : "0") && ok;
	}
	return ok;
}

/* Of this thread only, or of everybody: what RCU frees, others free. */
static void trace_begin(bool own)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", gettid());
	if (!trace_write("tracing_on", "0") ||
	    !trace_write("trace_options", "nohash-ptr") ||
	    !trace_write("buffer_size_kb", "8192") ||
	    !trace_write("set_event_pid", own ? pid : " ") ||
	    !trace_events(true) || !trace_write("trace", "\n") ||
	    !trace_write("tracing_on", "1"))
		ksft_exit_fail_msg("cannot trace: CONFIG_TRACING?\n");
}

static unsigned long field(const char *line, const char *name, int base)
{
	const char *at = strstr(line, name);

	return at ? strtoul(at + strlen(name), NULL, base) : 0;
}

static void word(const char *line, const char *name, char *out, size_t size)
{
	const char *at = strstr(line, name);

	out[0] = '\0';
	if (at) {
		at += strlen(name);
		snprintf(out, size, "%.*s", (int)strcspn(at, "\n "), at);
	}
}

static void trace_free(unsigned long ptr)
{
	unsigned int i;

	for (i = 0; i < trace.nr; i++) {
		if (trace.alloc[i].ptr == ptr) {
			trace.alloc[i] = trace.alloc[--trace.nr];
			return;
		}
	}
}

static void trace_alloc(const char *line)
{
	unsigned long ptr = field(line, " ptr=", 16);
	struct alloc *a;

	/* Not all that is freed in bulk, as after RCU, is traced. */
	trace_free(ptr);
	a = &trace.alloc[trace.nr];
	if (trace.nr + 1 < MAX_ALLOCS)
		trace.nr++;
	a->ptr = ptr;
	a->bytes = field(line, "bytes_alloc=", 10);
	word(line, "call_site=", a->site, sizeof(a->site));
	word(line, " name=", a->cache, sizeof(a->cache));
	if (strstr(line, "percpu_alloc"))
		a->bytes *= sysconf(_SC_NPROCESSORS_CONF);
	trace.made += !strncmp(a->site, "dl_group", 8) ||
		      !strncmp(a->site, "__dl_group", 10);
}

/* What was allocated since trace_begin() and is still there. */
static void trace_end(void)
{
	char line[1024];
	FILE *f;

	trace_write("tracing_on", "0");
	trace_events(false);
	trace_write("set_event_pid", " ");
	trace.nr = 0;
	trace.made = 0;
	f = fopen(TRACING "trace", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, "bytes_alloc="))
			trace_alloc(line);
		else if (strstr(line, "free") && strstr(line, " ptr="))
			trace_free(field(line, " ptr=", 16));
	}
	if (f)
		fclose(f);
	trace_write("trace", "\n");
}

/* A file's node, its name, and its number. */
static bool is_kernfs(const struct alloc *a)
{
	return strstr(a->site, "kernfs") || strstr(a->cache, "kernfs") ||
	       strstr(a->cache, "radix_tree_node");
}

static long live_bytes(bool (*of)(const struct alloc *a), bool want)
{
	unsigned int i;
	long sum = 0;

	for (i = 0; i < trace.nr; i++)
		if (!of || of(&trace.alloc[i]) == want)
			sum += trace.alloc[i].bytes;
	return sum;
}

static void print_live(void)
{
	unsigned int i;

	for (i = 0; i < trace.nr; i++)
		ksft_print_msg("%ld bytes, %s %s\n", trace.alloc[i].bytes,
			       trace.alloc[i].site, trace.alloc[i].cache);
}

static int compare_long(const void *a, const void *b)
{
	return *(const long *)a > *(const long *)b ? 1 :
	       -(*(const long *)a < *(const long *)b);
}

/* Now and then a slab or a chunk is refilled: that is not the object's. */
static long median(long *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare_long);
	return v[ROUNDS / 2];
}

static void make(char *path, size_t size, int i)
{
	snprintf(path, size, "%s/m%d", sv_top, i);
	if (mkdir(path, 0755))
		ksft_exit_fail_perror(path);
}

static void remove_all(void)
{
	char path[256];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(path, sizeof(path), "%s/m%d", sv_top, i);
		rmdir(path);
	}
}

/* Printed only: what counts is the difference between two kernels. */
static void test_cgroup(void)
{
	long total[ROUNDS], kernfs[ROUNDS], group[ROUNDS];
	char path[256];
	unsigned int j;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		trace_begin(true);
		make(path, sizeof(path), i);
		trace_end();
		total[i] = live_bytes(NULL, true);
		kernfs[i] = live_bytes(is_kernfs, true);
		group[i] = 0;
		for (j = 0; j < trace.nr; j++)
			if (!strcmp(trace.alloc[j].cache, "task_group"))
				group[i] += trace.alloc[j].bytes;
	}
	print_live();
	remove_all();
	result_int("memory.cgroup.bytes", median(total));
	result_int("memory.cgroup.kernfs_bytes", median(kernfs));
	result_int("memory.cgroup.other_bytes", median(total) - median(kernfs));
	result_int("memory.cgroup.task_group_bytes", median(group));
	ksft_test_result(median(group) > 0 && median(total) > median(group) + median(kernfs),
			 "a cgroup without a reservation\n");
}

/* The tracer's own file, opened to stop it, and what debugging adds to each. */
static bool is_foreign(const struct alloc *a)
{
	return !strcmp(a->cache, "filp") || !strcmp(a->cache, "kmemleak_object") ||
	       !strcmp(a->cache, "debug_objects_cache") ||
	       !strncmp(a->site, "security_file_alloc", 19);
}

static void test_capsule(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF), total[ROUNDS];
	/* A kernel for very many CPUs allocates the mask of the capsule's apart. */
	long mask = (cpus + 63) / 64 * sizeof(uint64_t);
	static const char reserve[] = "100 100000";
	char path[256];
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		make(path, sizeof(path), i);
		/* Opened before: the inode is not the capsule's. */
		strncat(path, "/" RT_MAX, sizeof(path) - strlen(path) - 1);
		fd = open(path, O_WRONLY);
		trace_begin(true);
		if (write(fd, reserve, strlen(reserve)) < 0)
			ksft_exit_fail_perror(path);
		trace_end();
		close(fd);
		total[i] = live_bytes(is_foreign, false);
	}
	print_live();
	remove_all();
	result_int("memory.capsule.bytes", median(total));
	result_float("memory.capsule.bytes_per_cpu", (double)median(total) / cpus);
	ksft_test_result(median(total) > 0 && median(total) <= MAX_BYTES_PER_CPU * cpus + mask,
			 "a capsule takes %ld bytes on %ld CPUs\n", median(total), cpus);
}

static bool is_ours(const struct alloc *a)
{
	return !strncmp(a->site, "dl_group", 8) || !strncmp(a->site, "__dl_group", 10);
}

/* Used, changed, throttled, removed: nothing of it is left. */
static void test_leak(void)
{
	struct worker_spec spec = { .cpu = 0, .fn = fn_busy };
	struct worker w = {};
	int i;

	trace_begin(false);
	for (i = 0; i < ROUNDS; i++) {
		char *cg = capsule_make("leak", 1000, 10000);

		spec.group = cg;
		worker_start(&w, &spec);
		sleep_ns(12 * NS_PER_MS);
		group_reserve(cg, 2000, 20000 + i);
		worker_kill(&w);
		if (i & 1)
			group_write(cg, BUDGET, "max");
		group_remove(cg);
	}
	/* RCU, lazy as it may be, and the work queue after it. */
	sleep_ns(15 * NS_PER_S);
	trace_end();
	ksft_print_msg("%u allocations by deadline groups\n", trace.made);
	for (i = 0; i < (int)trace.nr; i++)
		if (is_ours(&trace.alloc[i]))
			ksft_print_msg("left: %ld bytes, %s\n", trace.alloc[i].bytes,
				       trace.alloc[i].site);
	ksft_test_result(trace.made >= 2 * ROUNDS && !live_bytes(is_ours, true),
			 "removed capsules leave nothing behind\n");
}

int main(void)
{
	ksft_print_header();
	sv_setup();
	/* Without, this is what to compare with. */
	ksft_set_plan(sv_have_capsules() ? 3 : 1);
	test_cgroup();
	if (sv_have_capsules()) {
		test_capsule();
		test_leak();
	}
	ksft_finished();
}
