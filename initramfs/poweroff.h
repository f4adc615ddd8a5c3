/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How B ends, and a C that cannot go on.
 */
#ifndef KJ_POWEROFF_H
#define KJ_POWEROFF_H

#include "kj-target.h"

/**
 * kj_power_off() - end this kernel, as the target says
 *
 * What fails falls back: S4 to S5, S5 to a restart.  Once the image is valid
 * A must not run on, so that there is no way back from here.  What takes a
 * minute falls back to a restart that asks no device.
 */
__attribute__((noreturn))
void kj_power_off(enum kj_power_off how);

#endif /* KJ_POWEROFF_H */
