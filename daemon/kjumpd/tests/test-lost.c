// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lost.c: what is said of a hibernation that nobody came back from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lost.h"

static char text[KJ_REASON_TEXT_MAX];

static const char *text_of(const char *resume)
{
	kj_lost_text(resume, text, sizeof(text));
	return text;
}

static void no_image_means_that_it_was_not_finished(void **state)
{
	(void)state;
	assert_non_null(strstr(text_of("{ \"result\": \"none\", \"state\": \"none\", "
				       "\"reason\": \"no hibernated system on /dev/x\" }"),
			       "before the image was whole"));
}

static void a_reason_of_kjump_resume_is_passed_on(void **state)
{
	(void)state;
	assert_string_equal(text_of("{ \"result\": \"refused\", \"reason\": \"other RAM\" }"),
			    "The hibernated system did not come back: other RAM");
}

static void without_kjump_resume_that_is_said(void **state)
{
	(void)state;
	assert_non_null(strstr(text_of(NULL), "kjump-resume did not run"));
	assert_non_null(strstr(text_of("rubbish"), "kjump-resume did not run"));
}

static void a_result_that_is_no_mark_is_left_alone(void **state)
{
	struct kj_last last = { .operation = "hibernate", .result = "ok" };

	(void)state;
	assert_false(kj_lost_look(&last));
	assert_string_equal(last.result, "ok");
	assert_int_equal(last.error, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_image_means_that_it_was_not_finished),
		cmocka_unit_test(a_reason_of_kjump_resume_is_passed_on),
		cmocka_unit_test(without_kjump_resume_that_is_said),
		cmocka_unit_test(a_result_that_is_no_mark_is_left_alone),
	};

	return cmocka_run_group_tests_name("lost", tests, NULL, NULL);
}
