// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * splash.c, with this test as the splash screen.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "splash.h"

static char address[64];

static int listen_at_address(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address, sizeof(address), "/kjump-test/%d", getpid());
	memcpy(name.sun_path + 1, address, strlen(address));
	assert_int_equal(bind(fd, (struct sockaddr *)&name,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					  strlen(address))), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void a_request_is_a_type_and_a_text(void **state)
{
	char buf[300], text[300];

	(void)state;
	assert_int_equal(kj_splash_packet('M', "Hi", buf, sizeof(buf)), 6);
	assert_memory_equal(buf, "M\002\003Hi\0", 6);
	assert_int_equal(kj_splash_packet('M', "Hi", buf, 5), 0);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(kj_splash_packet('M', text, buf, sizeof(buf)), 254);
	assert_int_equal((unsigned char)buf[2], 251);
	assert_int_equal(buf[253], 0);
}

static void text_and_percentage_arrive(void **state)
{
	static const char expected[] = "M\002\003at\0u\002\00342\0m\002\003at\0M\002\003on\0u\002\00343\0m\002\003on";
	int server = listen_at_address(), client = kj_splash_open(address);
	char got[64] = "";
	int peer;

	(void)state;
	assert_true(client >= 0);
	peer = accept(server, NULL, NULL);
	kj_splash_show(client, NULL, "at", 42);
	kj_splash_show(client, "at", "on", 43);
	kj_splash_close(client, "on");
	assert_int_equal(recv(peer, got, sizeof(got), MSG_WAITALL), sizeof(expected));
	assert_memory_equal(got, expected, sizeof(expected));
	close(peer);
	close(server);
}

/* It neither waits nor dies. */
static void a_splash_screen_that_does_not_listen_is_no_trouble(void **state)
{
	int server = listen_at_address(), client = kj_splash_open(address);
	int peer = accept(server, NULL, NULL);

	(void)state;
	for (int i = 0; i < 100000; i++)
		kj_splash_show(client, NULL, "reading", 42);
	close(peer);
	close(server);
	kj_splash_show(client, NULL, "reading", 42);
	kj_splash_close(client, "reading");
}

static void without_one_nothing_happens(void **state)
{
	(void)state;
	assert_int_equal(kj_splash_open("/kjump-test/none"), -ECONNREFUSED);
	kj_splash_show(-ECONNREFUSED, NULL, "reading", 42);
	kj_splash_close(-ECONNREFUSED, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_a_type_and_a_text),
		cmocka_unit_test(text_and_percentage_arrive),
		cmocka_unit_test(a_splash_screen_that_does_not_listen_is_no_trouble),
		cmocka_unit_test(without_one_nothing_happens),
	};

	return cmocka_run_group_tests_name("splash", tests, NULL, NULL);
}
