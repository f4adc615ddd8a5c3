// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * room.c: what C needs, as it is read, and what is then missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kj-io.h"
#include "room.h"

#define MIB (1ull << 20)

static void test_what_is_missing(void **state)
{
	(void)state;
	assert_int_equal(kj_room_short_kib(90 * 1024, 30 * 1024, 64 * MIB), 0);
	assert_int_equal(kj_room_short_kib(94 * 1024, 30 * 1024, 64 * MIB), 0);
	assert_int_equal(kj_room_short_kib(94 * 1024 + 1, 30 * 1024, 64 * MIB), 1);
	assert_int_equal(kj_room_short_kib(90 * 1024, 30 * 1024, 0), 60 * 1024);
	/* what C needs is not known */
	assert_int_equal(kj_room_short_kib(0, 0, 0), 0);
}

static uint64_t needs_in(const char *text)
{
	char path[] = "/tmp/kjump-test-room-XXXXXX";
	int fd = mkstemp(path);
	uint64_t kib;

	assert_true(fd >= 0);
	assert_int_equal(kj_pwrite_full(fd, text, strlen(text), 0), 0);
	close(fd);
	kib = kj_room_needs_kib(path);
	unlink(path);
	return kib;
}

static void test_needs_are_read(void **state)
{
	(void)state;
	assert_int_equal(needs_in("{ \"result\": \"none\", \"reason\": \"a, \\\"needs_kib\\\": 7\",\n"
				  "  \"needs_kib\": 92160\n}\n"), 92160);
	assert_int_equal(needs_in("{ \"result\": \"none\" }"), 0);
	assert_int_equal(needs_in("{ \"needs_kib\": \"92160\" }"), 0);
	assert_int_equal(needs_in("{ \"needs_kib\": -1 }"), 0);
	assert_int_equal(needs_in(""), 0);
	assert_int_equal(kj_room_needs_kib("/nonexistent/resume.json"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_needs_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
