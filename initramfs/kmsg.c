// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What kernel B logged, for A's journal.  Runs in kernel B.
 *
 * B's console may be nobody's and its memory is gone when the machine is off.
 * The kernel's ring has both what drivers said, which is mostly the cause, and
 * what the agent said; each answer to A takes along what came since the last.
 *
 * A record of /dev/kmsg, one for each read(2):
 *
 *      priority,sequence,microseconds,flags;text\n KEY=value\n ...
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "kmsg.h"

#define RECORD_MAX 8192
#define LEFT_OUT "<4>more of kernel B's log does not fit\n"

size_t kj_kmsg_line(const char *record, char *line, size_t size)
{
	const char *text = strchr(record, ';');
	char *end;
	unsigned long priority = strtoul(record, &end, 10);
	int n;

	if (!text++ || end == record || *end != ',')
		return 0;
	if (LOG_PRI(priority) > LOG_WARNING && strncmp(text, "kjump-", 6) != 0)
		return 0;
	n = snprintf(line, size, "<%d>%.*s", (int)LOG_PRI(priority),
		     (int)strcspn(text, "\n"), text);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

/* Return: length of the next record, 0 when there is none. */
static size_t read_record(int fd, char *record, size_t size)
{
	ssize_t n;

	/* EPIPE: records were overwritten before they were read. */
	do
		n = read(fd, record, size - 1);
	while (n < 0 && (errno == EPIPE || errno == EINTR));
	if (n <= 0)
		return 0;
	record[n] = '\0';
	return (size_t)n;
}

size_t kj_kmsg_take(char *buf, size_t size)
{
	static char record[RECORD_MAX], line[RECORD_MAX];
	static int fd = -1;
	size_t len = 0, n, room = size - sizeof(LEFT_OUT);
	bool full = false;

	buf[0] = '\0';
	if (fd < 0)
		fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	while (fd >= 0 && read_record(fd, record, sizeof(record)) > 0) {
		n = kj_kmsg_line(record, line, sizeof(line));
		full = full || n + 1 > room - len;
		if (n > 0 && !full)
			len += (size_t)sprintf(buf + len, "%s\n", line);
	}
	if (full)
		len += (size_t)sprintf(buf + len, LEFT_OUT);
	return len;
}
