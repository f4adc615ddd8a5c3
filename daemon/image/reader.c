// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading an image: kernel C's work, and A's when it inspects one.
 *
 *      kj_reader_open()            header, whole index: nothing is placed
 *                                  before both are known to be right
 *      kj_reader_mark_pages()      which page frames, without reading them
 *      kj_reader_restore()
 *        | N + 3 workers, each:
 *        |   take_span()           next chunks that one read can get
 *        |   kj_store_read()
 *        |   kj_unpack()           check, decompress
 *        |   kj_pages_place()      only what was checked
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commit.h"
#include "fail.h"
#include "index.h"
#include "kj-cleanup.h"
#include "pack.h"
#include "pages.h"
#include "progress.h"
#include "store.h"

#define SPAN_BYTES	(1536u * 1024)
#define WORKERS_MAX	64u

_Static_assert(SPAN_BYTES >= KJ_CHUNK_SIZE_MAX + 2 * KJ_STORE_ALIGN,
	       "each chunk can be read by one read");

struct kj_reader {
	const struct kj_store *store;
	unsigned int threads;
	struct kj_header header;
	struct kj_image_info info;
	struct kj_index index;
};

/* Consecutive chunks, and the aligned bytes around them. */
struct span {
	uint64_t first_entry;
	uint64_t n_entries;
	uint64_t offset;
	size_t len;
};

/* One kj_reader_restore(). */
struct restore {
	struct kj_reader *reader;
	const struct kj_memory_sink *sink;
	struct kj_crew crew;
	pthread_mutex_t lock;		/* of next_entry */
	uint64_t next_entry;
};

struct worker {
	struct restore *restore;
	uint8_t *span;			/* SPAN_BYTES */
	uint8_t *pages;			/* KJ_CHUNK_PAGES_MAX */
};

static uint64_t entry_begin(const struct kj_index_entry *entry)
{
	return kj_get64(entry->offset);
}

static uint64_t entry_end(const struct kj_index_entry *entry)
{
	return entry_begin(entry) + kj_chunk_head_size(kj_get16(entry->n_runs)) +
	       kj_get32(entry->payload);
}

static bool take_span(struct restore *t, struct span *ret)
{
	const struct kj_index *index = &t->reader->index;
	uint64_t begin, end, i;

	pthread_mutex_lock(&t->lock);
	i = t->next_entry;
	if (i == index->n_entries) {
		pthread_mutex_unlock(&t->lock);
		return false;
	}
	begin = entry_begin(index->entries[i]) / KJ_STORE_ALIGN * KJ_STORE_ALIGN;
	end = entry_end(index->entries[i]);
	while (++i < index->n_entries) {
		uint64_t next = entry_end(index->entries[i]);

		if (entry_begin(index->entries[i]) < end ||
		    next > begin + SPAN_BYTES - KJ_STORE_ALIGN)
			break;
		end = next;
	}
	ret->first_entry = t->next_entry;
	ret->n_entries = i - t->next_entry;
	ret->offset = begin;
	ret->len = (size_t)((end - begin + KJ_STORE_ALIGN - 1) / KJ_STORE_ALIGN *
			    KJ_STORE_ALIGN);
	t->next_entry = i;
	pthread_mutex_unlock(&t->lock);
	return true;
}

static int restore_chunk(struct worker *k, uint64_t number, const struct span *span,
			 uint64_t *pages, struct kj_error *error)
{
	struct kj_reader *reader = k->restore->reader;
	const struct kj_index_entry *entry = reader->index.entries[number];
	const struct kj_chunk *c =
		(const void *)(k->span + (entry_begin(entry) - span->offset));
	uint32_t n_runs = kj_get16(entry->n_runs);
	const char *reason;
	const uint8_t *data;
	int r;

	r = kj_unpack(c, entry, reader->header.image_id, k->pages, &data, &reason);
	if (r < 0)
		return kj_fail(error, r, "the image is damaged: chunk %" PRIu64
			       " of %" PRIu64 " at byte %" PRIu64 ": %s", number,
			       reader->index.n_entries, entry_begin(entry), reason);
	for (uint32_t i = 0; i < n_runs; i++)
		*pages += kj_run_pages(&entry->runs[i]);
	if (!k->restore->sink)
		return 0;
	return kj_pages_place(k->restore->sink, entry->runs, n_runs, data, error);
}

