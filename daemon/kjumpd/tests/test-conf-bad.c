// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration as it should not be, one case each: what it is, what is said,
 * and that the daemon goes on with what it had before, which is the defaults.
 * Each case has its own message, with the file, and the line where there is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "tree.h"

static void put(const void *bytes, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/etc/kjump.conf", root);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

#define TEXT(text) .bytes = text, .len = sizeof(text) - 1

/* @expected comes after the file's name. */
static const struct bad {
	const char *what;
	const char *bytes;
	size_t len;
	const char *expected;
} bad_texts[] = {
	{ "unknown section", TEXT("[other]\nPreload=no\n"),
	  ":1: unknown section \"other\", its lines are ignored (the only one is [kjump])" },
	{ "section without end", TEXT("[kjump\nPreload=no\n"),
	  ":1: section without \"]\", its lines are ignored" },
	{ "key outside a section", TEXT("Preload=no\n[kjump]\n"),
	  ":1: \"Preload=\" stands before any section and is ignored: put [kjump] above it" },
	{ "unknown key", TEXT("[kjump]\nColour=red\n"),
	  ":2: unknown key \"Colour\" is ignored\n" },
	{ "key in other case", TEXT("[kjump]\npreload=no\n"),
	  ":2: unknown key \"preload\" is ignored (did you mean \"Preload\"?)" },
	{ "duplicate key", TEXT("[kjump]\nPreload=no\n\nPreload=park\n"),
	  ":4: \"Preload=\" stands in line 2 already, which is ignored" },
	{ "no key and value", TEXT("[kjump]\nPreload no\n"),
	  ":2: not a \"Key=Value\" line, it is ignored" },
	{ "value without key", TEXT("[kjump]\n=no\n"),
	  ":2: not a \"Key=Value\" line, it is ignored" },
	{ "bad choice", TEXT("[kjump]\nPreload=maybe\n"),
	  ":2: \"Preload=maybe\" is not understood and is ignored: expected park, load or no" },
	{ "bad way to power off", TEXT("[kjump]\nPowerOff=S4\n"),
	  ":2: \"PowerOff=S4\" is not understood and is ignored: expected platform, shutdown or reboot" },
	{ "bad encryption", TEXT("[kjump]\nEncryption=yes\n"),
	  ":2: \"Encryption=yes\" is not understood and is ignored: expected no, passphrase, or" },
	{ "no size", TEXT("[kjump]\nRegion=12 parsecs\n"),
	  ":2: \"Region=12 parsecs\" is not understood and is ignored: expected auto, or 16M to 1G" },
	{ "negative size", TEXT("[kjump]\nRegion=-64M\n"),
	  ":2: \"Region=-64M\" is not understood and is ignored" },
	{ "size that overflows", TEXT("[kjump]\nRegion=99999999999999999999\n"),
	  ":2: \"Region=99999999999999999999\" is out of range and is ignored" },
	{ "size that overflows by its unit", TEXT("[kjump]\nRegion=17179869184G\n"),
	  ":2: \"Region=17179869184G\" is out of range" },
	{ "size that is too small", TEXT("[kjump]\nRegion=1M\n"),
	  ":2: \"Region=1M\" is out of range" },
	{ "size of half a page", TEXT("[kjump]\nRegion=67110912\n"),
	  ":2: \"Region=67110912\" is out of range" },
	{ "relative path", TEXT("[kjump]\nKernelImage=vmlinuz\n"),
	  ":2: \"KernelImage=vmlinuz\" is not understood and is ignored: expected an absolute file name" },
	{ "unknown specifier", TEXT("[kjump]\nInitrd=/boot/initrd-%r\n"),
	  ":2: \"Initrd=/boot/initrd-%r\" is not understood and is ignored: expected an absolute file name, in which only %v" },
	{ "specifier cut short", TEXT("[kjump]\nInitrd=/boot/initrd-%\n"),
	  ":2: \"Initrd=/boot/initrd-%\" is not understood" },
	{ "relative target", TEXT("[kjump]\nTarget=sda5\n"),
	  ":2: \"Target=sda5\" is not understood and is ignored: expected an absolute file name or a tag" },
	{ "target by an empty tag", TEXT("[kjump]\nTarget=PARTUUID=\n"),
	  ":2: \"Target=PARTUUID=\" is not understood" },
	{ "target by an unknown tag", TEXT("[kjump]\nTarget=NAME=disk\n"),
	  ":2: \"Target=NAME=disk\" is not understood" },
	{ "binary garbage", TEXT("\x7f" "ELF\x02\x01\x01\0\0\0\n[kjump]\nPreload=no\n"),
	  ":1: not a text file (byte 0x7f), it is ignored from here on" },
	{ "NUL in a line", TEXT("[kjump]\nPreload=park\0no\nPreload=no\n"),
	  ":2: not a text file (byte 0x00), it is ignored from here on" },
	{ "UTF-16", TEXT("\xff\xfe[\0k\0j\0u\0m\0p\0]\0\n\0"),
	  ":1: the file is UTF-16 and is ignored: save it as UTF-8" },
	{ "last line without newline", TEXT("[kjump]\nPreload=never"),
	  ":2: \"Preload=never\" is not understood" },
	{ "CR at the ends of lines", TEXT("[kjump]\r\nPreload=never\r\n"),
	  ":2: \"Preload=never\" is not understood" },
};

static void expect_defaults(const struct kj_conf *c)
{
	assert_string_equal(c->target, "");
	assert_int_equal(c->preload, KJ_PRELOAD_PARK);
	assert_int_equal(c->power_off, KJ_POWER_S4);
	assert_int_equal(c->region, 0);
	assert_int_equal(c->lock, KJ_LOCK_NONE);
	assert_true(c->initrd_is_default);
	assert_non_null(strstr(c->kernel_image, "/boot/vmlinuz-"));
	assert_string_equal(c->kernel_append, "");
}

/* The file is as it is to be: load it, and compare what is said. */
static void expect(const char *what, const char *name, const char *expected,
		   unsigned int problems)
{
	char wanted[1024];
	struct kj_conf c;

	logged[0] = '\0';
	assert_int_equal(kj_conf_load(root, true, &c), 0);
	snprintf(wanted, sizeof(wanted), "%s%s%s", root, name, expected);
	if (!strstr(logged, wanted) || c.problems != problems)
		fail_msg("%s: %u problems, said\n%sand not\n%s", what, c.problems, logged, wanted);
	expect_defaults(&c);
	kj_conf_done(&c);
}

static int setup(void **state)
{
	(void)state;
	return make_tree("mkdir -p etc/kjump.conf.d");
}

static void each_bad_text_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_texts) / sizeof(bad_texts[0]); i++) {
		put(bad_texts[i].bytes, bad_texts[i].len);
		expect(bad_texts[i].what, "/etc/kjump.conf", bad_texts[i].expected, 1);
	}
}

