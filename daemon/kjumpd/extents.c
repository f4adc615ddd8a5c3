// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A preallocated file becomes a list of disk extents by the FIEMAP ioctl.
 *
 * B writes to them while the file system that owns the file is frozen in A's
 * memory, C reads them before any file system is mounted.  So each extent has
 * to be what it looks like: blocks of that one disk, at a fixed place, of this
 * file alone.  FIEMAP says by flags where that is not so.
 *
 * Reading the file through its file system shows zeros where blocks were
 * never written through it; nobody but kjump should read it.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "extents.h"
#include "kj-cleanup.h"

#define FIEMAP_BATCH 128

/* Extents that are not plain disk blocks, and how to say it. */
static const struct {
	uint32_t flag;
	const char *what;
} refused[] = {
	{ FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC,
	  "has parts that are not on the disk yet; sync and try again" },
	{ FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL,
	  "is stored inside the file system's own blocks; make it larger" },
	{ FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_DATA_ENCRYPTED,
	  "is compressed or encrypted by its file system" },
	{ FIEMAP_EXTENT_SHARED,
	  "shares disk blocks with another file; make a new one with fallocate" },
	{ FIEMAP_EXTENT_NOT_ALIGNED,
	  "is not aligned to disk blocks" },
};

static int refuse(struct kj_reason *reason, int error, const char *path, const char *what)
{
	return kj_reason_set(reason, error, KJ_WHY_TARGET, "The target file %s %s", path, what);
}

int kj_extents_append(struct kj_extents *extents, uint64_t start, uint64_t length)
{
	uint32_t n = extents->n;

	if (n && extents->list[n - 1].start + extents->list[n - 1].length == start) {
		extents->list[n - 1].length += length;
		return 0;
	}
	if (n == KJ_TARGET_EXTENTS_MAX)
		return -EFBIG;
	extents->list[n].start = start;
	extents->list[n].length = length;
	extents->n++;
	return 0;
}

int kj_extents_add(struct kj_extents *extents, const char *path,
		   const struct fiemap_extent *fe, struct kj_reason *reason)
{
	uint64_t length = fe->fe_length;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (fe->fe_flags & refused[i].flag)
			return refuse(reason, EOPNOTSUPP, path, refused[i].what);
	if (fe->fe_logical != extents->covered)
		return refuse(reason, EINVAL, path,
			      "has holes: preallocate it with fallocate");
	if (length > extents->size - extents->covered)
		length = extents->size - extents->covered;
	if (fe->fe_physical % KJ_TARGET_ALIGN || length % KJ_TARGET_ALIGN || !length)
		return refuse(reason, EINVAL, path,
			      "is not aligned to 4096 bytes on the disk: use a file system with blocks of 4096 bytes");
	if (kj_extents_append(extents, fe->fe_physical, length) < 0)
		return refuse(reason, EFBIG, path,
			      "is in too many pieces: make a new one with fallocate while the file system has more free space");
	extents->covered += length;
	return 0;
}

/* Asks for the extents from extents->covered on; *last: there are no more. */
static int read_batch(int fd, struct fiemap *map, struct kj_extents *extents,
		      const char *path, bool *last, struct kj_reason *reason)
{
	int r;

	memset(map, 0, sizeof(*map));
	map->fm_start = extents->covered;
	map->fm_length = extents->size - extents->covered;
	map->fm_flags = FIEMAP_FLAG_SYNC;
	map->fm_extent_count = FIEMAP_BATCH;
	if (ioctl(fd, FS_IOC_FIEMAP, map) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "The file system does not say where %s is on the disk: %m", path);
	*last = map->fm_mapped_extents == 0;
	for (uint32_t i = 0; i < map->fm_mapped_extents && extents->covered < extents->size; i++) {
		struct fiemap_extent fe = map->fm_extents[i];

		/* the first may begin before what we asked for */
		if (fe.fe_logical < extents->covered) {
			uint64_t skip = extents->covered - fe.fe_logical;

			if (skip >= fe.fe_length)
				continue;
			fe.fe_logical += skip;
			fe.fe_physical += skip;
			fe.fe_length -= skip;
		}
		r = kj_extents_add(extents, path, &fe, reason);
		if (r < 0)
			return r;
		if (fe.fe_flags & FIEMAP_EXTENT_LAST)
			*last = true;
	}
	return 0;
}

int kj_extents_read(int fd, const char *path, uint64_t size,
		    struct kj_extents *ret, struct kj_reason *reason)
{
	kj_autofree struct fiemap *map = malloc(sizeof(*map) +
				FIEMAP_BATCH * sizeof(struct fiemap_extent));
	bool last = false;
	int r;

	if (!map)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	*ret = (struct kj_extents){ .size = size };
	while (!last && ret->covered < size) {
		r = read_batch(fd, map, ret, path, &last, reason);
		if (r < 0)
			return r;
	}
	if (ret->covered < size)
		return refuse(reason, EINVAL, path,
			      "has holes: preallocate it with fallocate");
	return 0;
}
