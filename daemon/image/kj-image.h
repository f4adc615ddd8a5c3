/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image engine: writes a machine's memory to a store and puts it back.
 *
 * Runs in kernel B (writer), in kernel C (reader) and in A (inspect).  It
 * knows no device: memory and store are the two small interfaces below, which
 * the programs fill in.  It never logs; errors are negative errno and, in
 * struct kj_error, one sentence for a person.
 *
 * bytes:  memory -> pages -> pack -> seal -> store -> commit
 *         commit -> store -> seal -> pack -> pages -> memory
 */
#ifndef KJ_IMAGE_H
#define KJ_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kj-format.h"

#define KJ_PAGE_SIZE 4096u

struct kj_key;				/* kj-key.h */

/* What went wrong, for a person: "chunk 17: checksum differs". */
struct kj_error {
	char text[192];
};

/* Page frames [pfn, pfn + n). */
struct kj_run {
	uint64_t pfn;
	uint64_t n;
};

/*
 * Where the writer's pages come from.  All functions return 0 or a negative
 * errno.  map() and unmap() are called by many threads at once, next_run()
 * by one at a time.
 */
struct kj_memory_source {
	void *ctx;

	/* The next run to save, in ascending order and never overlapping;
	 * 1 and *ret, or 0 at the end. */
	int (*next_run)(void *ctx, struct kj_run *ret);

	/* Makes run readable at *ret until unmap().  run.n is at most
	 * KJ_CHUNK_PAGES_MAX. */
	int (*map)(void *ctx, struct kj_run run, const void **ret);
	void (*unmap)(void *ctx, struct kj_run run, const void *data);
};

/*
 * Where the reader's pages go.  place() is called by many threads at once,
 * each page frame exactly once.
 */
struct kj_memory_sink {
	void *ctx;
	int (*place)(void *ctx, struct kj_run run, const void *data);
};

/*
 * The disk: bytes 0 .. size.  read() and write() are called by many threads at
 * once with offset, length and buffer all multiples of KJ_STORE_ALIGN, and
 * transfer everything or fail.  flush() returns when all that was written
 * survives a power cut.
 */
#define KJ_STORE_ALIGN 4096u

struct kj_store {
	void *ctx;
	uint64_t size;
	int (*read)(void *ctx, uint64_t offset, void *buf, size_t len);
	int (*write)(void *ctx, uint64_t offset, const void *buf, size_t len);
	int (*flush)(void *ctx);
};

/* Whose memory it is; filled in by the caller of the writer. */
struct kj_identity {
	char     kernel_release[65];	/* uname -r of A */
	uint8_t  machine_id[16];
	uint8_t  boot_id[16];		/* of A */
	uint64_t ram_pages;		/* page frames of RAM, /proc/iomem's System RAM of C and A */
	uint8_t  memory_map_digest[32];	/* of the firmware's memory map; 0 = unknown */
	uint64_t entry;			/* kjump_peer.entry */
	uint64_t max_pfn;
};

enum kj_image_state {
	KJ_IMAGE_NONE		= 0,	/* no image here (never was, discarded, torn) */
	KJ_IMAGE_VALID		= 1,	/* whole, may be resumed once */
	KJ_IMAGE_SNAPSHOT	= 2,	/* whole, never to be resumed */
	KJ_IMAGE_CLAIMED	= 3,	/* a resume was begun: never again */
};

/* What the header says. */
struct kj_image_info {
	enum kj_image_state state;
	uint64_t generation;
	uint8_t  image_id[16];
	struct kj_identity identity;
	uint64_t created_usec;		/* CLOCK_REALTIME */
	uint64_t pages;			/* saved */
	uint64_t zero_pages;		/* of those, all zero */
	uint64_t word_pages;		/* of those, one word repeated, not zero */
	uint64_t bytes_stored;		/* of the store, headers and index included */
	uint64_t write_usec;		/* from first page to header */
	uint64_t chunks;
	enum kj_cipher cipher;
	struct kj_slot slot;		/* what opens the key; see kj-key.h */
	uint32_t n_prints;
	struct kj_print prints[KJ_PRINTS_MAX]; /* file systems, see kj-scene.h */
};

/* Called from one thread at a time, at most 10 times a second and at the end.
 * Any result but 0 cancels: it becomes the result of the whole operation. */
struct kj_progress {
	void *ctx;
	int (*report)(void *ctx, uint64_t pages_done, uint64_t pages_total,
		      uint64_t bytes_done);
};

