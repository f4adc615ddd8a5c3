/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index: where each chunk is and which pages it has.
 */
#ifndef KJ_IMAGE_INDEX_H
#define KJ_IMAGE_INDEX_H

#include "kj-format.h"
#include "kj-image.h"
#include "seal.h"
#include "store.h"

/* Being written: one block, which goes to the store whenever it is full. */
struct kj_index_writer {
	const struct kj_store *store;
	const struct kj_sealer *sealer;
	struct kj_space *space;
	struct kj_index_block *block;
	uint32_t blocks;		/* written */
	uint64_t last;			/* offset of the last one */
	uint8_t last_seal[KJ_SEAL_SIZE];
	uint64_t chunks;
};

int kj_index_writer_init(struct kj_index_writer *ix, const struct kj_store *store,
			 struct kj_space *space, const struct kj_sealer *sealer);
void kj_index_writer_done(struct kj_index_writer *ix);

/** kj_index_add() - note a sealed chunk; one thread at a time */
int kj_index_add(struct kj_index_writer *ix, const struct kj_index_entry *entry,
		 struct kj_error *error);

/** kj_index_end() - write what is left, and say in @h where the index is */
int kj_index_end(struct kj_index_writer *ix, struct kj_header *h,
		 struct kj_error *error);

/* Being read: block by block, the last one first. */
struct kj_index_reader {
	const struct kj_store *store;
	const struct kj_sealer *sealer;
	const struct kj_header *header;		/* checked */
	struct kj_index_block *block;
	uint32_t left;				/* blocks not read yet */
	uint64_t next;				/* offset of the next one */
	uint8_t next_seal[KJ_SEAL_SIZE];
	const uint8_t *at;			/* in block */
	uint32_t entries_left;			/* of block */
};

int kj_index_reader_init(struct kj_index_reader *ix, const struct kj_store *store,
			 const struct kj_sealer *sealer, const struct kj_header *header);
void kj_index_reader_done(struct kj_index_reader *ix);

/** kj_index_rewind() - begin again */
void kj_index_rewind(struct kj_index_reader *ix);

/**
 * kj_index_next() - the next chunk; one thread at a time
 * @ret: inside the image; valid until the block is at its end
 *
 * Return: 1; 0 at the end; -EBADMSG; the errno of a failing read.
 */
int kj_index_next(struct kj_index_reader *ix, const struct kj_index_entry **ret,
		  struct kj_error *error);

/** kj_index_peek() - as kj_index_next() would, but only in the same block */
const struct kj_index_entry *kj_index_peek(const struct kj_index_reader *ix);

/**
 * kj_index_check() - all of it: does it add up to what the header says?
 *
 * Return: 0, -EBADMSG, or the errno of a failing read.
 */
int kj_index_check(struct kj_index_reader *ix, struct kj_error *error);

/**
 * kj_index_mark() - set the bits of all page frames
 *
 * Return: 0; -EBADMSG when one was set before; the errno of a failing read.
 */
int kj_index_mark(struct kj_index_reader *ix, uint64_t *bitmap, struct kj_error *error);

#endif /* KJ_IMAGE_INDEX_H */
