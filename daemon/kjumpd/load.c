// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * B is loaded by kexec-tools, so that nothing of a boot protocol is here:
 *
 *   kexec --kexec-syscall --load-preserve-context KERNEL --initrd=...
 *         --mem-min=... --mem-max=... --pass-memmap-cmdline --append=...
 *
 * Newer versions of it (Debian 13) would take kexec_file_load(2), which cannot
 * preserve the context, if they were not told otherwise.
 *
 * Its region is [4 KiB, Region): it must include the memory below 640 KiB,
 * where B starts its other CPUs, and kexec has to tell B (memmap=) that the
 * rest of the memory is not its own.
 *
 * What was loaded is remembered in /run/kjump/loaded as one line: arguments,
 * target and time stamps.  When the line that we would load now is another
 * one, B is out of date.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "load.h"
#include "process.h"
#include "trust.h"
#include "watchdog.h"

#define KEXEC		"/sbin/kexec"
#define LOADED_FILE	"/run/kjump/loaded"
#define LIBEXEC		"/usr/libexec/kjump/"
#define DRACUT_MODULE	"/usr/lib/dracut/modules.d/50kjump/module-setup.sh"
#define INITRD_UNIT	"kjump-initrd.service"
#define CMDLINE_MAX	2048		/* of an x86 kernel */
#define RECIPE_MAX	65536

#define MIB		(1ull << 20)
#define REGION_START	0x1000ull
#define REGION_DEFAULT	(64 * MIB)
#define REGION_STEP	(16 * MIB)
#define REGION_MARGIN	(24 * MIB)	/* for B's work: buffers of the image engine */

enum kj_b_state kj_b_state(void)
{
	kj_autofree char *line = NULL;

	if (kj_read_line(KJ_STATE_FILE, &line) < 0) {
		line = NULL;
		return KJ_B_NONE;
	}
	if (strcmp(line, "parked") == 0)
		return KJ_B_PARKED;
	return strcmp(line, "loaded") == 0 ? KJ_B_LOADED : KJ_B_NONE;
}

/* init_size of a bzImage: memory that the kernel needs to unpack itself and
 * start (Documentation/arch/x86/boot.rst). */
static uint64_t kernel_memory(const char *path)
{
	kj_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	kj_le32 magic, init_size;

	if (fd < 0 || kj_pread_full(fd, &magic, sizeof(magic), 0x202) < 0 ||
	    kj_get32(magic) != 0x53726448 ||	/* "HdrS" */
	    kj_pread_full(fd, &init_size, sizeof(init_size), 0x260) < 0)
		return 0;
	return kj_get32(init_size);
}

uint64_t kj_region_size(const struct kj_conf *conf)
{
	uint64_t kernel, bytes;
	struct stat initrd;

	if (conf->region)
		return conf->region;
	kernel = kernel_memory(conf->kernel_image);
	if (!kernel || stat(conf->initrd, &initrd) < 0)
		return 0;
	/* the initramfs is there twice at first, packed and unpacked (3 times
	 * its packed size) */
	bytes = kernel + 4 * (uint64_t)initrd.st_size + REGION_MARGIN;
	bytes = (bytes + REGION_STEP - 1) / REGION_STEP * REGION_STEP;
	return bytes < REGION_DEFAULT ? REGION_DEFAULT : bytes;
}

/* B's command line: A's consoles, and words that keep B small and quiet. */
static int make_command_line(const struct kj_conf *conf, char **ret)
{
	kj_autofree char *ours = NULL, *buf = NULL;
	struct kj_watchdog watchdog;
	char *word, *state;
	size_t size;
	FILE *f;

	if (kj_read_line("/proc/cmdline", &ours) < 0)
		ours = NULL;
	f = open_memstream(&buf, &size);
	if (!f)
		return -ENOMEM;
	for (word = ours ? strtok_r(ours, " ", &state) : NULL; word;
	     word = strtok_r(NULL, " ", &state))
		if (strncmp(word, "console=", 8) == 0)
			fprintf(f, "%s ", word);
	fprintf(f, "nokaslr panic=10 quiet loglevel=4 noresume kjump=b");
	if (kj_watchdog_find("", &watchdog))
		fprintf(f, " kjump.watchdog=%s,%u", watchdog.name, watchdog.timeout_sec);
	if (*conf->kernel_append)
		fprintf(f, " %s", conf->kernel_append);
	if (fclose(f) != 0)
		return -ENOMEM;
	if (size >= CMDLINE_MAX)
		return -E2BIG;
	*ret = KJ_TAKE_PTR(buf);
	return 0;
}

