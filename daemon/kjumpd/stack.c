// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Layer by layer:
 *
 *      file         |--0--|--1--|
 *      LV           ...|--1--|.......|--0--|...     linear, two segments
 *      crypt        ......|--1--|.......|--0--|     all of it, moved
 *      partition    ...........|--1--|.......|--0--|
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "dmtable.h"
#include "kj-cleanup.h"
#include "stack.h"

#define LAYERS_MAX 16

/* What has to be assembled before it is there; B and C cannot do that. */
static int check_lowest(const char *path, dev_t devno, struct kj_reason *reason)
{
	static const char *const kinds[][2] = {
		{ "md", "a RAID device" },
		{ "loop", "a loop device" },
		{ "bcache", "a bcache device" },
	};
	char name[96];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(name, sizeof(name), "/sys/dev/block/%u:%u/%s",
			 major(devno), minor(devno), kinds[i][0]);
		if (access(name, F_OK) == 0)
			return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET,
					     "The target %s is on %s: use a partition, or a linear logical volume",
					     path, kinds[i][1]);
	}
	return 0;
}

static const struct kj_dm_segment *find_segment(const struct kj_dm_table *table, uint64_t at)
{
	for (uint32_t i = 0; i < table->n; i++)
		if (at >= table->list[i].start &&
		    at - table->list[i].start < table->list[i].length)
			return &table->list[i];
	return NULL;
}

/* One run of bytes, which may lie in several segments. */
static int map_run(const char *path, const struct kj_dm_table *table, uint64_t start,
		   uint64_t length, struct kj_extents *below, struct kj_stack *stack,
		   struct kj_reason *reason)
{
	while (length) {
		const struct kj_dm_segment *s = find_segment(table, start);
		uint64_t skip = s ? start - s->start : 0;
		uint64_t n = s && s->length - skip < length ? s->length - skip : length;

		if (!s)
			return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
					     "The target %s reaches beyond its volume", path);
		if (stack->devno && stack->devno != s->on)
			return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET,
					     "The target %s lies on more than one disk: move it onto one (pvmove), or use a partition",
					     path);
		if ((s->offset + skip) % KJ_TARGET_ALIGN || n % KJ_TARGET_ALIGN)
			return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
					     "The target %s is not aligned to 4096 bytes on the disk: use a partition",
					     path);
		if (kj_extents_append(below, s->offset + skip, n) < 0)
			return kj_reason_set(reason, EFBIG, KJ_WHY_TARGET,
					     "The target %s is in too many pieces on the disk: make a new one",
					     path);
		stack->devno = s->on;
		stack->crypt |= s->crypt;
		start += n;
		length -= n;
	}
	return 0;
}

static int one_down(const char *path, struct kj_stack *stack, struct kj_extents *extents,
		    struct kj_reason *reason)
{
	kj_autofree struct kj_dm_table *table = malloc(sizeof(*table));
	kj_autofree struct kj_extents *below = calloc(1, sizeof(*below));
	dev_t devno = stack->devno;
	int r;

	if (!table || !below)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	r = kj_dm_read(devno, path, table, reason);
	stack->devno = 0;
	for (uint32_t i = 0; r == 0 && i < extents->n; i++)
		r = map_run(path, table, extents->list[i].start, extents->list[i].length,
			    below, stack, reason);
	if (r == 0)
		*extents = *below;
	return r;
}

int kj_stack_resolve(const char *path, dev_t devno, struct kj_extents *extents,
		     struct kj_stack *ret, struct kj_reason *reason)
{
	struct kj_stack stack = { .devno = devno };
	int r;

	for (int layers = 0; kj_dm_is_volume(stack.devno); layers++) {
		if (layers == LAYERS_MAX)
			return kj_reason_set(reason, ELOOP, KJ_WHY_TARGET,
					     "The target %s lies on more than %d layers of volumes",
					     path, LAYERS_MAX);
		r = one_down(path, &stack, extents, reason);
		if (r < 0)
			return r;
		stack.stacked = true;
	}
	r = check_lowest(path, stack.devno, reason);
	if (r == 0)
		*ret = stack;
	return r;
}
