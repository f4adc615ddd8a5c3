// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the golden images, and beside each one what it contains:
 *
 *      make-golden DIRECTORY [NAME ...]
 *
 * Not run by the tests.  Identifiers, keys and times differ each time, so that
 * what was written once is kept, and shows whether images of an earlier engine
 * still open.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"

static bool want_aes;

/* In place of libsodium's: the engine takes AES whenever this CPU has it. */
int crypto_aead_aes256gcm_is_available(void)
{
	return want_aes;
}

/* ---- the memory, page by page --------------------------------------------------- */

struct memory {
	const struct golden *golden;
	uint64_t next;
};

static int next_run(void *ctx, struct kj_run *ret)
{
	struct memory *m = ctx;
	uint8_t page[KJ_PAGE_SIZE];

	/* Jump over the holes; high.img has a large one. */
	for (const struct span *s = m->golden->spans;
	     s < m->golden->spans + GOLDEN_SPANS && s->n; s++) {
		uint64_t last = s->pfn + (uint64_t)(s->n - 1) * s->stride;

		if (m->next > last)
			continue;
		if (m->next < s->pfn)
			m->next = s->pfn;
		while (golden_page(m->golden, m->next, page) < 0)
			m->next++;
		*ret = (struct kj_run) { m->next, 0 };
		while (golden_page(m->golden, m->next, page) >= 0)
			m->next++;
		ret->n = m->next - ret->pfn;
		return 1;
	}
	return 0;
}

static int map_run(void *ctx, struct kj_run run, const void **ret)
{
	struct memory *m = ctx;
	uint8_t *bytes = aligned_alloc(KJ_PAGE_SIZE, run.n * KJ_PAGE_SIZE);

	if (!bytes)
		return -ENOMEM;
	for (uint64_t i = 0; i < run.n; i++)
		golden_page(m->golden, run.pfn + i, bytes + i * KJ_PAGE_SIZE);
	*ret = bytes;
	return 0;
}

static void unmap_run(void *ctx, struct kj_run run, const void *data)
{
	(void)ctx;
	(void)run;
	free((void *)data);
}

/* ---- what it contains ------------------------------------------------------------- */

static void put_hex(FILE *f, const char *name, const void *bytes, size_t len)
{
	fprintf(f, "  \"%s\": \"", name);
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", ((const uint8_t *)bytes)[i]);
	fprintf(f, "\",\n");
}

static void put_number(FILE *f, const char *name, uint64_t value)
{
	fprintf(f, "  \"%s\": %" PRIu64 ",\n", name, value);
}

/* [first pfn, pages, stride, sha256 of each]: pages that are equal go as one. */
static void put_pages(FILE *f, const struct golden *g)
{
	const char *comma = "";

	fprintf(f, "  \"memory\": [");
	for (const struct span *s = g->spans; s < g->spans + GOLDEN_SPANS && s->n; s++) {
		uint32_t step = s->fill == FILL_ZERO || s->fill == FILL_WORD ? s->n : 1;

		for (uint32_t i = 0; i < s->n; i += step, comma = ",") {
			uint8_t page[KJ_PAGE_SIZE], sha[crypto_hash_sha256_BYTES];
			char hex[2 * sizeof(sha) + 1];

			golden_page(g, s->pfn + (uint64_t)i * s->stride, page);
			crypto_hash_sha256(sha, page, sizeof(page));
			fprintf(f, "%s\n    [%" PRIu64 ", %u, %u, \"%s\"]", comma,
				s->pfn + (uint64_t)i * s->stride, step, s->stride,
				sodium_bin2hex(hex, sizeof(hex), sha, sizeof(sha)));
		}
	}
	fprintf(f, "\n  ]\n");
}

/* [rule, grade, start, digest, tag, type, where] */
static void put_prints(FILE *f, const struct golden *g)
{
	fprintf(f, "  \"prints\": [");
	for (uint32_t i = 0; i < g->n_prints; i++) {
		char hex[2 * KJ_PRINT_SIZE + 1];
		struct kj_print p;

		golden_print(i, &p);
		fprintf(f, "%s\n    [%u, %u, %" PRIu64 ", \"%s\", \"%s\", \"%s\", \"%s\"]", i ? "," : "",
			kj_get16(p.rule), kj_get16(p.grade), kj_get64(p.start),
			sodium_bin2hex(hex, sizeof(hex), p.digest, sizeof(p.digest)),
			p.tag, p.type, p.where);
	}
	fprintf(f, "\n  ],\n");
}

static void put_header(FILE *f, const struct golden *g, const struct kj_header *h)
{
	uint64_t zero, word;

	put_number(f, "state", g->state);
	put_number(f, "pages", golden_pages(g, &zero, &word));
	put_number(f, "zero_pages", zero);
	put_number(f, "word_pages", word);
	put_number(f, "max_pfn", g->max_pfn);
	put_number(f, "cipher", g->cipher);
	put_number(f, "lock", g->lock);
	put_number(f, "generation", kj_get64(h->generation));
	put_number(f, "chunks", kj_get64(h->chunks));
	put_number(f, "index_blocks", kj_get32(h->index_blocks));
	put_number(f, "index_last", kj_get64(h->index_last));
	put_number(f, "bytes_stored", kj_get64(h->bytes_stored));
	put_number(f, "created_usec", kj_get64(h->created_usec));
	put_number(f, "write_usec", kj_get64(h->write_usec));
	put_number(f, "entry", 0x1234000);
	put_number(f, "ram_pages", 2 * g->max_pfn);
	put_hex(f, "image_id", h->image_id, sizeof(h->image_id));
	put_hex(f, "machine_id", "machine-id-bytes", 16);
	put_hex(f, "boot_id", "boot-id-of-bytes", 16);
	put_hex(f, "memory_map_digest", "memory-map-digest-of-32-bytes...", 32);
	fprintf(f, "  \"kernel_release\": \"6.12.0-golden\",\n");
}

