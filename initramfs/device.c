// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the tag in a target description to an open block device.  Runs in
 * kernels B and C.
 *
 * Device names change from boot to boot and from kernel to kernel, so that A
 * passes a tag, and everybody looks for himself: walk /sys/class/block, skip
 * what has another size than the target had when it was configured, ask
 * libblkid for the tag of the rest.  The size comes first because it is free:
 * a probe reads the disk, and spins up what sleeps.
 *
 * Nothing is cached.  B was parked since who knows when, and A may have
 * partitioned the disk anew meanwhile: libblkid reads the partition table
 * from the disk and gives a partition's tag only when start and size in the
 * table are those this kernel knows, so that a stale partition is not found.
 * For the same reason what the page cache may still hold is dropped before a
 * probe (BLKFLSBUF).
 *
 * Two devices with one tag (a disk copied with dd, the paths of a multipath
 * device) are refused: writing to the wrong one destroys it.
 */
#include <blkid.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "device.h"
#include "fail.h"
#include "kj-cleanup.h"
#include "kj-io.h"

#define SECTOR 512u			/* unit of /sys/class/block/X/size */
#define SCAN_INTERVAL_MS 50

KJ_DEFINE_CLEANUP(blkid_probe, blkid_free_probe)

/* What to ask libblkid for, to compare with a tag. */
static const struct tag_type {
	const char *name;
	const char *value;		/* libblkid's name of it */
	bool of_table;			/* from the partition table? */
} tag_types[] = {
	{ "PARTUUID=",  "PART_ENTRY_UUID", true },
	{ "PARTLABEL=", "PART_ENTRY_NAME", true },
	{ "UUID=",      "UUID",            false },
	{ "LABEL=",     "LABEL",           false },
};

static const struct tag_type *tag_type_of(const char *tag)
{
	for (size_t i = 0; i < sizeof(tag_types) / sizeof(*tag_types); i++)
		if (strncmp(tag, tag_types[i].name, strlen(tag_types[i].name)) == 0)
			return &tag_types[i];
	return NULL;
}

/* Never a target, and probing some of them blocks. */
static bool is_boring(const char *name)
{
	return strncmp(name, "ram", 3) == 0 || strncmp(name, "zram", 4) == 0 ||
	       strncmp(name, "fd", 2) == 0 || strncmp(name, "sr", 2) == 0;
}

/* "cciss!c0d0" is /dev/cciss/c0d0. */
static void path_of(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/dev/%s", name);
	for (char *p = path; *p; p++)
		if (*p == '!')
			*p = '/';
}

static uint64_t size_of(const char *name)
{
	kj_autofree char *line = NULL;
	char path[320];

	snprintf(path, sizeof(path), "/sys/class/block/%s/size", name);
	if (kj_read_line(path, &line) < 0)
		return 0;
	return strtoull(line, NULL, 10) * SECTOR;
}

static bool has_tag(const char *path, const char *tag)
{
	const struct tag_type *type = tag_type_of(tag);
	kj_cleanup(blkid_free_probe) blkid_probe probe = NULL;
	kj_autoclose int fd = -EBADF;
	const char *value;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	(void)ioctl(fd, BLKFLSBUF, 0);
	probe = blkid_new_probe();
	if (!probe || blkid_probe_set_device(probe, fd, 0, 0) < 0)
		return false;
	blkid_probe_enable_superblocks(probe, !type->of_table);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL);
	blkid_probe_enable_partitions(probe, type->of_table);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
	if (blkid_do_safeprobe(probe) != 0)
		return false;
	if (blkid_probe_lookup_value(probe, type->value, &value, NULL) < 0)
		return false;
	return strcmp(value, tag + strlen(type->name)) == 0;
}

/* Look once.  @size 0: any.  Return: how many; @path is the last one's. */
static int scan(const char *tag, uint64_t size, char *path, size_t path_size)
{
	kj_cleanup(closedir) DIR *dir = opendir("/sys/class/block");
	struct dirent *entry;
	char candidate[sizeof(((struct kj_device *)0)->path)];
	int found = 0;

	while (dir && (entry = readdir(dir))) {
		uint64_t has = size_of(entry->d_name);

		if (entry->d_name[0] == '.' || is_boring(entry->d_name) ||
		    has == 0 || (size > 0 && has != size))
			continue;
		path_of(entry->d_name, candidate, sizeof(candidate));
		if (!has_tag(candidate, tag))
			continue;
		snprintf(path, path_size, "%s", candidate);
		found++;
	}
	return found;
}

