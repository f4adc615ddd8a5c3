// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scene as it goes from kernel to kernel, and the rules of prints on made-up
 * devices; test-prints.py has real ones.
 */
#include "unit.h"

#include <sys/stat.h>

#include "kj-memmap.h"
#include "kj-print.h"
#include "kj-scene.h"

#define DEVICE_SIZE (8u << 20)

static uint8_t *device;
static uint64_t device_size;
static int device_error;

/* ---- the scene ------------------------------------------------------------ */

static struct kj_scene good_scene(uint32_t n)
{
	struct kj_scene scene = { .n_prints = kj_le32_of(n) };

	for (uint32_t i = 0; i < n; i++) {
		struct kj_print *p = &scene.prints[i];

		p->rule = kj_le16_of(KJ_PRINT_EXT);
		p->grade = kj_le16_of(KJ_GRADE_STABLE);
		snprintf(p->tag, sizeof(p->tag), "UUID=%u", i);
		strcpy(p->type, "ext4");
		strcpy(p->where, "/");
	}
	kj_scene_seal(&scene);
	return scene;
}

static void a_sealed_scene_is_accepted(void **state)
{
	const char *reason = "";

	(void)state;
	for (uint32_t n = 0; n <= KJ_PRINTS_MAX; n++) {
		struct kj_scene scene = good_scene(n);

		assert_int_equal(kj_scene_check(&scene, kj_scene_size(n), &reason), 0);
		assert_int_equal(kj_scene_check(&scene, kj_scene_size(n) - 1, &reason), -EBADMSG);
	}
}

#define REFUSE(change, expected)						\
	do {									\
		struct kj_scene s = good_scene(2);				\
		const char *why = "accepted";					\
		change;								\
		if (kj_get32(s.n_prints) <= KJ_PRINTS_MAX)			\
			kj_scene_seal(&s);					\
		assert_int_equal(kj_scene_check(&s, kj_scene_size(2), &why), -EBADMSG); \
		assert_string_equal(why, expected);				\
	} while (0)

static void each_limit_of_a_scene_is_kept(void **state)
{
	struct kj_scene scene = good_scene(2);
	const char *reason = "";

	(void)state;
	for (size_t at = 0; at < kj_scene_size(2); at++) {
		((uint8_t *)&scene)[at] ^= 0x20;
		assert_int_equal(kj_scene_check(&scene, kj_scene_size(2), &reason), -EBADMSG);
		((uint8_t *)&scene)[at] ^= 0x20;
	}
	REFUSE(s.n_prints = kj_le32_of(1),
	       "its length does not match its number of file systems");
	REFUSE(s.n_prints = kj_le32_of(UINT32_MAX),
	       "its length does not match its number of file systems");
	REFUSE(s.reserved[11] = 1, "its reserved bytes are not zero");
	REFUSE(s.prints[1].rule = kj_le16_of(0), "the rule of a file system's print is not known");
	REFUSE(s.prints[1].grade = kj_le16_of(3),
	       "the grade of a file system's print is not known");
	REFUSE((s.prints[1].grade = kj_le16_of(0), s.prints[1].digest[0] = 1),
	       "a file system without a print has one");
	REFUSE(s.prints[0].where[31] = 'x', "a file system's mount point is not a text");
}

/* ---- prints ----------------------------------------------------------------- */

static long read_device(void *ctx, uint64_t offset, void *buf, size_t len)
{
	(void)ctx;
	assert_true(len <= KJ_PRINT_READ);
	if (device_error)
		return device_error;
	if (offset >= device_size)
		return 0;
	if (len > device_size - offset)
		len = device_size - offset;
	memcpy(buf, device + offset, len);
	return (long)len;
}

static int take(unsigned int rule, enum kj_print_grade grade, uint8_t *ret)
{
	const struct kj_print_source source = { NULL, read_device };

	return kj_print_take(rule, grade, &source, ret);
}

static void put(uint64_t at, uint64_t value, unsigned int len, bool big)
{
	for (unsigned int i = 0; i < len; i++)
		device[at + i] = (uint8_t)(value >> 8 * (big ? len - 1 - i : i));
}

