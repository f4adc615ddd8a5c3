// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The target that benchmarks write to.
 */
#include <stdlib.h>
#include <string.h>

#include "file.h"

struct kj_target *whole_file(uint64_t size)
{
	struct kj_target *t = calloc(1, kj_target_size(1));

	if (!t)
		return NULL;
	t->kind = kj_le32_of(KJ_TARGET_FILE);
	t->device_size = kj_le64_of(size);
	t->n_extents = kj_le32_of(1);
	t->extents[0].length = kj_le64_of(size);
	strcpy(t->tag, "UUID=bench");
	kj_target_seal(t);
	return t;
}
