// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of programs: one formatting function, pluggable sinks.
 *
 * A sink writes a whole line by one write(2), so that lines of several
 * threads do not mix, and needs no memory, so that B can log when it has none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kj-log.h"

#define LINE_MAX_BYTES 1024

static kj_log_sink log_sink = kj_log_stderr;
static int log_max_level = LOG_INFO;

void kj_log_set_sink(kj_log_sink sink)
{
	log_sink = sink;
}

void kj_log_set_max_level(int level)
{
	log_max_level = level;
}

void kj_log_stderr(int level, const char *text)
{
	/* sd-daemon(3): services whose stderr is the journal send "<N>". */
	if (getenv("JOURNAL_STREAM"))
		dprintf(STDERR_FILENO, "<%d>%s\n", level, text);
	else
		dprintf(STDERR_FILENO, "%s: %s\n", program_invocation_short_name, text);
}

void kj_log_kmsg(int level, const char *text)
{
	static int fd = -1;
	char line[LINE_MAX_BYTES];
	int len;

	if (fd < 0)
		fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		kj_log_stderr(level, text);
		return;
	}
	/* Not dprintf(): it seeks first, which /dev/kmsg refuses. */
	len = snprintf(line, sizeof(line), "<%d>%s: %s\n", LOG_DAEMON | level,
		       program_invocation_short_name, text);
	if (len >= (int)sizeof(line))
		len = sizeof(line) - 1;
	if (write(fd, line, len) < 0)
		return;			/* nowhere left to say so */
}

static void log_line(int level, const char *format, va_list ap)
{
	char line[LINE_MAX_BYTES];

	if (level > log_max_level)
		return;
	vsnprintf(line, sizeof(line), format, ap);
	log_sink(level, line);
}

void kj_log(int level, const char *format, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, format);
	log_line(level, format, ap);
	va_end(ap);
	errno = saved;
}

int kj_log_errno(int level, int error, const char *format, ...)
{
	va_list ap;

	error = abs(error);
	errno = error;
	va_start(ap, format);
	log_line(level, format, ap);
	va_end(ap);
	return -error;
}
