/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's sleep.conf, as far as it forbids hibernation.
 */
#ifndef KJ_SLEEP_CONF_H
#define KJ_SLEEP_CONF_H

#include <stdbool.h>

/* kjumpd's own word on it; its reason is asked of kjumpd itself. */
#define KJ_SLEEP_STATE_FILE "51-kjump-state.conf"

/**
 * kj_sleep_allowed() - did the administrator leave this way to sleep allowed?
 * @root: "" or a directory that stands for / (tests)
 * @key: "AllowHibernation", "AllowHybridSleep"
 *
 * The last line with @key of sleep.conf and its drop-ins, without
 * KJ_SLEEP_STATE_FILE.
 */
bool kj_sleep_allowed(const char *root, const char *key);

#endif /* KJ_SLEEP_CONF_H */
