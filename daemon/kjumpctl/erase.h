/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an image has left behind, gone.
 */
#ifndef KJ_ERASE_H
#define KJ_ERASE_H

#include <stdint.h>

#include "kj-target.h"
#include "reason.h"

/**
 * kj_erase() - make all bytes of the target read as zero
 * @fd: the target's device, opened for reading and writing
 * @target: checked
 * @progress: told bytes done and all, from time to time; may be NULL
 *
 * Only the target's extents are touched.  The device does it by itself where
 * it can (BLKZEROOUT), which also tells a disk that it may forget them.
 *
 * Return: 0, flushed; -errno with @reason, and an unknown part is erased.
 */
int kj_erase(int fd, const struct kj_target *target,
	     void (*progress)(uint64_t done, uint64_t all), struct kj_reason *reason);

#endif /* KJ_ERASE_H */
