/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a volume of the device mapper down to the disk that has its bytes.
 */
#ifndef KJ_STACK_H
#define KJ_STACK_H

#include <stdbool.h>
#include <sys/types.h>

#include "extents.h"
#include "reason.h"

struct kj_stack {
	dev_t devno;		/* of the lowest device: a disk or a partition */
	bool stacked;		/* it is another one than we began with */
	bool crypt;		/* dm-crypt is in between */
};

/**
 * kj_stack_resolve() - follow extents down to a disk or partition
 * @path: of the target, for @reason
 * @devno: the device that they are on
 * @extents: on return they are on ret->devno, in the same order
 *
 * B and C then need no device mapper, as little as they need a file system.
 *
 * Return: 0, or -errno with @reason: RAID, loop devices and volumes that are
 * more than a piece of one disk cannot be followed.
 */
int kj_stack_resolve(const char *path, dev_t devno, struct kj_extents *extents,
		     struct kj_stack *ret, struct kj_reason *reason);

#endif /* KJ_STACK_H */
