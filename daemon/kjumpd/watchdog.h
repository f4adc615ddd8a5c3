/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hardware watchdog of A that B has to feed.
 */
#ifndef KJ_WATCHDOG_H
#define KJ_WATCHDOG_H

#include <stdbool.h>

struct kj_watchdog {
	char name[33];			/* its identity, as one word */
	unsigned int timeout_sec;
};

/**
 * kj_watchdog_find() - is there a hardware watchdog that runs?
 * @root: "" or a directory that stands for / (tests)
 *
 * The first, if there are several.  The kernel tells by CONFIG_WATCHDOG_SYSFS.
 */
bool kj_watchdog_find(const char *root, struct kj_watchdog *ret);

#endif /* KJ_WATCHDOG_H */
