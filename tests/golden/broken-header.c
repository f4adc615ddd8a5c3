// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images with a wrong header or a wrong key, or cut off.
 */
#include <string.h>

#include "broken.h"

static void cut_to_nothing(struct victim *v)
{
	v->size = 0;
}

static void cut_in_header(struct victim *v)
{
	v->size = KJ_HEADER_SIZE / 2;
}

static void cut_after_header(struct victim *v)
{
	v->size = KJ_HEADER_SIZE;
}

static void cut_after_headers(struct victim *v)
{
	v->size = KJ_DATA_START;
}

static void cut_a_block(struct victim *v)
{
	v->size = kj_get64(v->header->bytes_stored) - KJ_FORMAT_ALIGN;
}

/* Was written to a store of that size, too. */
static void cut_at_end(struct victim *v)
{
	v->size = kj_get64(v->header->bytes_stored);
	v->header[0].store_size = v->header[1].store_size = v->header->bytes_stored;
	victim_checksum(v);
}

static void break_checksum(struct victim *v)
{
	((uint8_t *)&v->header[0].checksum)[3] ^= 0x80;
	((uint8_t *)&v->header[1].checksum)[0] ^= 1;
}

static void zero_half_of_headers(struct victim *v)
{
	memset((uint8_t *)(v->header + 0) + 160, 0, KJ_HEADER_SIZE - 160);
	memset((uint8_t *)(v->header + 1) + 160, 0, KJ_HEADER_SIZE - 160);
}

static void fill_release(struct victim *v)
{
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++)
		memset(v->header[i].kernel_release, 'r', KJ_RELEASE_MAX);
	victim_checksum(v);
}

static void fill_release_but_one(struct victim *v)
{
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++)
		memset(v->header[i].kernel_release, '~', KJ_RELEASE_MAX - 1);
	victim_checksum(v);
}

/* As if nobody had ever encrypted it. */
static void downgrade(struct victim *v)
{
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++) {
		v->header[i].cipher = kj_le32_of(KJ_CIPHER_NONE);
		memset(v->header[i].seal, 0, sizeof(v->header[i].seal));
		memset(&v->header[i].slot, 0, sizeof(v->header[i].slot));
	}
	victim_checksum(v);
}

static void change_entry(struct victim *v)
{
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++)
		v->header[i].entry = kj_le64_of(0x666000);
	victim_checksum(v);
}

/* As somebody would who has changed the file system. */
static void change_print(struct victim *v)
{
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++)
		v->header[i].prints[1].digest[0] ^= 1;
	victim_checksum(v);
}

static void fill_rest(struct victim *v)
{
	uint64_t end = kj_get64(v->header->bytes_stored);

	memset(v->bytes + end, 0xa5, 4096);
}

