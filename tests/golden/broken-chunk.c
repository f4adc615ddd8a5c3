// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images with a wrong chunk: what is found only when pages are read.
 */
#include <string.h>

#include "broken.h"

static struct kj_index_entry *spoil_entry(struct victim *v, enum which which)
{
	struct kj_index_entry *entry = victim_entry(v, which);

	victim_spoil_entry(v, entry);
	return entry;
}

static void break_payload(struct victim *v)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_LZ4);

	victim_payload(v, entry)[kj_get32(entry->payload) / 2] ^= 1;
}

static void break_last_byte(struct victim *v)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_STORED);

	victim_payload(v, entry)[kj_get32(entry->payload) - 1] ^= 0x80;
}

static void break_word(struct victim *v)
{
	victim_payload(v, spoil_entry(v, WHICH_WORDS))[8] ^= 1;
}

static void break_seal(struct victim *v)
{
	spoil_entry(v, WHICH_LZ4)->seal[0] ^= 1;
}

static void break_end_of_seal(struct victim *v)
{
	spoil_entry(v, WHICH_LZ4)->seal[15] ^= 1;
}

static void break_seal_of_nothing(struct victim *v)
{
	spoil_entry(v, WHICH_EMPTY)->seal[0] ^= 1;
}

static void zero_half(struct victim *v)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_STORED);
	uint32_t half = kj_get32(entry->payload) / 2;

	memset(victim_payload(v, entry) + half, 0, kj_get32(entry->payload) - half);
}

static void exchange(void *a, void *b, size_t len)
{
	uint8_t old[KJ_CHUNK_RUNS_MAX * sizeof(struct kj_disk_run)];

	memcpy(old, a, len);
	memcpy(a, b, len);
	memcpy(b, old, len);
}

static void exchange_offsets(struct victim *v)
{
	exchange(&spoil_entry(v, WHICH_LZ4)->offset, &spoil_entry(v, WHICH_STORED)->offset, 8);
}

static void exchange_seals(struct victim *v)
{
	exchange(spoil_entry(v, WHICH_LZ4)->seal, spoil_entry(v, WHICH_STORED)->seal,
		 KJ_SEAL_SIZE);
}

static void exchange_numbers(struct victim *v)
{
	exchange(&spoil_entry(v, WHICH_LZ4)->number, &spoil_entry(v, WHICH_STORED)->number, 8);
}

/* Both have 128 runs of one zero page. */
static void exchange_pages(struct victim *v)
{
	uint8_t *first = v->blocks[0]->data;
	struct kj_index_entry *a = (void *)first;
	struct kj_index_entry *b = (void *)(first + kj_index_entry_size(KJ_CHUNK_RUNS_MAX));

	victim_spoil_entry(v, a);
	victim_spoil_entry(v, b);
	exchange(a->runs, b->runs, KJ_CHUNK_RUNS_MAX * sizeof(a->runs[0]));
}

static void move_payload(struct victim *v)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_STORED);

	entry->offset = kj_le64_of(kj_get64(entry->offset) - 8);
}

/* Of an image of the same memory: but for the seal, the same entry. */
static void take_seal_of_another_image(struct victim *v)
{
	static const struct broken nothing = { .base = "snapshot" };
	struct victim *other = victim_new(&nothing, 0);
	const struct kj_index_block *block = other->blocks[0];

	memcpy(spoil_entry(v, WHICH_LZ4)->seal,
	       ((const struct kj_index_entry *)block->data)->seal, KJ_SEAL_SIZE);
	victim_free(other);
}

/* ---- sealed by who has the key ------------------------------------------------------ */

static void shorten(struct victim *v)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_LZ4);

	victim_open_chunk(v, entry);
	entry->payload = kj_le32_of(kj_get32(entry->payload) - 1);
	victim_seal_chunk(v, entry);
}

static void halve(struct victim *v)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_LZ4);

	victim_open_chunk(v, entry);
	entry->payload = kj_le32_of(kj_get32(entry->payload) / 2);
	victim_seal_chunk(v, entry);
}

static void lengthen(struct victim *v)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_LZ4);

	victim_open_chunk(v, entry);
	entry->payload = kj_le32_of(kj_get32(entry->payload) + 1);
	victim_seal_chunk(v, entry);
}

static void fill_with(struct victim *v, int byte)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_LZ4);

	victim_open_chunk(v, entry);
	memset(victim_payload(v, entry), byte, kj_get32(entry->payload));
	victim_seal_chunk(v, entry);
}

