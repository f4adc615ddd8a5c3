// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libblkid in the sandbox, on files in the place of devices: it finds what is
 * there with all that is forbidden to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kj-endian.h"
#include "probe.h"

#define SIZE (8 << 20)

static char path[] = "/tmp/kj-test-probe.XXXXXX";
static int fd;

static int setup(void **state)
{
	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : ftruncate(fd, SIZE);
}

static int teardown(void **state)
{
	(void)state;
	close(fd);
	return unlink(path);
}

static void put(const void *bytes, size_t len, off_t at)
{
	assert_int_equal(pwrite(fd, bytes, len, at), len);
}

/* A swap area's header: version, last page, bad pages, UUID, label. */
static void put_swap(const char *label)
{
	const kj_le32 head[3] = { kj_le32_of(1), kj_le32_of(SIZE / 4096 - 1), kj_le32_of(0) };

	put(head, sizeof(head), 1024);
	put("0123456789abcdef", 16, 1036);
	put(label, strlen(label) + 1, 1052);
	put("SWAPSPACE2", 10, 4086);
}

static void probe(struct kj_probe *found)
{
	struct kj_reason reason = { 0 };

	if (kj_probe(fd, 0, path, found, &reason) != 0)
		fail_msg("%s", reason.text);
}

static void nothing_is_found_on_nothing(void **state)
{
	struct kj_probe found;

	(void)state;
	probe(&found);
	assert_string_equal(found.type, "");
	assert_string_equal(found.table, "");
	assert_false(found.ambiguous);
}

static void a_swap_area_is_found(void **state)
{
	struct kj_probe found;

	(void)state;
	put_swap("pages");
	probe(&found);
	assert_string_equal(found.type, "swap");
	assert_string_equal(found.usage, "other");
	assert_string_equal(found.label, "pages");
	assert_string_equal(found.uuid, "30313233-3435-3637-3839-616263646566");
	assert_string_equal(found.part_uuid, "");
}

/* A label may be anything; a journal's line or a terminal must not be. */
static void a_label_is_one_line_of_text(void **state)
{
	struct kj_probe found;

	(void)state;
	put_swap("a\n<0>b\033[2J");
	probe(&found);
	for (const char *p = found.label; *p; p++)
		assert_true((unsigned char)*p >= ' ');
}

static void a_partition_table_is_found(void **state)
{
	static const unsigned char entry[16] = { 0, 0, 2, 0, 0x83, 0, 3, 0, 0, 8, 0, 0, 0, 16, 0, 0 };
	struct kj_probe found;

	(void)state;
	put(entry, sizeof(entry), 446);
	put("\x55\xaa", 2, 510);
	probe(&found);
	assert_string_equal(found.table, "dos");
	assert_string_equal(found.type, "");
}

static void what_cannot_be_read_is_told(void **state)
{
	struct kj_reason reason = { 0 };
	struct kj_probe found;

	(void)state;
	assert_true(kj_probe(-1, 0, "/dev/example", &found, &reason) < 0);
	assert_non_null(strstr(reason.text, "/dev/example"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_found_on_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_swap_area_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_label_is_one_line_of_text, setup, teardown),
		cmocka_unit_test_setup_teardown(a_partition_table_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
