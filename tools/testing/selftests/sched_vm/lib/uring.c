// SPDX-License-Identifier: GPL-2.0
/* A ring of io_uring, by its system calls alone. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sched_vm.h"
#include "uring.h"

/* Both rings at once: IORING_FEAT_SINGLE_MMAP is old. */
#define MAP_BYTES	16384

bool ring_open(struct ring *r, unsigned int flags)
{
	*r = (struct ring){ .map = MAP_FAILED, .sqe = MAP_FAILED, .p.flags = flags };
	r->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &r->p);
	if (r->fd < 0)
		return false;
	r->map = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		      IORING_OFF_SQ_RING);
	r->sqe = mmap(NULL, RING_ENTRIES * sizeof(*r->sqe), PROT_READ | PROT_WRITE, MAP_SHARED,
		      r->fd, IORING_OFF_SQES);
	if (r->map == MAP_FAILED || (void *)r->sqe == MAP_FAILED)
		return false;
	memset(r->sqe, 0, RING_ENTRIES * sizeof(*r->sqe));
	return true;
}

static unsigned int *ring_word(struct ring *r, unsigned int offset)
{
	return (unsigned int *)(r->map + offset);
}

void ring_queue(struct ring *r, unsigned int nr)
{
	unsigned int *tail = ring_word(r, r->p.sq_off.tail);
	unsigned int *array = ring_word(r, r->p.sq_off.array), i;

	for (i = 0; i < nr; i++)
		array[(*tail + i) % RING_ENTRIES] = i;
	store_u(tail, *tail + nr);
}

void ring_submit(struct ring *r, unsigned int nr)
{
	ring_queue(r, nr);
	syscall(SYS_io_uring_enter, r->fd, nr, nr, IORING_ENTER_GETEVENTS, NULL, 0);
	store_u(ring_word(r, r->p.cq_off.head), load_u(ring_word(r, r->p.cq_off.tail)));
}

void ring_close(struct ring *r)
{
	if (r->fd < 0)
		return;
	if (r->map != MAP_FAILED)
		munmap(r->map, MAP_BYTES);
	if ((void *)r->sqe != MAP_FAILED)
		munmap(r->sqe, RING_ENTRIES * sizeof(*r->sqe));
	close(r->fd);
}
