/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time limits of kernel B: nothing that B does may take for ever.
 */
#ifndef KJ_GUARD_H
#define KJ_GUARD_H

#include <stdbool.h>

/* What to do about work of which nothing was heard for a while. */
enum kj_guard_verdict {
	KJ_GUARD_WAIT,		/* go on */
	KJ_GUARD_STOP,		/* end the work at its next step */
	KJ_GUARD_GIVE_UP,	/* there is no next step any more */
};

/**
 * kj_guard_judge() - the rule
 * @idle_msec: nothing was heard for so long
 * @limit_msec: of the work; 0: none
 *
 * Stops at the limit, and gives up at twice the limit.
 */
enum kj_guard_verdict kj_guard_judge(unsigned long long idle_msec,
				     unsigned int limit_msec);

/**
 * kj_guard_start() - start the thread that watches; once
 *
 * Return: 0, or a negative errno: then nothing is watched.
 */
int kj_guard_start(void);

/**
 * kj_guard_begin() - something begins that must make progress
 * @what: for messages, stays the caller's
 * @limit_msec: the longest time without progress; 0: no limit
 */
void kj_guard_begin(const char *what, unsigned int limit_msec);

/**
 * kj_guard_progress() - it made progress
 *
 * Any thread.
 *
 * Return: 0, or -ETIMEDOUT when it had to be stopped: end it.
 */
int kj_guard_progress(void);

/** kj_guard_stopped() - was it stopped, after kj_guard_begin()? */
bool kj_guard_stopped(void);

/**
 * kj_guard_end() - it is over
 *
 * Does not return when the guard has given up: the machine is going down.
 */
void kj_guard_end(void);

#endif /* KJ_GUARD_H */
