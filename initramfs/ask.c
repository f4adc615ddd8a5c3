// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks a person for a passphrase.  Runs in kernel C.
 *
 * By whatever does it in this initramfs:
 *
 *	systemd-ask-password	with systemd: the console, serial lines, plymouth
 *	plymouth		without systemd, if it runs
 *	a prompt of our own	if neither is there (initramfs-tools)
 *
 * One that is there but fails is the end of it: whoever sits there would be
 * asked again and again on a terminal that he does not see.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "ask.h"
#include "fail.h"
#include "kj-cleanup.h"

/* Up to @until, or the end; what does not fit is lost. */
static int read_answer(int fd, char until, struct kj_passphrase *p)
{
	char c;

	p->len = 0;
	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return p->len > 0 || until == '\0' ? 0 : -ENOKEY;
		if (c == until)
			return 0;
		if (p->len < sizeof(p->text))
			p->text[p->len++] = c;
	}
}

/* Runs a program.  Return: its status; negative errno when there is none. */
static int run(char *const argv[], struct kj_passphrase *answer)
{
	posix_spawn_file_actions_t actions;
	int fds[2], status = 0, r, r_read;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	r = -posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (r == 0) {
		r_read = read_answer(fds[0], '\0', answer);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		r = r_read < 0 ? r_read : status;
	}
	close(fds[0]);
	if (answer->len > 0 && answer->text[answer->len - 1] == '\n')
		answer->len--;
	return r;
}

static bool plymouth_runs(struct kj_passphrase *scratch)
{
	char *argv[] = { (char *)"plymouth", (char *)"--ping", NULL };

	return run(argv, scratch) == 0;
}

static int ask_plymouth(const char *prompt, struct kj_passphrase *ret)
{
	kj_autofree char *option = NULL;
	char *argv[] = { (char *)"plymouth", (char *)"ask-for-password", NULL, NULL };

	if (asprintf(&option, "--prompt=%s", prompt) < 0)
		return -ENOMEM;
	argv[2] = option;
	return run(argv, ret);
}

static int ask_console(const char *console, const char *prompt, struct kj_passphrase *ret)
{
	kj_autoclose int fd = open(console, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios before, quiet;
	int r;

	if (fd < 0 || tcgetattr(fd, &before) < 0)
		return -errno;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ICANON;
	quiet.c_iflag |= ICRNL;
	/* Drops what was typed before: it was for somebody else. */
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return -errno;
	dprintf(fd, "\r\n%s ", prompt);
	r = read_answer(fd, '\n', ret);
	dprintf(fd, "\r\n");
	(void)tcsetattr(fd, TCSANOW, &before);
	return r;
}

int kj_ask(const char *console, const char *prompt, struct kj_passphrase *ret,
	   struct kj_error *error)
{
	char *argv[] = { (char *)"systemd-ask-password", (char *)"--id=kjump",
			 (char *)"--timeout=0", (char *)prompt, NULL };
	const char *by = argv[0];
	int r;

	r = run(argv, ret);
	if (r == -ENOENT && plymouth_runs(ret)) {
		by = "plymouth";
		r = ask_plymouth(prompt, ret);
	} else if (r == -ENOENT) {
		by = console;
		r = ask_console(console, prompt, ret);
	}
	if (r > 0)
		r = -ENOKEY;
	if (r < 0)
		return kj_fail(error, r, "nobody could be asked for the passphrase (%s): %s",
			       by, strerror(-r));
	return 0;
}
