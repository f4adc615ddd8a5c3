// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gathering and placing: each page is what it is, and what was gathered is put
 * back to the byte.  How pieces are cut is in test-pages.c.
 */
#include "unit.h"

#include "pages.h"

#define FRAMES	(4 * KJ_PIECE_PAGES)
#define GUARD	KJ_PAGE_SIZE		/* on both sides of the room */
#define GUARD_BYTE 0x5a

/* Page frames 0 .. FRAMES, and a room to gather them in. */
struct desk {
	struct kj_memory_source source;
	unsigned int maps, unmaps;
	int map_error;			/* of the fourth map() */
	uint8_t *frames;
	struct kj_pages pages;
	struct kj_piece piece;
	uint8_t *room;			/* words, then pages */
	uint8_t *data;			/* behind the words */
	uint64_t random;
};

static int map_frames(void *ctx, struct kj_run run, const void **ret)
{
	struct desk *d = ctx;

	assert_in_range(run.n, 1, KJ_CHUNK_PAGES_MAX);
	assert_true(run.pfn + run.n <= FRAMES);
	if (d->map_error && d->maps == 3)
		return d->map_error;
	d->maps++;
	*ret = d->frames + run.pfn * KJ_PAGE_SIZE;
	return 0;
}

static void unmap_frames(void *ctx, struct kj_run run, const void *data)
{
	struct desk *d = ctx;

	assert_ptr_equal(data, d->frames + run.pfn * KJ_PAGE_SIZE);
	d->unmaps++;
}

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	d->source = (struct kj_memory_source) { d, NULL, map_frames, unmap_frames };
	d->frames = aligned_alloc(KJ_PAGE_SIZE, FRAMES * KJ_PAGE_SIZE);
	memset(d->frames, 0, FRAMES * KJ_PAGE_SIZE);
	d->room = aligned_alloc(KJ_PAGE_SIZE, 2 * GUARD + KJ_PIECE_BYTES);
	d->room += GUARD;
	d->random = 99;
	kj_pages_init(&d->pages, &d->source, FRAMES);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	kj_pages_done(&d->pages);
	free(d->frames);
	free(d->room - GUARD);
	free(d);
	return 0;
}

static uint8_t *frame(struct desk *d, uint64_t pfn)
{
	return d->frames + pfn * KJ_PAGE_SIZE;
}

static void put_word(struct desk *d, uint64_t pfn, uint64_t word)
{
	for (size_t i = 0; i < KJ_PAGE_SIZE; i += 8)
		memcpy(frame(d, pfn) + i, &word, 8);
}

static void put_random(struct desk *d, uint64_t pfn)
{
	for (size_t i = 0; i < KJ_PAGE_SIZE; i += 8) {
		uint64_t v = next_random(&d->random);

		memcpy(frame(d, pfn) + i, &v, 8);
	}
}

/* Gathers @runs and checks what holds for every piece. */
static void gather(struct desk *d, const struct kj_run *runs, uint32_t n)
{
	const struct kj_content *c = &d->piece.content;
	struct kj_content counted;
	size_t pages = 0, room, plain;
	const char *reason;

	for (uint32_t i = 0; i < n; i++)
		pages += runs[i].n;
	room = 2 * GUARD + pages * KJ_PAGE_SIZE;
	memset(d->room - GUARD, GUARD_BYTE, room);
	memset(&d->piece, 0xee, sizeof(d->piece));
	memcpy(d->piece.runs, runs, n * sizeof(*runs));
	d->piece.n_runs = n;
	d->maps = d->unmaps = 0;
	assert_int_equal(kj_pages_open(&d->pages, &d->piece, NULL), 0);
	assert_int_equal(d->maps, n);
	assert_int_equal(d->unmaps, 0);
	assert_int_equal(kj_runs_check(d->piece.disk_runs, d->piece.n_disk_runs, FRAMES,
				       &counted, &reason), 0);
	assert_memory_equal(&counted, c, sizeof(*c));
	assert_int_equal(c->data_pages + c->word_pages + c->zero_pages, pages);
	kj_pages_gather(&d->piece, d->room);
	kj_pages_close(&d->pages, &d->piece);
	assert_int_equal(d->unmaps, n);
	d->data = d->room + c->words * KJ_WORD_SIZE;
	plain = kj_content_plain(c);
	assert_int_equal(d->room[-1], GUARD_BYTE);
	assert_int_equal(memcmp(d->room - GUARD, d->room - GUARD + 1, GUARD - 1), 0);
	assert_int_equal(d->room[plain], GUARD_BYTE);
	assert_int_equal(memcmp(d->room + plain, d->room + plain + 1, room - 2 * GUARD - plain +
				GUARD - 1), 0);
}

