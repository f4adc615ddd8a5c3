/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that must not be resumed any more.
 */
#ifndef KJ_DISCARD_H
#define KJ_DISCARD_H

#include "conf.h"
#include "kj-image.h"
#include "reason.h"
#include "target.h"

/* A set of states: bit n is enum kj_image_state n. */
#define KJ_STATE_BIT(state) (1u << (state))

/**
 * kj_discard_if() - make the target say "no image" if it is in one of @states
 *
 * Writes nothing when it is in another one, and never to a target that is in
 * use by others or has no header of kjump's.
 *
 * Return: 1 when there was something to discard, 0 when not, or -errno with
 * @reason.
 */
int kj_discard_if(const struct kj_resolved *target, unsigned int states,
		  struct kj_reason *reason);

/**
 * kj_discard_after_call() - A goes on: what it left must never be resumed
 *
 * Failures are logged.
 */
void kj_discard_after_call(const struct kj_resolved *target);

/**
 * kj_discard_stale() - discard an image that this boot should have resumed
 *
 * Looks once in each boot, and again as long as it could not look.  Whatever
 * there is to say is logged.
 */
void kj_discard_stale(const struct kj_conf *conf);

#endif /* KJ_DISCARD_H */
