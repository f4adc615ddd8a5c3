// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gate to the disk, for B, C and A.
 *
 * The engine writes over whatever the target held, so a wrong offset destroys
 * somebody's data: here is the only place where a store's functions are
 * called, and each call is measured against the store's bounds first.
 * Offsets that come from a disk pass the same gate when they are read.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fail.h"
#include "kj-format.h"
#include "store.h"

static int check_range(const struct kj_store *store, uint64_t offset,
		       const void *buf, size_t len, struct kj_error *error)
{
	if (offset % KJ_STORE_ALIGN || len % KJ_STORE_ALIGN ||
	    (uintptr_t)buf % KJ_STORE_ALIGN)
		return kj_fail(error, -ERANGE,
			       "transfer of %zu bytes at %" PRIu64 " is not aligned",
			       len, offset);
	if (len > store->size || offset > store->size - len)
		return kj_fail(error, -ERANGE,
			       "transfer of %zu bytes at %" PRIu64 " is outside the target of %"
			       PRIu64 " bytes", len, offset, store->size);
	return 0;
}

int kj_store_read(const struct kj_store *store, uint64_t offset, void *buf,
		  size_t len, struct kj_error *error)
{
	int r = check_range(store, offset, buf, len, error);

	if (r < 0)
		return r;
	r = store->read(store->ctx, offset, buf, len);
	if (r < 0)
		return kj_fail(error, r, "reading %zu bytes at %" PRIu64
			       " of the target failed: %s", len, offset, strerror(-r));
	return 0;
}

int kj_store_write(const struct kj_store *store, uint64_t offset, const void *buf,
		   size_t len, struct kj_error *error)
{
	int r = check_range(store, offset, buf, len, error);

	if (r < 0)
		return r;
	r = store->write(store->ctx, offset, buf, len);
	if (r < 0)
		return kj_fail(error, r, "writing %zu bytes at %" PRIu64
			       " of the target failed: %s", len, offset, strerror(-r));
	return 0;
}

int kj_store_flush(const struct kj_store *store, struct kj_error *error)
{
	int r = store->flush(store->ctx);

	if (r < 0)
		return kj_fail(error, r, "flushing the target failed: %s", strerror(-r));
	return 0;
}

void kj_space_init(struct kj_space *space, const struct kj_store *store)
{
	space->next = KJ_DATA_START;
	space->size = store->size - store->size % KJ_STORE_ALIGN;
}

int kj_space_take(struct kj_space *space, size_t len, uint64_t *ret_offset,
		  struct kj_error *error)
{
	if (space->size < space->next || len > space->size - space->next)
		return kj_fail(error, -ENOSPC,
			       "the target is full: %" PRIu64 " of its %" PRIu64
			       " MiB are written and the image is not at its end; "
			       "use a larger target", space->next >> 20, space->size >> 20);
	*ret_offset = space->next;
	space->next += len;
	return 0;
}
