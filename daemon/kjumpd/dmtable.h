/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of a device-mapper volume: which of its bytes are where.
 */
#ifndef KJ_DMTABLE_H
#define KJ_DMTABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "reason.h"

#define KJ_DM_SEGMENTS_MAX 1024

/* A run of the volume's bytes that is a run of another device's bytes. */
struct kj_dm_segment {
	uint64_t start, length;	/* bytes of the volume */
	dev_t on;		/* the device below */
	uint64_t offset;	/* byte of it */
	bool crypt;		/* encrypted on the way */
};

struct kj_dm_table {
	uint32_t n;
	struct kj_dm_segment list[KJ_DM_SEGMENTS_MAX];
};

/**
 * kj_dm_is_volume() - is this block device one of the device mapper?
 */
bool kj_dm_is_volume(dev_t devno);

/**
 * kj_dm_parse() - understand one line of a table
 * @path: of the target, for @reason
 * @type, @params: "linear", "254:1 2048"
 * @start, @length: sectors of 512 bytes
 *
 * Only "linear" and "crypt" put a byte at one fixed place of one device.
 *
 * Return: 0; -EOPNOTSUPP for all others, and for dm-crypt with integrity; or
 * -EINVAL when @params is not what the kernel documents; with @reason.
 */
int kj_dm_parse(const char *path, const char *type, uint64_t start, uint64_t length,
		const char *params, struct kj_dm_segment *ret, struct kj_reason *reason);

/**
 * kj_dm_read() - the table of a volume, from the kernel
 * @path: of the target, for @reason
 *
 * Any thread may call it; libdevmapper, which knows none, is used nowhere else.
 *
 * Return: 0, or -errno with @reason.
 */
int kj_dm_read(dev_t devno, const char *path, struct kj_dm_table *ret,
	       struct kj_reason *reason);

#endif /* KJ_DMTABLE_H */
