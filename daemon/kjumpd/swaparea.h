/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active swap areas, and taking pages of one for an image.
 */
#ifndef KJ_SWAPAREA_H
#define KJ_SWAPAREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reason.h"
#include "target.h"

/* Pages of a swap area that are ours as long as this is open. */
struct kj_swap_hold {
	int fd;				/* of /dev/snapshot */
	struct kj_target *blob;		/* sealed: the pages, and where the table goes */
	size_t blob_len;
};

/**
 * kj_swap_take() - have the kernel keep pages of the area for us
 * @target: of kind SWAP
 * @bytes: how many are wanted
 * @ret: undone by kj_swap_release()
 *
 * Until then the kernel takes this for a hibernation that has begun: no other
 * one can, and drivers have been told.
 *
 * Return: 0, or -errno with @reason.
 */
int kj_swap_take(const struct kj_resolved *target, uint64_t bytes,
		 struct kj_swap_hold *ret, struct kj_reason *reason);

/**
 * kj_swap_release() - give the pages back; also when none were taken
 */
void kj_swap_release(struct kj_swap_hold *hold);

/**
 * kj_swap_pages() - a bitmap of pages becomes extents
 * @bits: one bit for each page of the device
 * @first, @last: pages that are set, and none outside
 * @ret: neighbours merged
 *
 * Return: 0, or -EFBIG when they are in more pieces than a description has.
 */
int kj_swap_pages(const uint64_t *bits, uint64_t first, uint64_t last,
		  struct kj_extents *ret);

/**
 * kj_swap_cut_table() - take room for the table off the largest extent
 * @ret: byte of the device
 *
 * Return: 0, or -ENOSPC when no extent is large enough.
 */
int kj_swap_cut_table(struct kj_extents *extents, uint64_t *ret);

/**
 * kj_swap_check() - can the area be marked, when there is an image?
 *
 * Return: 0, or -errno with @reason.
 */
int kj_swap_check(const struct kj_resolved *target, struct kj_reason *reason);

/**
 * kj_swap_clear() - if the area is marked, make it plain swap again
 *
 * Return: 1 when it was marked, 0 when not, or -errno with @reason.
 */
int kj_swap_clear(const struct kj_resolved *target, struct kj_reason *reason);

#endif /* KJ_SWAPAREA_H */
