/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A memory to save and to restore: page frames, some of them worth saving.
 */
#ifndef KJ_UNIT_MACHINE_H
#define KJ_UNIT_MACHINE_H

#include <pthread.h>

#include "kj-image.h"

enum content { CONTENT_ZERO, CONTENT_RANDOM, CONTENT_TEXT, CONTENT_WORDS, CONTENT_MIXED };

struct machine {
	uint64_t n_pages;
	uint8_t *bytes;
	bool *saved;			/* per page frame */
	uint8_t *placed;		/* times each one was placed, saturating */
	uint64_t cursor;
	int fail_map;			/* errno of every map(), if set */
	const struct kj_recipient *recipient;	/* of machine_write(), if set */
	const struct kj_key *key;	/* of machine_compare(), if set */
	long mapped;			/* map() without unmap() */
	pthread_mutex_t lock;
	struct kj_memory_source source;
	struct kj_memory_sink sink;
};

/* Page frames with @content, all saved. */
struct machine *machine_new(uint64_t n_pages, enum content content, uint64_t seed);
void machine_free(struct machine *m);

/* Leave out pages at random, in gaps of 1 to @longest. */
void machine_punch(struct machine *m, unsigned int longest, uint64_t seed);

uint64_t machine_saved(const struct machine *m);
void machine_options(const struct machine *m, struct kj_write_options *ret);

/* Writes @m to @store; begins at its first page. */
int machine_write(struct machine *m, const struct kj_store *store,
		  struct kj_image_info *ret_info, struct kj_error *error);

/* Whether what is in @store restores to exactly @m's saved pages, with every
 * page placed once.  Return: as kj_reader_open() and kj_reader_restore(). */
int machine_compare(const struct machine *m, const struct kj_store *store,
		    bool *ret_same, struct kj_error *error);

#endif /* KJ_UNIT_MACHINE_H */
