// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * systemd has a parser for these and does not export it.  Here are whole
 * numbers and the units from microseconds to weeks; nobody lets a machine
 * sleep for a fraction of a year before it hibernates.
 *
 * Runs in kernel A.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "timespan.h"

static const struct {
	const char *name;
	uint64_t usec;
} units[] = {
	{ "usec", 1 }, { "us", 1 },
	{ "msec", 1000 }, { "ms", 1000 },
	{ "seconds", 1000000 }, { "second", 1000000 }, { "sec", 1000000 }, { "s", 1000000 },
	{ "", 1000000 },
	{ "minutes", 60000000 }, { "minute", 60000000 }, { "min", 60000000 }, { "m", 60000000 },
	{ "hours", 3600000000ull }, { "hour", 3600000000ull }, { "hr", 3600000000ull },
	{ "h", 3600000000ull },
	{ "days", 86400000000ull }, { "day", 86400000000ull }, { "d", 86400000000ull },
	{ "weeks", 604800000000ull }, { "week", 604800000000ull }, { "w", 604800000000ull },
};

static uint64_t find_unit(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == len && strncmp(units[i].name, name, len) == 0)
			return units[i].usec;
	return 0;
}

int kj_parse_timespan(const char *text, uint64_t *ret_usec)
{
	uint64_t total = 0;
	const char *p = text;

	if (strcmp(text, "infinity") == 0) {
		*ret_usec = UINT64_MAX;
		return 0;
	}
	while (isspace((unsigned char)*p))
		p++;
	if (!*p)
		return -EINVAL;
	while (*p) {
		uint64_t unit, part;
		uintmax_t n;
		size_t len;
		char *end;

		if (!isdigit((unsigned char)*p))
			return -EINVAL;
		errno = 0;
		n = strtoumax(p, &end, 10);
		if (errno)
			return -ERANGE;
		for (p = end; isspace((unsigned char)*p); p++)
			;
		len = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		unit = find_unit(p, len);
		if (!unit)
			return -EINVAL;
		if (__builtin_mul_overflow(n, unit, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return -ERANGE;
		for (p += len; isspace((unsigned char)*p); p++)
			;
	}
	*ret_usec = total;
	return 0;
}
