// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A store on an open block device, in B, C and A.
 *
 * Direct I/O, so that B's few megabytes do not fill with pages that nobody
 * reads again; all offsets and lengths are multiples of 4096, so no byte of a
 * neighbour is ever read, changed and written back.  A request that spans
 * extents is split at their borders.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "fail.h"
#include "kj-fdstore.h"
#include "kj-io.h"

typedef int (*transfer)(int fd, void *buf, size_t len, off_t offset);

static int read_piece(int fd, void *buf, size_t len, off_t offset)
{
	int r = kj_pread_full(fd, buf, len, offset);

	return r == -ENODATA ? -EIO : r;	/* the device ends early */
}

static int write_piece(int fd, void *buf, size_t len, off_t offset)
{
	return kj_pwrite_full(fd, buf, len, offset);
}

static int for_each_piece(const struct kj_fdstore *s, uint64_t offset, uint8_t *buf,
			  size_t len, transfer move)
{
	while (len > 0) {
		uint64_t at, contiguous;
		size_t n;
		int r;

		r = kj_target_map(s->target, offset, &at, &contiguous);
		if (r < 0)
			return r;
		n = len < contiguous ? len : (size_t)contiguous;
		r = move(s->fd, buf, n, (off_t)at);
		if (r < 0)
			return r;
		buf += n;
		offset += n;
		len -= n;
	}
	return 0;
}

static int fdstore_read(void *ctx, uint64_t offset, void *buf, size_t len)
{
	return for_each_piece(ctx, offset, buf, len, read_piece);
}

static int fdstore_write(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	return for_each_piece(ctx, offset, (uint8_t *)(uintptr_t)buf, len, write_piece);
}

static int fdstore_flush(void *ctx)
{
	const struct kj_fdstore *s = ctx;

	return fdatasync(s->fd) < 0 ? -errno : 0;
}

int kj_fdstore_init(struct kj_fdstore *s, int fd, const struct kj_target *target,
		    struct kj_error *error)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0)
		return kj_fail(error, -errno, "cannot tell the size of the target's device: %m");
	if ((uint64_t)size != kj_get64(target->device_size))
		return kj_fail(error, -ESTALE, "the device %s has %jd bytes, but %" PRIu64
			       " when the target was configured; configure it again",
			       target->tag, (intmax_t)size, kj_get64(target->device_size));
	*s = (struct kj_fdstore) {
		.store = {
			.ctx   = s,
			.size  = kj_target_store_size(target),
			.read  = fdstore_read,
			.write = fdstore_write,
			.flush = fdstore_flush,
		},
		.fd = fd,
		.target = target,
	};
	return 0;
}
