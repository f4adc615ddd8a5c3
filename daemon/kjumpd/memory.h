/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory this machine has, and who it is.
 */
#ifndef KJ_MEMORY_H
#define KJ_MEMORY_H

#include <stdint.h>
#include <stdio.h>

/* Words of a HIBERNATE or SNAPSHOT call after argv[0]: number of RAM pages,
 * machine id and boot id (two words each, their bytes in order). */
#define KJ_IDENTITY_WORDS 5

/**
 * kj_memory_ram_pages() - page frames of "System RAM"
 * @iomem: /proc/iomem, read as root (others see zeros)
 *
 * What the firmware gave, also what the kernel itself occupies.  C counts its
 * own in the same way before it resumes and refuses when they differ: only
 * top-level entries, only whole pages.
 *
 * Return: how many; 0 when that cannot be known.
 */
uint64_t kj_memory_ram_pages(FILE *iomem);

/**
 * kj_memory_used() - bytes of RAM that are not free now; 0: not known
 */
uint64_t kj_memory_used(void);

/**
 * kj_memory_identity() - whose memory it is, for the image's header
 */
void kj_memory_identity(uint64_t words[KJ_IDENTITY_WORDS]);

#endif /* KJ_MEMORY_H */
