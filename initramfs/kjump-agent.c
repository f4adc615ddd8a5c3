// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjump-agent: the init of kernel B.
 *
 * Alone in its initramfs: no systemd, no udev, no shell.  A booted B into a
 * corner of the machine's memory and waits in the middle of a call; whatever
 * happens here, A wants an answer.
 *
 *    boot: mount, load drivers, load the way back
 *      |
 *      v            .--------------------------------------------.
 *    READY ------> call()  A runs; this kernel is parked in it    |
 *                   |                                             |
 *                   +-- PING ------> READY -----------------------+
 *                   +-- SNAPSHOT --> write --> DONE or FAILED ----+
 *                   +-- HIBERNATE -> write --> FAILED ------------'
 *                                      |
 *                                      |--> valid image: power off
 *                                      '--> valid image: suspend to RAM; after
 *                                           that no image: DONE (hybrid-sleep)
 *
 * Where A cannot be reached (the way back cannot be loaded, the call is refused
 * for good) the machine restarts instead of hanging, with its disks as after a
 * power cut; so it does when this kernel panics (panic=10 on its command line).
 * What may take for ever has a time limit (guard.c): the boot, and the job.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>

#include "call.h"
#include "cmdline.h"
#include "console.h"
#include "guard.h"
#include "job.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "kmsg.h"
#include "poweroff.h"
#include "rootfs.h"
#include "suspend.h"
#include "watchdog.h"

#define DRIVERS_PROGRAM "/kjump-drivers"
#define MODULES_LIST "/etc/kjump/modules"
#define DRIVERS_LIMIT_MS 30000u		/* then the boot goes on without them */
#define BOOT_LIMIT_MS 60000u
#define CALL_LIMIT_MS 60000u		/* of all tries; each takes 20 s at most */
#define CALL_PAUSE_MS 200u
#define WAIT_PAUSE_MS 20u
#define THREAD_STACK (256 * 1024)	/* 8 MiB each is a lot where 60 are all */

/* 24 KiB each, and B has no memory to fail in. */
static struct kj_message order, answer;

static void mount_one(const char *type, const char *where, const char *options)
{
	if (mount(type, where, type, MS_NOSUID | MS_NOEXEC, options) < 0 &&
	    errno != EBUSY)
		kj_error_errno(errno, "cannot mount %s: %m", where);
}

static void prepare_process(void)
{
	pthread_attr_t attr;

	program_invocation_short_name = (char *)"kjump-agent";	/* not "init" */
	kj_log_set_sink(kj_log_kmsg);
	mount_one("devtmpfs", "/dev", "mode=0755");
	mount_one("proc", "/proc", NULL);
	mount_one("sysfs", "/sys", NULL);
	/* The log is all that is seen of B: do not let the kernel thin it out. */
	(void)kj_write_string("/proc/sys/kernel/printk_devkmsg", "on\n");

	mallopt(M_ARENA_MAX, 2);
	if (pthread_attr_init(&attr) == 0) {
		pthread_attr_setstacksize(&attr, THREAD_STACK);
		pthread_setattr_default_np(&attr);
		pthread_attr_destroy(&attr);
	}
	signal(SIGPIPE, SIG_IGN);
}

static void pause_ms(unsigned int msec)
{
	const struct timespec pause = { .tv_nsec = msec * 1000000L };

	nanosleep(&pause, NULL);
}

/* What fails is logged there; whether it matters shows when A wants to write. */
static void load_drivers(void)
{
	char *argv[] = { (char *)DRIVERS_PROGRAM, (char *)MODULES_LIST, NULL };
	uint64_t start = kj_now_usec();
	pid_t pid;
	int r;

	r = posix_spawn(&pid, DRIVERS_PROGRAM, NULL, NULL, argv, environ);
	if (r != 0) {
		kj_error_errno(r, "cannot run " DRIVERS_PROGRAM ": %m");
		return;
	}
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (kj_now_usec() - start > DRIVERS_LIMIT_MS * 1000ull) {
			kj_err("a driver of the target does not come up in %u s, going on without",
			       DRIVERS_LIMIT_MS / 1000);
			(void)kill(pid, SIGKILL);
			return;
		}
		pause_ms(WAIT_PAUSE_MS);
	}
}

static int load_way_back(const char *cmdline)
{
	char value[32], *end;
	uint64_t entry;
	int r;

	if (!kj_cmdline_get(cmdline, "kexec_jump_back_entry", value, sizeof(value)))
		return kj_error_errno(EINVAL, "no kexec_jump_back_entry= on the command line: this kernel was not called by another one");
	entry = strtoull(value, &end, 16);
	if (entry == 0 || *end != '\0')
		return kj_error_errno(EINVAL, "kexec_jump_back_entry=%s is no address", value);
	if (access("/sys/kernel/kexec_jump", F_OK) < 0)
		return kj_error_errno(ENOSYS, "this kernel cannot call another one: it lacks kjump's patches (no /sys/kernel/kexec_jump)");
	r = kj_load_way_back(entry);
	if (r < 0)
		return kj_error_errno(r, "cannot load the way back to kernel A at 0x%llx: %m",
				      (unsigned long long)entry);
	return 0;
}

/* READY says how much memory B has left and in all: Region= is judged by it. */
static void answer_ready(void)
{
	struct sysinfo info = { 0 };
	uint64_t words[2];

	(void)sysinfo(&info);
	words[0] = (uint64_t)info.freeram * info.mem_unit;
	words[1] = (uint64_t)info.totalram * info.mem_unit;
	kj_message_set(&answer, KJUMP_WORD_READY, 2, words);
	kj_info("parked with %llu KiB free of %llu KiB",
		(unsigned long long)words[0] / 1024,
		(unsigned long long)words[1] / 1024);
}

