/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk in memory that can fail and remembers, as a struct kj_store.
 */
#ifndef KJ_UNIT_DISK_H
#define KJ_UNIT_DISK_H

#include <pthread.h>

#include "kj-image.h"

enum disk_op_kind { DISK_WRITE, DISK_FLUSH };

struct disk_op {
	enum disk_op_kind kind;
	uint64_t offset;
	size_t len;
	uint8_t *data;
};

struct disk {
	struct kj_store store;
	uint8_t *bytes;
	pthread_mutex_t lock;
	unsigned int writes, reads, flushes;

	/* Fail the n-th one, counted from 1, with this errno; 0: never. */
	unsigned int fail_write, fail_read, fail_flush;
	int fail_with;
	bool fail_all_after;		/* and all that follow */

	bool record;
	struct disk_op *ops;
	size_t n_ops;
};

/* All zero. */
struct disk *disk_new(uint64_t size);
void disk_free(struct disk *disk);

/* Forget counters, failures and record; keep the bytes. */
void disk_reset(struct disk *disk);

#endif /* KJ_UNIT_DISK_H */
