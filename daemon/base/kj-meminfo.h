/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc/meminfo and /proc/zoneinfo say.
 */
#ifndef KJ_MEMINFO_H
#define KJ_MEMINFO_H

#include <stdint.h>
#include <stdio.h>

/* All in KiB. */
struct kj_meminfo {
	uint64_t free;			/* of kj_meminfo_read(): also what CPUs hold */
	uint64_t buffers;
	uint64_t cached;		/* files, also those of an initramfs */
	uint64_t mapped;		/* of these: in the address space of a process */
	uint64_t anonymous;		/* of processes, no file's */
	uint64_t reclaimable;		/* slab that the kernel can do without */
};

/**
 * kj_meminfo_parse() - from the text of /proc/meminfo
 *
 * Return: 0, or -EBADMSG when one of them is not there.
 */
int kj_meminfo_parse(FILE *file, struct kj_meminfo *ret);

/**
 * kj_zoneinfo_parse() - free pages that CPUs hold for themselves
 * @file: the text of /proc/zoneinfo
 *
 * MemFree does not count them; after a boot they are several MiB for each CPU.
 *
 * Return: KiB.
 */
uint64_t kj_zoneinfo_parse(FILE *file);

/**
 * kj_meminfo_read() - of this machine, now
 *
 * Return: 0 or a negative errno.
 */
int kj_meminfo_read(struct kj_meminfo *ret);

#endif /* KJ_MEMINFO_H */
