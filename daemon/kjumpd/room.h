/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Will the kernel that resumes fit into RAM beside this system?
 */
#ifndef KJ_ROOM_OF_C_H
#define KJ_ROOM_OF_C_H

#include <stdint.h>

#include "reason.h"

/**
 * kj_room_needs_kib() - what C needs for itself
 * @path: in which kjump-resume left it
 *
 * Return: KiB; 0 when it is not known.
 */
uint64_t kj_room_needs_kib(const char *path);

/**
 * kj_room_short_kib() - how much is missing
 * @needs_kib: kj_room_needs_kib()
 * @free_kib: MemFree of A
 * @held: bytes that B has
 *
 * Return: KiB; 0 when there is enough.
 */
uint64_t kj_room_short_kib(uint64_t needs_kib, uint64_t free_kib, uint64_t held);

/**
 * kj_room_check() - make sure that C will fit
 * @held: bytes that B has
 *
 * Drops clean page cache if that is what it takes.  Passes when what C needs
 * is not known.
 *
 * Return: 0, or -ENOMEM with @reason.
 */
int kj_room_check(uint64_t held, struct kj_reason *reason);

#endif /* KJ_ROOM_OF_C_H */
