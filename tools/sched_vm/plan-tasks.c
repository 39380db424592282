// SPDX-License-Identifier: GPL-2.0
/* Tasks as people write them: C/T or C/T/D, as options or lines of a file. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#define PPM		1000000ULL
#define NOT_A_TASK	"not of the form C/T or C/T/D, like 8ms/20ms"

/* Without white space, and the CR of another system. */
static char *strip(char *text)
{
	text += strspn(text, " \t");
	while (*text && strchr(" \t\r\n", text[strlen(text) - 1]))
		text[strlen(text) - 1] = '\0';
	return text;
}

/* NULL, or what is wrong: else what comes behind would go unread. */
static const char *check_line(const char *line, size_t length)
{
	const char *cr = strchr(line, '\r');

	if (strlen(line) < length)
		return "a byte of 0: is this text, in UTF-8?";
	if (cr && strcmp(cr, "\r") && strcmp(cr, "\r\n"))
		return "a CR within the line: lines must end with LF";
	return NULL;
}

/* NULL, or what is wrong. */
static const char *parse_part(char *text, rt_time *us)
{
	u64 value;

	text = strip(text);
	if (lacks_unit(text))
		return "a time has no unit, like 8ms/20ms has";
	if (!parse_time(text, &value) || value == TIME_MAX)
		return NOT_A_TASK;
	*us = value;
	return NULL;
}

/* NULL, or what is wrong. */
static const char *check_task(const struct rt_task *task)
{
	if (!task->c)
		return "C must be above 0";
	if (task->t > RT_MOST_TIME)
		return "T is more than 12 days";
	if (task->c > task->t)
		return "C is more than T: it is never done";
	if (task->d > task->t)
		return "D is more than T: give a D up to T";
	if (task->c > task->d)
		return "C is more than D: it is always late";
	return NULL;
}

static const char *parse_task(const char *text, struct rt_task *task)
{
	char *copy = xstrdup(text), *c = copy, *t, *d = NULL;
	const char *wrong;

	t = strchr(c, '/');
	if (t)
		*t++ = '\0';
	d = t ? strchr(t, '/') : NULL;
	if (d)
		*d++ = '\0';
	wrong = t ? parse_part(c, &task->c) : NOT_A_TASK;
	if (!wrong)
		wrong = parse_part(t, &task->t);
	task->d = task->t;
	if (!wrong && d)
		wrong = parse_part(d, &task->d);
	free(copy);
	return wrong ? wrong : check_task(task);
}

static const char *add_task(struct plan *plan, const char *text)
{
	struct rt_task task = { .id = plan->nr };
	const char *wrong = parse_task(text, &task);

	if (wrong)
		return wrong;
	plan->tasks = grow(plan->tasks, plan->nr, sizeof(*plan->tasks));
	plan->names = grow(plan->names, plan->nr, sizeof(*plan->names));
	plan->tasks[plan->nr] = task;
	plan->names[plan->nr++] = xstrdup(text);
	return NULL;
}

static void read_from(FILE *file, const char *name, struct plan *plan)
{
	char *line = NULL, *text;
	size_t room = 0;
	const char *wrong;
	ssize_t length;
	int nr = 0;

	while ((length = getline(&line, &room, file)) >= 0) {
		wrong = check_line(line, length);
		text = line;
		if (!nr++ && !strncmp(text, "\357\273\277", 3))
			text += 3;
		text[strcspn(text, "#")] = '\0';
		text = strip(text);
		if (!wrong && *text)
			wrong = add_task(plan, text);
		if (wrong) {
			complain(0, NULL, "%s, line %d: %.80s: %s", name, nr, text, wrong);
			exit(EXIT_FAILED);
		}
	}
	free(line);
}

static void read_tasks(const char *name, struct plan *plan)
{
	bool input = !strcmp(name, "-");
	FILE *file = input ? stdin : fopen(name, "re");

	if (file)
		read_from(file, name, plan);
	if (!file || ferror(file)) {
		complain(errno, cure_of(CALL_INPUT, errno), "%s", name);
		exit(EXIT_FAILED);
	}
	if (!input)
		fclose(file);
}

/* Each may take so much longer. What is more than the deadline then, is found later. */
static void add_margin(struct plan *plan)
{
	int i;

	for (i = 0; i < plan->nr; i++) {
		struct rt_task *task = &plan->tasks[i];
		__uint128_t more = task->c;

		more = (more * plan->margin_ppm + PPM - 1) / PPM;
		task->c += more;
		if (task->c <= task->d)
			continue;
		complain(0, "a smaller --margin, or a later deadline",
			 "task %s takes more than its deadline with the margin: %s in a window of %s",
			 plan->names[task->id], format_time(task->c), format_time(task->d));
		exit(EXIT_FAILED);
	}
}

void plan_read_tasks(const struct args *args, struct plan *plan)
{
	const char *wrong;
	int i;

	for (i = 0; i < args->nr_tasks; i++) {
		wrong = add_task(plan, args->tasks[i]);
		if (wrong)
			usage("--task %s: %s", args->tasks[i], wrong);
	}
	if (args->task_file)
		read_tasks(args->task_file, plan);
	if (!plan->nr)
		usage("plan: which tasks? --task C/T, or --tasks FILE with one a line");
	plan->use = rt_utilisation(plan->tasks, plan->nr);
	add_margin(plan);
	rt_sort(plan->tasks, plan->nr);
}
