/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times in words.
 */
#ifndef KJ_DURATION_H
#define KJ_DURATION_H

#include <stddef.h>
#include <stdint.h>

/**
 * format_duration() - "8 h 31 min", "2 min 5 s", "12.3 s"
 *
 * The two largest units that count, cut, not rounded.
 *
 * Return: @buf.
 */
const char *format_duration(char *buf, size_t len, uint64_t usec);

#endif /* KJ_DURATION_H */
