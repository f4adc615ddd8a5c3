// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl check: the running kernel, B's memory, the way to power off.
 *
 * Runs in kernel A.
 */
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "preflight.h"

void kj_judge_power_off(struct kj_checks *checks, const char *modes, enum kj_power_off wanted)
{
	static const char name[] = "power-off";

	if (!modes || strstr(modes, "[disabled]"))
		kj_check_add(checks, name, KJ_CHECK_WARNING,
			     "The kernel offers no hibernation of its own (/sys/power/disk): the machine is powered off in the ordinary way");
	else if (wanted == KJ_POWER_S4 && !strstr(modes, "platform"))
		kj_check_add(checks, name, KJ_CHECK_WARNING,
			     "The firmware has no ACPI S4: the machine is powered off in the ordinary way; PowerOff=shutdown in kjump.conf says the same");
	else
		kj_check_add(checks, name, KJ_CHECK_OK, "PowerOff=%s%s", kj_power_off_name(wanted),
			     wanted == KJ_POWER_S4 ? ": the firmware has ACPI S4" : "");
}

void kj_judge_memory(struct kj_checks *checks, enum kj_b_state state, enum kj_preload wanted,
		     uint64_t region)
{
	static const char name[] = "memory";
	char size[24], in[32] = "";	/* 0: only root can tell */

	if (region)
		snprintf(in, sizeof(in), " in %s", kj_format_size(size, sizeof(size), region));
	if (state == KJ_B_PARKED)
		kj_check_add(checks, name, KJ_CHECK_OK, "Kernel B is parked%s", in);
	else if (state == KJ_B_LOADED && wanted == KJ_PRELOAD_PARK)
		kj_check_add(checks, name, KJ_CHECK_WARNING,
			     "Kernel B is loaded%s and has not been booted yet: kjumpctl load does that now, or says why it cannot",
			     in);
	else if (state == KJ_B_LOADED)
		kj_check_add(checks, name, KJ_CHECK_OK, "Kernel B is loaded%s", in);
	else if (wanted == KJ_PRELOAD_NO)
		kj_check_add(checks, name, KJ_CHECK_OK,
			     "Kernel B is loaded when it is needed (Preload=no)");
	else
		kj_check_add(checks, name, KJ_CHECK_PROBLEM,
			     "Kernel B has no memory yet: kjumpctl load does that now, or says why it cannot");
}

void kj_look_kernel(const struct kj_check_env *env, struct kj_checks *checks)
{
	static const struct {
		const char *name;
		int (*check)(struct kj_reason *reason);
		const char *fine;
	} list[] = {
		{ "kernel",       kj_preflight_jump,
		  "has kjump's patches and CONFIG_KEXEC_JUMP" },
		{ "lockdown",     kj_preflight_lockdown,     "is not locked down" },
		{ "kexec-load",   kj_preflight_loading,      "may load another kernel" },
		{ "command-line", kj_preflight_command_line, "was not told not to resume" },
	};
	kj_autofree char *modes = NULL;
	struct kj_reason files = { 0 };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct kj_reason reason = { 0 };
		int r = list[i].check(&reason);

		kj_check_result(checks, &(struct kj_check_env){ .root = true }, list[i].name, r,
				&reason, "The running kernel %s %s",
				env->release ? env->release : "", list[i].fine);
	}
	kj_check_result(checks, env, "files", kj_load_check(&env->conf, &files), &files,
			"Kernel B's image and initramfs can be changed by root alone");
	if (kj_read_line("/sys/power/disk", &modes) < 0)
		modes = NULL;
	kj_judge_power_off(checks, modes, env->conf.power_off);
	kj_judge_memory(checks, kj_b_state(), env->conf.preload, kj_region_size(&env->conf));
}
