// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A's page frames, put where A had them.  Runs in kernel C.
 *
 * C is an ordinary boot and lies somewhere in A's memory itself.  The kernel
 * sorts that out: it gets the map of the image's page frames, keeps what
 * belongs where C lives in other frames, and moves it home in the last step
 * of the jump.  Here it is one ioctl() and then pwrite() at the physical
 * address, from all workers at once.
 *
 * Until the jump nothing is lost: closing the file gives the memory back.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kjump.h>

#include "fail.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "restore.h"

static int place(void *ctx, struct kj_run run, const void *data)
{
	const struct kj_restore *restore = ctx;

	return kj_pwrite_full(restore->fd, data, run.n * KJ_PAGE_SIZE,
			      run.pfn * KJ_PAGE_SIZE);
}

int kj_restore_begin(struct kj_reader *reader, bool last_try,
		     struct kj_restore *ret, struct kj_error *error)
{
	const struct kj_identity *a = &kj_reader_info(reader)->identity;
	struct kjump_restore request = {
		.entry = a->entry,
		.max_pfn = (a->max_pfn + 63) / 64 * 64,
	};
	kj_autofree uint64_t *bitmap = NULL;
	kj_autoclose int fd = -EBADF;
	int r;

	bitmap = calloc(request.max_pfn / 64, sizeof(*bitmap));
	if (!bitmap)
		return kj_fail(error, -ENOMEM, "no memory for the map of the image's pages");
	r = kj_reader_mark_pages(reader, bitmap, error);
	if (r < 0)
		return r;
	request.bitmap = (uintptr_t)bitmap;

	fd = open("/dev/kjump", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return kj_fail(error, -errno, "cannot open /dev/kjump: %s", strerror(errno));
	if (ioctl(fd, KJUMP_RESTORE, &request) < 0)
		return kj_fail(error, -errno,
			       "the kernel cannot make room for the image's memory: %s",
			       strerror(errno));
	/* The kernel hopes for pages that are zero; more room is better. */
	if (request.nr_short && !last_try)
		return kj_fail(error, -ENOMEM, "%llu of the image's pages have no room",
			       (unsigned long long)request.nr_short);
	ret->fd = KJ_TAKE_FD(fd);
	ret->nr_pages = request.nr_pages;
	ret->nr_moved = request.nr_moved;
	ret->nr_short = request.nr_short;
	return 0;
}

struct kj_memory_sink kj_restore_sink(struct kj_restore *restore)
{
	return (struct kj_memory_sink){ .ctx = restore, .place = place };
}

void kj_restore_abort(struct kj_restore *restore)
{
	if (restore->fd >= 0)
		close(restore->fd);
	restore->fd = -EBADF;
}
