// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration is read anew for every operation; nothing has to be
 * reloaded.  A setter gets the value as text and says whether it understood
 * it; the rest (defaults, warnings, drop-ins) is the same for all keys.
 *
 * An empty value means: back to the default.  "%v" in the file names is the
 * release of the running kernel, as in systemd's own units.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "conf.h"
#include "dropin.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"

#define DEFAULT_KERNEL_IMAGE	"/boot/vmlinuz-%v"
#define DEFAULT_INITRD		KJ_INITRD_DIR "/initrd-%v.img"
#define REGION_MIN		(16ull << 20)
#define REGION_MAX		(1ull << 30)

static const char *const preload_names[] = {
	[KJ_PRELOAD_PARK] = "park",
	[KJ_PRELOAD_LOAD] = "load",
	[KJ_PRELOAD_NO]   = "no",
};

static const char *const power_off_names[] = {
	[KJ_POWER_S4]     = "platform",
	[KJ_POWER_S5]     = "shutdown",
	[KJ_POWER_REBOOT] = "reboot",
};

const char *kj_preload_name(enum kj_preload preload)
{
	return preload_names[preload];
}

const char *kj_power_off_name(enum kj_power_off power_off)
{
	return power_off_names[power_off];
}

const char *kj_encryption_name(enum kj_lock lock)
{
	static const char *const names[] = {
		[KJ_LOCK_NONE]       = "none",
		[KJ_LOCK_PASSPHRASE] = "passphrase",
		[KJ_LOCK_KEYFILE]    = "key file",
	};

	return names[lock];
}

static int find_name(const char *const *names, int n, const char *value)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], value) == 0)
			return i;
	return -EINVAL;
}

static int set_string(char **string, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*string);
	*string = copy;
	return 0;
}

/* A file name, with each "%v" being the running kernel's release. */
static int set_path(char **string, const char *value)
{
	kj_autofree char *buf = NULL;
	struct utsname u;
	size_t size;
	FILE *f;

	if (*value != '/' || uname(&u) < 0)
		return -EINVAL;
	f = open_memstream(&buf, &size);
	if (!f)
		return -ENOMEM;
	for (; *value; value++) {
		if (value[0] == '%' && value[1] == 'v') {
			fputs(u.release, f);
			value++;
		} else {
			fputc(*value, f);
		}
	}
	if (fclose(f) != 0)
		return -ENOMEM;
	free(*string);
	*string = KJ_TAKE_PTR(buf);
	return 0;
}

static int set_target(struct kj_conf *conf, const char *value)
{
	return set_string(&conf->target, value);
}

static int set_preload(struct kj_conf *conf, const char *value)
{
	int i = *value ? find_name(preload_names, 3, value) : KJ_PRELOAD_PARK;

	if (i < 0)
		return i;
	conf->preload = i;
	return 0;
}

static int set_power_off(struct kj_conf *conf, const char *value)
{
	int i = *value ? find_name(power_off_names, 3, value) : KJ_POWER_S4;

	if (i < 0)
		return i;
	conf->power_off = i;
	return 0;
}

static int set_region(struct kj_conf *conf, const char *value)
{
	uint64_t bytes;
	int r;

	if (!*value || strcmp(value, "auto") == 0) {
		conf->region = 0;
		return 0;
	}
	r = kj_parse_size(value, &bytes);
	if (r < 0)
		return r;
	if (bytes < REGION_MIN || bytes > REGION_MAX || bytes % 4096)
		return -ERANGE;
	conf->region = bytes;
	return 0;
}

static int set_kernel_image(struct kj_conf *conf, const char *value)
{
	return set_path(&conf->kernel_image, *value ? value : DEFAULT_KERNEL_IMAGE);
}

static int set_initrd(struct kj_conf *conf, const char *value)
{
	int r = set_path(&conf->initrd, *value ? value : DEFAULT_INITRD);

	if (r == 0)
		conf->initrd_is_default = !*value;
	return r;
}

static int set_kernel_append(struct kj_conf *conf, const char *value)
{
	return set_string(&conf->kernel_append, value);
}

static int set_encryption(struct kj_conf *conf, const char *value)
{
	int r = set_string(&conf->keyfile, *value == '/' ? value : "");

	if (r < 0)
		return r;
	if (*value == '/')
		conf->lock = KJ_LOCK_KEYFILE;
	else if (strcmp(value, "passphrase") == 0)
		conf->lock = KJ_LOCK_PASSPHRASE;
	else if (!*value || strcmp(value, "no") == 0)
		conf->lock = KJ_LOCK_NONE;
	else
		return -EINVAL;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct kj_conf *conf, const char *value);
	const char *expected;
} keys[] = {
	{ "Target",       set_target,        "a device, a tag or a file" },
	{ "Preload",      set_preload,       "park, load or no" },
	{ "PowerOff",     set_power_off,     "platform, shutdown or reboot" },
	{ "Encryption",   set_encryption,    "no, passphrase, or an absolute file name" },
	{ "Region",       set_region,        "auto, or 16M to 1G in whole pages" },
	{ "KernelImage",  set_kernel_image,  "an absolute file name" },
	{ "Initrd",       set_initrd,        "an absolute file name" },
	{ "KernelAppend", set_kernel_append, "kernel command line words" },
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

__attribute__((format(printf, 2, 3)))
static void ignored(struct kj_conf *conf, const char *format, ...)
{
	char text[512];
	va_list ap;

	conf->problems++;
	if (!conf->warn)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	kj_warning("%s", text);
}

static void conf_set(void *ctx, const char *file, unsigned int line,
		     const char *key, const char *value)
{
	struct kj_conf *conf = ctx;

	for (size_t i = 0; i < N_KEYS; i++) {
		if (strcmp(keys[i].name, key) != 0)
			continue;
		if (keys[i].set(conf, value) < 0) {
			ignored(conf, "%s:%u: \"%s=%s\" is ignored: expected %s",
				file, line, key, value, keys[i].expected);
		}
		return;
	}
	ignored(conf, "%s:%u: unknown key \"%s\" is ignored", file, line, key);
}

static void conf_problem(void *ctx, const char *file, unsigned int line,
			 const char *what)
{
	struct kj_conf *conf = ctx;

	ignored(conf, "%s:%u: %s", file, line, what);
}

int kj_conf_load(const char *root, bool warn, struct kj_conf *ret)
{
	struct kj_conf conf = { .warn = warn };
	const struct kj_ini_reader reader = {
		.section = "kjump",
		.set = conf_set,
		.problem = conf_problem,
		.ctx = &conf,
	};
	int r;

	for (size_t i = 0; i < N_KEYS; i++) {
		r = keys[i].set(&conf, "");
		if (r < 0) {
			kj_conf_done(&conf);
			return r;
		}
	}
	r = kj_dropin_read(root, "kjump.conf", &reader);
	if (r < 0) {
		errno = -r;
		ignored(&conf, "Some of kjump's configuration cannot be read: %m");
	}
	*ret = conf;
	return 0;
}

void kj_conf_done(struct kj_conf *conf)
{
	free(conf->target);
	free(conf->keyfile);
	free(conf->kernel_image);
	free(conf->initrd);
	free(conf->kernel_append);
	*conf = (struct kj_conf){ 0 };
}
