// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks the save map.  Runs in kernel B.
 *
 * The map of 1 TiB is 32 MiB, half of all the memory B has, so it is streamed:
 * one piece of 32 KiB at a time, fetched from the kernel when the walk reaches
 * it.  Within a piece whole words are skipped (all zero) and bits found by
 * counting trailing zeros.
 *
 *      next          set bits [pfn, pfn + n)
 *        |           |      |
 *   ..000000000000000111111100000....      one piece
 */
#include <stdbool.h>

#include "runs.h"

#define WORD_BITS 64u

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Makes the piece hold page frame @pfn. */
static int load_piece(struct kj_runs *runs, uint64_t pfn)
{
	uint64_t first, words;
	int r;

	if (pfn >= runs->piece_first && pfn < runs->piece_end)
		return 0;
	first = pfn - pfn % WORD_BITS;
	words = (runs->max_pfn - first + WORD_BITS - 1) / WORD_BITS;
	words = min64(words, KJ_RUNS_PIECE_WORDS);
	r = runs->fetch(runs->ctx, first, runs->piece, words);
	if (r < 0)
		return r;
	runs->piece_first = first;
	runs->piece_end = first + words * WORD_BITS;
	return 0;
}

/*
 * The first page frame in [@pfn, piece_end) whose bit is @set, else piece_end.
 */
static uint64_t find_bit(const struct kj_runs *runs, uint64_t pfn, bool set)
{
	while (pfn < runs->piece_end) {
		uint64_t at = pfn - runs->piece_first;
		uint64_t word = runs->piece[at / WORD_BITS];

		if (!set)
			word = ~word;
		word &= ~(uint64_t)0 << (at % WORD_BITS);
		if (word)
			return pfn - at % WORD_BITS + __builtin_ctzll(word);
		pfn += WORD_BITS - at % WORD_BITS;
	}
	return runs->piece_end;
}

/* How far a run that begins at @pfn may go. */
static uint64_t run_limit(const struct kj_runs *runs, uint64_t pfn)
{
	uint64_t limit = min64(runs->max_pfn, pfn + runs->max_run);

	if (runs->boundary > 0)
		limit = min64(limit, pfn - pfn % runs->boundary + runs->boundary);
	return limit;
}

int kj_runs_next(struct kj_runs *runs, struct kj_run *ret)
{
	while (runs->next < runs->max_pfn) {
		uint64_t pfn, end;
		int r = load_piece(runs, runs->next);

		if (r < 0)
			return r;
		pfn = find_bit(runs, runs->next, true);
		runs->next = pfn;
		if (pfn == runs->piece_end || pfn >= runs->max_pfn)
			continue;
		/* A run ends with its piece: splitting it costs nothing. */
		end = min64(find_bit(runs, pfn, false), run_limit(runs, pfn));
		runs->next = end;
		*ret = (struct kj_run){ .pfn = pfn, .n = end - pfn };
		return 1;
	}
	return 0;
}
