// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index, written in B and read in C and A.
 *
 * B cannot hold an index that grows with A's memory, so it holds one block of
 * it.  A full block goes to the disk between the chunks and the next one
 * points back to it, by offset and checksum; the header points to the last.
 * Whoever believes the header's checksum can therefore believe the whole
 * chain, and a block of an older image never fits in.
 *
 *      header --> block n-1 --> ... --> block 1 --> block 0
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "index.h"
#include "kj-cleanup.h"

/* ---- writing -------------------------------------------------------------- */

static void begin_block(struct kj_index_writer *ix)
{
	struct kj_index_block *block = ix->block;

	memset(block->data, 0, sizeof(block->data));
	block->sequence = kj_le32_of(ix->blocks);
	block->entries = kj_le32_of(0);
	block->used = kj_le32_of(offsetof(struct kj_index_block, data));
	block->previous = kj_le64_of(ix->last);
	block->previous_checksum = kj_le32_of(ix->last_checksum);
}

int kj_index_writer_init(struct kj_index_writer *ix, const struct kj_store *store,
			 struct kj_space *space, const uint8_t image_id[16])
{
	memset(ix, 0, sizeof(*ix));
	ix->store = store;
	ix->space = space;
	ix->block = aligned_alloc(KJ_STORE_ALIGN, sizeof(*ix->block));
	if (!ix->block)
		return -ENOMEM;
	memset(ix->block, 0, sizeof(*ix->block));
	memcpy(ix->block->image_id, image_id, sizeof(ix->block->image_id));
	begin_block(ix);
	return 0;
}

void kj_index_writer_done(struct kj_index_writer *ix)
{
	free(KJ_TAKE_PTR(ix->block));
}

static int end_block(struct kj_index_writer *ix, struct kj_error *error)
{
	uint64_t offset;
	int r;

	if (ix->blocks == KJ_INDEX_BLOCKS_MAX)
		return kj_fail(error, -EFBIG, "the index is too large");
	r = kj_space_take(ix->space, sizeof(*ix->block), &offset, error);
	if (r < 0)
		return r;
	kj_index_block_seal(ix->block);
	r = kj_store_write(ix->store, offset, ix->block, sizeof(*ix->block), error);
	if (r < 0)
		return r;
	ix->last = offset;
	ix->last_checksum = kj_get32(ix->block->checksum);
	ix->blocks++;
	begin_block(ix);
	return 0;
}

int kj_index_add(struct kj_index_writer *ix, const struct kj_chunk *c,
		 uint64_t offset, struct kj_error *error)
{
	uint32_t n_runs = kj_get16(c->n_runs);
	uint32_t used = kj_get32(ix->block->used);
	struct kj_index_entry *entry;
	int r;

	if (kj_index_entry_size(n_runs) > sizeof(*ix->block) - used) {
		r = end_block(ix, error);
		if (r < 0)
			return r;
		used = kj_get32(ix->block->used);
	}
	entry = (struct kj_index_entry *)((uint8_t *)ix->block + used);
	entry->offset = kj_le64_of(offset);
	entry->checksum = c->checksum;
	entry->payload = c->payload;
	entry->n_runs = c->n_runs;
	entry->codec = c->codec;
	entry->reserved = kj_le32_of(0);
	memcpy(entry->runs, c->runs, n_runs * sizeof(c->runs[0]));

	used += (uint32_t)kj_index_entry_size(n_runs);
	ix->block->used = kj_le32_of(used);
	ix->block->entries = kj_le32_of(kj_get32(ix->block->entries) + 1);
	ix->chunks++;
	return 0;
}

int kj_index_end(struct kj_index_writer *ix, struct kj_header *h,
		 struct kj_error *error)
{
	int r = 0;

	if (kj_get32(ix->block->entries) > 0)
		r = end_block(ix, error);
	if (r < 0)
		return r;
	h->chunks = kj_le64_of(ix->chunks);
	h->index_blocks = kj_le32_of(ix->blocks);
	h->index_last = kj_le64_of(ix->last);
	h->index_checksum = kj_le32_of(ix->last_checksum);
	return 0;
}

/* ---- reading -------------------------------------------------------------- */

