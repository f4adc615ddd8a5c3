// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * room.c: how much C takes of the machine, as told to the next hibernation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "room.h"

static const struct kj_meminfo info = {
	.free = 800 * 1024, .buffers = 1024, .cached = 100 * 1024,
	.mapped = 10 * 1024, .reclaimable = 18 * 1024, .anonymous = 5 * 1024,
};

static void test_needs(void **state)
{
	uint64_t two = kj_room_needs_kib(262144, 2, &info);
	uint64_t sixteen = kj_room_needs_kib(262144, 16, &info);

	(void)state;
	/* 1024 MiB, of which 924 could be free, but for what is mapped; 8, and a
	 * heap that grows with the CPUs */
	assert_in_range(two, (100 + 10 + 8) * 1024 + 1, (100 + 10 + 8 + 16) * 1024);
	assert_true(sixteen > two);
}

static void test_nonsense_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(kj_room_needs_kib(0, 2, &info), 0);
	assert_int_equal(kj_room_needs_kib(924 * 256 - 1, 2, &info), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_nonsense_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
