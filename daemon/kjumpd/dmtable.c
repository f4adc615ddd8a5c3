// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the device mapper does with the bytes of a volume, as far as it moves
 * them from one place to one other.  Everything else (mirrors, stripes, thin
 * and copied volumes) decides with state that only the running kernel has.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dmtable.h"
#include "kj-cleanup.h"

#define SECTOR 512u

KJ_DEFINE_CLEANUP(struct dm_task *, dm_task_destroy)

/* Others, as people know them. */
static const struct {
	const char *type, *what;
} refused[] = {
	{ "striped", "striped over several disks" },
	{ "mirror", "mirrored on several disks" },
	{ "raid", "a RAID" },
	{ "multipath", "a disk with several paths" },
	{ "thin", "thinly provisioned: its blocks have no fixed place" },
	{ "snapshot", "a snapshot: its blocks have no fixed place" },
	{ "snapshot-origin", "copied by snapshots, which would be damaged" },
	{ "snapshot-merge", "being merged with a snapshot" },
	{ "cache", "cached on another disk" },
	{ "writecache", "cached on another disk" },
	{ "integrity", "protected by checksums that only the running system keeps" },
	{ "vdo", "compressed" },
};

bool kj_dm_is_volume(dev_t devno)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm", major(devno), minor(devno));
	return access(path, F_OK) == 0;
}

static int refuse(struct kj_reason *reason, const char *path, const char *type)
{
	const char *what = "not a plain volume";

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strcmp(type, refused[i].type) == 0)
			what = refused[i].what;
	return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET,
			     "The target %s is on a device-mapper volume that is %s (%s): use a partition, or a linear logical volume",
			     path, what, type);
}

static int bad_line(struct kj_reason *reason, const char *path, const char *type)
{
	return kj_reason_set(reason, EINVAL, KJ_WHY_TARGET,
			     "The device-mapper table (%s) below the target %s is not understood",
			     type, path);
}

/* "254:1 2048"; of dm-crypt this is what follows cipher, key and IV offset. */
static const char *parse_place(const char *params, struct kj_dm_segment *segment)
{
	unsigned int maj, min;
	uint64_t sectors;
	int end = 0;

	if (sscanf(params, "%u:%u %" SCNu64 "%n", &maj, &min, &sectors, &end) != 3 ||
	    (params[end] && params[end] != ' ') || sectors > INT64_MAX / SECTOR)
		return NULL;
	segment->on = makedev(maj, min);
	segment->offset = sectors * SECTOR;
	return params + end;
}

static const char *skip_words(const char *text, unsigned int n)
{
	while (n-- && text) {
		text = strchr(text, ' ');
		text = text ? text + 1 : NULL;
	}
	return text;
}

static int parse_crypt(const char *path, const char *params,
		       struct kj_dm_segment *segment, struct kj_reason *reason)
{
	const char *place = skip_words(params, 3);
	const char *options = place ? parse_place(place, segment) : NULL;

	if (!options)
		return bad_line(reason, path, "crypt");
	/* "integrity:28:aead": each sector has a tag, kept elsewhere. */
	if (strstr(options, " integrity:"))
		return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET,
				     "The target %s is on a dm-crypt volume with integrity protection: use one without, or a partition",
				     path);
	segment->crypt = true;
	return 0;
}

int kj_dm_parse(const char *path, const char *type, uint64_t start, uint64_t length,
		const char *params, struct kj_dm_segment *ret, struct kj_reason *reason)
{
	struct kj_dm_segment segment = { .start = start * SECTOR, .length = length * SECTOR };
	const char *rest;
	int r = 0;

	if (start > INT64_MAX / SECTOR || length > INT64_MAX / SECTOR)
		return bad_line(reason, path, type);
	if (strcmp(type, "crypt") == 0) {
		r = parse_crypt(path, params, &segment, reason);
	} else if (strcmp(type, "linear") == 0) {
		rest = parse_place(params, &segment);
		if (!rest || *rest)
			r = bad_line(reason, path, type);
	} else {
		r = refuse(reason, path, type);
	}
	if (r == 0)
		*ret = segment;
	return r;
}

/* libdevmapper would print on its own account. */
__attribute__((format(printf, 5, 6)))
static void be_quiet(int level, const char *file, int line, int error, const char *format, ...)
{
	(void)level, (void)file, (void)line, (void)error, (void)format;
}

static int read_lines(struct dm_task *task, const char *path, struct kj_dm_table *ret,
		      struct kj_reason *reason)
{
	uint64_t start, length;
	char *type, *params;
	void *next = NULL;
	int r;

	ret->n = 0;
	do {
		next = dm_get_next_target(task, next, &start, &length, &type, &params);
		if (!type)
			continue;
		if (ret->n == KJ_DM_SEGMENTS_MAX)
			return kj_reason_set(reason, EFBIG, KJ_WHY_TARGET,
					     "The volume below the target %s is in too many pieces",
					     path);
		r = kj_dm_parse(path, type, start, length, params, &ret->list[ret->n], reason);
		if (r < 0)
			return r;
		ret->n++;
	} while (next);
	return 0;
}

static int read_table(dev_t devno, const char *path, struct kj_dm_table *ret,
		      struct kj_reason *reason)
{
	kj_cleanup(dm_task_destroy) struct dm_task *task = NULL;

	dm_log_with_errno_init(be_quiet);
	task = dm_task_create(DM_DEVICE_TABLE);
	/* A table of dm-crypt has its key: wiped when the task is freed. */
	if (!task || !dm_task_secure_data(task) ||
	    !dm_task_set_major(task, (int)major(devno)) ||
	    !dm_task_set_minor(task, (int)minor(devno)))
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	if (!dm_task_run(task))
		return kj_reason_set(reason, dm_task_get_errno(task) ? dm_task_get_errno(task) : EIO,
				     KJ_WHY_TARGET,
				     "Cannot ask the device mapper where %s is on the disk: %m", path);
	return read_lines(task, path, ret, reason);
}

int kj_dm_read(dev_t devno, const char *path, struct kj_dm_table *ret,
	       struct kj_reason *reason)
{
	/*
	 * libdevmapper keeps the kernel's version and its own descriptor in
	 * plain variables.  A thread that comes while another one fills them
	 * takes the kernel for an ancient one, asks it by name and number at
	 * once, and is told that there is no such device.
	 */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int r;

	(void)pthread_mutex_lock(&lock);
	r = read_table(devno, path, ret, reason);
	(void)pthread_mutex_unlock(&lock);
	return r;
}
