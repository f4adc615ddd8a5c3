// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index, written in B and read in C and A.
 *
 * B cannot hold an index that grows with A's memory, so it holds one block of
 * it.  A full block goes to the disk between the chunks and the next one
 * points back to it, by offset and seal; the header points to the last.  Whoever
 * believes the header can therefore believe the whole chain, and a block of an
 * older image never fits in.  The reader holds one block, too.
 *
 *      header --> block n-1 --> ... --> block 1 --> block 0
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
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
	memcpy(block->previous_seal, ix->last_seal, sizeof(block->previous_seal));
}

int kj_index_writer_init(struct kj_index_writer *ix, const struct kj_store *store,
			 struct kj_space *space, const struct kj_sealer *sealer)
{
	memset(ix, 0, sizeof(*ix));
	ix->store = store;
	ix->sealer = sealer;
	ix->space = space;
	ix->block = aligned_alloc(KJ_STORE_ALIGN, sizeof(*ix->block));
	if (!ix->block)
		return -ENOMEM;
	memset(ix->block, 0, sizeof(*ix->block));
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
	kj_seal_index_block(ix->sealer, ix->block);
	r = kj_store_write(ix->store, offset, ix->block, sizeof(*ix->block), error);
	if (r < 0)
		return r;
	ix->last = offset;
	memcpy(ix->last_seal, ix->block->seal, sizeof(ix->last_seal));
	ix->blocks++;
	begin_block(ix);
	return 0;
}

int kj_index_add(struct kj_index_writer *ix, const struct kj_index_entry *entry,
		 struct kj_error *error)
{
	size_t size = kj_index_entry_size(kj_get16(entry->n_runs));
	uint32_t used = kj_get32(ix->block->used);
	int r;

	if (size > sizeof(*ix->block) - used) {
		r = end_block(ix, error);
		if (r < 0)
			return r;
		used = kj_get32(ix->block->used);
	}
	memcpy((uint8_t *)ix->block + used, entry, size);
	ix->block->used = kj_le32_of(used + (uint32_t)size);
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
	memcpy(h->index_seal, ix->last_seal, sizeof(h->index_seal));
	return 0;
}

/* ---- reading -------------------------------------------------------------- */

int kj_index_reader_init(struct kj_index_reader *ix, const struct kj_store *store,
			 const struct kj_sealer *sealer, const struct kj_header *header)
{
	*ix = (struct kj_index_reader) {
		.store = store, .sealer = sealer, .header = header,
		.block = aligned_alloc(KJ_STORE_ALIGN, sizeof(*ix->block)),
	};
	if (!ix->block)
		return -ENOMEM;
	kj_index_rewind(ix);
	return 0;
}

void kj_index_reader_done(struct kj_index_reader *ix)
{
	free(KJ_TAKE_PTR(ix->block));
}

void kj_index_rewind(struct kj_index_reader *ix)
{
	ix->left = kj_get32(ix->header->index_blocks);
	ix->next = kj_get64(ix->header->index_last);
	memcpy(ix->next_seal, ix->header->index_seal, sizeof(ix->next_seal));
	ix->entries_left = 0;
}

static int load_block(struct kj_index_reader *ix, struct kj_error *error)
{
	struct kj_index_block *block = ix->block;
	const char *reason;
	int r;

	r = kj_store_read(ix->store, ix->next, block, sizeof(*block), error);
	if (r < 0)
		return r;
	ix->left--;
	r = kj_open_index_block(ix->sealer, block, ix->next_seal, &reason);
	if (r == 0)
		r = kj_index_block_check(block, ix->header, ix->left, &reason);
	if (r < 0)
		return kj_fail(error, r, "the image is damaged: %s (block %" PRIu32
			       " of the index)", reason, ix->left);
	ix->next = kj_get64(block->previous);
	memcpy(ix->next_seal, block->previous_seal, sizeof(ix->next_seal));
	ix->at = block->data;
	ix->entries_left = kj_get32(block->entries);
	return 0;
}

const struct kj_index_entry *kj_index_peek(const struct kj_index_reader *ix)
{
	return ix->entries_left ? (const void *)ix->at : NULL;
}

int kj_index_next(struct kj_index_reader *ix, const struct kj_index_entry **ret,
		  struct kj_error *error)
{
	int r;

	if (ix->entries_left == 0) {
		if (ix->left == 0)
			return 0;
		r = load_block(ix, error);
		if (r < 0)
			return r;
	}
	*ret = (const void *)ix->at;
	ix->at += kj_index_entry_size(kj_get16((*ret)->n_runs));
	ix->entries_left--;
	return 1;
}

int kj_index_check(struct kj_index_reader *ix, struct kj_error *error)
{
	const struct kj_header *h = ix->header;
	uint64_t chunks = 0, pages = 0, zero_pages = 0, word_pages = 0;
	const struct kj_index_entry *entry;
	int r;

	kj_index_rewind(ix);
	while ((r = kj_index_next(ix, &entry, error)) > 0) {
		uint32_t n_runs = kj_get16(entry->n_runs);

		chunks++;
		for (uint32_t i = 0; i < n_runs; i++) {
			uint32_t n = kj_run_pages(&entry->runs[i]);

			pages += n;
			zero_pages += kj_run_kind(&entry->runs[i]) == KJ_RUN_ZERO ? n : 0;
			word_pages += kj_run_kind(&entry->runs[i]) == KJ_RUN_WORD ? n : 0;
		}
	}
	if (r < 0)
		return r;
	if (chunks != kj_get64(h->chunks) || pages != kj_get64(h->pages) ||
	    zero_pages != kj_get64(h->zero_pages) || word_pages != kj_get64(h->word_pages))
		return kj_fail(error, -EBADMSG,
			       "the image is damaged: index and header count differently");
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

int kj_index_mark(struct kj_index_reader *ix, uint64_t *bitmap, struct kj_error *error)
{
	const struct kj_index_entry *entry;
	int r;

	kj_index_rewind(ix);
	while ((r = kj_index_next(ix, &entry, error)) > 0) {
		uint32_t n_runs = kj_get16(entry->n_runs);

		for (uint32_t i = 0; i < n_runs; i++)
			if (!mark_run(bitmap, kj_run_pfn(&entry->runs[i]),
				      kj_run_pages(&entry->runs[i])))
				return kj_fail(error, -EBADMSG, "the image is damaged: "
					       "a page is in the index twice");
	}
	return r;
}
