/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that get the machine, and the file that gets its memory.
 */
#ifndef KJ_TRUST_H
#define KJ_TRUST_H

#include "reason.h"

/**
 * kj_trust_check() - could anybody but root have put this file there?
 * @path: absolute
 * @what: for the sentence: "Kernel B's image"
 * @key: of the configuration: "KernelImage="
 *
 * The file has to be a regular one of root's that no other can write, and so
 * has each directory that leads to it; links are followed first.  A directory
 * that all can write is as good when it is sticky and the entry root's.
 *
 * Return: 0, or -errno (-EPERM: somebody could) with @reason.
 */
int kj_trust_check(const char *path, const char *what, const char *key,
		   struct kj_reason *reason);

/**
 * kj_trust_private() - is root the only one who can open this file?
 * @path: absolute; a regular file
 *
 * By its own mode, or because a directory above it lets nobody else through.
 *
 * Return: 0, or -errno (-EPERM: others can) with @reason.
 */
int kj_trust_private(const char *path, struct kj_reason *reason);

#endif /* KJ_TRUST_H */
