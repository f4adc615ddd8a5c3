/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verbs about what is on a target, the configured one or another.
 */
#ifndef KJ_CTL_ON_TARGET_H
#define KJ_CTL_ON_TARGET_H

#include "conf.h"
#include "reason.h"

/**
 * kj_on_target() - do something with the target, and say what went wrong
 * @other: in place of Target=, or NULL
 * @work: gets the configuration, with the target in it; 0, or -errno with
 *        @reason
 * @ctx: for @work
 *
 * Return: KJ_EXIT_*.
 */
int kj_on_target(const char *other,
		 int (*work)(const struct kj_conf *conf, void *ctx, struct kj_reason *reason),
		 void *ctx);

#endif /* KJ_CTL_ON_TARGET_H */
