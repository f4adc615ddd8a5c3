/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suspend to RAM, in B.
 */
#ifndef KJ_SUSPEND_H
#define KJ_SUSPEND_H

#include "kj-image.h"

/**
 * kj_suspend() - suspend the machine to RAM; returns when it wakes up
 *
 * ACPI S3 only: from suspend-to-idle this kernel, which has hardly a driver,
 * might not wake up.
 *
 * Return: 0, or a negative errno and the machine did not sleep.
 */
int kj_suspend(struct kj_error *error);

#endif /* KJ_SUSPEND_H */
