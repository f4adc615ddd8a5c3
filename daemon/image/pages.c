// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages: the memory's end of the pipeline.
 *
 * In B: the source's runs of page frames are cut into pieces of equal size,
 * whatever their lengths, so that a fragmented memory compresses and streams
 * like a whole one.  Pages that are all zero stay behind as a mark in their
 * run; a look at the first words tells nearly all others.
 *
 * In C: the same runs say where each page goes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "pages.h"

void kj_pages_init(struct kj_pages *pages, const struct kj_memory_source *source,
		   uint64_t max_pfn)
{
	memset(pages, 0, sizeof(*pages));
	pages->source = source;
	pages->max_pfn = max_pfn;
	pthread_mutex_init(&pages->lock, NULL);
}

void kj_pages_done(struct kj_pages *pages)
{
	pthread_mutex_destroy(&pages->lock);
}

/* Asks the source when all of its last run is handed out. */
static int refill(struct kj_pages *pages, struct kj_error *error)
{
	struct kj_run run;
	int r;

	if (pages->rest.n > 0)
		return 1;
	r = pages->source->next_run(pages->source->ctx, &run);
	if (r < 0)
		return kj_fail(error, r, "cannot tell which pages to save: %s",
			       strerror(-r));
	if (r == 0)
		return 0;
	if (run.n == 0 || run.pfn < pages->end || run.pfn >= pages->max_pfn ||
	    run.n > pages->max_pfn - run.pfn)
		return kj_fail(error, -EINVAL, "page frames %" PRIu64 "+%" PRIu64
			       " are out of order or beyond %" PRIu64,
			       run.pfn, run.n, pages->max_pfn);
	pages->rest = run;
	pages->end = run.pfn + run.n;
	return 1;
}

int kj_pages_next(struct kj_pages *pages, struct kj_piece *piece,
		  struct kj_error *error)
{
	uint32_t room = KJ_PIECE_PAGES;
	int r = 1;

	piece->n_runs = 0;
	pthread_mutex_lock(&pages->lock);
	while (room > 0 && (r = refill(pages, error)) > 0) {
		uint64_t n = pages->rest.n < room ? pages->rest.n : room;

		piece->runs[piece->n_runs++] = (struct kj_run) { pages->rest.pfn, n };
		pages->rest.pfn += n;
		pages->rest.n -= n;
		room -= (uint32_t)n;
	}
	pthread_mutex_unlock(&pages->lock);
	if (r < 0)
		return r;
	return piece->n_runs > 0;
}

static bool page_is_zero(const uint8_t *page)
{
	const uint64_t *words = (const uint64_t *)page;

	for (size_t i = 0; i < KJ_PAGE_SIZE / sizeof(*words); i += 8)
		if (words[i] | words[i + 1] | words[i + 2] | words[i + 3] |
		    words[i + 4] | words[i + 5] | words[i + 6] | words[i + 7])
			return false;
	return true;
}

/* Adds one page to the piece's last run, or begins another one. */
static void note_page(struct kj_piece *piece, uint64_t pfn, bool zero, bool first)
{
	struct kj_disk_run *last = &piece->disk_runs[piece->n_disk_runs - 1];

	if (!first && kj_run_is_zero(last) == zero)
		*last = kj_disk_run_of(kj_run_pfn(last), kj_run_pages(last) + 1, zero);
	else
		piece->disk_runs[piece->n_disk_runs++] = kj_disk_run_of(pfn, 1, zero);
}

/* Copies page by page, also where many could go at once: C libraries take
 * string instructions for long copies, which emulated CPUs do byte by byte. */
static void gather_run(struct kj_piece *piece, struct kj_run run,
		       const uint8_t *from, uint8_t *data)
{
	data += (size_t)piece->data_pages * KJ_PAGE_SIZE;
	for (uint64_t i = 0; i < run.n; i++, from += KJ_PAGE_SIZE) {
		bool zero = page_is_zero(from);

		note_page(piece, run.pfn + i, zero, i == 0);
		if (zero) {
			piece->zero_pages++;
			continue;
		}
		memcpy(data, from, KJ_PAGE_SIZE);
		data += KJ_PAGE_SIZE;
		piece->data_pages++;
	}
}

int kj_pages_gather(struct kj_pages *pages, struct kj_piece *piece, uint8_t *data,
		    struct kj_error *error)
{
	const struct kj_memory_source *source = pages->source;

	piece->n_disk_runs = 0;
	piece->data_pages = 0;
	piece->zero_pages = 0;
	for (uint32_t i = 0; i < piece->n_runs; i++) {
		struct kj_run run = piece->runs[i];
		const void *from;
		int r = source->map(source->ctx, run, &from);

		if (r < 0)
			return kj_fail(error, r, "cannot read page frames %" PRIu64 "+%"
				       PRIu64 ": %s", run.pfn, run.n, strerror(-r));
		gather_run(piece, run, from, data);
		source->unmap(source->ctx, run, from);
	}
	return 0;
}

int kj_pages_place(const struct kj_memory_sink *sink, const struct kj_disk_run *runs,
		   uint32_t n_runs, const uint8_t *data, struct kj_error *error)
{
	/* Never written to: the kernel backs all of it by one page. */
	static uint8_t zeros[KJ_CHUNK_PAGES_MAX * KJ_FORMAT_PAGE_SIZE];

	for (uint32_t i = 0; i < n_runs; i++) {
		struct kj_run run = { kj_run_pfn(&runs[i]), kj_run_pages(&runs[i]) };
		bool zero = kj_run_is_zero(&runs[i]);
		int r = sink->place(sink->ctx, run, zero ? zeros : data);

		if (r < 0)
			return kj_fail(error, r, "cannot place page frames %" PRIu64 "+%"
				       PRIu64 ": %s", run.pfn, run.n, strerror(-r));
		if (!zero)
			data += run.n * KJ_PAGE_SIZE;
	}
	return 0;
}
