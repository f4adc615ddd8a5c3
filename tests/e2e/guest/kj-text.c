// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Says where the running kernel's text is: KASLR moves it at each boot.
 *
 *   kj-text FILE         appends "kj-text: ADDRESS"
 *
 * Runs in kernel A by a test's order, and in each boot's initramfs (C) with
 * the console as FILE, because C is gone when a test could ask it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	char address[32], type, name[256], line[64];
	int fd, n;

	fd = argc == 2 ? open(argv[1], O_WRONLY | O_APPEND | O_NOCTTY) : -1;
	if (fd < 0 || !symbols) {
		fprintf(stderr, "kj-text: cannot open FILE or /proc/kallsyms\n");
		return 1;
	}
	while (fscanf(symbols, "%31s %c %255s%*[^\n]", address, &type, name) == 3) {
		if (strcmp(name, "_text") != 0)
			continue;
		n = snprintf(line, sizeof(line), "\r\nkj-text: %s\n", address);
		return write(fd, line, n) == n ? 0 : 1;
	}
	fprintf(stderr, "kj-text: no _text in /proc/kallsyms\n");
	return 1;
}
