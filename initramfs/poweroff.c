// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * S4, power-off or restart.  Runs in kernel B, after A's image became valid.
 *
 * S4 is entered through /dev/snapshot, swsusp's interface for user space, of
 * which only the last step is used: it suspends B's devices, asks the firmware
 * for S4 and does not return.  It does return when a wake-up event is pending
 * or the machine has no S4; then S5 is as good, as A's memory is on disk.
 */
#include <fcntl.h>
#include <linux/suspend_ioctls.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-log.h"
#include "poweroff.h"

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

void kj_power_off(enum kj_power_off how)
{
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
