// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * initramfs.c: every compression that initramfs come in, several archives in
 * one file, and files that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "initramfs.h"
#include "kj-target.h"

#define MAX (1u << 20)

struct bytes {
	size_t n;
	uint8_t b[MAX];
};

static const char TARGET[] = "what the target is";
static char path[] = "/tmp/kjump-initramfs-XXXXXX";
static struct bytes cpio, file, packed;

static void add(struct bytes *to, const void *data, size_t len)
{
	assert_true(to->n + len <= MAX);
	memcpy(to->b + to->n, data, len);
	to->n += len;
}

static void pad(struct bytes *to, size_t from)
{
	while ((to->n - from) % 4)
		add(to, "", 1);
}

static void add_entry(struct bytes *to, const char *name, unsigned int mode,
		      const void *data, unsigned int size)
{
	unsigned int name_len = (unsigned int)strlen(name) + 1;
	size_t from = to->n;
	char head[111];

	snprintf(head, sizeof(head),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 1u, mode, 0u, 0u, 1u, 0u, size, 0u, 0u, 0u, 0u, name_len, 0u);
	add(to, head, 110);
	add(to, name, name_len);
	pad(to, from);
	add(to, data, size);
	pad(to, from);
}

static void trailer(struct bytes *to)
{
	add_entry(to, "TRAILER!!!", 0, "", 0);
}

/* As dracut builds one for a machine with a passphrase. */
static void make_dracut(void)
{
	static uint8_t noise[300000];
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
	cpio.n = 0;
	add_entry(&cpio, ".", S_IFDIR | 0755, "", 0);
	add_entry(&cpio, "usr/lib/dracut/build-parameter.txt", S_IFREG | 0644, "x\n", 2);
	add_entry(&cpio, "usr/lib/firmware", S_IFREG | 0644, noise, sizeof(noise));
	add_entry(&cpio, "usr/libexec/kjump/kjump-resume", S_IFREG | 0755, "elf", 3);
	add_entry(&cpio, "etc/systemd/system/sysinit.target.wants/kjump-resume.service",
		  S_IFLNK | 0777, "../x", 4);
	add_entry(&cpio, "etc/kjump/target", S_IFREG | 0600, TARGET, sizeof(TARGET));
	add_entry(&cpio, "usr/bin/systemd-ask-password", S_IFREG | 0755, "elf", 3);
	trailer(&cpio);
}

static void early(struct bytes *to)
{
	static const uint8_t zeros[777 * 4];

	add_entry(to, "kernel/x86/microcode/GenuineIntel.bin", S_IFREG | 0644, "ucode", 5);
	add_entry(to, "early_cpio", S_IFREG | 0644, "1\n", 2);
	trailer(to);
	add(to, zeros, sizeof(zeros));
}

/* By libarchive's name of the filter; "lz4-legacy" is what the kernel takes. */
static void compress_as(const char *filter, const struct bytes *from, struct bytes *to)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	to->n = 0;
	if (strcmp(filter, "lz4-legacy") == 0) {
		int n = LZ4_compress_default((const char *)from->b, (char *)to->b + 8,
					     (int)from->n, MAX - 8);
		const uint8_t magic[4] = { 0x02, 0x21, 0x4c, 0x18 };

		assert_true(n > 0);
		memcpy(to->b, magic, 4);
		memcpy(to->b + 4, &n, 4);
		to->n = (size_t)n + 8;
	} else {
		assert_int_equal(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
		assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
		assert_int_equal(archive_write_open_memory(a, to->b, MAX, &to->n), ARCHIVE_OK);
		archive_entry_set_filetype(entry, AE_IFREG);
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		assert_int_equal(archive_write_data(a, from->b, from->n), from->n);
		assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	}
	archive_entry_free(entry);
	archive_write_free(a);
}

static int read_bytes(const struct bytes *b, struct kj_initramfs *ret, struct kj_reason *reason)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(b->b, 1, b->n, f), b->n);
	assert_int_equal(fclose(f), 0);
	return kj_initramfs_read(path, ret, reason);
}

static void expect_all(const struct bytes *b)
{
	struct kj_reason reason = { 0 };
	struct kj_initramfs i = { 0 };

	if (read_bytes(b, &i, &reason) < 0)
		fail_msg("%s", reason.text);
	assert_int_equal(i.generator, KJ_GENERATOR_DRACUT);
	assert_true(i.program);
	assert_true(i.hook);
	assert_true(i.asks);
	assert_false(i.key);
	assert_int_equal(i.target_len, sizeof(TARGET));
	assert_memory_equal(i.target, TARGET, sizeof(TARGET));
	kj_initramfs_done(&i);
}

static void expect_refusal(const struct bytes *b, const char *why)
{
	struct kj_reason reason = { 0 };
	struct kj_initramfs i = { 0 };

	assert_int_equal(read_bytes(b, &i, &reason), -EBADMSG);
	if (!strstr(reason.text, why))
		fail_msg("\"%s\" does not say \"%s\"", reason.text, why);
}

static const char *const filters[] = { "gzip", "bzip2", "xz", "lzma", "lz4", "lz4-legacy", "zstd" };
#define N_FILTERS (sizeof(filters) / sizeof(filters[0]))

