/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key of an encrypted image.
 */
#ifndef KJ_UNLOCK_H
#define KJ_UNLOCK_H

#include "kj-image.h"
#include "kj-key.h"

#define KJ_KEYFILE_PATH "/etc/kjump/key"
#define KJ_KEYFILE_SIZE_MAX (1u << 20)

/**
 * kj_unlock() - get the key, from the key file or whoever sits there
 * @info: of kj_image_probe()
 * @ret: freed by kj_key_free(); NULL when the image is not encrypted
 *
 * Asks for the passphrase up to three times, and waits for as long as it takes.
 *
 * Return: 0; -EKEYREJECTED when it was wrong each time; -ENOKEY when nobody
 * answers or there is no key file; other negative errno.
 */
int kj_unlock(const struct kj_image_info *info, struct kj_key **ret,
	      struct kj_error *error);

#endif /* KJ_UNLOCK_H */
