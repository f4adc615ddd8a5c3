/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header: what makes bytes an image, and what unmakes it.
 */
#ifndef KJ_IMAGE_COMMIT_H
#define KJ_IMAGE_COMMIT_H

#include "kj-format.h"
#include "kj-image.h"

/**
 * kj_commit_load() - the header that counts
 *
 * Return: 0; -ENODATA when there never was one; -EBADMSG when all there is is
 * damaged; the errno of a failing read.
 */
int kj_commit_load(const struct kj_store *store, struct kj_header *ret,
		   struct kj_error *error);

/**
 * kj_commit_none() - "no image", on disk when this returns
 *
 * Before anything behind the header is overwritten.
 */
int kj_commit_none(const struct kj_store *store, struct kj_error *error);

/**
 * kj_commit_image() - flush what was written, then make it an image
 * @h: all but seal and generation; state is VALID or SNAPSHOT
 */
int kj_commit_image(const struct kj_store *store, struct kj_header *h,
		    struct kj_error *error);

void kj_header_to_info(const struct kj_header *h, struct kj_image_info *ret);
void kj_identity_to_header(const struct kj_identity *id, struct kj_header *h);

#endif /* KJ_IMAGE_COMMIT_H */
