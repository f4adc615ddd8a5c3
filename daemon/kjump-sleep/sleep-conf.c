// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * logind looks at sleep.conf before it starts one of its units;
 * somebody who starts the unit itself is stopped here.
 *
 * Runs in kernel A.
 */
#include <string.h>
#include <strings.h>

#include "dropin.h"
#include "sleep-conf.h"

static bool is_false(const char *value)
{
	static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (strcasecmp(value, no[i]) == 0)
			return true;
	return false;
}

struct wanted {
	const char *key;
	bool allowed;
};

static void sleep_set(void *ctx, const char *file, unsigned int line,
		      const char *key, const char *value)
{
	struct wanted *wanted = ctx;
	const char *name = strrchr(file, '/');

	(void)line;
	if (name && strcmp(name + 1, KJ_SLEEP_STATE_FILE) == 0)
		return;
	if (strcmp(key, wanted->key) == 0)
		wanted->allowed = !is_false(value);
}

bool kj_sleep_allowed(const char *root, const char *key)
{
	struct wanted wanted = { .key = key, .allowed = true };
	const struct kj_ini_reader reader = {
		.section = "Sleep", .set = sleep_set, .ctx = &wanted,
	};

	(void)kj_dropin_read(root, "systemd/sleep.conf", &reader);
	return wanted.allowed;
}
