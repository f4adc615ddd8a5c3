// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index: what was noted comes back block by block, the last one first,
 * and it has to add up.
 */
#include "unit.h"

#include "disk.h"
#include "index.h"

#define DISK_BYTES	(4u << 20)
#define MAX_PFN		(1u << 20)
#define BLOCK_ROOM	sizeof(((struct kj_index_block *)0)->data)

struct desk {
	struct disk *disk;
	struct kj_space space;
	struct kj_sealer sealer;
	struct kj_index_writer writer;
	struct kj_index_reader reader;
	struct kj_header header;
	struct kj_error error;
	uint64_t chunks;
	uint64_t pfn;			/* of the next run */
	uint32_t block_of[8192];	/* by chunk */
};

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	d->disk = disk_new(DISK_BYTES);
	memset(d->sealer.image_id, 0x66, sizeof(d->sealer.image_id));
	memcpy(d->header.image_id, d->sealer.image_id, sizeof(d->header.image_id));
	d->header.max_pfn = kj_le64_of(MAX_PFN);
	kj_space_init(&d->space, &d->disk->store);
	assert_int_equal(kj_index_writer_init(&d->writer, &d->disk->store, &d->space,
					      &d->sealer), 0);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	kj_index_reader_done(&d->reader);
	kj_index_writer_done(&d->writer);
	disk_free(d->disk);
	free(d);
	return 0;
}

static void count(kj_le64 *where, uint64_t n)
{
	*where = kj_le64_of(kj_get64(*where) + n);
}

/* Notes a chunk of these runs, and counts it for the header. */
static int add_runs(struct desk *d, const struct kj_disk_run *runs, uint32_t n)
{
	union {
		struct kj_index_entry entry;
		uint8_t room[KJ_INDEX_ENTRY_MAX];
	} e = { .entry.number = kj_le64_of(d->chunks) };
	struct kj_content c;
	const char *reason;
	int r;

	assert_int_equal(kj_runs_check(runs, n, MAX_PFN, &c, &reason), 0);
	memcpy(e.entry.runs, runs, n * sizeof(*runs));
	e.entry.n_runs = kj_le16_of((uint16_t)n);
	e.entry.payload = kj_le32_of(kj_content_plain(&c));
	e.entry.offset = kj_le64_of(KJ_DATA_START + 8 * d->chunks);
	memset(e.entry.seal, (int)d->chunks, sizeof(e.entry.seal));
	r = kj_index_add(&d->writer, &e.entry, &d->error);
	if (r < 0)
		return r;
	d->block_of[d->chunks++] = d->writer.blocks;
	count(&d->header.pages, c.data_pages + c.zero_pages + c.word_pages);
	count(&d->header.zero_pages, c.zero_pages);
	count(&d->header.word_pages, c.word_pages);
	return 0;
}

/* A chunk of @n runs of pages that no other one has. */
static int add(struct desk *d, uint32_t n)
{
	struct kj_disk_run runs[KJ_CHUNK_RUNS_MAX];

	for (uint32_t i = 0; i < n; i++, d->pfn++)
		runs[i] = kj_disk_run_of(d->pfn, 1, (enum kj_run_kind)(d->pfn % 3));
	return add_runs(d, runs, n);
}

static void add_many(struct desk *d, unsigned int chunks)
{
	for (unsigned int i = 0; i < chunks; i++)
		assert_int_equal(add(d, 1 + i % 9), 0);
}

static void finish(struct desk *d)
{
	if (kj_index_end(&d->writer, &d->header, &d->error) < 0)
		fail_msg("%s", d->error.text);
	d->header.bytes_stored = kj_le64_of(DISK_BYTES);
	assert_int_equal(kj_index_reader_init(&d->reader, &d->disk->store, &d->sealer,
					      &d->header), 0);
}

