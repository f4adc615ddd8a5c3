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
 *                                      '--> valid image: power off
 *
 * PID 1 must not exit: the kernel panics then.  That is used on purpose where
 * A cannot be reached (the way back cannot be loaded, the call is refused for
 * good): B's command line has panic=10, so that the machine restarts instead
 * of hanging, with its disks as after a power cut.
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
#include "job.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "poweroff.h"
#include "rootfs.h"

#define DRIVERS_PROGRAM "/kjump-drivers"
#define MODULES_LIST "/etc/kjump/modules"
#define CALL_TRIES 50
#define CALL_PAUSE_MS 200
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

/* What fails is logged there; whether it matters shows when A wants to write. */
static void load_drivers(void)
{
	char *argv[] = { (char *)DRIVERS_PROGRAM, (char *)MODULES_LIST, NULL };
	pid_t pid;
	int r, status;

	r = posix_spawn(&pid, DRIVERS_PROGRAM, NULL, NULL, argv, environ);
	if (r != 0) {
		kj_error_errno(r, "cannot run " DRIVERS_PROGRAM ": %m");
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

static int load_way_back(void)
{
	kj_autofree char *cmdline = NULL;
	char value[32], *end;
	uint64_t entry;
	int r;

	r = kj_read_line("/proc/cmdline", &cmdline);
	if (r < 0)
		return kj_error_errno(r, "cannot read /proc/cmdline: %m");
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
	if (!snapshot)
		kj_power_off(kj_get32(target->power_off));
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

/* Answers, and waits for A's next order. */
static int call_back(void)
{
	const struct timespec pause = { .tv_nsec = CALL_PAUSE_MS * 1000000L };
	int r = -EIO;

	for (int i = 0; i < CALL_TRIES; i++) {
		r = kj_call(&answer, &order);
		if (r == 0)
			return 0;
		kj_warning_errno(r, "cannot call kernel A, try %d: %m", i + 1);
		if (is_lasting(r))
			break;
		nanosleep(&pause, NULL);
	}
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
	load_drivers();
	/* It lies in B's memory, and nothing in it is needed any more. */
	kj_rootfs_empty("/");
	if (load_way_back() == 0) {
		answer_ready();
		while (call_back() == 0) {
			serve();
			/* It may have had a key in it. */
			explicit_bzero(order.blob, sizeof(order.blob));
		}
	}
	kj_err("kernel A cannot be reached; the machine restarts");
	return EXIT_FAILURE;		/* PID 1: the kernel panics, panic=10 */
}
