// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a swap area's first page, and what its mark leads to: whatever
 * was there is told apart, can be made plain swap, and a table that is accepted
 * touches neither that page nor itself.
 *
 *      flags | where the table was read | the mark | table
 */
#include <errno.h>

#include "fuzz.h"
#include "kj-swap.h"

enum { FIX_MARK = 1, FIX_TABLE = 2, AT = 4, SWAP = 8 };

#define AREA_HEAD 4096ull
#define DEVICE_SIZE (1ull << 30)

static void fix_mark(uint8_t *page)
{
	struct kj_swap_mark mark;

	memcpy(&mark, page + KJ_SWAP_MARK_AT, sizeof(mark));
	memcpy(mark.magic, KJ_SWAP_MARK_MAGIC, sizeof(mark.magic));
	mark.version = kj_le32_of(KJ_SWAP_VERSION);
	memcpy(mark.signature, KJ_SWAP_SUSPENDED, sizeof(mark.signature));
	fix_checksum(&mark, sizeof(mark), offsetof(struct kj_swap_mark, checksum));
	memcpy(page + KJ_SWAP_MARK_AT, &mark, sizeof(mark));
}

/* Only what is ours is ever changed. */
static void try_page(struct input *in, unsigned int flags)
{
	uint8_t page[KJ_SWAP_PAGE] = { 0 }, before[KJ_SWAP_PAGE];
	enum kj_swap_state state;
	uint64_t table = 1;

	memset(page, 0x55, KJ_SWAP_MARK_AT);
	take(in, page + KJ_SWAP_MARK_AT, sizeof(struct kj_swap_mark));
	if (flags & FIX_MARK)
		fix_mark(page);
	memcpy(before, page, sizeof(page));
	state = kj_swap_look(page, &table);
	must(state <= KJ_SWAP_FOREIGN);
	must(memcmp(before, page, sizeof(page)) == 0);
	if (state == KJ_SWAP_PLAIN) {
		kj_swap_mark(page, 12345);
		must(kj_swap_look(page, &table) == KJ_SWAP_MARKED && table == 12345);
	}
	if (state != KJ_SWAP_FULL && state != KJ_SWAP_FOREIGN) {
		kj_swap_unmark(page);
		must(kj_swap_look(page, NULL) == KJ_SWAP_PLAIN);
		must(memcmp(before, page, KJ_SWAP_MARK_AT) == 0);
	}
}

static struct kj_target area(void)
{
	return (struct kj_target) {
		.kind = kj_le32_of(KJ_TARGET_SWAP),
		.device_size = kj_le64_of(DEVICE_SIZE),
		.swap_head = kj_le64_of(AREA_HEAD),
	};
}

static void fix_table(struct kj_target *t, size_t max, unsigned int flags, uint64_t at)
{
	if (flags & SWAP) {
		memcpy(t->magic, KJ_TARGET_MAGIC, sizeof(t->magic));
		t->version = kj_le32_of(KJ_TARGET_VERSION);
		t->kind = kj_le32_of(KJ_TARGET_SWAP);
		t->device_size = kj_le64_of(DEVICE_SIZE);
		t->swap_head = kj_le64_of(AREA_HEAD);
	}
	if (flags & AT)
		t->swap_table = kj_le64_of(at);
	if (flags & FIX_TABLE && kj_target_size(kj_get32(t->n_extents)) <= max)
		fix_checksum(t, kj_target_size(kj_get32(t->n_extents)),
			     offsetof(struct kj_target, checksum));
}

static void must_be_apart(const struct kj_target *t, uint64_t start, uint64_t length)
{
	for (uint32_t i = 0; i < kj_get32(t->n_extents); i++) {
		uint64_t from = kj_get64(t->extents[i].start);
		uint64_t to = from + kj_get64(t->extents[i].length);

		must(to <= start || from >= start + length);
		must(to <= DEVICE_SIZE);
	}
}

static void try_table(struct input *in, unsigned int flags, uint64_t at)
{
	struct kj_target *t = calloc(1, KJ_SWAP_TABLE_SIZE), a = area();
	const char *reason = "";
	size_t len = 0;
	int r;

	must(t);
	take(in, t, KJ_SWAP_TABLE_SIZE);
	/* as many as 32 bits can say is too slow to fix up */
	if (kj_get32(t->n_extents) <= KJ_TARGET_EXTENTS_MAX)
		fix_table(t, KJ_SWAP_TABLE_SIZE, flags, at);
	r = kj_swap_check_table(t, at, &a, &len, &reason);
	must(r == 0 || (r == -EBADMSG && strlen(reason) > 10));
	if (r == 0) {
		must(len == kj_target_size(kj_get32(t->n_extents)));
		must(len <= KJ_SWAP_TABLE_SIZE);
		must_be_apart(t, AREA_HEAD, at ? KJ_SWAP_PAGE : 0);
		if (at)
			must_be_apart(t, at, KJ_SWAP_TABLE_SIZE);
	}
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int flags = take8(&in);
	uint64_t at = take64(&in);

	try_page(&in, flags);
	try_table(&in, flags, at);
	return 0;
}
