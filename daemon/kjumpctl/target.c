// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl target: what Target= means on this machine.  With --write it
 * becomes the description that goes into the initramfs of kernel C; kjumpd
 * does the same whenever it loads B, so that this is only needed where kjumpd
 * does not run.
 *
 * Runs in kernel A.
 */
#include <stdbool.h>
#include <stdio.h>

#include "client.h"
#include "conf.h"
#include "flag.h"
#include "kj-io.h"
#include "on-target.h"
#include "target.h"
#include "verbs.h"

static const struct argp_option options[] = {
	{ "write", 'w', NULL, 0, "Write the description to " KJ_TARGET_FILE_PATH, 0 },
	{ 0 }
};

static void print_target(const struct kj_resolved *t)
{
	char size[24];

	kj_format_size(size, sizeof(size), t->size);
	if (kj_target_is_swap(t)) {
		printf("swap area %s, %s free, on %s (%s)\n",
		       kj_resolved_name(t), size, kj_resolved_disk(t)->path,
		       t->blob->tag);
		return;
	}
	printf("%s %s, %s in %u extent%s of %s (%s)\n",
	       kj_target_kind_name(t->blob), kj_resolved_name(t), size,
	       kj_get32(t->blob->n_extents), kj_get32(t->blob->n_extents) == 1 ? "" : "s",
	       kj_resolved_disk(t)->path, t->blob->tag);
}

static int show_or_write(const struct kj_conf *conf, void *ctx, struct kj_reason *reason)
{
	const bool *write = ctx;
	struct kj_resolved target;
	bool changed = false;
	int r = kj_target_resolve(conf, &target, reason);

	if (r < 0)
		return r;
	print_target(&target);
	if (*write)
		r = kj_target_save(&target, &changed, reason);
	if (r == 0 && changed)
		printf("Written to %s: rebuild the initramfs (kjumpctl setup does both), so that it is found after power-on\n",
		       KJ_TARGET_FILE_PATH);
	kj_resolved_done(&target);
	return r;
}

int verb_target(int argc, char **argv)
{
	static const char doc[] =
		"Shows where the image goes: device, size, extents.";
	bool write = kj_parse_flag(argc, argv, options, doc);

	return kj_on_target(NULL, show_or_write, &write);
}
