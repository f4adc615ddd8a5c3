// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing an image: kernel B's work, in a memory of a few tens of megabytes.
 *
 *      kj_commit_none()            the store says "no image", flushed
 *        | N + 3 workers, each:
 *        |   kj_pages_next()       take the next 128 pages
 *        |   kj_pages_open()       map them, see which are one word
 *        |   kj_pack()             compress
 *        |   kj_seal_chunk()       checksum, or encrypt
 *        |   flush_batch()         when a megabyte has come together: take
 *        |                         space, note the chunks in the index, write
 *      kj_index_end()              rest of the index
 *      kj_commit_image()           flush, header, flush
 *
 * N workers keep the CPUs busy; three more exist so that while some wait for
 * the disk, others fill the next requests: several are always in flight and
 * no CPU waits, without queues between threads.  Each worker owns 2 MiB, all
 * of it allocated and touched before the first page is read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "commit.h"
#include "fail.h"
#include "index.h"
#include "kj-cleanup.h"
#include "kj-key.h"
#include "pack.h"
#include "pages.h"
#include "progress.h"
#include "seal.h"
#include "store.h"

#define BATCH_BYTES	(1408u * 1024)	/* written when no other chunk fits */
#define BATCH_ENTRIES	(64u * 1024)	/* or no other index entry */
#define WORKERS_LEAST	2u

/* Chunks that go to the disk by one write. */
struct batch {
	uint8_t *buf;
	size_t used;
	uint8_t *entries;		/* for the index; offsets are in buf */
	size_t entries_used;
	uint64_t pages;
	uint64_t zero_pages;
	uint64_t word_pages;
};

struct writer {
	const struct kj_store *store;
	struct kj_sealer sealer;
	struct kj_crew crew;
	struct kj_pages pages;

	pthread_mutex_t lock;		/* of the rest */
	struct kj_space space;
	struct kj_index_writer index;
	uint64_t n_pages;
	uint64_t n_zero_pages;
	uint64_t n_word_pages;
};

