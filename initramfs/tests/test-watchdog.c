// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watchdog.c: what B is told of A's hardware watchdog.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "watchdog.h"

static char name[16];
static unsigned int sec;

static int parse(const char *value)
{
	return kj_watchdog_parse(value, name, sizeof(name), &sec);
}

static void a_name_and_seconds_are_read(void **state)
{
	(void)state;
	assert_int_equal(parse("i6300ESB_timer,30"), 0);
	assert_string_equal(name, "i6300ESB_timer");
	assert_int_equal(sec, 30);
	assert_int_equal(parse("a,b,65535"), 0);
	assert_string_equal(name, "a,b");
	assert_int_equal(sec, 65535);
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"", ",", "wdt", "wdt,", ",30", "wdt,0", "wdt,-1", "wdt,+1", "wdt,30s",
		"wdt,65536", "wdt,99999999999999999999", "a-name-that-is-too-long,30",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parse(bad[i]), -EINVAL);
}

static void without_one_nothing_is_fed(void **state)
{
	(void)state;
	kj_watchdog_open("quiet");
	kj_watchdog_feed();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_and_seconds_are_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(without_one_nothing_is_fed),
	};

	return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
