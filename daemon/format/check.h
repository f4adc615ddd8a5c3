/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the checkers of this layer have in common.  They look at bytes that
 * anybody may have written.
 */
#ifndef KJ_FORMAT_CHECK_H
#define KJ_FORMAT_CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kj-crc32c.h"
#include "kj-endian.h"

/* CRC-32C of @len bytes, with the 4 bytes at @at taken as 0. */
static inline uint32_t kj_checksum_without(const void *data, size_t len, size_t at)
{
	static const uint8_t zero[sizeof(kj_le32)];
	const uint8_t *bytes = data;
	uint32_t crc;

	crc = kj_crc32c(0, bytes, at);
	crc = kj_crc32c(crc, zero, sizeof(zero));
	at += sizeof(zero);
	return kj_crc32c(crc, bytes + at, len - at);
}

static inline bool kj_all_zero(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	return len == 0 || (*p == 0 && memcmp(p, p + 1, len - 1) == 0);
}

/* Printable ASCII, at least one NUL, and nothing behind the first. */
static inline bool kj_is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return kj_all_zero(text + len, size - len);
}

/* NULL: nothing is wrong. */
static inline int kj_refuse(const char **ret_reason, const char *reason)
{
	if (!reason)
		return 0;
	*ret_reason = reason;
	return -EBADMSG;
}

#endif /* KJ_FORMAT_CHECK_H */
