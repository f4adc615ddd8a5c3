// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ask.c: who asks for the passphrase, and that a terminal does not show it.
 *
 * With programs of the names that it looks for in a PATH of its own, and the
 * other end of a pseudo terminal for the person.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask.h"

#define PROMPT "Passphrase:"

static char folder[] = "/tmp/test-ask.XXXXXX";
static struct kj_passphrase answer;
static struct kj_error error;

static void program(const char *name, const char *script)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", script);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static void no_program(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static void assert_answer(const char *text)
{
	assert_int_equal(answer.len, strlen(text));
	assert_memory_equal(answer.text, text, answer.len);
}

static void systemd_is_asked_first(void **state)
{
	(void)state;
	program("systemd-ask-password", "echo \"$3 se cret\"");
	program("plymouth", "echo wrong");
	assert_int_equal(kj_ask("/dev/null", PROMPT, &answer, &error), 0);
	assert_answer(PROMPT " se cret");
}

static void one_who_fails_is_not_followed_by_another(void **state)
{
	(void)state;
	program("systemd-ask-password", "exit 1");
	assert_int_equal(kj_ask("/dev/null", PROMPT, &answer, &error), -ENOKEY);
	assert_non_null(strstr(error.text, "systemd-ask-password"));
}

static void plymouth_is_asked_when_it_runs(void **state)
{
	(void)state;
	no_program("systemd-ask-password");
	program("plymouth", "[ \"$1\" = --ping ] || printf '%s' \"$1 $2\"");
	assert_int_equal(kj_ask("/dev/null", PROMPT, &answer, &error), 0);
	assert_answer("ask-for-password --prompt=" PROMPT);
	program("plymouth", "exit 1");
	assert_int_equal(kj_ask("/dev/null", PROMPT, &answer, &error), -ENOTTY);
	assert_non_null(strstr(error.text, "/dev/null"));
}

struct person {
	int fd;
	const char *types;
	char sees[256];
	size_t len;
};

/* Reads until the prompt, types, and reads what comes then. */
static void *sit_there(void *arg)
{
	struct person *p = arg;
	bool typed = false;

	for (;;) {
		ssize_t n = read(p->fd, p->sees + p->len, sizeof(p->sees) - 1 - p->len);

		if (n <= 0)
			return NULL;
		p->len += (size_t)n;
		if (!typed && strstr(p->sees, PROMPT " ")) {
			typed = write(p->fd, p->types, strlen(p->types)) > 0;
			continue;
		}
		if (typed)
			return NULL;
	}
}

static void a_terminal_does_not_show_what_is_typed(void **state)
{
	struct person person = { .types = "secret word\r" };
	struct pollfd early = { .events = POLLIN };
	struct termios before, after;
	const char *name;
	pthread_t thread;
	int terminal;

	(void)state;
	no_program("systemd-ask-password");
	no_program("plymouth");
	person.fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(person.fd >= 0 && grantpt(person.fd) == 0 && unlockpt(person.fd) == 0);
	name = ptsname(person.fd);
	terminal = open(name, O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	/* The kernel passes it on when it has time: only then it can be dropped. */
	assert_int_equal(write(person.fd, "typed too early\r", 16), 16);
	early.fd = terminal;
	assert_int_equal(poll(&early, 1, -1), 1);
	assert_int_equal(tcgetattr(terminal, &before), 0);
	assert_true(before.c_lflag & ECHO);
	assert_int_equal(pthread_create(&thread, NULL, sit_there, &person), 0);
	assert_int_equal(kj_ask(name, PROMPT, &answer, &error), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_answer("secret word");
	assert_null(strstr(person.sees, "secret"));
	assert_int_equal(tcgetattr(terminal, &after), 0);
	assert_int_equal(after.c_lflag, before.c_lflag);
	close(terminal);
	close(person.fd);
}

static int prepare(void **state)
{
	(void)state;
	return mkdtemp(folder) ? setenv("PATH", folder, 1) : -1;
}

static int clean_up(void **state)
{
	(void)state;
	no_program("systemd-ask-password");
	no_program("plymouth");
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd_is_asked_first),
		cmocka_unit_test(one_who_fails_is_not_followed_by_another),
		cmocka_unit_test(plymouth_is_asked_when_it_runs),
		cmocka_unit_test(a_terminal_does_not_show_what_is_typed),
	};

	return cmocka_run_group_tests_name("ask", tests, prepare, clean_up);
}
