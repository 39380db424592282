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
static size_t map_bytes(const struct ring *r)
{
	size_t sq = r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned int);
	size_t cq = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);

	return sq > cq ? sq : cq;
}

static size_t sqe_bytes(const struct ring *r)
{
	return r->p.sq_entries * sizeof(*r->sqe);
}

bool ring_open(struct ring *r, unsigned int entries, unsigned int flags)
{
	*r = (struct ring){ .map = MAP_FAILED, .sqe = MAP_FAILED, .p.flags = flags };
	r->fd = syscall(SYS_io_uring_setup, entries, &r->p);
	if (r->fd < 0)
		return false;
	r->map = mmap(NULL, map_bytes(r), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		      IORING_OFF_SQ_RING);
	r->sqe = mmap(NULL, sqe_bytes(r), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		      IORING_OFF_SQES);
	if (r->map == MAP_FAILED || (void *)r->sqe == MAP_FAILED)
		return false;
	memset(r->sqe, 0, sqe_bytes(r));
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
		array[(*tail + i) % r->p.sq_entries] = i;
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
		munmap(r->map, map_bytes(r));
	if ((void *)r->sqe != MAP_FAILED)
		munmap(r->sqe, sqe_bytes(r));
	close(r->fd);
}
