/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to whoever sits at the terminal.
 */
#ifndef KJ_CONFIRM_H
#define KJ_CONFIRM_H

#include <stdbool.h>

#include "reason.h"

/**
 * kj_confirm() - "Do it? [y/N]"
 * @yes: --yes was given: nothing is asked
 *
 * Return: 0; -ECANCELED when the answer is no; -ENOTTY when nobody can be
 * asked; both with @reason.
 */
int kj_confirm(const char *question, bool yes, struct kj_reason *reason);

/**
 * kj_choose() - a number of 1 to @n
 *
 * Return: the number, or as kj_confirm().
 */
int kj_choose(const char *question, int n, struct kj_reason *reason);

#endif /* KJ_CONFIRM_H */
