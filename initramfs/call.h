/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to the peer kernel: words and one block of bytes each way.
 */
#ifndef KJ_CALL_H
#define KJ_CALL_H

#include <stddef.h>
#include <stdint.h>

#include <linux/kjump.h>

/* What is passed in one direction; large, so keep it static. */
struct kj_message {
	unsigned int argc;
	uint64_t argv[KEXEC_CALL_ARGC_MAX];	/* argv[0]: enum kjump_word */
	size_t blob_len;			/* bytes used of blob */
	uint64_t blob[KEXEC_CALL_BLOB_MAX / 8];	/* words only for alignment */
};

/**
 * kj_message_set() - a message without blob
 * @word: argv[0]
 * @n: how many words follow
 */
void kj_message_set(struct kj_message *m, enum kjump_word word, unsigned int n,
		    const uint64_t *words);

/**
 * kj_message_set_text() - append a text as the blob, cut to what fits
 */
void kj_message_set_text(struct kj_message *m, const char *text);

/**
 * kj_message_word() - argv[0], KJUMP_WORD_NONE when there is none
 */
enum kjump_word kj_message_word(const struct kj_message *m);

/**
 * kj_message_arg() - argv[@i], 0 when the peer passed fewer
 */
uint64_t kj_message_arg(const struct kj_message *m, unsigned int i);

/**
 * kj_call() - freeze this kernel and go on in the peer
 * @out: what the peer gets
 * @in: what it says when it calls back; only set on success
 *
 * In B this returns when A has called again.  In C, after a restore, it
 * returns only to report a failure.
 *
 * Return: 0, or a negative errno when the peer was never entered.
 */
int kj_call(const struct kj_message *out, struct kj_message *in);

/**
 * kj_load_way_back() - make kj_call() know where the peer is (B only)
 * @entry: kexec_jump_back_entry= of B's command line
 *
 * Return: 0 or a negative errno.
 */
int kj_load_way_back(uint64_t entry);

#endif /* KJ_CALL_H */
