// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packing: what compresses becomes LZ4 and shorter, what does not is stored as
 * it is, all of it comes back, and nothing is written but the room.
 */
#include "unit.h"

#include "pack.h"

#define GUARD	4096u
#define GUARD_BYTE 0x5a

enum filling { FILL_RANDOM, FILL_SAME, FILL_COUNT, FILL_TEXT };

/* Memory with guards on both sides. */
struct fenced {
	uint8_t *whole;
	uint8_t *bytes;
	size_t len;
};

struct desk {
	struct fenced room, scratch, plain;
	uint8_t *memory;		/* the pages, where they lie */
	uint8_t *want;			/* words and pages of data */
	struct kj_packer packer;
	struct kj_piece piece;
	union {
		struct kj_index_entry entry;
		uint8_t entry_room[KJ_INDEX_ENTRY_MAX + 64];
	};
	uint64_t random;
};

static struct fenced fence(size_t len)
{
	struct fenced f = { .len = len };

	f.whole = aligned_alloc(GUARD, (2 * GUARD + len + GUARD - 1) / GUARD * GUARD);
	assert_non_null(f.whole);
	f.bytes = f.whole + GUARD;
	memset(f.whole, GUARD_BYTE, 2 * GUARD + len);
	return f;
}

static void assert_fence(const struct fenced *f)
{
	const uint8_t *behind = f->bytes + f->len;

	assert_int_equal(f->whole[0], GUARD_BYTE);
	assert_int_equal(memcmp(f->whole, f->whole + 1, GUARD - 1), 0);
	assert_int_equal(memcmp(f->whole, behind, GUARD), 0);
}

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	d->room = fence(KJ_PIECE_BYTES);
	d->scratch = fence(KJ_PIECE_BYTES);
	d->plain = fence(KJ_CHUNK_PLAIN_MAX);
	d->memory = aligned_alloc(KJ_PAGE_SIZE, KJ_PIECE_BYTES);
	d->want = malloc(KJ_PIECE_BYTES);
	assert_int_equal(kj_packer_init(&d->packer), 0);
	free(d->packer.scratch);
	d->packer.scratch = d->scratch.bytes;
	d->random = 4711;
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	d->packer.scratch = NULL;
	kj_packer_done(&d->packer);
	free(d->room.whole);
	free(d->scratch.whole);
	free(d->plain.whole);
	free(d->memory);
	free(d->want);
	free(d);
	return 0;
}

static void fill(struct desk *d, uint8_t *to, size_t len, enum filling filling)
{
	static const char text[] = "kernel page frame memory image ";

	for (size_t i = 0; i < len; i += 8) {
		uint64_t v = filling == FILL_RANDOM ? next_random(&d->random) :
			     filling == FILL_COUNT ? i / 8 : UINT64_C(0x0123456789abcdef);

		memcpy(to + i, &v, 8);
	}
	for (size_t i = 0; filling == FILL_TEXT && i < len; i++)
		to[i] = (uint8_t)text[(i + i / 300) % (sizeof(text) - 1)];
}

/* Puts what is wanted where the piece has it. */
static void spread(struct desk *d)
{
	const struct kj_content *c = &d->piece.content;
	size_t words = c->words * KJ_WORD_SIZE;

	memcpy(d->piece.words, d->want, words);
	memcpy(d->memory + c->word_pages * KJ_PAGE_SIZE, d->want + words,
	       c->data_pages * KJ_PAGE_SIZE);
}

/* A piece of so many pages of each kind, as kj_pages_open() leaves it. */
static void open_piece(struct desk *d, uint32_t words, uint32_t data, uint32_t zeros,
		       enum filling filling)
{
	struct kj_piece *p = &d->piece;

	assert_in_range(words + data + zeros, 1, KJ_PIECE_PAGES);
	memset(p, 0, sizeof(*p));
	p->number = next_random(&d->random) >> 8;
	p->content = (struct kj_content) { data, zeros, words, words };
	p->runs[p->n_runs++] = (struct kj_run) { 0, words + data + zeros };
	p->at[0] = d->memory;
	for (uint32_t i = 0; i < words; i++)
		p->disk_runs[p->n_disk_runs++] = kj_disk_run_of(i, 1, KJ_RUN_WORD);
	if (data)
		p->disk_runs[p->n_disk_runs++] = kj_disk_run_of(words, data, KJ_RUN_DATA);
	if (zeros)
		p->disk_runs[p->n_disk_runs++] = kj_disk_run_of(words + data, zeros, KJ_RUN_ZERO);
	fill(d, d->want, kj_content_plain(&p->content), filling);
	spread(d);
}

