/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hardware watchdog that runs in A, fed while kernel B runs.
 */
#ifndef KJ_WATCHDOG_H
#define KJ_WATCHDOG_H

#include <stddef.h>

/**
 * kj_watchdog_parse() - the value of kjump.watchdog=
 * @value: "NAME,SECONDS", NAME being its identity by kj_word_make()
 *
 * Return: 0 or -EINVAL.
 */
int kj_watchdog_parse(const char *value, char *name, size_t size,
		      unsigned int *ret_sec);

/**
 * kj_watchdog_open() - take over A's watchdog, if it has one
 * @cmdline: of B; kjumpd put kjump.watchdog= there
 *
 * From here on it runs, with A's timeout, whether or not it did before: many
 * drivers stop it when they come up.  It is never closed.  Logs what fails.
 */
void kj_watchdog_open(const char *cmdline);

/** kj_watchdog_feed() - any thread; nothing happens without a watchdog */
void kj_watchdog_feed(void);

#endif /* KJ_WATCHDOG_H */
