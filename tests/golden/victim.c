// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes a golden image apart, changes it, and puts it together again: index
 * blocks from the first to the last, then the header, each with a right seal.
 */
#include "../unit/unit.h"

#include "kj-crc32c.h"
#include "victim.h"

/* ---- taking apart --------------------------------------------------------------- */

static void open_blocks(struct victim *v)
{
	uint64_t at = kj_get64(v->header->index_last);
	uint8_t seal[KJ_SEAL_SIZE];
	const char *reason = "";

	memcpy(seal, v->header->index_seal, sizeof(seal));
	v->n_blocks = kj_get32(v->header->index_blocks);
	assert_in_range(v->n_blocks, 0, BLOCKS_MAX);
	for (uint32_t i = v->n_blocks; i-- > 0;) {
		v->blocks[i] = (void *)(v->bytes + at);
		if (kj_open_index_block(&v->sealer, v->blocks[i], seal, &reason) < 0)
			fail_msg("%s: %s", v->golden->name, reason);
		at = kj_get64(v->blocks[i]->previous);
		memcpy(seal, v->blocks[i]->previous_seal, sizeof(seal));
	}
}

static bool is_it(const struct kj_index_entry *entry, enum which which)
{
	uint32_t payload = kj_get32(entry->payload);
	bool lz4 = kj_get16(entry->codec) == KJ_CODEC_LZ4;

	switch (which) {
	case WHICH_LZ4:
		return lz4;
	case WHICH_STORED:
		return !lz4 && payload >= KJ_PAGE_SIZE;
	case WHICH_WORDS:
		return !lz4 && payload > 0 && payload < KJ_PAGE_SIZE;
	default:
		return payload == 0;
	}
}

struct kj_index_entry *victim_entry(struct victim *v, enum which which)
{
	struct kj_index_block *last = v->blocks[v->n_blocks - 1];
	uint8_t *p = last->data;

	for (uint32_t i = 0; i < kj_get32(last->entries); i++) {
		struct kj_index_entry *entry = (void *)p;

		if (is_it(entry, which))
			return entry;
		p += kj_index_entry_size(kj_get16(entry->n_runs));
	}
	fail_msg("%s has no such chunk", v->golden->name);
	return NULL;
}

void victim_spoil_entry(struct victim *v, const struct kj_index_entry *entry)
{
	for (uint32_t i = 0; i < kj_get16(entry->n_runs) && i < KJ_CHUNK_RUNS_MAX; i++)
		for (uint32_t k = 0; k < kj_run_pages(&entry->runs[i]); k++)
			if (v->n_spoiled < SPOILED_MAX)
				v->spoiled[v->n_spoiled++] = kj_run_pfn(&entry->runs[i]) + k;
}

uint8_t *victim_payload(struct victim *v, const struct kj_index_entry *entry)
{
	return v->bytes + kj_get64(entry->offset);
}

void victim_open_chunk(struct victim *v, struct kj_index_entry *entry)
{
	assert_int_equal(kj_open_chunk(&v->sealer, entry, victim_payload(v, entry)), 0);
}

void victim_seal_chunk(struct victim *v, struct kj_index_entry *entry)
{
	kj_seal_chunk(&v->sealer, entry, victim_payload(v, entry));
}

/* ---- changing --------------------------------------------------------------------- */

static void apply(uint8_t *base, const struct edit *e)
{
	uint64_t value = 0;

	memcpy(&value, base + e->at, e->size);
	value = e->add ? value + e->value : e->value;
	memcpy(base + e->at, &value, e->size);
}

static void edit_index(struct victim *v, const struct edit *e)
{
	struct kj_index_entry *entry;

	if (e->part == PART_BLOCK)
		apply((uint8_t *)v->blocks[e->which], e);
	if (e->part != PART_ENTRY)
		return;
	entry = victim_entry(v, (enum which)e->which);
	victim_spoil_entry(v, entry);
	apply((uint8_t *)entry, e);
}

/* ---- putting together ----------------------------------------------------------------- */

static void seal_blocks(struct victim *v)
{
	for (uint32_t i = 0; i < v->n_blocks; i++) {
		if (i > 0)
			memcpy(v->blocks[i]->previous_seal, v->blocks[i - 1]->seal, KJ_SEAL_SIZE);
		kj_seal_index_block(&v->sealer, v->blocks[i]);
	}
	for (uint32_t i = 0; v->n_blocks && i < KJ_HEADER_COPIES; i++)
		memcpy(v->header[i].index_seal, v->blocks[v->n_blocks - 1]->seal, KJ_SEAL_SIZE);
}

static void checksum_header(struct kj_header *h)
{
	h->checksum = kj_le32_of(0);
	h->checksum = kj_le32_of(kj_crc32c(0, h, sizeof(*h)));
}

void victim_checksum(struct victim *v)
{
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++)
		checksum_header(v->header + i);
}

static bool keeps_seal(const struct broken *b)
{
	for (unsigned int i = 0; i < EDITS_MAX; i++)
		if (b->edits[i].part == PART_HEADER &&
		    b->edits[i].at >= offsetof(struct kj_header, seal) &&
		    b->edits[i].at < offsetof(struct kj_header, slot))
			return true;
	return false;
}

static void edit_header(struct victim *v, const struct broken *b, struct kj_header *h)
{
	for (unsigned int i = 0; i < EDITS_MAX; i++)
		if (b->edits[i].part == PART_HEADER)
			apply((uint8_t *)h, &b->edits[i]);
	if (!keeps_seal(b))
		kj_seal_image_header(&v->sealer, h);
	checksum_header(h);
}

struct victim *victim_new(const struct broken *b, unsigned int copies)
{
	struct victim *v = calloc(1, sizeof(*v));
	struct kj_store store;

	v->golden = golden_find(b->base);
	v->bytes = golden_load(v->golden);
	v->size = GOLDEN_STORE;
	v->header = (void *)v->bytes;
	store = golden_store(v->bytes, v->size);
	v->key = golden_unlock(v->golden, &store);
	v->sealer.key = v->key;
	memcpy(v->sealer.image_id, v->header->image_id, sizeof(v->sealer.image_id));

	open_blocks(v);
	for (unsigned int i = 0; i < EDITS_MAX; i++)
		edit_index(v, &b->edits[i]);
	if (b->change)
		b->change(v);
	seal_blocks(v);
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++) {
		static const struct broken nothing;

		edit_header(v, copies & 1u << i ? b : &nothing, v->header + i);
	}
	if (b->spoil)
		b->spoil(v);
	return v;
}

const struct broken *broken_at(size_t i)
{
	if (i < n_broken_headers)
		return &broken_headers[i];
	i -= n_broken_headers;
	if (i < n_broken_indexes)
		return &broken_indexes[i];
	i -= n_broken_indexes;
	return i < n_broken_chunks ? &broken_chunks[i] : NULL;
}

void victim_free(struct victim *v)
{
	kj_key_free(v->key);
	free(v->bytes);
	free(v);
}
