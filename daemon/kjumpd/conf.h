/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/kjump.conf, see kjump.conf(5).
 */
#ifndef KJ_CONF_H
#define KJ_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "kj-target.h"

#define KJ_INITRD_DIR	"/var/lib/kjump"

/* How far B is made ready before a hibernation. */
enum kj_preload {
	KJ_PRELOAD_PARK,	/* loaded and booted once: it waits */
	KJ_PRELOAD_LOAD,	/* loaded: its memory is held, it boots when needed */
	KJ_PRELOAD_NO,		/* nothing */
};

struct kj_conf {
	char *target;		/* "": not configured */
	enum kj_preload preload;
	enum kj_power_off power_off;
	uint64_t region;	/* bytes, 0: auto */
	enum kj_lock lock;	/* of images */
	bool lock_unknown;	/* Encryption= is wrong: write nothing in plain */
	char *keyfile;		/* "" unless lock is KJ_LOCK_KEYFILE */
	char *kernel_image;
	char *initrd;
	bool initrd_is_default;	/* then kjump-mkinitrd may build it */
	char *kernel_append;	/* "" or more words for B */
	unsigned int stall_sec;	/* B's limit without progress, 0: none */
	unsigned int problems;	/* lines and files that were ignored */
};

/**
 * kj_conf_load() - read the configuration
 * @root: "" or a directory that stands for / (tests)
 * @warn: log what is ignored; else only count it
 * @ret: freed by kj_conf_done()
 *
 * What cannot be understood is logged with file and line, counted in
 * ret->problems and otherwise ignored: the default stays, so that a typing
 * error does not leave a machine without hibernation.
 *
 * Return: 0, or -ENOMEM.
 */
int kj_conf_load(const char *root, bool warn, struct kj_conf *ret);

void kj_conf_done(struct kj_conf *conf);

const char *kj_preload_name(enum kj_preload preload);
const char *kj_power_off_name(enum kj_power_off power_off);

/** kj_encryption_name() - "none", "passphrase", "key file" */
const char *kj_encryption_name(enum kj_lock lock);

#endif /* KJ_CONF_H */