static const struct kj_index_entry *next(struct desk *d)
{
	const struct kj_index_entry *entry;
	int r = kj_index_next(&d->reader, &entry, &d->error);

	if (r < 0)
		fail_msg("%s", d->error.text);
	return r ? entry : NULL;
}

/* Reads all and holds it against what was written: the blocks backwards, the
 * chunks of each forwards. */
static void assert_all_come_back(struct desk *d)
{
	const struct kj_index_entry *entry;
	uint64_t end = d->chunks;

	while (end > 0) {
		uint64_t first = end - 1;

		while (first > 0 && d->block_of[first - 1] == d->block_of[first])
			first--;
		for (uint64_t i = first; i < end; i++) {
			entry = next(d);
			assert_non_null(entry);
			assert_int_equal(kj_get64(entry->number), i);
			assert_int_equal(kj_get64(entry->offset), KJ_DATA_START + 8 * i);
			assert_int_equal(entry->seal[0], (uint8_t)i);
			assert_int_equal(entry->seal[15], (uint8_t)i);
		}
		end = first;
	}
	assert_null(next(d));
	assert_null(next(d));
}

static void what_was_noted_comes_back_the_last_block_first(void **state)
{
	struct desk *d = *state;

	add_many(d, 5000);
	finish(d);
	assert_true(kj_get32(d->header.index_blocks) >= 5);
	assert_int_equal(kj_get64(d->header.chunks), 5000);
	assert_all_come_back(d);
	assert_int_equal(kj_index_check(&d->reader, &d->error), 0);
	saw("5000 chunks in %u blocks\n", kj_get32(d->header.index_blocks));
}

static void it_comes_back_under_a_key_and_is_not_on_the_disk(void **state)
{
	struct kj_recipient recipient;
	struct kj_disk_run run = kj_disk_run_of(0xabcde, 1, KJ_RUN_ZERO);
	struct desk *d = *state;
	enum kj_cipher cipher;
	struct kj_slot slot;
	struct kj_key *key;

	assert_int_equal(kj_recipient_of_keyfile("0123456789abcdef0123456789abcdef", 32,
						 &recipient, &d->error), 0);
	assert_int_equal(kj_key_new(&recipient, d->sealer.image_id, &cipher, &slot, &key,
				    &d->error), 0);
	d->sealer.key = key;
	add_many(d, 3000);
	assert_int_equal(add_runs(d, &run, 1), 0);
	finish(d);
	assert_all_come_back(d);
	assert_int_equal(kj_index_check(&d->reader, &d->error), 0);
	assert_null(memmem(d->disk->bytes, DISK_BYTES, &run, sizeof(run)));
	d->sealer.key = NULL;
	assert_int_equal(kj_index_check(&d->reader, &d->error), -EBADMSG);
	saw("without it: %s\n", d->error.text);
	kj_key_free(key);
}

static void an_index_of_nothing_has_no_block(void **state)
{
	struct desk *d = *state;

	finish(d);
	assert_int_equal(kj_get32(d->header.index_blocks), 0);
	assert_int_equal(kj_get64(d->header.index_last), 0);
	assert_int_equal(d->disk->writes, 0);
	assert_null(next(d));
	assert_null(kj_index_peek(&d->reader));
	assert_int_equal(kj_index_check(&d->reader, &d->error), 0);
	assert_int_equal(d->disk->reads, 0);
}

static void peek_tells_what_is_next_in_the_same_block(void **state)
{
	const struct kj_index_entry *peeked = NULL, *entry;
	unsigned int ends = 0;
	struct desk *d = *state;

	add_many(d, 4000);
	finish(d);
	assert_null(kj_index_peek(&d->reader));
	while ((entry = next(d))) {
		uint32_t block = d->block_of[kj_get64(entry->number)];

		if (peeked)
			assert_ptr_equal(entry, peeked);
		peeked = kj_index_peek(&d->reader);
		assert_ptr_equal(kj_index_peek(&d->reader), peeked);
		ends += !peeked;
		if (peeked)
			assert_int_equal(d->block_of[kj_get64(peeked->number)], block);
	}
	assert_null(kj_index_peek(&d->reader));
	assert_int_equal(ends, kj_get32(d->header.index_blocks));
}

