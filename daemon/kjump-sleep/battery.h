/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power supplies, for suspend-then-hibernate.
 */
#ifndef KJ_BATTERY_H
#define KJ_BATTERY_H

#include <stdbool.h>

#define KJ_BATTERY_LOW 5	/* percent, as systemd has it */

/**
 * kj_battery_capacity() - charge of the machine's batteries
 * @root: "" or a directory that stands for / (tests)
 *
 * The lowest, if there are several; those of mice and the like do not count.
 *
 * Return: percent, or -ENODEV: the machine has none.
 */
int kj_battery_capacity(const char *root);

/**
 * kj_battery_lasts() - may the machine sleep on for as long as it did?
 * @before: capacity when it fell asleep
 * @now: when it was woken
 *
 * Not when it would be low then.
 */
bool kj_battery_lasts(int before, int now);

/** kj_on_external_power() - is a charger plugged in, or is there no battery? */
bool kj_on_external_power(const char *root);

#endif /* KJ_BATTERY_H */
