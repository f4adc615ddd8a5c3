// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cutting: any runs become pieces of 128 pages, and each page is in one.
 * What is done with a piece's pages is in test-gather.c.
 */
#include "unit.h"

#include <sched.h>

#include "pages.h"

/* A source that hands out the runs it is told. */
struct script {
	struct kj_memory_source source;
	const struct kj_run *runs;
	size_t n, at;
	int next_error;
};

static int script_next(void *ctx, struct kj_run *ret)
{
	struct script *s = ctx;

	if (s->at == s->n)
		return s->next_error;
	*ret = s->runs[s->at++];
	return 1;
}

static void make_script(struct script *s, const struct kj_run *runs, size_t n)
{
	*s = (struct script) { .source = { .ctx = s, .next_run = script_next },
			       .runs = runs, .n = n };
}

/* Takes all pieces and holds them against the runs, page for page.
 * Return: how many pieces. */
static uint64_t assert_cut(const struct kj_run *runs, size_t n, uint64_t max_pfn)
{
	static struct kj_piece piece;
	struct kj_error error = { "" };
	struct kj_pages pages;
	uint64_t number = 0, done = 0;	/* of runs[at] */
	struct script s;
	size_t at = 0;
	int r;

	make_script(&s, runs, n);
	kj_pages_init(&pages, &s.source, max_pfn);
	while ((r = kj_pages_next(&pages, &piece, &error)) == 1) {
		uint64_t in_piece = 0;

		assert_int_equal(piece.number, number++);
		for (uint32_t i = 0; i < piece.n_runs; i++) {
			assert_true(at < n);
			assert_int_equal(piece.runs[i].pfn, runs[at].pfn + done);
			assert_in_range(piece.runs[i].n, 1, runs[at].n - done);
			in_piece += piece.runs[i].n;
			done += piece.runs[i].n;
			if (done == runs[at].n) {
				at++;
				done = 0;
			}
		}
		assert_true(in_piece == KJ_PIECE_PAGES || (at == n && in_piece > 0 &&
							   in_piece < KJ_PIECE_PAGES));
	}
	assert_int_equal(r, 0);
	assert_int_equal(at, n);
	assert_int_equal(kj_pages_next(&pages, &piece, &error), 0);
	kj_pages_done(&pages);
	return number;
}

static void pieces_have_128_pages_however_short_the_runs(void **state)
{
	static struct kj_run runs[20000];

	(void)state;
	for (uint64_t longest = 1; longest <= 1000; longest *= 10) {
		uint64_t random = longest, pfn = 0, total = 0;

		for (size_t i = 0; i < 20000; i++) {
			pfn += next_random(&random) % 5;	/* also none between */
			runs[i] = (struct kj_run) { pfn, 1 + next_random(&random) % longest };
			pfn += runs[i].n;
			total += runs[i].n;
		}
		assert_int_equal(assert_cut(runs, 20000, pfn),
				 (total + KJ_PIECE_PAGES - 1) / KJ_PIECE_PAGES);
		saw("20000 runs of 1 to %" PRIu64 " pages, %" PRIu64 " pages\n", longest, total);
	}
}

static void a_huge_run_among_short_ones_is_cut(void **state)
{
	const struct kj_run runs[] = { { 3, 1 }, { 5, 2 }, { 100, 10000000 }, { 10000100, 1 },
				       { 20000000, 127 }, { 30000000, 129 } };

	(void)state;
	assert_int_equal(assert_cut(runs, 6, 30000129),
			 (10000000 + 1 + 2 + 1 + 127 + 129 + 127) / 128);
}

static void the_largest_memory_is_cut_from_its_first_page(void **state)
{
	const struct kj_run run = { 1, KJ_PFN_MAX - 1 };
	static struct kj_piece piece;
	struct kj_pages pages;
	struct script s;

	(void)state;
	make_script(&s, &run, 1);
	kj_pages_init(&pages, &s.source, KJ_PFN_MAX);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(kj_pages_next(&pages, &piece, NULL), 1);
		assert_int_equal(piece.n_runs, 1);
		assert_int_equal(piece.runs[0].pfn, 1 + i * KJ_PIECE_PAGES);
		assert_int_equal(piece.runs[0].n, KJ_PIECE_PAGES);
	}
	kj_pages_done(&pages);
}