static void answer_failed(int r, const struct kj_error *error)
{
	uint64_t words[] = { (uint64_t)-r };

	kj_err("%s", error->text);
	kj_message_set(&answer, KJUMP_WORD_FAILED, 1, words);
	kj_message_set_text(&answer, error->text);
}

static void answer_done(const struct kj_image_info *info)
{
	uint64_t words[] = { info->bytes_stored, info->pages, info->write_usec,
			     info->zero_pages };

	kj_message_set(&answer, KJUMP_WORD_DONE, 4, words);
}

/* A goes on from here whatever happened, and so there must be no image. */
static int sleep_beside(const struct kj_target *target, struct kj_error *error)
{
	struct kj_error second = { "" };
	int r = kj_suspend(error), discarded = kj_job_discard(&order, target, &second);

	if (discarded == 0)
		return r;
	/* A tries once more, and says so if it cannot either. */
	*error = second;
	return discarded;
}

/* Does not return when it is a hibernation and succeeds. */
static void write_memory(bool snapshot)
{
	const struct kj_target *target;
	struct kj_error error = { "" };
	struct kj_image_info info;
	int r;

	r = kj_job_target(&order, &target, &error);
	if (r == 0)
		r = kj_job_write(&order, target, snapshot, &info, &error);
	if (r < 0) {
		answer_failed(r, &error);
		return;
	}
	kj_info("%s: %llu pages, %llu bytes stored in %llu ms",
		snapshot ? "snapshot" : "image", (unsigned long long)info.pages,
		(unsigned long long)info.bytes_stored,
		(unsigned long long)info.write_usec / 1000);
	if (!snapshot && kj_get32(target->power_off) == KJ_POWER_SUSPEND)
		r = sleep_beside(target, &error);
	else if (!snapshot)
		kj_power_off(kj_get32(target->power_off));
	if (r < 0)
		answer_failed(r, &error);
	else
		answer_done(&info);
}

static void serve(void)
{
	static struct kj_error unknown;

	switch (kj_message_word(&order)) {
	case KJUMP_WORD_PING:
		answer_ready();
		break;
	case KJUMP_WORD_HIBERNATE:
		write_memory(false);
		break;
	case KJUMP_WORD_SNAPSHOT:
		write_memory(true);
		break;
	default:
		snprintf(unknown.text, sizeof(unknown.text),
			 "kernel B does not know the word %d",
			 (int)kj_message_word(&order));
		answer_failed(-EBADRQC, &unknown);
	}
}

/* Will trying again help?  A driver of B may refuse to freeze for a while. */
static bool is_lasting(int r)
{
	return r == -ENOEXEC || r == -ENOSYS || r == -EPERM || r == -EINVAL ||
	       r == -EFAULT;
}

/* B's log since the last answer, behind the sentence of a FAILED. */
static void attach_log(void)
{
	char *text = (char *)answer.blob;

	if (answer.blob_len + 1 >= sizeof(answer.blob) / 2)
		return;
	if (answer.blob_len > 0)
		text[answer.blob_len++] = '\n';
	answer.blob_len += kj_kmsg_take(text + answer.blob_len,
					sizeof(answer.blob) - answer.blob_len);
}

/* Answers, and waits for A's next order.  The guard must not watch this: it
 * may take months. */
static int call_back(void)
{
	uint64_t start = kj_now_usec();
	int r;

	for (int i = 1; ; i++) {
		kj_watchdog_feed();
		r = kj_call(&answer, &order);
		kj_watchdog_feed();
		if (r == 0)
			return 0;
		kj_warning_errno(r, "cannot call kernel A, try %d: %m", i);
		if (is_lasting(r) || kj_now_usec() - start > CALL_LIMIT_MS * 1000ull)
			return r;
		pause_ms(CALL_PAUSE_MS);
	}
}

static int boot(void)
{
	kj_autofree char *cmdline = NULL;
	int r;

	r = kj_read_line("/proc/cmdline", &cmdline);
	if (r < 0) {
		cmdline = NULL;
		return kj_error_errno(r, "cannot read /proc/cmdline: %m");
	}
	r = kj_guard_start();
	if (r < 0)
		kj_error_errno(r, "cannot start a thread, so that nothing has a time limit: %m");
	kj_guard_begin("booting kernel B", BOOT_LIMIT_MS);
	load_drivers();
	kj_watchdog_open(cmdline);
	/* It lies in B's memory, and nothing in it is needed any more. */
	kj_rootfs_empty("/");
	r = load_way_back(cmdline);
	kj_guard_end();
	return r;
}

int main(int argc, char *argv[])
{
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("kjump-agent " KJ_VERSION);
		return EXIT_SUCCESS;
	}
	if (getpid() != 1) {
		fprintf(stderr, "%s is the init of kjump's kernel B and does nothing else; see kjump-agent(8)\n",
			argv[0]);
		return EXIT_FAILURE;
	}

	prepare_process();
	if (boot() == 0) {
		answer_ready();
		attach_log();
		while (call_back() == 0) {
			serve();
			/* It may have had a key in it. */
			explicit_bzero(order.blob, sizeof(order.blob));
			attach_log();
		}
	}
	kj_err("kernel A cannot be reached; the machine restarts");
	kj_power_off(KJ_POWER_REBOOT);
}
