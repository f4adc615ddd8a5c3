// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images with a wrong index.
 */
#include <stdlib.h>
#include <string.h>

#include "broken.h"

static struct kj_index_block *last_block(struct victim *v)
{
	return v->blocks[v->n_blocks - 1];
}

static void lead_to(struct victim *v, const struct kj_index_block *block)
{
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++) {
		struct kj_header *h = v->header + i;

		h->index_last = kj_le64_of((uint64_t)((const uint8_t *)block - v->bytes));
		memcpy(h->index_seal, block->seal, KJ_SEAL_SIZE);
		kj_seal_image_header(&v->sealer, h);
	}
	victim_checksum(v);
}

static void break_magic(struct victim *v)
{
	((uint8_t *)last_block(v))[3] ^= 1;
}

static void break_image_id(struct victim *v)
{
	last_block(v)->image_id[15] ^= 1;
}

static void break_sequence(struct victim *v)
{
	((uint8_t *)&last_block(v)->sequence)[0] ^= 1;
}

static void break_data(struct victim *v)
{
	last_block(v)->data[100] ^= 1;
}

static void break_last_byte(struct victim *v)
{
	last_block(v)->data[sizeof(last_block(v)->data) - 1] ^= 1;
}

static void break_seal(struct victim *v)
{
	last_block(v)->seal[0] ^= 1;
}

static void break_end_of_seal(struct victim *v)
{
	last_block(v)->seal[15] ^= 1;
	lead_to(v, last_block(v));
}

static void break_first_block(struct victim *v)
{
	v->blocks[0]->data[8] ^= 1;
}

/* Right in itself, but not the one that block 1 was made for. */
static void renew_first_block(struct victim *v)
{
	uint8_t seal[KJ_SEAL_SIZE];
	const char *reason;

	memcpy(seal, v->blocks[0]->seal, sizeof(seal));
	if (kj_open_index_block(&v->sealer, v->blocks[0], seal, &reason) < 0)
		abort();
	v->blocks[0]->data[0] ^= 8;
	kj_seal_index_block(&v->sealer, v->blocks[0]);
}

static void exchange_blocks(struct victim *v)
{
	struct kj_index_block *copy = malloc(sizeof(*copy));

	*copy = *v->blocks[0];
	*v->blocks[0] = *v->blocks[1];
	*v->blocks[1] = *copy;
	free(copy);
}

static void take_block_of(struct victim *v, const char *name)
{
	uint8_t *bytes = golden_load(golden_find(name));
	const struct kj_header *h = (const void *)bytes;

	memcpy(last_block(v), bytes + kj_get64(h->index_last), KJ_INDEX_SIZE);
	free(bytes);
}

static void take_block_of_another(struct victim *v)
{
	take_block_of(v, "snapshot");
	lead_to(v, last_block(v));
}

/* Of the same key file, and the number is right. */
static void take_block_and_rename_it(struct victim *v)
{
	take_block_of(v, "keyfile-long");
	memcpy(last_block(v)->image_id, v->header->image_id, sizeof(v->header->image_id));
	last_block(v)->sequence = kj_le32_of(0);
	lead_to(v, last_block(v));
}

static void zero_half_of_block(struct victim *v)
{
	memset((uint8_t *)last_block(v) + 256, 0, KJ_INDEX_SIZE - 256);
}

static void zero_from_second_header(struct victim *v)
{
	memset(v->bytes + KJ_HEADER_SIZE + 100, 0, GOLDEN_STORE - KJ_HEADER_SIZE - 100);
}

static void lead_to_first_block(struct victim *v)
{
	lead_to(v, v->blocks[0]);
}

/* As the index was when its first block had been written. */
static void forget_last_block(struct victim *v)
{
	v->header[0].index_blocks = v->header[1].index_blocks = kj_le32_of(1);
	lead_to(v, v->blocks[0]);
}

static void forget_first_block(struct victim *v)
{
	v->header[0].index_blocks = v->header[1].index_blocks = kj_le32_of(1);
	victim_checksum(v);
}

