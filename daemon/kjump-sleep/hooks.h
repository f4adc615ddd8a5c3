/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hooks of systemd-sleep(8).
 */
#ifndef KJ_HOOKS_H
#define KJ_HOOKS_H

/**
 * kj_hooks_run() - run all of /usr/lib/systemd/system-sleep at once
 * @when: "pre" or "post", their first argument
 * @verb: "hibernate" or "hybrid-sleep", their second
 *
 * Waits for them, 90 seconds at most.  Their failures are logged and have no
 * consequence, as with systemd-sleep.
 */
void kj_hooks_run(const char *when, const char *verb);

#endif /* KJ_HOOKS_H */
