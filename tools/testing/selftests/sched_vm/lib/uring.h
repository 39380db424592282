/* SPDX-License-Identifier: GPL-2.0 */
/* A ring of io_uring, by its system calls alone. */
#ifndef URING_H
#define URING_H

#include <linux/io_uring.h>
#include <stdbool.h>

struct ring {
	int fd;
	char *map;
	struct io_uring_sqe *sqe;	/* p.sq_entries of them, all 0 at first */
	struct io_uring_params p;
};

/*
 * @entries: a power of 2, up to 32,768; @flags: IORING_SETUP_*. If it fails, errno is set;
 * close it anyway.
 */
bool ring_open(struct ring *r, unsigned int entries, unsigned int flags);
/* The first @nr entries are there. With IORING_SETUP_SQPOLL a thread finds them. */
void ring_queue(struct ring *r, unsigned int nr);
/* And wait until all are done. */
void ring_submit(struct ring *r, unsigned int nr);
void ring_close(struct ring *r);

#endif
