// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl inspect: what the image header on the target says, and with
 * --verify whether all of the image is as it was written.
 *
 * Runs in kernel A.
 */
#include <argp.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "conf.h"
#include "kj-cleanup.h"
#include "kj-fdstore.h"
#include "kj-io.h"
#include "kj-json.h"
#include "kj-key.h"
#include "on-target.h"
#include "prompt.h"
#include "recipient.h"
#include "target.h"
#include "verbs.h"

struct arguments {
	const char *target;
	bool json;
	bool verify;
};

/* An image, open. */
struct image {
	int fd;
	struct kj_fdstore store;
	struct kj_image_info info;
	struct kj_error note;		/* why there is none */
	uint64_t verified_usec;		/* 0: not looked at */
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ "verify", 'V', NULL, 0, "Read and check all of the image", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (key == 'j')
		a->json = true;
	else if (key == 'V')
		a->verify = true;
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

static const char *cipher_name(enum kj_cipher cipher)
{
	static const char *const names[] = {
		[KJ_CIPHER_NONE]       = "none",
		[KJ_CIPHER_AES256_GCM] = "AES-256-GCM",
		[KJ_CIPHER_XCHACHA20]  = "XChaCha20-Poly1305",
	};

	return names[cipher];
}

static double ratio(const struct kj_image_info *info)
{
	double memory = (double)info->pages * KJ_PAGE_SIZE;

	return memory > 0 ? (double)info->bytes_stored / memory : 0;
}

static double mib_per_second(const struct kj_image_info *info, uint64_t usec)
{
	return usec ? (double)info->pages * KJ_PAGE_SIZE / 1048576 / ((double)usec / 1e6) : 0;
}

static void print_mounts_json(struct kj_json *json, const struct kj_image_info *info)
{
	kj_json_begin_list(json, "file_systems");
	for (uint32_t i = 0; i < info->n_prints; i++) {
		const struct kj_print *p = &info->prints[i];

		kj_json_begin(json, NULL);
		kj_json_text(json, "where", p->where);
		kj_json_text(json, "type", p->type);
		kj_json_text(json, "device", p->tag);
		kj_json_number(json, "start", kj_get64(p->start));
		kj_json_text(json, "print", kj_grade_name(kj_get16(p->grade)));
		kj_json_end(json);
	}
	kj_json_end_list(json);
}

static void print_mounts(const struct kj_image_info *info)
{
	for (uint32_t i = 0; i < info->n_prints; i++) {
		const struct kj_print *p = &info->prints[i];

		printf("%10s %s (%s, %s), print: %s\n", i ? "" : "Mounted:", p->where,
		       p->type, p->tag, kj_grade_name(kj_get16(p->grade)));
	}
}

static void print_json(const struct image *image)
{
	const struct kj_image_info *info = &image->info;
	struct kj_json json = { .out = stdout };

	kj_json_begin(&json, NULL);
	kj_json_text(&json, "state", state_name(info->state));
	kj_json_text(&json, "note", image->note.text);
	if (info->state != KJ_IMAGE_NONE) {
		kj_json_number(&json, "generation", info->generation);
		kj_json_number(&json, "created_usec", info->created_usec);
		kj_json_number(&json, "pages", info->pages);
		kj_json_number(&json, "zero_pages", info->zero_pages);
		kj_json_number(&json, "word_pages", info->word_pages);
		kj_json_number(&json, "bytes", info->bytes_stored);
		kj_json_number(&json, "chunks", info->chunks);
		kj_json_number(&json, "write_usec", info->write_usec);
		kj_json_text(&json, "cipher", cipher_name(info->cipher));
		kj_json_text(&json, "encryption",
			     kj_encryption_name((enum kj_lock)kj_get32(info->slot.lock)));
		kj_json_text(&json, "kernel", info->identity.kernel_release);
		kj_json_number(&json, "ram_pages", info->identity.ram_pages);
		print_mounts_json(&json, info);
		kj_json_bool(&json, "verified", image->verified_usec > 0);
		kj_json_number(&json, "verify_usec", image->verified_usec);
	}
	kj_json_end(&json);
}

static void print_state(const struct image *image)
{
	static const char *const meanings[] = {
		[KJ_IMAGE_NONE]     = "no image",
		[KJ_IMAGE_VALID]    = "valid: it will be resumed at the next boot",
		[KJ_IMAGE_SNAPSHOT] = "snapshot: written by a test, never to be resumed",
		[KJ_IMAGE_CLAIMED]  = "claimed: a resume was begun, it will not be resumed again",
	};
	const char *note = image->note.text;

	printf("     State: %s%s%s\n", meanings[image->info.state], *note ? ": " : "", note);
}

static void print_text(const struct image *image)
{
	const struct kj_image_info *info = &image->info;
	time_t created = (time_t)(info->created_usec / 1000000);
	char size[24], date[64];
	struct tm tm;

	print_state(image);
	if (info->state == KJ_IMAGE_NONE)
		return;
	localtime_r(&created, &tm);
	strftime(date, sizeof(date), "%F %T %Z", &tm);
	kj_format_size(size, sizeof(size), info->bytes_stored);
	printf("   Written: %s in %.1f s, %.0f MiB of memory per second\n", date,
	       (double)info->write_usec / 1e6, mib_per_second(info, info->write_usec));
	printf("      Size: %s in %" PRIu64 " chunks, %.1f %% of the memory\n", size,
	       info->chunks, 100 * ratio(info));
	printf("     Pages: %" PRIu64 ", of them zero: %" PRIu64 ", one word repeated: %" PRIu64 "\n",
	       info->pages, info->zero_pages, info->word_pages);
	printf("    Kernel: %s\n", info->identity.kernel_release);
	if (info->cipher == KJ_CIPHER_NONE)
		puts("Encryption: none");
	else
		printf("Encryption: %s, opened by %s\n", cipher_name(info->cipher),
		       kj_lock_name(kj_get32(info->slot.lock)));
	print_mounts(info);
	if (image->verified_usec)
		printf("  Verified: all of it is as it was written; read in %.1f s, %.0f MiB of memory per second\n",
		       (double)image->verified_usec / 1e6,
		       mib_per_second(info, image->verified_usec));
}

static int open_image(const struct kj_resolved *target, struct image *image,
		      struct kj_reason *reason)
{
	int r;

