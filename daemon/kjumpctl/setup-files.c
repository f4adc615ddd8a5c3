// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl setup: the steps that write files of kjump's own: the key, the
 * image's file, the configuration, the description of the target.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "preflight.h"
#include "recipient.h"
#include "setup.h"
#include "target.h"

#define SMALL_FILE_MAX (1u << 20)

int kj_saved_take(struct kj_saved *saved, const char *path)
{
	int r = kj_read_file(path, SMALL_FILE_MAX, &saved->bytes, &saved->len);

	if (r < 0)
		saved->bytes = NULL;
	if (r < 0 && r != -ENOENT)
		return r;
	saved->existed = r == 0;
	saved->valid = true;
	return 0;
}

int kj_saved_restore(struct kj_saved *saved, const char *path, unsigned int mode)
{
	int r = 0;

	if (saved->valid && saved->existed)
		r = kj_write_file_atomic(path, saved->bytes, saved->len, mode);
	else if (saved->valid && unlink(path) < 0 && errno != ENOENT)
		r = -errno;
	saved->valid = false;
	return r;
}

static void restore(struct kj_saved *saved, const char *path, unsigned int mode)
{
	int r = kj_saved_restore(saved, path, mode);

	if (r < 0)
		fprintf(stderr, "kjumpctl: cannot put %s back as it was: %s\n", path, strerror(-r));
}

static void remove_made(bool *made, const char *path)
{
	if (*made && unlink(path) < 0 && errno != ENOENT)
		fprintf(stderr, "kjumpctl: cannot remove %s: %m\n", path);
	*made = false;
}

/* ---- key ----------------------------------------------------------------- */

static int key_plan(struct kj_setup *s, char *text, size_t len)
{
	bool there = access(KJ_RECIPIENT_FILE, F_OK) == 0;

	if (s->conf.lock != KJ_LOCK_PASSPHRASE)
		return -ENOTSUP;
	snprintf(text, len, there ? "There is a key with a passphrase, in %s" :
		 "Make a key with a new passphrase, in %s", KJ_RECIPIENT_FILE);
	return !there;
}

static int key_apply(struct kj_setup *s, struct kj_reason *reason)
{
	int r = kj_make_key(false, reason);

	s->made_key = r == 0;
	return r;
}

static void key_undo(struct kj_setup *s)
{
	remove_made(&s->made_key, KJ_RECIPIENT_FILE);
}

const struct kj_step kj_step_key = { key_plan, key_apply, key_undo };

/* ---- the image's file ---------------------------------------------------- */

static int file_plan(struct kj_setup *s, char *text, size_t len)
{
	char size[24];

	if (!s->choice.make || s->made_file)
		return -ENOTSUP;
	snprintf(text, len, "Make the file %s, of %s", s->choice.target,
		 kj_format_size(size, sizeof(size), s->choice.size));
	return 1;
}

/* All of it is there from the beginning: B writes to its blocks. */
static int file_apply(struct kj_setup *s, struct kj_reason *reason)
{
	const char *path = s->choice.target;
	kj_autoclose int fd = -EBADF;

	if (strcmp(path, KJ_IMAGE_FILE) == 0 && mkdir(KJ_INITRD_DIR, 0700) < 0 && errno != EEXIST)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET, "Cannot make %s: %m",
				     KJ_INITRD_DIR);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET, "Cannot make the file %s: %m",
				     path);
	s->made_file = true;
	if (fallocate(fd, 0, 0, (off_t)s->choice.size) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot allocate the file %s: %m", path);
	if (fsync(fd) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "Cannot write the file %s: %m", path);
	return 0;
}

static void file_undo(struct kj_setup *s)
{
	remove_made(&s->made_file, s->choice.target);
}

const struct kj_step kj_step_file = { file_plan, file_apply, file_undo };

/* ---- configuration ------------------------------------------------------- */

char *kj_setup_conf_text(const struct kj_setup *s)
{
	char *text = NULL;

	if (asprintf(&text, "# Written by \"kjumpctl setup\", which may write it anew.  See kjump.conf(5).\n"
		     "[kjump]\nTarget=%s\n%s", s->choice.target,
		     s->conf.lock == KJ_LOCK_PASSPHRASE ? "Encryption=passphrase\n" : "") < 0)
		return NULL;
	return text;
}

