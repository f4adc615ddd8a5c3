/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a save map, one bit per page frame and too large to hold, to runs.
 */
#ifndef KJ_RUNS_H
#define KJ_RUNS_H

#include <stdint.h>

#include "kj-image.h"

#define KJ_RUNS_PIECE_WORDS 4096u	/* 32 KiB of map: 1 GiB of memory */

struct kj_runs {
	/* Fetches @n words of the map, from page frame @first_pfn on, a
	 * multiple of 64.  Return: 0 or a negative errno. */
	int (*fetch)(void *ctx, uint64_t first_pfn, uint64_t *words, unsigned int n);
	void *ctx;
	uint64_t max_pfn;		/* no bit at or after this one counts */
	unsigned int max_run;		/* longer runs are split */
	unsigned int boundary;		/* no run crosses a multiple of it; 0: none */

	/* Private: zero at first. */
	uint64_t next;			/* page frame to look at next */
	uint64_t piece_first, piece_end;/* what piece holds */
	uint64_t piece[KJ_RUNS_PIECE_WORDS];
};

/**
 * kj_runs_next() - the next run of set bits
 * @ret: only set when there is one
 *
 * Runs come in ascending order.  One thread at a time.
 *
 * Return: 1 and *@ret; 0 at the end; what fetch returned when it failed.
 */
int kj_runs_next(struct kj_runs *runs, struct kj_run *ret);

#endif /* KJ_RUNS_H */
