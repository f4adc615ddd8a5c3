/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the firmware says that RAM is.
 */
#ifndef KJ_MEMMAP_H
#define KJ_MEMMAP_H

#include <stdint.h>

#define KJ_MEMMAP_PATH "/sys/firmware/memmap"
#define KJ_MEMMAP_DIGEST_SIZE 32u

/**
 * kj_memmap_digest() - of the firmware's memory map
 * @path: KJ_MEMMAP_PATH
 * @ret: KJ_MEMMAP_DIGEST_SIZE bytes; zeros when it is not known
 *
 * Not of /proc/iomem, which memmap= and mem= on the command line change, and
 * which tells where the running kernel lies.  swsusp compares the same table
 * (arch/x86/power/hibernate.c).  A kernel without CONFIG_FIRMWARE_MEMMAP does
 * not have it.
 */
void kj_memmap_digest(const char *path, uint8_t *ret);

#endif /* KJ_MEMMAP_H */