	if (kj_target_is_swap(target)) {
		snprintf(image->note.text, sizeof(image->note.text),
			 "this is a swap area, which has one only while the machine is off");
		return 0;
	}
	image->fd = kj_target_open(target, O_RDONLY, &image->store, reason);
	if (image->fd < 0)
		return image->fd;
	r = kj_image_probe(&image->store.store, &image->info, &image->note);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_TARGET, "Cannot read %s: %s",
				     target->device.path, image->note.text);
	return 0;
}

static int unlock(const struct kj_conf *conf, const struct kj_image_info *info,
		  struct kj_key **ret, struct kj_error *error)
{
	char passphrase[KJ_PASSPHRASE_MAX];
	kj_autofree char *bytes = NULL;
	size_t size;
	int r, len;

	if (kj_get32(info->slot.lock) == KJ_LOCK_KEYFILE) {
		r = kj_read_file(conf->keyfile, KJ_KEYFILE_SIZE_MAX, &bytes, &size);
		if (r < 0)
			bytes = NULL;
		if (r == 0)
			r = kj_key_unlock_keyfile(info, bytes, size, ret, error);
		else
			snprintf(error->text, sizeof(error->text),
				 "the key file of Encryption= cannot be read: %s", strerror(-r));
		return r;
	}
	len = kj_prompt("Passphrase of the image:", passphrase);
	if (len < 0) {
		snprintf(error->text, sizeof(error->text), "no passphrase was given");
		return len;
	}
	r = kj_key_unlock_passphrase(info, passphrase, (size_t)len, ret, error);
	explicit_bzero(passphrase, sizeof(passphrase));
	return r;
}

static int check_all(struct kj_reader *reader, struct kj_error *error)
{
	uint64_t words = kj_reader_info(reader)->identity.max_pfn / 64 + 1;
	kj_autofree uint64_t *bitmap = calloc(words, sizeof(*bitmap));
	int r;

	if (!bitmap)
		return -ENOMEM;
	r = kj_reader_mark_pages(reader, bitmap, error);
	return r < 0 ? r : kj_reader_restore(reader, NULL, NULL, error);
}

KJ_DEFINE_CLEANUP(struct kj_key *, kj_key_free)
KJ_DEFINE_CLEANUP(struct kj_reader *, kj_reader_close)

static int verify(const struct kj_conf *conf, struct image *image, struct kj_reason *reason)
{
	kj_cleanup(kj_key_free) struct kj_key *key = NULL;
	kj_cleanup(kj_reader_close) struct kj_reader *reader = NULL;
	struct kj_read_options read_options = { 0 };
	struct kj_error error = { "out of memory" };
	struct timespec begin, end;
	int r = 0;

	if (kj_get32(image->info.slot.lock) != KJ_LOCK_NONE)
		r = unlock(conf, &image->info, &key, &error);
	read_options.key = key;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (r == 0)
		r = kj_reader_open(&image->store.store, &read_options, &reader, &error);
	if (r == 0)
		r = check_all(reader, &error);
	if (r < 0)
		return kj_reason_set(reason, r, KJ_WHY_IMAGE, "The image was not verified: %s",
				     error.text);
	clock_gettime(CLOCK_MONOTONIC, &end);
	image->verified_usec = (uint64_t)((end.tv_sec - begin.tv_sec) * 1000000 +
					  (end.tv_nsec - begin.tv_nsec) / 1000) + 1;
	return 0;
}

static int inspect(const struct kj_conf *conf, void *ctx, struct kj_reason *reason)
{
	const struct arguments *a = ctx;
	struct image image = { .fd = -EBADF };
	struct kj_resolved target;
	int r = kj_target_resolve(conf, &target, reason);

	if (r < 0)
		return r;
	r = open_image(&target, &image, reason);
	if (r == 0 && a->verify && image.info.state != KJ_IMAGE_NONE)
		r = verify(conf, &image, reason);
	if (image.fd >= 0)
		close(image.fd);
	kj_resolved_done(&target);
	if (r < 0)
		return r;
	if (a->json)
		print_json(&image);
	else
		print_text(&image);
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

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	return kj_on_target(a.target, inspect, &a);
}
