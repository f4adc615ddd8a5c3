// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The key of the image: from a file in the initramfs, or by a passphrase that
 * somebody types.  Runs in kernel C.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "ask.h"
#include "fail.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "unlock.h"

#define CONSOLE "/dev/console"
#define TRIES 3

static int unlock_by_passphrase(const struct kj_image_info *info, struct kj_key **ret,
				struct kj_error *error)
{
	static struct kj_passphrase passphrase;
	int r = -EKEYREJECTED;

	(void)mlock(&passphrase, sizeof(passphrase));
	for (int i = 0; i < TRIES && r == -EKEYREJECTED; i++) {
		r = kj_ask(CONSOLE, i ? "Wrong; the passphrase of the hibernated system:" :
			   "Passphrase of the hibernated system:", &passphrase, error);
		if (r == 0)
			r = kj_key_unlock_passphrase(info, passphrase.text, passphrase.len,
						     ret, error);
		explicit_bzero(&passphrase, sizeof(passphrase));
		if (r == -EKEYREJECTED)
			kj_notice("%s", error->text);
	}
	if (r == -EKEYREJECTED)
		kj_fail(error, r, "the passphrase was wrong %d times", TRIES);
	return r;
}

static int unlock_by_keyfile(const struct kj_image_info *info, struct kj_key **ret,
			     struct kj_error *error)
{
	kj_autofree char *bytes = NULL;
	size_t len;
	int r;

	r = kj_read_file(KJ_KEYFILE_PATH, KJ_KEYFILE_SIZE_MAX, &bytes, &len);
	if (r < 0) {
		bytes = NULL;
		return kj_fail(error, r == -ENOENT ? -ENOKEY : r,
			       "this initramfs has no key file " KJ_KEYFILE_PATH ": %s",
			       strerror(-r));
	}
	r = kj_key_unlock_keyfile(info, bytes, len, ret, error);
	explicit_bzero(bytes, len);
	return r;
}

int kj_unlock(const struct kj_image_info *info, struct kj_key **ret,
	      struct kj_error *error)
{
	*ret = NULL;
	switch (kj_get32(info->slot.lock)) {
	case KJ_LOCK_NONE:
		return 0;
	case KJ_LOCK_KEYFILE:
		return unlock_by_keyfile(info, ret, error);
	default:
		return unlock_by_passphrase(info, ret, error);
	}
}
