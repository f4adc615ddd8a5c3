/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much RAM this machine has.
 */
#ifndef KJ_IOMEM_H
#define KJ_IOMEM_H

#include <stdint.h>
#include <stdio.h>

/* In page frames of 4 KiB. */
struct kj_ram {
	uint64_t pages;
	uint64_t end;		/* none is at or above it */
};

/**
 * kj_iomem_ram() - "System RAM"
 * @iomem: /proc/iomem, read as root (others see zeros)
 *
 * What the firmware gave, also what the kernel itself occupies.  Only
 * top-level entries count; a page frame that is only partly RAM does not.
 *
 * Return: zeros when that cannot be known.
 */
struct kj_ram kj_iomem_ram(FILE *iomem);

/** kj_ram() - the same of this machine */
struct kj_ram kj_ram(void);

#endif /* KJ_IOMEM_H */
