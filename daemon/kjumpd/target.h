/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From "Target=" to a struct kj_target that B and C understand.
 */
#ifndef KJ_TARGET_RESOLVE_H
#define KJ_TARGET_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "device.h"
#include "extents.h"
#include "kj-fdstore.h"
#include "kj-target.h"
#include "reason.h"

#define KJ_TARGET_FILE_PATH "/var/lib/kjump/target"

struct kj_resolved {
	struct kj_target *blob;		/* sealed */
	size_t blob_len;
	uint64_t size;			/* bytes of the store; free ones of a swap area */
	struct kj_device device;	/* as named, or that has the file system */
	struct kj_device lower;		/* below a volume: the disk; else not set */
	bool stacked;			/* the extents are on lower, not on device */
	bool crypt;			/* below dm-crypt: it would not encrypt them */
	char *file;			/* real path of a file target, else NULL */
	uint64_t swap_page;		/* SWAP: its first page, in pages of device */
};

/**
 * kj_resolved_disk() - the device that has the extents
 */
static inline const struct kj_device *kj_resolved_disk(const struct kj_resolved *r)
{
	return r->stacked ? &r->lower : &r->device;
}

/**
 * kj_resolved_name() - what people call it: the file, or the device as named
 */
static inline const char *kj_resolved_name(const struct kj_resolved *r)
{
	return r->file ? r->file : r->device.path;
}

/**
 * kj_target_resolve() - find the target and describe it
 * @conf: its target and power_off
 * @ret: freed by kj_resolved_done()
 *
 * Only reads, and does not care whether the target is in use or what is on
 * it: see preflight.h.  What cannot be a target at all is refused here by what
 * it is, and what can has a kj_target_kind_name().
 *
 * Return: 0, or -errno with @reason.
 */
int kj_target_resolve(const struct kj_conf *conf, struct kj_resolved *ret,
		      struct kj_reason *reason);

void kj_resolved_done(struct kj_resolved *resolved);

/**
 * kj_target_check_place() - could a file in a directory be a target?
 * @path: of that file, for @reason
 *
 * Says so by the kind of file system alone.
 */
int kj_target_check_place(const char *dir, const char *path, struct kj_reason *reason);

/**
 * kj_target_is_swap() - is it an active swap area (kj-swap.h)?
 *
 * Then there is no image in it as long as A runs, and no store but for a call.
 */
static inline bool kj_target_is_swap(const struct kj_resolved *r)
{
	return r->blob && kj_get32(r->blob->kind) == KJ_TARGET_SWAP;
}

/**
 * kj_target_describe() - make resolved->blob
 * @tag: by which the disk is found
 * @extents: on the disk
 *
 * Return: 0, or -errno with @reason.
 */
int kj_target_describe(struct kj_resolved *resolved, enum kj_target_kind kind,
		       enum kj_power_off power_off, enum kj_lock lock, const char *tag,
		       const struct kj_extents *extents, struct kj_reason *reason);

/**
 * kj_target_open() - the target as a store
 * @access: O_RDONLY or O_RDWR, with or without O_EXCL; direct I/O, because
 *          A's page cache does not know what B wrote
 * @ret: refers to @target and the descriptor
 *
 * Return: the descriptor, to be closed by the caller, or -errno with @reason.
 */
int kj_target_open(const struct kj_resolved *target, int access,
		   struct kj_fdstore *ret, struct kj_reason *reason);

/**
 * kj_target_pack() - make the sealed description
 * @lock: what C shall expect of the image
 * @tag: "PARTUUID=..." or "UUID=..."
 * @extents: in the order of the store
 * @ret_len: its size
 *
 * Return: malloc()ed, or NULL when memory is out or @tag is too long.
 */
struct kj_target *kj_target_pack(enum kj_target_kind kind, enum kj_power_off power_off,
				 enum kj_lock lock,
				 const char *tag, uint64_t device_size,
				 const struct kj_extent *extents, uint32_t n,
				 size_t *ret_len);

/**
 * kj_target_same() - do both lead C to the same place, lock and machine?
 * @a: checked; @b: checked
 */
bool kj_target_same(const struct kj_target *a, const struct kj_target *b);

/**
 * kj_target_save() - write the description to KJ_TARGET_FILE_PATH
 * @ret_changed: whether the file led to another place before, or was not there
 *
 * dracut's module takes it into C's initramfs, and kjump-mkinitrd finds the
 * drivers for B's by it.
 *
 * Return: 0, or -errno with @reason.
 */
int kj_target_save(const struct kj_resolved *resolved, bool *ret_changed,
		   struct kj_reason *reason);

/**
 * kj_target_kind_name() - "partition", "volume", "file", "swap area"
 */
const char *kj_target_kind_name(const struct kj_target *target);

#endif /* KJ_TARGET_RESOLVE_H */