/* The same pages of data, but in two runs. */
static void split_piece(struct desk *d)
{
	struct kj_piece *p = &d->piece;
	uint64_t n = p->runs[0].n;

	p->runs[0].n = 1;
	p->runs[1] = (struct kj_run) { 1000, n - 1 };
	p->at[1] = d->memory + KJ_PAGE_SIZE;
	p->disk_runs[0] = kj_disk_run_of(0, 1, KJ_RUN_DATA);
	p->disk_runs[1] = kj_disk_run_of(1000, (uint32_t)n - 1, KJ_RUN_DATA);
	p->n_runs = p->n_disk_runs = 2;
}

static void pack(struct desk *d)
{
	uint8_t *e = d->entry_room;
	size_t size = kj_index_entry_size(d->piece.n_disk_runs);

	memset(e, GUARD_BYTE, sizeof(d->entry_room));
	kj_pack(&d->packer, &d->piece, d->room.bytes, &d->entry);
	assert_fence(&d->room);
	assert_fence(&d->scratch);
	/* Offset and seal are not its own, nor what is behind the runs. */
	for (size_t i = 0; i < offsetof(struct kj_index_entry, number); i++)
		assert_int_equal(e[i], GUARD_BYTE);
	for (size_t i = size; i < sizeof(d->entry_room); i++)
		assert_int_equal(e[i], GUARD_BYTE);
}

static void assert_comes_back(struct desk *d)
{
	uint32_t len = kj_content_plain(&d->piece.content);
	const uint8_t *plain;

	assert_int_equal(kj_unpack(d->room.bytes, &d->entry, d->plain.bytes, &plain), 0);
	assert_int_equal(memcmp(plain, d->want, len), 0);
	assert_fence(&d->plain);
}

/* What holds for each chunk, whatever is in it. */
static void assert_sound(struct desk *d)
{
	uint32_t plain = kj_content_plain(&d->piece.content);
	uint32_t payload = kj_get32(d->entry.payload);

	if (kj_get16(d->entry.codec) == KJ_CODEC_LZ4) {
		assert_in_range(payload, 1, plain - plain / 32 - 1);
	} else {
		assert_int_equal(kj_get16(d->entry.codec), KJ_CODEC_STORED);
		assert_int_equal(payload, plain);
		assert_int_equal(memcmp(d->room.bytes, d->want, plain), 0);
	}
	assert_int_equal(kj_get64(d->entry.number), d->piece.number);
	assert_int_equal(kj_get16(d->entry.n_runs), d->piece.n_disk_runs);
	assert_memory_equal(d->entry.runs, d->piece.disk_runs,
			    d->piece.n_disk_runs * sizeof(d->piece.disk_runs[0]));
	assert_comes_back(d);
}

static void pack_so(struct desk *d, uint32_t words, uint32_t data, uint32_t zeros,
		    enum filling filling)
{
	open_piece(d, words, data, zeros, filling);
	pack(d);
	assert_sound(d);
	if (words || zeros || data < 2)
		return;
	split_piece(d);
	pack(d);
	assert_sound(d);
}

static void what_compresses_is_lz4_and_shorter_than_its_pages(void **state)
{
	struct desk *d = *state;

	for (uint32_t data = 1; data <= KJ_PIECE_PAGES; data += data < 4 ? 1 : 31) {
		pack_so(d, 0, data, 0, FILL_TEXT);
		assert_int_equal(kj_get16(d->entry.codec), KJ_CODEC_LZ4);
		saw("%u pages: %u bytes\n", data, kj_get32(d->entry.payload));
	}
	pack_so(d, 64, 64, 0, FILL_TEXT);
	assert_int_equal(kj_get16(d->entry.codec), KJ_CODEC_LZ4);
	pack_so(d, 1, 127, 0, FILL_SAME);
	assert_int_equal(kj_get16(d->entry.codec), KJ_CODEC_LZ4);
}

