/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units of systemd, over its bus.
 */
#ifndef KJ_UNITS_H
#define KJ_UNITS_H

#include <systemd/sd-bus.h>

#include "reason.h"

#define KJ_UNIT_INTERFACE	"org.freedesktop.systemd1.Unit"
#define KJ_SERVICE_INTERFACE	"org.freedesktop.systemd1.Service"

/**
 * kj_unit_text() - a text property of a unit: LoadState, ActiveState, ...
 *
 * Return: malloc()ed; "" when there is none; NULL when memory is out.
 */
char *kj_unit_text(sd_bus *bus, const char *unit, const char *property);

/**
 * kj_unit_last() - of a property that is an array, the last element's text
 * @contents: the array's: "s", or the structure of ExecStart=
 *
 * Return: as kj_unit_text().
 */
char *kj_unit_last(sd_bus *bus, const char *unit, const char *interface,
		   const char *property, const char *contents);

/** kj_unit_enable() / kj_unit_disable() - at boot; 0 or -errno with @reason */
int kj_unit_enable(sd_bus *bus, const char *unit, struct kj_reason *reason);
int kj_unit_disable(sd_bus *bus, const char *unit, struct kj_reason *reason);

/** kj_unit_stop() - does not wait; to start and wait see kj_unit_run() */
int kj_unit_stop(sd_bus *bus, const char *unit, struct kj_reason *reason);

#endif /* KJ_UNITS_H */