static void after_rewind_it_begins_again_from_anywhere(void **state)
{
	struct desk *d = *state;

	add_many(d, 3000);
	finish(d);
	for (unsigned int n = 0; n < 3500; n += 499) {
		for (unsigned int i = 0; i < n; i++)
			(void)next(d);
		kj_index_rewind(&d->reader);
		assert_null(kj_index_peek(&d->reader));
		assert_all_come_back(d);
		kj_index_rewind(&d->reader);
	}
}

/* ---- the size of a block ---------------------------------------------------- */

/* Entries of one run until @left bytes of the block are free. */
static void fill_block(struct desk *d, size_t left)
{
	size_t small = kj_index_entry_size(1);
	size_t free_bytes = BLOCK_ROOM;

	while (free_bytes >= left + 2 * small) {
		assert_int_equal(add(d, 1), 0);
		free_bytes -= small;
	}
	if (free_bytes > left)
		assert_int_equal(add(d, (uint32_t)((free_bytes - left - 40) / 8)), 0);
	assert_int_equal(kj_get32(d->writer.block->used), KJ_INDEX_SIZE - left);
	assert_int_equal(d->writer.blocks, 0);
}

static void an_entry_that_just_fits_fills_the_block(void **state)
{
	struct desk *d = *state;

	fill_block(d, kj_index_entry_size(6));
	assert_int_equal(add(d, 6), 0);
	assert_int_equal(d->writer.blocks, 0);
	assert_int_equal(kj_get32(d->writer.block->used), KJ_INDEX_SIZE);
	assert_int_equal(add(d, 1), 0);
	assert_int_equal(d->writer.blocks, 1);
	finish(d);
	assert_int_equal(kj_get32(d->header.index_blocks), 2);
	assert_all_come_back(d);
	assert_int_equal(kj_index_check(&d->reader, &d->error), 0);
}

static void an_entry_that_just_does_not_fit_begins_the_next_block(void **state)
{
	struct desk *d = *state;

	fill_block(d, kj_index_entry_size(6));
	assert_int_equal(add(d, 7), 0);
	assert_int_equal(d->writer.blocks, 1);
	finish(d);
	assert_int_equal(kj_get32(d->header.index_blocks), 2);
	assert_all_come_back(d);
	assert_int_equal(kj_index_check(&d->reader, &d->error), 0);
}

static void a_full_block_at_the_end_is_the_last_one(void **state)
{
	struct desk *d = *state;

	fill_block(d, 0);
	finish(d);
	assert_int_equal(kj_get32(d->header.index_blocks), 1);
	assert_all_come_back(d);
}

static void entries_of_the_greatest_size_come_back(void **state)
{
	struct desk *d = *state;

	for (unsigned int i = 0; i < 300; i++)
		assert_int_equal(add(d, KJ_CHUNK_RUNS_MAX), 0);
	finish(d);
	assert_int_equal(kj_get32(d->header.index_blocks), 300 / (BLOCK_ROOM / KJ_INDEX_ENTRY_MAX) +
			 (300 % (BLOCK_ROOM / KJ_INDEX_ENTRY_MAX) != 0));
	assert_all_come_back(d);
}

/* ---- errors --------------------------------------------------------------------- */

