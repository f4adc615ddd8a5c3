/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packing: pages become a chunk's payload, and back.
 */
#ifndef KJ_IMAGE_PACK_H
#define KJ_IMAGE_PACK_H

#include "kj-format.h"
#include "kj-image.h"
#include "pages.h"

/* Room for the head of any chunk that the writer makes. */
#define KJ_PIECE_HEAD_MAX \
	(sizeof(struct kj_chunk) + KJ_PIECE_PAGES * sizeof(struct kj_disk_run))

/* Room for any chunk that the writer makes. */
#define KJ_PIECE_ROOM	(KJ_PIECE_HEAD_MAX + KJ_PIECE_BYTES)

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
 * kj_pack() - make a sealed chunk
 * @piece: gathered to @room + KJ_PIECE_HEAD_MAX
 * @room: KJ_PIECE_ROOM bytes, 8-byte aligned
 *
 * Return: where in @room the chunk begins: at @room when it was compressed or
 * has no data, later when its pages stayed where they are.
 */
struct kj_chunk *kj_pack(struct kj_packer *packer, const struct kj_piece *piece,
			 uint8_t *room, const uint8_t image_id[16]);

static inline size_t kj_chunk_size(const struct kj_chunk *c)
{
	return kj_chunk_head_size(kj_get16(c->n_runs)) + kj_get32(c->payload);
}

/**
 * kj_unpack() - check a chunk and get at its pages
 * @c: as many bytes as @entry says
 * @buf: KJ_CHUNK_PAGES_MAX pages
 * @ret_data: the pages that are not all zero, in @buf or in the chunk
 *
 * Return: 0 or -EBADMSG.
 */
int kj_unpack(const struct kj_chunk *c, const struct kj_index_entry *entry,
	      const uint8_t image_id[16], uint8_t *buf, const uint8_t **ret_data,
	      const char **ret_reason);

#endif /* KJ_IMAGE_PACK_H */
