/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scene as A left it: taken in B, compared in C.
 */
#ifndef KJ_SCENE_LOOK_H
#define KJ_SCENE_LOOK_H

#include "kj-image.h"
#include "kj-scene.h"
#include "kj-target.h"

/**
 * kj_scene_sharpen() - replace prints by exact ones, of those that can be seen
 * @prints: from A; what cannot be seen here stays as it is
 *
 * For B, where nobody writes.
 */
void kj_scene_sharpen(struct kj_print *prints, uint32_t n);

/**
 * kj_scene_compare() - is everything as A left it?
 * @info: of a valid image
 * @target: what this initramfs expects
 * @error: whose memory it is, or which file system was changed
 *
 * For C.  Logs what could not be compared.
 *
 * Return: 0, or -ESTALE with @error.
 */
int kj_scene_compare(const struct kj_image_info *info, const struct kj_target *target,
		     struct kj_error *error);

#endif /* KJ_SCENE_LOOK_H */
