/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What A asked for: its memory to the target.
 */
#ifndef KJ_JOB_H
#define KJ_JOB_H

#include <stdbool.h>

#include "call.h"
#include "kj-image.h"
#include "kj-target.h"

/**
 * kj_job_target() - the target a HIBERNATE or SNAPSHOT brought, checked
 * @ret: points into @order
 *
 * Return: 0 or -EBADMSG.
 */
int kj_job_target(const struct kj_message *order, const struct kj_target **ret,
		  struct kj_error *error);

/**
 * kj_job_write() - write A's memory to the target
 * @order: A's message; its words say whose memory it is
 * @target: from kj_job_target()
 * @snapshot: the image shall never be resumed
 * @ret: what was written; only set on success
 *
 * The device is closed again when this returns, so that A can use it.
 *
 * Return: 0 or a negative errno.
 */
int kj_job_write(const struct kj_message *order, const struct kj_target *target,
		 bool snapshot, struct kj_image_info *ret, struct kj_error *error);

/**
 * kj_job_discard() - the image that kj_job_write() made is none any more
 *
 * Return: 0 (it is on the disk that there is none) or a negative errno.
 */
int kj_job_discard(const struct kj_message *order, const struct kj_target *target,
		   struct kj_error *error);

#endif /* KJ_JOB_H */
