// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the golden images hold.  To be changed together with the files alone:
 * by a new image, never by another content of an old one.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"

#define A_SMALL_MEMORY							\
	{ 16, 3, 1, FILL_ZERO, 0 },					\
	{ 19, 2, 1, FILL_WORD, 0x1122334455667788 },			\
	{ 21, 1, 1, FILL_TEXT, 0 }

/* One compressed chunk and one stored. */
#define A_SECRET_MEMORY							\
	{ 100, 3, 1, FILL_PROSE, 5 },					\
	{ 103, 10, 1, FILL_ZERO, 0 },					\
	{ 113, 2, 1, FILL_WORD, 0x5555555555555555 },			\
	{ 115, 113, 1, FILL_ZERO, 0 },					\
	{ 1000, 2, 1, FILL_RANDOM, 6 },					\
	{ 1002, 126, 1, FILL_ZERO, 0 }

const struct golden goldens[] = {
	{ "empty", "no pages", 1000, KJ_HEADER_VALID, 0, 0, { { 0 } }, 0 },
	{ "small", "each kind of run, one chunk", 4096, KJ_HEADER_VALID, 0, 0,
	  { A_SMALL_MEMORY }, 0 },
	{ "snapshot", "never to be resumed", 4096, KJ_HEADER_SNAPSHOT, 0, 0,
	  { A_SMALL_MEMORY }, 0 },
	{ "claimed", "resumed already", 4096, KJ_HEADER_CLAIMED, 0, 0, { A_SMALL_MEMORY }, 0 },
	{ "mixed", "each kind of chunk", 9205, KJ_HEADER_VALID, 0, 0, {
		/* 128 pages for each chunk: LZ4, words before pages ... */
		{ 100, 3, 1, FILL_PROSE, 1 },
		{ 103, 10, 1, FILL_ZERO, 0 },
		{ 113, 4, 1, FILL_WORD, 0xffffffffffffffff },
		{ 117, 3, 1, FILL_WORD, 0x0123456789abcdef },
		{ 120, 108, 1, FILL_TEXT, 0 },
		/* ... stored ... */
		{ 1000, 3, 1, FILL_RANDOM, 2 },
		{ 1003, 2, 1, FILL_WORD, 1 },
		{ 1005, 123, 1, FILL_ZERO, 0 },
		/* ... no payload at all ... */
		{ 2000, 128, 1, FILL_ZERO, 0 },
		/* ... words alone, stored ... */
		{ 3000, 2, 2, FILL_COUNTER, 0x8877665544332211 },
		{ 3004, 126, 2, FILL_ZERO, 0 },
		/* ... as many runs of data as there can be ... */
		{ 5000, 128, 3, FILL_TEXT, 0 },
		/* ... many words before pages, and the last page there can be. */
		{ 9000, 123, 1, FILL_COUNTER, 0x7000 },
		{ 9200, 5, 1, FILL_PROSE, 3 } }, 0 },
	{ "full", "one index block, full to its last byte", 20000, KJ_HEADER_VALID, 0, 0,
	  { { 1, 61 * 128 + 65, 2, FILL_ZERO, 0 } }, 0 },
	{ "long", "two index blocks", 20000, KJ_HEADER_VALID, 0, 0,
	  { { 1, 61 * 128 + 66, 2, FILL_ZERO, 0 } }, 0 },
	{ "high", "page frames on both sides of 2^32", 0x100000020, KJ_HEADER_VALID, 0, 0,
	  { { 0xfffffffe, 4, 1, FILL_TEXT, 0 },
	    { 0x10000001f, 1, 1, FILL_WORD, 0x1122334455667788 } }, 0 },
	{ "passphrase-aes", "sealed", 4096, KJ_HEADER_VALID, KJ_LOCK_PASSPHRASE,
	  KJ_CIPHER_AES256_GCM, { A_SECRET_MEMORY }, 0 },
	{ "passphrase-xchacha", "sealed", 4096, KJ_HEADER_VALID, KJ_LOCK_PASSPHRASE,
	  KJ_CIPHER_XCHACHA20, { A_SECRET_MEMORY }, 0 },
	{ "keyfile-aes", "sealed", 4096, KJ_HEADER_VALID, KJ_LOCK_KEYFILE,
	  KJ_CIPHER_AES256_GCM, { A_SECRET_MEMORY }, 0 },
	{ "keyfile-xchacha", "sealed", 4096, KJ_HEADER_VALID, KJ_LOCK_KEYFILE,
	  KJ_CIPHER_XCHACHA20, { A_SECRET_MEMORY }, 0 },
	{ "keyfile-long", "sealed, two index blocks", 20000, KJ_HEADER_VALID, KJ_LOCK_KEYFILE,
	  KJ_CIPHER_XCHACHA20, { { 1, 61 * 128 + 66, 2, FILL_ZERO, 0 } }, 0 },
	{ "prints", "three file systems", 4096, KJ_HEADER_VALID, 0, 0, { A_SMALL_MEMORY }, 3 },
	{ "prints-keyfile", "sealed, as many file systems as there can be", 4096,
	  KJ_HEADER_VALID, KJ_LOCK_KEYFILE, KJ_CIPHER_XCHACHA20, { A_SECRET_MEMORY }, 24 },
};

