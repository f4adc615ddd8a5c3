/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seals: 16 bytes beside each piece of an image that show whether it is as it
 * was written.  Without a key they are CRC-32C and find accidents; with one
 * the piece is encrypted as well, and nobody without the key can make it.
 */
#ifndef KJ_IMAGE_SEAL_H
#define KJ_IMAGE_SEAL_H

#include "kj-format.h"
#include "kj-key.h"

/* Any number of threads may use one. */
struct kj_sealer {
	uint8_t image_id[16];
	const struct kj_key *key;	/* NULL: not encrypted */
};

/**
 * kj_seal_chunk() - seal (and encrypt in place) a chunk's payload
 * @entry: number, payload, n_runs, codec and runs are set; gets the seal
 *
 * No two chunks of an image may have the same number.
 */
void kj_seal_chunk(const struct kj_sealer *s, struct kj_index_entry *entry,
		   uint8_t *payload);

/**
 * kj_open_chunk() - check (and decrypt in place) a chunk's payload
 *
 * Return: 0 or -EBADMSG; the payload is worth nothing then.
 */
int kj_open_chunk(const struct kj_sealer *s, const struct kj_index_entry *entry,
		  uint8_t *payload);

/** kj_seal_index_block() - fill in magic and image's id, and seal */
void kj_seal_index_block(const struct kj_sealer *s, struct kj_index_block *block);

/**
 * kj_open_index_block() - check (and decrypt in place)
 * @seal: what the block that leads to it, or the header, says
 *
 * Return: 0 or -EBADMSG.
 */
int kj_open_index_block(const struct kj_sealer *s, struct kj_index_block *block,
			const uint8_t seal[KJ_SEAL_SIZE], const char **ret_reason);

/** kj_seal_image_header() - the keyed seal, over what never changes */
void kj_seal_image_header(const struct kj_sealer *s, struct kj_header *h);

/** kj_check_image_header() - Return: 0 or -EBADMSG */
int kj_check_image_header(const struct kj_sealer *s, const struct kj_header *h);

#endif /* KJ_IMAGE_SEAL_H */
