// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reasons travel up by value, not through the log: the same sentence goes to
 * the D-Bus caller, to the journal and into the last result, and a library
 * function cannot know which of them is wanted.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "reason.h"

int kj_reason_set(struct kj_reason *reason, int error, const char *why,
		  const char *format, ...)
{
	va_list ap;

	error = abs(error);
	reason->error = error;
	reason->why = why;
	errno = error;
	va_start(ap, format);
	vsnprintf(reason->text, sizeof(reason->text), format, ap);
	va_end(ap);
	return -error;
}
