// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine's one way to put an error into words; runs in A, B and C.
 *
 * Kept apart from logging: the engine never logs, the program that called it
 * knows whether the sentence goes to a console, a journal or over to A.
 */
#include <stdarg.h>
#include <stdio.h>

#include "fail.h"

int kj_fail(struct kj_error *error, int r, const char *format, ...)
{
	va_list ap;

	if (!error)
		return r;
	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return r;
}
