// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Progress on the console.  Runs in kernels B and C.
 *
 * Straight to /dev/console, not through the log: it is for a person who waits
 * in front of the machine, and worthless afterwards.  A serial console passes
 * about 10 KB a second and write(2) to it waits, hence few and short lines.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "console.h"

#define INTERVAL_USEC 200000u		/* 5 a second */
#define MIB (1024.0 * 1024.0)

uint64_t kj_now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

void kj_console_open(struct kj_console *console, const char *what)
{
	*console = (struct kj_console){
		.what = what,
		.fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC),
		.start_usec = kj_now_usec(),
	};
}

void kj_console_close(struct kj_console *console)
{
	if (console->fd < 0)
		return;
	if (console->shown_usec > 0)
		dprintf(console->fd, "\r\n");
	close(console->fd);
	console->fd = -1;
}

static int show(void *ctx, uint64_t pages_done, uint64_t pages_total,
		uint64_t bytes_done)
{
	struct kj_console *console = ctx;
	uint64_t now = kj_now_usec();
	bool last = pages_done == pages_total;
	double seconds = (now - console->start_usec) / 1e6;
	double memory = pages_done * (double)KJ_PAGE_SIZE / MIB;

	if (console->fd < 0 || pages_total == 0 ||
	    (!last && now - console->shown_usec < INTERVAL_USEC))
		return 0;
	console->shown_usec = now;
	/* The result does not count: progress must not fail the work. */
	(void)dprintf(console->fd,
		      "\rkjump: %s: %3.0f %%, %.0f MiB of memory at %.0f MiB/s, %.0f MiB on disk ",
		      console->what, 100.0 * pages_done / pages_total, memory,
		      seconds > 0 ? memory / seconds : 0, bytes_done / MIB);
	return 0;
}

struct kj_progress kj_console_progress(struct kj_console *console)
{
	return (struct kj_progress){ .ctx = console, .report = show };
}
