// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * device.c: what is on a device, in words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"

#define TEXT(s) ((char *)(s))

static void expect(const struct kj_device *device, const char *text)
{
	char buf[KJ_DEVICE_CONTENTS_MAX];

	assert_string_equal(kj_device_describe(device, buf, sizeof(buf)), text);
}

static void test_contents_have_names(void **state)
{
	(void)state;
	expect(&(struct kj_device){ 0 }, "nothing that is known");
	expect(&(struct kj_device){ .table = TEXT("gpt") }, "a partition table (gpt)");
	expect(&(struct kj_device){ .type = TEXT("ext4"), .usage = TEXT("filesystem"),
				    .label = TEXT("home") },
	       "an ext4 file system labelled 'home'");
	expect(&(struct kj_device){ .type = TEXT("vfat"), .usage = TEXT("filesystem") },
	       "a vfat file system");
	expect(&(struct kj_device){ .type = TEXT("crypto_LUKS"), .usage = TEXT("crypto") },
	       "a crypto_LUKS encrypted volume");
	expect(&(struct kj_device){ .type = TEXT("LVM2_member"), .usage = TEXT("raid") },
	       "a LVM2_member volume member");
	expect(&(struct kj_device){ .type = TEXT("swap"), .usage = TEXT("other") },
	       "a swap area");
	expect(&(struct kj_device){ .type = TEXT("swsuspend"), .usage = TEXT("other") },
	       "a swsuspend signature");
	expect(&(struct kj_device){ .ambiguous = true, .type = TEXT("ext4") },
	       "several signatures that exclude each other");
}

static void test_a_long_label_fits(void **state)
{
	char label[300], buf[KJ_DEVICE_CONTENTS_MAX];
	struct kj_device device = { .type = TEXT("ext4"), .usage = TEXT("filesystem"),
				    .label = label };

	(void)state;
	memset(label, 'x', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	kj_device_describe(&device, buf, sizeof(buf));
	assert_true(strlen(buf) < sizeof(buf) - 1);
	assert_int_equal(buf[strlen(buf) - 1], '\'');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contents_have_names),
		cmocka_unit_test(test_a_long_label_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
