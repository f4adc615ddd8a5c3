// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjump-resume: brings the hibernated system back, or lets the boot go on.
 *
 * Runs once in the ordinary initramfs of kernel C, before any local file
 * system is touched: A's file systems are as A left them, and must stay so.
 *
 *	command line, target, device      -> "no-target", "no-device"
 *	  |  noresume or kjump=off:       -> "discarded"
 *	state of the image                -> "none", "snapshot", "claimed"
 *	  |
 *	identity, RAM, file systems, key, index
 *	  |                               -> "refused"
 *	  |
 *	memory placed and every chunk checked
 *	  |                               -> "failed"
 *	claimed on disk: single use
 *	  |
 *	device closed, jump               -> "failed"
 *	  |
 *	A goes on, and nothing of C ever runs again
 *
 * Every way out but the last writes /run/kjump/resume.json and exits 0: a
 * failed resume is an ordinary boot.  That boot changes A's file systems, so
 * that "refused" and "failed" claim the image, too: it is never tried again.
 * A swap area becomes plain swap again, since that boot will use it.
 * The one exception is a machine with so little room that all of C had to be
 * cleared out for the image (room.c): it restarts, with the image claimed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "call.h"
#include "cmdline.h"
#include "console.h"
#include "device.h"
#include "kj-cleanup.h"
#include "kj-fdstore.h"
#include "kj-io.h"
#include "kj-iomem.h"
#include "kj-log.h"
#include "kj-swapfd.h"
#include "poweroff.h"
#include "restore.h"
#include "result.h"
#include "room.h"
#include "rootfs.h"
#include "scene.h"
#include "unlock.h"

#define TARGET_FILE "/etc/kjump/target"
#define TIMEOUT_SEC 10			/* kjump.timeout= overrides it */
#define TIMEOUT_SEC_MAX 3600

/* What C said; goes to A with the jump, as C's journal dies with C. */
static char told[8192];
static size_t told_len;

/* Large, and needed when there is no memory left. */
static struct kj_message to_a, from_a;

struct resume {
	bool discard;			/* noresume or kjump=off */
	bool cleared_out;		/* this boot cannot go on */
	bool found;			/* the device is known to be the right one */
	unsigned int timeout_sec;
	struct kj_target *target;	/* what this initramfs says */
	struct kj_target *pages;	/* of a swap area: where its image is, or NULL */
	struct kj_device dev;
	struct kj_fdstore store;
	struct kj_image_info info;
	struct kj_result result;
};

static void log_and_remember(int level, const char *text)
{
	kj_cleanup(fclose) FILE *console = NULL;
	int n;

	/* Without systemd (initramfs-tools) stderr is the console, and only the
	 * kernel's log will be in the journal. */
	if (getenv("JOURNAL_STREAM"))
		kj_log_stderr(level, text);
	else
		kj_log_kmsg(level, text);
	/* Who waits in front of the machine wants to know, too; not what is usual. */
	if (level <= LOG_NOTICE && (console = fopen("/dev/console", "we")))
		fprintf(console, "kjump: %s\r\n", text);
	n = snprintf(told + told_len, sizeof(told) - told_len, "<%d>%s\n", level, text);
	if (n > 0 && (size_t)n < sizeof(told) - told_len)
		told_len += n;
}

/* The last word on it.  Return: -ECANCELED, to leave. */
__attribute__((format(printf, 4, 5)))
static int conclude(struct resume *s, int level, const char *result,
		    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->result.reason, sizeof(s->result.reason), format, ap);
	va_end(ap);
	s->result.result = result;
	kj_log(level, "%s", s->result.reason);
	return -ECANCELED;
}

static int read_command_line(struct resume *s)
{
	kj_autofree char *cmdline = NULL;
	char value[32];
	int r;

	r = kj_read_line("/proc/cmdline", &cmdline);
	if (r < 0)
		return conclude(s, LOG_ERR, "failed", "cannot read /proc/cmdline: %s",
				strerror(-r));
	s->discard = kj_cmdline_has(cmdline, "noresume");
	if (kj_cmdline_get(cmdline, "kjump", value, sizeof(value)))
		s->discard |= strcmp(value, "off") == 0;
	s->timeout_sec = TIMEOUT_SEC;
	if (kj_cmdline_get(cmdline, "kjump.timeout", value, sizeof(value)))
		s->timeout_sec = strtoul(value, NULL, 10);
	if (s->timeout_sec > TIMEOUT_SEC_MAX)
		s->timeout_sec = TIMEOUT_SEC_MAX;
	return 0;
}

