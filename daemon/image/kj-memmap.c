// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's memory map as a digest.  A takes it when it hibernates, C
 * before it resumes: memory of A may be no RAM any more where that differs.
 *
 *      /sys/firmware/memmap/0/{start,end,type}     one line each
 *      /sys/firmware/memmap/1/...
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-memmap.h"

static int add_file(crypto_generichash_state *state, const char *path, unsigned int entry,
		    const char *name)
{
	kj_autofree char *line = NULL;
	char file[256];
	int r;

	snprintf(file, sizeof(file), "%s/%u/%s", path, entry, name);
	r = kj_read_line(file, &line);
	if (r < 0)
		return r;
	crypto_generichash_update(state, (const uint8_t *)line, strlen(line) + 1);
	return 0;
}

void kj_memmap_digest(const char *path, uint8_t *ret)
{
	crypto_generichash_state state;
	unsigned int n = 0;

	memset(ret, 0, KJ_MEMMAP_DIGEST_SIZE);
	crypto_generichash_init(&state, NULL, 0, KJ_MEMMAP_DIGEST_SIZE);
	while (add_file(&state, path, n, "start") == 0 &&
	       add_file(&state, path, n, "end") == 0 &&
	       add_file(&state, path, n, "type") == 0)
		n++;
	if (n > 0)
		crypto_generichash_final(&state, ret, KJ_MEMMAP_DIGEST_SIZE);
}
