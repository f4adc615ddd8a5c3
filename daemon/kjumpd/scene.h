/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file systems that this machine has mounted, for the image.
 */
#ifndef KJ_SCENE_MAKE_H
#define KJ_SCENE_MAKE_H

#include <stdbool.h>

#include "kj-scene.h"

/**
 * kj_scene_make() - describe this machine as it is now
 * @mountinfo: "/proc/self/mountinfo"
 * @ret: sealed; with as many file systems as could be read
 *
 * Warns of a file system that is left out or cannot be read.
 */
void kj_scene_make(const char *mountinfo, struct kj_scene *ret);

/* A device that B and C can find, and what is on it from @start on. */
struct kj_place {
	const char *path;
	const char *tag;
	uint64_t start;
	bool whole;		/* in one piece */
	bool crypt;		/* encrypted there */
};

/**
 * kj_scene_print() - one file system of it
 * @read_only: nobody writes
 *
 * Return: 0, or -errno when no print could be taken; @ret is usable all the same.
 */
int kj_scene_print(const char *type, const char *where, const struct kj_place *place,
		   bool read_only, struct kj_print *ret);

#endif /* KJ_SCENE_MAKE_H */
