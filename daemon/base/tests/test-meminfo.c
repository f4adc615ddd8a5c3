// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-meminfo.c against the text of /proc/meminfo.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kj-cleanup.h"
#include "kj-meminfo.h"

static int parse(const char *text, struct kj_meminfo *ret)
{
	kj_cleanup(fclose) FILE *file = fmemopen((void *)text, strlen(text), "r");

	return kj_meminfo_parse(file, ret);
}

static void test_the_numbers(void **state)
{
	struct kj_meminfo info;

	(void)state;
	assert_int_equal(parse("MemTotal:         999416 kB\n"
			       "MemFree:          812344 kB\n"
			       "MemAvailable:     840000 kB\n"
			       "Buffers:            1024 kB\n"
			       "Cached:            65536 kB\n"
			       "SwapCached:            7 kB\n"
			       "AnonPages:         8000 kB\n"
			       "Mapped:            9000 kB\n"
			       "SReclaimable:      12000 kB\n"
			       "HugePages_Total:       0\n", &info), 0);
	assert_int_equal(info.free, 812344);
	assert_int_equal(info.buffers, 1024);
	assert_int_equal(info.cached, 65536);
	assert_int_equal(info.mapped, 9000);
	assert_int_equal(info.anonymous, 8000);
	assert_int_equal(info.reclaimable, 12000);
}

static void test_all_or_nothing(void **state)
{
	struct kj_meminfo info = { .free = 17 };

	(void)state;
	assert_int_equal(parse("MemFree: 1 kB\nBuffers: 1 kB\nCached: 1 kB\nMapped: 1 kB\n", &info),
			 -EBADMSG);
	assert_int_equal(parse("\n", &info), -EBADMSG);
	assert_int_equal(info.free, 17);
	assert_int_equal(kj_meminfo_read(&info), 0);
}

static void test_what_cpus_hold(void **state)
{
	static const char text[] =
		"Node 0, zone      DMA\n  pages free     3840\n"
		"  pagesets\n    cpu: 0\n              count:    5\n              high:     8\n"
		"    cpu: 1\n              count:    2\n              high:     8\n"
		"Node 0, zone    DMA32\n      nr_free_pages 12\n  pagesets\n    cpu: 0\n"
		"              count:    1000\n              batch:    63\n";
	kj_cleanup(fclose) FILE *file = fmemopen((void *)text, sizeof(text) - 1, "r");

	(void)state;
	assert_int_equal(kj_zoneinfo_parse(file), 1007 * 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_numbers),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_what_cpus_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
