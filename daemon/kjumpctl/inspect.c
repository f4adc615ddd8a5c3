// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl inspect: what the image header on the target says.
 *
 * Runs in kernel A.
 */
#include <argp.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "conf.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-json.h"
#include "target.h"
#include "verbs.h"

struct arguments {
	const char *target;
	bool json;
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (key == 'j')
		a->json = true;
	else if (key == ARGP_KEY_ARG && state->arg_num == 0)
		a->target = arg;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static const char *state_name(enum kj_image_state state)
{
	switch (state) {
	case KJ_IMAGE_VALID:
		return "valid";
	case KJ_IMAGE_SNAPSHOT:
		return "snapshot";
	case KJ_IMAGE_CLAIMED:
		return "claimed";
	default:
		return "none";
	}
}

static void print_json(const struct kj_image_info *info, const char *note)
{
	struct kj_json json = { .out = stdout };

	kj_json_begin(&json, NULL);
	kj_json_text(&json, "state", state_name(info->state));
	kj_json_text(&json, "note", note);
	if (info->state != KJ_IMAGE_NONE) {
		kj_json_number(&json, "generation", info->generation);
		kj_json_number(&json, "created_usec", info->created_usec);
		kj_json_number(&json, "pages", info->pages);
		kj_json_number(&json, "zero_pages", info->zero_pages);
		kj_json_number(&json, "bytes", info->bytes_stored);
		kj_json_number(&json, "chunks", info->chunks);
		kj_json_number(&json, "write_usec", info->write_usec);
		kj_json_text(&json, "kernel", info->identity.kernel_release);
		kj_json_number(&json, "ram_pages", info->identity.ram_pages);
	}
	kj_json_end(&json);
}

static void print_text(const struct kj_image_info *info, const char *note)
{
	static const char *const meanings[] = {
		[KJ_IMAGE_NONE]     = "no image",
		[KJ_IMAGE_VALID]    = "valid: it will be resumed at the next boot",
		[KJ_IMAGE_SNAPSHOT] = "snapshot: written by a test, never to be resumed",
		[KJ_IMAGE_CLAIMED]  = "claimed: a resume was begun, it will not be resumed again",
	};
	time_t created = (time_t)(info->created_usec / 1000000);
	char size[24], date[64];
	struct tm tm;

	printf("   State: %s%s%s\n", meanings[info->state], *note ? ": " : "", note);
	if (info->state == KJ_IMAGE_NONE)
		return;
	localtime_r(&created, &tm);
	strftime(date, sizeof(date), "%F %T %Z", &tm);
	kj_format_size(size, sizeof(size), info->bytes_stored);
	printf(" Written: %s in %.1f s\n", date, (double)info->write_usec / 1e6);
	printf("    Size: %s in %" PRIu64 " chunks\n", size, info->chunks);
	printf("   Pages: %" PRIu64 ", of them zero: %" PRIu64 "\n",
	       info->pages, info->zero_pages);
	printf("  Kernel: %s\n", info->identity.kernel_release);
}

static int probe(const struct kj_resolved *target, struct kj_image_info *ret,
		 struct kj_error *error, struct kj_reason *reason)
{
	struct kj_fdstore store;
	kj_autoclose int fd = kj_target_open(target, O_RDONLY, &store, reason);
	int r;

	if (fd < 0)
		return fd;
	r = kj_image_probe(&store.store, ret, error);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET, "Cannot read %s: %s",
				     target->device.path, error->text);
	return 0;
}

static int inspect(const struct kj_conf *conf, bool json, struct kj_reason *reason)
{
	struct kj_image_info info = { 0 };
	struct kj_error error = { "" };
	struct kj_resolved target;
	int r = kj_target_resolve(conf, &target, reason);

	if (r < 0)
		return r;
	r = probe(&target, &info, &error, reason);
	kj_resolved_done(&target);
	if (r < 0)
		return r;
	if (json)
		print_json(&info, error.text);
	else
		print_text(&info, error.text);
	return 0;
}

int verb_inspect(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "[TARGET]",
		.doc = "Shows what image is on TARGET (the configured one).",
	};
	struct arguments a = { 0 };
	struct kj_reason reason;
	struct kj_conf conf;
	char *other;
	int r;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (kj_conf_load("", true, &conf) < 0)
		return KJ_EXIT_FAILED;
	other = a.target ? strdup(a.target) : NULL;
	if (other) {
		free(conf.target);
		conf.target = other;
	}
	r = inspect(&conf, a.json, &reason);
	kj_conf_done(&conf);
	if (r == 0)
		return KJ_EXIT_OK;
	fprintf(stderr, "kjumpctl: %s\n", reason.text);
	return KJ_EXIT_FAILED;
}