static void write_behind_entries(struct victim *v)
{
	last_block(v)->data[sizeof(last_block(v)->data) - 1] = 1;
}

static void exchange_entries(struct victim *v)
{
	uint8_t first[KJ_INDEX_ENTRY_MAX], *a = last_block(v)->data;
	size_t a_size = kj_index_entry_size(kj_get16(((struct kj_index_entry *)a)->n_runs));
	uint8_t *b = a + a_size;
	size_t b_size = kj_index_entry_size(kj_get16(((struct kj_index_entry *)b)->n_runs));

	memcpy(first, a, a_size);
	memmove(a, b, b_size);
	memcpy(a + b_size, first, a_size);
}

static void put_nothing_at_end(struct victim *v)
{
	victim_entry(v, WHICH_EMPTY)->offset = v->header->bytes_stored;
}

const struct broken broken_indexes[] = {
	/* ---- the block, before it is opened ------------------------------------------ */
	{ "index-magic", "mixed", 40, "no index block where one should be", .spoil = break_magic },
	{ "index-magic-sealed", "keyfile-xchacha", 40, "no index block where one should be",
	  .spoil = break_magic },
	{ "index-is-a-chunk", "mixed", 40, "no index block where one should be",
	  { H(index_last, 8192) } },
	{ "store-zero-from-second-header", "mixed", 40, "no index block where one should be",
	  .spoil = zero_from_second_header },
	{ "index-image-id", "mixed", 41, "of another image", .spoil = break_image_id },
	{ "header-image-id", "mixed", 41, "of another image", { H_BYTE(image_id, 15, 1) } },
	{ "index-of-another-image", "small", 41, "of another image",
	  .spoil = take_block_of_another },
	{ "index-of-another-image-sealed", "keyfile-xchacha", 42, "index block's seal differs",
	  .spoil = take_block_and_rename_it },
	{ "index-data", "mixed", 42, "index block's seal differs", .spoil = break_data },
	{ "index-data-sealed", "passphrase-xchacha", 42, "index block's seal differs",
	  .spoil = break_data },
	{ "index-data-aes", "passphrase-aes", 42, "index block's seal differs",
	  .spoil = break_data },
	{ "index-last-byte", "mixed", 42, "index block's seal differs", .spoil = break_last_byte },
	{ "index-last-byte-sealed", "keyfile-xchacha", 42, "index block's seal differs",
	  .spoil = break_last_byte },
	{ "index-sequence-sealed", "keyfile-xchacha", 42, "index block's seal differs",
	  .spoil = break_sequence },
	{ "index-seal", "mixed", 42, "index block's seal differs", .spoil = break_seal },
	{ "index-seal-end", "mixed", 42, "index block's seal differs", .spoil = break_end_of_seal },
	{ "index-seal-end-sealed", "keyfile-xchacha", 42, "index block's seal differs",
	  .spoil = break_end_of_seal },
	{ "header-index-seal", "mixed", 42, "index block's seal differs",
	  { H_BYTE(index_seal, 0, 1) } },
	{ "index-half-zeros", "mixed", 42, "index block's seal differs",
	  .spoil = zero_half_of_block },
	{ "first-block", "long", 42, "index block's seal differs", .spoil = break_first_block },
	{ "first-block-sealed", "keyfile-long", 42, "index block's seal differs",
	  .spoil = break_first_block },
	{ "first-block-renewed", "long", 42, "index block's seal differs",
	  .spoil = renew_first_block },
	{ "first-block-renewed-sealed", "keyfile-long", 42, "index block's seal differs",
	  .spoil = renew_first_block },
	{ "blocks-exchanged", "long", 42, "index block's seal differs", .spoil = exchange_blocks },

	/* ---- its head ------------------------------------------------------------------ */
	{ "index-sequence", "mixed", 43, "not in its place", { B(0, sequence, 1) } },
	{ "index-sequence-resealed", "keyfile-xchacha", 43, "not in its place",
	  { B(0, sequence, 1) } },
	{ "last-block-is-first", "long", 43, "not in its place", .spoil = lead_to_first_block },
	{ "last-block-is-first-sealed", "keyfile-long", 43, "not in its place",
	  .spoil = lead_to_first_block },
	{ "first-block-forgotten", "long", 43, "not in its place", .spoil = forget_first_block },
	{ "used-71", "mixed", 44, "block's length is out of range", { B(0, used, 71) } },
	{ "used-above", "full", 44, "block's length is out of range", { B(0, used, 65537) } },
	{ "no-entries", "mixed", 45, "index block is empty", { B(0, entries, 0) } },
	{ "first-has-previous", "mixed", 46, "the first index block has a previous one",
	  { B(0, previous, 8192) } },
	{ "first-has-previous-seal", "mixed", 46, "the first index block has a previous one",
	  { B(0, previous_seal[15], 1) } },
	{ "previous-odd", "long", 46, "an index block is outside", { B_ADD(1, previous, 8) } },
	{ "previous-below", "long", 46, "an index block is outside", { B(1, previous, 4096) } },
	{ "previous-none", "keyfile-long", 46, "an index block is outside", { B(1, previous, 0) } },
	{ "previous-above", "long", 46, "an index block is outside",
	  { B(1, previous, 8192 + 65536 + 4096) } },
	{ "previous-wrap", "long", 46, "an index block is outside", { B(1, previous, -4096ull) } },
	{ "previous-is-itself", "long", 42, "index block's seal differs",
	  { B_ADD(1, previous, 65536) } },

	/* ---- its entries ----------------------------------------------------------------- */
	{ "entry-cut", "mixed", 47, "index entry is cut off", { B_ADD(0, used, -8) } },
	{ "entries-above", "mixed", 47, "index entry is cut off", { B_ADD(0, entries, 1) } },
	{ "entries-above-full", "full", 47, "index entry is cut off", { B_ADD(0, entries, 1) } },
	{ "entries-max", "mixed", 47, "index entry is cut off", { B(0, entries, 0xffffffff) } },
	{ "runs-max", "mixed", 47, "index entry is cut off", { E(LZ4, n_runs, 0xffff) } },
	{ "runs-0", "mixed", 48, "number of runs is out of range", { E(LZ4, n_runs, 0) } },
	{ "runs-129", "full", 48, "number of runs is out of range", { E(EMPTY, n_runs, 129) } },
	{ "run-kind", "mixed", 49, "kind of a run of pages is not known",
	  { R(LZ4, 0, 100, 1, 3) } },
	{ "run-of-0", "mixed", 50, "number of pages is out of range", { R(LZ4, 0, 100, 0, 0) } },
	{ "run-of-129", "mixed", 50, "number of pages is out of range", { R(LZ4, 0, 100, 129, 0) } },
	{ "run-of-16383", "mixed", 50, "number of pages is out of range",
	  { R(EMPTY, 0, 100, 16383, 2) } },
	{ "runs-of-129", "full", 50, "number of pages is out of range", { R(EMPTY, 0, 1, 2, 2) } },
	{ "pfn-above", "mixed", 51, "outside the memory", { R(EMPTY, 0, 9205, 1, 2) } },
	{ "pfn-end-above", "mixed", 51, "outside the memory", { R(EMPTY, 0, 9078, 128, 2) } },
	{ "pfn-high", "mixed", 51, "outside the memory", { R(EMPTY, 0, 0x1000007d0, 128, 2) } },
	{ "pfn-max", "mixed", 51, "outside the memory", { R(EMPTY, 0, 0xffffffffffff, 128, 2) } },
	{ "pfn-above-high", "high", 51, "outside the memory",
	  { H(max_pfn, 0x10000001f) } },
	{ "codec-2", "mixed", 52, "codec is not known", { E(STORED, codec, 2) } },
	{ "codec-2-sealed", "keyfile-xchacha", 52, "codec is not known", { E(STORED, codec, 2) } },
	{ "codec-changed", "mixed", 52, "compressed chunk's length", { E(STORED, codec, 1) } },
	{ "codec-of-nothing", "mixed", 52, "compressed chunk's length", { E(EMPTY, codec, 1) } },
	{ "stored-shorter", "mixed", 52, "stored chunk's length", { E_ADD(STORED, payload, -1) } },
	{ "stored-longer", "mixed", 52, "stored chunk's length", { E_ADD(STORED, payload, 1) } },
	{ "nothing-longer", "mixed", 52, "stored chunk's length", { E(EMPTY, payload, 8) } },
	{ "lz4-of-0", "mixed", 52, "compressed chunk's length", { E(LZ4, payload, 0) } },
	{ "lz4-too-long", "small", 52, "compressed chunk's length", { E(LZ4, payload, 8 + 4096) } },
	{ "lz4-max", "mixed", 52, "compressed chunk's length", { E(LZ4, payload, 0xffffffff) } },
	{ "number-above", "mixed", 53, "number is out of range", { E(LZ4, number, 6) } },
	{ "number-max", "mixed", 53, "number is out of range", { E(LZ4, number, -1ull) } },
	{ "chunks-fewer", "mixed", 53, "number is out of range", { H_ADD(chunks, -1) } },
	{ "offset-odd", "mixed", 54, "chunk is outside the image", { E_ADD(LZ4, offset, 4) } },
	{ "offset-below", "mixed", 54, "chunk is outside the image", { E(LZ4, offset, 8184) } },
	{ "offset-above", "mixed", 54, "chunk is outside the image", { E(LZ4, offset, GOLDEN_STORE) } },
	{ "offset-wrap", "mixed", 54, "chunk is outside the image", { E(LZ4, offset, -8ull) } },
	{ "offset-of-nothing", "mixed", 54, "chunk is outside the image",
	  { E(EMPTY, offset, GOLDEN_STORE) } },
	{ "entries-fewer", "mixed", 55, "has bytes after its entries", { B_ADD(0, entries, -1) } },
	{ "rest-not-zero", "mixed", 55, "rest is not zero", .change = write_behind_entries },
	{ "rest-not-zero-sealed", "keyfile-xchacha", 55, "rest is not zero",
	  .change = write_behind_entries },

	/* ---- the whole index ------------------------------------------------------------- */
	{ "chunks-more", "mixed", 56, "count differently", { H_ADD(chunks, 1) } },
	{ "chunks-most", "full", 56, "count differently", { H(chunks, 1365) } },
	{ "pages-more", "mixed", 56, "count differently", { H_ADD(pages, 1) } },
	{ "pages-fewer", "mixed", 56, "count differently", { H_ADD(pages, -1) } },
	{ "zero-pages-fewer", "mixed", 56, "count differently", { H_ADD(zero_pages, -1) } },
	{ "word-pages-more", "mixed", 56, "count differently", { H_ADD(word_pages, 1) } },
	{ "word-pages-fewer", "keyfile-xchacha", 56, "count differently",
	  { H_ADD(word_pages, -1) } },
	{ "last-block-forgotten", "long", 56, "count differently", .spoil = forget_last_block },
	{ "page-twice", "mixed", 57, "in the index twice", { R(EMPTY, 0, 1000, 128, 2) } },
	{ "page-twice-at-end", "mixed", 57, "in the index twice", { R(EMPTY, 0, 873, 128, 2) } },
	{ "page-twice-in-chunk", "small", 57, "in the index twice", { R(LZ4, 0, 17, 3, 2) } },
	{ "page-twice-sealed", "keyfile-xchacha", 57, "in the index twice",
	  { R(LZ4, 0, 1000, 3, 0) } },
	{ "page-twice-across-blocks", "long", 57, "in the index twice",
	  { R(EMPTY, 0, 1, 1, 2) } },

	/* ---- right, if only just ----------------------------------------------------------- */
	{ "at-pfn", "mixed", ACCEPTED, "", { H(max_pfn, 9205) } },
	{ "at-end-of-image", "mixed", ACCEPTED, "", .change = put_nothing_at_end },
	{ "entries-in-any-order", "mixed", ACCEPTED, "", .change = exchange_entries },
};

const size_t n_broken_indexes = sizeof(broken_indexes) / sizeof(broken_indexes[0]);