static void a_bad_encryption_is_remembered(void **state)
{
	static const char bad[] = "[kjump]\nEncryption=yes\n";
	static const char good[] = "[kjump]\nEncryption=passphrase\n";
	struct kj_conf c;

	(void)state;
	put(bad, sizeof(bad) - 1);
	assert_int_equal(kj_conf_load(root, false, &c), 0);
	assert_true(c.lock_unknown);
	kj_conf_done(&c);
	put(good, sizeof(good) - 1);
	assert_int_equal(kj_conf_load(root, false, &c), 0);
	assert_false(c.lock_unknown);
	kj_conf_done(&c);
}

static void a_line_that_is_too_long_is_told(void **state)
{
	static char text[6000];
	struct kj_conf c;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "[kjump]\nKernelAppend=", 21);
	memcpy(text + 5000, "\nPreload=load\n", 14);
	put(text, 5014);
	logged[0] = '\0';
	assert_int_equal(kj_conf_load(root, true, &c), 0);
	assert_non_null(strstr(logged, "/etc/kjump.conf:2: the line is longer than 4095 bytes and is ignored"));
	assert_int_equal(c.problems, 1);
	assert_int_equal(c.preload, KJ_PRELOAD_LOAD);
	kj_conf_done(&c);

	memcpy(text + 2000, "\n", 1);
	put(text, 2001);
	expect("long value", "/etc/kjump.conf",
	       ":2: \"KernelAppend=xxxx", 1);
	assert_non_null(strstr(logged, "is too long and is ignored: expected kernel command line words, 1024 bytes at most"));
}