static void test_each_compression(void **state)
{
	(void)state;
	make_dracut();
	expect_all(&cpio);
	for (size_t i = 0; i < N_FILTERS; i++) {
		compress_as(filters[i], &cpio, &packed);
		expect_all(&packed);
	}
}

static void test_early_archives_are_skipped(void **state)
{
	(void)state;
	make_dracut();
	for (size_t i = 0; i < N_FILTERS; i++) {
		file.n = 0;
		early(&file);
		early(&file);
		compress_as(filters[i], &cpio, &packed);
		add(&file, packed.b, packed.n);
		expect_all(&file);
	}
	file.n = 0;
	early(&file);
	add(&file, cpio.b, cpio.n);
	expect_all(&file);
}

/* Two archives in what was compressed at once. */
static void test_archives_within_compression(void **state)
{
	(void)state;
	make_dracut();
	file.n = 0;
	early(&file);
	add(&file, cpio.b, cpio.n);
	compress_as("zstd", &file, &packed);
	expect_all(&packed);
}

static void test_initramfs_tools(void **state)
{
	struct kj_reason reason = { 0 };
	struct kj_initramfs i = { 0 };

	(void)state;
	file.n = 0;
	add_entry(&file, "./conf/initramfs.conf", S_IFREG | 0644, "", 0);
	add_entry(&file, "./scripts/local-premount/kjump", S_IFREG | 0755, "", 0);
	add_entry(&file, "./usr/libexec/kjump/kjump-resume", S_IFREG | 0644, "", 0);
	add_entry(&file, "./etc/kjump/key", S_IFREG | 0600, "", 0);
	trailer(&file);
	assert_int_equal(read_bytes(&file, &i, &reason), 0);
	assert_int_equal(i.generator, KJ_GENERATOR_INITRAMFS_TOOLS);
	assert_false(i.program);	/* is not executable */
	assert_true(i.hook);
	assert_true(i.key);
	assert_null(i.target);
	kj_initramfs_done(&i);
}

/* Cut off anywhere: an error, and never what is in the rest. */
static void test_truncated(void **state)
{
	(void)state;
	make_dracut();
	for (size_t i = 0; i < N_FILTERS; i++) {
		compress_as(filters[i], &cpio, &packed);
		for (unsigned int part = 1; part < 8; part++) {
			struct kj_reason reason = { 0 };
			struct kj_initramfs ignored = { 0 };
			size_t whole = packed.n;

			packed.n = whole * part / 8;
			assert_int_equal(read_bytes(&packed, &ignored, &reason), -EBADMSG);
			packed.n = whole;
		}
	}
	file.n = 0;
	early(&file);
	file.n = 200;
	expect_refusal(&file, "ends in the middle");
	file.n = 0;
	expect_refusal(&file, "empty");
	add(&file, cpio.b, cpio.n - 124 - 4);	/* without its trailer */
	expect_refusal(&file, "ends in the middle");
}

static void test_lies(void **state)
{
	char name[5000];

	(void)state;
	make_dracut();
	file = cpio;
	memcpy(file.b + 94, "7FFFFFFF", 8);
	expect_refusal(&file, "length of a name");
	memcpy(file.b + 94, "00000000", 8);
	expect_refusal(&file, "length of a name");
	memcpy(file.b + 94, "0000000x", 8);
	expect_refusal(&file, "no numbers");
	memcpy(file.b + 94, "00000001", 8);
	expect_refusal(&file, "no end");
	file = cpio;
	memcpy(file.b + 54, "FFFFFFFF", 8);
	expect_refusal(&file, "ends in the middle");
	memcpy(file.b, "070707", 6);
	expect_refusal(&file, "no cpio archive");
	memcpy(file.b, "hello!", 6);
	expect_refusal(&file, "no cpio archive");

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	file.n = 0;
	add_entry(&file, name, S_IFREG, "", 0);
	expect_refusal(&file, "length of a name");

	file.n = 0;
	add_entry(&file, "etc/kjump/target", S_IFREG, cpio.b, KJ_TARGET_SIZE_MAX + 1);
	trailer(&file);
	expect_refusal(&file, "too long");
}

/* A bit that is flipped may not be noticed, but nothing bad comes of it. */
static void test_noise_is_survived(void **state)
{
	(void)state;
	make_dracut();
	for (size_t i = 0; i < N_FILTERS; i++) {
		compress_as(filters[i], &cpio, &packed);
		for (size_t at = 0; at < packed.n; at += packed.n / 29 + 1) {
			struct kj_reason reason = { 0 };
			struct kj_initramfs found = { 0 };

			packed.b[at] ^= 0x55;
			if (read_bytes(&packed, &found, &reason) == 0)
				kj_initramfs_done(&found);
			packed.b[at] ^= 0x55;
		}
	}
}

static void test_not_there(void **state)
{
	struct kj_reason reason = { 0 };
	struct kj_initramfs i;

	(void)state;
	assert_int_equal(kj_initramfs_read("/nowhere/initrd", &i, &reason), -ENOENT);
	assert_non_null(strstr(reason.text, "/nowhere/initrd"));
	assert_null(kj_initramfs_find("/nowhere", "1.2.3"));
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_compression),
		cmocka_unit_test(test_early_archives_are_skipped),
		cmocka_unit_test(test_archives_within_compression),
		cmocka_unit_test(test_initramfs_tools),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_noise_is_survived),
		cmocka_unit_test(test_not_there),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
