/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in an initramfs, as far as kjump cares.
 */
#ifndef KJ_INITRAMFS_H
#define KJ_INITRAMFS_H

#include <stdbool.h>
#include <stddef.h>

#include "reason.h"

enum kj_generator {
	KJ_GENERATOR_UNKNOWN,
	KJ_GENERATOR_DRACUT,
	KJ_GENERATOR_INITRAMFS_TOOLS,
};

struct kj_initramfs {
	enum kj_generator generator;	/* that built it */
	bool program;			/* kjump-resume is in it */
	bool hook;			/* and something starts it */
	bool asks;			/* systemd-ask-password is in it */
	bool key;			/* a key file is in it */
	char *target;			/* etc/kjump/target, or NULL */
	size_t target_len;
};

/**
 * kj_initramfs_read() - read the table of contents and the target's description
 * @path: cpio archives (newc), one after the other, as the kernel takes them;
 *        the last one may be compressed
 * @ret: freed by kj_initramfs_done()
 *
 * Believes nothing that the file says: lengths are bounded, and whatever ends
 * early or is not understood is an error.  It takes a constant amount of memory.
 *
 * Return: 0, -EBADMSG or another -errno with @reason.
 */
int kj_initramfs_read(const char *path, struct kj_initramfs *ret, struct kj_reason *reason);

void kj_initramfs_done(struct kj_initramfs *initramfs);

/**
 * kj_initramfs_find() - the running kernel's, where boot loaders look for it
 * @root: "" or a directory that stands for / (tests)
 * @release: of the kernel
 *
 * Return: malloc()ed path, or NULL.
 */
char *kj_initramfs_find(const char *root, const char *release);

#endif /* KJ_INITRAMFS_H */
