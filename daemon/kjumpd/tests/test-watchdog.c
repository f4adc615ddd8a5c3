// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watchdog.c: which watchdog B has to feed, on a small tree that stands for /.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "watchdog.h"

static char root[] = "/tmp/kj-test-watchdog.XXXXXX";

static void run(const char *command)
{
	char text[1024];

	snprintf(text, sizeof(text), "cd %s && %s", root, command);
	assert_int_equal(system(text), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	run("rm -r -- \"$PWD\"");
	return 0;
}

static void make(const char *name, const char *device, const char *driver,
		 const char *state, unsigned int timeout)
{
	char text[768];

	snprintf(text, sizeof(text),
		 "mkdir -p sys/module/%s sys/drivers/%s sys/devices/%s sys/class/watchdog/%s && "
		 "ln -sfn ../../module/%s sys/drivers/%s/module && "
		 "ln -sfn ../../drivers/%s sys/devices/%s/driver && "
		 "ln -sfn ../../../devices/%s sys/class/watchdog/%s/device && "
		 "echo %s > sys/class/watchdog/%s/state && echo %u > sys/class/watchdog/%s/timeout",
		 driver, driver, device, name, driver, driver, driver, device, device, name,
		 state, name, timeout, name);
	run(text);
}

static void the_one_that_runs_is_found(void **state)
{
	struct kj_watchdog w;

	(void)state;
	make("watchdog0", "0000:00:1f.0", "iTCO_wdt", "inactive", 30);
	make("watchdog1", "0000:00:05.0", "i6300esb", "active", 20);
	assert_true(kj_watchdog_find(root, &w));
	assert_string_equal(w.device, "0000:00:05.0");
	assert_string_equal(w.module, "i6300esb");
	assert_int_equal(w.timeout_sec, 20);
}

static void a_driver_may_be_built_in(void **state)
{
	struct kj_watchdog w;

	(void)state;
	make("watchdog0", "wdat_wdt", "wdat_wdt", "active", 60);
	run("rm sys/drivers/wdat_wdt/module");
	assert_true(kj_watchdog_find(root, &w));
	assert_string_equal(w.module, "");
}

static void none_is_found_where_none_runs(void **state)
{
	struct kj_watchdog w;

	(void)state;
	assert_false(kj_watchdog_find(root, &w));
	make("watchdog0", "0000:00:1f.0", "iTCO_wdt", "inactive", 30);
	assert_false(kj_watchdog_find(root, &w));
	make("watchdog0", "softdog", "softdog", "active", 30);
	run("rm sys/class/watchdog/watchdog0/device");
	assert_false(kj_watchdog_find(root, &w));
	make("watchdog0", "no-timeout", "x", "active", 0);
	assert_false(kj_watchdog_find(root, &w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_one_that_runs_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_driver_may_be_built_in, setup, teardown),
		cmocka_unit_test_setup_teardown(none_is_found_where_none_runs, setup, teardown),
	};

	return cmocka_run_group_tests_name("host-watchdog", tests, NULL, NULL);
}
