// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl check: what kernel C will have when it boots.  An initramfs that
 * was built before the target moved is the most likely way to lose a
 * hibernated system, and nothing else would say so before the power-off.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdlib.h>

#include "checks.h"
#include "kj-cleanup.h"

const char *kj_initramfs_problem(const struct kj_initramfs *have,
				 const struct kj_target *want, enum kj_lock lock)
{
	if (!have->program)
		return "has no kjump-resume";
	if (!have->hook)
		return "has kjump-resume, but nothing that starts it";
	if (!have->target)
		return "does not say where the image is";
	if (kj_target_check(have->target, have->target_len, NULL) < 0)
		return "has a description of the target that is damaged";
	if (want && !kj_target_same((const struct kj_target *)have->target, want))
		return "looks for the image at another place than it will be, or expects another lock";
	if (lock == KJ_LOCK_KEYFILE && !have->key)
		return "lacks the key file of Encryption=";
	if (lock == KJ_LOCK_PASSPHRASE && have->generator == KJ_GENERATOR_DRACUT && !have->asks)
		return "cannot ask for the passphrase";
	return NULL;
}

void kj_judge_initramfs(struct kj_checks *checks, const struct kj_initramfs *have,
			const char *path, const struct kj_target *want, enum kj_lock lock)
{
	const char *problem = kj_initramfs_problem(have, want, lock);

	if (problem)
		kj_check_add(checks, "initramfs", KJ_CHECK_PROBLEM,
			     "%s %s: run kjumpctl setup, which builds it anew", path, problem);
	else
		kj_check_add(checks, "initramfs", KJ_CHECK_OK,
			     "%s has kjump-resume and leads to the target", path);
}

void kj_look_initramfs(const struct kj_check_env *env, struct kj_checks *checks)
{
	kj_autofree char *path = env->release ? kj_initramfs_find("", env->release) : NULL;
	struct kj_reason reason = { 0 };
	struct kj_initramfs have;
	int r;

	if (!path) {
		kj_check_add(checks, "initramfs", KJ_CHECK_PROBLEM,
			     "The running kernel has no initramfs in /boot: install dracut or initramfs-tools, and run kjumpctl setup");
		return;
	}
	r = kj_initramfs_read(path, &have, &reason);
	if (r < 0) {
		kj_check_result(checks, env, "initramfs", r, &reason, "%s", "");
		return;
	}
	kj_judge_initramfs(checks, &have, path, env->have_target ? env->target.blob : NULL,
			   env->conf.lock);
	kj_initramfs_done(&have);
}
