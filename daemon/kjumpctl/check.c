// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl check: looks at everything a hibernation and its resume need, and
 * says of each whether it is right.  It asks the machine and not kjumpd, so
 * that it also tells why there is no kjumpd.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "checks.h"
#include "client.h"
#include "flag.h"
#include "kj-cleanup.h"
#include "kj-json.h"
#include "verbs.h"

static const char *const state_names[] = {
	[KJ_CHECK_OK]      = "ok",
	[KJ_CHECK_UNKNOWN] = "unknown",
	[KJ_CHECK_WARNING] = "warning",
	[KJ_CHECK_PROBLEM] = "problem",
};

static void add(struct kj_checks *checks, const char *name, enum kj_check_state state,
		const char *format, va_list ap)
{
	struct kj_check *check;

	if (checks->n == KJ_CHECKS_MAX)
		return;
	check = &checks->list[checks->n++];
	check->name = name;
	check->state = state;
	vsnprintf(check->text, sizeof(check->text), format, ap);
}

void kj_check_add(struct kj_checks *checks, const char *name, enum kj_check_state state,
		  const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(checks, name, state, format, ap);
	va_end(ap);
}

void kj_check_result(struct kj_checks *checks, const struct kj_check_env *env,
		     const char *name, int r, const struct kj_reason *reason,
		     const char *format, ...)
{
	bool hidden = !env->root && (r == -EACCES || r == -EPERM);
	va_list ap;

	if (r < 0) {
		kj_check_add(checks, name, hidden ? KJ_CHECK_UNKNOWN : KJ_CHECK_PROBLEM,
			     "%s", reason->text);
		return;
	}
	va_start(ap, format);
	add(checks, name, KJ_CHECK_OK, format, ap);
	va_end(ap);
}

enum kj_check_state kj_checks_worst(const struct kj_checks *checks)
{
	enum kj_check_state worst = KJ_CHECK_OK;

	for (size_t i = 0; i < checks->n; i++)
		if (checks->list[i].state > worst)
			worst = checks->list[i].state;
	return worst;
}

int kj_checks_exit(const struct kj_checks *checks)
{
	switch (kj_checks_worst(checks)) {
	case KJ_CHECK_PROBLEM:
		return KJ_EXIT_FAILED;
	case KJ_CHECK_WARNING:
		return KJ_EXIT_WARNINGS;
	default:
		return KJ_EXIT_OK;
	}
}

static void print_json(const struct kj_checks *checks)
{
	struct kj_json json = { .out = stdout };

	kj_json_begin(&json, NULL);
	kj_json_text(&json, "result", state_names[kj_checks_worst(checks)]);
	kj_json_begin(&json, "checks");
	for (size_t i = 0; i < checks->n; i++) {
		kj_json_begin(&json, checks->list[i].name);
		kj_json_text(&json, "state", state_names[checks->list[i].state]);
		kj_json_text(&json, "text", checks->list[i].text);
		kj_json_end(&json);
	}
	kj_json_end(&json);
	kj_json_end(&json);
}

static void print_text(const struct kj_checks *checks)
{
	static const char *const verdicts[] = {
		[KJ_CHECK_OK]      = "This machine can hibernate.",
		[KJ_CHECK_UNKNOWN] = "Nothing is known to be wrong; root can tell more.",
		[KJ_CHECK_WARNING] = "This machine can hibernate; see the warnings.",
		[KJ_CHECK_PROBLEM] = "This machine cannot hibernate by kjump as it is; see the problems.",
	};

	for (size_t i = 0; i < checks->n; i++)
		printf("%-8s %-13s %s\n", state_names[checks->list[i].state],
		       checks->list[i].name, checks->list[i].text);
	printf("\n%s\n", verdicts[kj_checks_worst(checks)]);
}

void kj_checks_print(const struct kj_checks *checks, bool json)
{
	if (json)
		print_json(checks);
	else
		print_text(checks);
}

/* The target is what most of the others are about. */
static void look_at_configuration(struct kj_check_env *env, struct kj_checks *checks)
{
	struct kj_reason reason = { 0 };
	int r;

	if (env->conf.problems)
		kj_check_add(checks, "configuration", KJ_CHECK_WARNING,
			     "%u line(s) or file(s) of the configuration are ignored: journalctl -u kjumpd names them",
			     env->conf.problems);
	else
		kj_check_add(checks, "configuration", KJ_CHECK_OK, "All of it is understood");
	r = kj_target_resolve(&env->conf, &env->target, &reason);
	env->have_target = r == 0;
	kj_check_result(checks, env, "target", r, &reason, "%s %s, %u extent(s)",
			r == 0 ? kj_target_kind_name(env->target.blob) : "",
			r < 0 ? "" : kj_resolved_name(&env->target),
			r < 0 ? 0 : kj_get32(env->target.blob->n_extents));
}

void kj_checks_run(struct kj_checks *checks)
{
	struct kj_check_env env = { .root = geteuid() == 0 };
	struct utsname u;

	memset(checks, 0, sizeof(*checks));
	if (kj_conf_load("", false, &env.conf) < 0) {
		kj_check_add(checks, "configuration", KJ_CHECK_PROBLEM, "Out of memory");
		return;
	}
	env.release = uname(&u) < 0 ? NULL : u.release;
	if (sd_bus_open_system(&env.bus) < 0)
		env.bus = NULL;
	kj_look_kernel(&env, checks);
	look_at_configuration(&env, checks);
	kj_look_target(&env, checks);
	kj_look_initramfs(&env, checks);
	kj_look_others(&env, checks);
	kj_look_systemd(&env, checks);
	if (env.have_target)
		kj_resolved_done(&env.target);
	sd_bus_flush_close_unref(env.bus);
	kj_conf_done(&env.conf);
}

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 }
};

int verb_check(int argc, char **argv)
{
	static const char doc[] =
		"Checks everything that hibernation needs.\v"
		"Exit status: 0 all is well, 1 there is a problem, 4 there are only warnings.";
	struct kj_checks checks;
	bool json = kj_parse_flag(argc, argv, options, doc);

	kj_checks_run(&checks);
	kj_checks_print(&checks, json);
	return kj_checks_exit(&checks);
}