static void fill_with_zeros(struct victim *v)
{
	fill_with(v, 0);
}

static void fill_with_ones(struct victim *v)
{
	fill_with(v, 0xff);
}

/* The first run's zero pages become data. */
static void want_more_pages(struct victim *v)
{
	struct kj_index_entry *entry = spoil_entry(v, WHICH_LZ4);

	victim_open_chunk(v, entry);
	entry->runs[0] = kj_disk_run_of(kj_run_pfn(&entry->runs[0]),
					kj_run_pages(&entry->runs[0]), KJ_RUN_DATA);
	victim_seal_chunk(v, entry);
}

#define ITS_SEAL	"its seal differs"
#define ITS_LENGTH	"does not decompress to its pages"

const struct broken broken_chunks[] = {
	{ "payload", "mixed", 60, ITS_SEAL, .change = break_payload },
	{ "payload-passphrase", "passphrase-xchacha", 60, ITS_SEAL, .change = break_payload },
	{ "payload-keyfile", "keyfile-xchacha", 60, ITS_SEAL, .change = break_payload },
	{ "payload-aes", "keyfile-aes", 60, ITS_SEAL, .change = break_payload },
	{ "payload-last-byte", "mixed", 60, ITS_SEAL, .change = break_last_byte },
	{ "payload-last-byte-sealed", "keyfile-xchacha", 60, ITS_SEAL, .change = break_last_byte },
	{ "payload-half-zeros", "mixed", 60, ITS_SEAL, .change = zero_half },
	{ "payload-moved", "mixed", 60, ITS_SEAL, .change = move_payload },
	{ "word", "mixed", 60, ITS_SEAL, .change = break_word },
	{ "chunk-seal", "mixed", 60, ITS_SEAL, .change = break_seal },
	{ "chunk-seal-sealed", "keyfile-xchacha", 60, ITS_SEAL, .change = break_seal },
	{ "chunk-seal-end", "mixed", 60, ITS_SEAL, .change = break_end_of_seal },
	{ "chunk-seal-of-nothing", "mixed", 60, ITS_SEAL, .change = break_seal_of_nothing },
	{ "chunk-of-another-image", "small", 60, ITS_SEAL, .change = take_seal_of_another_image },
	{ "payloads-exchanged", "mixed", 60, ITS_SEAL, .change = exchange_offsets },
	{ "payloads-exchanged-sealed", "keyfile-xchacha", 60, ITS_SEAL,
	  .change = exchange_offsets },
	{ "seals-exchanged", "mixed", 60, ITS_SEAL, .change = exchange_seals },
	{ "numbers-exchanged", "mixed", 60, ITS_SEAL, .change = exchange_numbers },
	{ "numbers-exchanged-sealed", "keyfile-xchacha", 60, ITS_SEAL,
	  .change = exchange_numbers },
	{ "pages-exchanged", "full", 60, ITS_SEAL, .change = exchange_pages },
	{ "pages-exchanged-sealed", "keyfile-long", 60, ITS_SEAL, .change = exchange_pages },
	{ "run-moved", "mixed", 60, ITS_SEAL, { R(EMPTY, 0, 4000, 128, 2) } },
	{ "run-moved-sealed", "keyfile-xchacha", 60, ITS_SEAL, { R(LZ4, 0, 2000, 3, 0) } },
	{ "run-kind-changed", "small", 60, ITS_SEAL, { R(LZ4, 1, 19, 2, 0), H(word_pages, 0) } },

	{ "lz4-shorter", "mixed", 61, ITS_LENGTH, .change = shorten },
	{ "lz4-shorter-sealed", "keyfile-xchacha", 61, ITS_LENGTH, .change = shorten },
	{ "lz4-half", "mixed", 61, ITS_LENGTH, .change = halve },
	{ "lz4-longer", "small", 61, ITS_LENGTH, .change = lengthen },
	{ "lz4-zeros", "mixed", 61, ITS_LENGTH, .change = fill_with_zeros },
	{ "lz4-ones", "mixed", 61, ITS_LENGTH, .change = fill_with_ones },
	{ "lz4-ones-sealed", "passphrase-xchacha", 61, ITS_LENGTH, .change = fill_with_ones },
	{ "lz4-wants-more", "small", 61, ITS_LENGTH, { H(zero_pages, 0) },
	  .change = want_more_pages },
};

const size_t n_broken_chunks = sizeof(broken_chunks) / sizeof(broken_chunks[0]);
