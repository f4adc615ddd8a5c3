/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of the resume, for kjumpctl status and kjumpd.
 */
#ifndef KJ_RESULT_H
#define KJ_RESULT_H

#include <stdio.h>

#include "kj-image.h"

#define KJ_RESULT_PATH "/run/kjump/resume.json"

struct kj_result {
	const char *result;		/* one word, see kjump-resume(8) */
	const char *state;		/* of the image: kj_state_name() */
	char reason[512];		/* one sentence */
	uint64_t needs_kib;		/* kj_room_needs_kib(), 0: not known */
};

/** kj_state_name() - "none", "valid", "snapshot", "claimed" */
const char *kj_state_name(enum kj_image_state state);

/** kj_result_print() - as one JSON object and a newline */
void kj_result_print(FILE *file, const struct kj_result *result);

/**
 * kj_result_save() - as KJ_RESULT_PATH
 *
 * /run goes on over switch-root: the booted system finds it there.
 *
 * Return: 0 or a negative errno.
 */
int kj_result_save(const struct kj_result *result);

#endif /* KJ_RESULT_H */
