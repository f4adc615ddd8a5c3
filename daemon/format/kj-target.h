/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the image lives, as one self-contained block of bytes.
 *
 * kjumpd (A) makes it from /etc/kjump.conf; it goes to B as the blob of the
 * call, and to C as the file /etc/kjump/target of its initramfs.  B and C
 * find the device by its tag alone, with libblkid.
 *
 *      +--------------------+ 0
 *      | struct kj_target   |
 *      +--------------------+ 256
 *      | extent 0           |  16 bytes each, in the order of the file;
 *      | ...                |  the concatenation of all extents is the store
 *      +--------------------+ 256 + 16 * n_extents
 */
#ifndef KJ_TARGET_H
#define KJ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kj-endian.h"
#include "kj-format.h"

#define KJ_TARGET_MAGIC		"KJTARGET"
#define KJ_TARGET_VERSION	1
#define KJ_TARGET_TAG_MAX	128	/* "PARTUUID=..." with its NUL */
#define KJ_TARGET_EXTENTS_MAX	1280	/* with key and scene they fit one call's blob */
#define KJ_TARGET_ALIGN		4096	/* of every extent's start and length */

enum kj_target_kind {
	KJ_TARGET_PARTITION	= 1,	/* the whole block device */
	KJ_TARGET_FILE		= 2,	/* a preallocated file's extents */
	KJ_TARGET_VOLUME	= 3,	/* those of a volume of the device mapper */
	KJ_TARGET_SWAP		= 4,	/* pages of an active swap area, see kj-swap.h */
};

/* How B ends after it wrote the image. */
enum kj_power_off {
	KJ_POWER_S4		= 0,	/* ACPI S4, S5 where that fails */
	KJ_POWER_S5		= 1,
	KJ_POWER_REBOOT		= 2,
	KJ_POWER_SUSPEND	= 3,	/* S3: no power-off, and a wake-up ends the image */
};

struct kj_extent {
	kj_le64 start;			/* bytes from the device's start */
	kj_le64 length;			/* bytes */
};

struct kj_target {
	char     magic[8];
	kj_le32  version;
	kj_le32  kind;			/* enum kj_target_kind */
	kj_le32  power_off;		/* enum kj_power_off */
	kj_le32  n_extents;
	kj_le64  device_size;		/* bytes of the whole block device */
	char     tag[KJ_TARGET_TAG_MAX];/* libblkid tag, "UUID=" or "PARTUUID=" */
	kj_le32  lock;			/* enum kj_lock: an image without it is refused */
	kj_le32  unused;		/* 0 */
	kj_le64  swap_head;		/* SWAP: byte of the device, its first page */
	kj_le64  swap_table;		/* SWAP: where this description goes, 0: nowhere */
	uint8_t  machine_id[16];	/* of A; 0: not known */
	uint8_t  reserved[52];		/* 0 */
	kj_le32  checksum;		/* CRC-32C of everything, this field as 0 */
	struct kj_extent extents[];
};

/*
 * The pages of a swap area are others each time.  So there are two descriptions
 * of kind SWAP: one in C's initramfs that only says where the area begins
 * (swap_table 0, and the first page as its one extent), and one that A makes
 * for a call, with the pages.  B writes that to swap_table, where C finds it.
 */
#define KJ_SWAP_PAGE	4096u

_Static_assert(sizeof(struct kj_extent) == 16, "on-disk size");
_Static_assert(sizeof(struct kj_target) == 256, "on-disk size");

/* Largest target description: fits KEXEC_CALL_BLOB_MAX. */
#define KJ_TARGET_SIZE_MAX \
	(sizeof(struct kj_target) + KJ_TARGET_EXTENTS_MAX * sizeof(struct kj_extent))

/* The same in whole pages: what swap_table takes. */
#define KJ_SWAP_TABLE_SIZE \
	((KJ_TARGET_SIZE_MAX + KJ_SWAP_PAGE - 1) / KJ_SWAP_PAGE * KJ_SWAP_PAGE)

/**
 * kj_target_size() - bytes of a target description with @n_extents
 */
static inline size_t kj_target_size(uint32_t n_extents)
{
	return sizeof(struct kj_target) + n_extents * sizeof(struct kj_extent);
}

/**
 * kj_target_seal() - fill in magic, version and checksum
 * @t: a description whose other fields are set, of kj_target_size() bytes
 */
void kj_target_seal(struct kj_target *t);

/**
 * kj_target_check() - is this buffer a target description?
 * @buf: any bytes, 8-byte aligned
 * @len: how many
 * @ret_reason: on error a static English phrase; may be NULL
 *
 * Everything is checked: magic, version, length, checksum, tag NUL-ended and
 * printable, extents aligned, inside the device and not overlapping, neither
 * each other nor a swap area's first page and table.
 *
 * Return: 0, or -EBADMSG.
 */
int kj_target_check(const void *buf, size_t len, const char **ret_reason);

/**
 * kj_target_store_size() - sum of all extents' lengths, in bytes
 * @t: a checked description
 */
uint64_t kj_target_store_size(const struct kj_target *t);

/**
 * kj_target_map() - where an offset of the store is on the device
 * @t: a checked description
 * @offset: byte of the store
 * @ret_device_offset: byte of the device
 * @ret_length: bytes that are contiguous on the device from there
 *
 * Return: 0, or -ERANGE when @offset is outside the store.
 */
int kj_target_map(const struct kj_target *t, uint64_t offset,
		  uint64_t *ret_device_offset, uint64_t *ret_length);

#endif /* KJ_TARGET_H */
