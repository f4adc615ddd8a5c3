// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys at rest, in A.
 *
 * The recipient of a passphrase is a file that only root reads; it can make
 * images and cannot open them.  That of a key file is made from the file each
 * time.  C finds the key file in its initramfs, where dracut's module puts what
 * a link of ours points to.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "recipient.h"

static int load_file(const char *root, struct kj_recipient *ret, struct kj_reason *reason)
{
	kj_autofree char *path = NULL, *bytes = NULL;
	const char *why = "?";
	size_t len;
	int r;

	if (asprintf(&path, "%s%s", root, KJ_RECIPIENT_FILE) < 0)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "Out of memory");
	r = kj_read_file(path, sizeof(*ret), &bytes, &len);
	if (r < 0)
		bytes = NULL;
	if (r == -ENOENT)
		return kj_reason_set(reason, ENOKEY, KJ_WHY_CONFIG,
				     "Encryption=passphrase, and there is no key yet: run \"kjumpctl key\", which asks for a new passphrase");
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_CONFIG, "Cannot read %s: %m", path);
	r = kj_recipient_check(bytes, len, &why);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_CONFIG,
				     "The key in %s is damaged (%s): make a new one with \"kjumpctl key\"",
				     path, why);
	memcpy(ret, bytes, sizeof(*ret));
	explicit_bzero(bytes, len);
	return 0;
}

/* A key that others can read or put in place opens what it locks. */
static int check_secret(const char *path, struct kj_reason *reason)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_CONFIG,
				     "Cannot read the key file %s of Encryption=: %m", path);
	if (!S_ISREG(st.st_mode))
		return kj_reason_set(reason, EINVAL, KJ_WHY_CONFIG,
				     "The key file %s of Encryption= is no regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return kj_reason_set(reason, EPERM, KJ_WHY_CONFIG,
				     "The key file %s of Encryption= belongs to user %u and not to root: chown root %s",
				     path, (unsigned int)st.st_uid, path);
	if (st.st_mode & 077)
		return kj_reason_set(reason, EPERM, KJ_WHY_CONFIG,
				     "The key file %s of Encryption= is open to others (mode %03o): chmod 600 %s, and use a new key if they may have read it",
				     path, (unsigned int)st.st_mode & 0777, path);
	return 0;
}

static int load_keyfile(const char *root, const char *name, struct kj_recipient *ret,
			struct kj_reason *reason)
{
	kj_autofree char *path = NULL, *bytes = NULL;
	struct kj_error error;
	size_t len;
	int r;

	if (asprintf(&path, "%s%s", root, name) < 0)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "Out of memory");
	r = check_secret(path, reason);
	if (r < 0)
		return r;
	r = kj_read_file(path, KJ_KEYFILE_SIZE_MAX, &bytes, &len);
	if (r < 0) {
		bytes = NULL;
		return kj_reason_set(reason, r, KJ_WHY_CONFIG,
				     "Cannot read the key file %s of Encryption=: %m", path);
	}
	r = kj_recipient_of_keyfile(bytes, len, ret, &error);
	explicit_bzero(bytes, len);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_CONFIG, "The key file %s of Encryption=: %s",
				     path, error.text);
	return 0;
}

int kj_recipient_load(const char *root, const struct kj_conf *conf,
		      struct kj_recipient *ret, struct kj_reason *reason)
{
	if (conf->lock_unknown)
		return kj_reason_set(reason, EINVAL, KJ_WHY_CONFIG,
				     "Encryption= has a value that is not understood: correct it (journalctl -u kjumpd says where), for no image is written in plain that was to be encrypted");
	switch (conf->lock) {
	case KJ_LOCK_PASSPHRASE:
		return load_file(root, ret, reason);
	case KJ_LOCK_KEYFILE:
		return load_keyfile(root, conf->keyfile, ret, reason);
	default:
		return 0;
	}
}

int kj_recipient_save(const struct kj_recipient *recipient, bool replace,
		      struct kj_reason *reason)
{
	int r;

	if (!replace && access(KJ_RECIPIENT_FILE, F_OK) == 0)
		return kj_reason_set(reason, EEXIST, KJ_WHY_CONFIG,
				     "There is a key already in %s; --replace makes a new one",
				     KJ_RECIPIENT_FILE);
	if (mkdir(KJ_INITRD_DIR, 0700) < 0 && errno != EEXIST)
		return kj_reason_set(reason, errno, KJ_WHY_CONFIG,
				     "Cannot make the directory %s: %m", KJ_INITRD_DIR);
	r = kj_write_file_atomic(KJ_RECIPIENT_FILE, recipient, sizeof(*recipient), 0600);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_CONFIG, "Cannot write %s: %m",
				     KJ_RECIPIENT_FILE);
	return 0;
}

int kj_keyfile_link(const struct kj_conf *conf, struct kj_reason *reason)
{
	char now[4096];
	ssize_t n = readlink(KJ_KEYFILE_LINK, now, sizeof(now) - 1);

	if (n >= 0)
		now[n] = '\0';
	if (conf->lock == KJ_LOCK_KEYFILE && n >= 0 && strcmp(now, conf->keyfile) == 0)
		return 0;
	if (unlink(KJ_KEYFILE_LINK) < 0 && errno != ENOENT)
		return kj_reason_set(reason, errno, KJ_WHY_CONFIG, "Cannot remove %s: %m",
				     KJ_KEYFILE_LINK);
	if (conf->lock == KJ_LOCK_KEYFILE && symlink(conf->keyfile, KJ_KEYFILE_LINK) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_CONFIG, "Cannot make %s: %m",
				     KJ_KEYFILE_LINK);
	return 0;
}
