/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking a person for a passphrase.
 */
#ifndef KJ_ASK_H
#define KJ_ASK_H

#include <stddef.h>

#include "kj-image.h"

/* To be locked in memory, and wiped, by whoever asked. */
struct kj_passphrase {
	char text[1024];
	size_t len;
};

/**
 * kj_ask() - ask once, and wait for as long as it takes
 * @console: terminal to ask on when nothing in this initramfs asks for
 *	passphrases
 * @prompt: ends with a colon
 *
 * Return: 0; -ENOKEY when nobody answers; other negative errno.
 */
int kj_ask(const char *console, const char *prompt, struct kj_passphrase *ret,
	   struct kj_error *error);

#endif /* KJ_ASK_H */
