// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that get the machine: who could change them, and where.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tree.h"
#include "trust.h"

static struct kj_reason reason;

static int check(const char *name)
{
	char path[256];

	memset(&reason, 0, sizeof(reason));
	snprintf(path, sizeof(path), "%s/%s", root, name);
	return kj_trust_check(path, "Kernel B's image", "KernelImage=", &reason);
}

static int setup(void **state)
{
	(void)state;
	return make_tree("mkdir -p boot other; echo kernel > boot/vmlinuz; ln -s boot/vmlinuz link");
}

/* /tmp above it can be written by all, and is sticky. */
static void a_file_of_root_is_taken(void **state)
{
	(void)state;
	if (check("boot/vmlinuz") != 0 || check("link") != 0)
		fail_msg("%s", reason.text);
}

static void what_others_can_change_is_refused(void **state)
{
	static const struct {
		const char *make, *undo, *name, *said;
		int error;
		bool only_root;
	} cases[] = {
		{ "chmod 666 boot/vmlinuz", "chmod 644 boot/vmlinuz", "boot/vmlinuz",
		  "boot/vmlinuz can be written by others (mode 666): chmod go-w", EPERM, false },
		{ "chmod 664 boot/vmlinuz", "chmod 644 boot/vmlinuz", "link",
		  "boot/vmlinuz can be written by others (mode 664)", EPERM, false },
		{ "chmod 777 boot", "chmod 755 boot", "boot/vmlinuz",
		  "/boot can be written by others (mode 777): chmod go-w", EPERM, false },
		{ "chown 4711 boot/vmlinuz", "chown 0 boot/vmlinuz", "boot/vmlinuz",
		  "boot/vmlinuz belongs to user 4711, who could change it: chown root", EPERM, true },
		{ "chown 4711 boot", "chown 0 boot", "link",
		  "/boot belongs to user 4711, who could change it", EPERM, true },
		{ "true", "true", "boot", "is no regular file: correct KernelImage= in", EINVAL, false },
		{ "true", "true", "nothing", "cannot be found: No such file or directory; correct KernelImage=", ENOENT, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r;

		if (cases[i].only_root && geteuid() != 0)
			continue;
		run(cases[i].make);
		r = check(cases[i].name);
		if (r != -cases[i].error || !strstr(reason.text, cases[i].said))
			fail_msg("%s: %d \"%s\"", cases[i].make, r, reason.text);
		assert_true(strncmp(reason.text, "Kernel B's image", 16) == 0);
		run(cases[i].undo);
		assert_int_equal(check("boot/vmlinuz"), 0);
	}
}

/* What gets the memory may be behind a closed door, or be closed itself. */
static void a_file_for_memory_is_closed(void **state)
{
	char path[256];

	(void)state;
	run("mkdir -p open closed; chmod 700 closed; touch open/image closed/image");
	snprintf(path, sizeof(path), "%s/open/image", root);
	/* The directory that mkdtemp() made is closed as well. */
	assert_int_equal(kj_trust_private(path, &reason), 0);
	run("chmod 755 .");
	assert_int_equal(kj_trust_private(path, &reason), -EPERM);
	assert_non_null(strstr(reason.text, "open/image is open to others (mode 644), and all memory is written to it: chmod 600"));
	run("chmod 602 open/image");
	assert_int_equal(kj_trust_private(path, &reason), -EPERM);
	run("chmod 600 open/image");
	assert_int_equal(kj_trust_private(path, &reason), 0);
	if (geteuid() == 0) {
		run("chown 4711 open/image");
		assert_int_equal(kj_trust_private(path, &reason), -EPERM);
		assert_non_null(strstr(reason.text, "belongs to user 4711"));
	}
	snprintf(path, sizeof(path), "%s/closed/image", root);
	assert_int_equal(kj_trust_private(path, &reason), 0);
	run("chmod 711 closed");
	assert_int_equal(kj_trust_private(path, &reason), -EPERM);
	run("chmod 700 .");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_of_root_is_taken),
		cmocka_unit_test(what_others_can_change_is_refused),
		cmocka_unit_test(a_file_for_memory_is_closed),
	};

	return cmocka_run_group_tests(tests, setup, remove_tree);
}