struct worker {
	struct writer *writer;
	struct kj_packer packer;
	struct kj_piece piece;
	struct batch batch;
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* Space is taken and noted in one step: index order is disk order. */
static int register_batch(struct writer *w, const struct batch *b, size_t len,
			  uint64_t *ret_offset, struct kj_error *error)
{
	uint64_t offset;
	int r;

	pthread_mutex_lock(&w->lock);
	r = kj_space_take(&w->space, len, &offset, error);
	for (size_t at = 0; r == 0 && at < b->entries_used; ) {
		struct kj_index_entry *entry = (void *)(b->entries + at);

		entry->offset = kj_le64_of(offset + kj_get64(entry->offset));
		r = kj_index_add(&w->index, entry, error);
		at += kj_index_entry_size(kj_get16(entry->n_runs));
	}
	w->n_pages += b->pages;
	w->n_zero_pages += b->zero_pages;
	w->n_word_pages += b->word_pages;
	pthread_mutex_unlock(&w->lock);
	*ret_offset = offset;
	return r;
}

static int flush_batch(struct writer *w, struct batch *b, struct kj_error *error)
{
	size_t len = round_up(b->used, KJ_STORE_ALIGN);
	uint64_t offset;
	int r;

	if (b->entries_used == 0)
		return 0;
	memset(b->buf + b->used, 0, len - b->used);
	r = register_batch(w, b, len, &offset, error);
	if (r < 0)
		return r;
	r = kj_store_write(w->store, offset, b->buf, len, error);
	if (r < 0)
		return r;
	kj_crew_advance(&w->crew, b->pages, len);
	b->used = 0;
	b->entries_used = 0;
	b->pages = 0;
	b->zero_pages = 0;
	b->word_pages = 0;
	return 0;
}

static int pack_piece(struct worker *k, struct kj_error *error)
{
	struct batch *b = &k->batch;
	const struct kj_content *c = &k->piece.content;
	struct kj_index_entry *entry = (void *)(b->entries + b->entries_used);
	uint8_t *payload = b->buf + b->used, *end;
	int r;

	r = kj_pages_open(&k->writer->pages, &k->piece, error);
	if (r < 0)
		return r;
	kj_pack(&k->packer, &k->piece, payload, entry);
	kj_pages_close(&k->writer->pages, &k->piece);
	kj_seal_chunk(&k->writer->sealer, entry, payload);
	entry->offset = kj_le64_of(b->used);

	b->entries_used += kj_index_entry_size(kj_get16(entry->n_runs));
	/* Behind it lies what was gathered, now or before: not encrypted. */
	end = payload + kj_get32(entry->payload);
	b->used = round_up((size_t)(end - b->buf), KJ_CHUNK_ALIGN);
	memset(end, 0, (size_t)(b->buf + b->used - end));
	b->pages += c->data_pages + c->word_pages + c->zero_pages;
	b->zero_pages += c->zero_pages;
	b->word_pages += c->word_pages;
	return 0;
}

static bool batch_is_full(const struct batch *b)
{
	return BATCH_BYTES - b->used < KJ_PIECE_BYTES ||
	       BATCH_ENTRIES - b->entries_used < KJ_INDEX_ENTRY_MAX;
}

static int work_on(struct worker *k, struct kj_error *error)
{
	struct writer *w = k->writer;
	struct batch *b = &k->batch;
	int r;

	while (!kj_crew_stopped(&w->crew)) {
		r = kj_pages_next(&w->pages, &k->piece, error);
		if (r < 0)
			return r;
		if (r == 0)
			return flush_batch(w, b, error);
		r = pack_piece(k, error);
		if (r < 0)
			return r;
		if (!batch_is_full(b))
			continue;
		r = flush_batch(w, b, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static void *worker_main(void *arg)
{
	struct worker *k = arg;
	struct kj_error error = { "" };
	int r = work_on(k, &error);

	if (r < 0)
		kj_crew_fail(&k->writer->crew, r, &error);
	return NULL;
}

static void free_workers(struct worker *workers, unsigned int n)
{
	for (unsigned int i = 0; workers && i < n; i++) {
		kj_packer_done(&workers[i].packer);
		free(workers[i].batch.buf);
		free(workers[i].batch.entries);
	}
	free(workers);
}

static struct worker *make_workers(struct writer *w, unsigned int n)
{
	struct worker *workers = calloc(n, sizeof(*workers));

	for (unsigned int i = 0; workers && i < n; i++) {
		struct worker *k = &workers[i];

		k->writer = w;
		k->batch.buf = aligned_alloc(KJ_STORE_ALIGN, BATCH_BYTES);
		k->batch.entries = malloc(BATCH_ENTRIES);
		if (!k->batch.buf || !k->batch.entries || kj_packer_init(&k->packer) < 0) {
			free_workers(workers, n);
			return NULL;
		}
		kj_touch(k->batch.buf, BATCH_BYTES);
		kj_touch(k->batch.entries, BATCH_ENTRIES);
	}
	return workers;
}

/* B may have many CPUs and little memory: when nobody says how many threads,
 * their buffers take two thirds of what is free, at most. */
static unsigned int count_workers(unsigned int threads)
{
	unsigned int n = threads ? threads : kj_usable_cpus();

	n = (n < KJ_CREW_CPUS_MAX ? n : KJ_CREW_CPUS_MAX) + KJ_CREW_EXTRA;
	return threads ? n : kj_crew_fit(n, WORKERS_LEAST, BATCH_BYTES + KJ_PIECE_BYTES);
}

static int run_workers(struct writer *w, const struct kj_write_options *options,
		       struct kj_error *error)
{
	unsigned int n = count_workers(options->threads);
	struct worker *workers = make_workers(w, n);
	int r;

	if (!workers)
		return kj_fail(error, -ENOMEM, "not enough memory for %u threads of 2 MiB", n);
	r = kj_commit_none(w->store, error);
	if (r == 0) {
		kj_crew_run(&w->crew, worker_main, workers, sizeof(*workers), n);
		r = kj_crew_finish(&w->crew, error);
	}
	free_workers(workers, n);
	return r;
}

static void fill_prints(const struct kj_write_options *options, struct kj_header *h)
{
	if (options->n_prints == 0)
		return;
	h->features = kj_le32_of(KJ_FEATURE_PRINTS);
	h->n_prints = kj_le32_of(options->n_prints);
	memcpy(h->prints, options->prints, options->n_prints * sizeof(*options->prints));
}

static void fill_header(const struct writer *w, const struct kj_write_options *options,
			uint64_t begin_usec, struct kj_header *h)
{
	h->state = kj_le32_of(options->snapshot ? KJ_HEADER_SNAPSHOT : KJ_HEADER_VALID);
	memcpy(h->image_id, w->sealer.image_id, sizeof(h->image_id));
	h->store_size = kj_le64_of(w->store->size);
	h->bytes_stored = kj_le64_of(w->space.next);
	h->pages = kj_le64_of(w->n_pages);
	h->zero_pages = kj_le64_of(w->n_zero_pages);
	h->word_pages = kj_le64_of(w->n_word_pages);
	h->created_usec = kj_le64_of(kj_usec_realtime());
	h->write_usec = kj_le64_of(kj_usec_monotonic() - begin_usec);
	kj_identity_to_header(&options->identity, h);
	fill_prints(options, h);
	kj_header_seal(h);		/* magic and version, for the keyed seal */
	kj_seal_image_header(&w->sealer, h);
}

static int write_image(struct writer *w, const struct kj_write_options *options,
		       struct kj_header *h, struct kj_error *error)
{
	uint64_t begin = kj_usec_monotonic();
	int r;

	r = run_workers(w, options, error);
	if (r < 0)
		return r;
	r = kj_index_end(&w->index, h, error);
	if (r < 0)
		return r;
	r = kj_store_flush(w->store, error);
	if (r < 0)
		return r;
	fill_header(w, options, begin, h);
	return kj_commit_image(w->store, h, error);
}

static int check_options(const struct kj_write_options *options, struct kj_error *error)
{
	const struct kj_identity *id = &options->identity;
	const char *reason;

	if (id->max_pfn > KJ_PFN_MAX || id->ram_pages > KJ_PFN_MAX)
		return kj_fail(error, -EINVAL, "a memory of %" PRIu64
			       " page frames is too large for an image", id->max_pfn);
	for (const char *p = id->kernel_release; *p; p++)
		if (p == id->kernel_release + sizeof(id->kernel_release) - 1 ||
		    *p < ' ' || *p > '~')
			return kj_fail(error, -EINVAL, "the kernel release is not a text");
	if (options->n_prints > KJ_PRINTS_MAX)
		return kj_fail(error, -EINVAL, "an image holds the prints of %u file systems, not %u",
			       KJ_PRINTS_MAX, options->n_prints);
	reason = kj_prints_check(options->prints, options->n_prints);
	return reason ? kj_fail(error, -EINVAL, "%s", reason) : 0;
}

static int prepare_sealer(struct kj_sealer *s, const struct kj_recipient *recipient,
			  struct kj_header *h, struct kj_key **key,
			  struct kj_error *error)
{
	enum kj_cipher cipher;
	int r;

	/* Only has to differ; early in B there may be no entropy to wait for. */
	if (getrandom(s->image_id, sizeof(s->image_id), GRND_INSECURE) != sizeof(s->image_id))
		return kj_fail(error, -EIO, "the kernel gives no random numbers");
	if (!recipient)
		return 0;
	r = kj_key_new(recipient, s->image_id, &cipher, &h->slot, key, error);
	if (r < 0)
		return r;
	h->cipher = kj_le32_of(cipher);
	s->key = *key;
	return 0;
}

KJ_DEFINE_CLEANUP(struct kj_key *, kj_key_free)

int kj_image_write(const struct kj_store *store,
		   const struct kj_memory_source *source,
		   const struct kj_write_options *options,
		   struct kj_image_info *ret_info, struct kj_error *error)
{
	struct writer w = { .store = store, .lock = PTHREAD_MUTEX_INITIALIZER };
	kj_cleanup(kj_key_free) struct kj_key *key = NULL;
	struct kj_header h = { 0 };
	int r;

	r = check_options(options, error);
	if (r == 0)
		r = prepare_sealer(&w.sealer, options->recipient, &h, &key, error);
	if (r < 0)
		return r;
	kj_space_init(&w.space, store);
	r = kj_index_writer_init(&w.index, store, &w.space, &w.sealer);
	if (r < 0)
		return kj_fail(error, r, "not enough memory for the index");
	kj_pages_init(&w.pages, source, options->identity.max_pfn);
	kj_crew_init(&w.crew, &options->progress, options->pages_total);

	r = write_image(&w, options, &h, error);
	if (r == 0 && ret_info)
		kj_header_to_info(&h, ret_info);

	kj_crew_done(&w.crew);
	kj_pages_done(&w.pages);
	kj_index_writer_done(&w.index);
	return r;
}
