/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suspend to RAM, in A.
 */
#ifndef KJ_SLEEP_SUSPEND_H
#define KJ_SLEEP_SUSPEND_H

#include <stdbool.h>
#include <stdint.h>

#include "sleep-conf.h"

/** kj_can_wake() - has the machine a clock that wakes it up? */
bool kj_can_wake(void);

/**
 * kj_suspend() - suspend the machine, and come back when it was woken
 * @usec: wake it after so long at the latest; UINT64_MAX: do not
 * @ret_alarm: it was that
 *
 * Return: 0, or -errno; logged.
 */
int kj_suspend(const struct kj_sleep_conf *conf, uint64_t usec, bool *ret_alarm);

#endif /* KJ_SLEEP_SUSPEND_H */
