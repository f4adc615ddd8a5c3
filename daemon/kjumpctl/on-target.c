// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What "kjumpctl VERB [TARGET]" does around its work.
 *
 * Runs in kernel A.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "on-target.h"

int kj_on_target(const char *other,
		 int (*work)(const struct kj_conf *conf, void *ctx, struct kj_reason *reason),
		 void *ctx)
{
	struct kj_reason reason = { 0 };
	struct kj_conf conf;
	char *target;
	int r;

	if (kj_conf_load("", true, &conf) < 0)
		return KJ_EXIT_FAILED;
	target = other ? strdup(other) : NULL;
	if (target) {
		free(conf.target);
		conf.target = target;
	}
	r = work(&conf, ctx, &reason);
	kj_conf_done(&conf);
	if (r == 0)
		return KJ_EXIT_OK;
	fprintf(stderr, "kjumpctl: %s\n", reason.text);
	return KJ_EXIT_FAILED;
}
