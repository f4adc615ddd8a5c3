// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * result.c: whatever the reason holds, the file is JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "result.h"

static void expect(const struct kj_result *result, const char *json)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	kj_result_print(file, result);
	fclose(file);
	assert_string_equal(text, json);
	free(text);
}

static void test_print(void **state)
{
	struct kj_result result = {
		.result = "refused",
		.state = kj_state_name(KJ_IMAGE_VALID),
		.reason = "it is of another machine",
	};

	(void)state;
	expect(&result, "{\n"
			"  \"result\": \"refused\",\n"
			"  \"state\": \"valid\",\n"
			"  \"reason\": \"it is of another machine\"\n"
			"}\n");
	result.needs_kib = 92160;
	strcpy(result.reason, "a \"b\" \\ \n\x01 \xc3\xa4");
	expect(&result, "{\n"
			"  \"result\": \"refused\",\n"
			"  \"state\": \"valid\",\n"
			"  \"reason\": \"a \\\"b\\\" \\\\ \\u000a\\u0001 \xc3\xa4\",\n"
			"  \"needs_kib\": 92160\n"
			"}\n");
}

static void test_state_names(void **state)
{
	(void)state;
	assert_string_equal(kj_state_name(KJ_IMAGE_NONE), "none");
	assert_string_equal(kj_state_name(KJ_IMAGE_CLAIMED), "claimed");
	assert_string_equal(kj_state_name((enum kj_image_state)77), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_state_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
