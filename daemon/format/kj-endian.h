/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Little-endian integers in structs, so that a missing conversion does not
 * compile.  For everything that is on disk or crosses from kernel to kernel.
 */
#ifndef KJ_ENDIAN_H
#define KJ_ENDIAN_H

#include <endian.h>
#include <stdint.h>

typedef struct { uint16_t raw; } kj_le16;
typedef struct { uint32_t raw; } kj_le32;
typedef struct { uint64_t raw; } kj_le64;

static inline uint16_t kj_get16(kj_le16 v) { return le16toh(v.raw); }
static inline uint32_t kj_get32(kj_le32 v) { return le32toh(v.raw); }
static inline uint64_t kj_get64(kj_le64 v) { return le64toh(v.raw); }

static inline kj_le16 kj_le16_of(uint16_t v) { return (kj_le16){ htole16(v) }; }
static inline kj_le32 kj_le32_of(uint32_t v) { return (kj_le32){ htole32(v) }; }
static inline kj_le64 kj_le64_of(uint64_t v) { return (kj_le64){ htole64(v) }; }

#endif /* KJ_ENDIAN_H */
