// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What systemctl does, without a process and its words.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-peers.h"
#include "units.h"


KJ_DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)

char *kj_unit_text(sd_bus *bus, const char *unit, const char *property)
{
	kj_autofree char *path = NULL;
	char *value = NULL;

	if (sd_bus_path_encode(KJ_SYSTEMD_PATH "/unit", unit, &path) < 0 ||
	    sd_bus_get_property_string(bus, KJ_SYSTEMD, path, KJ_UNIT_INTERFACE, property,
				       NULL, &value) < 0)
		return strdup("");
	return value;
}

char *kj_unit_last(sd_bus *bus, const char *unit, const char *interface,
		   const char *property, const char *contents)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *m = NULL;
	kj_autofree char *path = NULL;
	bool structure = *contents == '(';
	const char *text, *last = "";
	char type[32];
	int r;

	snprintf(type, sizeof(type), "a%s", contents);
	r = sd_bus_path_encode(KJ_SYSTEMD_PATH "/unit", unit, &path);
	if (r >= 0)
		r = sd_bus_get_property(bus, KJ_SYSTEMD, path, interface, property, NULL, &m, type);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', contents);
	while (r > 0) {
		if (structure)
			r = sd_bus_message_enter_container(m, 'r', "sasbttttuii");
		if (r > 0)
			r = sd_bus_message_read(m, "s", &text);
		if (r <= 0)
			break;
		last = text;
		if (structure)
			r = sd_bus_message_skip(m, "asbttttuii");
		if (structure && r >= 0)
			r = sd_bus_message_exit_container(m);
		r = r < 0 ? r : 1;
	}
	return strdup(last);
}

static int files_call(sd_bus *bus, const char *method, const char *unit,
		      bool enable, struct kj_reason *reason)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *call = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, KJ_SYSTEMD, KJ_SYSTEMD_PATH,
					   KJ_SYSTEMD_MANAGER, method);
	if (r >= 0)
		r = sd_bus_message_append(call, "asb", 1, unit, 0);	/* not --runtime */
	if (r >= 0 && enable)
		r = sd_bus_message_append(call, "b", 0);		/* not --force */
	if (r >= 0)
		r = sd_bus_call(bus, call, 0, &error, NULL);
	if (r >= 0)
		r = sd_bus_call_method(bus, KJ_SYSTEMD, KJ_SYSTEMD_PATH, KJ_SYSTEMD_MANAGER,
				       "Reload", &error, NULL, NULL);
	if (r < 0)
		kj_reason_set(reason, r, KJ_WHY_LOAD, "systemd's %s of %s failed: %s", method,
			      unit, error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

int kj_unit_enable(sd_bus *bus, const char *unit, struct kj_reason *reason)
{
	return files_call(bus, "EnableUnitFiles", unit, true, reason);
}

int kj_unit_disable(sd_bus *bus, const char *unit, struct kj_reason *reason)
{
	return files_call(bus, "DisableUnitFiles", unit, false, reason);
}

int kj_unit_stop(sd_bus *bus, const char *unit, struct kj_reason *reason)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, KJ_SYSTEMD, KJ_SYSTEMD_PATH, KJ_SYSTEMD_MANAGER,
				   "StopUnit", &error, NULL,
				   "ss", unit, "replace");

	if (r < 0)
		kj_reason_set(reason, r, KJ_WHY_LOAD, "Cannot stop %s: %s", unit,
			      error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}