static int work_on(struct worker *k, struct kj_error *error)
{
	struct restore *t = k->restore;
	struct span span;
	int r;

	while (!kj_crew_stopped(&t->crew) && take_span(t, &span)) {
		uint64_t pages = 0;

		r = kj_store_read(t->reader->store, span.offset, k->span, span.len, error);
		if (r < 0)
			return r;
		for (uint64_t i = 0; i < span.n_entries; i++) {
			r = restore_chunk(k, span.first_entry + i, &span, &pages, error);
			if (r < 0)
				return r;
		}
		kj_crew_advance(&t->crew, pages, span.len);
	}
	return 0;
}

static void *worker_main(void *arg)
{
	struct worker *k = arg;
	struct kj_error error = { "" };
	int r = work_on(k, &error);

	if (r < 0)
		kj_crew_fail(&k->restore->crew, r, &error);
	return NULL;
}

static void free_workers(struct worker *workers, unsigned int n)
{
	for (unsigned int i = 0; workers && i < n; i++) {
		free(workers[i].span);
		free(workers[i].pages);
	}
	free(workers);
}

static struct worker *make_workers(struct restore *t, unsigned int n)
{
	struct worker *workers = calloc(n, sizeof(*workers));

	for (unsigned int i = 0; workers && i < n; i++) {
		struct worker *k = &workers[i];

		k->restore = t;
		k->span = aligned_alloc(KJ_STORE_ALIGN, SPAN_BYTES);
		k->pages = aligned_alloc(KJ_STORE_ALIGN,
					 KJ_CHUNK_PAGES_MAX * KJ_FORMAT_PAGE_SIZE);
		if (!k->span || !k->pages) {
			free_workers(workers, n);
			return NULL;
		}
	}
	return workers;
}

int kj_reader_restore(struct kj_reader *reader, const struct kj_memory_sink *sink,
		      const struct kj_progress *progress, struct kj_error *error)
{
	struct restore t = { .reader = reader, .sink = sink,
			     .lock = PTHREAD_MUTEX_INITIALIZER };
	/* No more than CPUs: in C, each MiB here is one that A cannot have. */
	unsigned int n = reader->threads;
	struct worker *workers = make_workers(&t, n);
	int r;

	if (!workers)
		return kj_fail(error, -ENOMEM, "not enough memory for %u threads of 3 MiB", n);
	kj_crew_init(&t.crew, progress, reader->info.pages);
	kj_crew_run(&t.crew, worker_main, workers, sizeof(*workers), n);
	r = kj_crew_finish(&t.crew, error);
	kj_crew_done(&t.crew);
	free_workers(workers, n);
	return r;
}

/* A header of a store without an image, in words. */
static int check_state(const struct kj_header *h, struct kj_error *error)
{
	switch (kj_get32(h->state)) {
	case KJ_HEADER_VALID:
	case KJ_HEADER_SNAPSHOT:
		return 0;
	case KJ_HEADER_CLAIMED:
		return kj_fail(error, -ENODATA, "the image was used by an earlier resume");
	default:
		return kj_fail(error, -ENODATA, "there is no image");
	}
}

KJ_DEFINE_CLEANUP(struct kj_reader *, kj_reader_close)

int kj_reader_open(const struct kj_store *store, unsigned int threads,
		   struct kj_reader **ret, struct kj_error *error)
{
	kj_cleanup(kj_reader_close) struct kj_reader *reader = NULL;
	int r;

	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return kj_fail(error, -ENOMEM, "not enough memory");
	reader->store = store;
	reader->threads = threads ? threads : kj_usable_cpus();
	if (reader->threads > WORKERS_MAX)
		reader->threads = WORKERS_MAX;

	r = kj_commit_load(store, &reader->header, error);
	if (r < 0)
		return r;
	r = check_state(&reader->header, error);
	if (r < 0)
		return r;
	r = kj_index_load(&reader->index, store, &reader->header, error);
	if (r < 0)
		return r;
	kj_header_to_info(&reader->header, &reader->info);
	*ret = KJ_TAKE_PTR(reader);
	return 0;
}

const struct kj_image_info *kj_reader_info(const struct kj_reader *reader)
{
	return &reader->info;
}

void kj_reader_mark_pages(const struct kj_reader *reader, uint64_t *bitmap)
{
	for (uint64_t i = 0; i < reader->index.bitmap_words; i++)
		bitmap[i] |= reader->index.bitmap[i];
}

void kj_reader_close(struct kj_reader *reader)
{
	if (!reader)
		return;
	kj_index_free(&reader->index);
	free(reader);
}