static int read_target(struct resume *s)
{
	const char *reason = "?";
	char *data;
	size_t len;
	int r;

	r = kj_read_file(TARGET_FILE, KJ_TARGET_SIZE_MAX, &data, &len);
	if (r == -ENOENT)
		return conclude(s, LOG_INFO, "no-target",
				"this initramfs has no " TARGET_FILE ": rebuild it once kjump is configured");
	if (r < 0)
		return conclude(s, LOG_ERR, "no-target", "cannot read " TARGET_FILE ": %s",
				strerror(-r));
	s->target = (struct kj_target *)data;
	if (kj_target_check(data, len, &reason) < 0)
		return conclude(s, LOG_ERR, "no-target",
				TARGET_FILE " is damaged (%s): rebuild the initramfs", reason);
	return 0;
}

static bool is_swap(const struct resume *s)
{
	return s->target && kj_get32(s->target->kind) == KJ_TARGET_SWAP;
}

/* A swap area has an image if it is marked, in the pages that its table names. */
static int find_pages(struct resume *s)
{
	struct kj_error error = { "" };
	int r = kj_swapfd_read_table(s->dev.fd, s->target, &s->pages, &error);

	if (r == -ENODATA) {
		s->result.state = kj_state_name(KJ_IMAGE_NONE);
		return conclude(s, LOG_INFO, "none", "no hibernated system on %s: %s",
				s->dev.path, error.text);
	}
	if (r < 0)
		return conclude(s, LOG_ERR, "refused", "the image on %s was not resumed: %s",
				s->dev.path, error.text);
	return 0;
}

/* The device, open; nothing else has it. */
static int open_store(struct resume *s)
{
	struct kj_error error;

	if (kj_device_find(s->target, s->timeout_sec * 1000, &s->dev, &error) < 0 ||
	    kj_device_open(&s->dev, s->target, &error) < 0)
		return conclude(s, LOG_WARNING, "no-device", "not resumed: %s", error.text);
	s->found = true;
	if (is_swap(s) && find_pages(s) < 0)
		return -ECANCELED;
	if (kj_fdstore_init(&s->store, s->dev.fd, s->pages ? s->pages : s->target, &error) < 0)
		return conclude(s, LOG_WARNING, "no-device", "not resumed: %s", error.text);
	return 0;
}

static int discard(struct resume *s)
{
	struct kj_error error = { "" };

	if (s->info.state != KJ_IMAGE_VALID && s->info.state != KJ_IMAGE_CLAIMED)
		return conclude(s, LOG_INFO, kj_state_name(s->info.state),
				"not to be resumed, as the kernel command line says, and nothing was there");
	if (kj_image_discard(&s->store.store, &error) < 0)
		return conclude(s, LOG_ERR, "failed",
				"cannot discard the image on %s: %s; a next boot without noresume would resume it and damage file systems",
				s->dev.path, error.text);
	s->result.state = kj_state_name(KJ_IMAGE_NONE);
	return conclude(s, LOG_NOTICE, "discarded",
			"the hibernated system on %s was discarded, as the kernel command line says",
			s->dev.path);
}

/* Is there something to resume?  0: yes. */
static int look(struct resume *s)
{
	struct kj_error error = { "" };
	int r;

	r = kj_image_probe(&s->store.store, &s->info, &error);
	if (r < 0)
		return conclude(s, LOG_ERR, "failed", "cannot read %s: %s",
				s->dev.path, error.text);
	s->result.state = kj_state_name(s->info.state);
	if (s->discard)
		return discard(s);
	switch (s->info.state) {
	case KJ_IMAGE_VALID:
		return 0;
	case KJ_IMAGE_SNAPSHOT:
		return conclude(s, LOG_INFO, "snapshot",
				"%s holds a snapshot, which is never resumed", s->dev.path);
	case KJ_IMAGE_CLAIMED:
		return conclude(s, LOG_WARNING, "claimed",
				"the image on %s is not resumed: an earlier boot has resumed or refused it",
				s->dev.path);
	default:
		return conclude(s, LOG_INFO, "none", "no hibernated system on %s: %s",
				s->dev.path, error.text);
	}
}

/* Is it this machine's memory?  0: yes. */
static int check_machine(struct resume *s)
{
	uint64_t then = s->info.identity.ram_pages;
	struct kj_ram now = kj_ram();

	if (then != now.pages)
		return conclude(s, LOG_ERR, "refused",
				"the image on %s was not resumed: it is of a machine with %llu pages of RAM, and this one has %llu",
				s->dev.path, (unsigned long long)then,
				(unsigned long long)now.pages);
	if (s->info.identity.max_pfn > now.end)
		return conclude(s, LOG_ERR, "refused",
				"the image on %s was not resumed: its memory goes up to page frame %llu, and this machine's to %llu",
				s->dev.path, (unsigned long long)s->info.identity.max_pfn,
				(unsigned long long)now.end);
	return 0;
}

