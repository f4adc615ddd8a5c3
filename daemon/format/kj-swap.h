/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first page of a swap area that has an image.
 *
 * While A runs the page says SWAPSPACE2, and the image's place is free space or
 * space that A keeps for it.  The last step of a hibernation makes it this:
 *
 *      +--------------------------+ 0
 *      | boot loader's bytes      |  left alone
 *      +--------------------------+ 1024
 *      | version, size, UUID,     |  left alone: the area keeps its name
 *      | label, bad pages         |
 *      +--------------------------+ 3968
 *      | struct kj_swap_mark      |  zeros in a swap area without bad pages
 *      +--------------------------+ 4096
 *
 * The mark lies in one sector of 512 bytes and is there wholly or not at all.
 * Its last bytes are where the signature of swap is: S2SUSPEND, which libblkid
 * calls "swsuspend" and no kernel or program of today reads as an image of its
 * own; so neither resume= nor uswsusp touches it.  swapon(8) takes it for an
 * image that was not resumed and writes SWAPSPACE2 there, and with that the
 * mark is gone, too: the pages are about to be used.
 *
 * States, and who changes them:
 *
 *      swap ---- B: table, image, flush, then the mark, flush ----> marked
 *       ^                                                             |
 *       +------ C before it jumps, or when the boot goes on; A if ----+
 *               it is there all the same; swapon
 */
#ifndef KJ_SWAP_H
#define KJ_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kj-endian.h"
#include "kj-target.h"

#define KJ_SWAP_MARK_AT		3968u
#define KJ_SWAP_MARK_MAGIC	"KJSWAP\0"
#define KJ_SWAP_VERSION		1
#define KJ_SWAP_SIGNATURE	"SWAPSPACE2"	/* without NUL */
#define KJ_SWAP_SUSPENDED	"S2SUSPEND"	/* with NUL */
#define KJ_SWAP_SIGNATURE_SIZE	10

struct kj_swap_mark {
	char     magic[8];
	kj_le32  version;
	kj_le32  checksum;		/* CRC-32C of the mark, this field as 0 */
	kj_le64  table;			/* byte of the device: a struct kj_target */
	uint8_t  reserved[94];		/* 0 */
	char     signature[KJ_SWAP_SIGNATURE_SIZE];
};

_Static_assert(sizeof(struct kj_swap_mark) == 128, "on-disk size");
_Static_assert(KJ_SWAP_MARK_AT + sizeof(struct kj_swap_mark) == KJ_SWAP_PAGE, "at the end");
_Static_assert(KJ_SWAP_MARK_AT / 512 == (KJ_SWAP_PAGE - 1) / 512, "one sector");

enum kj_swap_state {
	KJ_SWAP_PLAIN,		/* swap that can be marked */
	KJ_SWAP_FULL,		/* swap, but something is where the mark goes */
	KJ_SWAP_MARKED,		/* there is an image */
	KJ_SWAP_BROKEN,		/* it was marked by us, and is damaged */
	KJ_SWAP_FOREIGN,	/* no swap, or another program's image */
};

/**
 * kj_swap_look() - what is this first page?
 * @page: KJ_SWAP_PAGE bytes
 * @ret_table: of KJ_SWAP_MARKED; may be NULL
 */
enum kj_swap_state kj_swap_look(const void *page, uint64_t *ret_table);

/**
 * kj_swap_mark() - there is an image
 * @page: KJ_SWAP_PLAIN
 * @table: where its struct kj_target is
 */
void kj_swap_mark(void *page, uint64_t table);

/**
 * kj_swap_unmark() - it is swap again, and nothing else
 * @page: KJ_SWAP_MARKED or KJ_SWAP_BROKEN
 */
void kj_swap_unmark(void *page);

/**
 * kj_swap_check_table() - is this the table that belongs to the area?
 * @table: KJ_SWAP_TABLE_SIZE bytes that were read from @at
 * @area: the checked description without a table
 * @ret_len: bytes of the description in @table
 * @ret_reason: on error a static English phrase
 *
 * Return: 0, or -EBADMSG.
 */
int kj_swap_check_table(const void *table, uint64_t at, const struct kj_target *area,
			size_t *ret_len, const char **ret_reason);

#endif /* KJ_SWAP_H */
