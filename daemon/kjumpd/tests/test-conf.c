// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration files, on a small tree that stands for /.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include "conf.h"
#include "dropin.h"
#include "tree.h"

static void put(const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	return make_tree("mkdir -p etc/kjump.conf.d run/kjump.conf.d usr/lib/kjump.conf.d");
}

static void test_defaults(void **state)
{
	struct utsname u;
	struct kj_conf c;
	char path[256];

	(void)state;
	uname(&u);
	assert_int_equal(kj_conf_load(root, true, &c), 0);
	assert_string_equal(c.target, "");
	assert_int_equal(c.preload, KJ_PRELOAD_PARK);
	assert_int_equal(c.power_off, KJ_POWER_S4);
	assert_int_equal(c.region, 0);
	assert_int_equal(c.lock, KJ_LOCK_NONE);
	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", u.release);
	assert_string_equal(c.kernel_image, path);
	snprintf(path, sizeof(path), "/var/lib/kjump/initrd-%s.img", u.release);
	assert_string_equal(c.initrd, path);
	assert_true(c.initrd_is_default);
	assert_int_equal(c.problems, 0);
	kj_conf_done(&c);
}

static void test_all_keys(void **state)
{
	struct kj_conf c;

	(void)state;
	put("etc/kjump.conf",
	    "# comment\n; comment\n\n[kjump]\n"
	    "Target = PARTUUID=12-34\nPreload=load\n PowerOff=reboot \n"
	    "Encryption=/etc/a key\nRegion=96M\nKernelImage=/k\nInitrd=/i\nKernelAppend=a b=c d\n");
	assert_int_equal(kj_conf_load(root, true, &c), 0);
	assert_string_equal(c.target, "PARTUUID=12-34");
	assert_int_equal(c.preload, KJ_PRELOAD_LOAD);
	assert_int_equal(c.power_off, KJ_POWER_REBOOT);
	assert_int_equal(c.lock, KJ_LOCK_KEYFILE);
	assert_string_equal(c.keyfile, "/etc/a key");
	assert_int_equal(c.region, 96u << 20);
	assert_string_equal(c.kernel_image, "/k");
	assert_string_equal(c.initrd, "/i");
	assert_false(c.initrd_is_default);
	assert_string_equal(c.kernel_append, "a b=c d");
	assert_string_equal(logged, "");
	kj_conf_done(&c);
}

/* What is wrong is told when asked for, counted always, and changes nothing;
 * test-conf-bad.c has all that can be wrong. */
static void test_problems(void **state)
{
	struct kj_conf c;

	(void)state;
	put("etc/kjump.conf", "[kjump]\nTarget=/dev/x\nPreload=maybe\nTraget=/dev/y\n");
	assert_int_equal(kj_conf_load(root, true, &c), 0);
	assert_non_null(strstr(logged, "/etc/kjump.conf:3: \"Preload=maybe\" is not understood and is ignored: expected park, load or no\n"));
	assert_non_null(strstr(logged, "/etc/kjump.conf:4: unknown key \"Traget\" is ignored\n"));
	assert_int_equal(c.problems, 2);
	assert_string_equal(c.target, "/dev/x");
	assert_int_equal(c.preload, KJ_PRELOAD_PARK);
	kj_conf_done(&c);

	logged[0] = '\0';
	assert_int_equal(kj_conf_load(root, false, &c), 0);
	assert_int_equal(c.problems, 2);
	assert_string_equal(logged, "");
	kj_conf_done(&c);
}

/* Sorted by name over all directories; /etc masks; an empty value resets. */
static void test_dropins(void **state)
{
	struct kj_conf c;

	(void)state;
	put("etc/kjump.conf", "[kjump]\nTarget=/main\nPreload=no\n");
	put("usr/lib/kjump.conf", "[kjump]\nTarget=/vendor-main\nKernelAppend=no\n");
	put("usr/lib/kjump.conf.d/10-a.conf", "[kjump]\nTarget=/vendor\nPowerOff=reboot\n");
	put("usr/lib/kjump.conf.d/20-b.conf", "[kjump]\nTarget=/masked\n");
	put("run/kjump.conf.d/30-c.conf", "[kjump]\nTarget=/volatile\nPreload=load\n");
	put("etc/kjump.conf.d/15-d.conf", "[kjump]\nTarget=/admin\nRegion=32M\n");
	put("etc/kjump.conf.d/40-e.conf", "[kjump]\nPreload=\n");
	put("etc/kjump.conf.d/50-not-one.txt", "[kjump]\nTarget=/txt\n");
	run("ln -s /dev/null etc/kjump.conf.d/20-b.conf");
	assert_int_equal(kj_conf_load(root, true, &c), 0);
	assert_string_equal(c.target, "/volatile");
	assert_int_equal(c.power_off, KJ_POWER_REBOOT);
	assert_int_equal(c.region, 32u << 20);
	assert_int_equal(c.preload, KJ_PRELOAD_PARK);
	assert_string_equal(c.kernel_append, "");
	assert_string_equal(logged, "");
	kj_conf_done(&c);
}

static unsigned int stall_of(const char *value)
{
	struct kj_conf conf;
	char text[128];
	unsigned int sec;

	snprintf(text, sizeof(text), "[kjump]\nStallTimeout=%s\n", value);
	put("etc/kjump.conf", text);
	assert_int_equal(kj_conf_load(root, true, &conf), 0);
	sec = conf.problems ? UINT32_MAX : conf.stall_sec;
	kj_conf_done(&conf);
	return sec;
}

static void the_limit_without_progress_is_seconds_or_infinity(void **state)
{
	(void)state;
	run("mkdir -p etc");
	assert_int_equal(stall_of(""), 60);
	assert_int_equal(stall_of("5"), 5);
	assert_int_equal(stall_of("86400"), 86400);
	assert_int_equal(stall_of("infinity"), 0);
	assert_int_equal(stall_of("4"), UINT32_MAX);
	assert_int_equal(stall_of("86401"), UINT32_MAX);
	assert_int_equal(stall_of("0"), UINT32_MAX);
	assert_int_equal(stall_of("-7"), UINT32_MAX);
	assert_int_equal(stall_of("60s"), UINT32_MAX);
	assert_int_equal(stall_of("99999999999999999999"), UINT32_MAX);
	assert_non_null(strstr(logged, "expected 5 to 86400 seconds, or infinity"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, remove_tree),
		cmocka_unit_test_setup_teardown(test_all_keys, setup, remove_tree),
		cmocka_unit_test_setup_teardown(test_problems, setup, remove_tree),
		cmocka_unit_test_setup_teardown(test_dropins, setup, remove_tree),
		cmocka_unit_test_setup_teardown(the_limit_without_progress_is_seconds_or_infinity, setup, remove_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