/* Are memory and file systems as it left them?  0: as far as can be seen. */
static int check_scene(struct resume *s)
{
	struct kj_error error = { "" };

	if (kj_scene_compare(&s->info, s->target, &error) < 0)
		return conclude(s, LOG_ERR, "refused", "the image on %s was not resumed: %s",
				s->dev.path, error.text);
	return 0;
}

/*
 * The image's key.  An image that is not encrypted where it should be was put
 * there by somebody else.
 */
static int check_lock(struct resume *s, struct kj_key **ret)
{
	uint32_t lock = kj_get32(s->info.slot.lock), wanted = kj_get32(s->target->lock);
	struct kj_error error = { "" };

	if (lock != wanted)
		return conclude(s, LOG_ERR, "refused",
				"the image on %s was not resumed: it is locked by %s, and this machine's images by %s",
				s->dev.path, kj_lock_name(lock), kj_lock_name(wanted));
	if (kj_unlock(&s->info, ret, &error) < 0)
		return conclude(s, LOG_ERR, "refused", "the image on %s was not resumed: %s",
				s->dev.path, error.text);
	return 0;
}

KJ_DEFINE_CLEANUP(struct kj_key *, kj_key_free)

/* Does not return when the jump succeeds. */
static int jump(struct resume *s, uint64_t read_usec)
{
	uint64_t words[] = { s->info.bytes_stored, s->info.pages,
			     s->info.write_usec, read_usec, s->info.created_usec };
	int r;

	kj_message_set(&to_a, KJUMP_WORD_RESUME, 5, words);
	kj_message_set_text(&to_a, told);
	r = kj_call(&to_a, &from_a);
	/* Here only when A was not entered. */
	return conclude(s, LOG_ERR, "failed",
			"the jump to the hibernated system failed: %s; it is not tried again",
			strerror(-r));
}

static int place_memory(struct kj_reader *reader, bool last_try,
			struct kj_restore *restore, struct kj_error *error)
{
	struct kj_memory_sink sink = kj_restore_sink(restore);
	struct kj_progress progress;
	struct kj_console console;
	int r;

	r = kj_restore_begin(reader, last_try, restore, error);
	if (r < 0)
		return r;
	if (restore->nr_short > 0)
		kj_notice("%llu of the image's pages must be zero to have room",
			  (unsigned long long)restore->nr_short);
	kj_console_open(&console, "reading the image", false);
	progress = kj_console_progress(&console);
	r = kj_reader_restore(reader, &sink, &progress, error);
	kj_console_close(&console);
	return r;
}

/* Places the memory; when there is too little room for it, makes more. */
static int place_memory_somehow(struct resume *s, struct kj_reader *reader,
				struct kj_restore *restore)
{
	struct kj_error error = { "" };
	int r;

	r = place_memory(reader, false, restore, &error);
	if (r == -ENOMEM) {
		kj_notice("there is too little room for the image (%s): ending everything else",
			  error.text);
		kj_restore_abort(restore);
		s->cleared_out = true;
		kj_room_clear_out();
		r = place_memory(reader, true, restore, &error);
	}
	if (r < 0)
		return conclude(s, LOG_ERR, "failed", "the image on %s was not resumed: %s",
				s->dev.path, error.text[0] ? error.text : strerror(-r));
	return 0;
}

/* Single use.  A swap area's mark goes, too: A may not be able to write to a
 * disk from which it has a file system mounted. */
static int spend(struct resume *s, struct kj_error *error)
{
	int r = kj_image_claim(&s->store.store, error);

	if (r == 0 && is_swap(s))
		r = kj_swapfd_clear(s->dev.fd, s->target);
	if (r < 0 && !error->text[0])
		snprintf(error->text, sizeof(error->text), "%s", strerror(-r));
	return r;
}

/* @key is wiped: no memory of C's may have it after the jump. */
static int bring_back(struct resume *s, struct kj_reader *reader,
		      struct kj_restore *restore, struct kj_key **key)
{
	uint64_t start = kj_now_usec(), read_usec;
	struct kj_error error = { "" };
	int r;

