// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only writer of headers: the states of a store.
 *
 *                    kj_commit_none                 kj_commit_image
 *      anything --------------------> NONE ------------+-----------> VALID
 *                                                      |
 *                                                      +-----------> SNAPSHOT
 *                     kj_image_claim
 *      VALID -----------------------> CLAIMED
 *                    kj_image_discard
 *      anything --------------------> NONE
 *
 * What holds at every moment, also after a power cut at that moment:
 *
 *  1. VALID or SNAPSHOT on the disk means that all of the image is on the
 *     disk: kj_commit_image() flushes data and index before it writes.
 *  2. Nothing behind the header is written while the disk says VALID:
 *     kj_commit_none() has returned, and it flushes.
 *  3. The copy with the higher generation counts.  The other copy is written
 *     first and flushed, so one whole copy is always there.
 *  4. No arrow leads from SNAPSHOT or CLAIMED to VALID.
 *  5. When kj_commit_image() fails, A goes on and must never be resumed from
 *     this image, though a part of its header may be on the disk: revoke().
 */
#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#include "commit.h"
#include "fail.h"
#include "store.h"

/* Both copies as they are on the disk. */
struct copies {
	alignas(KJ_HEADER_SIZE) struct kj_header copy[KJ_HEADER_COPIES];
	int result[KJ_HEADER_COPIES];		/* of kj_header_check() */
	const char *reason[KJ_HEADER_COPIES];
	int best;				/* index, or -1 */
};

static int load_copies(const struct kj_store *store, struct copies *c,
		       struct kj_error *error)
{
	int r;

	if (store->size < KJ_DATA_START || store->size > KJ_STORE_SIZE_MAX)
		return kj_fail(error, -ENOSPC, "a target of %" PRIu64
			       " bytes cannot hold an image", store->size);
	r = kj_store_read(store, 0, c->copy, sizeof(c->copy), error);
	if (r < 0)
		return r;

	c->best = -1;
	for (int i = 0; i < (int)KJ_HEADER_COPIES; i++) {
		c->result[i] = kj_header_check(&c->copy[i], store->size, &c->reason[i]);
		if (c->result[i] == 0 &&
		    (c->best < 0 || kj_get64(c->copy[i].generation) >
				    kj_get64(c->copy[c->best].generation)))
			c->best = i;
	}
	return 0;
}

/* The copy that does not count first, so that the other one stays whole. */
static int write_copies(const struct kj_store *store, const struct copies *now,
			struct kj_header *h, struct kj_error *error)
{
	uint64_t generation = 0;
	uint64_t first = now->best == 0 ? 1 : 0;
	int r;

	if (now->best >= 0)
		generation = kj_get64(now->copy[now->best].generation);
	if (generation >= KJ_GENERATION_MAX)
		return kj_fail(error, -EOVERFLOW, "the header's generation is at its end; "
			       "overwrite the target's first 8192 bytes with zeros");
	h->generation = kj_le64_of(generation + 1);
	kj_header_seal(h);

