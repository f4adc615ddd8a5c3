// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hardware watchdog that A's systemd armed counts on while B runs, and
 * nobody in A can feed it.  Runs in kernel B.
 *
 *      A  feeds, freezes | B  boots: its driver comes up, and may stop it
 *                        |    opened: it runs with A's timeout
 *                        |    the guard's thread feeds it
 *         feeds again    |    parked: not closed, so not stopped
 *                        |
 *         freezes        |    feeds while it writes
 *
 * Its settings are in the device, which A and B share, and A's driver believes
 * that they are those it made: hence the same timeout.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/watchdog.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmdline.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "kj-word.h"
#include "watchdog.h"

#define CLASS "/sys/class/watchdog"
#define NAME_SIZE 33			/* struct watchdog_info has 32 */
#define SEC_MAX 65535u

static atomic_int watchdog_fd = -1;

int kj_watchdog_parse(const char *value, char *name, size_t size,
		      unsigned int *ret_sec)
{
	const char *comma = strrchr(value, ',');
	unsigned long sec;
	char *end;

	if (!comma || comma == value || (size_t)(comma - value) >= size)
		return -EINVAL;
	if (comma[1] < '0' || comma[1] > '9')
		return -EINVAL;
	sec = strtoul(comma + 1, &end, 10);
	if (*end || sec == 0 || sec > SEC_MAX)
		return -EINVAL;
	memcpy(name, value, (size_t)(comma - value));
	name[comma - value] = '\0';
	*ret_sec = (unsigned int)sec;
	return 0;
}

/* Is @entry ("watchdog0") the one of that name? */
static bool is_named(const char *entry, const char *name)
{
	char path[64 + NAME_MAX];
	kj_autofree char *identity = NULL;

	snprintf(path, sizeof(path), CLASS "/%s/identity", entry);
	if (kj_read_line(path, &identity) < 0) {
		identity = NULL;
		return false;
	}
	kj_word_make(identity);
	return strcmp(identity, name) == 0;
}

static int open_named(const char *name)
{
	kj_cleanup(closedir) DIR *dir = opendir(CLASS);
	struct dirent *entry;
	char path[16 + NAME_MAX];
	int fd;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !is_named(entry->d_name, name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	return -ENODEV;
}

void kj_watchdog_open(const char *cmdline)
{
	char value[NAME_SIZE + 8], name[NAME_SIZE];
	unsigned int sec;
	int fd, timeout;

	if (!kj_cmdline_get(cmdline, "kjump.watchdog", value, sizeof(value)))
		return;
	if (kj_watchdog_parse(value, name, sizeof(name), &sec) < 0) {
		kj_err("kjump.watchdog=%s is no watchdog and seconds", value);
		return;
	}
	fd = open_named(name);
	if (fd < 0) {
		kj_error_errno(fd, "cannot feed the hardware watchdog %s, which may restart the machine: %m",
			       name);
		return;
	}
	timeout = (int)sec;
	if (ioctl(fd, WDIOC_SETTIMEOUT, &timeout) < 0)
		kj_warning_errno(errno, "cannot set the hardware watchdog %s to %u s: %m",
				 name, sec);
	kj_info("feeding the hardware watchdog %s, %u s", name, sec);
	atomic_store(&watchdog_fd, fd);
	kj_watchdog_feed();
}

void kj_watchdog_feed(void)
{
	int fd = atomic_load(&watchdog_fd);

	if (fd >= 0)
		(void)ioctl(fd, WDIOC_KEEPALIVE, 0);
}
