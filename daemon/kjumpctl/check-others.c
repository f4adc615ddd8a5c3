// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl check: other ways to hibernate that could come in between.
 *
 * Runs in kernel A.
 */
#include <blkid.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "device.h"
#include "kj-cleanup.h"
#include "kj-io.h"

static const char name[] = "other-backends";

/* Programs that hibernate by themselves when somebody starts them. */
static const struct {
	const char *path;
	const char *what;
} programs[] = {
	{ "/usr/sbin/s2disk", "uswsusp" },
	{ "/usr/sbin/pm-hibernate", "pm-utils" },
	{ "/usr/sbin/hibernate", "hibernate" },
	{ "/sys/power/tuxonice", "TuxOnIce" },
};

/* The value of resume= on the kernel command line, malloc()ed, or NULL. */
static char *resume_device(void)
{
	kj_autofree char *line = NULL;
	char *word, *state;

	if (kj_read_line("/proc/cmdline", &line) < 0) {
		line = NULL;
		return NULL;
	}
	for (word = strtok_r(line, " ", &state); word; word = strtok_r(NULL, " ", &state))
		if (strncmp(word, "resume=", 7) == 0)
			return blkid_evaluate_spec(word + 7, NULL);
	return NULL;
}

/* An image of swsusp there would be resumed by the next boot, before or after
 * kjump's. */
static bool swsusp_image(struct kj_checks *checks)
{
	kj_autofree char *path = resume_device();
	struct kj_reason ignored;
	struct kj_device device;
	bool found;

	if (!path || kj_device_open(path, &device, &ignored) < 0)
		return false;
	found = device.type && strcmp(device.type, "swsuspend") == 0;
	if (found)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "%s (resume= on the kernel command line) holds an image of the kernel's own hibernation, which the next boot would resume: run mkswap %s",
			     device.path, device.path);
	kj_device_done(&device);
	return found;
}

void kj_look_others(const struct kj_check_env *env, struct kj_checks *checks)
{
	(void)env;
	if (swsusp_image(checks))
		return;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (access(programs[i].path, F_OK) < 0)
			continue;
		kj_check_add(checks, name, KJ_CHECK_WARNING,
			     "%s is there (%s), which hibernates without kjump: do not use it, or remove it",
			     programs[i].what, programs[i].path);
		return;
	}
	kj_check_add(checks, name, KJ_CHECK_OK, "No other way to hibernate is in the way");
}
