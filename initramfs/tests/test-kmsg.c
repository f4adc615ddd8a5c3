// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmsg.c: which records of kernel B's log A gets, and how they look.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kmsg.h"

static char line[256];

static void warnings_and_our_own_go_to_a(void **state)
{
	(void)state;
	assert_int_equal(kj_kmsg_line("3,339,5140900,-;I/O error, dev vdb\n SUBSYSTEM=block\n",
				      line, sizeof(line)), 24 - 3);
	assert_string_equal(line, "<3>I/O error, dev vdb");
	assert_true(kj_kmsg_line("30,340,5140901,-;kjump-agent: parked; waiting\n", line,
				 sizeof(line)) > 0);
	assert_string_equal(line, "<6>kjump-agent: parked; waiting");
	assert_true(kj_kmsg_line("4,1,2,c;a warning", line, sizeof(line)) > 0);
	assert_string_equal(line, "<4>a warning");
}

static void the_rest_does_not(void **state)
{
	(void)state;
	assert_int_equal(kj_kmsg_line("6,1,2,-;virtio_blk virtio2: 2/0/0 queues\n", line,
				      sizeof(line)), 0);
	assert_int_equal(kj_kmsg_line("5,1,2,-;Linux version 6.12\n", line, sizeof(line)), 0);
	assert_int_equal(kj_kmsg_line("", line, sizeof(line)), 0);
	assert_int_equal(kj_kmsg_line(";text", line, sizeof(line)), 0);
	assert_int_equal(kj_kmsg_line("3 no record", line, sizeof(line)), 0);
	assert_int_equal(kj_kmsg_line("3,1,2,-;too long for that", line, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warnings_and_our_own_go_to_a),
		cmocka_unit_test(the_rest_does_not),
	};

	return cmocka_run_group_tests_name("kmsg", tests, NULL, NULL);
}
