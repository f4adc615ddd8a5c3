/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of A put back through /dev/kjump.
 */
#ifndef KJ_RESTORE_H
#define KJ_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "kj-image.h"

struct kj_restore {
	int fd;				/* -EBADF before and after */
	uint64_t nr_pages;		/* of the image */
	uint64_t nr_moved;		/* of those, kept elsewhere until the jump */
	uint64_t nr_short;		/* of those, without room unless zero */
};

/**
 * kj_restore_begin() - take the page frames that the image needs
 * @reader: an image
 * @last_try: there will not be more room: go on even when it suffices only if
 *	enough of the pages that move home turn out to be zero
 * @ret: ended by kj_restore_abort(), or by the jump
 *
 * Nearly all free memory of the machine is gone when this returns.
 *
 * Return: 0; -ENOMEM when there is too little room; a negative errno.
 */
int kj_restore_begin(struct kj_reader *reader, bool last_try,
		     struct kj_restore *ret, struct kj_error *error);

/** kj_restore_sink() - for the image engine */
struct kj_memory_sink kj_restore_sink(struct kj_restore *restore);

/** kj_restore_abort() - give all memory back; C boots on */
void kj_restore_abort(struct kj_restore *restore);

#endif /* KJ_RESTORE_H */
