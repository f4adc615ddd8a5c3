/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a file's bytes are on its disk.
 */
#ifndef KJ_EXTENTS_H
#define KJ_EXTENTS_H

#include <stdint.h>

#include "kj-target.h"
#include "reason.h"

struct fiemap_extent;

/* Disk extents of a file, in the order of the file, neighbours merged. */
struct kj_extents {
	uint64_t size;		/* bytes of the file that are wanted */
	uint64_t covered;	/* bytes of it that have been found so far */
	uint32_t n;
	struct {
		uint64_t start, length;
	} list[KJ_TARGET_EXTENTS_MAX];
};

/**
 * kj_extents_append() - add a run of disk bytes at the end
 *
 * Return: 0, or -EFBIG when there are KJ_TARGET_EXTENTS_MAX already.
 */
int kj_extents_append(struct kj_extents *extents, uint64_t start, uint64_t length);

/**
 * kj_extents_add() - take the next extent of the file
 * @path: for @reason
 *
 * Refuses what is not a plain run of disk blocks that belongs to this file
 * alone: holes, delayed allocation, inline data, encoded, shared or unaligned
 * extents.  Extents that are allocated but not yet written are welcome: B
 * writes to the disk blocks.
 *
 * Return: 0, or -errno with @reason.
 */
int kj_extents_add(struct kj_extents *extents, const char *path,
		   const struct fiemap_extent *fe, struct kj_reason *reason);

/**
 * kj_extents_read() - all extents of an open regular file
 * @size: bytes from its beginning that must be on disk, a multiple of
 *        KJ_TARGET_ALIGN
 *
 * Return: 0, or -errno with @reason.
 */
int kj_extents_read(int fd, const char *path, uint64_t size,
		    struct kj_extents *ret, struct kj_reason *reason);

#endif /* KJ_EXTENTS_H */
