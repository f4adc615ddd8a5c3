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
 *        |   kj_open_chunk()       check, decrypt
 *        |   kj_unpack()           decompress
 *        |   kj_pages_place()      only what was checked
 *
 * As in the writer, three more workers than CPUs keep the disk busy while the
 * others decompress.  Where little memory is free there are fewer: in C, each
 * MiB here is one that A cannot have.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "commit.h"
#include "fail.h"
#include "index.h"
#include "kj-cleanup.h"
#include "pack.h"
#include "pages.h"
#include "progress.h"
#include "seal.h"
#include "store.h"

#define SPAN_BYTES	(1280u * 1024)
#define ENTRIES_BYTES	(64u * 1024)
#define WORKER_BYTES	(SPAN_BYTES + ENTRIES_BYTES + KJ_CHUNK_PLAIN_MAX)

_Static_assert(SPAN_BYTES >= KJ_CHUNK_PLAIN_MAX + 2 * KJ_STORE_ALIGN,
	       "each chunk can be read by one read");

struct kj_reader {
	const struct kj_store *store;
	unsigned int threads;
	struct kj_header header;
	struct kj_image_info info;
	struct kj_sealer sealer;
	struct kj_index_reader index;
};

/* Consecutive chunks, and the aligned bytes around them. */
struct span {
	size_t entries_len;
	uint64_t offset;
	size_t len;
};

/* One kj_reader_restore(). */
struct restore {
	struct kj_reader *reader;
	const struct kj_memory_sink *sink;
	struct kj_crew crew;
	pthread_mutex_t lock;		/* of the index */
};

struct worker {
	struct restore *restore;
	uint8_t *span;			/* SPAN_BYTES */
	uint8_t *entries;		/* ENTRIES_BYTES; copies, of the span's chunks */
	uint8_t *plain;			/* KJ_CHUNK_PLAIN_MAX */
	uint64_t page[KJ_PAGE_SIZE / sizeof(uint64_t)];
};

static uint64_t entry_begin(const struct kj_index_entry *entry)
{
	return kj_get64(entry->offset);
}

static uint64_t entry_end(const struct kj_index_entry *entry)
{
	return entry_begin(entry) + kj_get32(entry->payload);
}

static void copy_entry(struct worker *k, struct span *span,
		       const struct kj_index_entry *entry)
{
	size_t size = kj_index_entry_size(kj_get16(entry->n_runs));

	memcpy(k->entries + span->entries_len, entry, size);
	span->entries_len += size;
}

/* Return: 1; 0 at the end; negative errno. */
static int take_span_locked(struct worker *k, struct span *ret, struct kj_error *error)
{
	struct kj_index_reader *index = &k->restore->reader->index;
	const struct kj_index_entry *entry;
	uint64_t end;
	int r;

	r = kj_index_next(index, &entry, error);
	if (r <= 0)
		return r;
	*ret = (struct span) {
		.offset = entry_begin(entry) / KJ_STORE_ALIGN * KJ_STORE_ALIGN,
	};
	end = entry_end(entry);
	copy_entry(k, ret, entry);
	while ((entry = kj_index_peek(index)) && entry_begin(entry) >= end &&
	       entry_end(entry) <= ret->offset + SPAN_BYTES - KJ_STORE_ALIGN &&
	       ret->entries_len <= ENTRIES_BYTES - KJ_INDEX_ENTRY_MAX) {
		end = entry_end(entry);
		copy_entry(k, ret, entry);
		(void)kj_index_next(index, &entry, NULL);
	}
	ret->len = (size_t)((end - ret->offset + KJ_STORE_ALIGN - 1) / KJ_STORE_ALIGN *
			    KJ_STORE_ALIGN);
	return 1;
}

static int take_span(struct worker *k, struct span *ret, struct kj_error *error)
{
	int r;

	pthread_mutex_lock(&k->restore->lock);
	r = take_span_locked(k, ret, error);
	pthread_mutex_unlock(&k->restore->lock);
	return r;
}

static int restore_chunk(struct worker *k, const struct kj_index_entry *entry,
			 const struct span *span, uint64_t *pages, struct kj_error *error)
{
	struct kj_reader *reader = k->restore->reader;
	uint8_t *payload = k->span + (entry_begin(entry) - span->offset);
	uint32_t n_runs = kj_get16(entry->n_runs);
	const char *reason = "its seal differs";
	const uint8_t *plain;
	int r;

	r = kj_open_chunk(&reader->sealer, entry, payload);
	if (r == 0) {
		reason = "it does not decompress to its pages";
		r = kj_unpack(payload, entry, k->plain, &plain);
	}
	if (r < 0)
		return kj_fail(error, r, "the image is damaged: chunk %" PRIu64
			       " of %" PRIu64 " at byte %" PRIu64 ": %s",
			       kj_get64(entry->number), reader->info.chunks,
			       entry_begin(entry), reason);
	for (uint32_t i = 0; i < n_runs; i++)
		*pages += kj_run_pages(&entry->runs[i]);
	if (!k->restore->sink)
		return 0;
	return kj_pages_place(k->restore->sink, entry->runs, n_runs, plain, k->page, error);
}

