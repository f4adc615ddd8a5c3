/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text as one word of a kernel command line, where blanks separate, quotes
 * quote, and commas are ours.
 */
#ifndef KJ_WORD_H
#define KJ_WORD_H

#include <string.h>

/**
 * kj_word_make() - put '_' for all but ASCII letters, digits, '.', '-' and '_'
 *
 * kjump-mkinitrd does the same.
 */
static inline void kj_word_make(char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	while (*(text += strspn(text, plain)))
		*text = '_';
}

#endif /* KJ_WORD_H */
