/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index: where each chunk is and which pages it has.
 */
#ifndef KJ_IMAGE_INDEX_H
#define KJ_IMAGE_INDEX_H

#include "kj-format.h"
#include "kj-image.h"
#include "store.h"

/* Being written: one block, which goes to the store whenever it is full. */
struct kj_index_writer {
	const struct kj_store *store;
	struct kj_space *space;
	struct kj_index_block *block;
	uint32_t blocks;		/* written */
	uint64_t last;			/* offset of the last one */
	uint32_t last_checksum;
	uint64_t chunks;
};

int kj_index_writer_init(struct kj_index_writer *ix, const struct kj_store *store,
			 struct kj_space *space, const uint8_t image_id[16]);
void kj_index_writer_done(struct kj_index_writer *ix);

/** kj_index_add() - note that chunk @c will be at @offset; one thread at a time */
int kj_index_add(struct kj_index_writer *ix, const struct kj_chunk *c,
		 uint64_t offset, struct kj_error *error);

/** kj_index_end() - write what is left, and say in @h where the index is */
int kj_index_end(struct kj_index_writer *ix, struct kj_header *h,
		 struct kj_error *error);

/* Being read: all of it. */
struct kj_index {
	struct kj_index_block *blocks;
	const struct kj_index_entry **entries;	/* in the order of the disk */
	uint64_t n_entries;
	uint64_t *bitmap;			/* of the page frames */
	uint64_t bitmap_words;
};

/**
 * kj_index_load() - read and check the whole index of a checked header
 *
 * Afterwards every entry is inside the image and every page frame occurs
 * once, as many of them as the header says.
 *
 * Return: 0, -EBADMSG, -ENOMEM, or the errno of a failing read.
 */
int kj_index_load(struct kj_index *index, const struct kj_store *store,
		  const struct kj_header *h, struct kj_error *error);
void kj_index_free(struct kj_index *index);

#endif /* KJ_IMAGE_INDEX_H */
