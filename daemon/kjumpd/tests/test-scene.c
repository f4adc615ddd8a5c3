// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scene.c with a made-up mount table: which file systems an image records, and
 * by what names.  The linker puts files where block devices would be.
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
#include <unistd.h>

#include <cmocka.h>

#include "device.h"
#include "kj-log.h"
#include "scene.h"
#include "stack.h"

#define TABLE "test-scene.mounts"

static unsigned int warnings;
static char warned[4096];

static void listen(int level, const char *text)
{
	if (level > LOG_WARNING)
		return;
	warnings++;
	snprintf(warned, sizeof(warned), "%s", text);
}

/* Major 253 has partitions, 8 has none, 9 has not even a UUID. */
int __wrap_kj_device_open_number(dev_t devno, struct kj_device *ret, struct kj_reason *reason);
int __wrap_kj_device_open_number(dev_t devno, struct kj_device *ret, struct kj_reason *reason)
{
	if (major(devno) == 200 || devno == makedev(252, 99))
		return kj_reason_set(reason, ENXIO, KJ_WHY_TARGET, "It is not there");
	*ret = (struct kj_device) { .devno = devno, .size = 1 << 30 };
	assert_true(asprintf(&ret->path, major(devno) == 7 ? "/dev/loop%u" : "/dev/null%u",
			     minor(devno)) > 0);
	if (major(devno) == 253)
		assert_true(asprintf(&ret->part_uuid, "part-%u", minor(devno)) > 0);
	if (major(devno) != 9)
		assert_true(asprintf(&ret->uuid, "fs-%u", minor(devno)) > 0);
	return 0;
}

/*
 * Volumes are of major 252:
 *    0 is linear, 1 is encrypted, 2 is in pieces after its first MiB,
 *    3 is in pieces, 4 is linear, on what cannot be opened
 */
int __wrap_kj_stack_resolve(const char *path, dev_t devno, struct kj_extents *extents,
			    struct kj_stack *ret, struct kj_reason *reason);
int __wrap_kj_stack_resolve(const char *path, dev_t devno, struct kj_extents *extents,
			    struct kj_stack *ret, struct kj_reason *reason)
{
	unsigned int kind = minor(devno);

	(void)path;
	*ret = (struct kj_stack) { .devno = devno };
	if (major(devno) != 252)
		return 0;
	if (kind == 3 || (kind == 2 && extents->list[0].length > 1 << 20))
		return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET, "It is in pieces");
	extents->list[0].start += 4096 * (kind + 1);
	ret->devno = kind == 4 ? makedev(252, 99) : makedev(253, 5);
	ret->stacked = true;
	ret->crypt = kind == 1;
	return 0;
}

static struct kj_scene scene_of(const char *table)
{
	struct kj_scene scene;
	const char *reason = "";
	FILE *f = fopen(TABLE, "we");

	assert_non_null(f);
	fputs(table, f);
	fclose(f);
	warnings = 0;
	kj_scene_make(TABLE, &scene);
	unlink(TABLE);
	if (kj_scene_check(&scene, kj_scene_size(kj_get32(scene.n_prints)), &reason) < 0)
		fail_msg("%s", reason);
	return scene;
}

static void test_block_file_systems_are_recorded_once(void **state)
{
	struct kj_scene s = scene_of(
		"20 1 8:1 / / rw - ext4 /dev/root rw\n"
		"21 20 0:5 / /proc rw - proc proc rw\n"
		"22 20 0:6 / /tmp rw - tmpfs /dev/null rw\n"	/* no block device */
		"23 20 0:7 / /net rw - nfs host:/export rw\n"
		"24 20 253:2 / /boot/efi rw - vfat /dev/sda2 rw\n"
		"25 20 8:1 /srv /bind rw - ext4 /dev/root rw\n"
		"26 20 7:3 / /snap rw - squashfs /dev/loop3 ro\n");

	(void)state;
	assert_int_equal(kj_get32(s.n_prints), 2);
	assert_string_equal(s.prints[0].where, "/");
	assert_string_equal(s.prints[0].type, "ext4");
	assert_string_equal(s.prints[0].tag, "UUID=fs-1");
	assert_int_equal(kj_get16(s.prints[0].rule), KJ_PRINT_EXT);
	assert_string_equal(s.prints[1].where, "/boot/efi");
	assert_string_equal(s.prints[1].tag, "PARTUUID=part-2");
	assert_int_equal(kj_get16(s.prints[1].rule), KJ_PRINT_FAT);
}

static void test_volumes_are_looked_for_on_their_disk(void **state)
{
	struct kj_scene s = scene_of(
		"20 1 252:0 / /linear rw - xfs /dev/mapper/a rw\n"
		"21 1 252:1 / /crypt rw - ext4 /dev/mapper/b rw\n"
		"22 1 252:2 / /pieces rw - ext4 /dev/mapper/c rw\n"
		"23 1 252:3 / /small-pieces rw - ext4 /dev/mapper/d rw\n"
		"24 1 252:4 / /lost rw - ext4 /dev/mapper/e rw\n");

	(void)state;
	assert_int_equal(kj_get32(s.n_prints), 5);
	for (uint32_t i = 0; i < 3; i++) {
		assert_string_equal(s.prints[i].tag, "PARTUUID=part-5");
		assert_int_equal(kj_get64(s.prints[i].start), 4096 * (i + 1));
	}
	assert_int_equal(kj_get16(s.prints[0].rule), KJ_PRINT_XFS);
	assert_int_equal(kj_get16(s.prints[1].rule), KJ_PRINT_EXT | KJ_PRINT_FIXED);
	assert_int_equal(kj_get16(s.prints[2].rule), KJ_PRINT_EXT | KJ_PRINT_FIXED);
	/* The volume itself: C may have it by then. */
	assert_string_equal(s.prints[3].tag, "UUID=fs-3");
	assert_string_equal(s.prints[4].tag, "UUID=fs-4");
	for (uint32_t i = 3; i < 5; i++) {
		assert_int_equal(kj_get64(s.prints[i].start), 0);
		assert_int_equal(kj_get16(s.prints[i].rule), KJ_PRINT_EXT);
	}
}

