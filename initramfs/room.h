/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room for A's memory in C's.
 */
#ifndef KJ_ROOM_H
#define KJ_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "kj-meminfo.h"

#define KJ_ROOM_SETTINGS 4

/* What was changed and is changed back when C boots on. */
struct kj_room {
	char before[KJ_ROOM_SETTINGS][128];	/* "": unknown */
};

/**
 * kj_room_prepare_process() - to be called first, before any thread exists
 *
 * Sets malloc() and thread stacks up so that what kj_room_make() reserves is
 * enough.
 */
void kj_room_prepare_process(void);

/**
 * kj_room_make() - before the kernel takes the page frames of the image
 * @ret: for kj_room_undo()
 *
 * This process has all memory afterwards that it needs, and keeps it.
 */
void kj_room_make(struct kj_room *ret);

/**
 * kj_room_clear_out() - when that was not enough: all else in C goes
 *
 * Ends every other process and removes the initramfs.  C cannot boot on after
 * it: if the resume fails then, the machine must be restarted.
 */
void kj_room_clear_out(void);

/** kj_room_undo() - C boots on */
void kj_room_undo(const struct kj_room *room);

/**
 * kj_room_needs_kib() - what C takes of the machine, cleared out
 * @ram_pages: all there are
 * @cpus: that are on
 *
 * A hibernated system that leaves less than this cannot be resumed.
 *
 * Return: KiB; 0 when it cannot be told.
 */
uint64_t kj_room_needs_kib(uint64_t ram_pages, unsigned int cpus,
			   const struct kj_meminfo *info);

/** kj_room_needs_now() - the same, of this kernel as it is now */
uint64_t kj_room_needs_now(void);

#endif /* KJ_ROOM_H */
