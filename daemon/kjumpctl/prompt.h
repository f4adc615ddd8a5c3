/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A passphrase from whoever types, or from a pipe.
 */
#ifndef KJ_PROMPT_H
#define KJ_PROMPT_H

#include <stddef.h>

#define KJ_PASSPHRASE_MAX 1024

/**
 * kj_prompt() - one line from standard input, not echoed on a terminal
 * @buf: KJ_PASSPHRASE_MAX bytes; to be wiped by explicit_bzero()
 *
 * Return: its length without the newline; -ENODATA at the end of the input;
 * -EMSGSIZE when it is too long; -EINTR when a signal was caught.
 */
int kj_prompt(const char *prompt, char *buf);

#endif /* KJ_PROMPT_H */