/* Everything that decides whether a loaded B is the one wanted. */
struct b_image {
	char *initrd_option;
	char *append_option;
	char mem_min[40], mem_max[40];
	char *description;
};

static void b_image_done(struct b_image *b)
{
	free(b->initrd_option);
	free(b->append_option);
	free(b->description);
}

static int describe(const struct kj_conf *conf, const struct kj_resolved *target,
		    uint64_t region, struct b_image *b)
{
	kj_autofree char *cmdline = NULL;
	struct stat kernel, initrd;
	int r;

	r = make_command_line(conf, &cmdline);
	if (r < 0) {
		cmdline = NULL;
		return r;
	}
	if (stat(conf->kernel_image, &kernel) < 0 || stat(conf->initrd, &initrd) < 0)
		return -errno;
	snprintf(b->mem_min, sizeof(b->mem_min), "--mem-min=0x%llx", REGION_START);
	snprintf(b->mem_max, sizeof(b->mem_max), "--mem-max=0x%llx",
		 (unsigned long long)region - 1);
	if (asprintf(&b->initrd_option, "--initrd=%s", conf->initrd) < 0 ||
	    asprintf(&b->append_option, "--append=%s", cmdline) < 0 ||
	    asprintf(&b->description, "%s@%lld.%ld %s@%lld.%ld %s %s %s",
		     conf->kernel_image, (long long)kernel.st_mtim.tv_sec,
		     kernel.st_mtim.tv_nsec, conf->initrd,
		     (long long)initrd.st_mtim.tv_sec, initrd.st_mtim.tv_nsec,
		     b->mem_max, target->blob->tag, cmdline) < 0)
		return -ENOMEM;
	return 0;
}

static bool loaded_is(const char *description)
{
	kj_autofree char *line = NULL;

	if (kj_b_state() == KJ_B_NONE)
		return false;
	if (kj_read_line(LOADED_FILE, &line) < 0) {
		line = NULL;
		return false;
	}
	return strcmp(line, description) == 0;
}

static int run_kexec(const struct kj_conf *conf, const struct b_image *b,
		     struct kj_reason *reason)
{
	char *const argv[] = {
		(char *)KEXEC, (char *)"--kexec-syscall",
		(char *)"--load-preserve-context", conf->kernel_image,
		b->initrd_option, (char *)b->mem_min, (char *)b->mem_max,
		(char *)"--pass-memmap-cmdline", b->append_option, NULL,
	};
	int r = kj_spawn(argv, KJ_WHY_LOAD, reason);

	if (r < 0)
		return r;
	if (kj_b_state() == KJ_B_NONE)
		return kj_reason_set(reason, EIO, KJ_WHY_LOAD,
				     "%s reported success, but %s says that nothing is loaded",
				     KEXEC, KJ_STATE_FILE);
	(void)mkdir("/run/kjump", 0755);
	r = kj_write_file_atomic(LOADED_FILE, b->description, strlen(b->description), 0600);
	if (r < 0)
		kj_warning_errno(r, "Cannot write %s, kernel B will be loaded again next time: %m",
				 LOADED_FILE);
	return 0;
}

/* Times of change, because packages install files with old times of
 * modification. */
static bool initrd_is_older(const struct kj_conf *conf)
{
	const char *const sources[] = {
		conf->kernel_image, DRACUT_MODULE,
		LIBEXEC "kjump-agent", LIBEXEC "kjump-drivers", LIBEXEC "kjump-mkinitrd",
	};
	struct stat initrd, source;

	if (stat(conf->initrd, &initrd) < 0)
		return true;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (stat(sources[i], &source) == 0 &&
		    source.st_ctim.tv_sec > initrd.st_mtim.tv_sec)
			return true;
	return false;
}