static void what_does_not_compress_is_stored_as_it_is(void **state)
{
	struct desk *d = *state;

	for (uint32_t data = 1; data <= KJ_PIECE_PAGES; data += data < 4 ? 1 : 31)
		for (uint32_t words = 0; words + data <= KJ_PIECE_PAGES; words += 3) {
			pack_so(d, words, data, 0, FILL_RANDOM);
			assert_int_equal(kj_get16(d->entry.codec), KJ_CODEC_STORED);
		}
	pack_so(d, 0, KJ_PIECE_PAGES, 0, FILL_RANDOM);
	assert_int_equal(kj_get32(d->entry.payload), KJ_PIECE_BYTES);
}

static void a_piece_in_one_run_is_packed_from_where_it_lies(void **state)
{
	struct desk *d = *state;
	uint8_t *s = d->scratch.bytes;

	for (int filling = FILL_RANDOM; filling <= FILL_TEXT; filling++) {
		memset(s, GUARD_BYTE, KJ_PIECE_BYTES);
		open_piece(d, 0, KJ_PIECE_PAGES, 0, (enum filling)filling);
		pack(d);
		assert_sound(d);
		assert_int_equal(s[0], GUARD_BYTE);	/* no way around */
		assert_int_equal(memcmp(s, s + 1, KJ_PIECE_BYTES - 1), 0);
		assert_int_equal(memcmp(d->memory, d->want, KJ_PIECE_BYTES), 0);
	}
}

/* The format refuses LZ4 that is not shorter: also of a single word. */
static void words_alone_are_shorter_or_stored_however_few(void **state)
{
	struct desk *d = *state;
	uint32_t first[4] = { 0 };

	for (uint32_t words = 1; words <= KJ_PIECE_PAGES; words++)
		for (int filling = FILL_RANDOM; filling <= FILL_TEXT; filling++) {
			pack_so(d, words, 0, words % 3 ? 0 : KJ_PIECE_PAGES - words,
				(enum filling)filling);
			if (!first[filling] && kj_get16(d->entry.codec) == KJ_CODEC_LZ4)
				first[filling] = words;
		}
	assert_int_equal(first[FILL_RANDOM], 0);
	assert_true(first[FILL_SAME] > 1);	/* 8 bytes never shrink */
	saw("first compressed: %u the same, %u counting, %u of text\n", first[FILL_SAME],
	    first[FILL_COUNT], first[FILL_TEXT]);
}

/* Random pages with ever more text behind: on one side of the limit stored,
 * on the other LZ4, and never LZ4 that is not worth it. */
static void what_saves_too_little_is_stored(void **state)
{
	struct desk *d = *state;
	unsigned int stored = 0, packed = 0;

	for (uint32_t text = 0; text < 8 * KJ_PAGE_SIZE; text += 256) {
		open_piece(d, 3, 64, 0, FILL_RANDOM);
		fill(d, d->want + 3 * KJ_WORD_SIZE + 64 * KJ_PAGE_SIZE - text, text,
		     FILL_SAME);
		spread(d);
		pack(d);
		assert_sound(d);
		if (kj_get16(d->entry.codec) == KJ_CODEC_LZ4)
			packed++;
		else
			stored++;
	}
	saw("%u stored, %u compressed\n", stored, packed);
	assert_true(stored > 20 && packed > 40);
}

static void pages_of_zeros_alone_are_an_empty_payload(void **state)
{
	struct desk *d = *state;

	for (uint32_t zeros = 1; zeros <= KJ_PIECE_PAGES; zeros++) {
		pack_so(d, 0, 0, zeros, FILL_RANDOM);
		assert_int_equal(kj_get32(d->entry.payload), 0);
		assert_int_equal(kj_get16(d->entry.codec), KJ_CODEC_STORED);
	}
}

static void any_mixture_comes_back_and_stays_in_its_room(void **state)
{
	struct desk *d = *state;
	unsigned int n = 0, packed = 0;

	for (; n < 300; n++) {
		uint32_t words = (uint32_t)(next_random(&d->random) % (KJ_PIECE_PAGES + 1));
		uint32_t data = (uint32_t)(next_random(&d->random) % (KJ_PIECE_PAGES + 1 - words));
		uint32_t zeros = (uint32_t)(next_random(&d->random) %
					    (KJ_PIECE_PAGES + 1 - words - data));

		if (words + data + zeros == 0)
			zeros = 1;
		pack_so(d, words, data, zeros, (enum filling)(n % 4));
		packed += kj_get16(d->entry.codec) == KJ_CODEC_LZ4;
	}
	saw("%u pieces, %u compressed\n", n, packed);
}