	for (uint64_t i = 0; i < KJ_HEADER_COPIES; i++) {
		r = kj_store_write(store, (first ^ i) * KJ_HEADER_SIZE, h, sizeof(*h), error);
		if (r < 0)
			return r;
		r = kj_store_flush(store, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int no_header(const struct copies *c, struct kj_error *error)
{
	for (uint32_t i = 0; i < KJ_HEADER_COPIES; i++)
		if (c->result[i] != -ENODATA)
			return kj_fail(error, -EBADMSG, "the image is damaged: %s",
				       c->reason[i]);
	return kj_fail(error, -ENODATA, "there is no image");
}

int kj_commit_load(const struct kj_store *store, struct kj_header *ret,
		   struct kj_error *error)
{
	struct copies c;
	int r;

	r = load_copies(store, &c, error);
	if (r < 0)
		return r;
	if (c.best < 0)
		return no_header(&c, error);
	*ret = c.copy[c.best];
	return 0;
}

/* It says how much an older image has left behind, and whether in plain. */
static int write_none(const struct kj_store *store, const struct copies *c,
		      struct kj_error *error)
{
	alignas(KJ_HEADER_SIZE) struct kj_header h;

	memset(&h, 0, sizeof(h));
	h.state = kj_le32_of(KJ_HEADER_NONE);
	if (c->best >= 0) {
		h.bytes_stored = c->copy[c->best].bytes_stored;
		h.created_usec = c->copy[c->best].created_usec;
		h.cipher = c->copy[c->best].cipher;
	}
	return write_copies(store, c, &h, error);
}

int kj_commit_none(const struct kj_store *store, struct kj_error *error)
{
	struct copies c;
	int r;

	r = load_copies(store, &c, error);
	if (r < 0)
		return r;
	return write_none(store, &c, error);
}

/* Writes "no image" over a header that failed half-way.  One copy is enough,
 * since its generation is the highest.  Return: whether one is on the disk. */
static bool revoke(const struct kj_store *store, const struct kj_header *failed)
{
	alignas(KJ_HEADER_SIZE) struct kj_header h;
	bool done = false;

	memset(&h, 0, sizeof(h));
	h.state = kj_le32_of(KJ_HEADER_NONE);
	h.generation = kj_le64_of(kj_get64(failed->generation) + 1);
	kj_header_seal(&h);
	for (uint64_t i = 0; i < KJ_HEADER_COPIES; i++)
		if (kj_store_write(store, i * KJ_HEADER_SIZE, &h, sizeof(h), NULL) == 0 &&
		    kj_store_flush(store, NULL) == 0)
			done = true;
	return done;
}

int kj_commit_image(const struct kj_store *store, struct kj_header *h,
		    struct kj_error *error)
{
	alignas(KJ_HEADER_SIZE) struct kj_header block;
	struct copies c;
	int r;

	r = kj_store_flush(store, error);
	if (r < 0)
		return r;
	r = load_copies(store, &c, error);
	if (r < 0)
		return r;
	block = *h;
	r = write_copies(store, &c, &block, error);
	if (r < 0 && kj_get64(block.generation) && !revoke(store, &block))
		return kj_fail(error, r, "the image's header could neither be written nor "
			       "taken back: %s; discard the image before the next boot",
			       strerror(-r));
	if (r == 0)
		*h = block;
	return r;
}

int kj_image_probe(const struct kj_store *store, struct kj_image_info *ret_info,
		   struct kj_error *error)
{
	struct kj_header h;
	int r;

	r = kj_commit_load(store, &h, error);
	if (r == -ENODATA || r == -EBADMSG) {
		memset(ret_info, 0, sizeof(*ret_info));
		return 0;
	}
	if (r < 0)
		return r;
	kj_header_to_info(&h, ret_info);
	if (ret_info->state == KJ_IMAGE_NONE)
		kj_fail(error, 0, "there is no image");
	return 0;
}

/* A store that never had a header is left alone: it may be somebody's. */
int kj_image_discard(const struct kj_store *store, struct kj_error *error)
{
	struct copies c;
	int r;

	r = load_copies(store, &c, error);
	if (r < 0)
		return r;
	if (c.best < 0 && no_header(&c, NULL) == -ENODATA)
		return 0;
	return write_none(store, &c, error);
}

int kj_image_claim(const struct kj_store *store, struct kj_error *error)
{
	static const char *const why_not[] = {
		[KJ_HEADER_NONE]     = "there is no image",
		[KJ_HEADER_SNAPSHOT] = "the image is a snapshot, made by a test; "
				       "it must never be resumed",
		[KJ_HEADER_CLAIMED]  = "the image was used by an earlier resume",
	};
	alignas(KJ_HEADER_SIZE) struct kj_header h;
	struct copies c;
	int r;

	r = load_copies(store, &c, error);
	if (r < 0)
		return r;
	if (c.best < 0) {
		no_header(&c, error);
		return -ENODATA;
	}
	h = c.copy[c.best];
	if (kj_get32(h.state) != KJ_HEADER_VALID)
		return kj_fail(error, -ENODATA, "%s", why_not[kj_get32(h.state)]);
	h.state = kj_le32_of(KJ_HEADER_CLAIMED);
	return write_copies(store, &c, &h, error);
}

void kj_identity_to_header(const struct kj_identity *id, struct kj_header *h)
{
	_Static_assert(sizeof(id->kernel_release) <= sizeof(h->kernel_release), "fits");

	memcpy(h->kernel_release, id->kernel_release,
	       strnlen(id->kernel_release, sizeof(id->kernel_release) - 1));
	memcpy(h->machine_id, id->machine_id, sizeof(h->machine_id));
	memcpy(h->boot_id, id->boot_id, sizeof(h->boot_id));
	memcpy(h->memory_map_digest, id->memory_map_digest, sizeof(h->memory_map_digest));
	h->ram_pages = kj_le64_of(id->ram_pages);
	h->entry = kj_le64_of(id->entry);
	h->max_pfn = kj_le64_of(id->max_pfn);
}

void kj_header_to_info(const struct kj_header *h, struct kj_image_info *ret)
{
	struct kj_identity *id = &ret->identity;

	memset(ret, 0, sizeof(*ret));
	ret->state = (enum kj_image_state)kj_get32(h->state);
	ret->generation = kj_get64(h->generation);
	memcpy(ret->image_id, h->image_id, sizeof(ret->image_id));
	ret->created_usec = kj_get64(h->created_usec);
	ret->pages = kj_get64(h->pages);
	ret->zero_pages = kj_get64(h->zero_pages);
	ret->word_pages = kj_get64(h->word_pages);
	ret->bytes_stored = kj_get64(h->bytes_stored);
	ret->write_usec = kj_get64(h->write_usec);
	ret->chunks = kj_get64(h->chunks);
	ret->cipher = (enum kj_cipher)kj_get32(h->cipher);
	ret->slot = h->slot;
	ret->n_prints = kj_get32(h->n_prints);
	memcpy(ret->prints, h->prints, sizeof(ret->prints));

	memcpy(id->kernel_release, h->kernel_release, sizeof(id->kernel_release) - 1);
	memcpy(id->machine_id, h->machine_id, sizeof(id->machine_id));
	memcpy(id->boot_id, h->boot_id, sizeof(id->boot_id));
	memcpy(id->memory_map_digest, h->memory_map_digest, sizeof(id->memory_map_digest));
	id->ram_pages = kj_get64(h->ram_pages);
	id->entry = kj_get64(h->entry);
	id->max_pfn = kj_get64(h->max_pfn);
}

_Static_assert((int)KJ_IMAGE_NONE == KJ_HEADER_NONE &&
	       (int)KJ_IMAGE_VALID == KJ_HEADER_VALID &&
	       (int)KJ_IMAGE_SNAPSHOT == KJ_HEADER_SNAPSHOT &&
	       (int)KJ_IMAGE_CLAIMED == KJ_HEADER_CLAIMED, "states are the disk's");
