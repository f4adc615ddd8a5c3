/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd.time(7)'s time spans.
 */
#ifndef KJ_TIMESPAN_H
#define KJ_TIMESPAN_H

#include <stdint.h>

/**
 * kj_parse_timespan() - "2h", "1h 30min", "90" (seconds), "infinity"
 * @ret_usec: UINT64_MAX is infinity
 *
 * Return: 0, -EINVAL, or -ERANGE.
 */
int kj_parse_timespan(const char *text, uint64_t *ret_usec);

#endif /* KJ_TIMESPAN_H */
