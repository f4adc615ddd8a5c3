// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What A has mounted, and the prints that A can take while it runs.
 *
 * The mount table is our own: the unit's mount namespace gets all that init's
 * gets, and init's is hidden from it (ProtectProc=).  Left out is what C could
 * not compare, or what is compared with something else:
 *
 *   network and virtual file systems    have no block device
 *   loop devices                        the file is on a recorded file system
 *   RAM disks, zram, nbd                are not there after power-on
 *
 * B and C open no volumes.  What lies on LVM or LUKS is looked for on the disk
 * below (stack.c).  Where it is encrypted there, or not in one piece, the
 * superblock alone has to do; encrypted, only B can take it, since no field of
 * it can be told from the others.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "device.h"
#include "kj-cleanup.h"
#include "kj-log.h"
#include "kj-memmap.h"
#include "kj-print.h"
#include "scene.h"
#include "stack.h"

#define MIB (1u << 20)

KJ_DEFINE_CLEANUP(struct libmnt_table *, mnt_unref_table)
KJ_DEFINE_CLEANUP(struct libmnt_iter *, mnt_free_iter)

static void copy_text(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	snprintf(to, size, "%s", len ? from : "?");
	if (len >= size)
		memcpy(to + size - 4, "...", 4);
	for (char *p = to; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static int take(struct kj_print *p, const char *path, enum kj_print_grade grade)
{
	kj_autoclose int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = kj_print_take_fd(p, grade, fd, p->digest);
	if (r == 0)
		p->grade = kj_le16_of((uint16_t)grade);
	return r;
}

int kj_scene_print(const char *type, const char *where, const struct kj_place *place,
		   bool read_only, struct kj_print *ret)
{
	unsigned int rule = kj_print_rule_of(type);
	int r = 0;

	if (place->crypt || !place->whole)
		rule |= KJ_PRINT_FIXED;
	memset(ret, 0, sizeof(*ret));
	ret->rule = kj_le16_of((uint16_t)rule);
	ret->start = kj_le64_of(place->start);
	copy_text(ret->tag, sizeof(ret->tag), place->tag);
	copy_text(ret->type, sizeof(ret->type), type);
	copy_text(ret->where, sizeof(ret->where), where);
	if (read_only || !place->crypt)
		r = take(ret, place->path, read_only ? KJ_GRADE_EXACT : KJ_GRADE_STABLE);
	/* Nothing of it is stable: for B to see, or not at all. */
	return r == -EOPNOTSUPP ? 0 : r;
}

/* Is it a disk that C may find with the same contents? */
static bool lasts(const char *path)
{
	static const char *const names[] = { "loop", "ram", "zram", "nbd" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(path + strlen("/dev/"), names[i], strlen(names[i])) == 0)
			return false;
	return true;
}

/* btrfs has a number of its own, which is no device's. */
static dev_t device_of(struct libmnt_fs *fs)
{
	const char *source = mnt_fs_get_srcpath(fs);
	dev_t devno = mnt_fs_get_devno(fs);
	struct stat st;

	if (major(devno) != 0)
		return devno;
	if (!source || *source != '/' || stat(source, &st) < 0 || !S_ISBLK(st.st_mode))
		return 0;
	return st.st_rdev;
}

/* Where the volume's first @length bytes are; false when in several places. */
static bool descend(const struct kj_device *volume, uint64_t length,
		    struct kj_stack *stack, uint64_t *ret_start)
{
	kj_autofree struct kj_extents *extents = calloc(1, sizeof(*extents));
	struct kj_reason reason;

	if (!extents || kj_extents_append(extents, 0, length) < 0 ||
	    kj_stack_resolve(volume->path, volume->devno, extents, stack, &reason) < 0 ||
	    !stack->stacked || extents->n != 1)
		return false;
	*ret_start = extents->list[0].start;
	return true;
}

/* The disk below a volume takes its place, if it can be had. */
static void look_below(struct kj_device *device, struct kj_place *place)
{
	uint64_t size = device->size / KJ_TARGET_ALIGN * KJ_TARGET_ALIGN;
	struct kj_stack stack = { 0 };
	struct kj_device below;
	struct kj_reason reason;
	bool whole = descend(device, size, &stack, &place->start);

	if (!whole && !(size > MIB && descend(device, MIB, &stack, &place->start)))
		return;
	if (kj_device_open_number(stack.devno, &below, &reason) < 0) {
		place->start = 0;
		return;
	}
	place->whole = whole;
	place->crypt = stack.crypt;
	kj_device_done(device);
	*device = below;
}

static bool tag_of(const struct kj_device *device, char *tag, size_t size)
{
	int n = -1;

	if (device->part_uuid)
		n = snprintf(tag, size, "PARTUUID=%s", device->part_uuid);
	else if (device->uuid)
		n = snprintf(tag, size, "UUID=%s", device->uuid);
	return n > 0 && (size_t)n < size;
}

static bool is_there(const struct kj_scene *scene, const struct kj_place *place)
{
	for (uint32_t i = 0; i < kj_get32(scene->n_prints); i++)
		if (strcmp(scene->prints[i].tag, place->tag) == 0 &&
		    kj_get64(scene->prints[i].start) == place->start)
			return true;
	return false;
}

static void add(struct kj_scene *scene, struct libmnt_fs *fs, const struct kj_place *place)
{
	const char *type = mnt_fs_get_fstype(fs), *where = mnt_fs_get_target(fs);
	/* Of the file system, not of this mount of it. */
	const char *options = mnt_fs_get_fs_options(fs);
	uint32_t n = kj_get32(scene->n_prints);
	bool read_only;
	int r;

	if (n == KJ_PRINTS_MAX) {
		kj_warning("An image records %u file systems, and there are more: the next boot will not notice when the %s file system of %s (%s) was changed.",
			   n, type, where, place->path);
		return;
	}
	read_only = options && mnt_optstr_get_option(options, "ro", NULL, NULL) == 0;
	r = kj_scene_print(type, where, place, read_only, &scene->prints[n]);
	if (r < 0)
		kj_warning_errno(r, "Cannot read the %s file system of %s (%s): %m: the next boot may not notice when it was changed.",
				 type, where, place->path);
	scene->n_prints = kj_le32_of(n + 1);
}

static void add_device(struct kj_scene *scene, struct libmnt_fs *fs, struct kj_device *device)
{
	char tag[sizeof(scene->prints[0].tag)];
	struct kj_place place = { .tag = tag, .whole = true };

	look_below(device, &place);
	place.path = device->path;
	if (!tag_of(device, tag, sizeof(tag))) {
		kj_warning("The device of the %s file system of %s (%s) has neither PARTUUID nor UUID: the next boot will not notice when it was changed.",
			   mnt_fs_get_fstype(fs), mnt_fs_get_target(fs), device->path);
		return;
	}
	if (!is_there(scene, &place))
		add(scene, fs, &place);
}

static void look_at(struct kj_scene *scene, struct libmnt_fs *fs)
{
	dev_t devno = device_of(fs);
	struct kj_device device;
	struct kj_reason reason;

	if (devno == 0 || !mnt_fs_get_fstype(fs) || !mnt_fs_get_target(fs))
		return;
	if (kj_device_open_number(devno, &device, &reason) < 0) {
		kj_warning("%s: the next boot will not notice when the file system of %s was changed.",
			   reason.text, mnt_fs_get_target(fs));
		return;
	}
	if (lasts(device.path))
		add_device(scene, fs, &device);
	kj_device_done(&device);
}

static void look_at_all(struct kj_scene *scene, struct libmnt_table *table)
{
	kj_cleanup(mnt_free_iter) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;

	while (iter && mnt_table_next_fs(table, iter, &fs) == 0)
		look_at(scene, fs);
}

void kj_scene_make(const char *mountinfo, struct kj_scene *ret)
{
	kj_cleanup(mnt_unref_table) struct libmnt_table *table = NULL;

	memset(ret, 0, sizeof(*ret));
	kj_memmap_digest(KJ_MEMMAP_PATH, ret->memory_map_digest);
	table = mnt_new_table_from_file(mountinfo);
	if (table)
		look_at_all(ret, table);
	else
		kj_warning("Cannot read %s: the next boot will not notice when file systems were changed.",
			   mountinfo);
	kj_scene_seal(ret);
}
