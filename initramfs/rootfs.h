/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initramfs as what it is: memory.
 */
#ifndef KJ_ROOTFS_H
#define KJ_ROOTFS_H

#include <stdbool.h>

/**
 * kj_rootfs_empty() - remove all files of a file system in memory
 * @where: "/" of an initramfs, or a tmpfs; what is mounted below stays
 *
 * Programs that run, and their libraries, stay as long as they run.
 */
void kj_rootfs_empty(const char *where);

/** kj_rootfs_is_initramfs() - is this system an ordinary initramfs, not B's? */
bool kj_rootfs_is_initramfs(void);

#endif /* KJ_ROOTFS_H */
