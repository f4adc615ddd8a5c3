// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * erase.c: all of the target's extents, and not a byte beside them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "erase.h"
#include "kj-io.h"
#include "target.h"

#define BLOCK 4096u
#define BLOCKS 2048u

/* In blocks; not in the order of the device. */
static const struct {
	unsigned int start, n;
} places[] = { { 1000, 600 }, { 3, 1 }, { 300, 7 } };

static uint64_t told, told_all, calls;

static bool is_target(unsigned int block)
{
	for (size_t i = 0; i < 3; i++)
		if (block >= places[i].start && block < places[i].start + places[i].n)
			return true;
	return false;
}

static void on_progress(uint64_t done, uint64_t all)
{
	assert_true(done > told && done <= all);
	told = done;
	told_all = all;
	calls++;
}

static struct kj_target *make_target(void)
{
	struct kj_extent extents[3];
	struct kj_target *t;
	size_t len;

	for (size_t i = 0; i < 3; i++) {
		extents[i].start = kj_le64_of((uint64_t)places[i].start * BLOCK);
		extents[i].length = kj_le64_of((uint64_t)places[i].n * BLOCK);
	}
	t = kj_target_pack(KJ_TARGET_FILE, KJ_POWER_S4, KJ_LOCK_NONE, "UUID=1",
			   (uint64_t)BLOCKS * BLOCK, extents, 3, &len);
	assert_non_null(t);
	return t;
}

static void test_extents_and_nothing_else(void **state)
{
	char path[] = "/tmp/kjump-erase-XXXXXX";
	struct kj_target *t = make_target();
	struct kj_reason reason = { 0 };
	uint8_t block[BLOCK], zero[BLOCK] = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	memset(block, 'x', sizeof(block));
	for (unsigned int i = 0; i < BLOCKS; i++)
		assert_int_equal(kj_pwrite_full(fd, block, BLOCK, (off_t)i * BLOCK), 0);
	assert_int_equal(kj_erase(fd, t, on_progress, &reason), 0);
	for (unsigned int i = 0; i < BLOCKS; i++) {
		uint8_t now[BLOCK];

		assert_int_equal(kj_pread_full(fd, now, BLOCK, (off_t)i * BLOCK), 0);
		assert_memory_equal(now, is_target(i) ? zero : block, BLOCK);
	}
	assert_int_equal(told, 608 * BLOCK);
	assert_int_equal(told_all, told);
	assert_int_equal(calls, 3);
	close(fd);
	unlink(path);
	free(t);
}

static void test_an_error_is_told(void **state)
{
	struct kj_target *t = make_target();
	struct kj_reason reason = { 0 };
	int fd = open("/dev/full", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(kj_erase(fd, t, NULL, &reason), -ENOSPC);
	assert_non_null(strstr(reason.text, "may still be read"));
	close(fd);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extents_and_nothing_else),
		cmocka_unit_test(test_an_error_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