const struct broken broken_headers[] = {
	/* ---- each copy ------------------------------------------------------------- */
	{ "magic", "mixed", 1, "there is no image", { H_BYTE(magic, 0, 1) } },
	{ "version-0", "mixed", 3, "of an older kjump", { H(version, 0) } },
	{ "version-1", "mixed", 3, "of an older kjump", { H(version, 1) } },
	{ "version-3", "mixed", 3, "of a newer kjump", { H(version, 3) } },
	{ "version-3-sealed", "keyfile-xchacha", 3, "of a newer kjump", { H(version, 3) } },
	{ "feature-1", "mixed", 4, "features that are not known", { H(features, 2) } },
	{ "feature-31", "mixed", 4, "features that are not known", { H(features, 1u << 31) } },
	{ "state-4", "mixed", 5, "state is not known", { H(state, 4) } },
	{ "generation-above", "mixed", 6, "generation is out of range",
	  { H(generation, (1ull << 62) + 1) } },
	{ "prints-without-feature", "mixed", 7, "number of file systems", { H(n_prints, 1) } },
	{ "feature-without-prints", "mixed", 7, "number of file systems", { H(features, 1) } },
	{ "prints-above", "prints", 7, "number of file systems", { H(n_prints, 25) } },
	{ "prints-wrap", "prints", 7, "number of file systems", { H(n_prints, -1ull) } },
	{ "prints-not-to-compare", "prints", 7, "number of file systems", { H(features, 0) } },
	{ "prints-forgotten", "prints", 7, "reserved bytes are not zero",
	  { H(n_prints, 0), H(features, 0) } },
	{ "prints-one-less", "prints", 7, "reserved bytes are not zero", { H(n_prints, 2) } },
	{ "prints-behind", "prints", 7, "reserved bytes are not zero",
	  { H_BYTE(prints, 3 * 144, 1) } },
	{ "reserved-first", "mixed", 7, "reserved bytes are not zero", { H_BYTE(prints, 0, 1) } },
	{ "reserved-last", "mixed", 7, "reserved bytes are not zero", { H_BYTE(reserved, 15, 1) } },
	{ "reserved-last-full", "prints-keyfile", 7, "reserved bytes are not zero",
	  { H_BYTE(reserved, 15, 1) } },
	{ "max-pfn-above", "mixed", 8, "memory size is out of range",
	  { H(max_pfn, (1ull << 40) + 1) } },
	{ "ram-pages-above", "mixed", 8, "memory size is out of range",
	  { H(ram_pages, (1ull << 40) + 1) } },
	{ "pages-above", "mixed", 9, "more pages than there is memory", { H(pages, 9206) } },
	{ "zero-pages-above", "mixed", 10, "more zero pages than pages", { H(zero_pages, 769) } },
	{ "word-pages-above", "mixed", 10, "more zero pages than pages", { H(word_pages, 382) } },
	{ "word-pages-wrap", "mixed", 10, "more zero pages than pages", { H(word_pages, -1ull) } },
	{ "chunks-above", "mixed", 11, "more chunks than pages", { H(chunks, 769) } },
	{ "release-below", "mixed", 12, "kernel release is not a text",
	  { H(kernel_release[0], 0x1f) } },
	{ "release-above", "mixed", 12, "kernel release is not a text",
	  { H(kernel_release[5], 0x7f) } },
	{ "release-behind", "mixed", 12, "kernel release is not a text",
	  { H(kernel_release[79], 'x') } },
	{ "store-size-above", "mixed", 13, "store size is out of range",
	  { H(store_size, (1ull << 60) + 1) } },
	{ "bytes-stored-odd", "mixed", 14, "not a size of images", { H_ADD(bytes_stored, 1) } },
	{ "bytes-stored-below", "mixed", 14, "not a size of images", { H(bytes_stored, 4096) } },
	{ "bytes-stored-above", "mixed", 15, "larger than its store",
	  { H(bytes_stored, GOLDEN_STORE + 4096), H(store_size, 2 * GOLDEN_STORE) } },
	{ "bytes-stored-above-written", "mixed", 15, "larger than its store",
	  { H(store_size, 8192) } },
	{ "no-index-blocks", "mixed", 16, "counts contradict each other", { H(index_blocks, 0) } },
	{ "no-chunks", "mixed", 16, "counts contradict each other", { H(chunks, 0) } },
	{ "no-pages", "mixed", 16, "counts contradict each other",
	  { H(pages, 0), H(zero_pages, 0), H(word_pages, 0), H(chunks, 0) } },
	{ "empty-index-last", "empty", 17, "an index of no blocks", { H(index_last, 8192) } },
	{ "empty-index-seal", "empty", 17, "an index of no blocks", { H_BYTE(index_seal, 15, 1) } },
	{ "index-blocks-above", "mixed", 18, "index is larger than the image",
	  { H(index_blocks, (1u << 26) + 1) } },
	{ "index-blocks-no-room", "full", 18, "index is larger than the image",
	  { H(index_blocks, 2) } },
	{ "chunks-no-room", "full", 19, "more chunks than its index can hold",
	  { H(chunks, 1366) } },
	{ "index-last-odd", "mixed", 20, "index is outside the image", { H_ADD(index_last, 8) } },
	{ "index-last-below", "mixed", 20, "index is outside the image", { H(index_last, 4096) } },
	{ "index-last-above", "mixed", 20, "index is outside the image",
	  { H_ADD(index_last, 4096) } },
	{ "index-last-wrap", "mixed", 20, "index is outside the image", { H(index_last, -4096ull) } },
	{ "bytes-stored-cut", "mixed", 20, "index is outside the image",
	  { H_ADD(bytes_stored, -4096) } },
	{ "cipher-3", "mixed", 21, "cipher is not known", { H(cipher, 3) } },
	{ "cipher-3-sealed", "keyfile-xchacha", 21, "cipher is not known", { H(cipher, 3) } },
	{ "lock-3", "mixed", 22, "lock is not known", { H(slot.lock, 3) } },
	{ "lock-3-sealed", "keyfile-xchacha", 22, "lock is not known", { H(slot.lock, 3) } },
	{ "cipher-without-lock", "mixed", 23, "cipher and lock contradict", { H(cipher, 1) } },
	{ "lock-without-cipher", "keyfile-xchacha", 23, "cipher and lock contradict",
	  { H(cipher, 0) } },
	{ "seal-without-cipher", "mixed", 24, "not encrypted has keys", { H_BYTE(seal, 31, 1) } },
	{ "slot-without-cipher", "mixed", 24, "not encrypted has keys", { H(slot.key_id[15], 1) } },
	{ "slot-reserved-plain", "mixed", 24, "not encrypted has keys", { H(slot.reserved, 1) } },
	{ "slot-reserved", "keyfile-xchacha", 25, "reserved bytes are not zero",
	  { H(slot.reserved, 1) } },
	{ "operations-0", "passphrase-xchacha", 26, "cost is out of range",
	  { H(slot.vault.operations, 0) } },
	{ "operations-65", "passphrase-xchacha", 26, "cost is out of range",
	  { H(slot.vault.operations, 65) } },
	{ "memory-below", "passphrase-xchacha", 27, "memory is out of range",
	  { H(slot.vault.memory, 8191) } },
	{ "memory-above", "passphrase-xchacha", 27, "memory is out of range",
	  { H(slot.vault.memory, (1ull << 32) + 1) } },
	{ "print-rule-0", "prints", 28, "rule of a file system", { H(prints[0].rule, 0) } },
	{ "print-rule-7", "prints", 28, "rule of a file system", { H(prints[2].rule, 7) } },
	{ "print-rule-256", "prints", 28, "rule of a file system", { H(prints[2].rule, 256) } },
	{ "print-rule-512", "prints", 28, "rule of a file system", { H(prints[2].rule, 513) } },
	{ "print-grade-3", "prints", 28, "grade of a file system", { H(prints[1].grade, 3) } },
	{ "print-reserved", "prints", 28, "reserved bytes", { H(prints[1].reserved, 1) } },
	{ "print-start-above", "prints", 28, "place is out of range",
	  { H(prints[1].start, (1ull << 60) + 1) } },
	{ "print-of-none", "prints", 28, "without a print has one",
	  { H_BYTE(prints[0].digest, 31, 1) } },
	{ "print-tag-empty", "prints", 28, "tag is not NAME", { H(prints[0].tag[0], 0) } },
	{ "print-tag-without", "prints", 28, "tag is not NAME", { H(prints[0].tag[8], '-') } },
	{ "print-tag-no-end", "prints", 28, "tag is not NAME",
	  { H(prints[0].tag[45], 'x'), H(prints[0].tag[46], 'x'), H(prints[0].tag[47], 'x') } },
	{ "print-tag-behind", "prints", 28, "tag is not NAME", { H(prints[0].tag[47], 'x') } },
	{ "print-type-empty", "prints", 28, "type is not a text", { H(prints[0].type[0], 0) } },
	{ "print-type-below", "prints", 28, "type is not a text", { H(prints[0].type[3], 0x1f) } },
	{ "print-where-empty", "prints", 28, "mount point is not a text",
	  { H(prints[0].where[0], 0) } },
	{ "print-where-above", "prints", 28, "mount point is not a text",
	  { H(prints[2].where[1], 0x7f) } },
	{ "print-last", "prints-keyfile", 28, "rule of a file system",
	  { H(prints[23].rule, 7) } },

	/* ---- the store, and the header that counts --------------------------------- */
	{ "store-of-0", "mixed", 0, "cannot hold an image", .spoil = cut_to_nothing },
	{ "store-of-half-a-header", "mixed", 0, "cannot hold an image", .spoil = cut_in_header },
	{ "store-of-one-header", "mixed", 0, "cannot hold an image", .spoil = cut_after_header },
	{ "checksum", "mixed", 2, "the header's checksum differs", .spoil = break_checksum },
	{ "checksum-sealed", "keyfile-xchacha", 2, "the header's checksum differs",
	  .spoil = break_checksum },
	{ "header-half-zeros", "mixed", 2, "the header's checksum differs",
	  .spoil = zero_half_of_headers },
	{ "release-no-end", "mixed", 12, "kernel release is not a text", .spoil = fill_release },
	{ "store-of-headers", "mixed", 15, "larger than its store", .spoil = cut_after_headers },
	{ "store-cut-by-a-block", "mixed", 15, "larger than its store", .spoil = cut_a_block },
	{ "state-none", "mixed", 31, "there is no image", { H(state, 0) } },
	{ "state-claimed", "mixed", 31, "used by an earlier resume", { H(state, 3) } },
	{ "state-claimed-sealed", "keyfile-xchacha", 31, "used by an earlier resume",
	  { H(state, 3) } },
	{ "no-key", "keyfile-xchacha", 32, "there is no key", .key = KEY_NONE },
	{ "passphrase-for-keyfile", "keyfile-xchacha", 32, "not locked by a passphrase",
	  .key = KEY_EXTRA },
	{ "keyfile-for-passphrase", "keyfile-xchacha", 32, "not locked by a key file",
	  { H(slot.lock, 1), H(slot.vault.operations, 1), H(slot.vault.memory, 8192) } },
	{ "passphrase-for-plain", "mixed", 32, "not locked by a passphrase", .key = KEY_EXTRA },
	{ "key-for-plain", "mixed", 32, "not encrypted, though it should be",
	  .key = KEY_FOREIGN },
	{ "downgraded", "passphrase-xchacha", 32, "not encrypted, though it should be",
	  .spoil = downgrade, .key = KEY_FOREIGN },
	{ "downgraded-passphrase", "passphrase-xchacha", 32, "not locked by a passphrase",
	  .spoil = downgrade },
	{ "downgraded-no-key", "passphrase-xchacha", 42, "index block's seal differs",
	  .spoil = downgrade, .key = KEY_NONE },
	{ "wrong-passphrase", "passphrase-xchacha", 33, "the passphrase is wrong",
	  .key = KEY_OTHER },
	{ "wrong-passphrase-aes", "passphrase-aes", 33, "the passphrase is wrong",
	  .key = KEY_OTHER },
	{ "wrong-keyfile", "keyfile-xchacha", 33, "by another key file", .key = KEY_OTHER },
	{ "vault-operations", "passphrase-xchacha", 33, "the passphrase is wrong",
	  { H(slot.vault.operations, 64) } },
	{ "vault-salt", "passphrase-xchacha", 33, "the passphrase is wrong",
	  { H_BYTE(slot.vault.salt, 0, 1) } },
	{ "vault-nonce", "passphrase-xchacha", 33, "the passphrase is wrong",
	  { H_BYTE(slot.vault.nonce, 23, 1) } },
	{ "vault-box", "passphrase-xchacha", 33, "the passphrase is wrong",
	  { H_BYTE(slot.vault.box, 79, 1) } },
	{ "key-id", "keyfile-xchacha", 33, "by another key file", { H_BYTE(slot.key_id, 15, 1) } },
	{ "sealed-box", "passphrase-xchacha", 34, "the image's key is damaged",
	  { H_BYTE(slot.secret, 79, 1) } },
	{ "public-key", "passphrase-xchacha", 34, "the image's key is damaged",
	  { H_BYTE(slot.public_key, 0, 1) } },
	{ "secret-of-keyfile", "keyfile-xchacha", 35, "the header's seal differs",
	  { H_BYTE(slot.secret, 31, 1) } },
	{ "image-id-sealed", "keyfile-xchacha", 35, "the header's seal differs",
	  { H_BYTE(image_id, 0, 1) } },
	{ "seal", "keyfile-xchacha", 35, "the header's seal differs", { H_BYTE(seal, 31, 1) } },
	{ "seal-aes", "keyfile-aes", 35, "the header's seal differs", { H_BYTE(seal, 0, 1) } },
	{ "print-not-sealed", "prints-keyfile", 35, "the header's seal differs",
	  .spoil = change_print },
	{ "entry-not-sealed", "keyfile-xchacha", 35, "the header's seal differs",
	  .spoil = change_entry },
	{ "cipher-exchanged", "passphrase-aes", 42, "index block's seal differs",
	  { H(cipher, 2) } },

	/* ---- right, if only just --------------------------------------------------- */
	{ "at-generation", "mixed", ACCEPTED, "", { H(generation, 1ull << 62) } },
	{ "at-ram-pages", "mixed", ACCEPTED, "", { H(ram_pages, 1ull << 40) } },
	{ "at-store-size", "mixed", ACCEPTED, "", { H(store_size, 1ull << 60) } },
	{ "at-end-of-store", "mixed", ACCEPTED, "", .spoil = cut_at_end },
	{ "at-release", "mixed", ACCEPTED, "", .spoil = fill_release_but_one },
	{ "unknown-options", "mixed", ACCEPTED, "",
	  { H(options, 1u << 31), H_BYTE(prints, 9, 1) } },
	{ "unknown-options-sealed", "keyfile-xchacha", ACCEPTED, "",
	  { H(options, 1), H_BYTE(reserved, 15, 1) } },
	{ "options-and-prints", "prints", ACCEPTED, "",
	  { H(options, 1), H_BYTE(prints, 3 * 144, 1) } },
	{ "state-snapshot", "mixed", ACCEPTED, "", { H(state, 2) } },
	{ "rest-of-store", "mixed", ACCEPTED, "", .spoil = fill_rest },
	{ "larger-than-used", "mixed", ACCEPTED, "", { H_ADD(bytes_stored, 4096) } },
};

const size_t n_broken_headers = sizeof(broken_headers) / sizeof(broken_headers[0]);
