/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate to the disk: nothing else in the engine calls a struct kj_store.
 */
#ifndef KJ_IMAGE_STORE_H
#define KJ_IMAGE_STORE_H

#include "kj-image.h"

/**
 * kj_store_read() / kj_store_write() - aligned transfer inside the store
 *
 * What is not aligned, or not wholly inside, is refused with -ERANGE before
 * the store sees it.
 */
int kj_store_read(const struct kj_store *store, uint64_t offset, void *buf,
		  size_t len, struct kj_error *error);
int kj_store_write(const struct kj_store *store, uint64_t offset, const void *buf,
		   size_t len, struct kj_error *error);

int kj_store_flush(const struct kj_store *store, struct kj_error *error);

/* What the writer has used of the store: everything before @next. */
struct kj_space {
	uint64_t next;
	uint64_t size;
};

/** kj_space_init() - all behind the headers is free */
void kj_space_init(struct kj_space *space, const struct kj_store *store);

/**
 * kj_space_take() - the next @len bytes, a multiple of KJ_STORE_ALIGN
 *
 * Return: 0 or -ENOSPC.
 */
int kj_space_take(struct kj_space *space, size_t len, uint64_t *ret_offset,
		  struct kj_error *error);

#endif /* KJ_IMAGE_STORE_H */
