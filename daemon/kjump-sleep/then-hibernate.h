/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suspend-then-hibernate.
 */
#ifndef KJ_THEN_HIBERNATE_H
#define KJ_THEN_HIBERNATE_H

#include <systemd/sd-bus.h>

/**
 * kj_suspend_then_hibernate() - suspend to RAM, and hibernate if nobody comes
 *
 * Return: 0 when the machine is back, or -errno; logged.
 */
int kj_suspend_then_hibernate(sd_bus *bus);

#endif /* KJ_THEN_HIBERNATE_H */