static unsigned int kind_of_frame(struct desk *d, uint64_t pfn)
{
	gather(d, &(struct kj_run) { pfn, 1 }, 1);
	assert_int_equal(d->piece.n_disk_runs, 1);
	return kj_run_kind(&d->piece.disk_runs[0]);
}

static void a_page_is_zero_a_word_or_data(void **state)
{
	static const uint64_t words[] = { 1, 1ull << 63, 0x0100000000000000, ~0ull,
					  0x0123456789abcdef };
	struct desk *d = *state;

	assert_int_equal(kind_of_frame(d, 5), KJ_RUN_ZERO);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		put_word(d, 5, words[i]);
		assert_int_equal(kind_of_frame(d, 5), KJ_RUN_WORD);
		assert_memory_equal(d->data - 8, &words[i], 8);
	}
	for (size_t i = 8; i < KJ_PAGE_SIZE; i += 16)	/* two words in turn */
		memset(frame(d, 5) + i, 0, 8);
	assert_int_equal(kind_of_frame(d, 5), KJ_RUN_DATA);
	put_random(d, 5);
	assert_int_equal(kind_of_frame(d, 5), KJ_RUN_DATA);
	assert_memory_equal(d->data, frame(d, 5), KJ_PAGE_SIZE);
}

static void a_page_that_differs_in_one_byte_is_data_wherever_it_is(void **state)
{
	static const uint64_t words[] = { 0, 0x4242424242424242 };
	struct desk *d = *state;

	for (int w = 0; w < 2; w++) {
		put_word(d, 9, words[w]);
		for (size_t i = 0; i < KJ_PAGE_SIZE; i++) {
			frame(d, 9)[i] ^= 0x80;
			assert_int_equal(kind_of_frame(d, 9), KJ_RUN_DATA);
			frame(d, 9)[i] ^= 0x80;
		}
		frame(d, 9)[KJ_PAGE_SIZE - 1] ^= 1;
		assert_int_equal(kind_of_frame(d, 9), KJ_RUN_DATA);
		assert_memory_equal(d->data, frame(d, 9), KJ_PAGE_SIZE);
	}
}

static void assert_run(const struct desk *d, uint32_t i, uint64_t pfn, uint32_t n,
		       unsigned int kind)
{
	const struct kj_disk_run *run = &d->piece.disk_runs[i];

	assert_true(i < d->piece.n_disk_runs);
	assert_int_equal(kj_run_pfn(run), pfn);
	assert_int_equal(kj_run_pages(run), n);
	assert_int_equal(kj_run_kind(run), kind);
}

static void neighbours_of_the_same_word_are_one_run_and_of_another_are_not(void **state)
{
	const struct kj_run runs[] = { { 10, 9 }, { 19, 2 }, { 30, 1 } };
	static const uint64_t words[] = { 7, 7, 7, 8, 8, 0, 0, 7, 7,   7, 7,   7 };
	struct desk *d = *state;

	for (uint64_t i = 0; i < 11; i++)
		put_word(d, 10 + i, words[i]);
	put_word(d, 30, words[11]);
	gather(d, runs, 3);
	assert_int_equal(d->piece.n_disk_runs, 6);
	assert_run(d, 0, 10, 3, KJ_RUN_WORD);
	assert_run(d, 1, 13, 2, KJ_RUN_WORD);
	assert_run(d, 2, 15, 2, KJ_RUN_ZERO);
	assert_run(d, 3, 17, 2, KJ_RUN_WORD);
	assert_run(d, 4, 19, 2, KJ_RUN_WORD);
	assert_run(d, 5, 30, 1, KJ_RUN_WORD);
	assert_int_equal(d->piece.content.words, 5);
	assert_memory_equal(d->data - 5 * 8, ((uint64_t[]) { 7, 8, 7, 7, 7 }), 5 * 8);
}

