// SPDX-License-Identifier: GPL-2.0
/* Files that are written at the end of something that takes long. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sched-vm.h"

/* What is in it stays until there is something better. */
int output_open(struct output *o)
{
	int fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	o->created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(o->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(errno, "-o, --svg and --raw name other files", "cannot write %s",
				o->path);
	o->f = fdopen(fd, "w");
	return EXIT_OK;
}

int output_begin(struct output *o)
{
	/* A pipe has nothing in it. */
	return ftruncate(fileno(o->f), 0) && errno != EINVAL ? -errno : 0;
}

int output_end(struct output *o, int ret)
{
	if (fclose(o->f) && !ret)
		ret = -errno;
	o->f = NULL;
	return ret;
}

/* An empty one that was not there before is of no use. */
void outputs_close(struct output *outputs, int nr, bool keep)
{
	int i;

	for (i = 0; i < nr; i++) {
		struct output *o = &outputs[i];

		if (o->f)
			fclose(o->f);
		if (o->created && !keep)
			unlink(o->path);
		free(o->path);
	}
}
