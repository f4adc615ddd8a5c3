// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preflight.c: the kernel command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preflight.h"

static void test_words(void **state)
{
	(void)state;
	assert_true(kj_has_word("noresume", "noresume"));
	assert_true(kj_has_word("root=/dev/vda noresume quiet", "noresume"));
	assert_true(kj_has_word("xnoresume noresume\n", "noresume"));
	assert_false(kj_has_word("noresumes", "noresume"));
	assert_false(kj_has_word("x.noresume=1", "noresume"));
	assert_false(kj_has_word("kjump=offline", "kjump=off"));
	assert_false(kj_has_word("", "noresume"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
