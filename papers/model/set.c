// SPDX-License-Identifier: GPL-2.0
/* Sets as text, and what is wrong with one. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "set.h"

#define LONGEST	(INT64_C(1) << 40) /* 12 days, in us */

void set_init(struct set *set, int nr_cpus, uint64_t seed)
{
	memset(set, 0, sizeof(*set));
	set->nr_cpus = nr_cpus;
	set->seed = seed;
}

struct set_server *set_add_server(struct set *set, int domain, int vcpu, int cpu, int64_t budget,
				  int64_t period)
{
	struct set_server *server;

	if (set->nr_servers == SET_SERVERS)
		return NULL;
	server = &set->server[set->nr_servers++];
	*server = (struct set_server){
		.domain = domain,
		.vcpu = vcpu,
		.cpu = cpu,
		.priority = set->nr_servers,
		.budget = budget,
		.period = period,
		.deadline = period,
	};
	return server;
}

struct set_task *set_add_task(struct set *set, int domain, int vcpu, int64_t cost, int64_t period)
{
	struct set_task *task;

	if (set->nr_tasks == SET_TASKS)
		return NULL;
	task = &set->task[set->nr_tasks++];
	*task = (struct set_task){
		.domain = domain,
		.vcpu = vcpu,
		.percent = 100,
		.cost = cost,
		.period = period,
		.deadline = period,
	};
	return task;
}

/* Reads @nr numbers from the rest of a line. "any" is SET_ANY at place @any. */
static bool read_numbers(char *text, int64_t *value, int nr, int any)
{
	char *word, *end, *save = NULL;
	int i;

	for (i = 0; (word = strtok_r(i ? NULL : text, " \t\r\n", &save)); i++) {
		if (i == nr)
			return false;
		if (i == any && !strcmp(word, "any")) {
			value[i] = SET_ANY;
			continue;
		}
		value[i] = strtoll(word, &end, 10);
		if (*end || value[i] < 0 || value[i] > LONGEST)
			return false;
	}
	return i == nr;
}

static bool read_server(struct set *set, const int64_t *v)
{
	struct set_server *server = set_add_server(set, v[0], v[1], v[2], v[3], v[4]);

	if (!server)
		return false;
	server->deadline = v[5];
	server->priority = v[6];
	server->offset = v[7];
	return true;
}

static bool read_task(struct set *set, const int64_t *v)
{
	struct set_task *task = set_add_task(set, v[0], v[1], v[2], v[3]);

	if (!task)
		return false;
	task->deadline = v[4];
	task->offset = v[5];
	task->percent = v[6];
	return true;
}

static bool read_line(struct set *set, char *line)
{
	char key[8];
	int64_t v[8];
	int at = 0;

	line[strcspn(line, "#")] = '\0';
	if (sscanf(line, "%7s%n", key, &at) < 1)
		return true;
	line += at;
	if (!strcmp(key, "server"))
		return read_numbers(line, v, 8, 2) && read_server(set, v);
	if (!strcmp(key, "task"))
		return read_numbers(line, v, 7, 1) && read_task(set, v);
	if (!read_numbers(line, v, 1, -1))
		return false;
	if (!strcmp(key, "cpus"))
		set->nr_cpus = v[0];
	else if (!strcmp(key, "seed"))
		set->seed = v[0];
	else
		return false;
	return true;
}

int set_read(struct set *set, FILE *in, const char *name)
{
	const char *fault;
	char *line = NULL;
	size_t room = 0;
	int nr = 0;

	set_init(set, 1, 0);
	while (getline(&line, &room, in) >= 0) {
		nr++;
		if (!read_line(set, line)) {
			fprintf(stderr, "%s:%d: not a line of a set (see papers/model/set.h)\n",
				name, nr);
			free(line);
			return -1;
		}
	}
	free(line);
	fault = set_fault(set);
	if (fault)
		fprintf(stderr, "%s: %s\n", name, fault);
	return fault ? -1 : 0;
}

static void print_any(FILE *out, int value)
{
	if (value == SET_ANY)
		fputs(" any", out);
	else
		fprintf(out, " %d", value);
}

void set_print(const struct set *set, FILE *out)
{
	int i;

	fprintf(out, "cpus %d\nseed %ju\n", set->nr_cpus, (uintmax_t)set->seed);
	for (i = 0; i < set->nr_servers; i++) {
		const struct set_server *s = &set->server[i];

		fprintf(out, "server %d %d", s->domain, s->vcpu);
		print_any(out, s->cpu);
		fprintf(out, " %jd %jd %jd %d %jd\n", (intmax_t)s->budget, (intmax_t)s->period,
			(intmax_t)s->deadline, s->priority, (intmax_t)s->offset);
	}
	for (i = 0; i < set->nr_tasks; i++) {
		const struct set_task *t = &set->task[i];

		fprintf(out, "task %d", t->domain);
		print_any(out, t->vcpu);
		fprintf(out, " %jd %jd %jd %jd %d\n", (intmax_t)t->cost, (intmax_t)t->period,
			(intmax_t)t->deadline, (intmax_t)t->offset, t->percent);
	}
}

static bool is_any(int value)
{
	return value == SET_ANY;
}

static const char *server_fault(const struct set *set, const struct set_server *s)
{
	if (s->domain < 1 || s->domain >= SET_DOMAINS || s->vcpu < 1 || s->vcpu > SET_SERVERS)
		return "a server's domain or vCPU is out of range";
	if (s->cpu != SET_ANY && s->cpu >= set->nr_cpus)
		return "a server's CPU is not there";
	if (is_any(s->cpu) != is_any(set->server[0].cpu))
		return "servers are global or each on a CPU, not mixed";
	if (s->budget < 1 || s->budget > s->deadline || s->deadline > s->period)
		return "a server must have 0 < budget <= deadline <= period";
	return NULL;
}

static const char *task_fault(const struct set *set, const struct set_task *t)
{
	int i;

	if (t->cost < 1 || t->cost > t->deadline || t->deadline > t->period)
		return "a task must have 0 < cost <= deadline <= period";
	if (t->percent < 1 || t->percent > 100)
		return "a task's percentage must be 1 to 100";
	for (i = 0; i < set->nr_tasks; i++)
		if (set->task[i].domain == t->domain &&
		    is_any(set->task[i].vcpu) != is_any(t->vcpu))
			return "the tasks of a domain have a vCPU each, or none has";
	for (i = 0; i < set->nr_servers; i++)
		if (set->server[i].domain == t->domain &&
		    (t->vcpu == SET_ANY || set->server[i].vcpu == t->vcpu))
			return NULL;
	return "a task has no server";
}

const char *set_fault(const struct set *set)
{
	const char *fault = NULL;
	int i;

	if (set->nr_cpus < 1 || set->nr_cpus > SET_CPUS)
		return "1 to 16 CPUs";
	if (!set->nr_servers)
		return "no server";
	for (i = 0; i < set->nr_servers && !fault; i++)
		fault = server_fault(set, &set->server[i]);
	for (i = 0; i < set->nr_tasks && !fault; i++)
		fault = task_fault(set, &set->task[i]);
	return fault;
}
