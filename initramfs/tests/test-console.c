// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * console.c: which keys stop the writing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console.h"

static bool is_escape(const char *typed)
{
	return kj_is_escape(typed, strlen(typed));
}

static void the_escape_key_stops_and_no_other_does(void **state)
{
	(void)state;
	assert_true(is_escape("\x1b"));
	assert_true(is_escape("abc\x1b"));
	assert_true(is_escape("\x1b\x1b"));
	assert_true(is_escape("\x1bq"));
	assert_false(is_escape(""));
	assert_false(is_escape("q\r\n"));
	assert_false(is_escape("\x1b[A"));		/* cursor up */
	assert_false(is_escape("\x1bOP"));		/* F1 */
	assert_true(is_escape("\x1b[A\x1b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_escape_key_stops_and_no_other_does),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
