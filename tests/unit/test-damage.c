// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader places nothing that was not checked: bits are flipped all over
 * an image, blocks are exchanged, and every time it must notice, say why, and
 * never place a wrong page.
 */
#include "unit.h"

#include "disk.h"
#include "kj-format.h"
#include "machine.h"
#include "seal.h"

#define DISK_BYTES (16ull << 20)

struct fixture {
	struct machine *m;
	struct disk *disk;
	struct kj_image_info info;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct kj_error error;

	f->m = machine_new(3000, CONTENT_MIXED, 77);
	machine_punch(f->m, 5, 78);
	f->disk = disk_new(DISK_BYTES);
	*state = f;
	return machine_write(f->m, &f->disk->store, &f->info, &error);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	machine_free(f->m);
	disk_free(f->disk);
	free(f);
	return 0;
}

static struct kj_header *header(struct fixture *f)
{
	return (struct kj_header *)f->disk->bytes;
}

static struct kj_index_block *last_block(struct fixture *f)
{
	return (void *)(f->disk->bytes + kj_get64(header(f)->index_last));
}

static struct kj_index_entry *entry_at(struct fixture *f, unsigned int n)
{
	uint8_t *p = last_block(f)->data;

	while (n--)
		p += kj_index_entry_size(kj_get16(((struct kj_index_entry *)p)->n_runs));
	return (void *)p;
}

static void seal_block(struct fixture *f, struct kj_index_block *block)
{
	struct kj_sealer sealer = { .key = NULL };

	memcpy(sealer.image_id, header(f)->image_id, sizeof(sealer.image_id));
	kj_seal_index_block(&sealer, block);
}

/* As somebody would who can compute checksums. */
static void seal_all(struct fixture *f)
{
	seal_block(f, last_block(f));
	for (int i = 0; i < 2; i++) {
		struct kj_header *h = header(f) + i;

		memcpy(h->index_seal, last_block(f)->seal, sizeof(h->index_seal));
		kj_header_seal(h);
	}
}

static int open_image(struct fixture *f, struct kj_error *error)
{
	struct kj_reader *reader = NULL;
	int r = kj_reader_open(&f->disk->store, NULL, &reader, error);

	kj_reader_close(reader);
	return r;
}

