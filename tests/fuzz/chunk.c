// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Chunks whose pages and payload are the fuzzer's, under seals that are right:
 * the decoder stays inside its buffers, and kj_reader_restore() places exactly
 * what kj_unpack() and kj_pages_place() make of each alone, or refuses.
 *
 *      flags | chunk: runs, codec, length, their runs, payload | ...
 */
#include <errno.h>

#include "fuzz.h"
#include "kj-format.h"
#include "pack.h"
#include "pages.h"
#include "seal.h"
#include "store-fuzz.h"

#define CHUNKS_MAX	4u
#define MAX_PFN		(1u << 12)
#define SMALL		8u		/* pages, to be fast */
#define CHUNK_ROOM	(KJ_CHUNK_PLAIN_MAX + KJ_STORE_ALIGN)
#define DATA_AT		(KJ_DATA_START + KJ_INDEX_SIZE)
#define STORE_BYTES	(DATA_AT + CHUNKS_MAX * CHUNK_ROOM)

enum { BACKWARDS = 4, WRONG_SEAL = 8, SPREAD = 16, LARGE = 32, QUICK = 64 };

/* Sum over pages, in whatever order they come. */
struct memory {
	uint64_t pages;
	uint64_t sum;
};

static int place(void *ctx, struct kj_run run, const void *data)
{
	struct memory *m = ctx;

	must(run.n >= 1 && run.n <= KJ_CHUNK_PAGES_MAX);
	must(run.pfn < MAX_PFN && run.n <= MAX_PFN - run.pfn);
	for (uint64_t i = 0; i < run.n; i++)
		m->sum += (kj_crc32c(0, (const uint8_t *)data + i * KJ_PAGE_SIZE,
				     KJ_PAGE_SIZE) | 1) * (run.pfn + i + 1);
	m->pages += run.n;
	return 0;
}

struct image {
	struct fuzz_store s;
	struct kj_header *h;
	struct kj_index_block *block;
	struct kj_sealer sealer;
	uint64_t next;			/* byte for a payload */
	uint64_t pages, zero_pages, word_pages;
	uint32_t chunks;
};

static void image_init(struct image *image)
{
	memset(image, 0, sizeof(*image));
	fuzz_store_init(&image->s, STORE_BYTES, STORE_BYTES);
	image->h = (struct kj_header *)image->s.bytes;
	image->block = (struct kj_index_block *)(image->s.bytes + KJ_DATA_START);
	image->block->used = kj_le32_of(offsetof(struct kj_index_block, data));
	image->next = DATA_AT;
	memset(image->sealer.image_id, 0x55, sizeof(image->sealer.image_id));
}

/* What the index target is for is made right here: legal runs. */
static void take_runs(struct kj_index_entry *entry, uint32_t n_runs, uint32_t left,
		      struct input *in, struct kj_content *content)
{
	uint32_t n = 0;
	const char *reason;

	while (n < n_runs && left > 0) {
		uint32_t pfn = take16(in), v = take16(in), pages = 1 + v % left;

		entry->runs[n++] = kj_disk_run_of(pfn % (MAX_PFN - KJ_CHUNK_PAGES_MAX), pages,
						  (enum kj_run_kind)((v >> 14) % 3));
		left -= pages;
	}
	entry->n_runs = kj_le16_of((uint16_t)n);
	must(kj_runs_check(entry->runs, n, MAX_PFN, content, &reason) == 0);
}

static void take_chunk(struct image *image, struct input *in, unsigned int flags)
{
	uint8_t *at = (uint8_t *)image->block + kj_get32(image->block->used);
	struct kj_index_entry *entry = (void *)at;
	uint32_t n_runs = 1 + take8(in) % KJ_CHUNK_RUNS_MAX, plain, len;
	bool lz4 = take8(in) & 1;
	struct kj_content content;

	len = take16(in);
	take_runs(entry, n_runs, flags & LARGE ? KJ_CHUNK_PAGES_MAX : SMALL, in, &content);
	plain = kj_content_plain(&content);
	if (plain < 2)
		lz4 = false;
	len = lz4 ? 1 + len % (plain - 1) : plain;
	entry->number = kj_le64_of(image->chunks++);
	entry->offset = kj_le64_of(image->next);
	entry->payload = kj_le32_of(len);
	entry->codec = kj_le16_of(lz4 ? KJ_CODEC_LZ4 : KJ_CODEC_STORED);
	take(in, image->s.bytes + image->next, len);
	kj_seal_chunk(&image->sealer, entry, image->s.bytes + image->next);

	image->next += (len + 7) / 8 * 8 + (flags & SPREAD ? KJ_STORE_ALIGN - 8 : 0);
	image->pages += content.data_pages + content.word_pages + content.zero_pages;
	image->zero_pages += content.zero_pages;
	image->word_pages += content.word_pages;
	image->block->entries = kj_le32_of(image->chunks);
	image->block->used = kj_le32_of(kj_get32(image->block->used) +
			(uint32_t)kj_index_entry_size(kj_get16(entry->n_runs)));
}

