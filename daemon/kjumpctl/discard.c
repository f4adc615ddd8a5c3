// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl discard: the target says "no image" afterwards, and with --erase it
 * holds nothing of one.
 *
 * kjumpd looks for an exclusive user of a partition before each hibernation,
 * and refuses while we are one.  The device of a file has one already, its
 * file system, and so has the disk below a volume; but a call freezes us as
 * everybody else, and an image that was written and resumed meanwhile is done
 * with.
 *
 * Runs in kernel A.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "confirm.h"
#include "discard.h"
#include "erase.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "on-target.h"
#include "preflight.h"
#include "verbs.h"

#define ANY_STATE (KJ_STATE_BIT(KJ_IMAGE_NONE) | KJ_STATE_BIT(KJ_IMAGE_VALID) | \
		   KJ_STATE_BIT(KJ_IMAGE_SNAPSHOT) | KJ_STATE_BIT(KJ_IMAGE_CLAIMED))

struct arguments {
	const char *target;
	bool erase;
	bool yes;
};

static const struct argp_option options[] = {
	{ "erase", 'e', NULL, 0, "Overwrite what images have left on the target", 0 },
	{ "yes", 'y', NULL, 0, "Ask nothing", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (key == 'e')
		a->erase = true;
	else if (key == 'y')
		a->yes = true;
	else if (key == ARGP_KEY_ARG && state->arg_num == 0)
		a->target = arg;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static int probe(const struct kj_resolved *target, struct kj_image_info *ret,
		 struct kj_reason *reason)
{
	struct kj_fdstore store;
	kj_autoclose int fd = -EBADF;
	struct kj_error error = { "" };
	int r;

	*ret = (struct kj_image_info){ .state = KJ_IMAGE_NONE };
	if (kj_target_is_swap(target))
		return 0;		/* there is none while it is active */
	fd = kj_target_open(target, O_RDONLY, &store, reason);
	if (fd < 0)
		return fd;
	r = kj_image_probe(&store.store, ret, &error);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET, "Cannot look for an image on %s: %s",
				     target->device.path, error.text);
	return 0;
}

static void print_progress(uint64_t done, uint64_t all)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rErasing: %3.0f %%%s", 100.0 * (double)done / (double)all,
		done == all ? "\n" : "");
}

/* What is not in use can be had alone, so that nobody writes an image now. */
static int erase(const struct kj_resolved *target, struct kj_reason *reason)
{
	int alone = target->file || target->stacked ? 0 : O_EXCL;
	struct kj_fdstore store;
	kj_autoclose int fd = -EBADF;
	char size[24];
	int r;

	/* Swap space is the kernel's, and an image in it goes with it. */
	if (kj_get32(target->blob->kind) > KJ_TARGET_VOLUME)
		return kj_reason_set(reason, EOPNOTSUPP, KJ_WHY_TARGET,
				     "The target %s is not kjump's alone (%s): it cannot be erased",
				     kj_resolved_name(target), kj_target_kind_name(target->blob));
	fd = kj_target_open(target, O_RDWR | alone, &store, reason);
	if (fd < 0)
		return fd;
	r = kj_erase(fd, target->blob, print_progress, reason);
	if (r == 0)
		printf("Erased: %s of %s\n", kj_format_size(size, sizeof(size), target->size),
		       kj_resolved_name(target));
	return r;
}

static int discard(const struct kj_conf *conf, void *ctx, struct kj_reason *reason)
{
	const struct arguments *a = ctx;
	struct kj_image_info info;
	struct kj_resolved target;
	int r = kj_target_resolve(conf, &target, reason);

	if (r < 0)
		return r;
	r = probe(&target, &info, reason);
	if (r == 0 && info.state == KJ_IMAGE_VALID)
		r = kj_confirm("The target holds a hibernated system, which is lost then.  Discard it? [y/N]",
			       a->yes, reason);
	else if (r == 0 && a->erase)
		r = kj_confirm("Everything on the target will be overwritten.  Erase it? [y/N]",
			       a->yes, reason);
	if (r == 0)
		r = kj_discard_if(&target, ANY_STATE, reason);
	if (r >= 0)
		printf("%s %s\n", info.state == KJ_IMAGE_NONE ? "There is no image on" :
		       "Discarded the image on", kj_resolved_name(&target));
	if (r >= 0 && a->erase)
		r = erase(&target, reason);
	kj_resolved_done(&target);
	return r < 0 ? r : 0;
}

int verb_discard(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "[TARGET]",
		.doc = "Makes TARGET (the configured one) say that there is no image.",
	};
	struct arguments a = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	return kj_on_target(a.target, discard, &a);
}
