// SPDX-License-Identifier: GPL-2.0
/* Files that are written at the end of something that takes long. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sched-vm.h"

/* What is in it stays until there is something better. */
static int open_one(struct output *o)
{
	int fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	o->created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(o->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(errno, cure_of(CALL_OUTPUT, errno), "cannot write %s", o->path);
	o->f = fdopen(fd, "w");
	return EXIT_OK;
}

/* One may have two names: what is read already is somebody's only copy. */
static bool is_file(const struct output *o, const char *path)
{
	struct stat a, b;

	return path && o->f && !fstat(fileno(o->f), &a) && !stat(path, &b) &&
	       S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int check_files(const struct output *outputs, int nr, const char *from)
{
	int i, j;

	for (i = 0; i < nr; i++) {
		if (is_file(&outputs[i], from))
			return complain(0, NULL, "%s is what --from reads", outputs[i].path);
		for (j = 0; j < i; j++)
			if (is_file(&outputs[i], outputs[j].path))
				return complain(0, NULL, "%s and %s are one file", outputs[j].path,
						outputs[i].path);
	}
	return EXIT_OK;
}

int outputs_open(struct output *outputs, int nr, const char *from)
{
	int i, status = EXIT_OK;

	for (i = 0; i < nr && status == EXIT_OK; i++)
		if (outputs[i].path)
			status = open_one(&outputs[i]);
	if (status == EXIT_OK)
		status = check_files(outputs, nr, from);
	if (status != EXIT_OK)
		outputs_close(outputs, nr, false);
	return status;
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
		*o = (struct output){};
	}
}
