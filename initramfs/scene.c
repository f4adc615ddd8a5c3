// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has anybody been at A's memory map or file systems?  Runs in kernels B, which
 * looks last before the machine is off, and C, which looks first after.
 *
 * B and C see what their drivers and the firmware let them see.  What B does
 * not see keeps A's own print.  What C does not see (a volume that is still to
 * be opened, a stick that was pulled) cannot be compared, and is logged: A
 * will find it gone or find it whole, and a machine that refused to resume for
 * it would never resume with an encrypted disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "fail.h"
#include "kj-cleanup.h"
#include "kj-log.h"
#include "kj-memmap.h"
#include "kj-print.h"
#include "scene.h"

/* What was seen by B with the target's drivers has to come here as well. */
#define PATIENCE_MS 3000

static int take(const struct kj_print *p, enum kj_print_grade grade,
		unsigned int timeout_ms, struct kj_device *dev, uint8_t *ret)
{
	kj_autoclose int fd = -EBADF;
	int r;

	r = kj_device_find_tag(p->tag, timeout_ms, dev);
	if (r < 0)
		return r;
	fd = open(dev->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return kj_print_take_fd(p, grade, fd, ret);
}

void kj_scene_sharpen(struct kj_print *prints, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct kj_print *p = &prints[i];
		struct kj_device dev;
		int r = take(p, KJ_GRADE_EXACT, 0, &dev, p->digest);

		if (r == 0)
			p->grade = kj_le16_of(KJ_GRADE_EXACT);
		else
			kj_info("the %s file system of %s (%s) is not to be seen here: %s",
				p->type, p->where, p->tag, strerror(-r));
	}
}

/* 0: the same, as far as can be seen. */
static int compare(const struct kj_print *p, struct kj_error *error)
{
	enum kj_print_grade grade = (enum kj_print_grade)kj_get16(p->grade);
	uint8_t digest[KJ_PRINT_SIZE];
	struct kj_device dev;
	int r = -EOPNOTSUPP;

	if (grade != KJ_GRADE_NONE)
		r = take(p, grade, grade == KJ_GRADE_EXACT ? PATIENCE_MS : 0, &dev, digest);
	if (r < 0) {
		kj_info("whether the %s file system of %s (%s) was changed cannot be seen: %s",
			p->type, p->where, p->tag,
			r == -EOPNOTSUPP ? "it has no print" : strerror(-r));
		return 0;
	}
	if (memcmp(digest, p->digest, sizeof(digest)) == 0)
		return 0;
	return kj_fail(error, -ESTALE,
		       "the %s file system of %s (%s, %s) was changed while the system was hibernated",
		       p->type, p->where, dev.path, p->tag);
}

static bool is_known(const uint8_t *bytes, size_t len)
{
	return bytes[0] || memcmp(bytes, bytes + 1, len - 1) != 0;
}

static int check_machine_id(const struct kj_image_info *info, const struct kj_target *target,
			    struct kj_error *error)
{
	const uint8_t *then = info->identity.machine_id, *now = target->machine_id;
	char text[2 * sizeof(target->machine_id) + 1];

	if (!is_known(then, sizeof(target->machine_id)) ||
	    !is_known(now, sizeof(target->machine_id)) ||
	    memcmp(then, now, sizeof(target->machine_id)) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(target->machine_id); i++)
		snprintf(text + 2 * i, 3, "%02x", then[i]);
	return kj_fail(error, -ESTALE, "it is of another machine, whose id is %s", text);
}

static int check_memory_map(const struct kj_image_info *info, struct kj_error *error)
{
	const uint8_t *then = info->identity.memory_map_digest;
	uint8_t now[KJ_MEMMAP_DIGEST_SIZE];

	kj_memmap_digest(KJ_MEMMAP_PATH, now);
	if (!is_known(then, sizeof(now)) || !is_known(now, sizeof(now)) ||
	    memcmp(then, now, sizeof(now)) == 0)
		return 0;
	return kj_fail(error, -ESTALE,
		       "the firmware reports RAM at other places than when it was written");
}

int kj_scene_compare(const struct kj_image_info *info, const struct kj_target *target,
		     struct kj_error *error)
{
	int r = check_machine_id(info, target, error);

	if (r == 0)
		r = check_memory_map(info, error);
	for (uint32_t i = 0; i < info->n_prints && r == 0; i++)
		r = compare(&info->prints[i], error);
	return r;
}
