/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much RAM this machine has.
 */
#ifndef KJ_IOMEM_H
#define KJ_IOMEM_H

#include <stdint.h>
#include <stdio.h>

/**
 * kj_iomem_ram_pages() - page frames (4 KiB) of "System RAM"
 * @iomem: /proc/iomem, read as root (others see zeros)
 *
 * What the firmware gave, also what the kernel itself occupies.  Only
 * top-level entries count; a page frame that is only partly RAM does not.
 *
 * Return: how many; 0 when that cannot be known.
 */
uint64_t kj_iomem_ram_pages(FILE *iomem);

/** kj_ram_pages() - the same of this machine */
uint64_t kj_ram_pages(void);

#endif /* KJ_IOMEM_H */
