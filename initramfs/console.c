// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Progress on the consoles, and the way to stop it.  Runs in kernels B and C.
 *
 * Straight to the terminals, not through the log: it is for a person who waits
 * in front of the machine, and worthless afterwards.  /dev/console is only the
 * last one that the kernel was told of, hence all that are active.  A serial
 * console passes about 10 KB a second and write(2) to it waits, hence few and
 * short lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "console.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "splash.h"

#define INTERVAL_USEC 200000u		/* 5 a second */
#define MIB (1024.0 * 1024.0)
#define ESCAPE 0x1b

uint64_t kj_now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

/* So that each key arrives at once and is not echoed. */
static void watch_keys(int fd, struct termios *before)
{
	struct termios raw;

	if (tcgetattr(fd, before) < 0)
		return;
	raw = *before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	(void)tcsetattr(fd, TCSANOW, &raw);
	(void)tcflush(fd, TCIFLUSH);	/* typed for somebody else */
}

static void open_one(struct kj_console *console, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	if (console->cancelable)
		watch_keys(fd, &console->before[console->n]);
	console->fds[console->n++] = fd;
}

void kj_console_open(struct kj_console *console, const char *what, bool cancelable)
{
	kj_autofree char *active = NULL;
	char *name, *state;

	*console = (struct kj_console){
		.what = what,
		.cancelable = cancelable,
		.start_usec = kj_now_usec(),
		.splash = kj_splash_open(KJ_SPLASH_ADDRESS),
	};
	if (kj_read_line("/sys/class/tty/console/active", &active) < 0) {
		active = NULL;
		open_one(console, "console");
		return;
	}
	for (name = strtok_r(active, " ", &state);
	     name && console->n < KJ_CONSOLES_MAX; name = strtok_r(NULL, " ", &state))
		open_one(console, name);
}

/* In steps of 5 %: each is another message there. */
static void show_on_splash(struct kj_console *console, unsigned int percent)
{
	char text[sizeof(console->on_splash)];

	snprintf(text, sizeof(text), "Hibernated system: %s, %u %%", console->what,
		 percent / 5 * 5);
	if (strcmp(text, console->on_splash) == 0)
		return;
	kj_splash_show(console->splash, console->on_splash[0] ? console->on_splash : NULL,
		       text, percent);
	strcpy(console->on_splash, text);
}

void kj_console_close(struct kj_console *console)
{
	for (unsigned int i = 0; i < console->n; i++) {
		if (console->shown_usec > 0)
			dprintf(console->fds[i], "\r\n");
		if (console->cancelable && console->before[i].c_cflag)
			(void)tcsetattr(console->fds[i], TCSANOW, &console->before[i]);
		close(console->fds[i]);
	}
	console->n = 0;
	kj_splash_close(console->splash, console->on_splash[0] ? console->on_splash : NULL);
	console->splash = -EBADF;
}

bool kj_is_escape(const char *typed, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (typed[i] == ESCAPE &&
		    (i + 1 == len || (typed[i + 1] != '[' && typed[i + 1] != 'O')))
			return true;
	return false;
}

static bool escape_pressed(const struct kj_console *console)
{
	char typed[64];

	for (unsigned int i = 0; i < console->n; i++) {
		ssize_t n = read(console->fds[i], typed, sizeof(typed));

		if (n > 0 && kj_is_escape(typed, (size_t)n))
			return true;
	}
	return false;
}

static void format_line(const struct kj_console *console, uint64_t now,
			uint64_t pages_done, uint64_t pages_total, uint64_t bytes_done,
			char *buf, size_t size)
{
	double seconds = (now - console->start_usec) / 1e6;
	double memory = pages_done * (double)KJ_PAGE_SIZE / MIB;
	double left = pages_done ? seconds * (double)(pages_total - pages_done) / pages_done : 0;

	snprintf(buf, size,
		 "\rkjump: %s: %3.0f %%, %.0f MiB of memory at %.0f MiB/s, %.0f MiB on disk, %.0f s left%s ",
		 console->what, 100.0 * pages_done / pages_total, memory,
		 seconds > 0 ? memory / seconds : 0, bytes_done / MIB, left,
		 console->cancelable ? " (Escape: stop)" : "");
}

static int show(void *ctx, uint64_t pages_done, uint64_t pages_total,
		uint64_t bytes_done)
{
	struct kj_console *console = ctx;
	uint64_t now = kj_now_usec();
	bool last = pages_done == pages_total;
	char line[160];

	if (console->cancelable && escape_pressed(console))
		return -ECANCELED;
	if (pages_total == 0 || pages_done > pages_total ||
	    (!last && now - console->shown_usec < INTERVAL_USEC))
		return 0;
	console->shown_usec = now;
	format_line(console, now, pages_done, pages_total, bytes_done, line, sizeof(line));
	/* The result does not count: progress must not fail the work. */
	for (unsigned int i = 0; i < console->n; i++)
		(void)!write(console->fds[i], line, strlen(line));
	show_on_splash(console, (unsigned int)(100 * pages_done / pages_total));
	return 0;
}

struct kj_progress kj_console_progress(struct kj_console *console)
{
	return (struct kj_progress){ .ctx = console, .report = show };
}
