// SPDX-License-Identifier: GPL-2.0
/* Aligned columns for people, JSON for programs. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "sched-vm.h"

#define MAX_COLUMNS	16

void table_add(struct table *t, const char *fmt, ...)
{
	va_list ap;

	t->rows = grow(t->rows, t->nr, sizeof(*t->rows));
	va_start(ap, fmt);
	if (vasprintf(&t->rows[t->nr], fmt, ap) < 0)
		exit(EXIT_FAILED);
	va_end(ap);
	t->nr++;
}

int text_width(const char *s, int len)
{
	mbstate_t state = {};
	int width = 0, n;
	wchar_t c;

	while (len > 0) {
		n = (int)mbrtowc(&c, s, len, &state);
		if (n <= 0) {
			/* No character: a byte that somebody shows somehow. */
			state = (mbstate_t){};
			n = 1;
			width++;
		} else {
			width += wcwidth(c) < 0 ? 1 : wcwidth(c);
		}
		s += n;
		len -= n;
	}
	return width;
}

static int cell_bytes(const char *cell)
{
	return strcspn(cell, "\t");
}

static int cell_width(const char *cell)
{
	return text_width(cell, cell_bytes(cell));
}

static void table_widths(const struct table *t, int *width)
{
	int row, col;

	memset(width, 0, MAX_COLUMNS * sizeof(*width));
	for (row = 0; row < t->nr; row++) {
		const char *s = t->rows[row];

		for (col = 0; t->align[col]; col++) {
			if (cell_width(s) > width[col])
				width[col] = cell_width(s);
			s += cell_bytes(s);
			s += *s == '\t';
		}
	}
}

void table_print(struct table *t)
{
	int width[MAX_COLUMNS], row, col, pad;

	table_widths(t, width);
	for (row = 0; row < t->nr; row++) {
		const char *s = t->rows[row];

		for (col = 0; t->align[col]; col++) {
			pad = width[col] - cell_width(s);
			if (t->align[col] == 'r')
				printf("%*s", pad, "");
			fwrite(s, 1, cell_bytes(s), stdout);
			if (t->align[col] == 'l' && t->align[col + 1])
				printf("%*s", pad, "");
			if (t->align[col + 1])
				fputs("  ", stdout);
			s += cell_bytes(s);
			s += *s == '\t';
		}
		putchar('\n');
	}
}

void table_free(struct table *t)
{
	while (t->nr)
		free(t->rows[--t->nr]);
	free(t->rows);
	t->rows = NULL;
}

void jo_str(struct json_object *o, const char *key, const char *value)
{
	char *text = value ? xstrdup(value) : NULL;

	if (text)
		clean_lines(text);
	json_object_object_add(o, key, text ? json_object_new_string(text) : NULL);
	free(text);
}

void jo_int(struct json_object *o, const char *key, s64 value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

void jo_bool(struct json_object *o, const char *key, bool value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

/* "max" stays a word. */
void jo_time(struct json_object *o, const char *key, u64 us)
{
	if (us == TIME_MAX)
		jo_str(o, key, "max");
	else
		jo_int(o, key, us);
}

struct json_object *jo_array(struct json_object *o, const char *key)
{
	struct json_object *array = json_object_new_array();

	json_object_object_add(o, key, array);
	return array;
}

struct json_object *jo_cpus(const struct cpus *cpus)
{
	struct json_object *array = json_object_new_array();
	int cpu;

	for (cpu = cpus_next(cpus, -1); cpu >= 0; cpu = cpus_next(cpus, cpu))
		json_object_array_add(array, json_object_new_int(cpu));
	return array;
}

void json_print(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(o);
}