static int make_device(void **state)
{
	(void)state;
	device = calloc(1, DEVICE_SIZE);
	device_size = DEVICE_SIZE;
	device_error = 0;
	return device ? 0 : -1;
}

static int free_device(void **state)
{
	(void)state;
	free(device);
	return 0;
}

/* Does a changed byte at @at change the print? */
static bool matters(unsigned int rule, enum kj_print_grade grade, uint64_t at,
		    uint8_t bits)
{
	uint8_t before[KJ_PRINT_SIZE], after[KJ_PRINT_SIZE];

	assert_int_equal(take(rule, grade, before), 0);
	device[at] ^= bits;
	assert_int_equal(take(rule, grade, after), 0);
	device[at] ^= bits;
	return memcmp(before, after, sizeof(before)) != 0;
}

static void the_stable_print_of_ext_has_its_fields_alone(void **state)
{
	/* s_mtime, s_mnt_count, s_lastcheck, s_uuid, s_mtime_hi */
	static const struct { uint32_t at, n; } fields[] = {
		{ 0x2c, 4 }, { 0x34, 2 }, { 0x40, 4 }, { 0x68, 16 }, { 0x275, 1 },
	};

	(void)state;
	for (uint32_t at = 0; at < 1024; at++) {
		bool wanted = false;

		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			wanted |= at >= fields[i].at && at < fields[i].at + fields[i].n;
		if (at == 0x60)
			continue;
		assert_int_equal(matters(KJ_PRINT_EXT, KJ_GRADE_STABLE, 1024 + at, 0xff), wanted);
		assert_true(matters(KJ_PRINT_EXT, KJ_GRADE_EXACT, 1024 + at, 1));
	}
	assert_true(matters(KJ_PRINT_EXT, KJ_GRADE_STABLE, 1024 + 0x60, 0x04));
	assert_false(matters(KJ_PRINT_EXT, KJ_GRADE_STABLE, 1024 + 0x60, 0xfb));
	assert_false(matters(KJ_PRINT_EXT, KJ_GRADE_EXACT, 1023, 1));
	assert_false(matters(KJ_PRINT_EXT, KJ_GRADE_EXACT, 2048, 1));
}

/* A log of 64 blocks of 4096 bytes in the second of two groups. */
#define XFS_LOG	((300ull + 20) * 4096)
#define XFS_LOG_BLOCKS (64 * 8)

static void make_xfs(uint32_t head)
{
	put(48, 1 << 9 | 20, 8, true);		/* sb_logstart */
	put(84, 300, 4, true);			/* sb_agblocks */
	put(96, 64, 4, true);			/* sb_logblocks */
	device[120] = 12;			/* sb_blocklog */
	device[124] = 9;			/* sb_agblklog */
	for (uint32_t i = 0; i < XFS_LOG_BLOCKS; i++)
		put(XFS_LOG + 512 * i, i < head ? 8 : 7, 4, true);
	if (head > 0) {				/* a record's first block */
		put(XFS_LOG + 512 * (head - 1), 0xfeedbabe, 4, true);
		put(XFS_LOG + 512 * (head - 1) + 4, 8, 4, true);
	}
}

static void the_head_of_an_xfs_log_is_found_anywhere(void **state)
{
	(void)state;
	for (uint32_t head = 0; head < XFS_LOG_BLOCKS; head++) {
		uint64_t at = XFS_LOG + 512 * head;
		uint64_t from = head < 8 ? XFS_LOG : at - 4096;

		make_xfs(head);
		assert_true(matters(KJ_PRINT_XFS, KJ_GRADE_EXACT, at + 8, 1));
		assert_true(matters(KJ_PRINT_XFS, KJ_GRADE_EXACT, from + 9, 1));
		assert_false(matters(KJ_PRINT_XFS, KJ_GRADE_EXACT, from - 1, 1));
		assert_false(matters(KJ_PRINT_XFS, KJ_GRADE_EXACT, from + 8192 + 9, 1));
	}
	assert_false(matters(KJ_PRINT_XFS | KJ_PRINT_FIXED, KJ_GRADE_EXACT, XFS_LOG, 0xff));
	assert_true(matters(KJ_PRINT_XFS | KJ_PRINT_FIXED, KJ_GRADE_EXACT, 100, 1));
}