static void each_wrong_count_is_caught(void **state)
{
	struct desk *d = *state;
	kj_le64 *const counts[] = { &d->header.chunks, &d->header.pages,
				    &d->header.zero_pages, &d->header.word_pages };

	add_many(d, 4000);
	finish(d);
	for (int i = 0; i < 4; i++)
		for (int off = -1; off <= 1; off += 2) {
			count(counts[i], (uint64_t)(int64_t)off);
			d->error.text[0] = 0;
			assert_int_equal(kj_index_check(&d->reader, &d->error), -EBADMSG);
			assert_int_not_equal(d->error.text[0], 0);
			count(counts[i], (uint64_t)(int64_t)-off);
			assert_int_equal(kj_index_check(&d->reader, &d->error), 0);
		}
	saw("%s\n", d->error.text);
	/* A page of zeros that is said to be of words. */
	count(counts[2], (uint64_t)-1);
	count(counts[3], 1);
	assert_int_equal(kj_index_check(&d->reader, &d->error), -EBADMSG);
}

static void a_read_error_at_any_block_is_passed_through(void **state)
{
	uint64_t *bitmap = calloc(MAX_PFN / 64, sizeof(*bitmap));
	const struct kj_index_entry *entry;
	struct desk *d = *state;
	uint32_t blocks;
	int r;

	add_many(d, 4000);
	finish(d);
	blocks = kj_get32(d->header.index_blocks);
	assert_true(blocks > 3);
	for (uint32_t n = 1; n <= blocks; n++) {
		disk_reset(d->disk);
		d->disk->fail_read = n;
		d->disk->fail_with = EREMOTEIO;
		assert_int_equal(kj_index_check(&d->reader, &d->error), -EREMOTEIO);
		d->disk->reads = 0;
		assert_int_equal(kj_index_mark(&d->reader, bitmap, &d->error), -EREMOTEIO);
		memset(bitmap, 0, MAX_PFN / 8);
		d->disk->reads = 0;
		kj_index_rewind(&d->reader);
		while ((r = kj_index_next(&d->reader, &entry, &d->error)) > 0)
			assert_true(d->disk->reads < n);
		assert_int_equal(r, -EREMOTEIO);
	}
	disk_reset(d->disk);
	assert_int_equal(kj_index_mark(&d->reader, bitmap, &d->error), 0);
	saw("%u blocks, each failed once: %s\n", blocks, d->error.text);
	free(bitmap);
}

static void a_write_error_or_a_full_store_is_passed_through(void **state)
{
	struct desk *d = *state;

	fill_block(d, 0);
	d->disk->fail_write = 1;
	assert_int_equal(add(d, 1), -EIO);
	saw("%s\n", d->error.text);
	disk_reset(d->disk);
	d->space.next = d->space.size - KJ_INDEX_SIZE + KJ_STORE_ALIGN;
	assert_int_equal(add(d, 1), -ENOSPC);
	saw("%s\n", d->error.text);
	assert_int_equal(kj_index_end(&d->writer, &d->header, &d->error), -ENOSPC);
	assert_int_equal(d->disk->writes, 0);
	d->space.next = KJ_DATA_START;
	d->writer.blocks = KJ_INDEX_BLOCKS_MAX;
	assert_int_equal(kj_index_end(&d->writer, &d->header, &d->error), -EFBIG);
	assert_int_equal(d->disk->writes, 0);
}

/* ---- marking ----------------------------------------------------------------------- */

#define MARK_PFNS 1024u

/* Return: of kj_index_mark() for an index of these two runs. */
static int mark_two(uint64_t pfn, uint32_t n, uint64_t pfn2, uint32_t n2, uint64_t *bitmap)
{
	const struct kj_disk_run runs[] = { kj_disk_run_of(pfn, n, KJ_RUN_ZERO),
					    kj_disk_run_of(pfn2, n2, KJ_RUN_DATA) };
	struct desk *d;
	int r;

	set_up((void **)&d);
	assert_int_equal(add_runs(d, &runs[0], 1), 0);
	assert_int_equal(add_runs(d, &runs[1], 1), 0);
	finish(d);
	memset(bitmap, 0, MARK_PFNS / 8);
	bitmap[MARK_PFNS / 64] = 0x5a5a;
	r = kj_index_mark(&d->reader, bitmap, &d->error);
	assert_int_equal(bitmap[MARK_PFNS / 64], 0x5a5a);
	tear_down((void **)&d);
	return r;
}

