/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store on an open block device: the target's extents, one behind the other.
 */
#ifndef KJ_FDSTORE_H
#define KJ_FDSTORE_H

#include "kj-image.h"
#include "kj-target.h"

struct kj_fdstore {
	struct kj_store store;		/* give &fdstore.store to the engine */
	int fd;
	const struct kj_target *target;
};

/**
 * kj_fdstore_init() - make a store of a device
 * @s: must not move or go away while the store is used
 * @fd: the block device (or a file that stands for it in tests), opened with
 *      O_DIRECT; O_RDONLY is enough for probe, reader and mark; stays the
 *      caller's
 * @target: passed kj_target_check(); must outlive the store
 *
 * Nothing to undo: no memory is held.
 *
 * Return: 0; -ESTALE when the device is not as large as the target says.
 */
int kj_fdstore_init(struct kj_fdstore *s, int fd, const struct kj_target *target,
		    struct kj_error *error);

#endif /* KJ_FDSTORE_H */