struct kj_write_options {
	unsigned int threads;		/* 0: one per CPU */
	bool snapshot;			/* ends as KJ_IMAGE_SNAPSHOT */
	const struct kj_recipient *recipient; /* checked; NULL: not encrypted */
	uint64_t pages_total;		/* for progress and the space check */
	struct kj_identity identity;
	uint32_t n_prints;		/* at most KJ_PRINTS_MAX */
	const struct kj_print *prints;	/* checked */
	struct kj_progress progress;
};

/**
 * kj_image_write() - write a whole image
 * @store: becomes "no image" first, then gets data, index, and last the header
 * @source: the memory
 * @options: copied where needed
 * @ret_info: what was written; only set on success
 * @error: one sentence; only set on failure; may be NULL
 *
 * All memory is allocated at the start: 2 MiB for each thread and 8 MiB beside
 * them, at most; without @options->threads fewer where little is free.
 * Whatever happens, also a power cut, the store says "no image" or holds the
 * whole image.
 *
 * Return: 0; -ENOSPC when the store is too small; -ECANCELED or what the
 * progress callback returned; the errno of a failing read or write.
 */
int kj_image_write(const struct kj_store *store,
		   const struct kj_memory_source *source,
		   const struct kj_write_options *options,
		   struct kj_image_info *ret_info, struct kj_error *error);

/**
 * kj_image_probe() - what does the header say?
 * @store: read only
 *
 * Return: 0 and *ret_info (state KJ_IMAGE_NONE when there is none), or the
 * errno of a failing read.  A damaged header is KJ_IMAGE_NONE with the reason
 * in @error.
 */
int kj_image_probe(const struct kj_store *store, struct kj_image_info *ret_info,
		   struct kj_error *error);

/**
 * kj_image_discard() - make the store say "no image", and flush
 */
int kj_image_discard(const struct kj_store *store, struct kj_error *error);

/**
 * kj_image_claim() - use up a valid image: it can never be resumed again
 *
 * Flushed before it returns.  To be called before the jump.
 *
 * Return: 0; -ENODATA when there is no valid image.
 */
int kj_image_claim(const struct kj_store *store, struct kj_error *error);

/* An image being read: header and index, checked. */
struct kj_reader;

/* As many readers as CPUs, up to this number, also where no memory is free:
 * it has to be ready in the heap then. */
#define KJ_READ_THREADS_LEAST 8u

struct kj_read_options {
	unsigned int threads;		/* 0: three more than CPUs, or fewer */
	const struct kj_key *key;	/* must outlive the reader; NULL: none */
};

/**
 * kj_reader_open() - read and check header and whole index
 * @store: must outlive the reader
 * @ret: freed by kj_reader_close()
 *
 * Holds one block of the index and not all of it, so that it takes the same
 * memory however large the image is.
 *
 * Return: 0; -ENODATA when there is no image (also a snapshot can be opened;
 * look at kj_reader_info()); -EBADMSG when header or index are damaged;
 * -ENOKEY when the image is encrypted and there is no key.
 */
int kj_reader_open(const struct kj_store *store, const struct kj_read_options *options,
		   struct kj_reader **ret, struct kj_error *error);

/** kj_reader_info() - the header; valid until kj_reader_close() */
const struct kj_image_info *kj_reader_info(const struct kj_reader *reader);

/**
 * kj_reader_mark_pages() - set the bit of each page frame of the image
 * @bitmap: bit n of word m is page frame 64 * m + n; info.identity.max_pfn
 *          rounded up to 64 bits, all zero before
 *
 * To be called before the first page is placed: this is what finds a page that
 * is in the image twice.
 *
 * Return: 0; -EBADMSG; the errno of a failing read.
 */
int kj_reader_mark_pages(struct kj_reader *reader, uint64_t *bitmap,
			 struct kj_error *error);

/**
 * kj_reader_restore() - read, check, decompress and place every page
 * @sink: NULL only checks
 * @progress: may be NULL
 *
 * Takes 2 MiB for each thread, all of it at the start; without
 * kj_read_options.threads fewer threads where little is free.
 *
 * Return: 0; -EBADMSG when a chunk is damaged; else as kj_image_write().
 */
int kj_reader_restore(struct kj_reader *reader, const struct kj_memory_sink *sink,
		      const struct kj_progress *progress, struct kj_error *error);

void kj_reader_close(struct kj_reader *reader);

#endif /* KJ_IMAGE_H */
