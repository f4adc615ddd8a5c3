// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two copies of a header, as anybody may have written them: what the checker
 * accepts has the limits that it promises, and all that works on headers keeps
 * the promises of commit.c.
 *
 *      flags | length of copy 0 | copy 0 | copy 1 | zeros
 */
#include <errno.h>

#include "fuzz.h"
#include "kj-format.h"
#include "store-fuzz.h"

#define STORE_SIZE (1ull << 40)

enum { FIX_0 = 1, FIX_1 = 2, TWINS = 4, MAGIC = 8, LARGE = 16 };

static void take_copy(struct input *in, struct kj_header *h, size_t len, unsigned int flags,
		      unsigned int fix)
{
	memset(h, 0, sizeof(*h));
	take(in, h, len < sizeof(*h) ? len : sizeof(*h));
	if (flags & MAGIC) {
		memcpy(h->magic, KJ_HEADER_MAGIC, sizeof(h->magic));
		h->version = kj_le32_of(KJ_FORMAT_VERSION);
	}
	if (flags & fix)
		fix_checksum(h, sizeof(*h), offsetof(struct kj_header, checksum));
}

static void check_accepted(const struct kj_header *h, uint64_t size)
{
	uint64_t stored = kj_get64(h->bytes_stored), blocks = kj_get32(h->index_blocks);

	must(kj_get64(h->generation) <= KJ_GENERATION_MAX);
	if (kj_get32(h->state) == KJ_HEADER_NONE)
		return;
	must(kj_get64(h->max_pfn) <= KJ_PFN_MAX);
	must(kj_get64(h->pages) <= kj_get64(h->max_pfn));
	must(kj_get64(h->zero_pages) + kj_get64(h->word_pages) <= kj_get64(h->pages));
	must(stored >= KJ_DATA_START && stored <= size && stored % KJ_FORMAT_ALIGN == 0);
	must(strnlen(h->kernel_release, KJ_RELEASE_MAX) < KJ_RELEASE_MAX);
	must(kj_get32(h->cipher) <= KJ_CIPHER_XCHACHA20);
	if (blocks == 0)
		return;
	must(kj_get64(h->index_last) >= KJ_DATA_START);
	must(kj_get64(h->index_last) + KJ_INDEX_SIZE <= stored);
	must(blocks * KJ_INDEX_SIZE <= stored);
}

/* Which header counts, worked out once more. */
static const struct kj_header *best_of(const struct kj_header *copies, uint64_t size)
{
	const struct kj_header *best = NULL;
	const char *reason;

	for (int i = 0; i < 2; i++) {
		struct kj_header h = copies[i];
		int r = kj_header_check(&h, size, &reason);

		must(r == 0 || r == -ENODATA || r == -EBADMSG);
		must(r == 0 || strlen(reason) > 10);
		if (r < 0)
			continue;
		check_accepted(&h, size);
		if (!best || kj_get64(h.generation) > kj_get64(best->generation))
			best = &copies[i];
	}
	return best;
}

static void try_reader(const struct kj_store *store, uint32_t state)
{
	struct kj_reader *reader = NULL;
	struct kj_error error = { "" };
	int r = kj_reader_open(store, NULL, &reader, &error);

	must(r <= 0);
	must(r == 0 || strlen(error.text) > 10);
	if (r == 0)
		must(state == KJ_HEADER_VALID || state == KJ_HEADER_SNAPSHOT);
	kj_reader_close(reader);
}

static void must_be(const struct kj_store *store, enum kj_image_state state)
{
	struct kj_image_info info;
	struct kj_error error;

	must(kj_image_probe(store, &info, &error) == 0);
	must(info.state == state);
}

/* A header that counts can be used once, and be taken back. */
static void try_states(const struct kj_store *store, uint32_t state, uint64_t generation)
{
	struct kj_error error = { "" };
	int r = kj_image_claim(store, &error);

	if (generation > KJ_GENERATION_MAX - 2)
		return;
	must(r == (state == KJ_HEADER_VALID ? 0 : -ENODATA));
	if (r == 0)
		must_be(store, KJ_IMAGE_CLAIMED);
	must(kj_image_claim(store, &error) == -ENODATA);
	must(kj_image_discard(store, &error) == 0);
	must_be(store, KJ_IMAGE_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int flags = take8(&in);
	uint16_t len = take16(&in);
	struct fuzz_store s;
	struct kj_header *copies;
	const struct kj_header *best;
	uint64_t generation = 0;
	uint32_t state = KJ_HEADER_NONE;

	fuzz_store_init(&s, KJ_DATA_START, flags & LARGE ? STORE_SIZE : 1 << 20);
	copies = (struct kj_header *)s.bytes;
	take_copy(&in, &copies[0], len, flags, FIX_0);
	take_copy(&in, &copies[1], sizeof(*copies), flags, FIX_1);
	if (flags & TWINS)
		copies[1] = copies[0];
	best = best_of(copies, s.store.size);
	if (best) {
		state = kj_get32(best->state);
		generation = kj_get64(best->generation);
	}
	must_be(&s.store, (enum kj_image_state)state);
	try_reader(&s.store, state);
	try_states(&s.store, state, generation);
	fuzz_store_done(&s);
	return 0;
}