/* The recipe has lines: the device for which it was found to do, drivers, the
 * watchdog for which it was found to do.  A device is its place in /sys: what
 * has the same has the same drivers. */
static bool recipe_is_for(const char *recipe, dev_t devno)
{
	kj_autofree char *text = NULL, *place = NULL;
	struct kj_watchdog watchdog;
	char *line, *device, *runs;
	char link[64];

	if (kj_read_file(recipe, RECIPE_MAX, &text, NULL) < 0) {
		text = NULL;
		return false;
	}
	line = text;
	device = strsep(&line, "\n");
	(void)strsep(&line, "\n");
	runs = strsep(&line, "\n");
	if (kj_watchdog_find("", &watchdog) && (!runs || strcmp(runs, watchdog.name) != 0))
		return false;
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(devno), minor(devno));
	place = realpath(link, NULL);
	return place && strcmp(device, place) == 0;
}

/* The initramfs that we may build.  Whether a new one is needed for another
 * device is for kjump-mkinitrd to find out, which has a look at its drivers;
 * without a recipe it builds in any case. */
static int ensure_initrd(const struct kj_conf *conf, dev_t devno, struct kj_reason *reason)
{
	kj_autofree char *recipe = NULL;

	if (asprintf(&recipe, "%s.recipe", conf->initrd) < 0) {
		recipe = NULL;
		return kj_reason_set(reason, ENOMEM, KJ_WHY_LOAD, "Out of memory");
	}
	if (initrd_is_older(conf))
		(void)unlink(recipe);
	if (recipe_is_for(recipe, devno))
		return 0;
	kj_info("Building kernel B's initramfs %s, unless it will do.", conf->initrd);
	return kj_unit_run(INITRD_UNIT, KJ_WHY_LOAD, reason);
}

static int ensure_files(const struct kj_conf *conf, dev_t devno, struct kj_reason *reason)
{
	int r;

	r = kj_trust_check(conf->kernel_image, "Kernel B's image", "KernelImage=", reason);
	if (r < 0)
		return r;
	r = conf->initrd_is_default ? ensure_initrd(conf, devno, reason) : 0;
	if (r < 0)
		return r;
	return kj_trust_check(conf->initrd, "Kernel B's initramfs", "Initrd=", reason);
}

int kj_load_check(const struct kj_conf *conf, struct kj_reason *reason)
{
	int r = kj_trust_check(conf->kernel_image, "Kernel B's image", "KernelImage=", reason);

	/* One that is not there yet may be built. */
	if (r == 0 && (!conf->initrd_is_default || access(conf->initrd, F_OK) == 0))
		r = kj_trust_check(conf->initrd, "Kernel B's initramfs", "Initrd=", reason);
	return r;
}

int kj_load(const struct kj_conf *conf, const struct kj_resolved *target,
	    struct kj_reason *reason)
{
	struct b_image b = { 0 };
	uint64_t region;
	int r;

	r = ensure_files(conf, kj_resolved_disk(target)->devno, reason);
	if (r < 0)
		return r;
	region = kj_region_size(conf);
	if (!region)
		return kj_reason_set(reason, EINVAL, KJ_WHY_LOAD,
				     "%s is not a bzImage kernel: correct KernelImage= in /etc/kjump.conf",
				     conf->kernel_image);
	r = describe(conf, target, region, &b);
	if (r < 0) {
		b_image_done(&b);
		return kj_reason_set(reason, r, KJ_WHY_LOAD, "Cannot prepare kernel B: %m");
	}
	if (!loaded_is(b.description)) {
		r = kj_unload(reason);
		if (r == 0)
			r = run_kexec(conf, &b, reason);
	}
	b_image_done(&b);
	return r;
}

int kj_unload(struct kj_reason *reason)
{
	if (kj_b_state() == KJ_B_NONE)
		return 0;
	if (syscall(SYS_kexec_load, 0UL, 0UL, NULL,
		    (unsigned long)(KEXEC_PRESERVE_CONTEXT | KEXEC_ARCH_DEFAULT)) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_LOAD,
				     "The kernel does not unload kernel B: %m");
	(void)unlink(LOADED_FILE);
	return 0;
}
