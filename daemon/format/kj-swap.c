// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mark on a swap area's first page, and the table that it leads to.
 */
#include <errno.h>
#include <string.h>

#include "kj-crc32c.h"
#include "kj-swap.h"

static const char plain_signature[] = KJ_SWAP_SIGNATURE;
static const char suspended[KJ_SWAP_SIGNATURE_SIZE] = KJ_SWAP_SUSPENDED;

static uint32_t checksum_of(const struct kj_swap_mark *mark)
{
	struct kj_swap_mark copy = *mark;

	copy.checksum = kj_le32_of(0);
	return kj_crc32c(0, &copy, sizeof(copy));
}

static bool all_zero(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len--)
		if (*p++)
			return false;
	return true;
}

static bool is_good(const struct kj_swap_mark *mark)
{
	return kj_get32(mark->version) == KJ_SWAP_VERSION &&
	       all_zero(mark->reserved, sizeof(mark->reserved)) &&
	       kj_get32(mark->checksum) == checksum_of(mark);
}

enum kj_swap_state kj_swap_look(const void *page, uint64_t *ret_table)
{
	struct kj_swap_mark mark;

	memcpy(&mark, (const uint8_t *)page + KJ_SWAP_MARK_AT, sizeof(mark));
	if (memcmp(mark.signature, plain_signature, sizeof(mark.signature)) == 0)
		return all_zero(&mark, offsetof(struct kj_swap_mark, signature)) ||
		       memcmp(mark.magic, KJ_SWAP_MARK_MAGIC, sizeof(mark.magic)) == 0 ?
		       KJ_SWAP_PLAIN : KJ_SWAP_FULL;
	if (memcmp(mark.signature, suspended, sizeof(mark.signature)) != 0 ||
	    memcmp(mark.magic, KJ_SWAP_MARK_MAGIC, sizeof(mark.magic)) != 0)
		return KJ_SWAP_FOREIGN;
	if (!is_good(&mark))
		return KJ_SWAP_BROKEN;
	if (ret_table)
		*ret_table = kj_get64(mark.table);
	return KJ_SWAP_MARKED;
}

void kj_swap_mark(void *page, uint64_t table)
{
	struct kj_swap_mark mark = {
		.magic = KJ_SWAP_MARK_MAGIC,
		.version = kj_le32_of(KJ_SWAP_VERSION),
		.table = kj_le64_of(table),
	};

	memcpy(mark.signature, suspended, sizeof(mark.signature));
	mark.checksum = kj_le32_of(checksum_of(&mark));
	memcpy((uint8_t *)page + KJ_SWAP_MARK_AT, &mark, sizeof(mark));
}

void kj_swap_unmark(void *page)
{
	struct kj_swap_mark mark = { 0 };

	memcpy(mark.signature, plain_signature, sizeof(mark.signature));
	memcpy((uint8_t *)page + KJ_SWAP_MARK_AT, &mark, sizeof(mark));
}

int kj_swap_check_table(const void *table, uint64_t at, const struct kj_target *area,
			size_t *ret_len, const char **ret_reason)
{
	const struct kj_target *t = table;
	uint32_t n = kj_get32(t->n_extents);

	if (n > KJ_TARGET_EXTENTS_MAX) {
		*ret_reason = "its number of extents is out of range";
		return -EBADMSG;
	}
	if (kj_target_check(table, kj_target_size(n), ret_reason) < 0)
		return -EBADMSG;
	if (kj_get32(t->kind) != KJ_TARGET_SWAP || kj_get64(t->swap_table) != at ||
	    kj_get64(t->swap_head) != kj_get64(area->swap_head) ||
	    kj_get64(t->device_size) != kj_get64(area->device_size)) {
		*ret_reason = "it is not of this swap area";
		return -EBADMSG;
	}
	*ret_len = kj_target_size(n);
	return 0;
}
