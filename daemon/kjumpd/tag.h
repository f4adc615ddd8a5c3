/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block devices by tag.
 */
#ifndef KJ_TAG_H
#define KJ_TAG_H

#include "reason.h"

/**
 * kj_tag_find() - the device with this tag
 * @spec: "PARTUUID=...", "PARTLABEL=...", "UUID=...", "LABEL=..."
 * @ret: malloc()ed "/dev/vda1"
 *
 * Return: 0, or -errno with @reason; -ENODEV: there is none now.
 */
int kj_tag_find(const char *spec, char **ret, struct kj_reason *reason);

#endif /* KJ_TAG_H */
