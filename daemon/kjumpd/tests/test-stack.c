// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a volume down to the disk: which tables are followed and where to,
 * which are refused and how it is said.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "dmtable.h"
#include "stack.h"

#define MIB (1ull << 20)
#define SECTORS(mib) ((mib) * 2048ull)
/* No machine has these. */
#define DM(n) makedev(4000, n)
#define DISK(n) makedev(4001, n)

/* What the kernel would say: a volume's lines, in one list. */
struct line {
	unsigned int volume;
	uint64_t start, length;		/* MiB */
	const char *type, *params;
};

static const struct line *lines;
static struct kj_reason reason;
static struct kj_extents extents;
static struct kj_stack stack;

bool __wrap_kj_dm_is_volume(dev_t devno);
bool __wrap_kj_dm_is_volume(dev_t devno)
{
	return major(devno) == 4000;
}

int __wrap_kj_dm_read(dev_t devno, const char *path, struct kj_dm_table *ret,
		      struct kj_reason *why);
int __wrap_kj_dm_read(dev_t devno, const char *path, struct kj_dm_table *ret,
		      struct kj_reason *why)
{
	ret->n = 0;
	for (const struct line *l = lines; l->type; l++) {
		int r;

		if (DM(l->volume) != devno)
			continue;
		r = kj_dm_parse(path, l->type, SECTORS(l->start), SECTORS(l->length),
				l->params, &ret->list[ret->n], why);
		if (r < 0)
			return r;
		ret->n++;
	}
	return 0;
}

/* Follows @length MiB at @start of volume 0. */
static int follow(const struct line *table, uint64_t start, uint64_t length)
{
	lines = table;
	memset(&extents, 0, sizeof(extents));
	memset(&reason, 0, sizeof(reason));
	memset(&stack, 0, sizeof(stack));
	kj_extents_append(&extents, start * MIB, length * MIB);
	return kj_stack_resolve("/dev/vg/lv", DM(0), &extents, &stack, &reason);
}

static void is_refused(const struct line *table, uint64_t length, int error, const char *phrase)
{
	assert_int_equal(follow(table, 0, length), -error);
	assert_non_null(strstr(reason.text, "/dev/vg/lv"));
	if (!strstr(reason.text, phrase))
		fail_msg("\"%s\" does not say \"%s\"", reason.text, phrase);
}

static void extent_is(uint32_t i, uint64_t start, uint64_t length)
{
	assert_true(i < extents.n);
	assert_int_equal(extents.list[i].start, start * MIB);
	assert_int_equal(extents.list[i].length, length * MIB);
}

static void a_partition_is_left_as_it_is(void **state)
{
	(void)state;
	extents = (struct kj_extents){ 0 };
	kj_extents_append(&extents, MIB, 2 * MIB);
	assert_int_equal(kj_stack_resolve("/dev/sda1", DISK(1), &extents, &stack, &reason), 0);
	assert_false(stack.stacked);
	assert_int_equal(stack.devno, DISK(1));
	extent_is(0, 1, 2);
}

static void segments_in_any_order_are_followed(void **state)
{
	static const struct line table[] = {
		{ 0, 0, 100, "linear", "4001:1 2048000" },	/* at 1000 MiB */
		{ 0, 100, 50, "linear", "4001:1 2048" },	/* at 1 MiB */
		{ 0, 150, 50, "linear", "4001:1 104448" },	/* at 51 MiB: goes on there */
		{ 0 }
	};

	(void)state;
	assert_int_equal(follow(table, 0, 200), 0);
	assert_true(stack.stacked);
	assert_false(stack.crypt);
	assert_int_equal(stack.devno, DISK(1));
	assert_int_equal(extents.n, 2);
	extent_is(0, 1000, 100);
	extent_is(1, 1, 100);
	/* a file in the middle */
	assert_int_equal(follow(table, 90, 20), 0);
	extent_is(0, 1090, 10);
	extent_is(1, 1, 10);
}

static void layers_are_followed_and_encryption_is_noticed(void **state)
{
	static const struct line table[] = {
		{ 0, 0, 64, "linear", "4000:1 2048" },
		{ 1, 0, 100, "crypt",
		  "aes-xts-plain64 :64:logon:cryptsetup:0f-d0 0 4001:3 32768 1 allow_discards" },
		{ 0 }
	};

	(void)state;
	assert_int_equal(follow(table, 0, 64), 0);
	assert_true(stack.crypt);
	assert_int_equal(stack.devno, DISK(3));
	assert_int_equal(extents.n, 1);
	extent_is(0, 16 + 1, 64);
}

