// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages: the memory's end of the pipeline.
 *
 * In B: the source's runs of page frames are cut into pieces of equal size,
 * whatever their lengths, so that a fragmented memory compresses and streams
 * like a whole one.  Pages of one repeated word, which is zero most often, stay
 * behind as a mark in their run; a look at the first words tells nearly all
 * others.
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
	if (piece->n_runs > 0)
		piece->number = pages->next_number++;
	pthread_mutex_unlock(&pages->lock);
	if (r < 0)
		return r;
	return piece->n_runs > 0;
}

/* One word all over?  A difference shows in the first few words, mostly. */
static bool page_is_word(const uint8_t *page)
{
	const uint64_t *words = (const uint64_t *)page, word = words[0];

	for (size_t i = 0; i < KJ_PAGE_SIZE / sizeof(*words); i += 8)
		if ((words[i] ^ word) | (words[i + 1] ^ word) | (words[i + 2] ^ word) |
		    (words[i + 3] ^ word) | (words[i + 4] ^ word) | (words[i + 5] ^ word) |
		    (words[i + 6] ^ word) | (words[i + 7] ^ word))
			return false;
	return true;
}

static enum kj_run_kind kind_of(const uint8_t *page)
{
	if (!page_is_word(page))
		return KJ_RUN_DATA;
	return *(const uint64_t *)page ? KJ_RUN_WORD : KJ_RUN_ZERO;
}

/* Adds one page to the piece's last run, or begins another one. */
static void note_page(struct kj_piece *piece, uint64_t pfn, enum kj_run_kind kind,
		      uint64_t word, bool first)
{
	struct kj_disk_run *last = first ? NULL : &piece->disk_runs[piece->n_disk_runs - 1];
	struct kj_content *c = &piece->content;
	bool same = last && kj_run_kind(last) == kind &&
		    (kind != KJ_RUN_WORD || piece->words[c->words - 1] == word);

	if (same)
		*last = kj_disk_run_of(kj_run_pfn(last), kj_run_pages(last) + 1, kind);
	else
		piece->disk_runs[piece->n_disk_runs++] = kj_disk_run_of(pfn, 1, kind);
	if (!same && kind == KJ_RUN_WORD)
		piece->words[c->words++] = word;
	c->data_pages += kind == KJ_RUN_DATA;
	c->word_pages += kind == KJ_RUN_WORD;
	c->zero_pages += kind == KJ_RUN_ZERO;
}

static void look_at_run(struct kj_piece *piece, struct kj_run run, const uint8_t *page)
{
	for (uint64_t i = 0; i < run.n; i++, page += KJ_PAGE_SIZE)
		note_page(piece, run.pfn + i, kind_of(page), *(const uint64_t *)page, i == 0);
}

static void close_runs(struct kj_pages *pages, struct kj_piece *piece, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		pages->source->unmap(pages->source->ctx, piece->runs[i], piece->at[i]);
}

int kj_pages_open(struct kj_pages *pages, struct kj_piece *piece,
		  struct kj_error *error)
{
	piece->n_disk_runs = 0;
	piece->content = (struct kj_content) { 0 };
	for (uint32_t i = 0; i < piece->n_runs; i++) {
		struct kj_run run = piece->runs[i];
		int r = pages->source->map(pages->source->ctx, run, &piece->at[i]);

		if (r < 0) {
			close_runs(pages, piece, i);
			return kj_fail(error, r, "cannot read page frames %" PRIu64 "+%"
				       PRIu64 ": %s", run.pfn, run.n, strerror(-r));
		}
		look_at_run(piece, run, piece->at[i]);
	}
	return 0;
}

void kj_pages_close(struct kj_pages *pages, struct kj_piece *piece)
{
	close_runs(pages, piece, piece->n_runs);
}

const uint8_t *kj_pages_plain(const struct kj_piece *piece)
{
	bool whole = piece->n_runs == 1 && piece->n_disk_runs == 1 &&
		     kj_run_kind(&piece->disk_runs[0]) == KJ_RUN_DATA;

	return whole ? piece->at[0] : NULL;
}

static uint8_t *put_words(const struct kj_piece *piece, uint8_t *to)
{
	size_t len = piece->content.words * sizeof(piece->words[0]);

	memcpy(to, piece->words, len);		/* bytes as they were */
	return to + len;
}

/* Copies page by page, also where many could go at once: C libraries take
 * string instructions for long copies, which emulated CPUs do byte by byte. */
static uint8_t *put_pages(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (; n > 0; n--, to += KJ_PAGE_SIZE, from += KJ_PAGE_SIZE)
		memcpy(to, from, KJ_PAGE_SIZE);
	return to;
}

void kj_pages_gather(const struct kj_piece *piece, uint8_t *to)
{
	const struct kj_disk_run *disk_run = piece->disk_runs;

	to = put_words(piece, to);
	for (uint32_t i = 0; i < piece->n_runs; i++) {
		const uint8_t *from = piece->at[i];
		uint64_t left = piece->runs[i].n;

		/* Each run is some whole runs of the disk's. */
		for (; left > 0; left -= kj_run_pages(disk_run++)) {
			if (kj_run_kind(disk_run) == KJ_RUN_DATA)
				to = put_pages(to, from, kj_run_pages(disk_run));
			from += (size_t)kj_run_pages(disk_run) * KJ_PAGE_SIZE;
		}
	}
}

/* Each page on its own, from one that is filled with the word. */
static int place_word(const struct kj_memory_sink *sink, struct kj_run run,
		      uint64_t word, uint64_t *page)
{
	int r = 0;

	for (size_t i = 0; i < KJ_PAGE_SIZE / sizeof(*page); i++)
		page[i] = word;
	for (uint64_t i = 0; r == 0 && i < run.n; i++)
		r = sink->place(sink->ctx, (struct kj_run) { run.pfn + i, 1 }, page);
	return r;
}

static const uint8_t *skip_words(const struct kj_disk_run *runs, uint32_t n_runs,
				 const uint8_t *plain)
{
	for (uint32_t i = 0; i < n_runs; i++)
		if (kj_run_kind(&runs[i]) == KJ_RUN_WORD)
			plain += KJ_WORD_SIZE;
	return plain;
}

int kj_pages_place(const struct kj_memory_sink *sink, const struct kj_disk_run *runs,
		   uint32_t n_runs, const uint8_t *plain, uint64_t *page,
		   struct kj_error *error)
{
	/* Never written to: the kernel backs all of it by one page. */
	static uint8_t zeros[KJ_CHUNK_PAGES_MAX * KJ_FORMAT_PAGE_SIZE];
	const uint8_t *words = plain, *data = skip_words(runs, n_runs, plain);

	for (uint32_t i = 0; i < n_runs; i++) {
		struct kj_run run = { kj_run_pfn(&runs[i]), kj_run_pages(&runs[i]) };
		uint64_t word;
		int r;

		switch (kj_run_kind(&runs[i])) {
		case KJ_RUN_ZERO:
			r = sink->place(sink->ctx, run, zeros);
			break;
		case KJ_RUN_WORD:
			memcpy(&word, words, sizeof(word));
			words += sizeof(word);
			r = place_word(sink, run, word, page);
			break;
		default:
			r = sink->place(sink->ctx, run, data);
			data += run.n * KJ_PAGE_SIZE;
		}
		if (r < 0)
			return kj_fail(error, r, "cannot place page frames %" PRIu64 "+%"
				       PRIu64 ": %s", run.pfn, run.n, strerror(-r));
	}
	return 0;
}