const size_t n_goldens = sizeof(goldens) / sizeof(goldens[0]);

const struct golden *golden_find(const char *name)
{
	for (size_t i = 0; i < n_goldens; i++)
		if (strcmp(goldens[i].name, name) == 0)
			return &goldens[i];
	errx(1, "there is no golden image %s", name);
}

/* ---- file systems --------------------------------------------------------------- */

/* Texts that fill their fields, and all rules and grades. */
void golden_print(uint32_t i, struct kj_print *ret)
{
	static const char *const types[] = { "ext4", "xfs", "btrfs", "vfat", "f2fs",
					     "a-type-cut-her" };

	memset(ret, 0, sizeof(*ret));
	ret->rule = kj_le16_of((uint16_t)((KJ_PRINT_EXT + i % 6) | (i > 11 ? KJ_PRINT_FIXED : 0)));
	ret->grade = kj_le16_of((uint16_t)(i % 3));
	if (i % 3)
		memset(ret->digest, (int)(i + 1), sizeof(ret->digest));
	ret->start = kj_le64_of(i % 4 == 2 ? 1ull << 60 : 0);
	snprintf(ret->tag, sizeof(ret->tag), "PARTUUID=00000000-0000-4000-8000-%012u", i);
	snprintf(ret->type, sizeof(ret->type), "%s", types[i % 6]);
	strcpy(ret->where, "/");
	if (i > 0)
		snprintf(ret->where, sizeof(ret->where), "/mount point %u", i);
	if (i % 6 == 5)
		memset(ret->where + 1, 'l', sizeof(ret->where) - 2);
}

/* ---- pages ------------------------------------------------------------------ */

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static void fill_text(uint8_t *page, uint64_t pfn)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "This was page frame %llu.\n",
			   (unsigned long long)pfn);

	for (size_t i = 0; i < KJ_PAGE_SIZE; i++)
		page[i] = (uint8_t)line[i % (size_t)len];
}

static void fill_prose(uint8_t *page, uint64_t random)
{
	static const char *const words[] = {
		"memory ", "is ", "what ", "a ", "kernel ", "keeps, ", "and ", "disk ",
		"holds ", "the ", "rest ", "of ", "it ", "when ", "power ", "goes.\n",
	};
	const char *from = "";

	for (size_t i = 0; i < KJ_PAGE_SIZE; i++) {
		if (!*from)
			from = words[next_random(&random) % 16];
		page[i] = (uint8_t)*from++;
	}
}

static void fill_words(uint8_t *page, uint64_t word)
{
	kj_le64 le = kj_le64_of(word);

	for (size_t i = 0; i < KJ_PAGE_SIZE; i += sizeof(le))
		memcpy(page + i, &le, sizeof(le));
}

