// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmdline.c: whole words only, the last one counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmdline.h"

static void test_has(void **state)
{
	(void)state;
	assert_true(kj_cmdline_has("noresume", "noresume"));
	assert_true(kj_cmdline_has("root=/dev/vda noresume quiet\n", "noresume"));
	assert_false(kj_cmdline_has("noresumes xnoresume noresume=1", "noresume"));
	assert_false(kj_cmdline_has("", "noresume"));
	assert_false(kj_cmdline_has("  \n", "noresume"));
}

static void test_get(void **state)
{
	char value[16];

	(void)state;
	assert_true(kj_cmdline_get("a kjump=off b", "kjump", value, sizeof(value)));
	assert_string_equal(value, "off");
	assert_true(kj_cmdline_get("kjump=b  kjump=off\n", "kjump", value, sizeof(value)));
	assert_string_equal(value, "off");
	assert_true(kj_cmdline_get("kjump=", "kjump", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_false(kj_cmdline_get("kjump.timeout=5 xkjump=1 kjump", "kjump", value, sizeof(value)));
	assert_true(kj_cmdline_get("kjump.timeout=5", "kjump.timeout", value, sizeof(value)));
	assert_string_equal(value, "5");
}

static void test_too_long(void **state)
{
	char value[4];

	(void)state;
	assert_true(kj_cmdline_get("k=123", "k", value, sizeof(value)));
	assert_string_equal(value, "123");
	assert_false(kj_cmdline_get("k=1234", "k", value, sizeof(value)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
