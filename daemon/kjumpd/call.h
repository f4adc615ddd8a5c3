/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calling kernel B.
 */
#ifndef KJ_CALL_H
#define KJ_CALL_H

#include <linux/kjump.h>
#include <stddef.h>
#include <stdint.h>

#include "reason.h"

struct kj_reply {
	uint64_t argv[KEXEC_CALL_ARGC_MAX];	/* argv[0]: enum kjump_word; the rest 0 */
	char text[KEXEC_CALL_BLOB_MAX + 1];	/* the peer's blob, NUL-ended */
};

/**
 * kj_call() - call B, and wait until somebody calls back
 * @words: what follows the word, or NULL
 * @n_words: at most KEXEC_CALL_ARGC_MAX - 1
 * @blob: for B, or NULL
 * @ret: what came back
 *
 * Returns once, but maybe in another season: after HIBERNATE it is C that
 * jumps here, with argv[0] KJUMP_WORD_RESUME.  While it is under way all of
 * user space is frozen, except for a moment before and after.  Not for the
 * bus loop.
 *
 * Return: 0, or -errno with @reason when B was never entered.
 */
int kj_call(enum kjump_word word, const uint64_t *words, unsigned int n_words,
	    const void *blob, size_t len, struct kj_reply *ret,
	    struct kj_reason *reason);

/**
 * kj_word_name() - "READY", for messages
 */
const char *kj_word_name(uint64_t word);

#endif /* KJ_CALL_H */
