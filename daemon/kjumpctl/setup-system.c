// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl setup: the steps that change the system: initramfs, service, B.
 *
 * The initramfs is built by what built the one that is there, because the next
 * kernel package will call it as well.  dracut can build beside the old one;
 * the new one is looked into, and replaces it when all else has worked.
 * update-initramfs replaces it at once, and is run once more to undo that.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "checks.h"
#include "kj-cleanup.h"
#include "load.h"
#include "process.h"
#include "setup.h"
#include "target.h"
#include "units.h"

#define DRACUT		"/usr/bin/dracut"
#define UPDATE		"/usr/sbin/update-initramfs"
#define SERVICE		"kjumpd.service"

/* ---- initramfs ----------------------------------------------------------- */

static const char *const generator_names[] = {
	[KJ_GENERATOR_DRACUT]          = "dracut",
	[KJ_GENERATOR_INITRAMFS_TOOLS] = "update-initramfs",
};

/* What is wrong with an initramfs, or NULL.  *ret: that built it. */
static const char *look_into(const struct kj_setup *s, const char *path,
			     enum kj_generator *ret)
{
	struct kj_initramfs have = { 0 };
	struct kj_resolved target;
	struct kj_reason ignored;
	const char *problem;

	if (kj_initramfs_read(path, &have, &ignored) < 0)
		return "is not understood";
	*ret = have.generator;
	if (kj_target_resolve(&s->conf, &target, &ignored) < 0) {
		problem = "does not say where the image will be";
	} else {
		problem = kj_initramfs_problem(&have, target.blob, s->conf.lock);
		kj_resolved_done(&target);
	}
	kj_initramfs_done(&have);
	return problem;
}

/* With nothing to go by, what is installed.  Debian's dracut-core may be there
 * for B alone; update-initramfs is not. */
static enum kj_generator find_generator(enum kj_generator built_it)
{
	if (built_it != KJ_GENERATOR_UNKNOWN)
		return built_it;
	return access(UPDATE, X_OK) == 0 ? KJ_GENERATOR_INITRAMFS_TOOLS : KJ_GENERATOR_DRACUT;
}

static int find_initramfs(struct kj_setup *s)
{
	free(s->initramfs);
	s->initramfs = kj_initramfs_find("", s->release);
	if (!s->initramfs && asprintf(&s->initramfs, "/boot/initrd.img-%s", s->release) < 0)
		s->initramfs = NULL;
	return s->initramfs ? 0 : -ENOMEM;
}

static int initramfs_plan(struct kj_setup *s, char *text, size_t len)
{
	enum kj_generator generator = KJ_GENERATOR_UNKNOWN;
	const char *problem = "is not there";

	if (s->new_initramfs || find_initramfs(s) < 0)
		return -ENOTSUP;
	if (access(s->initramfs, F_OK) == 0)
		problem = look_into(s, s->initramfs, &generator);
	if (problem)
		snprintf(text, len, "Build %s anew with %s, because it %s; this takes a while",
			 s->initramfs, generator_names[find_generator(generator)], problem);
	else
		snprintf(text, len, "%s leads there", s->initramfs);
	return problem != NULL;
}

static int run_dracut(struct kj_setup *s, struct kj_reason *reason)
{
	const char *name = strrchr(s->initramfs, '/') + 1;
	char *argv[] = { (char *)DRACUT, (char *)"--force", (char *)"--quiet", NULL,
			 s->release, NULL };

	/* a name that no boot loader takes for an initramfs */
	if (asprintf(&s->new_initramfs, "%.*s.%s.kjump-setup", (int)(name - s->initramfs),
		     s->initramfs, name) < 0) {
		s->new_initramfs = NULL;
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "Out of memory");
	}
	argv[3] = s->new_initramfs;
	return kj_spawn(argv, KJ_WHY_CONFIG, reason);
}

static int run_update(struct kj_setup *s, struct kj_reason *reason)
{
	char *argv[] = { (char *)UPDATE, (char *)(access(s->initramfs, F_OK) == 0 ? "-u" : "-c"),
			 (char *)"-k", s->release, NULL };

	s->rebuilt = true;
	return kj_spawn(argv, KJ_WHY_CONFIG, reason);
}

static int initramfs_apply(struct kj_setup *s, struct kj_reason *reason)
{
	enum kj_generator generator = KJ_GENERATOR_UNKNOWN;
	const char *problem;
	int r;

	if (access(s->initramfs, F_OK) == 0)
		(void)look_into(s, s->initramfs, &generator);
	generator = find_generator(generator);
	r = generator == KJ_GENERATOR_DRACUT ? run_dracut(s, reason) : run_update(s, reason);
	if (r < 0)
		return r;
	problem = look_into(s, s->new_initramfs ? s->new_initramfs : s->initramfs, &generator);
	if (problem)
		return kj_reason_set(reason, EBADMSG, KJ_WHY_CONFIG,
				     "What %s has built %s: does its configuration leave kjump out?",
				     generator_names[find_generator(generator)], problem);
	return 0;
}

static void initramfs_undo(struct kj_setup *s)
{
	struct kj_reason reason;

	if (s->new_initramfs)
		(void)unlink(s->new_initramfs);
	free(s->new_initramfs);
	s->new_initramfs = NULL;
	if (s->rebuilt && run_update(s, &reason) < 0)
		fprintf(stderr, "kjumpctl: %s; run it again\n", reason.text);
	s->rebuilt = false;
}