static void runs_out_of_order_overlapping_or_beyond_memory_are_refused(void **state)
{
	static const struct { struct kj_run second; int result; } cases[] = {
		{ { 20, 10 }, 1 },		/* right behind the first */
		{ { 90, 10 }, 1 },		/* to the last page */
		{ { 99, 1 }, 1 },
		{ { 10, 10 }, -EINVAL },	/* the first again */
		{ { 0, 5 }, -EINVAL },
		{ { 9, 1 }, -EINVAL },
		{ { 5, 10 }, -EINVAL },
		{ { 19, 1 }, -EINVAL },		/* its last page */
		{ { 19, 30 }, -EINVAL },
		{ { 0, 100 }, -EINVAL },
		{ { 30, 0 }, -EINVAL },		/* no pages */
		{ { 100, 1 }, -EINVAL },
		{ { 99, 2 }, -EINVAL },
		{ { 20, 81 }, -EINVAL },
		{ { 1000, 1 }, -EINVAL },
		{ { 20, UINT64_MAX - 19 }, -EINVAL },	/* ends at 0 */
		{ { 20, UINT64_MAX }, -EINVAL },
		{ { UINT64_MAX, 1 }, -EINVAL },
		{ { UINT64_MAX, UINT64_MAX }, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kj_run runs[] = { { 10, 10 }, cases[i].second };
		struct kj_error error = { "" };
		static struct kj_piece piece;
		struct kj_pages pages;
		struct script s;

		make_script(&s, runs, 2);
		kj_pages_init(&pages, &s.source, 100);
		assert_int_equal(kj_pages_next(&pages, &piece, &error), cases[i].result);
		assert_int_equal(error.text[0] != 0, cases[i].result < 0);
		if (i == 3)
			saw("%s\n", error.text);
		kj_pages_done(&pages);
	}
}

static void an_error_of_the_source_comes_back(void **state)
{
	const struct kj_run run = { 10, 200 };
	struct kj_error error = { "" };
	static struct kj_piece piece;
	struct kj_pages pages;
	struct script s;

	(void)state;
	make_script(&s, &run, 1);
	s.next_error = -EREMOTEIO;
	kj_pages_init(&pages, &s.source, 1000);
	assert_int_equal(kj_pages_next(&pages, &piece, &error), 1);
	assert_int_equal(kj_pages_next(&pages, &piece, &error), -EREMOTEIO);
	saw("%s\n", error.text);
	kj_pages_done(&pages);
}

/* ---- many threads ------------------------------------------------------------ */

#define THREADS 8
#define MANY_PAGES (1u << 20)

static pthread_barrier_t all_are_there;

struct taker {
	struct kj_pages *pages;
	uint64_t *first_pfn;		/* of all, by number */
	uint64_t taken;
};

static void *take_all(void *arg)
{
	struct kj_piece *piece = malloc(sizeof(*piece));
	struct taker *t = arg;

	pthread_barrier_wait(&all_are_there);
	while (kj_pages_next(t->pages, piece, NULL) == 1) {
		/* A number that is taken twice leaves another one empty. */
		t->first_pfn[piece->number] = piece->runs[0].pfn + 1;
		t->taken++;
		sched_yield();
	}
	free(piece);
	return NULL;
}

static void threads_share_all_pages_and_no_number_is_used_twice(void **state)
{
	const struct kj_run run = { 77, MANY_PAGES };
	uint64_t n = MANY_PAGES / KJ_PIECE_PAGES, total = 0, busy = 0;
	uint64_t *first_pfn = calloc(n + 1, sizeof(*first_pfn));
	struct taker takers[THREADS];
	pthread_t threads[THREADS];
	struct kj_pages pages;
	struct script s;

	(void)state;
	make_script(&s, &run, 1);
	kj_pages_init(&pages, &s.source, MANY_PAGES + 77);
	pthread_barrier_init(&all_are_there, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		takers[i] = (struct taker) { &pages, first_pfn, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, take_all, &takers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		total += takers[i].taken;
		busy += takers[i].taken > 0;
	}
	assert_int_equal(total, n);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(first_pfn[i], 77 + i * KJ_PIECE_PAGES + 1);
	saw("%" PRIu64 " pieces for %" PRIu64 " threads\n", total, busy);
	kj_pages_done(&pages);
	free(first_pfn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_have_128_pages_however_short_the_runs),
		cmocka_unit_test(a_huge_run_among_short_ones_is_cut),
		cmocka_unit_test(the_largest_memory_is_cut_from_its_first_page),
		cmocka_unit_test(runs_out_of_order_overlapping_or_beyond_memory_are_refused),
		cmocka_unit_test(an_error_of_the_source_comes_back),
		cmocka_unit_test(threads_share_all_pages_and_no_number_is_used_twice),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
