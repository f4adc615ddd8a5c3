// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl check: what is made of each fact, and of all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "client.h"

static struct kj_checks checks;

static int begin(void **state)
{
	(void)state;
	memset(&checks, 0, sizeof(checks));
	return 0;
}

/* The only check so far; it is forgotten. */
static void expect(const char *name, enum kj_check_state state, const char *words)
{
	assert_int_equal(checks.n, 1);
	assert_string_equal(checks.list[0].name, name);
	if (!strstr(checks.list[0].text, words))
		fail_msg("\"%s\" does not say \"%s\"", checks.list[0].text, words);
	assert_int_equal(checks.list[0].state, state);
	checks.n = 0;
}

static void test_exit_status(void **state)
{
	(void)state;
	assert_int_equal(kj_checks_exit(&checks), KJ_EXIT_OK);
	kj_check_add(&checks, "a", KJ_CHECK_OK, "x");
	kj_check_add(&checks, "b", KJ_CHECK_UNKNOWN, "x");
	assert_int_equal(kj_checks_exit(&checks), KJ_EXIT_OK);
	kj_check_add(&checks, "c", KJ_CHECK_WARNING, "x");
	assert_int_equal(kj_checks_exit(&checks), KJ_EXIT_WARNINGS);
	kj_check_add(&checks, "d", KJ_CHECK_PROBLEM, "x");
	kj_check_add(&checks, "e", KJ_CHECK_OK, "x");
	assert_int_equal(kj_checks_exit(&checks), KJ_EXIT_FAILED);
	for (int i = 0; i < 2 * KJ_CHECKS_MAX; i++)
		kj_check_add(&checks, "f", KJ_CHECK_OK, "x");
	assert_int_equal(checks.n, KJ_CHECKS_MAX);
}

/* Who is not root is not told that something is wrong. */
static void test_hidden_from_users(void **state)
{
	const struct kj_reason reason = { .error = EACCES, .text = "no" };
	struct kj_check_env env = { .root = false };

	(void)state;
	kj_check_result(&checks, &env, "x", -EACCES, &reason, "fine");
	expect("x", KJ_CHECK_UNKNOWN, "no");
	kj_check_result(&checks, &env, "x", -ENOENT, &reason, "fine");
	expect("x", KJ_CHECK_PROBLEM, "no");
	env.root = true;
	kj_check_result(&checks, &env, "x", -EACCES, &reason, "fine");
	expect("x", KJ_CHECK_PROBLEM, "no");
	kj_check_result(&checks, &env, "x", 0, &reason, "fine");
	expect("x", KJ_CHECK_OK, "fine");
}

static void test_power_off(void **state)
{
	(void)state;
	kj_judge_power_off(&checks, "[platform] shutdown reboot suspend test_resume", KJ_POWER_S4);
	expect("power-off", KJ_CHECK_OK, "ACPI S4");
	kj_judge_power_off(&checks, "[shutdown] reboot suspend", KJ_POWER_S4);
	expect("power-off", KJ_CHECK_WARNING, "no ACPI S4");
	kj_judge_power_off(&checks, "[shutdown] reboot suspend", KJ_POWER_S5);
	expect("power-off", KJ_CHECK_OK, "shutdown");
	kj_judge_power_off(&checks, "[disabled]", KJ_POWER_S4);
	expect("power-off", KJ_CHECK_WARNING, "/sys/power/disk");
	kj_judge_power_off(&checks, NULL, KJ_POWER_S4);
	expect("power-off", KJ_CHECK_WARNING, "/sys/power/disk");
}

