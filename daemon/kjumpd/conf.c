// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration is read anew for every operation; nothing has to be
 * reloaded.  A setter gets the value as text and says whether it understood
 * it; the rest (defaults, warnings, drop-ins) is the same for all keys.  What
 * is wrong is told with file and line, and the value from before stays.
 *
 * An empty value means: back to the default.  "%v" in the file names is the
 * release of the running kernel, as in systemd's own units.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "conf.h"
#include "dropin.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"

#define DEFAULT_KERNEL_IMAGE	"/boot/vmlinuz-%v"
#define DEFAULT_INITRD		KJ_INITRD_DIR "/initrd-%v.img"
#define KERNEL_APPEND_MAX 1024
#define REGION_MIN		(16ull << 20)
#define REGION_MAX		(1ull << 30)
#define STALL_SEC_DEFAULT	60u
#define STALL_SEC_MIN		5u
#define STALL_SEC_MAX		86400u

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

/* Return: false when there is another specifier than %v and %%. */
static bool expand(const char *value, const char *release, FILE *f)
{
	for (; *value; value++) {
		if (*value != '%') {
			fputc(*value, f);
			continue;
		}
		value++;
		if (*value == 'v')
			fputs(release, f);
		else if (*value == '%')
			fputc('%', f);
		else
			return false;
	}
	return true;
}

/* A file name, with each "%v" being the running kernel's release. */
static int set_path(char **string, const char *value)
{
	kj_autofree char *buf = NULL;
	struct utsname u;
	bool known;
	size_t size;
	FILE *f;

	if (*value != '/' || uname(&u) < 0)
		return -EINVAL;
	f = open_memstream(&buf, &size);
	if (!f)
		return -ENOMEM;
	known = expand(value, u.release, f);
	if (fclose(f) != 0)
		return -ENOMEM;
	if (!known)
		return -EINVAL;
	if (size >= PATH_MAX)
		return -ENAMETOOLONG;
	free(*string);
	*string = KJ_TAKE_PTR(buf);
	return 0;
}

static int set_target(struct kj_conf *conf, const char *value)
{
	static const char *const tags[] = { "PARTUUID=", "PARTLABEL=", "UUID=", "LABEL=" };
	bool good = !*value || *value == '/';

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		good |= strncmp(value, tags[i], strlen(tags[i])) == 0 && value[strlen(tags[i])];
	if (strlen(value) >= PATH_MAX)
		return -ENAMETOOLONG;
	return good ? set_string(&conf->target, value) : -EINVAL;
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
	return strlen(value) > KERNEL_APPEND_MAX ? -ENAMETOOLONG :
	       set_string(&conf->kernel_append, value);
}

static int set_stall(struct kj_conf *conf, const char *value)
{
	unsigned long sec = STALL_SEC_DEFAULT;
	char *end = NULL;

	if (strcmp(value, "infinity") == 0) {
		conf->stall_sec = 0;
		return 0;
	}
	if (*value) {
		if (*value < '0' || *value > '9')
			return -EINVAL;
		errno = 0;
		sec = strtoul(value, &end, 10);
		if (errno || *end || sec < STALL_SEC_MIN || sec > STALL_SEC_MAX)
			return -ERANGE;
	}
	conf->stall_sec = (unsigned int)sec;
	return 0;
}

static int set_encryption(struct kj_conf *conf, const char *value)
{
	enum kj_lock lock;
	int r;

	if (*value == '/')
		lock = KJ_LOCK_KEYFILE;
	else if (strcmp(value, "passphrase") == 0)
		lock = KJ_LOCK_PASSPHRASE;
	else if (!*value || strcmp(value, "no") == 0)
		lock = KJ_LOCK_NONE;
	else
		lock = -1;
	conf->lock_unknown = lock == (enum kj_lock)-1;
	if (conf->lock_unknown)
		return -EINVAL;
	r = set_string(&conf->keyfile, lock == KJ_LOCK_KEYFILE ? value : "");
	if (r == 0)
		conf->lock = lock;
	return r;
}

