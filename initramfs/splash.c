// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A person who waits looks at a splash screen, behind which the consoles are
 * hidden.  Runs in kernel C.
 *
 * plymouthd's own protocol, as plymouth(1) and systemd speak it: no process has
 * to be started, for which there may be no memory.  A request is
 *
 *      type, 2, length of the text with its NUL, text, NUL
 *
 * and is answered by a byte, which nobody waits for.  "M" shows a message, "m"
 * hides it, "u" is a percentage, which some themes show as a bar.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "splash.h"

#define ARGUMENT 2
#define TEXT_MAX 250

int kj_splash_open(const char *address)
{
	kj_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	size_t len = strlen(address);

	if (fd < 0)
		return -errno;
	if (len >= sizeof(name.sun_path))
		return -ENAMETOOLONG;
	memcpy(name.sun_path + 1, address, len);
	if (connect(fd, (struct sockaddr *)&name,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0)
		return -errno;
	return KJ_TAKE_FD(fd);
}

size_t kj_splash_packet(char type, const char *text, char *buf, size_t size)
{
	size_t len = strnlen(text, TEXT_MAX);

	if (size < len + 4)
		return 0;
	buf[0] = type;
	buf[1] = ARGUMENT;
	buf[2] = (char)(len + 1);
	memcpy(buf + 3, text, len);
	buf[3 + len] = '\0';
	return len + 4;
}

static void request(int fd, char type, const char *text)
{
	char packet[TEXT_MAX + 4], answers[64];
	size_t len = kj_splash_packet(type, text, packet, sizeof(packet));

	while (recv(fd, answers, sizeof(answers), MSG_DONTWAIT) > 0)
		;
	(void)!send(fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void kj_splash_show(int fd, const char *before, const char *text, unsigned int percent)
{
	char number[16];

	if (fd < 0)
		return;
	snprintf(number, sizeof(number), "%u", percent);
	if (before)
		request(fd, 'm', before);
	request(fd, 'M', text);
	request(fd, 'u', number);
}

void kj_splash_close(int fd, const char *text)
{
	if (fd < 0)
		return;
	if (text)
		request(fd, 'm', text);
	close(fd);
}
