// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Encryption=: what is missing or damaged is said before anything freezes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "recipient.h"

static char root[] = "/tmp/kj-test-recipient.XXXXXX";

static void put(const char *path, const void *data, size_t len)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
	assert_int_equal(chmod(full, 0600), 0);
}

static int setup(void **state)
{
	char command[256];

	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(command, sizeof(command), "mkdir -p %s/var/lib/kjump %s/etc", root, root);
	return system(command);
}

static int teardown(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void without_encryption_nothing_is_needed(void **state)
{
	struct kj_conf conf = { .lock = KJ_LOCK_NONE };
	struct kj_recipient r = { 0 };
	struct kj_reason reason = { 0 };

	(void)state;
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), 0);
}

static void a_missing_key_says_how_to_make_one(void **state)
{
	struct kj_conf conf = { .lock = KJ_LOCK_PASSPHRASE };
	struct kj_reason reason = { 0 };
	struct kj_recipient r;

	(void)state;
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -ENOKEY);
	assert_non_null(strstr(reason.text, "kjumpctl key"));
}

static void a_damaged_key_is_refused(void **state)
{
	struct kj_conf conf = { .lock = KJ_LOCK_PASSPHRASE };
	struct kj_cost cost = { 1, 8192 };
	struct kj_reason reason = { 0 };
	struct kj_recipient made, r;
	struct kj_error error;

	(void)state;
	assert_int_equal(kj_recipient_generate("passphrase", 10, cost, &made, &error), 0);
	put(KJ_RECIPIENT_FILE, &made, sizeof(made));
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), 0);
	assert_memory_equal(&made, &r, sizeof(r));
	made.public_key[3] ^= 1;
	put(KJ_RECIPIENT_FILE, &made, sizeof(made));
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -EBADMSG);
	assert_non_null(strstr(reason.text, "checksum"));
	put(KJ_RECIPIENT_FILE, &made, sizeof(made) - 1);
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -EBADMSG);
}

static void a_key_file_must_be_there_and_long_enough(void **state)
{
	struct kj_conf conf = { .lock = KJ_LOCK_KEYFILE, .keyfile = (char *)"/etc/key" };
	static const char bytes[32] = "0123456789abcdef0123456789abcde";
	struct kj_reason reason = { 0 };
	struct kj_recipient r;

	(void)state;
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -ENOENT);
	assert_non_null(strstr(reason.text, "/etc/key"));
	put("/etc/key", bytes, 31);
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "32"));
	put("/etc/key", bytes, 32);
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), 0);
	assert_int_equal(kj_get32(r.lock), KJ_LOCK_KEYFILE);
}

/* A key that others may have read locks nothing. */
static void a_key_file_of_others_is_refused(void **state)
{
	struct kj_conf conf = { .lock = KJ_LOCK_KEYFILE, .keyfile = (char *)"/etc/key" };
	struct kj_reason reason = { 0 };
	struct kj_recipient r;
	char path[256];

	(void)state;
	put("/etc/key", "0123456789abcdef0123456789abcde", 32);
	snprintf(path, sizeof(path), "%s/etc/key", root);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -EPERM);
	assert_non_null(strstr(reason.text, "open to others (mode 640): chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 4711, 0), 0);
		assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -EPERM);
		assert_non_null(strstr(reason.text, "belongs to user 4711 and not to root"));
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "no regular file"));
}

/* A typing error must not be the reason for an image in plain. */
static void encryption_that_is_not_understood_is_refused(void **state)
{
	struct kj_conf conf = { .lock = KJ_LOCK_NONE, .lock_unknown = true };
	struct kj_reason reason = { 0 };
	struct kj_recipient r;

	(void)state;
	assert_int_equal(kj_recipient_load(root, &conf, &r, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "Encryption= has a value that is not understood"));
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROOT(without_encryption_nothing_is_needed),
		WITH_ROOT(a_missing_key_says_how_to_make_one),
		WITH_ROOT(a_damaged_key_is_refused),
		WITH_ROOT(a_key_file_must_be_there_and_long_enough),
		WITH_ROOT(a_key_file_of_others_is_refused),
		WITH_ROOT(encryption_that_is_not_understood_is_refused),
	};

	return cmocka_run_group_tests_name("recipient", tests, NULL, NULL);
}
