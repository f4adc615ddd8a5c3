/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints of file systems: has anybody mounted it since?
 *
 * A print is a digest of the bytes of the device that a mount changes.  Which
 * ones is the rule's, by type, and the grade's: "exact" takes all that there
 * is, while nobody writes (in B, in C, and in A of what is mounted read-only);
 * "stable" takes what a kernel that has it mounted for writing leaves alone.
 *
 *  rule   exact                             stable
 *  ext    the superblock                    uuid, mount count and time, check
 *                                           time, "needs recovery"
 *  xfs    the superblock, the log's head    uuid
 *  btrfs  the superblock                    uuid
 *  fat    boot sector, first FAT            boot sector ("dirty" is set)
 *  f2fs   superblock, both checkpoints      uuid
 *  blocks the first MiB                     -
 *
 * Where Linux writes them, from 6.12:
 *
 *  ext    fs/ext4/super.c: ext4_setup_super() counts a mount for writing and
 *         notes its time; ext4_mark_recovery_complete() takes "needs recovery"
 *         away again when a mount for reading has replayed the journal;
 *         e2fsck sets the time of the check.  In between only free counts,
 *         error fields and the like change.
 *  xfs    fs/xfs/xfs_log.c: whatever happens begins in the log, and a mount
 *         ends in it with an unmount record, also one for reading.  A's own
 *         kernel writes the superblock as often as the log is covered
 *         (xfs_log_cover()), so that nothing but the uuid is stable.
 *  btrfs  fs/btrfs/disk-io.c: write_all_supers(), at each commit.
 *  fat    fs/fat/inode.c: fat_set_state() at mount and unmount.  A second
 *         mount does not change a thing on a volume that is "dirty" already;
 *         the FAT changes with the first file that is made, grows or goes.  An
 *         EFI system partition is written to at each power-on by some boot
 *         loaders, in place: that must not make a difference.
 *  f2fs   fs/f2fs/checkpoint.c: f2fs_write_checkpoint(), one pack after the
 *         other, at unmount at the latest.
 *
 * Of what is encrypted on the device, or does not lie there in one piece, only
 * the fixed places can be had, the superblocks: KJ_PRINT_FIXED.
 *
 * FORMAT.md, section 2, is the same as a contract.
 */
#ifndef KJ_PRINT_H
#define KJ_PRINT_H

#include <stddef.h>
#include <stdint.h>

#include "kj-scene.h"

/*
 * The device.  @read gives as many bytes as there are, up to @len; fewer only
 * at the device's end.  At most KJ_PRINT_READ at once.
 */
#define KJ_PRINT_READ 65536u

struct kj_print_source {
	void *ctx;
	long (*read)(void *ctx, uint64_t offset, void *buf, size_t len);
};

/** kj_print_rule_of() - for a type of file system as mount(8) has it */
enum kj_print_rule kj_print_rule_of(const char *type);

/**
 * kj_print_take() - the print of a device
 * @rule: enum kj_print_rule, maybe with KJ_PRINT_FIXED; what the device says
 *	otherwise does not matter
 * @ret: KJ_PRINT_SIZE bytes; only set on success
 *
 * The bytes of the device are believed in nothing: where they point outside
 * of it, nothing is read.
 *
 * Return: 0; -EOPNOTSUPP when this rule has nothing of that grade; the errno
 * of a failing read.
 */
int kj_print_take(unsigned int rule, enum kj_print_grade grade,
		  const struct kj_print_source *source, uint8_t *ret);

/**
 * kj_print_take_fd() - the print of what begins at @p->start of an open device
 * @p: its rule is used, and not its grade
 * @fd: O_DIRECT, so that the disk is read and no cache
 * @ret: may be @p->digest
 */
int kj_print_take_fd(const struct kj_print *p, enum kj_print_grade grade, int fd,
		     uint8_t *ret);

#endif /* KJ_PRINT_H */
