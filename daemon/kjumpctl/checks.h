/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kjumpctl check: everything that has to be right, one by one.
 *
 * Functions named kj_look_ gather facts; those named kj_judge_ make one check
 * of facts that they are given, and touch nothing else.
 */
#ifndef KJ_CHECKS_H
#define KJ_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#include "conf.h"
#include "initramfs.h"
#include "kj-image.h"
#include "load.h"
#include "reason.h"
#include "target.h"

enum kj_check_state {
	KJ_CHECK_OK,
	KJ_CHECK_UNKNOWN,	/* only root can tell */
	KJ_CHECK_WARNING,	/* hibernation works, but */
	KJ_CHECK_PROBLEM,	/* hibernation or the resume will not work */
};

struct kj_check {
	const char *name;
	enum kj_check_state state;
	char text[KJ_REASON_TEXT_MAX];	/* one sentence, with what to do */
};

#define KJ_CHECKS_MAX 32

struct kj_checks {
	size_t n;
	struct kj_check list[KJ_CHECKS_MAX];
};

/* What several checks need. */
struct kj_check_env {
	bool root;
	sd_bus *bus;			/* NULL: there is none */
	struct kj_conf conf;
	bool have_target;
	struct kj_resolved target;
	char *release;			/* of the running kernel */
};

__attribute__((format(printf, 4, 5)))
void kj_check_add(struct kj_checks *checks, const char *name, enum kj_check_state state,
		  const char *format, ...);

/**
 * kj_check_result() - of a function that returned @r with @reason
 * @format: what to say when it is 0
 *
 * -EACCES and -EPERM of somebody who is not root mean KJ_CHECK_UNKNOWN.
 */
__attribute__((format(printf, 6, 7)))
void kj_check_result(struct kj_checks *checks, const struct kj_check_env *env,
		     const char *name, int r, const struct kj_reason *reason,
		     const char *format, ...);

/** kj_checks_worst() - of all */
enum kj_check_state kj_checks_worst(const struct kj_checks *checks);

/** kj_checks_run() - all of them, of this machine as it is now */
void kj_checks_run(struct kj_checks *checks);

/** kj_checks_print() - for people, or as JSON */
void kj_checks_print(const struct kj_checks *checks, bool json);

/** kj_checks_exit() - the exit status for the worst of them */
int kj_checks_exit(const struct kj_checks *checks);

void kj_look_kernel(const struct kj_check_env *env, struct kj_checks *checks);
void kj_look_target(const struct kj_check_env *env, struct kj_checks *checks);
void kj_look_initramfs(const struct kj_check_env *env, struct kj_checks *checks);
void kj_look_systemd(const struct kj_check_env *env, struct kj_checks *checks);
void kj_look_others(const struct kj_check_env *env, struct kj_checks *checks);

/* @modes: /sys/power/disk, or NULL */
void kj_judge_power_off(struct kj_checks *checks, const char *modes, enum kj_power_off wanted);

void kj_judge_memory(struct kj_checks *checks, enum kj_b_state state, enum kj_preload wanted,
		     uint64_t region);

/* @size: of the target; @all: an image of all RAM; @used: of what is in use */
void kj_judge_size(struct kj_checks *checks, uint64_t size, uint64_t all, uint64_t used);

/* @info: of kj_image_probe() */
void kj_judge_remains(struct kj_checks *checks, const struct kj_image_info *info,
		      const char *target);

/* @want: what the configuration says now, or NULL; @path: for messages */
void kj_judge_initramfs(struct kj_checks *checks, const struct kj_initramfs *have,
			const char *path, const struct kj_target *want, enum kj_lock lock);

/**
 * kj_initramfs_problem() - why kernel C would not find the image
 *
 * Return: NULL, or the end of a sentence that begins with its name.
 */
const char *kj_initramfs_problem(const struct kj_initramfs *have,
				 const struct kj_target *want, enum kj_lock lock);

/* @answer: of logind's CanHibernate, or NULL */
void kj_judge_logind(struct kj_checks *checks, const char *answer);

/* @load_state: systemd's; @last: the program of the last ExecStart=, "" if none;
 * @drop_in: the last of the unit's files */
void kj_judge_sleep_unit(struct kj_checks *checks, const char *unit, const char *load_state,
			 const char *last, const char *drop_in);

void kj_judge_service(struct kj_checks *checks, const char *load_state,
		      const char *active_state, const char *file_state);

#endif /* KJ_CHECKS_H */
