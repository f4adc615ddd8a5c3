// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The few numbers of /proc/meminfo by which A and C tell whether both fit into
 * RAM.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-meminfo.h"

static const struct {
	const char *key;
	size_t offset;
} fields[] = {
	{ "MemFree",      offsetof(struct kj_meminfo, free) },
	{ "Buffers",      offsetof(struct kj_meminfo, buffers) },
	{ "Cached",       offsetof(struct kj_meminfo, cached) },
	{ "Mapped",       offsetof(struct kj_meminfo, mapped) },
	{ "SReclaimable", offsetof(struct kj_meminfo, reclaimable) },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

int kj_meminfo_parse(FILE *file, struct kj_meminfo *ret)
{
	struct kj_meminfo info = { 0 };
	unsigned int seen = 0;
	char line[128], key[64];
	uint64_t kib;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63[^:]: %" SCNu64 " kB", key, &kib) != 2)
			continue;
		for (size_t i = 0; i < N_FIELDS; i++)
			if (strcmp(key, fields[i].key) == 0) {
				*(uint64_t *)((char *)&info + fields[i].offset) = kib;
				seen |= 1u << i;
			}
	}
	if (seen != (1u << N_FIELDS) - 1)
		return -EBADMSG;
	*ret = info;
	return 0;
}

int kj_meminfo_read(struct kj_meminfo *ret)
{
	kj_cleanup(fclose) FILE *file = fopen("/proc/meminfo", "re");

	return file ? kj_meminfo_parse(file, ret) : -errno;
}
