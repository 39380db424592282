// SPDX-License-Identifier: GPL-2.0
/*
 * What the scheduler's decisions and its switches cost, by probe events on the tracepoints
 * around __schedule(), in virtual time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define TRACING		"/sys/kernel/tracing/"
#define BUFFER_KB	"65536"

/* In the order in which one __schedule() meets them */
enum probe { ENTRY, SWITCH, EXIT, NR_PROBES };

static const char * const probe_name[NR_PROBES] = { "entry", "switch", "exit" };
static const char * const probe_of[NR_PROBES] = {
	"sched_entry_tp", "sched_switch", "sched_exit_tp",
};

/* The clock of the trace, and ours, when it began */
static uint64_t begin_tsc, begin_ns;

static uint64_t tsc(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

bool trace_write(const char *file, const char *text)
{
	char path[256];
	int fd, len;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return false;
	len = write(fd, text, strlen(text));
	close(fd);
	return len == (int)strlen(text);
}

static bool probe_write(const char *text)
{
	return write_text(TRACING "dynamic_events", (char *)text, strlen(text)) > 0;
}

/* The first @nr of them */
static bool remove_probes(enum probe nr)
{
	bool ok = true;
	char text[64];
	enum probe i;

	for (i = ENTRY; i < nr; i++) {
		snprintf(text, sizeof(text), "-:sched_vm_probe/%s\n", probe_name[i]);
		ok = probe_write(text) && ok;
	}
	return ok;
}

bool decisions_begin(void)
{
	char text[96];
	enum probe i;

	for (i = ENTRY; i < NR_PROBES; i++) {
		snprintf(text, sizeof(text), "t:sched_vm_probe/%s %s\n", probe_name[i],
			 probe_of[i]);
		if (!probe_write(text)) {
			remove_probes(i);
			return false;
		}
	}
	/* Of the clocks, this alone is printed with all its digits. */
	if (!trace_write("tracing_on", "0") || !trace_write("trace_clock", "x86-tsc") ||
	    !trace_write("buffer_size_kb", BUFFER_KB) || !trace_write("trace", "\n") ||
	    !trace_write("events/sched_vm_probe/enable", "1") ||
	    !trace_write("tracing_on", "1")) {
		remove_probes(NR_PROBES);
		return false;
	}
	begin_tsc = tsc();
	begin_ns = now_ns();
	return true;
}

/* "comm-1 [000] d..2. 123456: entry: (...)" */
static bool read_event(const char *line, enum probe *probe, uint64_t *at)
{
	char pattern[16];
	const char *end;

	for (*probe = ENTRY; *probe < NR_PROBES; ++*probe) {
		snprintf(pattern, sizeof(pattern), ": %s: (", probe_name[*probe]);
		end = strstr(line, pattern);
		if (!end)
			continue;
		while (end > line && end[-1] != ' ')
			end--;
		*at = strtoull(end, NULL, 10);
		return true;
	}
	return false;
}

static void note(struct costs *c, uint64_t ticks, double ns_per_tick, uint64_t probe_ns)
{
	uint64_t ns = ticks * ns_per_tick + 0.5;

	if (c->nr == MAX_COSTS)
		ksft_exit_fail_msg("more than %d calls\n", MAX_COSTS);
	ns = ns > probe_ns ? ns - probe_ns : 0;
	c->ns[c->nr++] = ns;
	c->total_ns += ns;
}

void decisions_end(uint64_t from, uint64_t to, uint64_t probe_ns, struct costs *decisions,
		   struct costs *switches)
{
	uint64_t entry = 0, switched = 0, at;
	unsigned long kept, all;
	double ns_per_tick;
	enum probe probe;
	char line[1024];
	FILE *f;

	ns_per_tick = (double)(now_ns() - begin_ns) / (tsc() - begin_tsc);
	trace_write("tracing_on", "0");
	trace_write("events/sched_vm_probe/enable", "0");
	f = fopen(TRACING "trace", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "# entries-in-buffer/entries-written: %lu/%lu", &kept,
			   &all) == 2 && kept < all)
			ksft_exit_fail_msg("%lu events were lost\n", all - kept);
		if (!read_event(line, &probe, &at))
			continue;
		if (probe == ENTRY) {
			double ns = begin_ns + (at - begin_tsc) * ns_per_tick;

			entry = at > begin_tsc && ns >= from && ns < to ? at : 0;
			switched = 0;
		} else if (probe == SWITCH) {
			switched = at;
		} else if (entry) {
			note(decisions, (switched ? switched : at) - entry, ns_per_tick, probe_ns);
			if (switched)
				note(switches, at - switched, ns_per_tick, probe_ns);
			entry = 0;
		}
	}
	if (f)
		fclose(f);
	trace_write("trace", "\n");
	trace_write("trace_clock", "local");
	remove_probes(NR_PROBES);
	sort_u64(decisions->ns, decisions->nr);
	sort_u64(switches->ns, switches->nr);
}