static void test_memory(void **state)
{
	(void)state;
	kj_judge_memory(&checks, KJ_B_PARKED, KJ_PRELOAD_PARK, 64 << 20);
	expect("memory", KJ_CHECK_OK, "64.0 MiB");
	kj_judge_memory(&checks, KJ_B_LOADED, KJ_PRELOAD_PARK, 64 << 20);
	expect("memory", KJ_CHECK_WARNING, "has not been booted");
	kj_judge_memory(&checks, KJ_B_LOADED, KJ_PRELOAD_LOAD, 64 << 20);
	expect("memory", KJ_CHECK_OK, "loaded");
	kj_judge_memory(&checks, KJ_B_NONE, KJ_PRELOAD_LOAD, 0);
	expect("memory", KJ_CHECK_PROBLEM, "kjumpctl load");
	kj_judge_memory(&checks, KJ_B_NONE, KJ_PRELOAD_NO, 0);
	expect("memory", KJ_CHECK_OK, "Preload=no");
}

static void test_size(void **state)
{
	(void)state;
	kj_judge_size(&checks, 1000 << 20, 1000 << 20, 10 << 20);
	expect("target-size", KJ_CHECK_OK, "all of the memory");
	kj_judge_size(&checks, 999 << 20, 1000 << 20, 10 << 20);
	expect("target-size", KJ_CHECK_WARNING, "1000.0 MiB");
	kj_judge_size(&checks, 9 << 20, 1000 << 20, 10 << 20);
	expect("target-size", KJ_CHECK_PROBLEM, "may need 10.0 MiB");
}

static void test_remains(void **state)
{
	struct kj_image_info info = { .state = KJ_IMAGE_NONE };

	(void)state;
	kj_judge_remains(&checks, &info, "/dev/x");
	expect("old-image", KJ_CHECK_OK, "No earlier image");
	info.bytes_stored = 5 << 20;
	kj_judge_remains(&checks, &info, "/dev/x");
	expect("old-image", KJ_CHECK_WARNING, "discard --erase");
	info.state = KJ_IMAGE_CLAIMED;
	kj_judge_remains(&checks, &info, "/dev/x");
	expect("old-image", KJ_CHECK_WARNING, "5.0 MiB");
	info.cipher = KJ_CIPHER_XCHACHA20;
	kj_judge_remains(&checks, &info, "/dev/x");
	expect("old-image", KJ_CHECK_OK, "encrypted");
	info.state = KJ_IMAGE_VALID;
	kj_judge_remains(&checks, &info, "/dev/x");
	expect("old-image", KJ_CHECK_PROBLEM, "kjumpctl discard");
}

static struct kj_target *make_target(const char *tag, enum kj_lock lock, size_t *len)
{
	struct kj_extent whole = { kj_le64_of(0), kj_le64_of(1 << 20) };

	return kj_target_pack(KJ_TARGET_PARTITION, KJ_POWER_S4, lock, tag, 1 << 20,
			      &whole, 1, len);
}

static void judge(const struct kj_initramfs *have, const struct kj_target *want,
		  enum kj_lock lock, const char *words)
{
	kj_judge_initramfs(&checks, have, "/boot/x", want, lock);
	expect("initramfs", words ? KJ_CHECK_PROBLEM : KJ_CHECK_OK, words ? words : "/boot/x");
}

static void test_initramfs(void **state)
{
	size_t len;
	struct kj_target *want = make_target("PARTUUID=1", KJ_LOCK_PASSPHRASE, &len);
	struct kj_target *other = make_target("PARTUUID=2", KJ_LOCK_PASSPHRASE, &len);
	struct kj_target *plain = make_target("PARTUUID=1", KJ_LOCK_NONE, &len);
	struct kj_initramfs have = { .generator = KJ_GENERATOR_DRACUT };

	(void)state;
	judge(&have, want, KJ_LOCK_PASSPHRASE, "no kjump-resume");
	have.program = true;
	judge(&have, want, KJ_LOCK_PASSPHRASE, "nothing that starts it");
	have.hook = true;
	judge(&have, want, KJ_LOCK_PASSPHRASE, "does not say where");
	have.target = (char *)other;
	have.target_len = len - 1;
	judge(&have, want, KJ_LOCK_PASSPHRASE, "damaged");
	have.target_len = len;
	judge(&have, want, KJ_LOCK_PASSPHRASE, "another place");
	have.target = (char *)plain;
	judge(&have, want, KJ_LOCK_PASSPHRASE, "another lock");
	judge(&have, NULL, KJ_LOCK_NONE, NULL);
	judge(&have, plain, KJ_LOCK_NONE, NULL);
	have.target = (char *)want;
	judge(&have, want, KJ_LOCK_PASSPHRASE, "passphrase");
	judge(&have, want, KJ_LOCK_KEYFILE, "key file");
	have.asks = have.key = true;
	judge(&have, want, KJ_LOCK_PASSPHRASE, NULL);
	judge(&have, want, KJ_LOCK_KEYFILE, NULL);
	free(want);
	free(other);
	free(plain);
}

