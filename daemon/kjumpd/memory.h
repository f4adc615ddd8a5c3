/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory this machine has, and who it is.
 */
#ifndef KJ_MEMORY_H
#define KJ_MEMORY_H

#include <stdint.h>

/* Words of a HIBERNATE or SNAPSHOT call after argv[0]: number of RAM pages,
 * machine id and boot id (two words each, their bytes in order). */
#define KJ_IDENTITY_WORDS 5

/**
 * kj_memory_used() - bytes of RAM that are not free now; 0: not known
 */
uint64_t kj_memory_used(void);

/**
 * kj_memory_identity() - whose memory it is, for the image's header
 */
void kj_memory_identity(uint64_t words[KJ_IDENTITY_WORDS]);

#endif /* KJ_MEMORY_H */