static void a_bad_file_is_told(void **state)
{
	static const struct {
		const char *what, *command, *name, *expected;
		bool only_root, only_others;
	} files[] = {
		{ "directory", "mkdir etc/kjump.conf", "/etc/kjump.conf",
		  ": is a directory and not a file, it is ignored", false, false },
		{ "pipe", "mkfifo etc/kjump.conf", "/etc/kjump.conf",
		  ": is a device or pipe and not a file, it is ignored", false, false },
		{ "loop of links", "ln -s kjump.conf etc/kjump.conf", "/etc/kjump.conf",
		  ": cannot be read and is ignored: Too many levels of symbolic links", false, false },
		{ "link to nothing", "ln -s nothing etc/kjump.conf.d/a.conf",
		  "/etc/kjump.conf.d/a.conf", ": is a link to nothing", false, false },
		{ "no file", "touch etc/x; ln -s x/y etc/kjump.conf", "/etc/kjump.conf",
		  ": cannot be read and is ignored: Not a directory", false, false },
		{ "too large", "head -c 300000 /dev/zero > etc/kjump.conf", "/etc/kjump.conf",
		  ": is larger than 256 KiB, it is ignored", false, false },
		{ "writable by all", "echo [kjump] > etc/kjump.conf; chmod 666 etc/kjump.conf",
		  "/etc/kjump.conf", ": the file can be written by others (mode 666), it is ignored: chmod go-w /", false, false },
		{ "writable by a group", "echo [kjump] > etc/kjump.conf; chmod 664 etc/kjump.conf",
		  "/etc/kjump.conf", ": the file can be written by others (mode 664)", false, false },
		{ "of another user", "echo [kjump] > etc/kjump.conf; chown 4711 etc/kjump.conf",
		  "/etc/kjump.conf", ": the file belongs to user 4711 and not to root, it is ignored: chown root /", true, false },
		{ "unreadable", "echo [kjump] > etc/kjump.conf; chmod 0 etc/kjump.conf",
		  "/etc/kjump.conf", ": cannot be read and is ignored: Permission denied", false, true },
		{ "drop-ins writable by all", "chmod 777 etc/kjump.conf.d",
		  "/etc/kjump.conf.d", ": the directory can be written by others (mode 777), it is ignored", false, false },
		{ "drop-ins that are a file", "rmdir etc/kjump.conf.d; touch etc/kjump.conf.d",
		  "/etc/kjump.conf.d", ": cannot be read and is ignored: Not a directory", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (files[i].only_root ? geteuid() != 0 : files[i].only_others && geteuid() == 0)
			continue;
		run("rm -rf etc; mkdir -p etc/kjump.conf.d");
		run(files[i].command);
		expect(files[i].what, files[i].name, files[i].expected, 1);
	}
}

/* What is no mistake: a byte order mark, CR before LF, no last newline. */
static void what_editors_leave_is_read(void **state)
{
	static const char text[] = "\xef\xbb\xbf[kjump]\r\n# caf\xc3\xa9\r\nPreload=load\r\nRegion=32M";
	struct kj_conf c;

	(void)state;
	put(text, sizeof(text) - 1);
	logged[0] = '\0';
	assert_int_equal(kj_conf_load(root, true, &c), 0);
	assert_string_equal(logged, "");
	assert_int_equal(c.preload, KJ_PRELOAD_LOAD);
	assert_int_equal(c.region, 32 << 20);
	kj_conf_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_bad_text_is_told, setup, remove_tree),
		cmocka_unit_test_setup_teardown(a_bad_encryption_is_remembered, setup, remove_tree),
		cmocka_unit_test_setup_teardown(a_line_that_is_too_long_is_told, setup, remove_tree),
		cmocka_unit_test_setup_teardown(a_bad_file_is_told, setup, remove_tree),
		cmocka_unit_test_setup_teardown(what_editors_leave_is_read, setup, remove_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
