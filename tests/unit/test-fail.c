// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the engine fails: the errno goes through, the sentence fits.
 */
#include "unit.h"

#include "fail.h"

static void the_errno_comes_back_and_the_sentence_is_written(void **state)
{
	struct kj_error error = { "before" };

	(void)state;
	assert_int_equal(kj_fail(&error, -EBADMSG, "chunk %d: %s", 17, "gone"), -EBADMSG);
	assert_string_equal(error.text, "chunk 17: gone");
	assert_int_equal(kj_fail(&error, INT32_MIN, "%s", ""), INT32_MIN);
	assert_string_equal(error.text, "");
}

static void nobody_has_to_want_the_sentence(void **state)
{
	(void)state;
	assert_int_equal(kj_fail(NULL, -EIO, "chunk %d", 17), -EIO);
}

static void a_sentence_that_is_too_long_is_cut_off(void **state)
{
	struct {
		struct kj_error error;
		uint8_t guard[64];
	} room;
	char text[1000];

	(void)state;
	memset(&room, 0x5a, sizeof(room));
	for (size_t len = 0; len < sizeof(text); len++) {
		size_t max = sizeof(room.error.text) - 1;

		memset(text, 'x', len);
		text[len] = 0;
		assert_int_equal(kj_fail(&room.error, -EIO, "%s", text), -EIO);
		assert_int_equal(strnlen(room.error.text, sizeof(room.error.text)),
				 len < max ? len : max);
	}
	for (size_t i = 0; i < sizeof(room.guard); i++)
		assert_int_equal(room.guard[i], 0x5a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_errno_comes_back_and_the_sentence_is_written),
		cmocka_unit_test(nobody_has_to_want_the_sentence),
		cmocka_unit_test(a_sentence_that_is_too_long_is_cut_off),
	};

	return cmocka_run_group_tests_name("fail", tests, NULL, NULL);
}
