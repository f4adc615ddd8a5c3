// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl check: does "systemctl hibernate" lead here, and is kjumpd there?
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "client.h"
#include "kj-cleanup.h"
#include "kj-peers.h"
#include "units.h"

KJ_DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)

void kj_judge_logind(struct kj_checks *checks, const char *answer)
{
	static const char name[] = "logind";

	if (!answer)
		kj_check_add(checks, name, KJ_CHECK_WARNING,
			     "systemd-logind does not answer: without it, only kjumpctl hibernate works");
	else if (strcmp(answer, "yes") == 0 || strcmp(answer, "challenge") == 0)
		kj_check_add(checks, name, KJ_CHECK_OK, "logind offers hibernation (%s)", answer);
	else
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "logind answers \"%s\" to CanHibernate: correct the other problems; if there are none, look for AllowHibernation=no in sleep.conf(5), and restart systemd-logind if kjump was installed since the boot",
			     answer);
}

void kj_judge_sleep_unit(struct kj_checks *checks, const char *unit, const char *load_state,
			 const char *last, const char *drop_in)
{
	static const char name[] = "sleep-unit", ours[] = "/kjump-sleep";
	size_t n = strlen(last);

	if (strcmp(load_state, "masked") == 0)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "%s is masked: run systemctl unmask %s", unit, unit);
	else if (strcmp(load_state, "loaded") != 0)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "systemd has no usable %s (%s): see systemctl status %s", unit,
			     load_state, unit);
	else if (n < strlen(ours) || strcmp(last + n - strlen(ours), ours) != 0)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "%s runs %s and not kjump-sleep: %s overrides kjump's drop-in, remove it",
			     unit, *last ? last : "nothing", *drop_in ? drop_in : "another file");
	else
		kj_check_add(checks, name, KJ_CHECK_OK, "%s runs %s", unit, last);
}

void kj_judge_service(struct kj_checks *checks, const char *load_state,
		      const char *active_state, const char *file_state)
{
	static const char name[] = "service";

	if (strcmp(load_state, "masked") == 0)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "kjumpd.service is masked: run systemctl unmask --now kjumpd.service");
	else if (strcmp(active_state, "active") != 0 && strcmp(active_state, "reloading") != 0)
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "kjumpd does not run (%s): run systemctl start kjumpd; systemctl status kjumpd says more",
			     active_state);
	else if (strcmp(file_state, "enabled") != 0)
		kj_check_add(checks, name, KJ_CHECK_WARNING,
			     "kjumpd runs, but is not started at boot (%s): run systemctl enable kjumpd",
			     file_state);
	else
		kj_check_add(checks, name, KJ_CHECK_OK, "kjumpd runs, and is started at boot");
}

static void look_at_sleep_unit(sd_bus *bus, struct kj_checks *checks)
{
	static const char unit[] = "systemd-hibernate.service";
	kj_autofree char *target = kj_unit_text(bus, "hibernate.target", "LoadState");
	kj_autofree char *state = kj_unit_text(bus, unit, "LoadState");
	kj_autofree char *last = kj_unit_last(bus, unit, KJ_SERVICE_INTERFACE,
					      "ExecStart", "(sasbttttuii)");
	kj_autofree char *file = kj_unit_last(bus, unit, KJ_UNIT_INTERFACE, "DropInPaths", "s");

	if (!target || !state || !last || !file)
		return;
	if (strcmp(target, "loaded") != 0)
		kj_judge_sleep_unit(checks, "hibernate.target", target, "", "");
	else
		kj_judge_sleep_unit(checks, unit, state, last, file);
}

static void look_at_logind(const struct kj_check_env *env, struct kj_checks *checks)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *reply = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *answer = NULL;

	if (sd_bus_call_method(env->bus, KJ_LOGIND, KJ_LOGIND_PATH,
			       KJ_LOGIND_MANAGER, "CanHibernate", &error,
			       &reply, NULL) >= 0)
		(void)sd_bus_message_read(reply, "s", &answer);
	if (!answer && !env->root)
		kj_check_add(checks, "logind", KJ_CHECK_UNKNOWN, "logind does not tell: %s",
			     error.message ? error.message : "no answer");
	else
		kj_judge_logind(checks, answer);
	sd_bus_error_free(&error);
}

/* What kjumpd finds wrong and nobody above has said. */
static void look_at_kjumpd(sd_bus *bus, struct kj_checks *checks)
{
	struct client_properties p;
	const char *problem, *prepared;

	if (client_properties(bus, &p) != KJ_EXIT_OK) {
		kj_check_add(checks, "kjumpd", KJ_CHECK_PROBLEM,
			     "kjumpd runs and does not answer: see journalctl -u kjumpd");
		return;
	}
	problem = client_text(&p, "Problem");
	prepared = client_text(&p, "PrepareResult");
	if (*problem)
		kj_check_add(checks, "kjumpd", KJ_CHECK_PROBLEM, "%s", problem);
	else if (*prepared && strcmp(prepared, "ok") != 0)
		kj_check_add(checks, "kjumpd", KJ_CHECK_PROBLEM, "%s", prepared);
	else
		kj_check_add(checks, "kjumpd", KJ_CHECK_OK, "kjumpd finds nothing that is wrong");
	client_properties_done(&p);
}

void kj_look_systemd(const struct kj_check_env *env, struct kj_checks *checks)
{
	static const char unit[] = "kjumpd.service";
	kj_autofree char *load = NULL, *active = NULL, *file = NULL;

	if (!env->bus) {
		kj_check_add(checks, "service", KJ_CHECK_PROBLEM,
			     "The system bus cannot be reached: is this machine booted with systemd, and dbus running?");
		return;
	}
	load = kj_unit_text(env->bus, unit, "LoadState");
	active = kj_unit_text(env->bus, unit, "ActiveState");
	file = kj_unit_text(env->bus, unit, "UnitFileState");
	if (!load || !active || !file)
		return;
	kj_judge_service(checks, load, active, file);
	if (strcmp(active, "active") == 0)
		look_at_kjumpd(env->bus, checks);
	look_at_sleep_unit(env->bus, checks);
	look_at_logind(env, checks);
}
