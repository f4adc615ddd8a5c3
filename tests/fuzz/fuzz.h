/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every fuzz target has: bytes that anybody may have written, taken from
 * the front, and must().
 *
 * A target is one function.  Under clang libFuzzer calls it (tests/fuzz/run);
 * else replay.c does, with each file of tests/fuzz/corpus/NAME.
 */
#ifndef KJ_FUZZ_H
#define KJ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kj-crc32c.h"
#include "kj-endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that the bytes broke. */
#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

/* Takes @len bytes, zeros where there are no more. */
static inline void take(struct input *in, void *to, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	if (n > 0)
		memcpy(to, in->at, n);
	memset((uint8_t *)to + n, 0, len - n);
	in->at += n;
	in->left -= n;
}

static inline uint8_t take8(struct input *in)
{
	uint8_t v;

	take(in, &v, sizeof(v));
	return v;
}

static inline uint16_t take16(struct input *in)
{
	kj_le16 v;

	take(in, &v, sizeof(v));
	return kj_get16(v);
}

static inline uint32_t take32(struct input *in)
{
	kj_le32 v;

	take(in, &v, sizeof(v));
	return kj_get32(v);
}

static inline uint64_t take64(struct input *in)
{
	kj_le64 v;

	take(in, &v, sizeof(v));
	return kj_get64(v);
}

/* Nobody guesses a CRC: puts the right one at @at, as if it were 0 there. */
static inline void fix_checksum(void *bytes, size_t len, size_t at)
{
	kj_le32 crc = { 0 };

	memcpy((uint8_t *)bytes + at, &crc, sizeof(crc));
	crc = kj_le32_of(kj_crc32c(0, bytes, len));
	memcpy((uint8_t *)bytes + at, &crc, sizeof(crc));
}

#endif /* KJ_FUZZ_H */