static void words_lie_before_the_data_in_the_order_of_runs(void **state)
{
	struct desk *d = *state;
	const struct kj_run run = { 0, KJ_PIECE_PAGES };

	for (uint64_t i = 0; i < KJ_PIECE_PAGES; i++)
		if (i % 3)
			put_word(d, i, 1000 + i);
		else
			put_random(d, i);
	gather(d, &run, 1);
	assert_int_equal(d->piece.n_disk_runs, KJ_PIECE_PAGES);
	for (uint64_t i = 0, word = 0, data = 0; i < KJ_PIECE_PAGES; i++) {
		uint64_t v = 1000 + i;

		if (i % 3)
			assert_memory_equal(d->data - (d->piece.content.words - word++) * 8, &v, 8);
		else
			assert_memory_equal(d->data + data++ * KJ_PAGE_SIZE, frame(d, i), KJ_PAGE_SIZE);
	}
	for (uint64_t i = 0; i < KJ_PIECE_PAGES; i++)	/* as many as there can be */
		put_word(d, i, 1000 + i);
	gather(d, &run, 1);
	assert_int_equal(d->piece.content.words, KJ_PIECE_PAGES);
	for (uint64_t i = 0; i < KJ_PIECE_PAGES; i++)
		assert_int_equal(((uint64_t *)d->room)[i], 1000 + i);
}

static const uint8_t *plain_of(struct desk *d, const struct kj_run *runs, uint32_t n)
{
	const uint8_t *plain;

	memcpy(d->piece.runs, runs, n * sizeof(*runs));
	d->piece.n_runs = n;
	assert_int_equal(kj_pages_open(&d->pages, &d->piece, NULL), 0);
	plain = kj_pages_plain(&d->piece);
	kj_pages_close(&d->pages, &d->piece);
	return plain;
}

static void only_one_run_of_data_alone_lies_as_it_is_stored(void **state)
{
	const struct kj_run whole = { 3, 100 }, two[] = { { 3, 50 }, { 53, 50 } };
	struct desk *d = *state;

	for (uint64_t i = 0; i < KJ_PIECE_PAGES; i++)
		put_random(d, i);
	assert_ptr_equal(plain_of(d, &whole, 1), frame(d, 3));
	assert_null(plain_of(d, two, 2));
	for (uint64_t word = 0; word < 2; word++) {
		const uint64_t where[] = { 3, 50, 102 };

		for (int i = 0; i < 3; i++) {
			put_word(d, where[i], word);
			assert_null(plain_of(d, &whole, 1));
			put_random(d, where[i]);
		}
		put_word(d, 7, word);
		assert_null(plain_of(d, &(struct kj_run) { 7, 1 }, 1));
		put_random(d, 7);
	}
	assert_ptr_equal(plain_of(d, &whole, 1), frame(d, 3));
}

static void pages_that_cannot_be_mapped_are_an_error_and_the_others_given_back(void **state)
{
	struct kj_error error = { "" };
	struct desk *d = *state;

	for (uint32_t i = 0; i < 8; i++)
		d->piece.runs[i] = (struct kj_run) { 2 * i, 1 };
	d->piece.n_runs = 8;
	d->map_error = -EFAULT;
	assert_int_equal(kj_pages_open(&d->pages, &d->piece, &error), -EFAULT);
	saw("%s\n", error.text);
	assert_int_equal(d->maps, 3);
	assert_int_equal(d->unmaps, 3);
}

/* ---- placing -------------------------------------------------------------------- */

struct landing {
	uint8_t *frames;
	uint8_t placed[FRAMES];
	unsigned int calls, fail_at;
};

static int land(void *ctx, struct kj_run run, const void *data)
{
	struct landing *l = ctx;

	assert_in_range(run.n, 1, KJ_CHUNK_PAGES_MAX);
	assert_true(run.pfn + run.n <= FRAMES);
	if (++l->calls == l->fail_at)
		return -EPERM;
	memcpy(l->frames + run.pfn * KJ_PAGE_SIZE, data, run.n * KJ_PAGE_SIZE);
	for (uint64_t i = 0; i < run.n; i++)
		l->placed[run.pfn + i]++;
	return 0;
}

