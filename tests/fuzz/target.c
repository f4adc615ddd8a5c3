// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A target description from an initramfs or a call's blob: what is accepted
 * maps every byte of the store into the device, once.
 *
 *      flags | offset to map | description
 */
#include <errno.h>

#include "fuzz.h"
#include "kj-target.h"

enum { FIX = 1, MAGIC = 2, EXTENTS = 4 };

static void fix(uint8_t *bytes, size_t len, unsigned int flags)
{
	struct kj_target *t = (void *)bytes;

	if (len < sizeof(*t))
		return;
	if (flags & MAGIC) {
		memcpy(t->magic, KJ_TARGET_MAGIC, sizeof(t->magic));
		t->version = kj_le32_of(KJ_TARGET_VERSION);
	}
	if (flags & EXTENTS)
		t->n_extents = kj_le32_of((uint32_t)((len - sizeof(*t)) / sizeof(t->extents[0])));
	if (flags & FIX)
		fix_checksum(t, len, offsetof(struct kj_target, checksum));
}

static void must_map(const struct kj_target *t, uint64_t offset, uint64_t size)
{
	uint64_t device = kj_get64(t->device_size), at, n;
	int r = kj_target_map(t, offset, &at, &n);

	must(r == (offset < size ? 0 : -ERANGE));
	if (r == 0)
		must(n > 0 && n <= size - offset && n <= device && at <= device - n);
}

/* From extent to extent. */
static void walk(const struct kj_target *t, uint64_t size)
{
	uint64_t at, n, sum = 0;

	while (sum < size) {
		must(kj_target_map(t, sum, &at, &n) == 0);
		must_map(t, sum, size);
		must_map(t, sum + n - 1, size);
		must(at % KJ_TARGET_ALIGN == 0 && n % KJ_TARGET_ALIGN == 0);
		sum += n;
	}
	must(sum == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int flags = take8(&in);
	uint64_t offset = take64(&in), store;
	size_t len = in.left;
	uint8_t *bytes = malloc(len ? len : 1);		/* ends where ASan looks */
	const struct kj_target *t = (const void *)bytes;
	const char *reason = "";
	int r;

	must(bytes);
	take(&in, bytes, len);
	fix(bytes, len, flags);
	r = kj_target_check(bytes, len, &reason);
	must(r == 0 || (r == -EBADMSG && strlen(reason) > 10));
	must(kj_target_check(bytes, len, NULL) == r);
	if (r == 0) {
		must(strnlen(t->tag, KJ_TARGET_TAG_MAX) < KJ_TARGET_TAG_MAX);
		store = kj_target_store_size(t);
		must(store > 0 && store <= kj_get64(t->device_size));
		walk(t, store);
		must_map(t, offset, store);
		must_map(t, store, store);
		must_map(t, UINT64_MAX, store);
	}
	free(bytes);
	return 0;
}