static void an_xfs_log_that_moved_on_is_noticed(void **state)
{
	uint8_t before[KJ_PRINT_SIZE], after[KJ_PRINT_SIZE];

	(void)state;
	make_xfs(100);
	assert_int_equal(take(KJ_PRINT_XFS, KJ_GRADE_EXACT, before), 0);
	make_xfs(101);
	assert_int_equal(take(KJ_PRINT_XFS, KJ_GRADE_EXACT, after), 0);
	assert_memory_not_equal(before, after, sizeof(before));
	assert_false(matters(KJ_PRINT_XFS, KJ_GRADE_STABLE, 200, 0xff));
	assert_true(matters(KJ_PRINT_XFS, KJ_GRADE_STABLE, 32 + 15, 1));
}

static void a_place_outside_of_the_device_is_none(void **state)
{
	static const uint64_t starts[] = { 0, 1ull << 63, UINT64_MAX, 1ull << 40, 5000 };
	uint8_t digest[KJ_PRINT_SIZE];

	(void)state;
	make_xfs(5);
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		put(48, starts[i], 8, true);
		assert_int_equal(take(KJ_PRINT_XFS, KJ_GRADE_EXACT, digest), 0);
	}
	memset(device, 0xff, 4096);
	for (enum kj_print_rule rule = KJ_PRINT_EXT; rule <= KJ_PRINT_BLOCKS; rule++)
		assert_int_equal(take(rule, KJ_GRADE_EXACT, digest), 0);
	for (device_size = 0; device_size < 3000; device_size += 500)
		for (enum kj_print_rule rule = KJ_PRINT_EXT; rule <= KJ_PRINT_BLOCKS; rule++)
			assert_int_equal(take(rule, KJ_GRADE_EXACT, digest), 0);
}

static void of_fat_counts_what_is_taken_and_no_flag(void **state)
{
	uint64_t fat = 32 * 512;

	(void)state;
	put(11, 512, 2, false);
	put(14, 32, 2, false);
	put(36, 100, 4, false);			/* FAT32 */
	assert_true(matters(KJ_PRINT_FAT, KJ_GRADE_EXACT, 0x41, 1));
	assert_false(matters(KJ_PRINT_FAT, KJ_GRADE_EXACT, 512 + 488, 1));	/* FSINFO */
	assert_false(matters(KJ_PRINT_FAT, KJ_GRADE_EXACT, fat + 7, 0x0c));
	assert_true(matters(KJ_PRINT_FAT, KJ_GRADE_EXACT, fat + 8, 1));
	assert_true(matters(KJ_PRINT_FAT, KJ_GRADE_EXACT, fat + 100 * 512 - 1, 1));
	assert_false(matters(KJ_PRINT_FAT, KJ_GRADE_EXACT, fat + 100 * 512, 1));
	put(22, 50, 2, false);			/* FAT16 */
	assert_true(matters(KJ_PRINT_FAT, KJ_GRADE_EXACT, fat + 4, 1));
	assert_false(matters(KJ_PRINT_FAT, KJ_GRADE_EXACT, fat + 50 * 512, 1));
	assert_false(matters(KJ_PRINT_FAT, KJ_GRADE_STABLE, fat + 8, 1));
	assert_true(matters(KJ_PRINT_FAT, KJ_GRADE_STABLE, 0x41, 1));
}

static void both_checkpoints_of_f2fs_count(void **state)
{
	(void)state;
	put(1024 + 16, 12, 4, false);
	put(1024 + 20, 9, 4, false);
	put(1024 + 76, 512, 4, false);
	assert_true(matters(KJ_PRINT_F2FS, KJ_GRADE_EXACT, 512 * 4096, 1));
	assert_true(matters(KJ_PRINT_F2FS, KJ_GRADE_EXACT, 1024 * 4096 + 4095, 1));
	assert_false(matters(KJ_PRINT_F2FS, KJ_GRADE_EXACT, 513 * 4096, 1));
	assert_false(matters(KJ_PRINT_F2FS, KJ_GRADE_STABLE, 512 * 4096, 1));
}

