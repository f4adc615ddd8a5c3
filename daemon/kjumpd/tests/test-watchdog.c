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

#include "tree.h"
#include "watchdog.h"

static int setup(void **state)
{
	(void)state;
	return make_tree("true");
}

static void make(const char *name, const char *identity, const char *state,
		 unsigned int timeout)
{
	char text[768];

	snprintf(text, sizeof(text),
		 "mkdir -p sys/class/watchdog/%s && cd sys/class/watchdog/%s && "
		 "echo '%s' > identity && echo %s > state && echo %u > timeout",
		 name, name, identity, state, timeout);
	run(text);
}

static void the_one_that_runs_is_found(void **state)
{
	struct kj_watchdog w;

	(void)state;
	make("watchdog0", "iTCO_wdt", "inactive", 30);
	make("watchdog1", "i6300ESB timer", "active", 20);
	assert_true(kj_watchdog_find(root, &w));
	assert_string_equal(w.name, "i6300ESB_timer");
	assert_int_equal(w.timeout_sec, 20);
}

static void its_name_is_one_word(void **state)
{
	struct kj_watchdog w;

	(void)state;
	make("watchdog0", "A \"dog\", 2.0", "active", 60);
	assert_true(kj_watchdog_find(root, &w));
	assert_string_equal(w.name, "A__dog___2.0");
	make("watchdog0", "0123456789abcdef0123456789abcdef", "active", 60);
	assert_true(kj_watchdog_find(root, &w));
	make("watchdog0", "0123456789abcdef0123456789abcdef+", "active", 60);
	assert_false(kj_watchdog_find(root, &w));
}

static void none_is_found_where_none_runs(void **state)
{
	struct kj_watchdog w;

	(void)state;
	assert_false(kj_watchdog_find(root, &w));
	make("watchdog0", "iTCO_wdt", "inactive", 30);
	assert_false(kj_watchdog_find(root, &w));
	make("watchdog0", "iTCO_wdt", "active", 0);
	assert_false(kj_watchdog_find(root, &w));
	make("watchdog0", "", "active", 30);
	assert_false(kj_watchdog_find(root, &w));
}

static void a_timer_of_this_kernel_is_none(void **state)
{
	struct kj_watchdog w;

	(void)state;
	make("watchdog0", "Software Watchdog", "active", 30);
	assert_false(kj_watchdog_find(root, &w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_one_that_runs_is_found, setup, remove_tree),
		cmocka_unit_test_setup_teardown(its_name_is_one_word, setup, remove_tree),
		cmocka_unit_test_setup_teardown(none_is_found_where_none_runs, setup, remove_tree),
		cmocka_unit_test_setup_teardown(a_timer_of_this_kernel_is_none, setup, remove_tree),
	};

	return cmocka_run_group_tests_name("host-watchdog", tests, NULL, NULL);
}
