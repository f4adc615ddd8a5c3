// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl setup: what could be the target.  Nothing is written here, and what
 * holds anything that libblkid knows is never a candidate: kjumpd's own
 * checks (preflight.h) refuse it by name.
 *
 * Runs in kernel A.
 */
#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "candidates.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "preflight.h"
#include "target.h"

KJ_DEFINE_CLEANUP(blkid_cache, blkid_put_cache)
KJ_DEFINE_CLEANUP(blkid_dev_iterate, blkid_dev_iterate_end)

void kj_candidate_done(struct kj_candidate *candidate)
{
	free(candidate->target);
	*candidate = (struct kj_candidate){ 0 };
}

void kj_candidates_done(struct kj_candidates *candidates)
{
	for (size_t i = 0; i < candidates->n; i++)
		kj_candidate_done(&candidates->list[i]);
	candidates->n = 0;
}

/* A name that stays: /dev/sdb1 may be another partition at the next boot.  One
 * of a volume does. */
static char *name_of(const struct kj_resolved *target, const char *given)
{
	const struct kj_device *device = &target->device;
	const char *value = device->part_uuid ? device->part_uuid : device->uuid;
	char *name = NULL;

	if (target->file)
		return strdup(target->file);
	if (*given != '/' || target->stacked || !value)
		return strdup(given);
	if (asprintf(&name, "%s=%s", device->part_uuid ? "PARTUUID" : "UUID", value) < 0)
		return NULL;
	return name;
}

static int take_existing(const struct kj_conf *conf, const char *target,
			 struct kj_candidate *ret, struct kj_reason *reason)
{
	struct kj_conf other = *conf;
	struct kj_resolved resolved;
	char size[24];
	int r;

	other.target = (char *)target;
	r = kj_target_resolve(&other, &resolved, reason);
	if (r < 0)
		return r;
	r = kj_preflight_may_write(&resolved, reason);
	if (r == 0)
		r = kj_preflight_private(&resolved, reason);
	if (r == 0)
		r = kj_preflight_size(&resolved, reason);
	if (r == 0) {
		*ret = (struct kj_candidate){ .size = resolved.size };
		snprintf(ret->text, sizeof(ret->text), "the %s %.150s (%s)",
			 kj_target_kind_name(resolved.blob),
			 kj_resolved_name(&resolved),
			 kj_format_size(size, sizeof(size), resolved.size));
		ret->target = name_of(&resolved, target);
		if (!ret->target)
			r = kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	}
	kj_resolved_done(&resolved);
	return r;
}

/* The directory of a file that is to be made, or the one it will be made in. */
static int directory_of(const char *path, char **ret, struct kj_reason *reason)
{
	kj_autofree char *dir = strdup(path);
	struct stat st;

	for (char *slash; dir && (slash = strrchr(dir, '/'));) {
		slash[slash == dir] = '\0';
		if (stat(dir, &st) == 0) {
			*ret = KJ_TAKE_PTR(dir);
			return S_ISDIR(st.st_mode) ? 0 :
			       kj_reason_set(reason, ENOTDIR, KJ_WHY_TARGET,
					     "The file %s cannot be made: %m", path);
		}
		/* kjump's own directory is made with the file, others are not */
		if (strcmp(path, KJ_IMAGE_FILE) != 0 || slash == dir)
			return kj_reason_set(reason, errno, KJ_WHY_TARGET,
					     "The directory %s is not there: make it, or choose another file",
					     dir);
	}
	return kj_reason_set(reason, dir ? EINVAL : ENOMEM, KJ_WHY_TARGET,
			     "The file %s cannot be made: %m", path);
}

static int check_space(const char *dir, const char *path, uint64_t size,
		       struct kj_reason *reason)
{
	char want[24], have[24];
	uint64_t available, whole;
	struct statvfs fs;