static void test_names_that_do_not_fit_are_cut_visibly(void **state)
{
	struct kj_scene s = scene_of(
		"20 1 8:1 / /with\\040space rw - ext4 /dev/a rw\n"
		"21 1 8:2 / /caf\303\251 rw - ext4 /dev/b rw\n"
		"22 1 8:3 / /0123456789/0123456789/0123456789/0123456789 rw - fuseblk.a-long-type /dev/c rw\n");

	(void)state;
	assert_int_equal(kj_get32(s.n_prints), 3);
	assert_string_equal(s.prints[0].where, "/with space");
	assert_string_equal(s.prints[1].where, "/caf??");
	assert_string_equal(s.prints[2].where, "/0123456789/0123456789/01234...");
	assert_string_equal(s.prints[2].type, "fuseblk.a-lo...");
	assert_int_equal(kj_get16(s.prints[2].rule), KJ_PRINT_BLOCKS);
}

static void test_what_is_left_out_is_named(void **state)
{
	char table[8192] = "";
	struct kj_scene s;

	(void)state;
	for (unsigned int i = 0; i < KJ_PRINTS_MAX + 2; i++)
		snprintf(table + strlen(table), sizeof(table) - strlen(table),
			 "%u 1 253:%u / /mnt/%u rw - xfs /dev/x%u rw\n", 20 + i, i, i, i);
	s = scene_of(table);
	assert_int_equal(kj_get32(s.n_prints), KJ_PRINTS_MAX);
	/* None of these devices can be read, and two are too many. */
	assert_int_equal(warnings, KJ_PRINTS_MAX + 2);
	assert_non_null(strstr(warned, "/mnt/25"));

	s = scene_of("20 1 9:1 / /nameless rw - ext4 /dev/a rw\n"
		     "21 1 200:1 / /gone rw - ext4 /dev/b rw\n");
	assert_int_equal(kj_get32(s.n_prints), 0);
	assert_int_equal(warnings, 2);
	assert_non_null(strstr(warned, "/gone"));
}

static void test_a_device_that_cannot_be_read_has_no_print(void **state)
{
	struct kj_scene s = scene_of("20 1 8:1 / / rw - ext4 /dev/root rw\n");

	(void)state;
	assert_int_equal(kj_get16(s.prints[0].grade), KJ_GRADE_NONE);
	assert_int_equal(warnings, 1);
	assert_non_null(strstr(warned, "/dev/null1"));
}

static void test_grades(void **state)
{
	char block[4096] = { 0 };
	struct kj_place place = { .path = TABLE, .tag = "UUID=1", .whole = true };
	struct kj_print p;
	FILE *f = fopen(TABLE, "we");

	(void)state;
	assert_non_null(f);
	assert_int_equal(fwrite(block, 1, sizeof(block), f), sizeof(block));
	fclose(f);
	assert_int_equal(kj_scene_print("ext4", "/", &place, false, &p), 0);
	assert_int_equal(kj_get16(p.grade), KJ_GRADE_STABLE);
	assert_int_equal(kj_scene_print("ext4", "/", &place, true, &p), 0);
	assert_int_equal(kj_get16(p.grade), KJ_GRADE_EXACT);
	assert_int_equal(kj_scene_print("exfat", "/", &place, false, &p), 0);
	assert_int_equal(kj_get16(p.grade), KJ_GRADE_NONE);
	assert_int_equal(kj_scene_print("squashfs", "/", &place, true, &p), 0);
	assert_int_equal(kj_get16(p.grade), KJ_GRADE_EXACT);
	place.crypt = true;
	assert_int_equal(kj_scene_print("ext4", "/", &place, false, &p), 0);
	assert_int_equal(kj_get16(p.grade), KJ_GRADE_NONE);
	unlink(TABLE);
}

static void test_a_machine_without_a_mount_table_has_an_empty_scene(void **state)
{
	struct kj_scene scene;

	(void)state;
	warnings = 0;
	kj_scene_make("/nonexistent/mountinfo", &scene);
	assert_int_equal(kj_get32(scene.n_prints), 0);
	assert_int_equal(warnings, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_file_systems_are_recorded_once),
		cmocka_unit_test(test_volumes_are_looked_for_on_their_disk),
		cmocka_unit_test(test_names_that_do_not_fit_are_cut_visibly),
		cmocka_unit_test(test_what_is_left_out_is_named),
		cmocka_unit_test(test_a_device_that_cannot_be_read_has_no_print),
		cmocka_unit_test(test_grades),
		cmocka_unit_test(test_a_machine_without_a_mount_table_has_an_empty_scene),
	};

	kj_log_set_sink(listen);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
