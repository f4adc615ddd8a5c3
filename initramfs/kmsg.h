/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel B's log, to be handed to A.
 */
#ifndef KJ_KMSG_H
#define KJ_KMSG_H

#include <stddef.h>

/**
 * kj_kmsg_line() - a record of /dev/kmsg as a line for A
 * @record: NUL-ended
 * @line: "<LEVEL>text", one line, without a newline
 *
 * Return: the line's length; 0: nothing that A needs, as it is neither at
 * least a warning nor of a program of kjump's; or it is no record, or does not
 * fit.
 */
size_t kj_kmsg_line(const char *record, char *line, size_t size);

/**
 * kj_kmsg_take() - what was logged since the last time
 * @buf: lines with newlines, NUL-ended
 *
 * What does not fit is left out, the last of it, and that is said.
 *
 * Return: the text's length.
 */
size_t kj_kmsg_take(char *buf, size_t size);

#endif /* KJ_KMSG_H */
