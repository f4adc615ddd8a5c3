// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the image will live, as one block device plus extents.
 *
 *   Target=/dev/sda5, PARTUUID=..., UUID=...   ->  the whole device
 *   Target=/dev/vg/hibernate                   ->  the volume's extents on the disk
 *   Target=/var/lib/kjump/image                ->  the file's extents (FIEMAP)
 *   any of them, if it is an active swap area  ->  its first page (swaparea.c)
 *
 * B and C find the device by a tag: a partition by its PARTUUID, which stays
 * when the image overwrites everything in it; a file by the UUID of its file
 * system, because that is what stays when partitions are renumbered; the disk
 * below a volume by its PARTUUID, or the UUID of the volume manager's label.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <systemd/sd-id128.h>

#include "extents.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "stack.h"
#include "tag.h"
#include "target.h"

/* File systems by statfs(2); only the plain ones put a file's bytes at fixed
 * places of one disk. */
static const struct {
	uint32_t magic;
	const char *name;
	bool plain;
} file_systems[] = {
	{ 0x0000ef53, "ext4", true },
	{ 0x58465342, "xfs", true },
	{ 0x9123683e, "btrfs", false },
	{ 0xf2f52010, "f2fs", false },
	{ 0xca451a4e, "bcachefs", false },
	{ 0x2fc12fc1, "zfs", false },
	{ 0x794c7630, "overlayfs", false },
	{ 0x01021994, "tmpfs", false },
	{ 0x00004d44, "vfat", false },
	{ 0x2011bab0, "exfat", false },
	{ 0x7366746e, "ntfs", false },
	{ 0x65735546, "fuse", false },
	{ 0x00006969, "nfs", false },
};

void kj_resolved_done(struct kj_resolved *resolved)
{
	free(resolved->blob);
	free(resolved->file);
	kj_device_done(&resolved->device);
	kj_device_done(&resolved->lower);
	*resolved = (struct kj_resolved){ 0 };
}

const char *kj_target_kind_name(const struct kj_target *target)
{
	static const char *const names[] = {
		[KJ_TARGET_PARTITION] = "partition",
		[KJ_TARGET_FILE]      = "file",
		[KJ_TARGET_VOLUME]    = "volume",
		[KJ_TARGET_SWAP]      = "swap area",
	};

	return names[kj_get32(target->kind)];
}

struct kj_target *kj_target_pack(enum kj_target_kind kind, enum kj_power_off power_off,
				 enum kj_lock lock,
				 const char *tag, uint64_t device_size,
				 const struct kj_extent *extents, uint32_t n,
				 size_t *ret_len)
{
	size_t len = kj_target_size(n);
	struct kj_target *t;

	if (n > KJ_TARGET_EXTENTS_MAX || strlen(tag) >= KJ_TARGET_TAG_MAX)
		return NULL;
	t = calloc(1, len);
	if (!t)
		return NULL;
	t->kind = kj_le32_of(kind);
	t->power_off = kj_le32_of(power_off);
	t->lock = kj_le32_of(lock);
	t->n_extents = kj_le32_of(n);
	t->device_size = kj_le64_of(device_size);
	memcpy(t->tag, tag, strlen(tag));
	memcpy(t->extents, extents, n * sizeof(*extents));
	kj_target_seal(t);
	*ret_len = len;
	return t;
}

/* So that C knows an image of another machine. */
static void add_machine_id(struct kj_target *t)
{
	sd_id128_t id;

	if (sd_id128_get_machine(&id) < 0)
		return;
	memcpy(t->machine_id, id.bytes, sizeof(t->machine_id));
	kj_target_seal(t);
}

/* By what B and C find the device that has the extents. */
static int make_tag(const struct kj_resolved *resolved, enum kj_target_kind kind,
		    char **ret, struct kj_reason *reason)
{
	const struct kj_device *disk = kj_resolved_disk(resolved);
	bool by_content = resolved->file && !resolved->stacked;
	const char *key = "PARTUUID", *value = disk->part_uuid;

	/* The UUID of a swap area stays, as that of a physical volume does. */
	if (by_content || (!value && (resolved->stacked || kind == KJ_TARGET_SWAP))) {
		key = "UUID";
		value = disk->uuid;
	}
	if (!value && kind == KJ_TARGET_PARTITION)
		return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
				     "The target %s is not a partition with a PARTUUID, by which it could be found after power-on: make a partition on it",
				     disk->path);
	if (!value)
		return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
				     "%s %s has no UUID by which it could be found after power-on",
				     by_content ? "The file system on" : "The target's disk",
				     disk->path);
	if (asprintf(ret, "%s=%s", key, value) < 0)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	return 0;
}

