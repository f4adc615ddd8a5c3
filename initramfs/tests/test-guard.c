// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guard.c: what is stopped, when, and what is given up.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard.h"
#include "kj-log.h"
#include "poweroff.h"
#include "watchdog.h"

static atomic_uint fed;

void kj_watchdog_feed(void)
{
	atomic_fetch_add(&fed, 1);
}

/* In this test the machine that is switched off is only noted. */
static atomic_int switched_off = -1;

void kj_power_off(enum kj_power_off how)
{
	atomic_store(&switched_off, (int)how);
	for (;;)
		pause();
}

static void no_log(int level, const char *text)
{
	(void)level, (void)text;
}

static void wait_ms(unsigned int msec)
{
	const struct timespec pause = { .tv_sec = msec / 1000,
					.tv_nsec = msec % 1000 * 1000000L };

	nanosleep(&pause, NULL);
}

static void it_stops_at_the_limit_and_gives_up_at_twice_the_limit(void **state)
{
	(void)state;
	assert_int_equal(kj_guard_judge(0, 1000), KJ_GUARD_WAIT);
	assert_int_equal(kj_guard_judge(999, 1000), KJ_GUARD_WAIT);
	assert_int_equal(kj_guard_judge(1000, 1000), KJ_GUARD_STOP);
	assert_int_equal(kj_guard_judge(1999, 1000), KJ_GUARD_STOP);
	assert_int_equal(kj_guard_judge(2000, 1000), KJ_GUARD_GIVE_UP);
	assert_int_equal(kj_guard_judge(UINT64_MAX, 0), KJ_GUARD_WAIT);
	assert_int_equal(kj_guard_judge(UINT64_MAX, UINT32_MAX), KJ_GUARD_GIVE_UP);
}

static void slow_work_goes_on_and_stalled_work_ends(void **state)
{
	(void)state;
	kj_guard_begin("a test", 2000);
	for (int i = 0; i < 8; i++) {
		wait_ms(500);
		assert_int_equal(kj_guard_progress(), 0);
	}
	assert_false(kj_guard_stopped());
	wait_ms(3000);
	assert_int_equal(kj_guard_progress(), -ETIMEDOUT);
	assert_true(kj_guard_stopped());
	kj_guard_end();
	assert_int_equal(switched_off, -1);
}

static void what_is_over_is_not_watched(void **state)
{
	(void)state;
	kj_guard_begin("a test", 300);
	kj_guard_end();
	wait_ms(1500);
	assert_int_equal(switched_off, -1);
	kj_guard_begin("another", 5000);
	assert_false(kj_guard_stopped());
	assert_int_equal(kj_guard_progress(), 0);
	kj_guard_end();
}

/* The last: nothing comes after it. */
static void stuck_work_ends_the_machine(void **state)
{
	(void)state;
	kj_guard_begin("a test", 500);
	assert_true(fed > 5);
	wait_ms(2500);
	assert_int_equal(switched_off, KJ_POWER_S5);
	fed = 0;
	wait_ms(1500);
	assert_int_equal(fed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stops_at_the_limit_and_gives_up_at_twice_the_limit),
		cmocka_unit_test(slow_work_goes_on_and_stalled_work_ends),
		cmocka_unit_test(what_is_over_is_not_watched),
		cmocka_unit_test(stuck_work_ends_the_machine),
	};

	kj_log_set_sink(no_log);
	if (kj_guard_start() < 0)
		return 1;
	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
