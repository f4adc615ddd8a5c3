/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One sleep, with what comes before and after it.
 */
#ifndef KJ_STEP_H
#define KJ_STEP_H

#include <systemd/sd-bus.h>

/**
 * kj_step() - hooks, messages, and the sleep between them
 * @verb: the way to sleep as a whole, the hooks' second argument
 * @action: this sleep, their SYSTEMD_SLEEP_ACTION
 * @sleep_now: returns when the machine is back: 0, or -errno, logged
 */
int kj_step(sd_bus *bus, const char *verb, const char *action,
	    int (*sleep_now)(sd_bus *bus, void *ctx), void *ctx);

/* Sleeps by kjumpd. */
int kj_step_hibernate(sd_bus *bus, void *ctx);
int kj_step_hybrid_sleep(sd_bus *bus, void *ctx);

#endif /* KJ_STEP_H */
