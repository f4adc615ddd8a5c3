// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * call.c, the messages: words and text arrive as they were set, and nothing
 * runs over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call.h"

static struct kj_message message;

static void test_words(void **state)
{
	const uint64_t words[] = { 10, 11, 12, 13, 14, 15, 16, 17, 18 };

	(void)state;
	kj_message_set(&message, KJUMP_WORD_DONE, 2, words);
	assert_int_equal(kj_message_word(&message), KJUMP_WORD_DONE);
	assert_int_equal(message.argc, 3);
	assert_int_equal(kj_message_arg(&message, 1), 10);
	assert_int_equal(kj_message_arg(&message, 2), 11);
	assert_int_equal(kj_message_arg(&message, 3), 0);

	kj_message_set(&message, KJUMP_WORD_DONE, 9, words);
	assert_int_equal(message.argc, KEXEC_CALL_ARGC_MAX);
	assert_int_equal(kj_message_arg(&message, KEXEC_CALL_ARGC_MAX - 1), 16);

	message.argc = 0;
	assert_int_equal(kj_message_word(&message), KJUMP_WORD_NONE);
}

static void test_text(void **state)
{
	char *text = malloc(KEXEC_CALL_BLOB_MAX + 100);

	(void)state;
	kj_message_set_text(&message, "no space");
	assert_int_equal(message.blob_len, 8);
	assert_memory_equal(message.blob, "no space", 8);

	memset(text, 'x', KEXEC_CALL_BLOB_MAX + 99);
	text[KEXEC_CALL_BLOB_MAX + 99] = '\0';
	kj_message_set_text(&message, text);
	assert_int_equal(message.blob_len, KEXEC_CALL_BLOB_MAX);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