static void other_types_have_no_stable_print(void **state)
{
	uint8_t digest[KJ_PRINT_SIZE];

	(void)state;
	assert_int_equal(kj_print_rule_of("exfat"), KJ_PRINT_BLOCKS);
	assert_int_equal(kj_print_rule_of("ext3"), KJ_PRINT_EXT);
	assert_int_equal(kj_print_rule_of("msdos"), KJ_PRINT_FAT);
	assert_int_equal(take(KJ_PRINT_BLOCKS, KJ_GRADE_STABLE, digest), -EOPNOTSUPP);
	assert_true(matters(KJ_PRINT_BLOCKS, KJ_GRADE_EXACT, (1 << 20) - 1, 1));
	assert_false(matters(KJ_PRINT_BLOCKS, KJ_GRADE_EXACT, 1 << 20, 1));
}

static void a_device_that_cannot_be_read_has_no_print(void **state)
{
	uint8_t digest[KJ_PRINT_SIZE];

	(void)state;
	device_error = -EIO;
	for (enum kj_print_rule rule = KJ_PRINT_EXT; rule <= KJ_PRINT_BLOCKS; rule++)
		assert_int_equal(take(rule, KJ_GRADE_EXACT, digest), -EIO);
}

/* ---- the memory map ----------------------------------------------------------- */

static void write_entry(const char *root, int i, const char *start)
{
	const char *names[] = { "start", "end", "type" };
	const char *values[] = { start, "0xfffff", "System RAM" };
	char path[256];

	snprintf(path, sizeof(path), "%s/%d", root, i);
	mkdir(path, 0755);
	for (int k = 0; k < 3; k++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%d/%s", root, i, names[k]);
		f = fopen(path, "we");
		assert_non_null(f);
		fprintf(f, "%s\n", values[k]);
		fclose(f);
	}
}

static void a_memory_map_that_differs_is_noticed(void **state)
{
	static const uint8_t zero[KJ_MEMMAP_DIGEST_SIZE];
	uint8_t one[sizeof(zero)], two[sizeof(zero)], other[sizeof(zero)];
	char root[] = "/tmp/kj-memmap-XXXXXX", command[64];

	(void)state;
	assert_non_null(mkdtemp(root));
	kj_memmap_digest(root, one);
	assert_memory_equal(one, zero, sizeof(zero));
	write_entry(root, 0, "0x0");
	kj_memmap_digest(root, one);
	assert_memory_not_equal(one, zero, sizeof(zero));
	write_entry(root, 1, "0x100000");
	kj_memmap_digest(root, two);
	assert_memory_not_equal(one, two, sizeof(one));
	write_entry(root, 1, "0x200000");
	kj_memmap_digest(root, other);
	assert_memory_not_equal(other, two, sizeof(one));
	write_entry(root, 1, "0x100000");
	kj_memmap_digest(root, other);
	assert_memory_equal(other, two, sizeof(one));
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

#define ON_DEVICE(test) cmocka_unit_test_setup_teardown(test, make_device, free_device)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_scene_is_accepted),
		cmocka_unit_test(each_limit_of_a_scene_is_kept),
		ON_DEVICE(the_stable_print_of_ext_has_its_fields_alone),
		ON_DEVICE(the_head_of_an_xfs_log_is_found_anywhere),
		ON_DEVICE(an_xfs_log_that_moved_on_is_noticed),
		ON_DEVICE(a_place_outside_of_the_device_is_none),
		ON_DEVICE(of_fat_counts_what_is_taken_and_no_flag),
		ON_DEVICE(both_checkpoints_of_f2fs_count),
		ON_DEVICE(other_types_have_no_stable_print),
		ON_DEVICE(a_device_that_cannot_be_read_has_no_print),
		cmocka_unit_test(a_memory_map_that_differs_is_noticed),
	};

	return cmocka_run_group_tests_name("scene", tests, NULL, NULL);
}
