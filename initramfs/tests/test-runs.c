// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * runs.c: every page frame of the map exactly once, in order, in runs that
 * keep the limits, whatever the map looks like.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runs.h"

struct map {
	uint64_t *words;
	uint64_t n_words;
	unsigned int fetches;
	int fail_at;			/* this fetch fails; 0: none */
};

static int fetch(void *ctx, uint64_t first_pfn, uint64_t *words, unsigned int n)
{
	struct map *map = ctx;

	if ((int)++map->fetches == map->fail_at)
		return -EIO;
	assert_int_equal(first_pfn % 64, 0);
	assert_true(n <= KJ_RUNS_PIECE_WORDS);
	assert_true(first_pfn / 64 + n <= map->n_words);
	memcpy(words, map->words + first_pfn / 64, n * sizeof(*words));
	return 0;
}

static struct map *make_map(uint64_t max_pfn)
{
	struct map *map = calloc(1, sizeof(*map));

	map->n_words = (max_pfn + 63) / 64;
	map->words = calloc(map->n_words, sizeof(*map->words));
	return map;
}

static void free_map(struct map *map)
{
	free(map->words);
	free(map);
}

static struct kj_runs *make_runs(struct map *map, uint64_t max_pfn)
{
	struct kj_runs *runs = calloc(1, sizeof(*runs));

	runs->fetch = fetch;
	runs->ctx = map;
	runs->max_pfn = max_pfn;
	runs->max_run = KJ_CHUNK_PAGES_MAX;
	runs->boundary = 2048;
	return runs;
}

static void set_bits(struct map *map, uint64_t pfn, uint64_t n)
{
	for (; n > 0; n--, pfn++)
		map->words[pfn / 64] |= (uint64_t)1 << (pfn % 64);
}

static bool bit(const struct map *map, uint64_t pfn)
{
	return map->words[pfn / 64] >> (pfn % 64) & 1;
}

/* Walks and compares with the map bit by bit. */
static void check_walk(struct map *map, uint64_t max_pfn)
{
	struct kj_runs *runs = make_runs(map, max_pfn);
	struct kj_run run;
	uint64_t at = 0;
	int r;

	while ((r = kj_runs_next(runs, &run)) == 1) {
		assert_true(run.n >= 1 && run.n <= KJ_CHUNK_PAGES_MAX);
		assert_true(run.pfn / 2048 == (run.pfn + run.n - 1) / 2048);
		for (; at < run.pfn; at++)
			assert_false(bit(map, at));
		assert_int_equal(at, run.pfn);
		for (; at < run.pfn + run.n; at++)
			assert_true(bit(map, at));
	}
	assert_int_equal(r, 0);
	for (; at < max_pfn; at++)
		assert_false(bit(map, at));
	assert_int_equal(kj_runs_next(runs, &run), 0);
	free(runs);
}

static void test_empty(void **state)
{
	struct map *map = make_map(1000);

	(void)state;
	check_walk(map, 1000);
	free_map(map);
}

static void test_limits(void **state)
{
	const uint64_t max_pfn = 64 * KJ_RUNS_PIECE_WORDS * 2 + 100;
	struct map *map = make_map(max_pfn);

	(void)state;
	set_bits(map, 0, 1);
	set_bits(map, 63, 2);
	set_bits(map, 1000, 257);
	set_bits(map, 2047, 2);				/* over a boundary */
	set_bits(map, 64 * KJ_RUNS_PIECE_WORDS - 3, 6);	/* over a piece */
	set_bits(map, max_pfn - 1, 1);
	check_walk(map, max_pfn);
	free_map(map);
}

static void test_all_set(void **state)
{
	const uint64_t max_pfn = 64 * KJ_RUNS_PIECE_WORDS + 777;
	struct map *map = make_map(max_pfn);

	(void)state;
	set_bits(map, 0, max_pfn);
	check_walk(map, max_pfn);
	free_map(map);
}

/* Bits of the last word at or after max_pfn are not page frames. */
static void test_beyond_the_end(void **state)
{
	struct map *map = make_map(128);
	struct kj_runs *runs = make_runs(map, 100);
	struct kj_run run;

	(void)state;
	set_bits(map, 98, 20);
	assert_int_equal(kj_runs_next(runs, &run), 1);
	assert_int_equal(run.pfn, 98);
	assert_int_equal(run.n, 2);
	assert_int_equal(kj_runs_next(runs, &run), 0);
	free(runs);
	free_map(map);
}

static void test_random(void **state)
{
	const uint64_t max_pfn = 64 * KJ_RUNS_PIECE_WORDS * 3;
	struct map *map = make_map(max_pfn);

	(void)state;
	srandom(1);
	for (uint64_t pfn = 0; pfn < max_pfn;) {
		uint64_t n = 1 + random() % 600;

		if (n > max_pfn - pfn)
			n = max_pfn - pfn;
		if (random() % 2)
			set_bits(map, pfn, n);
		pfn += n;
	}
	check_walk(map, max_pfn);
	free_map(map);
}

static void test_failing_fetch(void **state)
{
	const uint64_t max_pfn = 64 * KJ_RUNS_PIECE_WORDS * 2;
	struct map *map = make_map(max_pfn);
	struct kj_runs *runs = make_runs(map, max_pfn);
	struct kj_run run;

	(void)state;
	map->fail_at = 2;
	set_bits(map, 5, 1);
	assert_int_equal(kj_runs_next(runs, &run), 1);
	assert_int_equal(kj_runs_next(runs, &run), -EIO);
	free(runs);
	free_map(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_all_set),
		cmocka_unit_test(test_beyond_the_end),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_failing_fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
