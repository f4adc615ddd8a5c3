// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * logind looks at sleep.conf before it starts one of its units; somebody who
 * starts the unit itself is stopped here.  The rest is what systemd-sleep would
 * take from there.
 *
 * Runs in kernel A.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dropin.h"
#include "kj-log.h"
#include "sleep-conf.h"
#include "timespan.h"

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

static void set_timespan(uint64_t *usec, const char *file, unsigned int line,
			 const char *key, const char *value)
{
	if (kj_parse_timespan(value, usec) < 0)
		kj_warning("%s:%u: \"%s=%s\" is not understood and is ignored: expected a time such as 2h",
			   file, line, key, value);
}

static void settings_set(void *ctx, const char *file, unsigned int line,
			 const char *key, const char *value)
{
	struct kj_sleep_conf *conf = ctx;

	if (strcmp(key, "SuspendState") == 0)
		snprintf(conf->suspend_state, sizeof(conf->suspend_state), "%s", value);
	else if (strcmp(key, "MemorySleepMode") == 0)
		snprintf(conf->mem_sleep, sizeof(conf->mem_sleep), "%s", value);
	else if (strcmp(key, "HibernateDelaySec") == 0)
		set_timespan(&conf->delay_usec, file, line, key, value);
	else if (strcmp(key, "SuspendEstimationSec") == 0)
		set_timespan(&conf->estimation_usec, file, line, key, value);
	else if (strcmp(key, "HibernateOnACPower") == 0)
		conf->on_external_power = !is_false(value);
}

void kj_sleep_conf_read(const char *root, struct kj_sleep_conf *ret)
{
	const struct kj_ini_reader reader = {
		.section = "Sleep", .set = settings_set, .ctx = ret,
	};

	*ret = (struct kj_sleep_conf) {
		.suspend_state = "mem standby freeze",
		.estimation_usec = 3600ull * 1000000,
		.on_external_power = true,
	};
	(void)kj_dropin_read(root, "systemd/sleep.conf", &reader);
	if (!*ret->suspend_state)
		strcpy(ret->suspend_state, "mem standby freeze");
	if (!ret->estimation_usec)
		ret->estimation_usec = 3600ull * 1000000;
}
