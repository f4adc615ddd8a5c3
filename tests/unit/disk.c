// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disk in memory.
 *
 * It checks what the engine promises every store: aligned requests inside its
 * bounds.  It can fail its n-th request and can record all of them, so that a
 * test can ask what a power cut between any two would have left.
 */
#include "disk.h"
#include "unit.h"

static void check_request(const struct disk *disk, uint64_t offset, const void *buf,
			  size_t len)
{
	assert_int_equal(offset % KJ_STORE_ALIGN, 0);
	assert_int_equal(len % KJ_STORE_ALIGN, 0);
	assert_int_equal((uintptr_t)buf % KJ_STORE_ALIGN, 0);
	assert_true(offset + len <= disk->store.size);
}

static bool fails(const struct disk *disk, unsigned int count, unsigned int at)
{
	return at && (count == at || (disk->fail_all_after && count > at));
}

static void remember(struct disk *disk, enum disk_op_kind kind, uint64_t offset,
		     const void *buf, size_t len)
{
	struct disk_op *op;

	if (!disk->record)
		return;
	disk->ops = realloc(disk->ops, (disk->n_ops + 1) * sizeof(*op));
	op = &disk->ops[disk->n_ops++];
	*op = (struct disk_op) { kind, offset, len, len ? malloc(len) : NULL };
	if (len)
		memcpy(op->data, buf, len);
}

static int disk_read(void *ctx, uint64_t offset, void *buf, size_t len)
{
	struct disk *disk = ctx;
	int r = 0;

	check_request(disk, offset, buf, len);
	pthread_mutex_lock(&disk->lock);
	if (fails(disk, ++disk->reads, disk->fail_read))
		r = -disk->fail_with;
	else
		memcpy(buf, disk->bytes + offset, len);
	pthread_mutex_unlock(&disk->lock);
	return r;
}

static int disk_write(void *ctx, uint64_t offset, const void *buf, size_t len)
{
	struct disk *disk = ctx;
	int r = 0;

	check_request(disk, offset, buf, len);
	pthread_mutex_lock(&disk->lock);
	if (fails(disk, ++disk->writes, disk->fail_write)) {
		r = -disk->fail_with;
	} else {
		memcpy(disk->bytes + offset, buf, len);
		remember(disk, DISK_WRITE, offset, buf, len);
	}
	pthread_mutex_unlock(&disk->lock);
	return r;
}

static int disk_flush(void *ctx)
{
	struct disk *disk = ctx;
	int r = 0;

	pthread_mutex_lock(&disk->lock);
	if (fails(disk, ++disk->flushes, disk->fail_flush))
		r = -disk->fail_with;
	else
		remember(disk, DISK_FLUSH, 0, NULL, 0);
	pthread_mutex_unlock(&disk->lock);
	return r;
}

struct disk *disk_new(uint64_t size)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	disk->bytes = calloc(1, size);
	pthread_mutex_init(&disk->lock, NULL);
	disk->fail_with = EIO;
	disk->store = (struct kj_store) { disk, size, disk_read, disk_write, disk_flush };
	return disk;
}

static void forget_ops(struct disk *disk)
{
	for (size_t i = 0; i < disk->n_ops; i++)
		free(disk->ops[i].data);
	free(disk->ops);
	disk->ops = NULL;
	disk->n_ops = 0;
}

void disk_reset(struct disk *disk)
{
	forget_ops(disk);
	disk->writes = disk->reads = disk->flushes = 0;
	disk->fail_write = disk->fail_read = disk->fail_flush = 0;
	disk->fail_with = EIO;
	disk->fail_all_after = false;
	disk->record = false;
}

void disk_free(struct disk *disk)
{
	forget_ops(disk);
	pthread_mutex_destroy(&disk->lock);
	free(disk->bytes);
	free(disk);
}
