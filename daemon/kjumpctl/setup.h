/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kjumpctl setup, step by step.
 */
#ifndef KJ_SETUP_H
#define KJ_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#include "candidates.h"
#include "conf.h"
#include "initramfs.h"
#include "reason.h"

#define KJ_SETUP_CONF "/etc/kjump.conf.d/50-setup.conf"

/* A file that is replaced, to be put back. */
struct kj_saved {
	bool valid;
	bool existed;
	char *bytes;
	size_t len;
};

struct kj_setup {
	struct kj_conf conf;		/* as it will be */
	struct kj_candidate choice;
	char *release;			/* of the running kernel */
	sd_bus *bus;

	/* What has been done, to be undone. */
	bool made_file, made_key, enabled, started, loaded, rebuilt;
	struct kj_saved old_conf, old_description;
	char *new_initramfs;		/* beside the old one, or NULL */
	char *initramfs;		/* which it will replace */
};

/*
 * plan() says whether there is something to do (1) or all is so already (0),
 * or that the step is none of this machine's (-ENOTSUP), and what, for people.
 * It is asked again before apply(), because other steps have been taken since.
 * undo() comes after a failure of this step or of a later one, also when this
 * one did not do anything.
 */
struct kj_step {
	int (*plan)(struct kj_setup *setup, char *text, size_t len);
	int (*apply)(struct kj_setup *setup, struct kj_reason *reason);
	void (*undo)(struct kj_setup *setup);
};

extern const struct kj_step kj_step_key;
extern const struct kj_step kj_step_file;
extern const struct kj_step kj_step_conf;
extern const struct kj_step kj_step_description;
extern const struct kj_step kj_step_initramfs;
extern const struct kj_step kj_step_service;
extern const struct kj_step kj_step_load;
extern const struct kj_step kj_step_replace;	/* the initramfs, by the new one */

/**
 * kj_setup_conf_text() - what KJ_SETUP_CONF will hold
 *
 * Return: malloc()ed, or NULL.
 */
char *kj_setup_conf_text(const struct kj_setup *setup);

/** kj_saved_take() / kj_saved_restore() - 0 or -errno */
int kj_saved_take(struct kj_saved *saved, const char *path);
int kj_saved_restore(struct kj_saved *saved, const char *path, unsigned int mode);

/**
 * kj_make_key() - ask for a new passphrase, and save its key (key.c)
 */
int kj_make_key(bool replace, struct kj_reason *reason);

#endif /* KJ_SETUP_H */
