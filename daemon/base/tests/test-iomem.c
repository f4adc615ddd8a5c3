// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-iomem.c against the text of /proc/iomem.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kj-cleanup.h"
#include "kj-iomem.h"

static uint64_t count(const char *text)
{
	kj_cleanup(fclose) FILE *file = fmemopen((void *)text, strlen(text), "r");

	return kj_iomem_ram(file).pages;
}

static uint64_t end_of(const char *text)
{
	kj_cleanup(fclose) FILE *file = fmemopen((void *)text, strlen(text), "r");

	return kj_iomem_ram(file).end;
}

static void test_machine(void **state)
{
	(void)state;
	/* 0x1000-0x9fbff ends inside a page, which does not count. */
	assert_int_equal(count("00000000-00000fff : Reserved\n"
			       "00001000-0009fbff : System RAM\n"
			       "0009fc00-0009ffff : Reserved\n"
			       "000a0000-000bffff : PCI Bus 0000:00\n"
			       "00100000-3ffdbfff : System RAM\n"
			       "  01000000-01e01b4f : Kernel code\n"
			       "  02000000-02ffffff : System RAM\n"
			       "fd000000-fdffffff : 0000:00:02.0\n"
			       "100000000-13fffffff : System RAM\n"),
			 0x9e + (0x3ffdc - 0x100) + 0x40000);
}

static void test_end(void **state)
{
	(void)state;
	assert_int_equal(end_of("100000000-13fffffff : System RAM\n"
				"00100000-3ffdbfff : System RAM\n"
				"fd000000-1ffffffff : 0000:00:02.0\n"), 0x140000);
	assert_int_equal(end_of(""), 0);
}

/* What a user who is not root sees. */
static void test_hidden(void **state)
{
	(void)state;
	assert_int_equal(count("00000000-00000000 : System RAM\n"
			       "00000000-00000000 : System RAM\n"), 0);
	assert_int_equal(count("\n: : :\nSystem RAM\n"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
