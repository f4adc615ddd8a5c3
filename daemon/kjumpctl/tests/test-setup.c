// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl setup: what it writes, how that is taken back, and what it never
 * takes for a target.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kj-io.h"
#include "setup.h"

static char dir[] = "/tmp/kjump-setup-XXXXXX";
static char path[64];

static void test_conf_text(void **state)
{
	struct kj_setup s = { .choice.target = (char *)"PARTUUID=1" };
	char *text = kj_setup_conf_text(&s);

	(void)state;
	assert_non_null(strstr(text, "\n[kjump]\nTarget=PARTUUID=1\n"));
	assert_null(strstr(text, "Encryption"));
	free(text);
	s.conf.lock = KJ_LOCK_PASSPHRASE;
	text = kj_setup_conf_text(&s);
	assert_non_null(strstr(text, "\nTarget=PARTUUID=1\nEncryption=passphrase\n"));
	free(text);
	/* whoever set a key file has done so elsewhere */
	s.conf.lock = KJ_LOCK_KEYFILE;
	text = kj_setup_conf_text(&s);
	assert_null(strstr(text, "Encryption"));
	free(text);
}

/* It is read back by those who will read it. */
static void test_conf_is_understood(void **state)
{
	struct kj_setup s = { .choice.target = (char *)"/a file/with = and # in its name",
			      .conf.lock = KJ_LOCK_PASSPHRASE };
	char *text = kj_setup_conf_text(&s), file[128];
	struct kj_conf conf;

	(void)state;
	snprintf(file, sizeof(file), "%s/etc", dir);
	assert_int_equal(mkdir(file, 0755), 0);
	snprintf(file, sizeof(file), "%s/etc/kjump.conf", dir);
	assert_int_equal(kj_write_file_atomic(file, text, strlen(text), 0644), 0);
	assert_int_equal(kj_conf_load(dir, false, &conf), 0);
	assert_int_equal(conf.problems, 0);
	assert_string_equal(conf.target, s.choice.target);
	assert_int_equal(conf.lock, KJ_LOCK_PASSPHRASE);
	kj_conf_done(&conf);
	free(text);
	unlink(file);
	snprintf(file, sizeof(file), "%s/etc", dir);
	rmdir(file);
}

static void test_a_file_comes_back(void **state)
{
	struct kj_saved saved = { 0 };
	char *now = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(kj_write_file_atomic(path, "old", 3, 0644), 0);
	assert_int_equal(kj_saved_take(&saved, path), 0);
	assert_int_equal(kj_write_file_atomic(path, "newer", 5, 0644), 0);
	assert_int_equal(kj_saved_restore(&saved, path, 0600), 0);
	assert_int_equal(kj_read_file(path, 100, &now, NULL), 0);
	assert_string_equal(now, "old");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(now);
	free(saved.bytes);

	/* once */
	assert_int_equal(kj_write_file_atomic(path, "newest", 6, 0644), 0);
	assert_int_equal(kj_saved_restore(&saved, path, 0600), 0);
	assert_int_equal(kj_read_file(path, 100, &now, NULL), 0);
	assert_string_equal(now, "newest");
	free(now);
	unlink(path);
}

static void test_a_new_file_goes(void **state)
{
	struct kj_saved saved = { 0 };

	(void)state;
	assert_int_equal(kj_saved_restore(&saved, path, 0600), 0);	/* nothing was taken */
	assert_int_equal(kj_saved_take(&saved, path), 0);
	assert_int_equal(kj_write_file_atomic(path, "new", 3, 0644), 0);
	assert_int_equal(kj_saved_restore(&saved, path, 0600), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(kj_saved_take(&saved, path), 0);		/* failed before it wrote */
	assert_int_equal(kj_saved_restore(&saved, path, 0600), 0);
}

static void refuse(const char *target, int error, const char *words)
{
	struct kj_conf conf = { .target = (char *)"" };
	struct kj_candidate candidate = { 0 };
	struct kj_reason reason = { 0 };

	assert_int_equal(kj_candidate_of(&conf, target, 1 << 20, &candidate, &reason), -error);
	if (!strstr(reason.text, words))
		fail_msg("\"%s\" does not say \"%s\"", reason.text, words);
	assert_null(candidate.target);
}

static void test_no_target(void **state)
{
	(void)state;
	refuse("/dev/no-such-disk", ENOENT, "/dev/no-such-disk");
	refuse("/no/such/directory/image", ENOENT, "/no/such/directory");
	refuse("/proc/image", EOPNOTSUPP, "/proc/image");
	refuse("/dev/null", EINVAL, "neither");
	refuse("nonsense", EINVAL, "nonsense");
	refuse("PARTUUID=00000000-dead-0000-0000-000000000000", ENODEV, "PARTUUID");
}

static void test_too_large_a_file(void **state)
{
	struct kj_conf conf = { .target = (char *)"" };
	struct kj_candidate candidate = { 0 };
	struct kj_reason reason = { 0 };

	(void)state;
	/* the file system may be no good before it is too small */
	assert_true(kj_candidate_of(&conf, path, 1ull << 60, &candidate, &reason) < 0);
	assert_int_equal(access(path, F_OK), -1);
}

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf_text),
		cmocka_unit_test(test_conf_is_understood),
		cmocka_unit_test(test_a_file_comes_back),
		cmocka_unit_test(test_a_new_file_goes),
		cmocka_unit_test(test_no_target),
		cmocka_unit_test(test_too_large_a_file),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
