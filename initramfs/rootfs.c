// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gives the memory of an initramfs back.  Runs in kernel B once it has its
 * drivers, and in kernel C when nothing else helps.
 *
 * A root file system that is not in memory is never touched.
 */
#include <ftw.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "rootfs.h"

static int remove_file(const char *path, const struct stat *st, int type,
		       struct FTW *where)
{
	(void)st;
	(void)where;
	if (type == FTW_F)
		(void)unlink(path);
	return 0;
}

void kj_rootfs_empty(const char *where)
{
	struct statfs fs;

	if (statfs(where, &fs) == 0 &&
	    (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC))
		(void)nftw(where, remove_file, 16, FTW_PHYS | FTW_MOUNT);
}

/* That of dracut (and any with systemd), or that of initramfs-tools. */
bool kj_rootfs_is_initramfs(void)
{
	return access("/etc/initrd-release", F_OK) == 0 ||
	       access("/conf/initramfs.conf", F_OK) == 0;
}