static int place(struct desk *d, struct landing *l, struct kj_error *error)
{
	const struct kj_memory_sink sink = { l, land };
	uint64_t page[KJ_PAGE_SIZE / 8];

	return kj_pages_place(&sink, d->piece.disk_runs, d->piece.n_disk_runs,
			      d->room, page, error);
}

static uint32_t make_mixture(struct desk *d, struct kj_run *runs)
{
	uint32_t n = 0, left = KJ_PIECE_PAGES;
	uint64_t pfn = 0;

	for (uint64_t i = 0; i < FRAMES; i++)
		switch (next_random(&d->random) % 4) {
		case 0:
			put_random(d, i);
			break;
		case 1:
			put_word(d, i, 0);
			break;
		default:
			put_word(d, i, 1 + next_random(&d->random) % 2);
		}
	while (left > 0 && pfn < FRAMES - 20) {
		uint64_t take = 1 + next_random(&d->random) % 9;

		pfn += next_random(&d->random) % 8;
		take = take < left ? take : left;
		runs[n++] = (struct kj_run) { pfn, take };
		pfn += take;
		left -= (uint32_t)take;
	}
	return n;
}

static void what_was_gathered_is_put_back_and_nothing_else(void **state)
{
	uint8_t *frames = malloc(FRAMES * KJ_PAGE_SIZE);
	struct kj_run runs[KJ_PIECE_PAGES];
	uint64_t seen[3] = { 0 };
	struct desk *d = *state;

	for (int round = 0; round < 50; round++) {
		uint32_t n = make_mixture(d, runs);
		struct landing l = { .frames = frames };
		bool in[FRAMES] = { false };

		gather(d, runs, n);
		memset(frames, 0xa5, FRAMES * KJ_PAGE_SIZE);
		assert_int_equal(place(d, &l, NULL), 0);
		for (uint32_t i = 0; i < n; i++)
			memset(in + runs[i].pfn, true, runs[i].n);
		for (uint64_t i = 0; i < FRAMES; i++) {
			assert_int_equal(l.placed[i], in[i]);
			if (in[i])
				assert_memory_equal(frames + i * KJ_PAGE_SIZE, frame(d, i),
						    KJ_PAGE_SIZE);
		}
		seen[0] += d->piece.content.data_pages;
		seen[1] += d->piece.content.word_pages;
		seen[2] += d->piece.content.zero_pages;
	}
	saw("%" PRIu64 " pages of data, %" PRIu64 " of words, %" PRIu64 " of zeros\n",
	    seen[0], seen[1], seen[2]);
	free(frames);
}

static void a_sink_that_fails_is_not_asked_again(void **state)
{
	uint8_t *frames = malloc(FRAMES * KJ_PAGE_SIZE);
	struct kj_run runs[KJ_PIECE_PAGES];
	struct landing whole = { .frames = frames };
	struct kj_error error = { "" };
	struct desk *d = *state;

	gather(d, runs, make_mixture(d, runs));
	assert_int_equal(place(d, &whole, NULL), 0);
	for (unsigned int at = 1; at <= whole.calls; at++) {
		struct landing l = { .frames = frames, .fail_at = at };

		assert_int_equal(place(d, &l, &error), -EPERM);
		assert_int_equal(l.calls, at);
	}
	saw("each of %u calls failed once: %s\n", whole.calls, error.text);
	free(frames);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_page_is_zero_a_word_or_data),
		test(a_page_that_differs_in_one_byte_is_data_wherever_it_is),
		test(neighbours_of_the_same_word_are_one_run_and_of_another_are_not),
		test(words_lie_before_the_data_in_the_order_of_runs),
		test(only_one_run_of_data_alone_lies_as_it_is_stored),
		test(pages_that_cannot_be_mapped_are_an_error_and_the_others_given_back),
		test(what_was_gathered_is_put_back_and_nothing_else),
		test(a_sink_that_fails_is_not_asked_again),
	};

	return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
