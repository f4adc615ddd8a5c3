// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The few numbers of /proc/meminfo and /proc/zoneinfo by which A and C tell
 * whether both fit into RAM.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-meminfo.h"

#define PAGE_KIB 4u

static const struct {
	const char *key;
	size_t offset;
} fields[] = {
	{ "MemFree",      offsetof(struct kj_meminfo, free) },
	{ "Buffers",      offsetof(struct kj_meminfo, buffers) },
	{ "Cached",       offsetof(struct kj_meminfo, cached) },
	{ "Mapped",       offsetof(struct kj_meminfo, mapped) },
	{ "AnonPages",    offsetof(struct kj_meminfo, anonymous) },
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

uint64_t kj_zoneinfo_parse(FILE *file)
{
	uint64_t pages = 0, n;
	char line[128];

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %" SCNu64, &n) == 1)
			pages += n;
	return pages * PAGE_KIB;
}

int kj_meminfo_read(struct kj_meminfo *ret)
{
	kj_cleanup(fclose) FILE *file = fopen("/proc/meminfo", "re");
	kj_cleanup(fclose) FILE *zones = NULL;
	int r;

	if (!file)
		return -errno;
	r = kj_meminfo_parse(file, ret);
	if (r < 0)
		return r;
	zones = fopen("/proc/zoneinfo", "re");
	if (zones)
		ret->free += kj_zoneinfo_parse(zones);
	return 0;
}