static int restore_span(struct worker *k, const struct span *span, uint64_t *pages,
			struct kj_error *error)
{
	const struct kj_index_entry *entry;
	int r;

	r = kj_store_read(k->restore->reader->store, span->offset, k->span, span->len,
			  error);
	for (size_t at = 0; r == 0 && at < span->entries_len;
	     at += kj_index_entry_size(kj_get16(entry->n_runs))) {
		entry = (const void *)(k->entries + at);
		r = restore_chunk(k, entry, span, pages, error);
	}
	return r;
}

static int work_on(struct worker *k, struct kj_error *error)
{
	struct kj_crew *crew = &k->restore->crew;
	struct span span;
	int r = 0;

	while (!kj_crew_stopped(crew) && (r = take_span(k, &span, error)) > 0) {
		uint64_t pages = 0;

		r = restore_span(k, &span, &pages, error);
		if (r < 0)
			return r;
		kj_crew_advance(crew, pages, span.len);
	}
	return r;
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
		free(workers[i].entries);
		free(workers[i].plain);
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
		k->entries = malloc(ENTRIES_BYTES);
		k->plain = aligned_alloc(KJ_STORE_ALIGN, KJ_CHUNK_PLAIN_MAX);
		if (!k->span || !k->entries || !k->plain) {
			free_workers(workers, n);
			return NULL;
		}
		kj_touch(k->span, SPAN_BYTES);
		kj_touch(k->entries, ENTRIES_BYTES);
		kj_touch(k->plain, KJ_CHUNK_PLAIN_MAX);
	}
	return workers;
}

/* Two thirds of what is free, at most, but what the caller has ready. */
static unsigned int count_workers(unsigned int threads)
{
	unsigned int n = threads ? threads : kj_usable_cpus();
	unsigned int least = n < KJ_READ_THREADS_LEAST ? n : KJ_READ_THREADS_LEAST;

	n = n < KJ_CREW_CPUS_MAX ? n : KJ_CREW_CPUS_MAX;
	return threads ? n : kj_crew_fit(n + KJ_CREW_EXTRA, least, WORKER_BYTES);
}

int kj_reader_restore(struct kj_reader *reader, const struct kj_memory_sink *sink,
		      const struct kj_progress *progress, struct kj_error *error)
{
	struct restore t = { .reader = reader, .sink = sink,
			     .lock = PTHREAD_MUTEX_INITIALIZER };
	unsigned int n = count_workers(reader->threads);
	struct worker *workers = make_workers(&t, n);
	int r;

	if (!workers)
		return kj_fail(error, -ENOMEM, "not enough memory for %u threads of 2 MiB", n);
	kj_index_rewind(&reader->index);
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

static int check_key(const struct kj_reader *reader, struct kj_error *error)
{
	bool encrypted = reader->info.cipher != KJ_CIPHER_NONE;

	if (encrypted && !reader->sealer.key)
		return kj_fail(error, -ENOKEY, "the image is encrypted, and there is no key");
	if (!encrypted && reader->sealer.key)
		return kj_fail(error, -EKEYREJECTED,
			       "the image is not encrypted, though it should be");
	if (kj_check_image_header(&reader->sealer, &reader->header) < 0)
		return kj_fail(error, -EBADMSG, "the image is damaged: the header's seal differs");
	return 0;
}

int kj_reader_open(const struct kj_store *store, const struct kj_read_options *options,
		   struct kj_reader **ret, struct kj_error *error)
{
	kj_cleanup(kj_reader_close) struct kj_reader *reader = NULL;
	int r;

	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return kj_fail(error, -ENOMEM, "not enough memory");
	reader->store = store;
	reader->threads = options ? options->threads : 0;
	reader->sealer.key = options ? options->key : NULL;

	r = kj_commit_load(store, &reader->header, error);
	if (r < 0)
		return r;
	r = check_state(&reader->header, error);
	if (r < 0)
		return r;
	kj_header_to_info(&reader->header, &reader->info);
	memcpy(reader->sealer.image_id, reader->info.image_id, sizeof(reader->sealer.image_id));
	r = check_key(reader, error);
	if (r < 0)
		return r;
	r = kj_index_reader_init(&reader->index, store, &reader->sealer, &reader->header);
	if (r < 0)
		return kj_fail(error, r, "not enough memory for the image's index");
	r = kj_index_check(&reader->index, error);
	if (r < 0)
		return r;
	*ret = KJ_TAKE_PTR(reader);
	return 0;
}

const struct kj_image_info *kj_reader_info(const struct kj_reader *reader)
{
	return &reader->info;
}

int kj_reader_mark_pages(struct kj_reader *reader, uint64_t *bitmap,
			 struct kj_error *error)
{
	return kj_index_mark(&reader->index, bitmap, error);
}

void kj_reader_close(struct kj_reader *reader)
{
	if (!reader)
		return;
	kj_index_reader_done(&reader->index);
	free(reader);
}
