// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scene.c with made-up machines: what C refuses, and what it only cannot see.
 * The linker puts files where block devices would be.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "device.h"
#include "kj-memmap.h"
#include "kj-print.h"
#include "scene.h"

#define IMAGE "test-scene.img"

static struct {
	uint8_t memory_map[KJ_MEMMAP_DIGEST_SIZE];
	int found;			/* result of kj_device_find_tag() */
	unsigned int patience;		/* what it was asked for */
} world;

void __wrap_kj_memmap_digest(const char *path, uint8_t *ret);
void __wrap_kj_memmap_digest(const char *path, uint8_t *ret)
{
	assert_string_equal(path, "/sys/firmware/memmap");
	memcpy(ret, world.memory_map, sizeof(world.memory_map));
}

int kj_device_find_tag(const char *tag, unsigned int timeout_ms, struct kj_device *dev)
{
	assert_string_equal(tag, "PARTUUID=1234");
	world.patience = timeout_ms;
	strcpy(dev->path, IMAGE);
	return world.found;
}

static void write_image(char byte)
{
	char block[4096] = { byte };
	FILE *f = fopen(IMAGE, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(block, 1, sizeof(block), f), sizeof(block));
	assert_int_equal(fclose(f), 0);
}

static int begin(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	write_image(1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(IMAGE);
}

/* As B leaves it. */
static struct kj_image_info image_of(enum kj_print_grade grade)
{
	struct kj_image_info info = { .n_prints = 1 };
	struct kj_print *p = &info.prints[0];

	p->rule = kj_le16_of(KJ_PRINT_FAT);
	p->grade = kj_le16_of((uint16_t)grade);
	strcpy(p->tag, "PARTUUID=1234");
	strcpy(p->type, "vfat");
	strcpy(p->where, "/boot/efi");
	if (grade == KJ_GRADE_EXACT)
		kj_scene_sharpen(info.prints, 1);
	assert_int_equal(kj_get16(p->grade), grade);
	return info;
}

static const struct kj_target nobody;

static void test_a_changed_file_system_is_refused_by_name(void **state)
{
	struct kj_image_info info = image_of(KJ_GRADE_EXACT);
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), 0);
	assert_true(world.patience > 0);
	write_image(2);
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), -ESTALE);
	assert_string_equal(error.text,
			    "the vfat file system of /boot/efi (" IMAGE ", PARTUUID=1234) was changed while the system was hibernated");
}

static void test_what_cannot_be_seen_is_not_refused(void **state)
{
	static const int results[] = { -ENODEV, -ENOTUNIQ };
	struct kj_image_info info = image_of(KJ_GRADE_EXACT);
	struct kj_error error = { "" };

	(void)state;
	write_image(2);
	for (size_t i = 0; i < 2; i++) {
		world.found = results[i];
		assert_int_equal(kj_scene_compare(&info, &nobody, &error), 0);
	}
	world.found = 0;
	info = image_of(KJ_GRADE_NONE);
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), 0);
}

/* What B does not see keeps A's print, and C takes the same. */
static void test_a_stable_print_is_compared_as_one(void **state)
{
	struct kj_image_info info = image_of(KJ_GRADE_NONE);
	struct kj_error error = { "" };
	int fd = open(IMAGE, O_RDONLY | O_CLOEXEC);

	(void)state;
	info.prints[0].grade = kj_le16_of(KJ_GRADE_STABLE);
	assert_int_equal(kj_print_take_fd(&info.prints[0], KJ_GRADE_STABLE, fd,
					  info.prints[0].digest), 0);
	close(fd);
	world.found = -ENODEV;
	kj_scene_sharpen(info.prints, 1);
	assert_int_equal(kj_get16(info.prints[0].grade), KJ_GRADE_STABLE);
	world.found = 0;
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), 0);
	assert_int_equal(world.patience, 0);
	write_image(2);
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), -ESTALE);
}

static void test_another_machine_is_refused(void **state)
{
	struct kj_image_info info = { .identity.machine_id = { 0xab, 0xcd } };
	struct kj_target target = { .machine_id = { 0xab, 0xcd } };
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(kj_scene_compare(&info, &target, &error), 0);
	target.machine_id[15] = 1;
	assert_int_equal(kj_scene_compare(&info, &target, &error), -ESTALE);
	assert_string_equal(error.text,
			    "it is of another machine, whose id is abcd0000000000000000000000000000");
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), 0);
}

static void test_ram_at_other_places_is_refused(void **state)
{
	struct kj_image_info info = { .identity.memory_map_digest = { 0, 7 } };
	struct kj_error error = { "" };

	(void)state;
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), 0);
	world.memory_map[31] = 1;
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), -ESTALE);
	assert_non_null(strstr(error.text, "RAM at other places"));
	memcpy(world.memory_map, info.identity.memory_map_digest, sizeof(world.memory_map));
	assert_int_equal(kj_scene_compare(&info, &nobody, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_changed_file_system_is_refused_by_name, begin, end),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_seen_is_not_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_a_stable_print_is_compared_as_one, begin, end),
		cmocka_unit_test_setup_teardown(test_another_machine_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_ram_at_other_places_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
