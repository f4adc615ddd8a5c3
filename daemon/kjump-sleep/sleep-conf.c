// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * logind looks at sleep.conf before it starts systemd-hibernate.service;
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

static void sleep_set(void *ctx, const char *file, unsigned int line,
		      const char *key, const char *value)
{
	const char *name = strrchr(file, '/');

	(void)line;
	if (name && strcmp(name + 1, KJ_SLEEP_STATE_FILE) == 0)
		return;
	if (strcmp(key, "AllowHibernation") == 0)
		*(bool *)ctx = !is_false(value);
}

bool kj_sleep_allowed(const char *root)
{
	bool allowed = true;
	const struct kj_ini_reader reader = {
		.section = "Sleep", .set = sleep_set, .ctx = &allowed,
	};

	(void)kj_dropin_read(root, "systemd/sleep.conf", &reader);
	return allowed;
}