/* Two entries of equal size change places: a reader must not go by order. */
static void swap_first(struct image *image)
{
	struct kj_index_entry *a = (void *)image->block->data, *b;
	uint8_t kept[KJ_INDEX_ENTRY_MAX];
	size_t size = kj_index_entry_size(kj_get16(a->n_runs));

	b = (void *)(image->block->data + size);
	if (image->chunks < 2 || kj_get16(b->n_runs) != kj_get16(a->n_runs))
		return;
	memcpy(kept, a, size);
	memcpy(a, b, size);
	memcpy(b, kept, size);
}

static void finish(struct image *image, unsigned int flags)
{
	struct kj_header *h = image->h;

	if (flags & BACKWARDS)
		swap_first(image);
	if (flags & WRONG_SEAL)
		((struct kj_index_entry *)image->block->data)->seal[0] ^= 1;
	kj_seal_index_block(&image->sealer, image->block);
	memcpy(h->image_id, image->sealer.image_id, sizeof(h->image_id));
	h->state = kj_le32_of(KJ_HEADER_VALID);
	h->generation = kj_le64_of(1);
	h->store_size = h->bytes_stored = kj_le64_of(STORE_BYTES);
	h->max_pfn = kj_le64_of(MAX_PFN);
	h->chunks = kj_le64_of(image->chunks);
	h->pages = kj_le64_of(image->pages);
	h->zero_pages = kj_le64_of(image->zero_pages);
	h->word_pages = kj_le64_of(image->word_pages);
	h->index_blocks = kj_le32_of(1);
	h->index_last = kj_le64_of(KJ_DATA_START);
	memcpy(h->index_seal, image->block->seal, KJ_SEAL_SIZE);
	kj_header_seal(h);
	h[1] = h[0];
}

/* One chunk, from a buffer that ends where its payload does. */
static int decode(const struct image *image, const struct kj_index_entry *entry,
		  struct memory *m)
{
	static uint8_t buf[KJ_CHUNK_PLAIN_MAX] __attribute__((aligned(8)));
	static uint64_t page[KJ_PAGE_SIZE / 8];
	const struct kj_memory_sink sink = { m, place };
	uint32_t len = kj_get32(entry->payload);
	uint8_t *payload = malloc(len ? len : 1);
	const uint8_t *plain;
	struct kj_error error;
	int r;

	must(payload);
	memcpy(payload, image->s.bytes + kj_get64(entry->offset), len);
	r = kj_open_chunk(&image->sealer, entry, payload);
	if (r == 0)
		r = kj_unpack(payload, entry, buf, &plain);
	if (r == 0)
		r = kj_pages_place(&sink, entry->runs, kj_get16(entry->n_runs), plain, page,
				   &error);
	free(payload);
	return r;
}

static int decode_all(const struct image *image, struct memory *m)
{
	const uint8_t *p = image->block->data;
	int first = 0;

	for (uint32_t i = 0; i < image->chunks; i++) {
		const struct kj_index_entry *entry = (const void *)p;
		int r = decode(image, entry, m);

		must(r == 0 || r == -EBADMSG);
		first = first ? first : r;
		p += kj_index_entry_size(kj_get16(entry->n_runs));
	}
	return first;
}

static void try_restore(const struct image *image, int expected, const struct memory *right)
{
	const struct kj_read_options options = { .threads = 1 };
	struct memory m = { 0 };
	const struct kj_memory_sink sink = { &m, place };
	struct kj_reader *reader = NULL;
	struct kj_error error = { "" };
	int r;

	must(kj_reader_open(&image->s.store, &options, &reader, &error) == 0);
	r = kj_reader_restore(reader, &sink, NULL, &error);
	must(r == expected);
	must(r == 0 || strlen(error.text) > 10);
	if (r == 0)
		must(m.pages == right->pages && m.sum == right->sum);
	kj_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int flags = take8(&in);
	struct memory m = { 0 };
	struct image image;
	int r;

	image_init(&image);
	for (uint32_t i = 0; i <= flags % CHUNKS_MAX; i++)
		take_chunk(&image, &in, flags);
	finish(&image, flags);
	r = decode_all(&image, &m);
	must(!(flags & WRONG_SEAL) || r == -EBADMSG);
	if (!(flags & QUICK))		/* threads take most of the time */
		try_restore(&image, r, &m);
	fuzz_store_done(&image.s);
	return 0;
}