int kj_target_describe(struct kj_resolved *resolved, enum kj_target_kind kind,
		       enum kj_power_off power_off, enum kj_lock lock, const char *tag,
		       const struct kj_extents *extents, struct kj_reason *reason)
{
	kj_autofree struct kj_extent *list = calloc(extents->n, sizeof(*list));

	if (!list)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	for (uint32_t i = 0; i < extents->n; i++) {
		list[i].start = kj_le64_of(extents->list[i].start);
		list[i].length = kj_le64_of(extents->list[i].length);
	}
	resolved->blob = kj_target_pack(kind, power_off, lock, tag,
					kj_resolved_disk(resolved)->size, list, extents->n,
					&resolved->blob_len);
	if (!resolved->blob)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET,
				     "The target %s cannot be described", tag);
	add_machine_id(resolved->blob);
	return 0;
}

static int check_description(struct kj_resolved *resolved, struct kj_reason *reason)
{
	struct kj_target *blob = resolved->blob;
	const char *wrong = NULL;

	if (kj_target_is_swap(resolved)) {
		blob->swap_head = blob->extents[0].start;
		kj_target_seal(blob);
	} else {
		resolved->size = kj_target_store_size(blob);
	}
	if (kj_target_check(blob, resolved->blob_len, &wrong) == 0)
		return 0;
	return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
			     "The target %s cannot be used: %s", blob->tag, wrong);
}

/* Extents of resolved->device become a description. */
static int finish(struct kj_resolved *resolved, const char *path, enum kj_target_kind kind,
		  const struct kj_conf *conf, struct kj_extents *extents,
		  struct kj_reason *reason)
{
	kj_autofree char *tag = NULL;
	struct kj_stack stack;
	int r;

	resolved->swap_page = extents->list[0].start / KJ_SWAP_PAGE;
	r = kj_stack_resolve(path, resolved->device.devno, extents, &stack, reason);
	if (r < 0)
		return r;
	if (stack.crypt && kind == KJ_TARGET_SWAP)
		return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET,
				     "The swap area %s is encrypted by dm-crypt, below which it cannot be marked: use a partition or a file of kjump's own, with Encryption= in /etc/kjump.conf",
				     path);
	resolved->stacked = stack.stacked;
	resolved->crypt = stack.crypt;
	if (stack.stacked)
		r = kj_device_open_number(stack.devno, &resolved->lower, reason);
	if (stack.stacked && kind == KJ_TARGET_PARTITION)
		kind = KJ_TARGET_VOLUME;
	if (r == 0)
		r = make_tag(resolved, kind, &tag, reason);
	if (r == 0)
		r = kj_target_describe(resolved, kind, conf->power_off, conf->lock, tag,
				       extents, reason);
	return r < 0 ? r : check_description(resolved, reason);
}

static int resolve_device(const char *path, const struct kj_conf *conf,
			  struct kj_resolved *resolved, struct kj_reason *reason)
{
	struct kj_device *device = &resolved->device;
	kj_autofree struct kj_extents *whole = calloc(1, sizeof(*whole));
	int r;

	if (!whole)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	r = kj_device_open(path, device, reason);
	if (r < 0)
		return r;
	if (kj_device_is_swap(device->path, &resolved->size)) {
		kj_extents_append(whole, 0, KJ_SWAP_PAGE);
		return finish(resolved, path, KJ_TARGET_SWAP, conf, whole, reason);
	}
	kj_extents_append(whole, 0, device->size & ~(uint64_t)(KJ_TARGET_ALIGN - 1));
	return finish(resolved, path, KJ_TARGET_PARTITION, conf, whole, reason);
}

static int check_file_system(int fd, const char *path, struct kj_reason *reason)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot examine the file system of %s: %m", path);
	for (size_t i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]); i++) {
		if (file_systems[i].magic != (uint32_t)fs.f_type)
			continue;
		if (file_systems[i].plain)
			return 0;
		return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET,
				     "The target file %s is on %s, which does not keep a file's data at fixed places of one disk: use a partition, or a file on ext4 or xfs",
				     path, file_systems[i].name);
	}
	return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET,
			     "The target file %s is on an unknown file system (type 0x%lx): use a partition, or a file on ext4 or xfs",
			     path, (unsigned long)fs.f_type);
}

int kj_target_check_place(const char *dir, const char *path, struct kj_reason *reason)
{
	kj_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET, "Cannot open %s: %m", dir);
	return check_file_system(fd, path, reason);
}

static int resolve_file(const char *path, const struct kj_conf *conf,
			struct kj_resolved *resolved, struct kj_reason *reason)
{
	kj_autofree struct kj_extents *found = calloc(1, sizeof(*found));
	kj_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum kj_target_kind kind = KJ_TARGET_FILE;
	uint64_t size;
	struct stat st;
	int r;

