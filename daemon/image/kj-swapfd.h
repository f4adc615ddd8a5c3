/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A swap area's mark and table (kj-swap.h), on an open block device.
 */
#ifndef KJ_SWAPFD_H
#define KJ_SWAPFD_H

#include "kj-image.h"
#include "kj-swap.h"

/*
 * @fd is the block device that has the area, opened with O_DIRECT (or a file
 * that stands for it in tests).  @area is any checked description of kind SWAP.
 */

/**
 * kj_swapfd_look() - what does the first page say?
 * @ret_table: see kj_swap_look(); may be NULL
 *
 * Return: 0 or a negative errno.
 */
int kj_swapfd_look(int fd, const struct kj_target *area, enum kj_swap_state *ret,
		   uint64_t *ret_table);

/**
 * kj_swapfd_commit() - an image is in the area's pages: say so
 * @target: its description, with a table
 *
 * To be called when the image is whole and flushed.  Writes the table, flushes,
 * writes the mark, flushes.  When the mark cannot be written it is taken back.
 *
 * Return: 0 or a negative errno.
 */
int kj_swapfd_commit(int fd, const struct kj_target *target, struct kj_error *error);

/**
 * kj_swapfd_read_table() - where the image's pages are
 * @ret: malloc()ed, checked, of @area
 *
 * Return: 0; -ENODATA when the area is not marked; -EBADMSG when the mark or
 * the table is damaged; or another negative errno; @error says it.
 */
int kj_swapfd_read_table(int fd, const struct kj_target *area, struct kj_target **ret,
			 struct kj_error *error);

/**
 * kj_swapfd_clear() - make it plain swap again, flushed
 *
 * Writes nothing when it has no mark of ours.
 *
 * Return: 1 when it was marked, 0 when not, or a negative errno.
 */
int kj_swapfd_clear(int fd, const struct kj_target *area);

#endif /* KJ_SWAPFD_H */