static int conf_plan(struct kj_setup *s, char *text, size_t len)
{
	kj_autofree char *want = kj_setup_conf_text(s), *have = NULL;
	bool same;

	if (kj_read_file(KJ_SETUP_CONF, SMALL_FILE_MAX, &have, NULL) < 0)
		have = NULL;
	same = want && have && strcmp(want, have) == 0;
	snprintf(text, len, same ? "%s says Target=%s%s" : "Write %s: Target=%s%s", KJ_SETUP_CONF,
		 s->choice.target,
		 s->conf.lock == KJ_LOCK_PASSPHRASE ? ", Encryption=passphrase" : "");
	return !same;
}

/* Other files may come after ours. */
static int check_effect(struct kj_setup *s, struct kj_reason *reason)
{
	struct kj_conf now;
	int r = kj_conf_load("", false, &now);

	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_CONFIG, "Out of memory");
	if (strcmp(now.target, s->conf.target) != 0)
		r = kj_reason_set(reason, EEXIST, KJ_WHY_CONFIG,
				  "Another file in /etc/kjump.conf.d, read after %s, says Target=%s: remove that line",
				  KJ_SETUP_CONF, now.target);
	else if (now.lock != s->conf.lock)
		r = kj_reason_set(reason, EEXIST, KJ_WHY_CONFIG,
				  "Another file in /etc/kjump.conf.d, read after %s, says Encryption=: remove that line",
				  KJ_SETUP_CONF);
	kj_conf_done(&now);
	return r;
}

static int conf_apply(struct kj_setup *s, struct kj_reason *reason)
{
	kj_autofree char *text = kj_setup_conf_text(s);
	int r = text ? kj_saved_take(&s->old_conf, KJ_SETUP_CONF) : -ENOMEM;

	if (r == 0 && mkdir("/etc/kjump.conf.d", 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r == 0)
		r = kj_write_file_atomic(KJ_SETUP_CONF, text, strlen(text), 0644);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_CONFIG, "Cannot write %s: %m", KJ_SETUP_CONF);
	return check_effect(s, reason);
}

static void conf_undo(struct kj_setup *s)
{
	restore(&s->old_conf, KJ_SETUP_CONF, 0644);
}

const struct kj_step kj_step_conf = { conf_plan, conf_apply, conf_undo };

/* ---- description --------------------------------------------------------- */

static bool is_described(const struct kj_resolved *target)
{
	kj_autofree char *bytes = NULL;
	size_t len;

	if (kj_read_file(KJ_TARGET_FILE_PATH, KJ_TARGET_SIZE_MAX, &bytes, &len) < 0) {
		bytes = NULL;
		return false;
	}
	return kj_target_check(bytes, len, NULL) == 0 &&
	       kj_target_same((const struct kj_target *)bytes, target->blob);
}

static int description_plan(struct kj_setup *s, char *text, size_t len)
{
	struct kj_resolved target;
	struct kj_reason ignored;
	bool same = false;

	if (kj_target_resolve(&s->conf, &target, &ignored) == 0) {
		same = is_described(&target);
		kj_resolved_done(&target);
	}
	snprintf(text, len, same ? "%s leads there" : "Write to %s where that is",
		 KJ_TARGET_FILE_PATH);
	return !same;
}

static int description_apply(struct kj_setup *s, struct kj_reason *reason)
{
	struct kj_resolved target;
	bool ignored;
	int r = kj_preflight(&s->conf, &target, reason);

	if (r < 0)
		return r;
	r = kj_saved_take(&s->old_description, KJ_TARGET_FILE_PATH);
	if (r < 0)
		kj_reason_set(reason, r, KJ_WHY_TARGET, "Cannot read %s: %m", KJ_TARGET_FILE_PATH);
	else
		r = kj_target_save(&target, &ignored, reason);
	if (r == 0)
		r = kj_keyfile_link(&s->conf, reason);
	kj_resolved_done(&target);
	return r;
}

static void description_undo(struct kj_setup *s)
{
	restore(&s->old_description, KJ_TARGET_FILE_PATH, 0600);
}

const struct kj_step kj_step_description = {
	description_plan, description_apply, description_undo
};
