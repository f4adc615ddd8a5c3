// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-io: files are read whole and replaced atomically, sizes are understood.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-io.h"

static char dir[] = "/tmp/kjump-test-io-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void a_replaced_file_has_its_content_and_mode_and_leaves_nothing_beside(void **state)
{
	kj_autofree char *text = NULL;
	size_t len;
	struct stat st;

	(void)state;
	assert_int_equal(kj_write_file_atomic(path, "old", 3, 0644), 0);
	assert_int_equal(kj_write_file_atomic(path, "new text\nline 2\n", 16, 0600), 0);
	assert_int_equal(kj_read_file(path, 100, &text, &len), 0);
	assert_int_equal(len, 16);
	assert_string_equal(text, "new text\nline 2\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void a_file_longer_than_allowed_is_refused(void **state)
{
	kj_autofree char *text = NULL;
	char big[10000];

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_int_equal(kj_write_file_atomic(path, big, sizeof(big), 0600), 0);
	assert_int_equal(kj_read_file(path, sizeof(big) - 1, &text, NULL), -EFBIG);
	assert_int_equal(kj_read_file(path, sizeof(big), &text, NULL), 0);
	assert_int_equal(strlen(text), sizeof(big));
}

static void a_line_ends_at_its_newline(void **state)
{
	kj_autofree char *line = NULL;

	(void)state;
	assert_int_equal(kj_write_file_atomic(path, "parked\nmore\n", 12, 0600), 0);
	assert_int_equal(kj_read_line(path, &line), 0);
	assert_string_equal(line, "parked");
}

static void files_of_proc_are_read_though_their_size_is_zero(void **state)
{
	kj_autofree char *text = NULL;
	size_t len;

	(void)state;
	assert_int_equal(kj_read_file("/proc/self/status", 1 << 20, &text, &len), 0);
	assert_true(len > 100);
	saw("%zu bytes\n", len);
}

static void reading_past_the_end_is_an_error(void **state)
{
	kj_autoclose int fd = -EBADF;
	char buf[10];

	(void)state;
	assert_int_equal(kj_write_file_atomic(path, "12345678", 8, 0600), 0);
	fd = open(path, O_RDWR);
	assert_int_equal(kj_pread_full(fd, buf, 8, 0), 0);
	assert_int_equal(kj_pread_full(fd, buf, 9, 0), -ENODATA);
	assert_int_equal(kj_pwrite_full(fd, "ABCD", 4, 6), 0);
	assert_int_equal(kj_pread_full(fd, buf, 10, 0), 0);
	assert_memory_equal(buf, "123456ABCD", 10);
}

static void a_missing_file_is_named_by_its_errno(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(kj_read_file("/nonexistent/x", 10, &text, NULL), -ENOENT);
	assert_int_equal(kj_write_string("/nonexistent/x", "1"), -ENOENT);
}

static void sizes_are_understood_or_refused(void **state)
{
	static const struct { const char *text; int r; uint64_t bytes; } cases[] = {
		{ "4096", 0, 4096 }, { "64M", 0, 64 << 20 }, { "1G", 0, 1 << 30 },
		{ "64MiB", 0, 64 << 20 }, { "2k", 0, 2048 }, { "7B", 0, 7 },
		{ "0", 0, 0 }, { "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 }, { "16E", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { " 1", -EINVAL, 0 },
		{ "M", -EINVAL, 0 }, { "1X", -EINVAL, 0 }, { "1MM", -EINVAL, 0 },
		{ "1 M", -EINVAL, 0 }, { "auto", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 0;
		int r = kj_parse_size(cases[i].text, &bytes);

		if (r != cases[i].r || bytes != cases[i].bytes)
			fail_msg("\"%s\": %d, %" PRIu64, cases[i].text, r, bytes);
	}
}

static void sizes_are_printed_for_people(void **state)
{
	char buf[24];

	(void)state;
	assert_string_equal(kj_format_size(buf, sizeof(buf), 0), "0 B");
	assert_string_equal(kj_format_size(buf, sizeof(buf), 1023), "1023 B");
	assert_string_equal(kj_format_size(buf, sizeof(buf), 938685235), "895.2 MiB");
	assert_string_equal(kj_format_size(buf, sizeof(buf), UINT64_MAX), "16.0 EiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_replaced_file_has_its_content_and_mode_and_leaves_nothing_beside),
		cmocka_unit_test(a_file_longer_than_allowed_is_refused),
		cmocka_unit_test(a_line_ends_at_its_newline),
		cmocka_unit_test(files_of_proc_are_read_though_their_size_is_zero),
		cmocka_unit_test(reading_past_the_end_is_an_error),
		cmocka_unit_test(a_missing_file_is_named_by_its_errno),
		cmocka_unit_test(sizes_are_understood_or_refused),
		cmocka_unit_test(sizes_are_printed_for_people),
	};

	return cmocka_run_group_tests_name("io", tests, make_dir, remove_dir);
}