static void each_flipped_bit_of_the_index_is_refused_before_any_page(void **state)
{
	struct fixture *f = *state;
	uint8_t *block = (uint8_t *)last_block(f);
	size_t used = kj_get32(last_block(f)->used);
	uint64_t random = 5;
	unsigned int n = 0;

	for (size_t bit = 0; bit < used * 8; bit += 1 + next_random(&random) % 23) {
		struct kj_error error = { "" };

		block[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(open_image(f, &error), -EBADMSG);
		assert_true(strlen(error.text) > 20);
		block[bit / 8] ^= (uint8_t)(1 << bit % 8);
		n++;
	}
	saw("%u bits in %zu bytes of index\n", n, used);
}

static void flipped_bits_of_chunks_are_noticed_and_their_pages_not_placed(void **state)
{
	struct fixture *f = *state;
	uint64_t n = f->info.chunks;
	struct kj_error error = { "" };

	for (unsigned int i = 0; i < n; i++) {
		struct kj_index_entry *entry = entry_at(f, i);
		uint64_t at = kj_get64(entry->offset) +
			      (i * 997u) % (kj_get32(entry->payload) + !kj_get32(entry->payload));
		struct machine *other = machine_new(f->m->n_pages, CONTENT_ZERO, 1);
		struct kj_reader *reader;

		f->disk->bytes[at] ^= 0x10;
		assert_int_equal(kj_reader_open(&f->disk->store, NULL, &reader, &error), 0);
		assert_int_equal(kj_reader_restore(reader, &other->sink, NULL, &error), -EBADMSG);
		for (unsigned int k = 0; k < kj_get16(entry->n_runs); k++)
			assert_int_equal(other->placed[kj_run_pfn(&entry->runs[k])], 0);
		kj_reader_close(reader);
		machine_free(other);
		f->disk->bytes[at] ^= 0x10;
	}
	saw("%" PRIu64 " chunks; the last: %s\n", n, error.text);
}

static void a_random_flip_anywhere_never_gives_a_wrong_memory(void **state)
{
	struct fixture *f = *state;
	uint64_t random = 99;
	unsigned int refused = 0, harmless = 0;

	for (int i = 0; i < 300; i++) {
		uint64_t bit = next_random(&random) % (f->info.bytes_stored * 8);
		struct kj_error error = { "" };
		bool same;
		int r;

		f->disk->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		r = machine_compare(f->m, &f->disk->store, &same, &error);
		if (r == 0)
			assert_true(same);
		else
			assert_true(r == -EBADMSG || r == -ENODATA);
		refused += r != 0;
		harmless += r == 0;
		f->disk->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	saw("%u refused, %u in padding or one header copy\n", refused, harmless);
}

static void exchanged_chunks_are_refused(void **state)
{
	struct fixture *f = *state;
	struct kj_index_entry *a = entry_at(f, 0), *b = entry_at(f, 1);
	kj_le64 offset = a->offset;
	struct kj_error error = { "" };
	bool same;

	a->offset = b->offset;
	b->offset = offset;
	seal_all(f);
	assert_int_equal(machine_compare(f->m, &f->disk->store, &same, &error), -EBADMSG);
	saw("%s\n", error.text);
}

static void an_index_that_points_outside_is_refused(void **state)
{
	struct fixture *f = *state;
	struct kj_error error = { "" };

	entry_at(f, 1)->offset = kj_le64_of(f->info.bytes_stored - 8);
	seal_all(f);
	assert_int_equal(open_image(f, &error), -EBADMSG);
	saw("%s\n", error.text);
}

static void a_page_that_is_there_twice_is_refused(void **state)
{
	struct fixture *f = *state;
	struct kj_index_entry *a = entry_at(f, 0), *b = entry_at(f, 1);
	struct kj_error error = { "" };
	bool same;

	b->runs[0] = kj_disk_run_of(kj_run_pfn(&a->runs[0]), kj_run_pages(&b->runs[0]),
				    kj_run_kind(&b->runs[0]));
	seal_all(f);
	assert_int_equal(machine_compare(f->m, &f->disk->store, &same, &error), -EBADMSG);
	saw("%s\n", error.text);
	assert_non_null(strstr(error.text, "twice"));
}

static void a_header_that_counts_differently_is_refused(void **state)
{
	struct fixture *f = *state;
	struct kj_error error = { "" };

	header(f)[0].pages = header(f)[1].pages = kj_le64_of(f->info.pages - 1);
	seal_all(f);
	assert_int_equal(open_image(f, &error), -EBADMSG);
	header(f)[0].pages = header(f)[1].pages = kj_le64_of(f->info.pages);
	header(f)[0].chunks = header(f)[1].chunks = kj_le64_of(f->info.chunks - 1);
	seal_all(f);
	assert_int_equal(open_image(f, &error), -EBADMSG);
	saw("%s\n", error.text);
}

static void a_payload_that_decompresses_to_less_is_refused(void **state)
{
	struct fixture *f = *state;
	struct kj_sealer sealer = { .key = NULL };
	struct kj_error error = { "" };
	unsigned int i = 0;
	struct kj_index_entry *entry;
	bool same;

	while (kj_get16(entry_at(f, i)->codec) != KJ_CODEC_LZ4)
		i++;
	entry = entry_at(f, i);
	entry->payload = kj_le32_of(kj_get32(entry->payload) / 2);
	memcpy(sealer.image_id, header(f)->image_id, sizeof(sealer.image_id));
	kj_seal_chunk(&sealer, entry, f->disk->bytes + kj_get64(entry->offset));
	seal_all(f);
	assert_int_equal(machine_compare(f->m, &f->disk->store, &same, &error), -EBADMSG);
	saw("%s\n", error.text);
	assert_non_null(strstr(error.text, "decompress"));
}

static void the_index_of_an_older_image_is_refused(void **state)
{
	struct fixture *f = *state;
	struct kj_index_block old = *last_block(f);
	struct kj_error error = { "" };

	assert_int_equal(machine_write(f->m, &f->disk->store, &f->info, &error), 0);
	memcpy(old.data, last_block(f)->data, sizeof(old.data));
	old.used = last_block(f)->used;
	old.entries = last_block(f)->entries;
	*last_block(f) = old;
	memcpy(header(f)[0].index_seal, old.seal, sizeof(old.seal));
	memcpy(header(f)[1].index_seal, old.seal, sizeof(old.seal));
	kj_header_seal(header(f));
	kj_header_seal(header(f) + 1);
	assert_int_equal(open_image(f, &error), -EBADMSG);
	saw("%s\n", error.text);
	assert_non_null(strstr(error.text, "another image"));
}

/* Single pages make a long index. */
static void every_block_of_a_long_index_is_checked(void **state)
{
	struct machine *m = machine_new(24000, CONTENT_ZERO, 1);
	struct fixture f = { .m = m, .disk = disk_new(DISK_BYTES) };
	struct kj_error error = { "" };
	uint32_t n;
	bool same;

	(void)state;
	machine_punch(m, 1, 1);
	assert_int_equal(machine_write(m, &f.disk->store, &f.info, &error), 0);
	assert_int_equal(machine_compare(m, &f.disk->store, &same, &error), 0);
	assert_true(same);
	n = kj_get32(header(&f)->index_blocks);
	assert_true(n > 1);
	for (uint64_t at = kj_get64(header(&f)->index_last); at;) {
		struct kj_index_block *block = (void *)(f.disk->bytes + at);

		at = kj_get64(block->previous);
		block->data[100] ^= 1;
		assert_int_equal(open_image(&f, &error), -EBADMSG);
		seal_block(&f, block);
		assert_int_equal(open_image(&f, &error), -EBADMSG);
		block->data[100] ^= 1;
		seal_block(&f, block);
		n--;
	}
	assert_int_equal(n, 0);
	assert_int_equal(open_image(&f, &error), 0);
	saw("%u blocks\n", kj_get32(header(&f)->index_blocks));
	machine_free(m);
	disk_free(f.disk);
}

#define WITH_IMAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_IMAGE(each_flipped_bit_of_the_index_is_refused_before_any_page),
		WITH_IMAGE(flipped_bits_of_chunks_are_noticed_and_their_pages_not_placed),
		WITH_IMAGE(a_random_flip_anywhere_never_gives_a_wrong_memory),
		WITH_IMAGE(exchanged_chunks_are_refused),
		WITH_IMAGE(an_index_that_points_outside_is_refused),
		WITH_IMAGE(a_page_that_is_there_twice_is_refused),
		WITH_IMAGE(a_header_that_counts_differently_is_refused),
		WITH_IMAGE(a_payload_that_decompresses_to_less_is_refused),
		WITH_IMAGE(the_index_of_an_older_image_is_refused),
		cmocka_unit_test(every_block_of_a_long_index_is_checked),
	};

	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
