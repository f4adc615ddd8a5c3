/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's sleep.conf, as far as it is ours to keep to.
 */
#ifndef KJ_SLEEP_CONF_H
#define KJ_SLEEP_CONF_H

#include <stdbool.h>
#include <stdint.h>

/* kjumpd's own word on it; its reason is asked of kjumpd itself. */
#define KJ_SLEEP_STATE_FILE "51-kjump-state.conf"

/**
 * kj_sleep_allowed() - did the administrator leave this way to sleep allowed?
 * @root: "" or a directory that stands for / (tests)
 * @key: "AllowHibernation", "AllowHybridSleep", "AllowSuspendThenHibernate"
 *
 * The last line with @key of sleep.conf and its drop-ins, without
 * KJ_SLEEP_STATE_FILE.
 */
bool kj_sleep_allowed(const char *root, const char *key);

/* For suspend-then-hibernate, see systemd-sleep.conf(5). */
struct kj_sleep_conf {
	char suspend_state[64];		/* words for /sys/power/state, in order */
	char mem_sleep[64];		/* words for /sys/power/mem_sleep, "": none */
	uint64_t delay_usec;		/* HibernateDelaySec=, 0: not set */
	uint64_t estimation_usec;	/* SuspendEstimationSec= */
	bool on_external_power;		/* HibernateOnACPower= */
};

/**
 * kj_sleep_conf_read() - with systemd's defaults
 * @root: as above
 *
 * What is not understood is logged and ignored.
 */
void kj_sleep_conf_read(const char *root, struct kj_sleep_conf *ret);

#endif /* KJ_SLEEP_CONF_H */
