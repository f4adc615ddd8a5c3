// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-json.c, writer and reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kj-json.h"

static void test_write(void **state)
{
	struct kj_json json = { 0 };
	char *text;
	size_t len;

	(void)state;
	json.out = open_memstream(&text, &len);
	kj_json_begin(&json, NULL);
	kj_json_text(&json, "text", "a \"b\" \\ \n\x01 \xc3\xa9");
	kj_json_begin(&json, "inner");
	kj_json_number(&json, "number", UINT64_MAX);
	kj_json_bool(&json, "bool", true);
	kj_json_end(&json);
	kj_json_begin(&json, "empty");
	kj_json_end(&json);
	kj_json_begin_list(&json, "list");
	kj_json_begin(&json, NULL);
	kj_json_bool(&json, "b", false);
	kj_json_end(&json);
	kj_json_begin(&json, NULL);
	kj_json_end(&json);
	kj_json_end_list(&json);
	kj_json_null(&json, "null");
	kj_json_end(&json);
	fclose(json.out);
	assert_string_equal(text,
		"{\n"
		"  \"text\": \"a \\\"b\\\" \\\\ \\u000a\\u0001 \xc3\xa9\",\n"
		"  \"inner\": {\n"
		"    \"number\": 18446744073709551615,\n"
		"    \"bool\": true\n"
		"  },\n"
		"  \"empty\": {\n"
		"  },\n"
		"  \"list\": [\n"
		"    {\n"
		"      \"b\": false\n"
		"    },\n"
		"    {\n"
		"    }\n"
		"  ],\n"
		"  \"null\": null\n"
		"}\n");
	free(text);
}

static void test_find(void **state)
{
	static const char text[] =
		"{ \"result\": \"refused\",\n\"n\" : 12 , \"b\": true, \"reason\":"
		"\"it \\\"is\\\" \\u0041\\u00e9 \\n late\" }";
	char buf[64], small[4];

	(void)state;
	assert_true(kj_json_find_text(text, "result", buf, sizeof(buf)));
	assert_string_equal(buf, "refused");
	assert_true(kj_json_find_text(text, "reason", buf, sizeof(buf)));
	assert_string_equal(buf, "it \"is\" A? \n late");
	assert_true(kj_json_find_text(text, "result", small, sizeof(small)));
	assert_string_equal(small, "ref");
	assert_false(kj_json_find_text(text, "n", buf, sizeof(buf)));
	assert_false(kj_json_find_text(text, "absent", buf, sizeof(buf)));
}

static void test_find_number(void **state)
{
	static const char text[] =
		"{\"a\": 12, \"text\": \"1\", \"b\" :18446744073709551615\n,"
		"\"big\": 18446744073709551616, \"minus\": -1, \"half\": 1.5, \"last\": 3}";
	uint64_t n = 0;

	(void)state;
	assert_true(kj_json_find_number(text, "a", &n));
	assert_int_equal(n, 12);
	assert_true(kj_json_find_number(text, "b", &n));
	assert_true(n == UINT64_MAX);
	assert_true(kj_json_find_number(text, "last", &n));
	assert_int_equal(n, 3);
	assert_false(kj_json_find_number(text, "text", &n));
	assert_false(kj_json_find_number(text, "big", &n));
	assert_false(kj_json_find_number(text, "minus", &n));
	assert_false(kj_json_find_number(text, "half", &n));
	assert_false(kj_json_find_number(text, "absent", &n));
	assert_false(kj_json_find_number("{\"a\": 1", "a", &n));
	assert_int_equal(n, 3);
}

/* Anything at all may be in the file. */
static void test_broken(void **state)
{
	static const char *const texts[] = {
		"", "{", "}", "[", "{}", "{\"", "{\"a", "{\"a\"", "{\"a\":",
		"{\"a\": \"", "{\"a\": \"\\", "{\"a\": \"\\u", "{\"a\": \"\\u00",
		"{\"a\": \"\\q\"}", "{\"a\": {\"key\": \"x\"}}", "{\"a\" \"key\"}",
		"{\"a\": 1 \"key\": \"x\"}", "{\"a\": \"x\",", "nonsense",
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(kj_json_find_text(texts[i], "key", buf, sizeof(buf)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_number),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