	if (statvfs(dir, &fs) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot examine the file system of %s: %m", dir);
	available = (uint64_t)fs.f_bavail * fs.f_frsize;
	whole = (uint64_t)fs.f_blocks * fs.f_frsize;
	/* a file system that is nearly full is no good to anybody */
	if (available >= size + whole / 20)
		return 0;
	return kj_reason_set(reason, ENOSPC, KJ_WHY_TARGET,
			     "The file %s would need %s, and its file system has %s free: --size= makes a smaller one, --target= another one",
			     path, kj_format_size(want, sizeof(want), size),
			     kj_format_size(have, sizeof(have), available));
}

static int take_new_file(const char *path, uint64_t size, struct kj_candidate *ret,
			 struct kj_reason *reason)
{
	kj_autofree char *dir = NULL;
	char text[24];
	int r = directory_of(path, &dir, reason);

	if (r < 0)
		return r;
	r = kj_target_check_place(dir, path, reason);
	if (r == 0)
		r = check_space(dir, path, size, reason);
	if (r < 0)
		return r;
	*ret = (struct kj_candidate){ .make = true, .size = size, .target = strdup(path) };
	snprintf(ret->text, sizeof(ret->text), "a new file %.150s (%s)", path,
		 kj_format_size(text, sizeof(text), size));
	return ret->target ? 0 : kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
}

int kj_candidate_of(const struct kj_conf *conf, const char *target, uint64_t size,
		    struct kj_candidate *ret, struct kj_reason *reason)
{
	struct stat st;

	/* what looks like a device that is not there is no file to be made */
	if (*target == '/' && stat(target, &st) < 0 && errno == ENOENT &&
	    strncmp(target, "/dev/", 5) != 0)
		return take_new_file(target, size, ret, reason);
	return take_existing(conf, target, ret, reason);
}

static bool is_known(const struct kj_candidates *c, const char *target)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->list[i].target, target) == 0)
			return true;
	return false;
}

static void offer(struct kj_candidates *c, const struct kj_conf *conf, const char *target,
		  uint64_t size)
{
	struct kj_candidate candidate = { 0 };
	struct kj_reason reason = { 0 };

	if (c->n == KJ_CANDIDATES_MAX || c->n_refused == KJ_CANDIDATES_MAX)
		return;
	if (kj_candidate_of(conf, target, size, &candidate, &reason) < 0)
		snprintf(c->refused[c->n_refused++], KJ_REASON_TEXT_MAX, "%s", reason.text);
	else if (is_known(c, candidate.target))
		kj_candidate_done(&candidate);
	else
		c->list[c->n++] = candidate;
}

/* By the name in the partition table, which says what they are for. */
static void offer_partitions(struct kj_candidates *c, const struct kj_conf *conf)
{
	kj_cleanup(blkid_put_cache) blkid_cache cache = NULL;
	kj_cleanup(blkid_dev_iterate_end) blkid_dev_iterate iterator = NULL;
	blkid_dev device;

	if (blkid_get_cache(&cache, "/dev/null") < 0) {
		cache = NULL;
		return;
	}
	if (blkid_probe_all(cache) < 0)
		return;
	iterator = blkid_dev_iterate_begin(cache);
	if (!iterator || blkid_dev_set_search(iterator, "PARTLABEL", "kjump") < 0)
		return;
	while (blkid_dev_next(iterator, &device) == 0)
		offer(c, conf, blkid_dev_devname(device), 0);
}

static void offer_swap(struct kj_candidates *c, const struct kj_conf *conf)
{
	kj_cleanup(fclose) FILE *f = fopen("/proc/swaps", "re");
	kj_autofree char *line = NULL;
	size_t len = 0;

	if (!f || getline(&line, &len, f) < 0)		/* the heading */
		return;
	while (getline(&line, &len, f) >= 0) {
		line[strcspn(line, " \t\n")] = '\0';
		if (strncmp(line, "/dev/zram", 9) != 0)
			offer(c, conf, line, 0);
	}
}

void kj_candidates_find(const struct kj_conf *conf, uint64_t size, struct kj_candidates *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (*conf->target)
		offer(ret, conf, conf->target, size);
	offer_partitions(ret, conf);
	offer_swap(ret, conf);
	offer(ret, conf, KJ_IMAGE_FILE, size);
}
