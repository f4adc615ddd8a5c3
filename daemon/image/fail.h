/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the engine fails: a negative errno and one sentence, made where the
 * most is known.
 */
#ifndef KJ_IMAGE_FAIL_H
#define KJ_IMAGE_FAIL_H

#include "kj-image.h"

/**
 * kj_fail() - write the sentence
 * @error: may be NULL
 * @r: negative errno
 *
 * Return: @r, so that "return kj_fail(...)" reads well.
 */
__attribute__((format(printf, 3, 4)))
int kj_fail(struct kj_error *error, int r, const char *format, ...);

#endif /* KJ_IMAGE_FAIL_H */
