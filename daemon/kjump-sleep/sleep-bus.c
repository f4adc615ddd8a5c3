// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The D-Bus calls around a sleep, in the meaning that systemd-sleep gives
 * them.  User sessions are frozen so that none of them runs before homes can
 * be unlocked again; kernel A freezes all tasks later anyway.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kj-cleanup.h"
#include "kj-log.h"
#include "kj-peers.h"
#include "sleep-bus.h"

#define USER_SLICE	"user.slice"

/* The freezer may have to wait for a task in the kernel. */
#define FREEZE_TIMEOUT_USEC (45ull * 1000000)

KJ_DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)

static int parse_boolean(const char *s)
{
	static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
	static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(s, yes[i]) == 0)
			return 1;
		if (strcasecmp(s, no[i]) == 0)
			return 0;
	}
	return -EINVAL;
}

bool kj_sleep_want_freeze(sd_bus *bus, int since)
{
	const char *wish = getenv("SYSTEMD_SLEEP_FREEZE_USER_SESSIONS");
	kj_autofree char *version = NULL;
	int r = wish ? parse_boolean(wish) : -ENODATA;

	if (r >= 0)
		return r;
	if (wish)
		kj_warning("SYSTEMD_SLEEP_FREEZE_USER_SESSIONS=%s is neither yes nor no", wish);
	if (sd_bus_get_property_string(bus, KJ_SYSTEMD, KJ_SYSTEMD_PATH, KJ_SYSTEMD_MANAGER,
				       "Version", NULL, &version) < 0) {
		version = NULL;
		return false;
	}
	return atoi(version) >= since;
}

/* Errors that say: there is nothing to freeze, or no way to. */
static bool is_harmless(const sd_bus_error *error)
{
	static const char *const names[] = {
		"org.freedesktop.systemd1.NoSuchUnit",
		"org.freedesktop.systemd1.UnitInactive",
		SD_BUS_ERROR_NOT_SUPPORTED,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (sd_bus_error_has_name(error, names[i]))
			return true;
	return false;
}

static int freezer(sd_bus *bus, const char *method)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, KJ_SYSTEMD, KJ_SYSTEMD_PATH,
					   KJ_SYSTEMD_MANAGER, method);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", USER_SLICE);
	if (r >= 0)
		r = sd_bus_call(bus, m, FREEZE_TIMEOUT_USEC, &error, NULL);
	if (r < 0 && is_harmless(&error)) {
		kj_debug("%s of " USER_SLICE ": %s", method, error.message);
		r = 0;
	} else if (r < 0) {
		kj_warning("%s of " USER_SLICE " failed: %s", method,
			   error.message ? error.message : strerror(-r));
	}
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

int kj_sleep_freeze(sd_bus *bus)
{
	return freezer(bus, "FreezeUnit");
}

int kj_sleep_thaw(sd_bus *bus)
{
	return freezer(bus, "ThawUnit");
}

void kj_sleep_lock_homes(sd_bus *bus)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, "org.freedesktop.home1",
					   "/org/freedesktop/home1",
					   "org.freedesktop.home1.Manager", "LockAllHomes");
	if (r >= 0)
		r = sd_bus_message_set_auto_start(m, 0);
	if (r >= 0)
		r = sd_bus_call(bus, m, FREEZE_TIMEOUT_USEC, &error, NULL);
	if (r < 0 && !sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) &&
	    !sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		kj_warning("Home directories cannot be locked: %s",
			   error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
}

int kj_sleep_problem(sd_bus *bus, const char *property, char **ret)
{
	char *problem;
	int r = sd_bus_get_property_string(bus, "org.kjump1", "/org/kjump1",
					   "org.kjump1.Manager", property, NULL, &problem);

	if (r < 0)
		return r;
	if (!*problem) {
		free(problem);
		problem = NULL;
	}
	*ret = problem;
	return 0;
}

int kj_sleep_now(sd_bus *bus, const char *method)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, "org.kjump1", "/org/kjump1",
					   "org.kjump1.Manager", method);
	if (r >= 0)
		r = sd_bus_call(bus, m, UINT64_MAX, &error, NULL);
	if (r < 0)
		kj_err("%s", error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}
