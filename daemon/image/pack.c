// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packing: LZ4 where it helps, in B; unpacking, in C and A.
 *
 * Pages that do not compress are the case that must be fast, since they decide
 * how long the disk works: LZ4 skips through them in a few thousand probes and
 * gives up, and they are touched once by memcpy and once by the seal.  A piece
 * that lies in memory in one run is compressed from there, without a copy.
 */
#include <errno.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>

#include "kj-cleanup.h"
#include "pack.h"

/* LZ4 has to save this part of the pages, or they are stored. */
#define WORTH_SHIFT 5

void kj_touch(void *buf, size_t len)
{
	for (size_t i = 0; i < len; i += KJ_PAGE_SIZE)
		((volatile uint8_t *)buf)[i] = 0;
}

int kj_packer_init(struct kj_packer *packer)
{
	packer->lz4_state = malloc((size_t)LZ4_sizeofState());
	packer->scratch = malloc(KJ_PIECE_BYTES);
	if (!packer->lz4_state || !packer->scratch)
		return -ENOMEM;
	kj_touch(packer->lz4_state, (size_t)LZ4_sizeofState());
	kj_touch(packer->scratch, KJ_PIECE_BYTES);
	return 0;
}

void kj_packer_done(struct kj_packer *packer)
{
	free(KJ_TAKE_PTR(packer->lz4_state));
	free(KJ_TAKE_PTR(packer->scratch));
}

/* In steps, for the reason that is told in pages.c. */
static void copy_payload(uint8_t *to, const uint8_t *from, size_t len)
{
	for (; len > KJ_PAGE_SIZE; len -= KJ_PAGE_SIZE) {
		memcpy(to, from, KJ_PAGE_SIZE);
		to += KJ_PAGE_SIZE;
		from += KJ_PAGE_SIZE;
	}
	memcpy(to, from, len);
}

/* Return: bytes, 0 when it is not worth it. */
static uint32_t compress(struct kj_packer *packer, const uint8_t *from, uint32_t plain,
			 uint8_t *to)
{
	int n = LZ4_compress_fast_extState(packer->lz4_state, (const char *)from,
					   (char *)to, (int)plain,
					   (int)(plain - (plain >> WORTH_SHIFT) - 1), 1);

	return n > 0 ? (uint32_t)n : 0;
}

/* What lies in memory as it is to be stored is compressed from there. */
static uint32_t pack_in_place(struct kj_packer *packer, const uint8_t *from,
			      uint32_t plain, uint8_t *room)
{
	uint32_t packed = compress(packer, from, plain, room);

	if (!packed)
		copy_payload(room, from, plain);
	return packed;
}

/* The rest is gathered where it stays if it does not compress. */
static uint32_t pack_gathered(struct kj_packer *packer, const struct kj_piece *piece,
			      uint32_t plain, uint8_t *room)
{
	uint32_t packed;

	kj_pages_gather(piece, room);
	packed = compress(packer, room, plain, packer->scratch);
	copy_payload(room, packer->scratch, packed);
	return packed;
}

void kj_pack(struct kj_packer *packer, const struct kj_piece *piece,
	     uint8_t *room, struct kj_index_entry *entry)
{
	const uint8_t *in_place = kj_pages_plain(piece);
	uint32_t plain = kj_content_plain(&piece->content), packed = 0;

	if (in_place)
		packed = pack_in_place(packer, in_place, plain, room);
	else if (plain)
		packed = pack_gathered(packer, piece, plain, room);
	entry->number = kj_le64_of(piece->number);
	entry->payload = kj_le32_of(packed ? packed : plain);
	entry->n_runs = kj_le16_of((uint16_t)piece->n_disk_runs);
	entry->codec = kj_le16_of(packed ? KJ_CODEC_LZ4 : KJ_CODEC_STORED);
	memcpy(entry->runs, piece->disk_runs,
	       piece->n_disk_runs * sizeof(piece->disk_runs[0]));
}

static uint32_t plain_of(const struct kj_index_entry *entry)
{
	uint32_t n_runs = kj_get16(entry->n_runs), n = 0;

	for (uint32_t i = 0; i < n_runs; i++)
		n += kj_run_kind(&entry->runs[i]) == KJ_RUN_DATA ?
			     kj_run_pages(&entry->runs[i]) * KJ_FORMAT_PAGE_SIZE :
		     kj_run_kind(&entry->runs[i]) == KJ_RUN_WORD ? KJ_WORD_SIZE : 0;
	return n;
}

int kj_unpack(const uint8_t *payload, const struct kj_index_entry *entry,
	      uint8_t *buf, const uint8_t **ret_plain)
{
	int plain, n;

	*ret_plain = payload;
	if (kj_get16(entry->codec) == KJ_CODEC_STORED)
		return 0;
	plain = (int)plain_of(entry);
	n = LZ4_decompress_safe((const char *)payload, (char *)buf,
				(int)kj_get32(entry->payload), plain);
	*ret_plain = buf;
	return n == plain ? 0 : -EBADMSG;
}
