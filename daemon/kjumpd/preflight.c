// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything that can be refused is refused here, where it costs nothing:
 * nothing has been frozen, nothing on the disk has been touched, and the user
 * still sits in front of a machine that runs.  The order of the checks is the
 * order in which a person sets kjump up: kernel, target, size.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-fdstore.h"
#include "kj-format.h"
#include "kj-io.h"
#include "load.h"
#include "memory.h"
#include "preflight.h"
#include "swaparea.h"
#include "trust.h"

bool kj_has_word(const char *cmdline, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = cmdline; (p = strstr(p, word)); p += len)
		if ((p == cmdline || p[-1] == ' ') &&
		    (p[len] == '\0' || p[len] == ' ' || p[len] == '\n'))
			return true;
	return false;
}

/* "[none] integrity confidentiality": is it another than none? */
static bool locked_down(char **ret_mode)
{
	kj_autofree char *line = NULL;
	char *begin, *end;

	if (kj_read_line("/sys/kernel/security/lockdown", &line) < 0) {
		line = NULL;
		return false;
	}
	begin = strchr(line, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (!end)
		return false;
	*end = '\0';
	if (strcmp(begin + 1, "none") == 0)
		return false;
	*ret_mode = strdup(begin + 1);
	return true;
}

/* Words with which this machine was told not to resume. */
int kj_preflight_command_line(struct kj_reason *reason)
{
	static const char *const words[] = { "noresume", "nohibernate", "kjump=off" };
	kj_autofree char *cmdline = NULL;

	if (kj_read_line("/proc/cmdline", &cmdline) < 0) {
		cmdline = NULL;
		return 0;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (kj_has_word(cmdline, words[i]))
			return kj_reason_set(reason, EPERM, KJ_WHY_KERNEL,
					     "This machine was booted with \"%s\" on the kernel command line: boot without it",
					     words[i]);
	return 0;
}

int kj_preflight_lockdown(struct kj_reason *reason)
{
	kj_autofree char *mode = NULL;

	if (!locked_down(&mode))
		return 0;
	return kj_reason_set(reason, EPERM, KJ_WHY_KERNEL,
			     "The kernel is locked down (%s), which forbids hibernation: disable Secure Boot or boot without lockdown=",
			     mode ? mode : "?");
}

int kj_preflight_jump(struct kj_reason *reason)
{
	if (access(KJ_STATE_FILE, F_OK) == 0)
		return 0;
	return kj_reason_set(reason, ENOSYS, KJ_WHY_KERNEL,
			     "The running kernel has no %s: boot a kernel with kjump's patches and CONFIG_KEXEC_JUMP",
			     KJ_STATE_FILE);
}

int kj_preflight_loading(struct kj_reason *reason)
{
	kj_autofree char *disabled = NULL;

	if (kj_read_line("/proc/sys/kernel/kexec_load_disabled", &disabled) < 0)
		disabled = NULL;
	if (!disabled || strcmp(disabled, "0") == 0 || kj_b_state() != KJ_B_NONE)
		return 0;
	return kj_reason_set(reason, EPERM, KJ_WHY_KERNEL,
			     "Loading a second kernel was forbidden by kernel.kexec_load_disabled=1: it stays so until the next boot");
}

int kj_preflight_suspend(struct kj_reason *reason)
{
	kj_autofree char *kinds = NULL;

	if (kj_read_line("/sys/power/mem_sleep", &kinds) < 0)
		kinds = NULL;
	if (kinds && strstr(kinds, "deep"))
		return 0;
	return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_KERNEL,
			     "This machine does not suspend to RAM by ACPI S3 (/sys/power/mem_sleep: %s), which hybrid-sleep needs: hibernate it",
			     kinds ? kinds : "not there");
}

int kj_preflight_kernel(struct kj_reason *reason)
{
	int r = kj_preflight_lockdown(reason);

	if (r == 0)
		r = kj_preflight_jump(reason);
	if (r == 0)
		r = kj_preflight_loading(reason);
	return r == 0 ? kj_preflight_command_line(reason) : r;
}

/* Heads and index take less than 1/128 even if no two pages of the image are
 * neighbours; headers and padding are far below 1 MiB. */
uint64_t kj_preflight_image_max(uint64_t bytes)
{
	return bytes + bytes / 128 + (1 << 20);
}

uint64_t kj_preflight_needed(void)
{
	uint64_t used = kj_memory_used();

	return used ? kj_preflight_image_max(used) : 0;
}

int kj_preflight_size(const struct kj_resolved *target, struct kj_reason *reason)
{
	uint64_t needed = kj_preflight_needed();
	char have[24], want[24];

	if (target->size >= needed)
		return 0;
	kj_format_size(have, sizeof(have), target->size);
	kj_format_size(want, sizeof(want), needed);
	return kj_reason_set(reason, ENOSPC, KJ_WHY_TARGET,
			     "The target %s is too small: it has %s%s, and the memory in use now may need %s; use a larger one, or close programs",
			     kj_resolved_name(target),
			     have, kj_target_is_swap(target) ? " free" : "", want);
}

/*
 * Was the target last kjump's?  1, 0 or -errno.  Only the first copy of the
 * header tells: vfat and others leave the second one alone when they make a
 * file system in the place of an image.
 */
static int is_ours(const struct kj_resolved *target, struct kj_reason *reason)
{
	struct kj_fdstore store;
	kj_autoclose int fd = kj_target_open(target, O_RDONLY, &store, reason);
	kj_autofree void *block = NULL;
	int r;

	if (fd < 0)
		return fd;
	block = aligned_alloc(KJ_STORE_ALIGN, KJ_HEADER_SIZE);
	if (!block)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	r = store.store.read(store.store.ctx, 0, block, KJ_HEADER_SIZE);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET,
				     "Cannot read the target %s: %m", target->device.path);
	return memcmp(block, KJ_HEADER_MAGIC, strlen(KJ_HEADER_MAGIC)) == 0;
}

