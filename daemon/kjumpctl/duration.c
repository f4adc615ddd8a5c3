// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A machine sleeps for seconds in a test and for months in a cupboard.
 *
 * Runs in kernel A.
 */
#include <inttypes.h>
#include <stdio.h>

#include "duration.h"

const char *format_duration(char *buf, size_t len, uint64_t usec)
{
	static const struct {
		uint64_t seconds;
		const char *name, *next_name;
		uint64_t next_seconds;
	} units[] = {
		{ 86400, "d",   "h",   3600 },
		{ 3600,  "h",   "min", 60 },
		{ 60,    "min", "s",   1 },
	};
	uint64_t seconds = usec / 1000000;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds < units[i].seconds)
			continue;
		snprintf(buf, len, "%" PRIu64 " %s %" PRIu64 " %s",
			 seconds / units[i].seconds, units[i].name,
			 seconds % units[i].seconds / units[i].next_seconds,
			 units[i].next_name);
		return buf;
	}
	snprintf(buf, len, "%" PRIu64 ".%" PRIu64 " s", seconds, usec / 100000 % 10);
	return buf;
}
