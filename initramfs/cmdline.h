/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of the kernel's command line.
 */
#ifndef KJ_CMDLINE_H
#define KJ_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * kj_cmdline_has() - is the bare word @word there?
 * @cmdline: as /proc/cmdline has it
 */
bool kj_cmdline_has(const char *cmdline, const char *word);

/**
 * kj_cmdline_get() - value of the last "@key=value"
 * @value: gets it, NUL-ended; a value that does not fit @size counts as none
 *
 * Return: whether there is one.
 */
bool kj_cmdline_get(const char *cmdline, const char *key, char *value,
		    size_t size);

#endif /* KJ_CMDLINE_H */
