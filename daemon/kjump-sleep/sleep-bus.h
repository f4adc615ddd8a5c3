/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom kjump-sleep talks to: PID 1, systemd-homed, kjumpd.
 */
#ifndef KJ_SLEEP_BUS_H
#define KJ_SLEEP_BUS_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

/**
 * kj_sleep_want_freeze() - shall user.slice be frozen?
 * @since: the systemd that began to, for this way to sleep
 *
 * SYSTEMD_SLEEP_FREEZE_USER_SESSIONS decides; without it systemd's version.
 */
bool kj_sleep_want_freeze(sd_bus *bus, int since);

/**
 * kj_sleep_freeze() / kj_sleep_thaw() - user.slice
 *
 * That there is no such slice, or that it cannot be frozen here, is no error.
 *
 * Return: 0 or -errno; logged.
 */
int kj_sleep_freeze(sd_bus *bus);
int kj_sleep_thaw(sd_bus *bus);

/** kj_sleep_lock_homes() - as far as systemd-homed runs */
void kj_sleep_lock_homes(sd_bus *bus);

/**
 * kj_sleep_problem() - what kjumpd says against sleeping now
 * @property: of kjumpd: "Problem", "HybridSleepProblem"
 * @ret: malloc()ed sentence, or NULL: nothing
 *
 * Return: 0, or -errno when kjumpd cannot be asked.
 */
int kj_sleep_problem(sd_bus *bus, const char *property, char **ret);

/**
 * kj_sleep_now() - have kjumpd do it
 * @method: "Hibernate", "HybridSleep"
 *
 * Returns when the machine is back, or when it could not sleep.
 *
 * Return: 0 or -errno; logged.
 */
int kj_sleep_now(sd_bus *bus, const char *method);

#endif /* KJ_SLEEP_BUS_H */
