// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjump-sleep's settings, times and batteries, on a tree of directories under
 * /tmp that stands for /.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../battery.h"
#include "../sleep-conf.h"
#include "../timespan.h"
#include "kj-log.h"

#define SECOND 1000000ull

static char root[] = "/tmp/kj-test-sleep.XXXXXX";
static char logged[1024];

static void keep_log(int level, const char *text)
{
	(void)level;
	snprintf(logged, sizeof(logged), "%s", text);
}

static void run(const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "cd %s && %s", root, command);
	assert_int_equal(system(text), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	logged[0] = '\0';
	kj_log_set_sink(keep_log);
	if (!mkdtemp(root))
		return -1;
	run("mkdir -p etc/systemd/sleep.conf.d run/systemd/sleep.conf.d sys/class/power_supply");
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void times_are_systemds(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t usec;
	} times[] = {
		{ "10", 0, 10 * SECOND },
		{ "2h", 0, 7200 * SECOND },
		{ "1h 30min", 0, 5400 * SECOND },
		{ " 1 h30 m 5s ", 0, 5405 * SECOND },
		{ "2weeks 1d", 0, 15 * 86400 * SECOND },
		{ "1500ms", 0, SECOND * 3 / 2 },
		{ "infinity", 0, UINT64_MAX },
		{ "", -EINVAL, 0 },
		{ "h", -EINVAL, 0 },
		{ "-1h", -EINVAL, 0 },
		{ "2 parsecs", -EINVAL, 0 },
		{ "1h,5min", -EINVAL, 0 },
		{ "99999999999999999999s", -ERANGE, 0 },
		{ "99999999999999weeks", -ERANGE, 0 },
		{ "18446744073709551615us 1us", -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t usec = 0;
		int r = kj_parse_timespan(times[i].text, &usec);

		if (r != times[i].result || usec != times[i].usec)
			fail_msg("\"%s\": %d, %llu", times[i].text, r, (unsigned long long)usec);
	}
}

static void settings_are_systemds(void **state)
{
	struct kj_sleep_conf c;

	(void)state;
	kj_sleep_conf_read(root, &c);
	assert_string_equal(c.suspend_state, "mem standby freeze");
	assert_string_equal(c.mem_sleep, "");
	assert_int_equal(c.delay_usec, 0);
	assert_int_equal(c.estimation_usec, 3600 * SECOND);
	assert_true(c.on_external_power);
	run("printf '[Sleep]\\nSuspendState=freeze\\nHibernateDelaySec=1h\\nHibernateOnACPower=no\\n' > etc/systemd/sleep.conf");
	run("printf '[Sleep]\\nHibernateDelaySec=20min\\nSuspendEstimationSec=soon\\nMemorySleepMode=deep s2idle\\n' > etc/systemd/sleep.conf.d/a.conf");
	kj_sleep_conf_read(root, &c);
	assert_string_equal(c.suspend_state, "freeze");
	assert_string_equal(c.mem_sleep, "deep s2idle");
	assert_int_equal(c.delay_usec, 1200 * SECOND);
	assert_int_equal(c.estimation_usec, 3600 * SECOND);
	assert_false(c.on_external_power);
	assert_non_null(strstr(logged, "/etc/systemd/sleep.conf.d/a.conf:3: \"SuspendEstimationSec=soon\" is not understood"));
}

/* What kjumpd says there it also says itself, with the reason. */
static void the_administrator_may_forbid_each_way(void **state)
{
	(void)state;
	assert_true(kj_sleep_allowed(root, "AllowHybridSleep"));
	run("printf '[Sleep]\\nAllowHybridSleep=no\\n' > etc/systemd/sleep.conf.d/a.conf");
	run("printf '[Sleep]\\nAllowHibernation=no\\n' > run/systemd/sleep.conf.d/51-kjump-state.conf");
	assert_false(kj_sleep_allowed(root, "AllowHybridSleep"));
	assert_true(kj_sleep_allowed(root, "AllowHibernation"));
	assert_true(kj_sleep_allowed(root, "AllowSuspendThenHibernate"));
}

static void supply(const char *name, const char *type, const char *key, const char *value)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "mkdir -p sys/class/power_supply/%s; cd sys/class/power_supply/%s; echo %s > type; echo %s > %s",
		 name, name, type, value, key);
	run(text);
}

static void batteries_are_those_of_the_machine(void **state)
{
	(void)state;
	assert_int_equal(kj_battery_capacity(root), -ENODEV);
	assert_true(kj_on_external_power(root));
	supply("mouse", "Battery", "capacity", "3");
	supply("mouse", "Battery", "scope", "Device");
	assert_int_equal(kj_battery_capacity(root), -ENODEV);
	supply("BAT0", "Battery", "capacity", "80");
	supply("BAT1", "Battery", "capacity", "40");
	supply("AC", "Mains", "online", "0");
	assert_int_equal(kj_battery_capacity(root), 40);
	assert_false(kj_on_external_power(root));
	supply("AC", "Mains", "online", "1");
	assert_true(kj_on_external_power(root));
}

static void a_battery_lasts_as_long_again(void **state)
{
	(void)state;
	assert_true(kj_battery_lasts(80, 75));
	assert_true(kj_battery_lasts(16, 11));		/* 6 then */
	assert_false(kj_battery_lasts(15, 10));		/* 5 then */
	assert_false(kj_battery_lasts(50, 20));
	assert_false(kj_battery_lasts(5, 5));
	assert_true(kj_battery_lasts(10, 20));		/* it was charged */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_systemds),
		cmocka_unit_test_setup_teardown(settings_are_systemds, setup, teardown),
		cmocka_unit_test_setup_teardown(the_administrator_may_forbid_each_way, setup, teardown),
		cmocka_unit_test_setup_teardown(batteries_are_those_of_the_machine, setup, teardown),
		cmocka_unit_test(a_battery_lasts_as_long_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
