/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block device of a target: found by its tag, looked at, opened.
 */
#ifndef KJ_DEVICE_H
#define KJ_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "kj-image.h"
#include "kj-target.h"

struct kj_device {
	char path[288];		/* "/dev/vda2" */
	int fd;
};

/**
 * kj_device_find() - wait for the block device that a target names
 * @target: a checked description
 * @timeout_ms: how long to wait for it to appear; 0: look once
 * @dev: gets the path
 *
 * Every device in /sys/class/block whose size is the target's is asked for
 * its tag by libblkid's low-level probing; no udev, no cache.
 *
 * Return: 0; -ENODEV when it did not come; -ENOTUNIQ when two devices carry
 * the tag; -ESTALE when the one that carries it has another size.
 */
int kj_device_find(const struct kj_target *target, unsigned int timeout_ms,
		   struct kj_device *dev, struct kj_error *error);

/**
 * kj_device_find_tag() - the same by the tag alone
 * @tag: "PARTUUID=" or the like
 *
 * Return: 0; -ENODEV; -ENOTUNIQ.
 */
int kj_device_find_tag(const char *tag, unsigned int timeout_ms, struct kj_device *dev);

/**
 * kj_device_open() - open for direct, exclusive I/O
 * @dev: found before; gets the file descriptor
 * @target: whose extents are on it
 *
 * Exclusive means that the kernel refuses while anything is mounted from it,
 * swaps to it or is stacked on it, and refuses others until it is closed.
 *
 * Extents below a volume are the exception: the volumes of that disk may be
 * assembled by now, which changes nothing on it, so that they are tolerated.
 *
 * Return: 0 or a negative errno.
 */
int kj_device_open(struct kj_device *dev, const struct kj_target *target,
		   struct kj_error *error);

/**
 * kj_device_check_foreign() - may this be overwritten?
 * @dev: open
 *
 * For whole devices that hold no image of ours: -EEXIST when libblkid knows
 * what is there (a file system, a RAID member, swap, a partition table).
 *
 * Return: 0, -EEXIST, or another negative errno.
 */
int kj_device_check_foreign(const struct kj_device *dev, struct kj_error *error);

/** kj_device_close() - give it up; also when it was never opened */
void kj_device_close(struct kj_device *dev);

#endif /* KJ_DEVICE_H */
