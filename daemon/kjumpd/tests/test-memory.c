// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/iomem and the kernel command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"
#include "preflight.h"

static uint64_t pages_of(const char *text)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	uint64_t pages = kj_memory_ram_pages(f);

	fclose(f);
	return pages;
}

static void test_ram_pages(void **state)
{
	(void)state;
	assert_int_equal(pages_of("00000000-00000fff : Reserved\n"
				  "00001000-0009fbff : System RAM\n"
				  "0009fc00-0009ffff : Reserved\n"
				  "00100000-3ffdefff : System RAM\n"
				  "  01000000-01c00dd0 : Kernel code\n"
				  "  02000000-02ffffff : System RAM\n"
				  "100000000-13fffffff : System RAM\n"),
			 0x9e + (0x3ffdf - 0x100) + 0x40000);
	/* read without CAP_SYS_ADMIN */
	assert_int_equal(pages_of("00000000-00000000 : System RAM\n"), 0);
}

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
		cmocka_unit_test(test_ram_pages),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