/* It did not come: nowhere, or has it another size now? */
static int explain_absence(const struct kj_target *target, struct kj_device *dev,
			   struct kj_error *error)
{
	if (scan(target->tag, 0, dev->path, sizeof(dev->path)) > 0)
		return kj_fail(error, -ESTALE,
			       "%s (%s) no longer has the size it had when it was made the target, %llu bytes; configure the target again",
			       dev->path, target->tag,
			       (unsigned long long)kj_get64(target->device_size));
	return kj_fail(error, -ENODEV, "no block device has %s", target->tag);
}

/* Return: how many there are, once there is one or time is up. */
static int scan_patiently(const char *tag, uint64_t size, unsigned int timeout_ms,
			  struct kj_device *dev)
{
	const struct timespec pause = { .tv_nsec = SCAN_INTERVAL_MS * 1000000L };

	dev->fd = -EBADF;
	for (unsigned int waited = 0;; waited += SCAN_INTERVAL_MS) {
		int found = scan(tag, size, dev->path, sizeof(dev->path));

		if (found > 0 || waited >= timeout_ms)
			return found;
		nanosleep(&pause, NULL);
	}
}

int kj_device_find(const struct kj_target *target, unsigned int timeout_ms,
		   struct kj_device *dev, struct kj_error *error)
{
	int found;

	if (!tag_type_of(target->tag))
		return kj_fail(error, -EINVAL, "target tag %s is of an unknown kind",
			       target->tag);
	found = scan_patiently(target->tag, kj_get64(target->device_size), timeout_ms, dev);
	if (found == 0)
		return explain_absence(target, dev, error);
	if (found > 1)
		return kj_fail(error, -ENOTUNIQ, "%d block devices have %s; none is touched",
			       found, target->tag);
	return 0;
}

int kj_device_find_tag(const char *tag, unsigned int timeout_ms, struct kj_device *dev)
{
	int found = tag_type_of(tag) ? scan_patiently(tag, 0, timeout_ms, dev) : 0;

	return found == 1 ? 0 : found == 0 ? -ENODEV : -ENOTUNIQ;
}

/* Does nothing hold it but the device mapper? */
static bool held_by_volumes(const char *path)
{
	kj_cleanup(closedir) DIR *dir = NULL;
	struct dirent *entry;
	char holders[320];
	bool held = false;

	snprintf(holders, sizeof(holders), "/sys/class/block/%s/holders", strrchr(path, '/') + 1);
	dir = opendir(holders);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (strncmp(entry->d_name, "dm-", 3) != 0)
			return false;
		held = true;
	}
	return held;
}

int kj_device_open(struct kj_device *dev, const struct kj_target *target,
		   struct kj_error *error)
{
	const int flags = O_RDWR | O_DIRECT | O_CLOEXEC;

	dev->fd = open(dev->path, flags | O_EXCL);
	if (dev->fd < 0 && errno == EBUSY &&
	    kj_get32(target->kind) != KJ_TARGET_PARTITION && held_by_volumes(dev->path))
		dev->fd = open(dev->path, flags);
	if (dev->fd < 0)
		return kj_fail(error, -errno, "cannot open %s for writing: %s",
			       dev->path, strerror(errno));
	return 0;
}

int kj_device_check_foreign(const struct kj_device *dev, struct kj_error *error)
{
	kj_cleanup(blkid_free_probe) blkid_probe probe = NULL;
	kj_autoclose int fd = -EBADF;
	const char *type = "several signatures";
	int r;

	fd = open(dev->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kj_fail(error, -errno, "cannot read %s: %s", dev->path,
			       strerror(errno));
	probe = blkid_new_probe();
	if (!probe || blkid_probe_set_device(probe, fd, 0, 0) < 0)
		return kj_fail(error, -EIO, "cannot probe %s", dev->path);
	blkid_probe_enable_superblocks(probe, true);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE);
	blkid_probe_enable_partitions(probe, true);
	r = blkid_do_safeprobe(probe);
	if (r == 1)
		return 0;
	if (r == -1)
		return kj_fail(error, -EIO, "cannot read the signatures of %s",
			       dev->path);
	/* r == -2: libblkid found more than one and does not choose. */
	if (r == 0 && blkid_probe_lookup_value(probe, "TYPE", &type, NULL) < 0)
		(void)blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL);
	return kj_fail(error, -EEXIST,
		       "%s holds something else (%s); it is not overwritten: wipe it or choose another target",
		       dev->path, type);
}

void kj_device_close(struct kj_device *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -EBADF;
}