static FILE *create(const char *directory, const char *name, const char *suffix)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.%s", directory, name, suffix);
	file = fopen(path, "we");
	if (!file)
		err(1, "%s", path);
	return file;
}

static void close_file(FILE *file, const char *name)
{
	if (fclose(file) != 0)
		err(1, "%s", name);
}

static void save(const char *directory, const struct golden *g, const uint8_t *bytes,
		 const struct kj_recipient *recipient)
{
	size_t len = GOLDEN_STORE;
	FILE *f = create(directory, g->name, "img");

	while (len > 0 && bytes[len - 1] == 0)
		len--;
	fwrite(bytes, 1, len, f);
	close_file(f, g->name);

	f = create(directory, g->name, "json");
	fprintf(f, "{\n  \"name\": \"%s\",\n  \"what\": \"%s\",\n", g->name, g->what);
	put_number(f, "store_size", GOLDEN_STORE);
	if (g->lock == KJ_LOCK_PASSPHRASE)
		put_hex(f, "passphrase", GOLDEN_PASSPHRASE, strlen(GOLDEN_PASSPHRASE));
	if (g->lock == KJ_LOCK_KEYFILE)
		put_hex(f, "keyfile", GOLDEN_KEYFILE, strlen(GOLDEN_KEYFILE));
	if (g->lock)
		put_hex(f, "recipient", recipient, sizeof(*recipient));
	put_header(f, g, (const void *)bytes);
	put_prints(f, g);
	put_pages(f, g);
	fprintf(f, "}\n");
	close_file(f, g->name);
}

/* ---- writing ------------------------------------------------------------------------ */

static void make_recipient(const struct golden *g, struct kj_recipient *ret)
{
	static const struct kj_cost cheap = { 1, 8192 };
	struct kj_error error;
	int r = 0;

	if (g->lock == KJ_LOCK_PASSPHRASE)
		r = kj_recipient_generate(GOLDEN_PASSPHRASE, strlen(GOLDEN_PASSPHRASE), cheap,
					  ret, &error);
	else if (g->lock == KJ_LOCK_KEYFILE)
		r = kj_recipient_of_keyfile(GOLDEN_KEYFILE, strlen(GOLDEN_KEYFILE), ret, &error);
	if (r < 0)
		errx(1, "%s: %s", g->name, error.text);
}

static void fill_options(const struct golden *g, const struct kj_recipient *recipient,
			 struct kj_print *prints, struct kj_write_options *o)
{
	for (uint32_t i = 0; i < g->n_prints; i++)
		golden_print(i, &prints[i]);
	o->n_prints = g->n_prints;
	o->prints = prints;
	o->threads = 1;
	o->snapshot = g->state == KJ_HEADER_SNAPSHOT;
	o->recipient = g->lock ? recipient : NULL;
	o->identity.entry = 0x1234000;
	o->identity.max_pfn = g->max_pfn;
	o->identity.ram_pages = 2 * g->max_pfn;
	memcpy(o->identity.machine_id, "machine-id-bytes", 16);
	memcpy(o->identity.boot_id, "boot-id-of-bytes", 16);
	memcpy(o->identity.memory_map_digest, "memory-map-digest-of-32-bytes...", 32);
	strcpy(o->identity.kernel_release, "6.12.0-golden");
}

static void make(const char *directory, const struct golden *g)
{
	uint8_t *bytes = aligned_alloc(KJ_STORE_ALIGN, GOLDEN_STORE);
	struct kj_store store = golden_store(bytes, GOLDEN_STORE);
	struct memory memory = { g, 0 };
	struct kj_memory_source source = { &memory, next_run, map_run, unmap_run };
	struct kj_write_options options = { 0 };
	struct kj_print prints[KJ_PRINTS_MAX];
	struct kj_recipient recipient;
	struct kj_error error = { "" };
	int r;

	if (!bytes)
		err(1, "memory");
	memset(bytes, 0, GOLDEN_STORE);
	want_aes = g->cipher == KJ_CIPHER_AES256_GCM;
	make_recipient(g, &recipient);
	fill_options(g, &recipient, prints, &options);
	r = kj_image_write(&store, &source, &options, NULL, &error);
	if (r == 0 && g->state == KJ_HEADER_CLAIMED)
		r = kj_image_claim(&store, &error);
	if (r < 0)
		errx(1, "%s: %s", g->name, error.text);
	save(directory, g, bytes, &recipient);
	free(bytes);
}

int main(int argc, char *argv[])
{
	if (argc < 2)
		errx(1, "usage: %s DIRECTORY [NAME ...]", argv[0]);
	for (int i = 2; i < argc; i++)
		make(argv[1], golden_find(argv[i]));
	for (size_t i = 0; argc == 2 && i < n_goldens; i++)
		make(argv[1], &goldens[i]);
	return 0;
}
