/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc/meminfo says.
 */
#ifndef KJ_MEMINFO_H
#define KJ_MEMINFO_H

#include <stdint.h>
#include <stdio.h>

/* All in KiB. */
struct kj_meminfo {
	uint64_t free;
	uint64_t buffers;
	uint64_t cached;		/* files, also those of an initramfs */
	uint64_t mapped;		/* of these: in the address space of a process */
	uint64_t reclaimable;		/* slab that the kernel can do without */
};

/**
 * kj_meminfo_parse() - from the text of /proc/meminfo
 *
 * Return: 0, or -EBADMSG when one of them is not there.
 */
int kj_meminfo_parse(FILE *file, struct kj_meminfo *ret);

/**
 * kj_meminfo_read() - of this machine, now
 *
 * Return: 0 or a negative errno.
 */
int kj_meminfo_read(struct kj_meminfo *ret);

#endif /* KJ_MEMINFO_H */
