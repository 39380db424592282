// SPDX-License-Identifier: GPL-2.0
/* Events that wait in a file for the last of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timeline.h"

/* Not all file systems know files without a name. */
static int open_unnamed(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *name;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	name = xasprintf("%s/.sched-vm-XXXXXX", folder);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

int store_open(struct store *s, const char *beside)
{
	const char *slash = strrchr(beside, '/');
	char *folder = slash ? xasprintf("%.*s", (int)(slash - beside) + 1, beside) : xstrdup(".");
	bool is_dev = !strcmp(folder, "/dev/");
	int fd = is_dev ? -1 : open_unnamed(folder), error = errno;

	if (fd < 0)
		fd = open_unnamed(P_tmpdir);
	/* Another folder is easier to name than to make room in /tmp. */
	if (fd < 0 && !is_dev)
		errno = error;
	free(folder);
	*s = (struct store){};
	s->f = fd >= 0 ? fdopen(fd, "w+") : NULL;
	return s->f ? 0 : -errno;
}

void store_close(struct store *s)
{
	if (s->f)
		fclose(s->f);
	*s = (struct store){};
}

int store_put(const struct trace_event *ev, void *store)
{
	struct store *s = store;

	if (!s->error && fwrite(ev, sizeof(*ev), 1, s->f) != 1)
		s->error = errno ? -errno : -EIO;
	s->nr += !s->error;
	return s->error;
}

void store_rewind(struct store *s)
{
	if (fflush(s->f) && !s->error)
		s->error = -errno;
	rewind(s->f);
}

bool store_next(struct store *s, struct trace_event *ev)
{
	return fread(ev, sizeof(*ev), 1, s->f) == 1;
}
