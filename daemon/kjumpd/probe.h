/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libblkid in a sandbox.
 */
#ifndef KJ_PROBE_H
#define KJ_PROBE_H

#include <stdbool.h>
#include <sys/types.h>

#include "reason.h"

#define KJ_PROBE_VALUE_MAX 128

/* Values are "" where there is none. */
struct kj_probe {
	bool ambiguous;			/* several signatures that exclude each other */
	char part_uuid[KJ_PROBE_VALUE_MAX];	/* of its partition table entry */
	char part_label[KJ_PROBE_VALUE_MAX];
	char uuid[KJ_PROBE_VALUE_MAX];		/* of what is on it */
	char label[KJ_PROBE_VALUE_MAX];
	char type[KJ_PROBE_VALUE_MAX];		/* "ext4" */
	char usage[KJ_PROBE_VALUE_MAX];		/* "filesystem" */
	char table[KJ_PROBE_VALUE_MAX];		/* "gpt" */
};

/**
 * kj_probe() - what is on a block device?
 * @fd: open for reading
 * @devno: its number
 * @path: for messages
 *
 * Return: 0, or -errno with @reason.
 */
int kj_probe(int fd, dev_t devno, const char *path, struct kj_probe *ret,
	     struct kj_reason *reason);

#endif /* KJ_PROBE_H */
