/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be known to be wrong before anything freezes.
 */
#ifndef KJ_PREFLIGHT_H
#define KJ_PREFLIGHT_H

#include <stdint.h>

#include "conf.h"
#include "reason.h"
#include "target.h"

/**
 * kj_preflight() - can this machine hibernate by kjump now?
 * @ret: the resolved target, freed by kj_resolved_done(); may be NULL
 *
 * Only reads.  Another sleep in flight is not looked for here: the manager
 * knows its own, and the kernel refuses a second one.
 *
 * Return: 0, or -errno with @reason.
 */
int kj_preflight(const struct kj_conf *conf, struct kj_resolved *ret,
		 struct kj_reason *reason);

/**
 * kj_preflight_kernel() - can the running kernel load and call a second one?
 */
int kj_preflight_kernel(struct kj_reason *reason);

/* What it consists of, in this order: lockdown; the patches; whether kexec may
 * load; words such as noresume. */
int kj_preflight_lockdown(struct kj_reason *reason);
int kj_preflight_jump(struct kj_reason *reason);
int kj_preflight_loading(struct kj_reason *reason);
int kj_preflight_command_line(struct kj_reason *reason);

/**
 * kj_preflight_suspend() - can the machine suspend to RAM (ACPI S3)?
 *
 * Kernel B is the same kernel on the same machine.
 */
int kj_preflight_suspend(struct kj_reason *reason);

/**
 * kj_preflight_may_write() - is the target writable, and nobody else's?
 */
int kj_preflight_may_write(const struct kj_resolved *target, struct kj_reason *reason);

/**
 * kj_preflight_size() - would an image of what is in use now fit?
 */
int kj_preflight_size(const struct kj_resolved *target, struct kj_reason *reason);

/**
 * kj_preflight_private() - a file that gets all memory has to be closed to others
 */
int kj_preflight_private(const struct kj_resolved *target, struct kj_reason *reason);

/**
 * kj_preflight_crypt() - who has an encrypted disk expects no plain memory on it
 *
 * The image is written below dm-crypt, so that kjump has to encrypt it.
 */
int kj_preflight_crypt(const struct kj_resolved *target, const struct kj_conf *conf,
		       struct kj_reason *reason);

/**
 * kj_preflight_image_max() - bytes that an image of so much memory can take
 */
uint64_t kj_preflight_image_max(uint64_t bytes);

/**
 * kj_preflight_needed() - bytes that an image may take now, at worst
 *
 * All memory that is not free, incompressible, and the image's own tables.
 *
 * Return: 0 when it cannot be told.
 */
uint64_t kj_preflight_needed(void);

/**
 * kj_has_word() - is this word on a kernel command line?
 */
bool kj_has_word(const char *cmdline, const char *word);

#endif /* KJ_PREFLIGHT_H */
