// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who can open images, as B gets it with the call: with what is accepted a key
 * can be made, and the header that says so is accepted, too.
 *
 *      flags | recipient
 */
#include <errno.h>

#include "fuzz.h"
#include "kj-format.h"
#include "kj-key.h"

enum { FIX = 1, MAGIC = 2, NO_KEY = 4 };

static void fix(uint8_t *bytes, size_t len, unsigned int flags)
{
	struct kj_recipient *r = (void *)bytes;

	if (len < sizeof(*r))
		return;
	if (flags & MAGIC) {
		memcpy(r->magic, KJ_RECIPIENT_MAGIC, sizeof(r->magic));
		r->version = kj_le32_of(KJ_RECIPIENT_VERSION);
	}
	if (flags & FIX)
		fix_checksum(r, sizeof(*r), offsetof(struct kj_recipient, checksum));
}

static void check_header_with(const struct kj_slot *slot, enum kj_cipher cipher)
{
	struct kj_header h = { .slot = *slot };
	const char *reason;

	h.state = kj_le32_of(KJ_HEADER_VALID);
	h.store_size = h.bytes_stored = kj_le64_of(KJ_DATA_START);
	h.cipher = kj_le32_of(cipher);
	kj_header_seal(&h);
	must(kj_header_check(&h, KJ_DATA_START, &reason) == 0);
}

static void check_accepted(const struct kj_recipient *recipient)
{
	static const struct kj_recipient zero;
	uint64_t memory = kj_get64(recipient->vault.memory);

	if (kj_get32(recipient->lock) == KJ_LOCK_PASSPHRASE) {
		must(memory >= 8192 && memory <= KJ_VAULT_MEMORY_MAX);
		return;
	}
	must(kj_get32(recipient->lock) == KJ_LOCK_KEYFILE);
	must(memcmp(recipient->public_key, zero.public_key, sizeof(zero.public_key)) == 0);
	must(memcmp(&recipient->vault, &zero.vault, sizeof(zero.vault)) == 0);
}

static void try_key(const struct kj_recipient *recipient)
{
	static const uint8_t image_id[16] = { 1, 2, 3 };
	struct kj_error error = { "" };
	struct kj_key *key = NULL;
	enum kj_cipher cipher;
	struct kj_slot slot;
	int r = kj_key_new(recipient, image_id, &cipher, &slot, &key, &error);

	must(r == 0 || strlen(error.text) > 10);
	if (r < 0) {
		/* A few public keys are of small order. */
		must(r == -EINVAL && !key);
		return;
	}
	must(key);
	check_header_with(&slot, cipher);
	kj_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int flags = take8(&in);
	size_t len = in.left;
	uint8_t *bytes = malloc(len ? len : 1);
	const char *reason = "";
	int r;

	must(bytes);
	take(&in, bytes, len);
	fix(bytes, len, flags);
	r = kj_recipient_check(bytes, len, &reason);
	must(r == 0 || (r == -EBADMSG && strlen(reason) > 10));
	if (r == 0)
		check_accepted((const void *)bytes);
	if (r == 0 && !(flags & NO_KEY))
		try_key((const void *)bytes);
	free(bytes);
	return 0;
}
