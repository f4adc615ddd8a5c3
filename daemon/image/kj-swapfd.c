// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A swap area's mark and table on disk.  In B, C and A.
 *
 * Direct I/O, as for the image: what another kernel wrote is not in this one's
 * page cache.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-swapfd.h"

static void *alloc_pages(size_t size)
{
	void *pages = aligned_alloc(KJ_SWAP_PAGE, size);

	if (pages)
		memset(pages, 0, size);
	return pages;
}

static int write_flushed(int fd, const void *buf, size_t len, uint64_t at)
{
	int r = kj_pwrite_full(fd, buf, len, (off_t)at);

	if (r == 0 && fdatasync(fd) < 0)
		r = -errno;
	return r;
}

static int read_head(int fd, const struct kj_target *area, void **ret)
{
	kj_autofree void *page = alloc_pages(KJ_SWAP_PAGE);
	int r;

	if (!page)
		return -ENOMEM;
	r = kj_pread_full(fd, page, KJ_SWAP_PAGE, (off_t)kj_get64(area->swap_head));
	if (r < 0)
		return r == -ENODATA ? -EIO : r;
	*ret = KJ_TAKE_PTR(page);
	return 0;
}

int kj_swapfd_look(int fd, const struct kj_target *area, enum kj_swap_state *ret,
		   uint64_t *ret_table)
{
	kj_autofree void *page = NULL;
	int r = read_head(fd, area, &page);

	if (r == 0)
		*ret = kj_swap_look(page, ret_table);
	return r;
}

int kj_swapfd_commit(int fd, const struct kj_target *target, struct kj_error *error)
{
	kj_autofree void *table = alloc_pages(KJ_SWAP_TABLE_SIZE), *page = NULL;
	uint64_t head = kj_get64(target->swap_head), at = kj_get64(target->swap_table);
	int r;

	if (!table)
		return kj_fail(error, -ENOMEM, "out of memory");
	r = read_head(fd, target, &page);
	if (r < 0)
		return kj_fail(error, r, "cannot read the swap area's first page: %s", strerror(-r));
	if (kj_swap_look(page, NULL) != KJ_SWAP_PLAIN)
		return kj_fail(error, -EEXIST, "the swap area's first page has changed");
	memcpy(table, target, kj_target_size(kj_get32(target->n_extents)));
	r = write_flushed(fd, table, KJ_SWAP_TABLE_SIZE, at);
	if (r < 0)
		return kj_fail(error, r, "cannot write the table of the swap area's pages: %s",
			       strerror(-r));
	kj_swap_mark(page, at);
	r = write_flushed(fd, page, KJ_SWAP_PAGE, head);
	if (r < 0) {
		(void)kj_swapfd_clear(fd, target);
		return kj_fail(error, r, "cannot mark the swap area: %s", strerror(-r));
	}
	return 0;
}

/* @at comes from the disk. */
static int read_table(int fd, const struct kj_target *area, uint64_t at,
		      struct kj_target **ret, struct kj_error *error)
{
	kj_autofree void *table = alloc_pages(KJ_SWAP_TABLE_SIZE);
	uint64_t size = kj_get64(area->device_size);
	const char *reason = "?";
	size_t len;
	int r;

	if (!table)
		return kj_fail(error, -ENOMEM, "out of memory");
	if (at % KJ_SWAP_PAGE || size < KJ_SWAP_TABLE_SIZE || at > size - KJ_SWAP_TABLE_SIZE)
		return kj_fail(error, -EBADMSG,
			       "the mark on the swap area leads to a place outside the disk");
	r = kj_pread_full(fd, table, KJ_SWAP_TABLE_SIZE, (off_t)at);
	if (r < 0)
		return kj_fail(error, r, "cannot read the table of the swap area's pages: %s",
			       strerror(-r));
	if (kj_swap_check_table(table, at, area, &len, &reason) < 0)
		return kj_fail(error, -EBADMSG, "the table of the swap area's pages is damaged: %s",
			       reason);
	*ret = KJ_TAKE_PTR(table);
	return 0;
}

int kj_swapfd_read_table(int fd, const struct kj_target *area, struct kj_target **ret,
			 struct kj_error *error)
{
	enum kj_swap_state state;
	uint64_t at;
	int r = kj_swapfd_look(fd, area, &state, &at);

	if (r < 0)
		return kj_fail(error, r, "cannot read the swap area's first page: %s", strerror(-r));
	if (state == KJ_SWAP_BROKEN)
		return kj_fail(error, -EBADMSG, "the mark on the swap area is damaged");
	if (state != KJ_SWAP_MARKED)
		return kj_fail(error, -ENODATA, "the swap area has no image");
	return read_table(fd, area, at, ret, error);
}

int kj_swapfd_clear(int fd, const struct kj_target *area)
{
	kj_autofree void *page = NULL;
	enum kj_swap_state state;
	int r = read_head(fd, area, &page);

	if (r < 0)
		return r;
	state = kj_swap_look(page, NULL);
	if (state != KJ_SWAP_MARKED && state != KJ_SWAP_BROKEN)
		return 0;
	kj_swap_unmark(page);
	r = write_flushed(fd, page, KJ_SWAP_PAGE, kj_get64(area->swap_head));
	return r < 0 ? r : 1;
}
