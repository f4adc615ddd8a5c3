// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scene as B gets it with the call: what is accepted has texts that end,
 * and an image with these file systems has a header that is accepted, too.
 *
 *      flags | scene
 */
#include <errno.h>

#include "fuzz.h"
#include "kj-format.h"

enum { FIX = 1, MAGIC = 2, LENGTH = 4 };

/* Return: the length that the scene says, with LENGTH. */
static size_t fix(struct kj_scene *s, size_t len, unsigned int flags)
{
	if (len < kj_scene_size(0))
		return len;
	if (flags & MAGIC) {
		memcpy(s->magic, KJ_SCENE_MAGIC, sizeof(s->magic));
		s->version = kj_le32_of(KJ_SCENE_VERSION);
	}
	if (flags & LENGTH) {
		s->n_prints = kj_le32_of(kj_get32(s->n_prints) % (KJ_PRINTS_MAX + 1));
		len = kj_scene_size(kj_get32(s->n_prints));
	}
	if (flags & FIX)
		fix_checksum(s, len, offsetof(struct kj_scene, checksum));
	return len;
}

static void check_header_with(const struct kj_scene *s)
{
	struct kj_header h = { 0 };
	const char *reason;

	h.state = kj_le32_of(KJ_HEADER_VALID);
	h.store_size = h.bytes_stored = kj_le64_of(KJ_DATA_START);
	h.n_prints = s->n_prints;
	h.features = kj_le32_of(kj_get32(s->n_prints) ? KJ_FEATURE_PRINTS : 0);
	memcpy(h.prints, s->prints, kj_get32(s->n_prints) * sizeof(*s->prints));
	kj_header_seal(&h);
	must(kj_header_check(&h, KJ_DATA_START, &reason) == 0);
}

static void check_accepted(const struct kj_scene *s)
{
	must(kj_get32(s->n_prints) <= KJ_PRINTS_MAX);
	for (uint32_t i = 0; i < kj_get32(s->n_prints); i++) {
		const struct kj_print *p = &s->prints[i];

		must(kj_print_rule(p) >= KJ_PRINT_EXT && kj_print_rule(p) <= KJ_PRINT_BLOCKS);
		must(kj_get16(p->grade) <= KJ_GRADE_EXACT);
		must(strnlen(p->tag, sizeof(p->tag)) < sizeof(p->tag));
		must(strnlen(p->type, sizeof(p->type)) < sizeof(p->type));
		must(strnlen(p->where, sizeof(p->where)) < sizeof(p->where));
	}
	check_header_with(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int flags = take8(&in);
	size_t len = in.left;
	struct kj_scene *scene = calloc(1, len > sizeof(*scene) ? len : sizeof(*scene));
	const char *reason = "";
	int r;

	must(scene);
	take(&in, scene, len);
	len = fix(scene, len, flags);
	r = kj_scene_check(scene, len, &reason);
	must(r == 0 || (r == -EBADMSG && strlen(reason) > 10));
	if (r == 0)
		check_accepted(scene);
	free(scene);
	return 0;
}