/* Is there something on the partition that is not kjump's? */
static int check_foreign(const struct kj_resolved *target, struct kj_reason *reason)
{
	const struct kj_device *d = &target->device;
	int r = is_ours(target, reason);
	char what[KJ_DEVICE_CONTENTS_MAX];

	if (r != 0)
		return r < 0 ? r : 0;
	if (!d->ambiguous && !d->type && !d->table)
		return 0;
	if (d->type && strcmp(d->type, "swap") == 0)
		return kj_reason_set(reason, EEXIST, KJ_WHY_TARGET,
				     "The target %s is a swap area that is not in use: run swapon %s and put it into /etc/fstab, or wipefs -a %s to give it to kjump alone",
				     d->path, d->path, d->path);
	kj_device_describe(d, what, sizeof(what));
	return kj_reason_set(reason, EEXIST, KJ_WHY_TARGET,
			     "The target %s holds %s: if nothing on it is needed, run wipefs -a %s",
			     d->path, what, d->path);
}

int kj_preflight_may_write(const struct kj_resolved *target, struct kj_reason *reason)
{
	const struct kj_device *disk = kj_resolved_disk(target);
	int r;

	if (target->device.read_only || disk->read_only)
		return kj_reason_set(reason, EROFS, KJ_WHY_TARGET,
				     "The target's device %s is read-only",
				     disk->read_only ? disk->path : target->device.path);
	if (kj_target_is_swap(target))
		return kj_swap_check(target, reason);
	if (target->file)
		return 0;
	r = kj_device_check_unused(&target->device, reason);
	return r < 0 ? r : check_foreign(target, reason);
}

/* Not among what may_write() looks for: to discard an image is always good. */
int kj_preflight_private(const struct kj_resolved *target, struct kj_reason *reason)
{
	return target->file ? kj_trust_private(target->file, reason) : 0;
}

int kj_preflight_crypt(const struct kj_resolved *target, const struct kj_conf *conf,
		       struct kj_reason *reason)
{
	if (!target->crypt || conf->lock != KJ_LOCK_NONE)
		return 0;
	return kj_reason_set(reason, EPERM, KJ_WHY_CONFIG,
			     "The target %s is encrypted by dm-crypt, and the image is written below that: set Encryption= in /etc/kjump.conf, so that kjump encrypts it",
			     kj_resolved_name(target));
}

int kj_preflight(const struct kj_conf *conf, struct kj_resolved *ret,
		 struct kj_reason *reason)
{
	struct kj_resolved resolved = { 0 };
	int r;

	r = kj_preflight_kernel(reason);
	if (r < 0)
		return r;
	r = kj_target_resolve(conf, &resolved, reason);
	if (r < 0)
		return r;
	r = kj_preflight_crypt(&resolved, conf, reason);
	if (r == 0)
		r = kj_preflight_private(&resolved, reason);
	if (r == 0)
		r = kj_preflight_may_write(&resolved, reason);
	if (r == 0)
		r = kj_preflight_size(&resolved, reason);
	if (r < 0 || !ret) {
		kj_resolved_done(&resolved);
		return r;
	}
	*ret = resolved;
	return 0;
}