static bool marked(const uint64_t *bitmap, uint64_t pfn)
{
	return bitmap[pfn / 64] >> (pfn % 64) & 1;
}

static void a_page_that_is_there_twice_is_found_also_at_borders_of_words(void **state)
{
	static const struct { uint32_t pfn, n; } runs[] = {
		{ 0, 64 }, { 64, 64 }, { 0, 128 }, { 63, 2 }, { 60, 128 }, { 1, 63 }, { 64, 1 },
		{ 127, 1 }, { 65, 127 }, { 960, 64 }, { 1023, 1 }, { 896, 128 },
	};
	uint64_t bitmap[MARK_PFNS / 64 + 1];
	unsigned int n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		uint32_t first = runs[i].pfn, end = first + runs[i].n;
		const uint32_t twice[] = { first, end - 1, (first + end) / 2 };

		for (int k = 0; k < 3; k++, n += 2) {
			assert_int_equal(mark_two(first, end - first, twice[k], 1, bitmap), -EBADMSG);
			assert_int_equal(mark_two(twice[k], 1, first, end - first, bitmap), -EBADMSG);
		}
		if (first > 0)			/* neighbours are no twins */
			assert_int_equal(mark_two(first, end - first, first - 1, 1, bitmap), 0);
		if (end < MARK_PFNS)
			assert_int_equal(mark_two(first, end - first, end, 1, bitmap), 0);
	}
	saw("%u pages found twice\n", n);
}

static void exactly_the_bits_of_the_pages_are_set(void **state)
{
	uint64_t bitmap[MARK_PFNS / 64 + 1];

	(void)state;
	for (uint32_t n = 1; n <= 128; n += n < 4 || n > 60 ? 1 : 19)
		for (uint32_t pfn = 0; pfn < 130; pfn += pfn % 64 > 2 && pfn % 64 < 60 ? 19 : 1) {
			assert_int_equal(mark_two(pfn, n, MARK_PFNS - 1, 1, bitmap), 0);
			for (uint32_t i = 0; i < MARK_PFNS; i++)
				if (marked(bitmap, i) != ((i >= pfn && i < pfn + n) ||
							  i == MARK_PFNS - 1))
					fail_msg("bit %u of %u+%u", i, pfn, n);
		}
}

static void a_page_in_two_blocks_is_found(void **state)
{
	struct kj_disk_run run = kj_disk_run_of(4711, 1, KJ_RUN_ZERO);
	uint64_t *bitmap = calloc(MAX_PFN / 64, sizeof(*bitmap));
	struct desk *d = *state;

	add_many(d, 4000);		/* 4711 is among them */
	assert_int_equal(add_runs(d, &run, 1), 0);
	finish(d);
	assert_int_equal(kj_index_check(&d->reader, &d->error), 0);
	assert_int_equal(kj_index_mark(&d->reader, bitmap, &d->error), -EBADMSG);
	saw("%s\n", d->error.text);
	free(bitmap);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_was_noted_comes_back_the_last_block_first),
		test(it_comes_back_under_a_key_and_is_not_on_the_disk),
		test(an_index_of_nothing_has_no_block),
		test(peek_tells_what_is_next_in_the_same_block),
		test(after_rewind_it_begins_again_from_anywhere),
		test(an_entry_that_just_fits_fills_the_block),
		test(an_entry_that_just_does_not_fit_begins_the_next_block),
		test(a_full_block_at_the_end_is_the_last_one),
		test(entries_of_the_greatest_size_come_back),
		test(each_wrong_count_is_caught),
		test(a_read_error_at_any_block_is_passed_through),
		test(a_write_error_or_a_full_store_is_passed_through),
		cmocka_unit_test(a_page_that_is_there_twice_is_found_also_at_borders_of_words),
		cmocka_unit_test(exactly_the_bits_of_the_pages_are_set),
		test(a_page_in_two_blocks_is_found),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
