// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kj-target: what is sealed is accepted, everything else is refused.
 */
#include "unit.h"

#include "kj-target.h"

#define MIB (1ull << 20)

/* Three extents, not in the order of the device. */
static struct kj_target *make_target(void)
{
	static const uint64_t extents[][2] = {
		{ 8 * MIB, 2 * MIB }, { 1 * MIB, 4096 }, { 64 * MIB, 36 * MIB },
	};
	struct kj_target *t = calloc(1, KJ_TARGET_SIZE_MAX + sizeof(struct kj_extent));

	t->kind = kj_le32_of(KJ_TARGET_FILE);
	t->device_size = kj_le64_of(100 * MIB);
	t->n_extents = kj_le32_of(3);
	strcpy(t->tag, "PARTUUID=0b4e-01");
	for (int i = 0; i < 3; i++) {
		t->extents[i].start = kj_le64_of(extents[i][0]);
		t->extents[i].length = kj_le64_of(extents[i][1]);
	}
	kj_target_seal(t);
	return t;
}

static void a_sealed_target_is_accepted(void **state)
{
	struct kj_target *t = make_target();
	const char *reason = "";

	(void)state;
	assert_int_equal(kj_target_check(t, kj_target_size(3), &reason), 0);
	assert_int_equal(kj_target_store_size(t), 38 * MIB + 4096);
	free(t);
}

static void the_largest_target_is_accepted_and_one_extent_more_is_not(void **state)
{
	struct kj_target *t = make_target();
	uint32_t n = KJ_TARGET_EXTENTS_MAX;
	const char *reason = "";

	(void)state;
	for (uint32_t i = 0; i < n + 1; i++) {
		t->extents[i].start = kj_le64_of(i * 8192ull);
		t->extents[i].length = kj_le64_of(4096);
	}
	t->n_extents = kj_le32_of(n);
	kj_target_seal(t);
	assert_int_equal(kj_target_check(t, kj_target_size(n), &reason), 0);
	t->n_extents = kj_le32_of(n + 1);
	kj_target_seal(t);
	assert_int_equal(kj_target_check(t, kj_target_size(n + 1), &reason), -EBADMSG);
	saw("%s\n", reason);
	free(t);
}

static void each_flipped_bit_is_noticed(void **state)
{
	struct kj_target *t = make_target();
	size_t len = kj_target_size(3);

	(void)state;
	for (size_t i = 0; i < len * 8; i++) {
		((uint8_t *)t)[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(kj_target_check(t, len, NULL), -EBADMSG);
		((uint8_t *)t)[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(kj_target_check(t, len, NULL), 0);
	saw("%zu bits\n", len * 8);
	free(t);
}

static void each_wrong_length_is_refused(void **state)
{
	struct kj_target *t = make_target();

	(void)state;
	for (size_t len = 0; len < kj_target_size(3) + 40; len++)
		assert_int_equal(kj_target_check(t, len, NULL),
				 len == kj_target_size(3) ? 0 : -EBADMSG);
	free(t);
}

/* One thing changed and sealed again, as somebody who can compute would. */
static void refuse_change(void (*change)(struct kj_target *t), const char *expected)
{
	struct kj_target *t = make_target();
	const char *reason = "accepted";

	change(t);
	kj_target_seal(t);
	assert_int_equal(kj_target_check(t, kj_target_size(3), &reason), -EBADMSG);
	assert_string_equal(reason, expected);
	free(t);
}

static void set_extent(struct kj_target *t, uint64_t start, uint64_t length)
{
	t->extents[1].start = kj_le64_of(start);
	t->extents[1].length = kj_le64_of(length);
}

static void unaligned_start(struct kj_target *t) { set_extent(t, MIB + 512, 4096); }
static void unaligned_length(struct kj_target *t) { set_extent(t, MIB, 4097); }
static void empty(struct kj_target *t) { set_extent(t, MIB, 0); }
static void beyond(struct kj_target *t) { set_extent(t, 100 * MIB, 4096); }
static void wraps(struct kj_target *t) { set_extent(t, MIB, ~4095ull); }
static void overlaps(struct kj_target *t) { set_extent(t, 9 * MIB, 2 * MIB); }
static void same_again(struct kj_target *t) { set_extent(t, 8 * MIB, 2 * MIB); }
static void no_kind(struct kj_target *t) { t->kind = kj_le32_of(99); }
static void no_power(struct kj_target *t) { t->power_off = kj_le32_of(4); }
static void no_tag(struct kj_target *t) { memset(t->tag, 0, sizeof(t->tag)); }
static void endless_tag(struct kj_target *t) { memset(t->tag, 'a', sizeof(t->tag)); }
static void shell_tag(struct kj_target *t) { strcpy(t->tag, "UUID=a\nb"); }
static void no_value(struct kj_target *t) { strcpy(t->tag, "/dev/sda"); }
static void reserved(struct kj_target *t) { t->reserved[51] = 1; }
static void unused(struct kj_target *t) { t->unused = kj_le32_of(1); }

static void what_is_wrong_is_refused_though_its_checksum_is_right(void **state)
{
	(void)state;
	refuse_change(unaligned_start, "an extent is not aligned");
	refuse_change(unaligned_length, "an extent is not aligned");
	refuse_change(empty, "an extent is empty");
	refuse_change(beyond, "an extent is outside the device");
	refuse_change(wraps, "an extent is outside the device");
	refuse_change(overlaps, "two extents overlap");
	refuse_change(same_again, "two extents overlap");
	refuse_change(no_kind, "its kind is not known");
	refuse_change(no_power, "its way of powering off is not known");
	refuse_change(no_tag, "its device tag is not a printable NAME=value");
	refuse_change(endless_tag, "its device tag is not a printable NAME=value");
	refuse_change(shell_tag, "its device tag is not a printable NAME=value");
	refuse_change(no_value, "its device tag is not a printable NAME=value");
	refuse_change(reserved, "its reserved bytes are not zero");
	refuse_change(unused, "its reserved bytes are not zero");
}

static void offsets_map_to_the_device_in_the_order_of_the_extents(void **state)
{
	static const struct { uint64_t offset, at, length; } cases[] = {
		{ 0, 8 * MIB, 2 * MIB }, { 2 * MIB - 4096, 10 * MIB - 4096, 4096 },
		{ 2 * MIB, 1 * MIB, 4096 }, { 2 * MIB + 4096, 64 * MIB, 36 * MIB },
		{ 38 * MIB, 100 * MIB - 4096, 4096 },
	};
	struct kj_target *t = make_target();
	uint64_t at, length;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(kj_target_map(t, cases[i].offset, &at, &length), 0);
		assert_int_equal(at, cases[i].at);
		assert_int_equal(length, cases[i].length);
	}
	assert_int_equal(kj_target_map(t, 38 * MIB + 4096, &at, &length), -ERANGE);
	assert_int_equal(kj_target_map(t, UINT64_MAX, &at, &length), -ERANGE);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_target_is_accepted),
		cmocka_unit_test(the_largest_target_is_accepted_and_one_extent_more_is_not),
		cmocka_unit_test(each_flipped_bit_is_noticed),
		cmocka_unit_test(each_wrong_length_is_refused),
		cmocka_unit_test(what_is_wrong_is_refused_though_its_checksum_is_right),
		cmocka_unit_test(offsets_map_to_the_device_in_the_order_of_the_extents),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
