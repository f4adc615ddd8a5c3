/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child that looks at bytes which anybody may have written.
 */
#ifndef KJ_SANDBOX_H
#define KJ_SANDBOX_H

#include <stddef.h>

#include "reason.h"

#define KJ_SANDBOX_RESULT_MAX	2048		/* bytes: one write into a pipe */
#define KJ_SANDBOX_TIMEOUT_MS	60000		/* a disk that spins up first */

struct kj_sandbox {
	const char *what;		/* for people: "/dev/vda1" */
	/* What still needs the system, before anything foreign is read; may be
	 * NULL.  0 or -errno. */
	int (*prepare)(void *ctx);
	/* Reads and thinks; fills in @result.  0 or -errno. */
	int (*work)(void *ctx, void *result);
	void *ctx;			/* the child has a copy of it */
	void *result;			/* out */
	size_t result_size;
	int timeout_ms;			/* 0: KJ_SANDBOX_TIMEOUT_MS */
};

/**
 * kj_sandbox_run() - have a child do it
 *
 * @work can read open files, ask block devices for their size, use memory and
 * compute; it has no capabilities, opens nothing, and writes to nobody but us.
 * Its result is bytes of fixed size, which the caller has to check.
 *
 * Return: what @prepare or @work returned, without @reason; or with it
 * -EBADMSG (the child died, which foreign data should not be able to do),
 * -ETIMEDOUT, -errno.
 */
int kj_sandbox_run(const struct kj_sandbox *sandbox, struct kj_reason *reason);

#endif /* KJ_SANDBOX_H */
