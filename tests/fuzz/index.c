// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An image whose index is made of the fuzzer's bytes, and sealed by somebody
 * who can compute checksums: kj_reader_open() says no, or all that
 * kj_reader_mark_pages() is led to is inside the bitmap and there once.
 *
 *      flags | header's numbers | length of block 0 | block 0 | ... | 3
 */
#include <errno.h>

#include "fuzz.h"
#include "kj-format.h"
#include "seal.h"
#include "store-fuzz.h"

#define BLOCKS_MAX	4u
#define DATA_BYTES	(1u << 20)
#define PFN_MAX		(1ull << 24)	/* of what gets a bitmap */

enum { COUNT = 1, CHAIN = 2, USED = 4, BYTES_STORED = 8, LAST = 16 };

struct image {
	struct fuzz_store s;
	struct kj_header *h;
	struct kj_index_block *blocks;
	uint32_t n_blocks;
};

static void image_init(struct image *image, uint32_t n_blocks)
{
	size_t len = KJ_DATA_START + n_blocks * KJ_INDEX_SIZE;

	fuzz_store_init(&image->s, len, len + DATA_BYTES);
	image->h = (struct kj_header *)image->s.bytes;
	image->blocks = (struct kj_index_block *)(image->s.bytes + KJ_DATA_START);
	image->n_blocks = n_blocks;
}

static uint64_t block_offset(uint32_t i)
{
	return KJ_DATA_START + (uint64_t)i * KJ_INDEX_SIZE;
}

static void take_header(struct image *image, struct input *in, unsigned int flags)
{
	struct kj_header *h = image->h;

	memset(h->image_id, 0x44, sizeof(h->image_id));
	h->state = kj_le32_of(KJ_HEADER_VALID);
	h->generation = kj_le64_of(1);
	h->store_size = kj_le64_of(image->s.store.size);
	h->max_pfn = kj_le64_of(take64(in));
	h->bytes_stored = kj_le64_of(flags & BYTES_STORED ? take64(in) : image->s.store.size);
	h->index_blocks = kj_le32_of(image->n_blocks);
	h->index_last = kj_le64_of(flags & LAST ? take64(in) : block_offset(image->n_blocks - 1));
	if (flags & COUNT)
		return;
	h->chunks = kj_le64_of(take64(in));
	h->pages = kj_le64_of(take64(in));
	h->zero_pages = kj_le64_of(take64(in));
	h->word_pages = kj_le64_of(take64(in));
}

static void take_block(struct kj_index_block *block, struct input *in, unsigned int flags)
{
	uint16_t len = take16(in);
	struct input bytes = { in->at, len < in->left ? len : in->left };

	in->at += bytes.left;
	in->left -= bytes.left;
	len = (uint16_t)bytes.left;
	if (len > sizeof(block->data))
		len = sizeof(block->data);
	if (!(flags & USED)) {
		block->entries = kj_le32_of(take32(&bytes));
		block->used = kj_le32_of(take32(&bytes));
	}
	if (!(flags & CHAIN)) {
		block->sequence = kj_le32_of(take32(&bytes));
		block->previous = kj_le64_of(take64(&bytes));
	}
	take(&bytes, block->data, len);
	if (flags & USED)
		block->used = kj_le32_of((uint32_t)offsetof(struct kj_index_block, data) + len);
}

static void add64(kj_le64 *to, uint64_t n)
{
	*to = kj_le64_of(kj_get64(*to) + n);
}

static void count_entry(const struct kj_index_entry *entry, struct kj_header *h)
{
	uint32_t n_runs = kj_get16(entry->n_runs);

	add64(&h->chunks, 1);
	for (uint32_t i = 0; i < n_runs; i++) {
		uint32_t n = kj_run_pages(&entry->runs[i]);

		add64(&h->pages, n);
		if (kj_run_kind(&entry->runs[i]) == KJ_RUN_ZERO)
			add64(&h->zero_pages, n);
		if (kj_run_kind(&entry->runs[i]) == KJ_RUN_WORD)
			add64(&h->word_pages, n);
	}
}

/* As many entries as its bytes make, whatever they say. */
static void count_block(struct kj_index_block *block, struct kj_header *h,
			unsigned int flags)
{
	const uint8_t *p = block->data;
	size_t left = kj_get32(block->used) - offsetof(struct kj_index_block, data), size;
	uint32_t n = 0;

	if (kj_get32(block->used) < offsetof(struct kj_index_block, data) ||
	    left > sizeof(block->data))
		return;
	while (left >= sizeof(struct kj_index_entry)) {
		const struct kj_index_entry *entry = (const void *)p;

		size = kj_index_entry_size(kj_get16(entry->n_runs));
		if (size > left)
			break;
		if (flags & COUNT)
			count_entry(entry, h);
		p += size;
		left -= size;
		n++;
	}
	if (flags & USED) {
		memset(block->data + (p - block->data), 0, left);
		block->used = kj_le32_of(kj_get32(block->used) - (uint32_t)left);
		block->entries = kj_le32_of(n);
	}
}

static void seal_image(struct image *image, unsigned int flags)
{
	struct kj_sealer sealer = { .key = NULL };
	const uint8_t *previous = NULL;

	memcpy(sealer.image_id, image->h->image_id, sizeof(sealer.image_id));
	for (uint32_t i = 0; i < image->n_blocks; i++) {
		struct kj_index_block *block = &image->blocks[i];

		if (previous)
			memcpy(block->previous_seal, previous, KJ_SEAL_SIZE);
		if (flags & CHAIN) {
			block->sequence = kj_le32_of(i);
			block->previous = kj_le64_of(i ? block_offset(i - 1) : 0);
		}
		kj_seal_index_block(&sealer, block);
		previous = block->seal;
	}
	memcpy(image->h->index_seal, previous, KJ_SEAL_SIZE);
	kj_header_seal(image->h);
	image->h[1] = image->h[0];
}

static void try_mark(struct kj_reader *reader)
{
	const struct kj_image_info *info = kj_reader_info(reader);
	uint64_t words = (info->identity.max_pfn + 63) / 64, n = 0;
	struct kj_error error = { "" };
	uint64_t *bitmap;
	int r;

	if (info->identity.max_pfn > PFN_MAX)
		return;
	bitmap = calloc(words, sizeof(*bitmap));
	must(bitmap || words == 0);
	r = kj_reader_mark_pages(reader, bitmap, &error);
	must(r == 0 || r == -EBADMSG);
	for (uint64_t i = 0; i < words; i++)
		n += (uint64_t)__builtin_popcountll(bitmap[i]);
	must(n <= info->pages);
	must(r < 0 || n == info->pages);
	if (info->identity.max_pfn % 64)
		must(bitmap[words - 1] >> info->identity.max_pfn % 64 == 0);
	free(bitmap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int flags = take8(&in);
	struct kj_reader *reader = NULL;
	struct kj_error error = { "" };
	struct image image;
	int r;

	image_init(&image, 1 + (flags >> 6) % BLOCKS_MAX);
	take_header(&image, &in, flags);
	for (uint32_t i = 0; i < image.n_blocks; i++) {
		take_block(&image.blocks[i], &in, flags);
		count_block(&image.blocks[i], image.h, flags);
	}
	seal_image(&image, flags);
	r = kj_reader_open(&image.s.store, NULL, &reader, &error);
	must(r == 0 || r == -EBADMSG);
	must(r == 0 || strlen(error.text) > 10);
	if (r == 0)
		try_mark(reader);
	kj_reader_close(reader);
	fuzz_store_done(&image.s);
	return 0;
}