	if (!found)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	if (fd < 0 || fstat(fd, &st) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot open the target file %s: %m", path);
	r = check_file_system(fd, path, reason);
	if (r < 0)
		return r;
	size = (uint64_t)st.st_size & ~(uint64_t)(KJ_TARGET_ALIGN - 1);
	if (!size)
		return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
				     "The target file %s is empty: preallocate it with fallocate -l SIZE", path);
	r = kj_device_open_number(st.st_dev, &resolved->device, reason);
	if (r < 0)
		return r;
	resolved->file = realpath(path, NULL);
	if (!resolved->file)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot resolve the name %s: %m", path);
	if (kj_device_is_swap(resolved->file, &resolved->size)) {
		kind = KJ_TARGET_SWAP;
		size = KJ_SWAP_PAGE;
	}
	r = kj_extents_read(fd, resolved->file, size, found, reason);
	return r < 0 ? r : finish(resolved, resolved->file, kind, conf, found, reason);
}

static int resolve_path(const char *path, const struct kj_conf *conf,
			struct kj_resolved *resolved, struct kj_reason *reason)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "The target %s is not there: %m", path);
	if (S_ISBLK(st.st_mode))
		return resolve_device(path, conf, resolved, reason);
	if (S_ISREG(st.st_mode))
		return resolve_file(path, conf, resolved, reason);
	return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
			     "The target %s is neither a block device nor a regular file", path);
}

int kj_target_resolve(const struct kj_conf *conf, struct kj_resolved *ret,
		      struct kj_reason *reason)
{
	struct kj_resolved resolved = { 0 };
	kj_autofree char *device = NULL;
	const char *path = conf->target;
	int r;

	if (!*conf->target)
		return kj_reason_set(reason, ENOENT, KJ_WHY_CONFIG,
				     "No target is configured: set Target= in /etc/kjump.conf");
	if (*conf->target != '/') {
		r = kj_tag_find(conf->target, &device, reason);
		if (r < 0)
			return r;
		path = device;
	}
	r = resolve_path(path, conf, &resolved, reason);
	if (r < 0) {
		kj_resolved_done(&resolved);
		return r;
	}
	*ret = resolved;
	return 0;
}

int kj_target_open(const struct kj_resolved *target, int access,
		   struct kj_fdstore *ret, struct kj_reason *reason)
{
	const char *path = kj_resolved_disk(target)->path;
	kj_autoclose int fd = open(path, access | O_DIRECT | O_CLOEXEC);
	struct kj_error error = { "" };
	int r;

	if (fd < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot open the target %s: %m", path);
	r = kj_fdstore_init(ret, fd, target->blob, &error);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET, "The target %s: %s",
				     path, error.text);
	return KJ_TAKE_FD(fd);
}

bool kj_target_same(const struct kj_target *a, const struct kj_target *b)
{
	return kj_get32(a->kind) == kj_get32(b->kind) &&
	       kj_get32(a->lock) == kj_get32(b->lock) &&
	       kj_get32(a->n_extents) == kj_get32(b->n_extents) &&
	       kj_get64(a->device_size) == kj_get64(b->device_size) &&
	       strcmp(a->tag, b->tag) == 0 &&
	       memcmp(a->machine_id, b->machine_id, sizeof(a->machine_id)) == 0 &&
	       memcmp(a->extents, b->extents,
		      kj_get32(a->n_extents) * sizeof(a->extents[0])) == 0;
}

int kj_target_save(const struct kj_resolved *resolved, bool *ret_changed,
		   struct kj_reason *reason)
{
	kj_autofree char *old = NULL;
	const struct kj_target *before;
	size_t old_len = 0;
	int r;

	r = kj_read_file(KJ_TARGET_FILE_PATH, KJ_TARGET_SIZE_MAX, &old, &old_len);
	if (r < 0)
		old = NULL;
	before = old && kj_target_check(old, old_len, NULL) == 0 ?
		 (const struct kj_target *)old : NULL;
	*ret_changed = !before || !kj_target_same(before, resolved->blob);
	if (before && old_len == resolved->blob_len &&
	    memcmp(old, resolved->blob, old_len) == 0)
		return 0;
	if (mkdir(KJ_INITRD_DIR, 0700) < 0 && errno != EEXIST)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot make the directory %s: %m", KJ_INITRD_DIR);
	r = kj_write_file_atomic(KJ_TARGET_FILE_PATH, resolved->blob,
				 resolved->blob_len, 0600);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET,
				     "Cannot write %s: %m", KJ_TARGET_FILE_PATH);
	return 0;
}
