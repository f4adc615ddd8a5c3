/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices that hibernation may have become possible or impossible.
 */
#ifndef KJ_WATCH_H
#define KJ_WATCH_H

#include <systemd/sd-event.h>

struct kj_watch;

/**
 * kj_watch_new() - call back when mounts, swap areas, devices, what is on
 * them, or the configuration change
 * @changed: called from the event loop, once for changes close together
 *
 * Return: 0 or -errno.
 */
int kj_watch_new(sd_event *event, void (*changed)(void *ctx), void *ctx,
		 struct kj_watch **ret);

void kj_watch_free(struct kj_watch *watch);

#endif /* KJ_WATCH_H */
