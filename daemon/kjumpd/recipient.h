/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encryption=: who can open this machine's images.
 */
#ifndef KJ_RECIPIENT_H
#define KJ_RECIPIENT_H

#include <stdbool.h>

#include "conf.h"
#include "kj-key.h"
#include "reason.h"

#define KJ_RECIPIENT_FILE "/var/lib/kjump/recipient"
#define KJ_KEYFILE_LINK "/var/lib/kjump/key"
#define KJ_KEYFILE_SIZE_MAX (1u << 20)

/**
 * kj_recipient_load() - for B, with the call
 * @root: "" or a directory that stands for / (tests)
 * @ret: secret: to be wiped; untouched without encryption
 *
 * Return: 0, or -errno with @reason.
 */
int kj_recipient_load(const char *root, const struct kj_conf *conf,
		      struct kj_recipient *ret, struct kj_reason *reason);

/**
 * kj_recipient_save() - a new key pair, for passphrases
 * @replace: there may be one already
 *
 * Return: 0; -EEXIST; or -errno with @reason.
 */
int kj_recipient_save(const struct kj_recipient *recipient, bool replace,
		      struct kj_reason *reason);

/**
 * kj_keyfile_link() - tell dracut's module where the key file is, or is none
 *
 * Return: 0, or -errno with @reason.
 */
int kj_keyfile_link(const struct kj_conf *conf, struct kj_reason *reason);

#endif /* KJ_RECIPIENT_H */
