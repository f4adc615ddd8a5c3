// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers that A knows of itself and B cannot see: B has been told to leave
 * A's memory alone, and its own files do not include A's.
 *
 * Runs in kernel A.
 */
#include <endian.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "kj-image.h"
#include "kj-iomem.h"
#include "kj-meminfo.h"
#include "memory.h"

uint64_t kj_memory_used(void)
{
	uint64_t all = kj_ram().pages * KJ_PAGE_SIZE;
	struct kj_meminfo now = { 0 };

	(void)kj_meminfo_read(&now);
	return all > now.free << 10 ? all - (now.free << 10) : 0;
}

/* The bytes of an id as two words, so that they travel in order. */
static void put_id(uint64_t words[2], const sd_id128_t *id)
{
	memcpy(words, id->bytes, sizeof(id->bytes));
	words[0] = le64toh(words[0]);
	words[1] = le64toh(words[1]);
}

void kj_memory_identity(uint64_t words[KJ_IDENTITY_WORDS])
{
	sd_id128_t id;

	memset(words, 0, KJ_IDENTITY_WORDS * sizeof(*words));
	words[0] = kj_ram().pages;
	if (sd_id128_get_machine(&id) >= 0)
		put_id(words + 1, &id);
	if (sd_id128_get_boot(&id) >= 0)
		put_id(words + 3, &id);
}
