/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running other programs, without a shell.
 */
#ifndef KJ_PROCESS_H
#define KJ_PROCESS_H

#include "reason.h"

/**
 * kj_spawn() - run a program and wait for it
 * @argv: argv[0] is an absolute path, the last one is NULL
 * @why: KJ_WHY_* of a failure
 *
 * What it prints is logged at debug level, and is the reason when it fails.
 *
 * Return: 0 when it exited with 0, else -errno (-EIO: its own failure) with
 * @reason.
 */
int kj_spawn(char *const argv[], const char *why, struct kj_reason *reason);

/**
 * kj_unit_run() - start a oneshot unit and wait until it is done
 *
 * Return: 0 when its result is "done", else -errno with @reason.
 */
int kj_unit_run(const char *unit, const char *why, struct kj_reason *reason);

#endif /* KJ_PROCESS_H */
