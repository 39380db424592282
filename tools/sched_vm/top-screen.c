// SPDX-License-Identifier: GPL-2.0
/* top: the terminal. A few escapes that all terminals have know how to do it. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "top.h"

#define ENTER	"\033[?1049h\033[?25l"	/* another screen, without a cursor */
#define LEAVE	"\033[?25h\033[?1049l"
#define HOME	"\033[H"
#define REST	"\033[K"		/* of the line */
#define BELOW	"\033[J"
#define BOLD	"\033[7m"		/* the other way round */
#define PLAIN	"\033[m"
#define NARROW	60		/* columns: fewer need other words */

static struct termios before;
static bool has_keys;
static volatile sig_atomic_t suspended;

static void on_suspend(int sig)
{
	suspended = sig;
}

static void on_resize(int sig)
{
	(void)sig;
}

/* Keys come at once, and are not shown. Ctrl-C stays what it is. */
static void take_keys(void)
{
	struct termios raw = before;

	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

bool screen_begin(void)
{
	const char *term = getenv("TERM");

	if (!term || !strcmp(term, "dumb"))
		return false;
	has_keys = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &before);
	take_keys();
	sigaction(SIGTSTP, &(struct sigaction){ .sa_handler = on_suspend }, NULL);
	sigaction(SIGWINCH, &(struct sigaction){ .sa_handler = on_resize }, NULL);
	fputs(ENTER, stdout);
	return true;
}

void screen_end(void)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

/* The shell gets its terminal back until we go on. */
static void suspend(void)
{
	suspended = 0;
	screen_end();
	raise(SIGSTOP);
	fputs(ENTER, stdout);
	take_keys();
}

static bool has_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return !no || !*no;
}

static void size(int *rows, int *cols)
{
	struct winsize ws = {};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) || !ws.ws_row || !ws.ws_col)
		ws = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	*rows = ws.ws_row;
	*cols = ws.ws_col;
}

/* Cut to the screen; takes @text. */
static void line(char *text, int cols)
{
	char *fit = fit_text(text, cols);
	int len = strlen(fit);

	while (len && fit[len - 1] == ' ')
		len--;
	printf("%.*s" REST "\r\n", len, fit);
	free(fit);
	free(text);
}

/* What capsules have of @cpu, and what they took, in percent. */
static void sum_cpu(const struct top *top, int cpu, double *reserved, double *used)
{
	const struct view *v = &top->now;
	int i, j;

	*reserved = *used = 0;
	for (i = 0; i < v->nr; i++) {
		const struct capsule *c = &v->list[i];

		if (cpus_test(&c->cpus, cpu) && !capsule_is_part(v->list, v->nr, c))
			*reserved += capsule_share_on(c, cpu);
	}
	for (i = 0; i < v->nr; i++)
		for (j = 0; j < v->list[i].nr_cpus; j++)
			if (v->list[i].cpu[j].cpu == cpu)
				*used += usage_between(top, i, j);
}

#define CELL	"%3d: %5.1f %5.1f %5s"
#define CELL_WIDTH	24

static char *cpu_cell(const struct top *top, const struct cpu_free *free_on, int cpu)
{
	double reserved, used;
	char left[16] = "-";

	sum_cpu(top, cpu, &reserved, &used);
	if (free_on && free_on->percent >= 0)
		snprintf(left, sizeof(left), "%.1f", free_on->percent);
	return xasprintf(CELL, cpu, reserved, used, left);
}

/* As many beside each other as there is room for; returns how many lines it took. */
static int draw_cpus(const struct top *top, int rows, int cols)
{
	int per_line = cols / CELL_WIDTH ? cols / CELL_WIDTH : 1, cpu, n = 0, lines = 1;
	struct cpu_free *list;
	struct cpus cpus;
	int nr = cpus_free(&cpus, &list);
	char *text = xstrdup(""), *cell, *more;

	line(xstrdup("CPU: reserved used free, in % of it"), cols);
	for (cpu = cpus_next(&cpus, -1); cpu >= 0 && lines <= rows; cpu = cpus_next(&cpus, cpu)) {
		cell = cpu_cell(top, n < nr ? &list[n] : NULL, cpu);
		n++;
		more = xasprintf("%s%-*s", text, CELL_WIDTH, cell);
		free(cell);
		free(text);
		text = more;
		if (n % per_line && cpus_next(&cpus, cpu) >= 0)
			continue;
		line(text, cols);
		text = xstrdup("");
		lines++;
	}
	free(text);
	free(list);
	if (n < nr) {
		line(xasprintf("     and %d more CPU%s: sched-vm free", nr - n,
			       plural(nr - n)), cols);
		lines++;
	}
	return lines;
}