static int load_blocks(struct kj_index *index, const struct kj_store *store,
		       const struct kj_header *h, struct kj_error *error)
{
	uint64_t offset = kj_get64(h->index_last);
	uint32_t checksum = kj_get32(h->index_checksum);

	for (uint32_t i = kj_get32(h->index_blocks); i > 0; i--) {
		struct kj_index_block *block = &index->blocks[i - 1];
		const char *reason;
		int r;

		r = kj_store_read(store, offset, block, sizeof(*block), error);
		if (r < 0)
			return r;
		r = kj_index_block_check(block, h, i - 1, checksum, &reason);
		if (r < 0)
			return kj_fail(error, r, "the image is damaged: %s (block %" PRIu32
				       " of the index)", reason, i - 1);
		offset = kj_get64(block->previous);
		checksum = kj_get32(block->previous_checksum);
	}
	return 0;
}

/* Sets the bits of a run.  Return: false when one was set before. */
static bool mark_run(uint64_t *bitmap, uint64_t pfn, uint32_t n)
{
	while (n > 0) {
		uint32_t shift = (uint32_t)(pfn % 64);
		uint32_t take = n < 64 - shift ? n : 64 - shift;
		uint64_t mask = (~UINT64_C(0) >> (64 - take)) << shift;

		if (bitmap[pfn / 64] & mask)
			return false;
		bitmap[pfn / 64] |= mask;
		pfn += take;
		n -= take;
	}
	return true;
}

struct totals {
	uint64_t pages;
	uint64_t zero_pages;
};

static const char *take_entry(struct kj_index *index, const struct kj_header *h,
			      const struct kj_index_entry *entry,
			      struct totals *totals)
{
	uint32_t n_runs = kj_get16(entry->n_runs);

	if (index->n_entries == kj_get64(h->chunks))
		return "the index has more chunks than the header says";
	index->entries[index->n_entries++] = entry;

	for (uint32_t i = 0; i < n_runs; i++) {
		const struct kj_disk_run *run = &entry->runs[i];

		if (!mark_run(index->bitmap, kj_run_pfn(run), kj_run_pages(run)))
			return "a page is in the index twice";
		totals->pages += kj_run_pages(run);
		if (kj_run_is_zero(run))
			totals->zero_pages += kj_run_pages(run);
	}
	return NULL;
}

static int take_entries(struct kj_index *index, const struct kj_header *h,
			struct kj_error *error)
{
	uint32_t n_blocks = kj_get32(h->index_blocks);
	struct totals totals = { 0 };
	const char *reason = NULL;

	for (uint32_t b = 0; b < n_blocks; b++) {
		const struct kj_index_block *block = &index->blocks[b];
		const uint8_t *p = block->data;

		for (uint32_t i = kj_get32(block->entries); i > 0 && !reason; i--) {
			const struct kj_index_entry *entry = (const void *)p;

			reason = take_entry(index, h, entry, &totals);
			p += kj_index_entry_size(kj_get16(entry->n_runs));
		}
	}
	if (!reason && (index->n_entries != kj_get64(h->chunks) ||
			totals.pages != kj_get64(h->pages) ||
			totals.zero_pages != kj_get64(h->zero_pages)))
		reason = "the index has less than the header says";
	if (reason)
		return kj_fail(error, -EBADMSG, "the image is damaged: %s", reason);
	return 0;
}

int kj_index_load(struct kj_index *index, const struct kj_store *store,
		  const struct kj_header *h, struct kj_error *error)
{
	size_t n_blocks = kj_get32(h->index_blocks);
	int r;

	memset(index, 0, sizeof(*index));
	index->bitmap_words = (kj_get64(h->max_pfn) + 63) / 64;
	index->blocks = aligned_alloc(KJ_STORE_ALIGN, (n_blocks + !n_blocks) * KJ_INDEX_SIZE);
	index->entries = calloc(kj_get64(h->chunks) + 1, sizeof(index->entries[0]));
	index->bitmap = calloc(index->bitmap_words + 1, sizeof(index->bitmap[0]));
	if (!index->blocks || !index->entries || !index->bitmap)
		return kj_fail(error, -ENOMEM, "not enough memory for the image's index");

	r = load_blocks(index, store, h, error);
	if (r < 0)
		return r;
	return take_entries(index, h, error);
}

void kj_index_free(struct kj_index *index)
{
	free(KJ_TAKE_PTR(index->blocks));
	free(KJ_TAKE_PTR(index->entries));
	free(KJ_TAKE_PTR(index->bitmap));
}
