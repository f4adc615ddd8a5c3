// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From FIEMAP's extents to a target description: what is merged, what is cut
 * off, what is refused and how it is said.
 */
#include <errno.h>
#include <linux/fiemap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "extents.h"
#include "target.h"

#define BLOCK 4096ull

static struct kj_extents extents;
static struct kj_reason reason;

static void begin(uint64_t blocks)
{
	memset(&extents, 0, sizeof(extents));
	memset(&reason, 0, sizeof(reason));
	extents.size = blocks * BLOCK;
}

static int add(uint64_t logical, uint64_t physical, uint64_t blocks, uint32_t flags)
{
	const struct fiemap_extent fe = {
		.fe_logical = logical * BLOCK,
		.fe_physical = physical * BLOCK,
		.fe_length = blocks * BLOCK,
		.fe_flags = flags,
	};

	return kj_extents_add(&extents, "/image", &fe, &reason);
}

static void test_merge(void **state)
{
	(void)state;
	begin(100);
	assert_int_equal(add(0, 1000, 10, 0), 0);
	assert_int_equal(add(10, 1010, 20, FIEMAP_EXTENT_UNWRITTEN), 0);
	assert_int_equal(add(30, 500, 70, FIEMAP_EXTENT_LAST), 0);
	assert_int_equal(extents.n, 2);
	assert_int_equal(extents.list[0].start, 1000 * BLOCK);
	assert_int_equal(extents.list[0].length, 30 * BLOCK);
	assert_int_equal(extents.list[1].start, 500 * BLOCK);
	assert_int_equal(extents.list[1].length, 70 * BLOCK);
	assert_int_equal(extents.covered, extents.size);
}

/* Blocks behind the end of the file are not the image's. */
static void test_cut(void **state)
{
	(void)state;
	begin(8);
	assert_int_equal(add(0, 1000, 16, 0), 0);
	assert_int_equal(extents.list[0].length, 8 * BLOCK);
	assert_int_equal(extents.covered, extents.size);
}

static void test_refused(void **state)
{
	static const struct {
		uint32_t flag;
		const char *phrase;
	} cases[] = {
		{ FIEMAP_EXTENT_UNKNOWN, "not on the disk yet" },
		{ FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_UNKNOWN, "not on the disk yet" },
		{ FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_NOT_ALIGNED, "own blocks" },
		{ FIEMAP_EXTENT_DATA_TAIL, "own blocks" },
		{ FIEMAP_EXTENT_ENCODED, "compressed or encrypted" },
		{ FIEMAP_EXTENT_DATA_ENCRYPTED | FIEMAP_EXTENT_ENCODED, "compressed or encrypted" },
		{ FIEMAP_EXTENT_SHARED, "another file" },
		{ FIEMAP_EXTENT_NOT_ALIGNED, "not aligned" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(16);
		assert_int_equal(add(0, 1000, 16, cases[i].flag), -EOPNOTSUPP);
		assert_non_null(strstr(reason.text, "/image"));
		assert_non_null(strstr(reason.text, cases[i].phrase));
		assert_int_equal(extents.n, 0);
	}
}

static void test_holes(void **state)
{
	(void)state;
	begin(16);
	assert_int_equal(add(1, 1000, 15, 0), -EINVAL);
	assert_non_null(strstr(reason.text, "has holes"));
	begin(16);
	assert_int_equal(add(0, 1000, 4, 0), 0);
	assert_int_equal(add(8, 1008, 8, 0), -EINVAL);
}

static void test_unaligned(void **state)
{
	const struct fiemap_extent fe = {
		.fe_physical = 1024, .fe_length = 16 * BLOCK,
	};

	(void)state;
	begin(16);
	assert_int_equal(kj_extents_add(&extents, "/image", &fe, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "4096"));
}

static void test_too_many(void **state)
{
	(void)state;
	begin(KJ_TARGET_EXTENTS_MAX + 1);
	for (uint64_t i = 0; i < KJ_TARGET_EXTENTS_MAX; i++)
		assert_int_equal(add(i, 2 * i, 1, 0), 0);
	assert_int_equal(add(KJ_TARGET_EXTENTS_MAX, 1 << 20, 1, 0), -EFBIG);
	assert_non_null(strstr(reason.text, "too many pieces"));
}

static void test_pack(void **state)
{
	const struct kj_extent list[] = {
		{ kj_le64_of(1000 * BLOCK), kj_le64_of(30 * BLOCK) },
		{ kj_le64_of(500 * BLOCK), kj_le64_of(70 * BLOCK) },
	};
	char too_long[KJ_TARGET_TAG_MAX + 1];
	struct kj_target *t;
	size_t len;

	(void)state;
	t = kj_target_pack(KJ_TARGET_FILE, KJ_POWER_S5, KJ_LOCK_NONE, "UUID=abc", 2000 * BLOCK,
			   list, 2, &len);
	assert_non_null(t);
	assert_int_equal(len, kj_target_size(2));
	assert_int_equal(kj_target_check(t, len, NULL), 0);
	assert_int_equal(kj_target_store_size(t), 100 * BLOCK);
	assert_string_equal(t->tag, "UUID=abc");
	assert_int_equal(kj_get32(t->power_off), KJ_POWER_S5);
	assert_string_equal(kj_target_kind_name(t), "file");
	free(t);

	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	assert_null(kj_target_pack(KJ_TARGET_FILE, KJ_POWER_S5, KJ_LOCK_NONE, too_long, BLOCK,
				   list, 1, &len));
	assert_null(kj_target_pack(KJ_TARGET_FILE, KJ_POWER_S5, KJ_LOCK_NONE, "UUID=a", BLOCK,
				   list, KJ_TARGET_EXTENTS_MAX + 1, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_unaligned),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
