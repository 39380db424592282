/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/sched_vm: its ioctls as functions that return 0 or -errno. */
#ifndef __SCHED_VM_TEST_DEVICE_H
#define __SCHED_VM_TEST_DEVICE_H

#include "sched_vm.h"
#include "../../../../../include/uapi/linux/sched_vm.h"

int device_open(void);			/* or die; skips if there is none */
int device_call(int dev, unsigned long cmd, void *arg);
int group_fd(const char *cg);		/* of its directory; or die */
int device_check(int dev, const char *cg, long q_us, long p_us, struct sched_vm_check *out);
int device_bind(int dev, const char *cg, unsigned int kind, unsigned int id, bool on);

#endif
