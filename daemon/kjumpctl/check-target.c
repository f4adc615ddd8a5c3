// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl check: the target, its size, its users, what is on it, who may read
 * that, and whether the description on disk is still true.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-iomem.h"
#include "preflight.h"
#include "recipient.h"

void kj_judge_size(struct kj_checks *checks, uint64_t size, uint64_t all, uint64_t used)
{
	static const char name[] = "target-size";
	char have[24], want[24];

	kj_format_size(have, sizeof(have), size);
	kj_format_size(want, sizeof(want), size < used ? used : all);
	if (size < used)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "The target has %s, and what is in use now may need %s: use a larger one, or close programs",
			     have, want);
	else if (size < all)
		kj_check_add(checks, name, KJ_CHECK_WARNING,
			     "The target has %s, which is enough now; with all memory in use, and no page of it compressible, it would take %s",
			     have, want);
	else
		kj_check_add(checks, name, KJ_CHECK_OK,
			     "The target has %s, enough for all of the memory", have);
}

void kj_judge_remains(struct kj_checks *checks, const struct kj_image_info *info,
		      const char *target)
{
	static const char name[] = "old-image";
	char size[24];

	kj_format_size(size, sizeof(size), info->bytes_stored);
	if (info->state == KJ_IMAGE_VALID)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "The target %s holds a hibernated system, which this boot has not resumed: kjumpctl inspect shows it, kjumpctl discard gives it up",
			     target);
	else if (info->bytes_stored && info->cipher == KJ_CIPHER_NONE)
		kj_check_add(checks, name, KJ_CHECK_WARNING,
			     "An earlier image (%s) lies on %s in plain, with all that was in memory then: kjumpctl discard --erase overwrites it, Encryption= in kjump.conf protects the next",
			     size, target);
	else if (info->bytes_stored)
		kj_check_add(checks, name, KJ_CHECK_OK, "An earlier image (%s) is encrypted", size);
	else
		kj_check_add(checks, name, KJ_CHECK_OK, "No earlier image lies on the target");
}

static void look_at_remains(const struct kj_check_env *env, struct kj_checks *checks)
{
	struct kj_reason reason = { 0 };
	struct kj_error error = { "" };
	struct kj_image_info info;
	struct kj_fdstore store;
	kj_autoclose int fd = -EBADF;
	int r;

	if (kj_target_is_swap(&env->target)) {
		kj_check_add(checks, "old-image", KJ_CHECK_OK,
			     "The swap area %s has an image only while the machine is off",
			     kj_resolved_name(&env->target));
		return;
	}
	fd = kj_target_open(&env->target, O_RDONLY, &store, &reason);
	r = fd < 0 ? fd : kj_image_probe(&store.store, &info, &error);
	if (r == 0) {
		kj_judge_remains(checks, &info, kj_resolved_name(&env->target));
		return;
	}
	if (fd >= 0)
		kj_reason_set(&reason, r, KJ_WHY_TARGET, "The target %s cannot be read: %s",
			      kj_resolved_name(&env->target), error.text);
	kj_check_result(checks, env, "old-image", r, &reason, "%s", "");
}

static void look_at_description(const struct kj_check_env *env, struct kj_checks *checks)
{
	static const char name[] = "description";
	kj_autofree char *bytes = NULL;
	const char *why = "?";
	size_t len = 0;
	int r = kj_read_file(KJ_TARGET_FILE_PATH, KJ_TARGET_SIZE_MAX, &bytes, &len);

	if (r < 0)
		bytes = NULL;
	if (r == -EACCES && !env->root)
		kj_check_add(checks, name, KJ_CHECK_UNKNOWN, "Only root can read %s",
			     KJ_TARGET_FILE_PATH);
	else if (r < 0)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "The target has not been written to %s: run kjumpctl setup",
			     KJ_TARGET_FILE_PATH);
	else if (kj_target_check(bytes, len, &why) < 0)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "%s is damaged (%s): run kjumpctl setup", KJ_TARGET_FILE_PATH, why);
	else if (!kj_target_same((const struct kj_target *)bytes, env->target.blob))
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "%s leads to another place than the target is at now, or says another lock: run kjumpctl setup",
			     KJ_TARGET_FILE_PATH);
	else
		kj_check_add(checks, name, KJ_CHECK_OK, "%s leads to the target",
			     KJ_TARGET_FILE_PATH);
}

static void look_at_size(const struct kj_check_env *env, struct kj_checks *checks)
{
	uint64_t pages = kj_ram().pages;	/* 0 unless root */

	if (!pages)
		pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
	kj_judge_size(checks, env->target.size, kj_preflight_image_max(pages * 4096),
		      kj_preflight_needed());
}

static void look_at_key(const struct kj_check_env *env, struct kj_checks *checks)
{
	struct kj_recipient recipient;
	struct kj_reason reason = { 0 };
	int r = kj_recipient_load("", &env->conf, &recipient, &reason);

	explicit_bzero(&recipient, sizeof(recipient));
	if (r == 0 && env->have_target)
		r = kj_preflight_crypt(&env->target, &env->conf, &reason);
	if (env->conf.lock == KJ_LOCK_NONE && r == 0)
		kj_check_add(checks, "key", KJ_CHECK_OK,
			     "None is needed: images are not encrypted (Encryption=no)");
	else
		kj_check_result(checks, env, "key", r, &reason, "Images are locked by %s",
				kj_lock_name(env->conf.lock));
}

void kj_look_target(const struct kj_check_env *env, struct kj_checks *checks)
{
	struct kj_reason reason = { 0 };
	int r;

	look_at_key(env, checks);
	if (!env->have_target)
		return;
	r = kj_preflight_may_write(&env->target, &reason);
	if (r == 0)
		r = kj_preflight_private(&env->target, &reason);
	kj_check_result(checks, env, "target-use", r, &reason,
			"Nobody else uses %s, and nothing else is on it", kj_resolved_name(&env->target));
	look_at_size(env, checks);
	look_at_description(env, checks);
	look_at_remains(env, checks);
}
