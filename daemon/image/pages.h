/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages: from a memory source into chunks, and from chunks to a memory sink.
 */
#ifndef KJ_IMAGE_PAGES_H
#define KJ_IMAGE_PAGES_H

#include <pthread.h>

#include "kj-format.h"
#include "kj-image.h"

/* LZ4 looks back 64 KiB only; this way chunk and output stay in a CPU's cache. */
#define KJ_PIECE_PAGES	KJ_CHUNK_PAGES_MAX
#define KJ_PIECE_BYTES	(KJ_PIECE_PAGES * KJ_PAGE_SIZE)

/* The source's runs, being cut into pieces by many threads. */
struct kj_pages {
	const struct kj_memory_source *source;
	uint64_t max_pfn;

	pthread_mutex_t lock;
	struct kj_run rest;		/* of the last run, not handed out yet */
	uint64_t end;			/* all runs so far are below it */
	uint64_t next_number;
};

/* What one chunk will hold. */
struct kj_piece {
	struct kj_run runs[KJ_PIECE_PAGES];
	uint32_t n_runs;
	uint64_t number;		/* 0, 1, ... in the order of pages */

	/* Between kj_pages_open() and kj_pages_close(): */
	const void *at[KJ_PIECE_PAGES];	/* of each run */
	struct kj_disk_run disk_runs[KJ_PIECE_PAGES];
	uint64_t words[KJ_PIECE_PAGES];
	uint32_t n_disk_runs;
	struct kj_content content;
};

void kj_pages_init(struct kj_pages *pages, const struct kj_memory_source *source,
		   uint64_t max_pfn);
void kj_pages_done(struct kj_pages *pages);

/**
 * kj_pages_next() - take the next KJ_PIECE_PAGES pages or fewer; any thread
 *
 * Return: 1; 0 at the end; negative errno.
 */
int kj_pages_next(struct kj_pages *pages, struct kj_piece *piece,
		  struct kj_error *error);

/**
 * kj_pages_open() - have the piece's pages mapped, and look what they are
 *
 * Return: 0, then kj_pages_close() is needed; or negative errno.
 */
int kj_pages_open(struct kj_pages *pages, struct kj_piece *piece,
		  struct kj_error *error);
void kj_pages_close(struct kj_pages *pages, struct kj_piece *piece);

/**
 * kj_pages_plain() - the piece's plain bytes, where they lie in memory
 *
 * Return: NULL when they do not lie there as they are to be stored: in several
 * runs, or not all of them data.
 */
const uint8_t *kj_pages_plain(const struct kj_piece *piece);

/**
 * kj_pages_gather() - copy the piece's plain bytes: words, then pages
 * @to: KJ_PIECE_BYTES, 8-byte aligned
 */
void kj_pages_gather(const struct kj_piece *piece, uint8_t *to);

/**
 * kj_pages_place() - put a chunk's pages into the sink
 * @plain: words, then pages, as many as the runs say
 * @page: a page to make pages of words in
 */
int kj_pages_place(const struct kj_memory_sink *sink, const struct kj_disk_run *runs,
		   uint32_t n_runs, const uint8_t *plain, uint64_t *page,
		   struct kj_error *error);

#endif /* KJ_IMAGE_PAGES_H */
