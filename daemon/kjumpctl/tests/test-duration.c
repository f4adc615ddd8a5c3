// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Times in words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "duration.h"

static void a_time_has_its_two_largest_units(void **state)
{
	static const struct {
		uint64_t usec;
		const char *text;
	} times[] = {
		{ 0,                       "0.0 s" },
		{ 12390000,                "12.3 s" },
		{ 59999999,                "59.9 s" },
		{ 60000000,                "1 min 0 s" },
		{ 3599000000,              "59 min 59 s" },
		{ 3600000000,              "1 h 0 min" },
		{ (8 * 3600ull + 31 * 60 + 59) * 1000000, "8 h 31 min" },
		{ (86400ull * 100 + 7200) * 1000000, "100 d 2 h" },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_string_equal(format_duration(buf, sizeof(buf), times[i].usec),
				    times[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_has_its_two_largest_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
