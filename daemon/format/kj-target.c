// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The target description: sealed in A, checked in B and C.
 *
 * It crosses from kernel to kernel and lies in an initramfs, so its reader
 * trusts nothing: after kj_target_check() every extent is inside the device,
 * aligned and disjoint from all others, and nothing else needs checking again.
 * The table of a swap area is one, too, read back from the disk.
 */
#include <errno.h>
#include <string.h>

#include "kj-crc32c.h"
#include "kj-target.h"

static uint32_t checksum_of(const struct kj_target *t, size_t len)
{
	const size_t at = offsetof(struct kj_target, checksum);
	const uint8_t *bytes = (const uint8_t *)t;
	static const uint8_t zero[sizeof(t->checksum)];
	uint32_t crc;

	crc = kj_crc32c(0, bytes, at);
	crc = kj_crc32c(crc, zero, sizeof(zero));
	return kj_crc32c(crc, bytes + at + sizeof(zero), len - at - sizeof(zero));
}

void kj_target_seal(struct kj_target *t)
{
	memcpy(t->magic, KJ_TARGET_MAGIC, sizeof(t->magic));
	t->version = kj_le32_of(KJ_TARGET_VERSION);
	t->checksum = kj_le32_of(checksum_of(t, kj_target_size(kj_get32(t->n_extents))));
}

static bool tag_is_text(const char *tag)
{
	size_t len = strnlen(tag, KJ_TARGET_TAG_MAX);

	if (len == 0 || len == KJ_TARGET_TAG_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (tag[i] <= ' ' || tag[i] > '~')
			return false;
	return memchr(tag, '=', len) != NULL;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	while (len--)
		if (*p++)
			return false;
	return true;
}

static const char *check_head(const struct kj_target *t, size_t len)
{
	if (len < sizeof(*t))
		return "it is shorter than its head";
	if (memcmp(t->magic, KJ_TARGET_MAGIC, sizeof(t->magic)) != 0)
		return "it is not a target description";
	if (kj_get32(t->version) != KJ_TARGET_VERSION)
		return "its version is not known";
	if (kj_get32(t->n_extents) < 1 ||
	    kj_get32(t->n_extents) > KJ_TARGET_EXTENTS_MAX)
		return "its number of extents is out of range";
	if (len != kj_target_size(kj_get32(t->n_extents)))
		return "its length does not match its number of extents";
	if (kj_get32(t->checksum) != checksum_of(t, len))
		return "its checksum differs";
	if (kj_get32(t->kind) < KJ_TARGET_PARTITION ||
	    kj_get32(t->kind) > KJ_TARGET_SWAP)
		return "its kind is not known";
	if (kj_get32(t->power_off) > KJ_POWER_SUSPEND)
		return "its way of powering off is not known";
	if (!tag_is_text(t->tag))
		return "its device tag is not a printable NAME=value";
	if (kj_get32(t->lock) > KJ_LOCK_KEYFILE)
		return "its lock is not known";
	if (kj_get32(t->unused) || !all_zero(t->reserved, sizeof(t->reserved)))
		return "its reserved bytes are not zero";
	return NULL;
}

static bool overlap(const struct kj_extent *a, const struct kj_extent *b)
{
	return kj_get64(a->start) < kj_get64(b->start) + kj_get64(b->length) &&
	       kj_get64(b->start) < kj_get64(a->start) + kj_get64(a->length);
}

static const char *check_extents(const struct kj_target *t)
{
	uint64_t size = kj_get64(t->device_size);
	uint32_t n = kj_get32(t->n_extents);

	if (size > INT64_MAX)
		return "its device size is out of range";
	for (uint32_t i = 0; i < n; i++) {
		uint64_t start = kj_get64(t->extents[i].start);
		uint64_t length = kj_get64(t->extents[i].length);

		if (length == 0)
			return "an extent is empty";
		if (start % KJ_TARGET_ALIGN || length % KJ_TARGET_ALIGN)
			return "an extent is not aligned";
		if (length > size || start > size - length)
			return "an extent is outside the device";
		for (uint32_t k = 0; k < i; k++)
			if (overlap(&t->extents[i], &t->extents[k]))
				return "two extents overlap";
	}
	return NULL;
}

static struct kj_extent extent_of(uint64_t start, uint64_t length)
{
	return (struct kj_extent){ kj_le64_of(start), kj_le64_of(length) };
}

/* A page or more of the device, of which no extent has anything. */
static const char *check_apart(const struct kj_target *t, uint64_t start, uint64_t length)
{
	uint64_t size = kj_get64(t->device_size);
	struct kj_extent place;

	if (start % KJ_TARGET_ALIGN || length > size || start > size - length)
		return "its swap area is not inside the device";
	place = extent_of(start, length);
	for (uint32_t i = 0; i < kj_get32(t->n_extents); i++)
		if (overlap(&place, &t->extents[i]))
			return "an extent is where the swap area has something else";
	return NULL;
}

static const char *check_swap(const struct kj_target *t)
{
	uint64_t head = kj_get64(t->swap_head), table = kj_get64(t->swap_table);
	struct kj_extent first = extent_of(head, KJ_SWAP_PAGE);
	struct kj_extent place = extent_of(table, KJ_SWAP_TABLE_SIZE);
	const char *reason;

	if (kj_get32(t->kind) != KJ_TARGET_SWAP)
		return head || table ? "it has a swap area, and is of another kind" : NULL;
	if (!table)
		return kj_get32(t->n_extents) == 1 &&
		       memcmp(&t->extents[0], &first, sizeof(first)) == 0 ? NULL :
		       "its one extent is not the first page of the swap area";
	reason = check_apart(t, table, KJ_SWAP_TABLE_SIZE);
	if (!reason)
		reason = check_apart(t, head, KJ_SWAP_PAGE);
	if (!reason && overlap(&first, &place))
		reason = "its table is on the first page of the swap area";
	return reason;
}

int kj_target_check(const void *buf, size_t len, const char **ret_reason)
{
	const char *reason = check_head(buf, len);

	if (!reason)
		reason = check_extents(buf);
	if (!reason)
		reason = check_swap(buf);
	if (!reason)
		return 0;
	if (ret_reason)
		*ret_reason = reason;
	return -EBADMSG;
}

uint64_t kj_target_store_size(const struct kj_target *t)
{
	uint32_t n = kj_get32(t->n_extents);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += kj_get64(t->extents[i].length);
	return sum;
}

int kj_target_map(const struct kj_target *t, uint64_t offset,
		  uint64_t *ret_device_offset, uint64_t *ret_length)
{
	uint32_t n = kj_get32(t->n_extents);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t length = kj_get64(t->extents[i].length);

		if (offset < length) {
			*ret_device_offset = kj_get64(t->extents[i].start) + offset;
			*ret_length = length - offset;
			return 0;
		}
		offset -= length;
	}
	return -ERANGE;
}
