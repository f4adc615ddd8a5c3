/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel B in A's memory: loading, unloading, and what the kernel says of it.
 */
#ifndef KJ_LOAD_H
#define KJ_LOAD_H

#include <stdint.h>

#include "conf.h"
#include "reason.h"
#include "target.h"

#define KJ_STATE_FILE "/sys/kernel/kexec_jump"

enum kj_b_state {
	KJ_B_NONE,		/* nothing is loaded */
	KJ_B_LOADED,		/* loaded, never called */
	KJ_B_PARKED,		/* booted, waits to be called */
};

/**
 * kj_b_state() - what the kernel says now; any thread
 */
enum kj_b_state kj_b_state(void);

/**
 * kj_region_size() - memory that B gets (or has), in bytes
 *
 * Region= of the configuration, or computed from the sizes of B's kernel and
 * initramfs.  0 when the files cannot be read.
 */
uint64_t kj_region_size(const struct kj_conf *conf);

/**
 * kj_load_check() - may B's files be used, as far as they are there?
 *
 * Return: 0, or -errno with @reason.
 */
int kj_load_check(const struct kj_conf *conf, struct kj_reason *reason);

/**
 * kj_load() - have the right B loaded
 * @target: whose device B must have drivers for
 *
 * Builds B's initramfs when it is missing, older than the kernel or kjump, or
 * lacks a driver of the target's device, and replaces a B that was loaded from other files or with other words.  Nothing
 * happens when the right one is there.  Takes seconds to minutes; not for the
 * bus loop.
 *
 * Return: 0, or -errno with @reason.
 */
int kj_load(const struct kj_conf *conf, const struct kj_resolved *target,
	    struct kj_reason *reason);

/**
 * kj_unload() - give B's memory back; 0 when there is none
 */
int kj_unload(struct kj_reason *reason);

#endif /* KJ_LOAD_H */
