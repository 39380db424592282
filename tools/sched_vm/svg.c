// SPDX-License-Identifier: GPL-2.0
/* What pictures have in common. */
#include <stdio.h>

#include "sched-vm.h"

#define MOST_TICKS	10

void svg_begin(FILE *f, int width, int height)
{
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"\n",
		width, height);
	fprintf(f, "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n",
		width, height);
	fprintf(f, "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n");
}

void svg_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '>')
			fputs("&gt;", f);
		else if (*s == '&')
			fputs("&amp;", f);
		else if ((unsigned char)*s >= ' ')
			fputc(*s, f);
	}
}

u64 svg_tick_step(u64 length)
{
	static const int digits[] = { 1, 2, 5 };
	u64 unit, step;
	size_t i;

	for (unit = 1;; unit *= 10)
		for (i = 0; i < ARRAY_SIZE(digits); i++) {
			step = unit * digits[i];
			if (length / step <= MOST_TICKS)
				return step;
		}
}