static void test_logind(void **state)
{
	(void)state;
	kj_judge_logind(&checks, "yes");
	expect("logind", KJ_CHECK_OK, "yes");
	kj_judge_logind(&checks, "challenge");
	expect("logind", KJ_CHECK_OK, "challenge");
	kj_judge_logind(&checks, "na");
	expect("logind", KJ_CHECK_PROBLEM, "\"na\"");
	kj_judge_logind(&checks, "no");
	expect("logind", KJ_CHECK_PROBLEM, "AllowHibernation");
	kj_judge_logind(&checks, NULL);
	expect("logind", KJ_CHECK_WARNING, "does not answer");
}

static void test_sleep_unit(void **state)
{
	static const char unit[] = "systemd-hibernate.service";

	(void)state;
	kj_judge_sleep_unit(&checks, unit, "loaded", "/usr/libexec/kjump/kjump-sleep", "/usr/x");
	expect("sleep-unit", KJ_CHECK_OK, "kjump-sleep");
	kj_judge_sleep_unit(&checks, unit, "masked", "", "");
	expect("sleep-unit", KJ_CHECK_PROBLEM, "systemctl unmask systemd-hibernate.service");
	kj_judge_sleep_unit(&checks, unit, "not-found", "", "");
	expect("sleep-unit", KJ_CHECK_PROBLEM, "not-found");
	kj_judge_sleep_unit(&checks, unit, "loaded", "/usr/lib/systemd/systemd-sleep", "/etc/y.conf");
	expect("sleep-unit", KJ_CHECK_PROBLEM, "/etc/y.conf overrides");
	kj_judge_sleep_unit(&checks, unit, "loaded", "", "");
	expect("sleep-unit", KJ_CHECK_PROBLEM, "runs nothing");
	kj_judge_sleep_unit(&checks, unit, "loaded", "/opt/my-kjump-sleep", "");
	expect("sleep-unit", KJ_CHECK_PROBLEM, "/opt/my-kjump-sleep");
}

static void test_service(void **state)
{
	(void)state;
	kj_judge_service(&checks, "loaded", "active", "enabled");
	expect("service", KJ_CHECK_OK, "runs");
	kj_judge_service(&checks, "loaded", "active", "disabled");
	expect("service", KJ_CHECK_WARNING, "systemctl enable");
	kj_judge_service(&checks, "loaded", "failed", "enabled");
	expect("service", KJ_CHECK_PROBLEM, "failed");
	kj_judge_service(&checks, "not-found", "inactive", "");
	expect("service", KJ_CHECK_PROBLEM, "does not run");
	kj_judge_service(&checks, "masked", "inactive", "masked");
	expect("service", KJ_CHECK_PROBLEM, "unmask");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exit_status, begin),
		cmocka_unit_test_setup(test_hidden_from_users, begin),
		cmocka_unit_test_setup(test_power_off, begin),
		cmocka_unit_test_setup(test_memory, begin),
		cmocka_unit_test_setup(test_size, begin),
		cmocka_unit_test_setup(test_remains, begin),
		cmocka_unit_test_setup(test_initramfs, begin),
		cmocka_unit_test_setup(test_logind, begin),
		cmocka_unit_test_setup(test_sleep_unit, begin),
		cmocka_unit_test_setup(test_service, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
