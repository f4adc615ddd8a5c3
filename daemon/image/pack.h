/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packing: pages become a chunk's payload, and back.
 */
#ifndef KJ_IMAGE_PACK_H
#define KJ_IMAGE_PACK_H

#include "kj-format.h"
#include "kj-image.h"
#include "pages.h"

struct kj_packer {
	void *lz4_state;
	uint8_t *scratch;		/* KJ_PIECE_BYTES */
};

/**
 * kj_touch() - have the kernel back all of a new buffer by memory now
 *
 * So that memory which is not there is missed before the work begins.
 */
void kj_touch(void *buf, size_t len);

int kj_packer_init(struct kj_packer *packer);
void kj_packer_done(struct kj_packer *packer);

/**
 * kj_pack() - make a chunk's payload
 * @piece: open
 * @room: KJ_PIECE_BYTES, 8-byte aligned; gets the payload
 * @entry: gets payload, codec, number and runs
 */
void kj_pack(struct kj_packer *packer, const struct kj_piece *piece,
	     uint8_t *room, struct kj_index_entry *entry);

/**
 * kj_unpack() - get at a chunk's pages
 * @payload: as many bytes as @entry says, opened
 * @buf: KJ_CHUNK_PLAIN_MAX bytes
 * @ret_plain: words and pages, in @buf or in the payload
 *
 * Return: 0 or -EBADMSG.
 */
int kj_unpack(const uint8_t *payload, const struct kj_index_entry *entry,
	      uint8_t *buf, const uint8_t **ret_plain);

#endif /* KJ_IMAGE_PACK_H */