const struct kj_step kj_step_initramfs = { initramfs_plan, initramfs_apply, initramfs_undo };

static int replace_plan(struct kj_setup *s, char *text, size_t len)
{
	if (!s->new_initramfs && !s->rebuilt)
		return -ENOTSUP;
	snprintf(text, len, "Put the new initramfs in place");
	return 1;
}

/*
 * Boot loaders read no journal, and a hibernation does not unmount: what is
 * only in the journal would not be there for them.  Freezing a file system
 * writes it all to its place; nobody waits long enough to notice.  It does no
 * harm that some cannot be frozen.
 */
static void empty_journal(const char *path)
{
	kj_autofree char *dir = strdup(path);
	kj_autoclose int fd = -EBADF;

	if (!dir)
		return;
	*strrchr(dir, '/') = '\0';
	fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)syncfs(fd);
	if (ioctl(fd, FIFREEZE, 0) == 0)
		(void)ioctl(fd, FITHAW, 0);
}

static int replace_apply(struct kj_setup *s, struct kj_reason *reason)
{
	if (s->new_initramfs && rename(s->new_initramfs, s->initramfs) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_CONFIG, "Cannot replace %s: %m",
				     s->initramfs);
	empty_journal(s->initramfs);
	return 0;
}

static void replace_undo(struct kj_setup *s)
{
	(void)s;	/* a rename that failed has done nothing */
}

const struct kj_step kj_step_replace = { replace_plan, replace_apply, replace_undo };

/* ---- service ------------------------------------------------------------- */

static bool unit_is(struct kj_setup *s, const char *property, const char *value)
{
	kj_autofree char *text = kj_unit_text(s->bus, SERVICE, property);

	return text && strcmp(text, value) == 0;
}

static int service_plan(struct kj_setup *s, char *text, size_t len)
{
	bool enabled = unit_is(s, "UnitFileState", "enabled");
	bool active = unit_is(s, "ActiveState", "active");

	snprintf(text, len, enabled && active ? "%s is enabled, and runs" : "Enable %s, and start it",
		 SERVICE);
	return !enabled || !active;
}

static int service_apply(struct kj_setup *s, struct kj_reason *reason)
{
	int r = 0;

	if (unit_is(s, "LoadState", "masked"))
		return kj_reason_set(reason, EPERM, KJ_WHY_LOAD,
				     "%s is masked: run systemctl unmask %s", SERVICE, SERVICE);
	if (!unit_is(s, "UnitFileState", "enabled")) {
		r = kj_unit_enable(s->bus, SERVICE, reason);
		s->enabled = r == 0;
	}
	if (r == 0 && !unit_is(s, "ActiveState", "active")) {
		r = kj_unit_run(SERVICE, KJ_WHY_LOAD, reason);
		s->started = r == 0;
	}
	return r;
}

static void service_undo(struct kj_setup *s)
{
	struct kj_reason reason;

	if (s->started && kj_unit_stop(s->bus, SERVICE, &reason) < 0)
		fprintf(stderr, "kjumpctl: %s\n", reason.text);
	if (s->enabled && kj_unit_disable(s->bus, SERVICE, &reason) < 0)
		fprintf(stderr, "kjumpctl: %s\n", reason.text);
	s->started = s->enabled = false;
}

const struct kj_step kj_step_service = { service_plan, service_apply, service_undo };

/* ---- kernel B ------------------------------------------------------------ */

static bool is_ready(const struct kj_conf *conf)
{
	enum kj_b_state state = kj_b_state();

	return state == KJ_B_PARKED || (state == KJ_B_LOADED && conf->preload == KJ_PRELOAD_LOAD);
}

static int load_plan(struct kj_setup *s, char *text, size_t len)
{
	/* for another target it may be another one */
	bool ready = is_ready(&s->conf) && !s->old_conf.valid && !s->old_description.valid;

	if (s->conf.preload == KJ_PRELOAD_NO || s->loaded)
		return -ENOTSUP;
	snprintf(text, len, ready ? "Kernel B is %s" :
		 "Have kernel B %s; the machine stands still for a moment",
		 s->conf.preload == KJ_PRELOAD_PARK ? "loaded and parked" : "loaded");
	return !ready;
}

static int call_kjumpd(struct kj_setup *s, const char *method, struct kj_reason *reason)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL;
	int r;

	r = sd_bus_message_new_method_call(s->bus, &call, "org.kjump1", "/org/kjump1",
					   "org.kjump1.Manager", method);
	if (r >= 0)
		r = sd_bus_call(s->bus, call, UINT64_MAX, &error, NULL);
	sd_bus_message_unref(call);
	if (r < 0)
		kj_reason_set(reason, r, KJ_WHY_LOAD, "%s",
			      error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

static int load_apply(struct kj_setup *s, struct kj_reason *reason)
{
	s->loaded = kj_b_state() == KJ_B_NONE;
	return call_kjumpd(s, "Load", reason);
}

static void load_undo(struct kj_setup *s)
{
	struct kj_reason ignored;

	if (s->loaded)
		(void)call_kjumpd(s, "Unload", &ignored);
	s->loaded = false;
}

const struct kj_step kj_step_load = { load_plan, load_apply, load_undo };