/* What keys have changed must be seen: the rest is what is cut. */
static void draw_first(const struct top *top, int cols)
{
	char time_text[16], *interval = format_time(top->interval), *when, *what;
	time_t now = time(NULL);

	strftime(time_text, sizeof(time_text), "%H:%M:%S", localtime(&now));
	when = xasprintf("%s, every %s, %d capsule%s", time_text, interval, top->now.nr,
			 plural(top->now.nr));
	what = xasprintf("by %s%s%s%s", sort_names[top->sort], top->busy ? ", busy ones" : "",
			 *top->filter ? ", with " : "", top->filter);
	line(xasprintf("%s, %s", cols < NARROW ? what : when, cols < NARROW ? when : what), cols);
	free(what);
	free(when);
	free(interval);
}

static int draw_head(const struct top *top, int rows, int cols)
{
	char *name = hypervisor_below();
	int lines = 1;

	draw_first(top, cols);
	if (name) {
		line(xasprintf("On a virtual machine, %s: budgets are late", name), cols);
		lines++;
	}
	free(name);
	return lines + draw_cpus(top, rows / 4, cols);
}

static void draw_rows(const struct top *top, int room, int cols)
{
	char *text = row_line(top, NULL, cols, false);
	int i, nr = top->nr_rows;

	/* The last line says how many there are besides. */
	if (nr > room - 1)
		nr = room - 2 > 0 ? room - 2 : 0;
	printf(BOLD "%s" PLAIN REST "\r\n", text);
	free(text);
	for (i = 0; i < nr; i++) {
		text = row_line(top, &top->rows[i], cols, has_colour());
		printf("%s" REST "\r\n", text);
		free(text);
	}
	if (nr < top->nr_rows)
		line(xasprintf("and %d more line%s", top->nr_rows - nr,
			       plural(top->nr_rows - nr)), cols);
	if (!top->now.nr)
		line(xstrdup("no capsules: sched-vm create, or adopt"), cols);
}

/* It has room on 40 columns. */
static const char *const help[] = {
	"q  end",
	"h  this help, and back",
	"s  sort by another column:",
	"   used, name, throttled, misses",
	"b  only what was busy, or all",
	"t  threads, or CPUs of capsules",
	"/  only names with some text;",
	"   Enter ends, Esc forgets it",
	"",
	"In the last interval:",
	"USED       share of the budget",
	"THROTTLED  how often it was used up",
	"MISSES     how often it came too late",
	"LATENCY    its worst delay",
	"And ever:",
	"WORST      the worst overrun",
};

/* In the last line. */
static void draw_keys(const struct top *top, int row, int cols)
{
	char *all = top->typing ? xasprintf("with: %s", top->filter) :
		    xstrdup(cols < NARROW ? "q end h help s sort b busy t threads /" :
			    "q end  h help  s sort  b busy  t threads  / with");
	char *text = fit_text(all, cols - 1);

	printf("\033[%d;1H%s", row, text);
	free(text);
	free(all);
}

void screen_draw(struct top *top)
{
	int rows, cols, used;
	size_t i;

	size(&rows, &cols);
	fputs(HOME, stdout);
	if (top->help) {
		for (i = 0; i < ARRAY_SIZE(help) && (int)i < rows - 1; i++)
			line(xstrdup(help[i]), cols);
	} else {
		used = draw_head(top, rows, cols);
		draw_rows(top, rows - 1 - used, cols);
	}
	fputs(BELOW, stdout);
	if (has_keys)
		draw_keys(top, rows, cols);
	fflush(stdout);
}

static void type(struct top *top, char key)
{
	size_t len = strlen(top->filter);

	if (key == '\n' || key == '\r') {
		top->typing = false;
	} else if (key == '\033') {
		top->typing = false;
		top->filter[0] = '\0';
	} else if ((key == '\b' || key == 127) && len) {
		top->filter[len - 1] = '\0';
	} else if ((unsigned char)key >= ' ' && key != 127 && len + 1 < sizeof(top->filter)) {
		top->filter[len] = key;
		top->filter[len + 1] = '\0';
	}
}

static void press(struct top *top, char key)
{
	switch (key) {
	case 'q':
		top->quit = true;
		break;
	case 'h':
	case '?':
		top->help = !top->help;
		break;
	case 's':
		top->sort = (top->sort + 1) % NR_SORTS;
		break;
	case 'b':
		top->busy = !top->busy;
		break;
	case 't':
		top->threads = !top->threads;
		break;
	case '/':
		top->typing = true;
		top->filter[0] = '\0';
		break;
	default:
		break;
	}
}

bool screen_wait(struct top *top, int ms)
{
	struct pollfd in = { .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	bool changed = false;
	char key;
	int ret;

	ret = poll(&in, 1, ms);
	if (suspended)
		suspend();
	/* A signal: the screen may have another size. */
	if (ret < 0)
		return true;
	/* Whose terminal is gone has nobody to look. */
	if (in.revents & (POLLHUP | POLLERR))
		top->quit = true;
	while (ret > 0 && read(STDIN_FILENO, &key, 1) == 1) {
		if (top->typing)
			type(top, key);
		else
			press(top, key);
		changed = true;
	}
	return changed;
}
