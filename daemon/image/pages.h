/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages: from a memory source into chunks, and from chunks to a memory sink.
 */
#ifndef KJ_IMAGE_PAGES_H
#define KJ_IMAGE_PAGES_H

#include <pthread.h>

#include "kj-format.h"
#include "kj-image.h"

/* The writer's chunks are smaller than the format allows: LZ4 looks back
 * 64 KiB only, and this way chunk and output stay in a CPU's cache. */
#define KJ_PIECE_PAGES	128u
#define KJ_PIECE_BYTES	(KJ_PIECE_PAGES * KJ_PAGE_SIZE)

/* The source's runs, being cut into pieces by many threads. */
struct kj_pages {
	const struct kj_memory_source *source;
	uint64_t max_pfn;

	pthread_mutex_t lock;
	struct kj_run rest;		/* of the last run, not handed out yet */
	uint64_t end;			/* all runs so far are below it */
};

/* What one chunk will hold. */
struct kj_piece {
	struct kj_run runs[KJ_PIECE_PAGES];
	uint32_t n_runs;

	/* After kj_pages_gather(): */
	struct kj_disk_run disk_runs[KJ_PIECE_PAGES];
	uint32_t n_disk_runs;
	uint32_t data_pages;
	uint32_t zero_pages;
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
 * kj_pages_gather() - read the piece's pages
 * @data: KJ_PIECE_BYTES; gets those that are not all zero, one behind the other
 */
int kj_pages_gather(struct kj_pages *pages, struct kj_piece *piece, uint8_t *data,
		    struct kj_error *error);

/**
 * kj_pages_place() - put a chunk's pages into the sink
 * @data: those that are not all zero
 */
int kj_pages_place(const struct kj_memory_sink *sink, const struct kj_disk_run *runs,
		   uint32_t n_runs, const uint8_t *data, struct kj_error *error);

#endif /* KJ_IMAGE_PAGES_H */
