// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Block devices as libblkid and the kernel see them.
 *
 * What is on a device is asked of libblkid (probe.c) and never guessed.
 * Whether it is used is asked of the kernel twice: first of the lists that have names for
 * the user of the device, so that the refusal can say it, then by an exclusive
 * open, which knows all of them.
 *
 * Runs in kernel A.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "device.h"
#include "kj-cleanup.h"
#include "probe.h"

void kj_device_done(struct kj_device *device)
{
	free(device->path);
	free(device->part_uuid);
	free(device->uuid);
	free(device->type);
	free(device->usage);
	free(device->label);
	free(device->table);
	*device = (struct kj_device){ 0 };
}

static int copy_value(const char *value, char **ret)
{
	if (!*value)
		return 0;
	*ret = strdup(value);
	return *ret ? 0 : -ENOMEM;
}

static int probe_contents(int fd, struct kj_device *device, struct kj_reason *reason)
{
	struct kj_probe found;
	int r = kj_probe(fd, device->devno, device->path, &found, reason);

	if (r < 0)
		return r;
	device->ambiguous = found.ambiguous;
	r = copy_value(found.part_uuid, &device->part_uuid);
	r = r ? r : copy_value(found.uuid, &device->uuid);
	r = r ? r : copy_value(found.type, &device->type);
	r = r ? r : copy_value(found.usage, &device->usage);
	r = r ? r : copy_value(found.label, &device->label);
	r = r ? r : copy_value(found.table, &device->table);
	return r;
}

/* What a person calls it, after the type. */
static const char *noun_of(const struct kj_device *device)
{
	if (device->usage && strcmp(device->usage, "filesystem") == 0)
		return " file system";
	if (device->usage && strcmp(device->usage, "raid") == 0)
		return " volume member";
	if (device->usage && strcmp(device->usage, "crypto") == 0)
		return " encrypted volume";
	return strcmp(device->type, "swap") == 0 ? " area" : " signature";
}

const char *kj_device_describe(const struct kj_device *device, char *buf, size_t len)
{
	const char *label = device->label ? device->label : "";

	if (device->ambiguous)
		snprintf(buf, len, "several signatures that exclude each other");
	else if (device->type)
		snprintf(buf, len, "%s %s%s%s%.64s%s",
			 strchr("aeioux", device->type[0]) ? "an" : "a", device->type,
			 noun_of(device), *label ? " labelled '" : "", label,
			 *label ? "'" : "");
	else if (device->table)
		snprintf(buf, len, "a partition table (%s)", device->table);
	else
		snprintf(buf, len, "nothing that is known");
	return buf;
}

static int read_device(int fd, const char *path, struct kj_device *device,
		       struct kj_reason *reason)
{
	int read_only = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	device->devno = st.st_rdev;
	device->path = realpath(path, NULL);
	if (!device->path)
		return -errno;
	if (ioctl(fd, BLKGETSIZE64, &device->size) < 0 ||
	    ioctl(fd, BLKROGET, &read_only) < 0)
		return -errno;
	device->read_only = read_only;
	return probe_contents(fd, device, reason);
}

int kj_device_open(const char *path, struct kj_device *ret, struct kj_reason *reason)
{
	kj_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct kj_device device = { 0 };
	int r;

	if (fd < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot open %s: %m", path);
	*reason = (struct kj_reason){ 0 };
	r = read_device(fd, path, &device, reason);
	if (r < 0) {
		kj_device_done(&device);
		return reason->error ? r : kj_reason_set(reason, r, KJ_WHY_TARGET,
				     "Cannot examine %s: %m", path);
	}
	*ret = device;
	return 0;
}

/* "DEVNAME=vda1" of the device's uevent file. */
static int name_of_number(dev_t devno, char **ret)
{
	char path[64], line[256];
	kj_cleanup(fclose) FILE *f = NULL;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent",
		 major(devno), minor(devno));
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "DEVNAME=", 8) != 0)
			continue;
		return asprintf(ret, "/dev/%s", line + 8) < 0 ? -ENOMEM : 0;
	}
	return -ENODEV;
}

int kj_device_open_number(dev_t devno, struct kj_device *ret, struct kj_reason *reason)
{
	kj_autofree char *path = NULL;
	int r = name_of_number(devno, &path);

	if (r < 0) {
		path = NULL;
		return kj_reason_set(reason, r, KJ_WHY_TARGET,
				     "No block device has the number %u:%u: %m",
				     major(devno), minor(devno));
	}
	return kj_device_open(path, ret, reason);
}

/* The first mount point of the device, from /proc/self/mountinfo. */
static bool find_mount(dev_t devno, char *ret, size_t len)
{
	kj_cleanup(fclose) FILE *f = fopen("/proc/self/mountinfo", "re");
	kj_autofree char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) >= 0) {
		unsigned int maj, min;
		char where[256];

		if (sscanf(line, "%*d %*d %u:%u %*s %255s", &maj, &min, where) != 3)
			continue;
		if (makedev(maj, min) != devno)
			continue;
		snprintf(ret, len, "%s", where);
		return true;
	}
	return false;
}

/* /proc writes a space as \040. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned int code;

		if (*from == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
			*to = (char)code;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

bool kj_device_parse_swap(char *line, const char *path, uint64_t *ret_free)
{
	char *end = line + strcspn(line, " \t\n");
	uint64_t size = 0, used = 0;

	if (*end) {
		*end++ = '\0';
		if (sscanf(end, "%*s %" SCNu64 " %" SCNu64, &size, &used) != 2)
			return false;	/* the heading */
	}
	unescape(line);
	if (ret_free)
		*ret_free = used < size ? (size - used) * 1024 : 0;
	return strcmp(line, path) == 0;
}

bool kj_device_is_swap(const char *path, uint64_t *ret_free)
{
	kj_cleanup(fclose) FILE *f = fopen("/proc/swaps", "re");
	kj_autofree char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) >= 0)
		if (kj_device_parse_swap(line, path, ret_free))
			return true;
	return false;
}

/* Who claimed it in the block layer: "dm-0", "md127". */
static bool find_holder(dev_t devno, char *ret, size_t len)
{
	kj_cleanup(closedir) DIR *dir = NULL;
	struct dirent *entry;
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders",
		 major(devno), minor(devno));
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(ret, len, "%s", entry->d_name);
		return true;
	}
	return false;
}

int kj_device_check_unused(const struct kj_device *device, struct kj_reason *reason)
{
	kj_autoclose int fd = -EBADF;
	char who[256];

	if (find_mount(device->devno, who, sizeof(who)))
		return kj_reason_set(reason, EBUSY, KJ_WHY_TARGET,
				     "The target %s is mounted at %s: give kjump a partition of its own",
				     device->path, who);
	if (kj_device_is_swap(device->path, NULL))
		return kj_reason_set(reason, EBUSY, KJ_WHY_TARGET,
				     "The target %s is in use as swap: give kjump a partition of its own, or swapoff and wipefs it",
				     device->path);
	if (find_holder(device->devno, who, sizeof(who)))
		return kj_reason_set(reason, EBUSY, KJ_WHY_TARGET,
				     "The target %s is in use by %s: give kjump a partition of its own",
				     device->path, who);
	fd = open(device->path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "The target %s cannot be had exclusively: %m", device->path);
	return 0;
}
