// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads byte by byte and without stdio, whose buffer would keep a copy.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "prompt.h"

static int read_line(char *buf)
{
	int len = 0;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, buf + len, 1);

		if (n < 0)		/* EINTR: a signal that somebody catches */
			return -errno;
		if (n == 0)
			return len ? len : -ENODATA;
		if (buf[len] == '\n')
			return len;
		if (++len == KJ_PASSPHRASE_MAX)
			return -EMSGSIZE;
	}
}

int kj_prompt(const char *prompt, char *buf)
{
	struct termios before, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int r;

	if (terminal) {
		fprintf(stderr, "%s ", prompt);
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	r = read_line(buf);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	return r;
}
