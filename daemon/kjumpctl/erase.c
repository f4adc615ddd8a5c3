// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A discarded image has lost its header, not its pages.  Here they go, extent
 * by extent, the header last: what an interrupted run leaves still says that
 * there is something.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "erase.h"
#include "kj-cleanup.h"
#include "kj-io.h"

#define STEP (64ull << 20)		/* between two looks at the progress */
#define BUFFER (1u << 20)

struct eraser {
	int fd;
	bool by_device;			/* BLKZEROOUT works */
	void *zeros;			/* BUFFER of them, aligned for direct I/O */
};

static int write_zeros(const struct eraser *e, uint64_t at, uint64_t len)
{
	while (len > 0) {
		size_t n = len < BUFFER ? (size_t)len : BUFFER;
		int r = kj_pwrite_full(e->fd, e->zeros, n, (off_t)at);

		if (r < 0)
			return r;
		at += n;
		len -= n;
	}
	return 0;
}

static int erase_piece(struct eraser *e, uint64_t at, uint64_t len)
{
	uint64_t range[2] = { at, len };

	if (e->by_device && ioctl(e->fd, BLKZEROOUT, range) == 0)
		return 0;
	e->by_device = false;
	return write_zeros(e, at, len);
}

/* From the end of the store to its beginning. */
static int erase_store(struct eraser *e, const struct kj_target *target,
		       void (*progress)(uint64_t done, uint64_t all))
{
	uint64_t all = kj_target_store_size(target), done = 0;

	for (uint32_t i = kj_get32(target->n_extents); i-- > 0;) {
		uint64_t start = kj_get64(target->extents[i].start);
		uint64_t left = kj_get64(target->extents[i].length);

		while (left > 0) {
			uint64_t n = left < STEP ? left : STEP;
			int r = erase_piece(e, start + left - n, n);

			if (r < 0)
				return r;
			left -= n;
			done += n;
			if (progress)
				progress(done, all);
		}
	}
	return fdatasync(e->fd) < 0 ? -errno : 0;
}

int kj_erase(int fd, const struct kj_target *target,
	     void (*progress)(uint64_t done, uint64_t all), struct kj_reason *reason)
{
	kj_autofree void *zeros = aligned_alloc(KJ_TARGET_ALIGN, BUFFER);
	struct eraser e = { .fd = fd, .zeros = zeros };
	struct stat st;
	int r;

	if (!zeros)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	memset(zeros, 0, BUFFER);
	if (fstat(fd, &st) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET, "Cannot examine the target: %m");
	e.by_device = S_ISBLK(st.st_mode);
	r = erase_store(&e, target, progress);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET,
				     "The target could not be erased: %m; what an image left there may still be read");
	return 0;
}
