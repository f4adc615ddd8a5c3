// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is on a device is asked of libblkid and never guessed, and libblkid is
 * asked in a child that can do nothing else (sandbox.c).
 *
 * libblkid would find the entry of a partition by opening its disk, which the
 * child cannot do; so the disk is opened here, and the child reads the
 * partition table from that.
 *
 * Runs in kernel A.
 */
#include <blkid.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "probe.h"
#include "sandbox.h"

struct look {
	int fd, disk_fd;		/* disk_fd < 0: it is no partition */
	int part_number;
	blkid_probe probe, disk_probe;	/* the child's */
};

_Static_assert(sizeof(struct kj_probe) <= KJ_SANDBOX_RESULT_MAX, "fits an answer");

/* ---- in the child -------------------------------------------------------- */

static int prepare(void *ctx)
{
	struct look *look = ctx;

	look->probe = blkid_new_probe();
	errno = EIO;
	if (!look->probe || blkid_probe_set_device(look->probe, look->fd, 0, 0) != 0)
		return -errno;
	if (look->disk_fd < 0)
		return 0;
	look->disk_probe = blkid_new_probe();
	errno = EIO;
	if (!look->disk_probe ||
	    blkid_probe_set_device(look->disk_probe, look->disk_fd, 0, 0) != 0)
		return -errno;
	return 0;
}

static void copy(char *to, const char *value)
{
	if (value)
		snprintf(to, KJ_PROBE_VALUE_MAX, "%s", value);
}

static void copy_value(blkid_probe probe, const char *name, char *to)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) == 0)
		copy(to, value);
}

/* No partition table, or none with this entry (made by partx): no value. */
static void find_entry(const struct look *look, struct kj_probe *ret)
{
	blkid_partlist list;
	blkid_partition entry;

	blkid_probe_enable_partitions(look->disk_probe, 1);
	list = blkid_probe_get_partitions(look->disk_probe);
	entry = list ? blkid_partlist_get_partition_by_partno(list, look->part_number) : NULL;
	if (!entry)
		return;
	copy(ret->part_uuid, blkid_partition_get_uuid(entry));
	copy(ret->part_label, blkid_partition_get_name(entry));
}

static int work(void *ctx, void *result)
{
	const struct look *look = ctx;
	struct kj_probe *ret = result;
	int r;

	blkid_probe_enable_superblocks(look->probe, 1);
	blkid_probe_set_superblocks_flags(look->probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID |
					  BLKID_SUBLKS_LABEL | BLKID_SUBLKS_USAGE);
	blkid_probe_enable_partitions(look->probe, 1);
	errno = EIO;
	r = blkid_do_safeprobe(look->probe);
	if (r == -1)
		return -errno;
	ret->ambiguous = r == -2;
	copy_value(look->probe, "UUID", ret->uuid);
	copy_value(look->probe, "LABEL", ret->label);
	copy_value(look->probe, "TYPE", ret->type);
	copy_value(look->probe, "USAGE", ret->usage);
	copy_value(look->probe, "PTTYPE", ret->table);
	if (look->disk_fd >= 0)
		find_entry(look, ret);
	return 0;
}

/* ---- in the parent ------------------------------------------------------- */

/* The disk of a partition: its number from /sys, its node from "DEVNAME=". */
static int open_disk(dev_t devno, int *ret_number)
{
	kj_autofree char *number = NULL, *uevent = NULL;
	char path[96], node[96] = "";
	char *name, *end;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition",
		 major(devno), minor(devno));
	if (kj_read_line(path, &number) < 0) {
		number = NULL;
		return -ENOENT;
	}
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../uevent",
		 major(devno), minor(devno));
	if (kj_read_file(path, 65536, &uevent, NULL) < 0) {
		uevent = NULL;
		return -ENOENT;
	}
	name = strstr(uevent, "DEVNAME=");
	if (!name)
		return -ENOENT;
	end = strchr(name, '\n');
	if (end)
		*end = '\0';
	snprintf(node, sizeof(node), "/dev/%s", name + strlen("DEVNAME="));
	*ret_number = atoi(number);
	return open(node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* A child that was taken over says what it likes, and labels are what their
 * owners liked: one line of text in any case. */
static void clean(char *value)
{
	value[KJ_PROBE_VALUE_MAX - 1] = '\0';
	for (; *value; value++)
		if (iscntrl((unsigned char)*value))
			*value = '?';
}

int kj_probe(int fd, dev_t devno, const char *path, struct kj_probe *ret,
	     struct kj_reason *reason)
{
	struct look look = { .fd = fd };
	kj_autoclose int disk_fd = open_disk(devno, &look.part_number);
	struct kj_probe found = { 0 };
	const struct kj_sandbox sandbox = {
		.what = path, .prepare = prepare, .work = work, .ctx = &look,
		.result = &found, .result_size = sizeof(found),
	};
	char *const values[][2] = {
		{ found.part_uuid, ret->part_uuid }, { found.part_label, ret->part_label },
		{ found.uuid, ret->uuid }, { found.label, ret->label },
		{ found.type, ret->type }, { found.usage, ret->usage },
		{ found.table, ret->table },
	};
	int r;

	look.disk_fd = disk_fd;
	*reason = (struct kj_reason){ 0 };
	r = kj_sandbox_run(&sandbox, reason);
	if (r < 0)
		return reason->error ? r : kj_reason_set(reason, r, KJ_WHY_TARGET,
							 "Cannot examine %s: %m", path);
	ret->ambiguous = *(const unsigned char *)&found.ambiguous != 0;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		clean(values[i][0]);
		strcpy(values[i][1], values[i][0]);
	}
	return 0;
}