static void fill_random(uint8_t *page, uint64_t random)
{
	for (size_t i = 0; i < KJ_PAGE_SIZE; i++)
		page[i] = (uint8_t)next_random(&random);
}

static void fill_page(const struct span *s, uint64_t i, uint8_t *page)
{
	uint64_t seed = s->value * 1000 + i;

	switch (s->fill) {
	case FILL_ZERO:
		fill_words(page, 0);
		break;
	case FILL_WORD:
		fill_words(page, s->value);
		break;
	case FILL_COUNTER:
		fill_words(page, s->value + i);
		break;
	case FILL_TEXT:
		fill_text(page, s->pfn + i * s->stride);
		break;
	case FILL_PROSE:
		fill_prose(page, seed);
		break;
	case FILL_RANDOM:
		fill_random(page, seed);
		break;
	}
}

long golden_page(const struct golden *g, uint64_t pfn, uint8_t page[KJ_PAGE_SIZE])
{
	long before = 0;

	for (const struct span *s = g->spans; s < g->spans + GOLDEN_SPANS && s->n; s++) {
		uint64_t i = pfn >= s->pfn ? (pfn - s->pfn) / s->stride : s->n;

		if (i < s->n && (pfn - s->pfn) % s->stride == 0) {
			fill_page(s, i, page);
			return before + (long)i;
		}
		before += s->n;
	}
	return -1;
}

uint64_t golden_pages(const struct golden *g, uint64_t *ret_zero, uint64_t *ret_word)
{
	uint64_t n = 0;

	*ret_zero = *ret_word = 0;
	for (const struct span *s = g->spans; s < g->spans + GOLDEN_SPANS && s->n; s++) {
		n += s->n;
		*ret_zero += s->fill == FILL_ZERO ? s->n : 0;
		*ret_word += s->fill == FILL_WORD || s->fill == FILL_COUNTER ? s->n : 0;
	}
	return n;
}

/* ---- files and stores --------------------------------------------------------- */


static int read_bytes(void *ctx, uint64_t offset, void *buf, size_t len)
{
	memcpy(buf, (uint8_t *)ctx + offset, len);
	return 0;
}

static int write_bytes(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	memcpy((uint8_t *)ctx + offset, buf, len);
	return 0;
}

static int flush_nothing(void *ctx)
{
	(void)ctx;
	return 0;
}

struct kj_store golden_store(uint8_t *bytes, uint64_t size)
{
	return (struct kj_store) { bytes, size, read_bytes, write_bytes, flush_nothing };
}

uint8_t *golden_load(const struct golden *g)
{
	uint8_t *bytes = aligned_alloc(KJ_STORE_ALIGN, GOLDEN_STORE);
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/good/%s.img", GOLDEN_DIR, g->name);
	file = fopen(path, "re");
	if (!file || !bytes)
		err(1, "%s", path);
	memset(bytes, 0, GOLDEN_STORE);
	if (fread(bytes, 1, GOLDEN_STORE, file) < KJ_DATA_START / 2)
		errx(1, "%s is cut off", path);
	fclose(file);
	return bytes;
}

struct kj_key *golden_unlock(const struct golden *g, const struct kj_store *store)
{
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct kj_key *key = NULL;
	int r;

	if (g->lock == KJ_LOCK_NONE)
		return NULL;
	r = kj_image_probe(store, &info, &error);
	if (r == 0 && g->lock == KJ_LOCK_PASSPHRASE)
		r = kj_key_unlock_passphrase(&info, GOLDEN_PASSPHRASE,
					     strlen(GOLDEN_PASSPHRASE), &key, &error);
	else if (r == 0)
		r = kj_key_unlock_keyfile(&info, GOLDEN_KEYFILE, strlen(GOLDEN_KEYFILE),
					  &key, &error);
	if (r < 0)
		errx(1, "%s: %s", g->name, error.text);
	return key;
}
