// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel is told through /sys/power/state, and the clock of the machine
 * (RTC) by a timer of CLOCK_BOOTTIME_ALARM, which the kernel programs into it
 * on the way down.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "suspend.h"

/* The RTC counts seconds: it may be a little early. */
#define EARLY_MS 1500

bool kj_can_wake(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_BOOTTIME_ALARM, &now) == 0;
}

/* Words in turn, until the kernel takes one. */
static int write_one_of(const char *path, const char *words)
{
	kj_autofree char *copy = strdup(words);
	char *state, *word;
	int r = -EINVAL;

	if (!copy)
		return -ENOMEM;
	for (word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
		r = kj_write_string(path, word);
		if (r == 0)
			return 0;
		kj_debug("%s does not take %s: %s", path, word, strerror(-r));
	}
	return r;
}

static int set_alarm(uint64_t usec)
{
	const struct itimerspec when = {
		.it_value = { (time_t)(usec / 1000000), (long)(usec % 1000000) * 1000 + 1 },
	};
	kj_autoclose int fd = timerfd_create(CLOCK_BOOTTIME_ALARM, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &when, NULL) < 0)
		return kj_error_errno(errno, "Cannot set an alarm that wakes the machine: %m");
	return KJ_TAKE_FD(fd);
}

int kj_suspend(const struct kj_sleep_conf *conf, uint64_t usec, bool *ret_alarm)
{
	kj_autoclose int fd = -EBADF;
	int r;

	if (usec != UINT64_MAX) {
		fd = set_alarm(usec);
		if (fd < 0)
			return fd;
	}
	if (*conf->mem_sleep && write_one_of("/sys/power/mem_sleep", conf->mem_sleep) < 0)
		kj_warning("MemorySleepMode=%s is not what this machine has", conf->mem_sleep);
	r = write_one_of("/sys/power/state", conf->suspend_state);
	if (r < 0)
		return kj_error_errno(r, "Cannot suspend to RAM: %m");
	*ret_alarm = fd >= 0 &&
		     poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, EARLY_MS) > 0;
	return 0;
}
