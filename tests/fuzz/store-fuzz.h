/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store whose first bytes are in memory; all others are zero and cannot be
 * written.
 */
#ifndef KJ_STORE_FUZZ_H
#define KJ_STORE_FUZZ_H

#include "kj-image.h"

struct fuzz_store {
	struct kj_store store;
	uint8_t *bytes;
	size_t len;			/* of them */
};

/* Of @len bytes that are zero, though it says it has @size. */
void fuzz_store_init(struct fuzz_store *s, size_t len, uint64_t size);
void fuzz_store_done(struct fuzz_store *s);

#endif /* KJ_STORE_FUZZ_H */
