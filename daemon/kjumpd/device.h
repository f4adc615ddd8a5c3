/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block device: what it is, what is on it, who uses it.
 */
#ifndef KJ_DEVICE_H
#define KJ_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "reason.h"

struct kj_device {
	dev_t devno;
	char *path;		/* "/dev/vda1" */
	uint64_t size;		/* bytes */
	bool read_only;
	bool ambiguous;		/* several signatures that exclude each other */
	char *part_uuid;	/* of its partition table entry, or NULL */
	char *uuid;		/* of what is on it, or NULL */
	char *type;		/* what is on it ("ext4", "crypto_LUKS"), or NULL */
	char *usage;		/* "filesystem", "raid", "crypto", "other", or NULL */
	char *label;		/* of what is on it, or NULL */
	char *table;		/* partition table on it ("gpt"), or NULL */
};

/**
 * kj_device_open() - look at a block device
 * @path: of the device node, or a link to it
 * @ret: freed by kj_device_done()
 *
 * Only reads.
 *
 * Return: 0, or -errno with @reason.
 */
int kj_device_open(const char *path, struct kj_device *ret, struct kj_reason *reason);

/**
 * kj_device_open_number() - the same by device number, through sysfs
 */
int kj_device_open_number(dev_t devno, struct kj_device *ret, struct kj_reason *reason);

void kj_device_done(struct kj_device *device);

#define KJ_DEVICE_CONTENTS_MAX 192

/**
 * kj_device_describe() - "an ext4 file system labelled 'home'"
 * @buf: KJ_DEVICE_CONTENTS_MAX bytes
 *
 * Return: @buf; "nothing that is known" when libblkid finds nothing.
 */
const char *kj_device_describe(const struct kj_device *device, char *buf, size_t len);

/**
 * kj_device_check_unused() - does anything use the device now?
 *
 * File systems, swap, device-mapper, md, and exclusive openers.
 *
 * Return: 0, or -EBUSY with @reason naming who.
 */
int kj_device_check_unused(const struct kj_device *device, struct kj_reason *reason);

/**
 * kj_device_is_swap() - is there an active swap area on this file or device?
 * @path: its real path
 * @ret_free: gets the bytes of it that are not in use; may be NULL
 */
bool kj_device_is_swap(const char *path, uint64_t *ret_free);

/**
 * kj_device_parse_swap() - is this line of /proc/swaps about @path?
 * @line: is changed
 */
bool kj_device_parse_swap(char *line, const char *path, uint64_t *ret_free);

#endif /* KJ_DEVICE_H */