	r = place_memory_somehow(s, reader, restore);
	if (r < 0)
		return r;
	read_usec = kj_now_usec() - start;
	kj_info("image on %s: %llu pages placed in %llu ms, %llu of them to be moved home",
		s->dev.path, (unsigned long long)restore->nr_pages,
		(unsigned long long)read_usec / 1000,
		(unsigned long long)restore->nr_moved);
	if (spend(s, &error) < 0)
		return conclude(s, LOG_ERR, "failed",
				"not resumed: cannot mark the image on %s as used: %s",
				s->dev.path, error.text);
	s->result.state = kj_state_name(KJ_IMAGE_CLAIMED);
	kj_device_close(&s->dev);
	kj_key_free(KJ_TAKE_PTR(*key));
	return jump(s, read_usec);
}

/* Places the memory and jumps; returns when one of them fails. */
static void try_resume(struct resume *s)
{
	struct kj_restore restore = { .fd = -EBADF };
	struct kj_error error = { "" };
	kj_cleanup(kj_key_free) struct kj_key *key = NULL;
	struct kj_read_options options = { 0 };
	struct kj_reader *reader;
	struct kj_room room;

	if (check_machine(s) < 0 || check_scene(s) < 0 || check_lock(s, &key) < 0)
		return;
	options.key = key;
	if (kj_reader_open(&s->store.store, &options, &reader, &error) < 0) {
		conclude(s, LOG_ERR, "refused", "the image on %s was not resumed: %s",
			 s->dev.path, error.text);
		return;
	}
	kj_room_make(&room);
	bring_back(s, reader, &restore, &key);
	kj_restore_abort(&restore);
	kj_room_undo(&room);
	kj_reader_close(reader);
}

/*
 * The boot goes on and changes the file systems that the hibernated system had
 * mounted: whatever kept it from being resumed now, it must never be later.
 */
static void use_up(struct resume *s)
{
	struct kj_error error = { "" };

	if (s->dev.fd < 0)
		return;			/* claimed before the jump */
	if (kj_image_claim(&s->store.store, &error) < 0)
		kj_err("cannot mark the image on %s as used: %s; a next boot without noresume may resume it and damage file systems",
		       s->dev.path, error.text);
	else
		s->result.state = kj_state_name(KJ_IMAGE_CLAIMED);
}

/* This boot will swap: nothing of an image stays in a swap area. */
static void make_plain_swap(struct resume *s)
{
	struct kj_error error = { "" };
	int r;

	if (!is_swap(s) || !s->found)
		return;
	if (s->dev.fd < 0 && kj_device_open(&s->dev, s->target, &error) < 0) {
		kj_err("%s is left marked as an image: %s; run mkswap on the swap area there",
		       s->dev.path, error.text);
		return;
	}
	r = kj_swapfd_clear(s->dev.fd, s->target);
	if (r < 0)
		kj_err("cannot make the swap area on %s plain swap again: %s; run mkswap on it",
		       s->dev.path, strerror(-r));
	if (r <= 0)
		return;
	s->result.state = kj_state_name(KJ_IMAGE_NONE);
	kj_notice("the swap area on %s is plain swap again, the image in it is given up",
		  s->dev.path);
}

/* Returns only when there is no jump, with s->result filled in. */
static void resume(struct resume *s)
{
	if (read_command_line(s) < 0 || read_target(s) < 0 || open_store(s) < 0 ||
	    look(s) < 0)
		return;
	try_resume(s);
	use_up(s);
}

int main(int argc, char *argv[])
{
	struct resume s = {
		.dev = { .fd = -EBADF },
		.result = { .result = "failed", .state = "unknown" },
	};
	kj_autoclose int console = -EBADF;
	int r;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("kjump-resume " KJ_VERSION);
		return EXIT_SUCCESS;
	}
	if (argc > 1 || !kj_rootfs_is_initramfs()) {
		fprintf(stderr, "%s runs in an initramfs, before file systems are mounted; see kjump-resume(8)\n",
			argv[0]);
		return EXIT_FAILURE;
	}

	kj_log_set_sink(log_and_remember);
	/* The first to open a terminal needs memory, of which there may be none
	 * later: the first is this. */
	console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	kj_room_prepare_process();
	resume(&s);
	make_plain_swap(&s);
	kj_device_close(&s.dev);
	if (s.cleared_out) {
		kj_err("this boot cannot go on; the machine restarts");
		kj_power_off(KJ_POWER_REBOOT);
	}
	free(s.pages);
	free(s.target);
	s.result.needs_kib = kj_room_needs_now();
	r = kj_result_save(&s.result);
	if (r < 0)
		kj_warning_errno(r, "cannot write " KJ_RESULT_PATH ": %m");
	return EXIT_SUCCESS;		/* the boot goes on, whatever happened */
}