static const struct {
	const char *name;
	int (*set)(struct kj_conf *conf, const char *value);
	const char *expected;
} keys[] = {
	{ "Target",       set_target,        "an absolute file name or a tag such as PARTUUID=..." },
	{ "Preload",      set_preload,       "park, load or no" },
	{ "PowerOff",     set_power_off,     "platform, shutdown or reboot" },
	{ "Encryption",   set_encryption,    "no, passphrase, or an absolute file name" },
	{ "Region",       set_region,        "auto, or 16M to 1G in whole pages of 4K" },
	{ "KernelImage",  set_kernel_image,  "an absolute file name, in which only %v and %% are special" },
	{ "Initrd",       set_initrd,        "an absolute file name, in which only %v and %% are special" },
	{ "KernelAppend", set_kernel_append, "kernel command line words, 1024 bytes at most" },
	{ "StallTimeout", set_stall,         "5 to 86400 seconds, or infinity" },
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* While reading. */
struct conf_reading {
	struct kj_conf conf;
	bool warn;
	char file[PATH_MAX];		/* that seen is about */
	unsigned int seen[N_KEYS];	/* line in it, 0: not yet */
};

__attribute__((format(printf, 2, 3)))
static void ignored(struct conf_reading *reading, const char *format, ...)
{
	char text[PATH_MAX + 512];
	va_list ap;

	reading->conf.problems++;
	if (!reading->warn)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	kj_warning("%s", text);
}

static const char *explain(int r)
{
	switch (r) {
	case -ERANGE:
		return "is out of range";
	case -ENAMETOOLONG:
		return "is too long";
	case -ENOMEM:
		return "does not fit into memory";
	default:
		return "is not understood";
	}
}

/* Two lines of one file that contradict each other are a mistake; two files
 * are what drop-ins are for. */
static void look_for_twice(struct conf_reading *reading, const char *file,
			   unsigned int line, size_t i)
{
	if (strcmp(reading->file, file) != 0) {
		snprintf(reading->file, sizeof(reading->file), "%s", file);
		memset(reading->seen, 0, sizeof(reading->seen));
	}
	if (reading->seen[i])
		ignored(reading, "%s:%u: \"%s=\" stands in line %u already, which is ignored",
			file, line, keys[i].name, reading->seen[i]);
	reading->seen[i] = line;
}

static void conf_set(void *ctx, const char *file, unsigned int line,
		     const char *key, const char *value)
{
	struct conf_reading *reading = ctx;
	const char *meant = NULL;
	int r;

	for (size_t i = 0; i < N_KEYS; i++) {
		if (strcasecmp(keys[i].name, key) == 0)
			meant = keys[i].name;
		if (strcmp(keys[i].name, key) != 0)
			continue;
		look_for_twice(reading, file, line, i);
		r = keys[i].set(&reading->conf, value);
		if (r < 0)
			ignored(reading, "%s:%u: \"%s=%.128s\" %s and is ignored: expected %s",
				file, line, key, value, explain(r), keys[i].expected);
		return;
	}
	ignored(reading, "%s:%u: unknown key \"%.64s\" is ignored%s%s%s", file, line, key,
		meant ? " (did you mean \"" : "", meant ? meant : "", meant ? "\"?)" : "");
}

static void conf_problem(void *ctx, const char *file, unsigned int line,
			 const char *what)
{
	if (line)
		ignored(ctx, "%s:%u: %s", file, line, what);
	else
		ignored(ctx, "%s: %s", file, what);
}

int kj_conf_load(const char *root, bool warn, struct kj_conf *ret)
{
	kj_autofree struct conf_reading *reading = calloc(1, sizeof(*reading));
	const struct kj_ini_reader reader = {
		.section = "kjump",
		.trusted = true,
		.set = conf_set,
		.problem = conf_problem,
		.ctx = reading,
	};
	int r;

	if (!reading)
		return -ENOMEM;
	reading->warn = warn;
	for (size_t i = 0; i < N_KEYS; i++) {
		r = keys[i].set(&reading->conf, "");
		if (r < 0) {
			kj_conf_done(&reading->conf);
			return r;
		}
	}
	r = kj_dropin_read(root, "kjump.conf", &reader);
	if (r == -ENOMEM) {
		kj_conf_done(&reading->conf);
		return r;
	}
	*ret = reading->conf;
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