static void other_kinds_are_refused_by_name(void **state)
{
	static const struct {
		struct line table[2];
		int error;
		const char *phrase;
	} cases[] = {
		{ { { 0, 0, 64, "striped", "2 128 4001:1 0 4001:2 0" } }, EOPNOTSUPP, "striped over" },
		{ { { 0, 0, 64, "mirror", "core 1 64 2 4001:1 0 4001:2 0" } }, EOPNOTSUPP, "mirrored" },
		{ { { 0, 0, 64, "raid", "raid1 3 0 2 - -" } }, EOPNOTSUPP, "RAID" },
		{ { { 0, 0, 64, "thin", "4000:2 1" } }, EOPNOTSUPP, "thinly" },
		{ { { 0, 0, 64, "snapshot", "4000:2 4000:3 P 8" } }, EOPNOTSUPP, "snapshot" },
		{ { { 0, 0, 64, "snapshot-origin", "4000:2" } }, EOPNOTSUPP, "damaged" },
		{ { { 0, 0, 64, "multipath", "0 0 1 1" } }, EOPNOTSUPP, "several paths" },
		{ { { 0, 0, 64, "zero", "" } }, EOPNOTSUPP, "not a plain volume (zero)" },
		{ { { 0, 0, 64, "crypt",
		      "capi:authenc(hmac(sha256),xts(aes))-random :96:logon:k 0 4001:1 0 1 integrity:48:aead" } },
		  EOPNOTSUPP, "integrity" },
		{ { { 0, 0, 64, "crypt", "aes-xts-plain64 k 0 /dev/sda 0" } }, EINVAL, "not understood" },
		{ { { 0, 0, 64, "crypt", "aes-xts-plain64" } }, EINVAL, "not understood" },
		{ { { 0, 0, 64, "linear", "4001:1" } }, EINVAL, "not understood" },
		{ { { 0, 0, 64, "linear", "4001:1 2048 more" } }, EINVAL, "not understood" },
		{ { { 0, 0, 64, "linear", "4001:1 99999999999999999" } }, EINVAL, "not understood" },
		{ { { 0, 0, 32, "linear", "4001:1 2048" } }, EINVAL, "beyond its volume" },
		{ { { 0, 0, 64, "linear", "4001:1 2047" } }, EINVAL, "not aligned" },
		{ { { 0, 0, 64, "linear", "4000:0 2048" } }, EINVAL, "beyond its volume" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_refused(cases[i].table, 64, cases[i].error, cases[i].phrase);
}

static void several_disks_are_refused_unless_one_has_all_of_it(void **state)
{
	static const struct line table[] = {
		{ 0, 0, 64, "linear", "4001:1 2048" },
		{ 0, 64, 64, "linear", "4001:2 2048" },
		{ 0 }
	};

	(void)state;
	is_refused(table, 128, EOPNOTSUPP, "more than one disk");
	assert_int_equal(follow(table, 0, 64), 0);
	assert_int_equal(stack.devno, DISK(1));
	assert_int_equal(follow(table, 70, 8), 0);
	assert_int_equal(stack.devno, DISK(2));
	extent_is(0, 7, 8);
}

static void a_volume_on_itself_ends(void **state)
{
	static const struct line table[] = {
		{ 0, 0, 64, "linear", "4000:0 0" },
		{ 0 }
	};

	(void)state;
	is_refused(table, 64, ELOOP, "layers");
}

/* 1000 extents of a file, each torn apart by the border of two segments. */
static void too_many_pieces_are_refused(void **state)
{
	static char params[1001][32];
	static struct line table[1002];

	(void)state;
	for (unsigned int i = 0; i <= 1000; i++) {
		snprintf(params[i], sizeof(params[i]), "4001:1 %llu", SECTORS(1 + 8 * i));
		table[i] = (struct line){ 0, 4 * i, 4, "linear", params[i] };
	}
	lines = table;
	extents = (struct kj_extents){ 0 };
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(kj_extents_append(&extents, (4 * i + 3) * MIB, 2 * MIB), 0);
	assert_int_equal(kj_stack_resolve("/dev/vg/lv", DM(0), &extents, &stack, &reason), -EFBIG);
	assert_non_null(strstr(reason.text, "too many pieces"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_is_left_as_it_is),
		cmocka_unit_test(segments_in_any_order_are_followed),
		cmocka_unit_test(layers_are_followed_and_encryption_is_noticed),
		cmocka_unit_test(other_kinds_are_refused_by_name),
		cmocka_unit_test(several_disks_are_refused_unless_one_has_all_of_it),
		cmocka_unit_test(a_volume_on_itself_ends),
		cmocka_unit_test(too_many_pieces_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
