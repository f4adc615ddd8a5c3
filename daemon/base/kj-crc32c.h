/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32C (Castagnoli), as in iSCSI (RFC 3720, B.4): polynomial 0x1EDC6F41
 * reflected, initial value and final xor all ones.
 */
#ifndef KJ_CRC32C_H
#define KJ_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/**
 * kj_crc32c() - checksum of @len bytes, or of their continuation
 * @crc: 0 to begin, else the result for the bytes before
 *
 * Uses the CPU's crc32 instruction where there is one.
 */
uint32_t kj_crc32c(uint32_t crc, const void *data, size_t len);

#endif /* KJ_CRC32C_H */