/* ---- payloads that nobody packed ------------------------------------------- */

static int unpack(struct desk *d, const uint8_t *payload, uint32_t len)
{
	const uint8_t *plain;
	/* A copy of its own length, so that a sanitizer sees reads behind it. */
	uint8_t *alone = malloc(len);
	int r;

	memcpy(alone, payload, len);
	d->entry.payload = kj_le32_of(len);
	r = kj_unpack(alone, &d->entry, d->plain.bytes, &plain);
	free(alone);
	assert_fence(&d->plain);
	return r;
}

static void a_payload_that_is_cut_off_is_refused_at_each_length(void **state)
{
	struct desk *d = *state;
	unsigned int n = 0;

	for (uint32_t data = 1; data <= 16; data += 5) {
		uint32_t len;

		pack_so(d, 5, data, 1, FILL_TEXT);
		len = kj_get32(d->entry.payload);
		assert_int_equal(unpack(d, d->room.bytes, len), 0);
		for (uint32_t cut = 1; cut < len; cut++, n++)
			assert_int_equal(unpack(d, d->room.bytes, cut), -EBADMSG);
		assert_int_equal(unpack(d, d->room.bytes, len + 1), -EBADMSG);
	}
	saw("%u lengths\n", n);
}

static void a_payload_of_more_or_fewer_pages_than_the_runs_say_is_refused(void **state)
{
	struct desk *d = *state;

	pack_so(d, 2, 9, 1, FILL_TEXT);
	for (uint32_t data = 1; data <= 100; data++) {
		d->entry.runs[2] = kj_disk_run_of(500, data, KJ_RUN_DATA);
		assert_int_equal(unpack(d, d->room.bytes, kj_get32(d->entry.payload)),
				 data == 9 ? 0 : -EBADMSG);
	}
	d->entry.runs[2] = kj_disk_run_of(500, 9, KJ_RUN_DATA);
	d->entry.runs[1] = kj_disk_run_of(1, 1, KJ_RUN_ZERO);	/* a word less */
	assert_int_equal(unpack(d, d->room.bytes, kj_get32(d->entry.payload)), -EBADMSG);
}

static void garbage_never_leaves_the_buffer(void **state)
{
	uint8_t garbage[512];
	struct desk *d = *state;
	unsigned int refused = 0, n = 0;

	pack_so(d, 0, 3, 0, FILL_TEXT);
	for (; n < 20000; n++) {
		uint32_t len = 1 + (uint32_t)(next_random(&d->random) % sizeof(garbage));

		fill(d, garbage, sizeof(garbage), FILL_RANDOM);
		memset(garbage, n % 3 ? 0xff : garbage[0], n % 7);	/* long lengths */
		refused += unpack(d, garbage, len) == -EBADMSG;
	}
	saw("%u of %u refused\n", refused, n);
	assert_int_equal(refused, n);
}

static void a_flipped_bit_never_leaves_the_buffer(void **state)
{
	struct desk *d = *state;
	unsigned int refused = 0, n = 0;
	uint32_t len;

	pack_so(d, 7, 128 - 7, 0, FILL_TEXT);
	len = kj_get32(d->entry.payload);
	for (size_t i = 0; i < (size_t)len * 8; i += len * 8 / 1000 + 1, n++) {
		d->room.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		refused += unpack(d, d->room.bytes, len) == -EBADMSG;
		d->room.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	saw("%u of %u refused; the seal is there for the others\n", refused, n);
	assert_int_equal(unpack(d, d->room.bytes, len), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_compresses_is_lz4_and_shorter_than_its_pages),
		test(what_does_not_compress_is_stored_as_it_is),
		test(a_piece_in_one_run_is_packed_from_where_it_lies),
		test(words_alone_are_shorter_or_stored_however_few),
		test(what_saves_too_little_is_stored),
		test(pages_of_zeros_alone_are_an_empty_payload),
		test(any_mixture_comes_back_and_stays_in_its_room),
		test(a_payload_that_is_cut_off_is_refused_at_each_length),
		test(a_payload_of_more_or_fewer_pages_than_the_runs_say_is_refused),
		test(garbage_never_leaves_the_buffer),
		test(a_flipped_bit_never_leaves_the_buffer),
	};

	return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
