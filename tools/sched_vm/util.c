// SPDX-License-Identifier: GPL-2.0
/* Memory, files, and how the tool says that something is wrong. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sched-vm.h"

bool json_mode;
bool quiet;
const char *usage_command;

static void no_memory(void)
{
	fputs("sched-vm: out of memory\n", stderr);
	exit(EXIT_FAILED);
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		no_memory();
	return p;
}

void *xzalloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		no_memory();
	return p;
}

/* Twice as much whenever it is full, which it is at powers of two. */
void *grow(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return array;
	return xrealloc(array, (nr ? 2 * nr : 1) * size);
}

char *xstrdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		no_memory();
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		no_memory();
	va_end(ap);
	return s;
}

static char *read_fd(int fd)
{
	size_t len = 0, room = 4096;
	char *text = xrealloc(NULL, room);
	ssize_t got;

	while ((got = read(fd, text + len, room - len - 1)) > 0) {
		len += got;
		if (room - len < 2)
			text = xrealloc(text, room *= 2);
	}
	if (got < 0) {
		free(text);
		return NULL;
	}
	while (len && strchr(" \t\n", text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

char *read_file(const char *fmt, ...)
{
	char *path, *text = NULL;
	int fd, error;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&path, fmt, ap) < 0)
		no_memory();
	va_end(ap);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		text = read_fd(fd);
	error = errno;
	if (fd >= 0)
		close(fd);
	free(path);
	errno = error;
	return text;
}

/* One write(2): files of cgroups take each as a command. */
int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int file_error(FILE *f)
{
	errno = 0;
	if (!fflush(f) && !ferror(f))
		return 0;
	return errno ? -errno : -EIO;
}

/* Length of the character at @s, and what it is; 0: no UTF-8. */
static int utf8(const unsigned char *s, unsigned int *c)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int i, len = *s < 0x80 ? 1 : *s < 0xc0 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 :
		     *s < 0xf8 ? 4 : 0;

	*c = len > 1 ? *s & (0x7f >> len) : *s;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	return len && *c >= least[len] && *c <= 0x10ffff ? len : 0;
}

/* Neither JSON, nor XML, nor a terminal should get these. */
static bool is_bad(unsigned int c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) ||
	       (c & 0xfffe) == 0xfffe;
}

static void clean(char *s, bool lines)
{
	unsigned int c;
	char *to = s;
	int len;

	while (*s) {
		len = utf8((unsigned char *)s, &c);
		if (!len || (is_bad(c) && !(lines && c == '\n'))) {
			*to++ = '?';
			s += len ? len : 1;
			continue;
		}
		memmove(to, s, len);
		to += len;
		s += len;
	}
	*to = '\0';
}

void clean_text(char *s)
{
	clean(s, false);
}

void clean_lines(char *s)
{
	clean(s, true);
}

static void vsay(FILE *to, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		no_memory();
	clean_lines(text);
	fputs(text, to);
	free(text);
}

void say(FILE *to, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(to, fmt, ap);
	va_end(ap);
}

const char *plural(long long nr)
{
	return nr == 1 ? "" : "s";
}

const char *are(long long nr)
{
	return nr == 1 ? "is" : "are";
}

u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

long long keyed_value(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text && *text) {
		if (!strncmp(text, key, len) && text[len] == ' ')
			return atoll(text + len);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return -1;
}

int complain(int error, const char *cure, const char *fmt, ...)
{
	char *what, *text;
	va_list ap;

	if (quiet)
		return EXIT_FAILED;
	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		no_memory();
	va_end(ap);
	text = error ? xasprintf("%s: %s", what, strerror(error)) : xstrdup(what);

	if (json_mode) {
		struct json_object *o = json_object_new_object();

		jo_str(o, "error", text);
		if (error)
			jo_int(o, "errno", error);
		jo_str(o, "cure", cure);
		json_print(o);
	} else {
		say(stderr, "sched-vm: %s\n", text);
		if (cure)
			say(stderr, "  cure: %s\n", cure);
	}
	free(what);
	free(text);
	return EXIT_FAILED;
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("sched-vm: warning: ", stderr);
	vsay(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void warn_error(int error, const char *cure, const char *fmt, ...)
{
	va_list ap;
	char *what;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		no_memory();
	va_end(ap);
	warn("%s: %s", what, strerror(error));
	if (cure)
		say(stderr, "  cure: %s\n", cure);
	free(what);
}

void usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("sched-vm: ", stderr);
	vsay(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'sched-vm %s%s--help'.\n", usage_command ? usage_command : "",
		usage_command ? " " : "");
	exit(EXIT_USAGE);
}
