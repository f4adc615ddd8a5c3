// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * S4, power-off or restart.  Runs in kernel B, after A's image became valid, or
 * when B is stuck; and in kernel C when it cleared itself out in vain.
 *
 * S4 is entered through /dev/snapshot, swsusp's interface for user space, of
 * which only the last step is used: it suspends B's devices, asks the firmware
 * for S4 and does not return.  It does return when a wake-up event is pending
 * or the machine has no S4; then S5 is as good, as A's memory is on disk.
 *
 * All ways down first put devices to rest, which may never end for one that
 * hangs.  A thread of its own then restarts the machine the hard way.
 */
#include <fcntl.h>
#include <linux/suspend_ioctls.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "poweroff.h"

#define DOWN_LIMIT_SEC 60u

/* Returns only on failure. */
static void enter_s4(void)
{
	kj_autoclose int fd = open("/dev/snapshot", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		kj_warning_errno(errno, "cannot open /dev/snapshot, no S4: %m");
	else if (ioctl(fd, SNAPSHOT_PLATFORM_SUPPORT, 1) < 0)
		kj_warning_errno(errno, "this machine has no S4: %m");
	else if (ioctl(fd, SNAPSHOT_POWER_OFF, 0) < 0)
		kj_warning_errno(errno, "entering S4 failed: %m");
	else
		kj_warning("entering S4 came back");
}

/* sysrq's restart asks no device. */
static void *last_resort(void *unused)
{
	int r;

	(void)unused;
	sleep(DOWN_LIMIT_SEC);
	kj_err("the machine is still on after %u s; restarting it the hard way", DOWN_LIMIT_SEC);
	r = kj_write_string("/proc/sysrq-trigger", "b\n");
	kj_error_errno(r, "cannot restart by sysrq: %m");
	return NULL;
}

static void limit_the_time(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, last_resort, NULL);

	if (r == 0)
		pthread_detach(thread);
	else
		kj_warning_errno(r, "cannot start a thread; going down without a time limit: %m");
}

void kj_power_off(enum kj_power_off how)
{
	limit_the_time();
	if (how == KJ_POWER_S4)
		enter_s4();
	if (how != KJ_POWER_REBOOT) {
		reboot(RB_POWER_OFF);
		kj_warning_errno(errno, "powering off failed, restarting: %m");
	}
	for (;;) {
		reboot(RB_AUTOBOOT);
		kj_error_errno(errno, "restarting failed: %m");
		sleep(1);
	}
}
