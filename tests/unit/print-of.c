// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The print of a file system, for tests that have real ones:
 *
 *      print-of TYPE exact|stable DEVICE-OR-IMAGE     prints it in hexadecimal
 *
 * DEVICE-OR-IMAGE may end in +BYTES: that is where the file system begins.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kj-print.h"

struct image {
	int fd;
	uint64_t start;
};

static long read_image(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct image *image = ctx;
	ssize_t n = pread(image->fd, buf, len, (off_t)(image->start + offset));

	return n < 0 ? -errno : n;
}

int main(int argc, char *argv[])
{
	struct image image = { -1, 0 };
	const struct kj_print_source source = { &image, read_image };
	struct kj_print print = { 0 };
	enum kj_print_grade grade;
	uint8_t digest[KJ_PRINT_SIZE];
	char *plus;
	int r;

	if (argc != 4)
		errx(2, "usage: %s TYPE exact|stable IMAGE[+BYTES]", argv[0]);
	grade = strcmp(argv[2], "exact") == 0 ? KJ_GRADE_EXACT : KJ_GRADE_STABLE;
	plus = strrchr(argv[3], '+');
	if (plus) {
		*plus = '\0';
		image.start = strtoull(plus + 1, NULL, 10);
	}
	image.fd = open(argv[3], O_RDONLY | O_CLOEXEC);
	if (image.fd < 0)
		err(1, "%s", argv[3]);
	/* A mounted device is read past its cache, as kjump does. */
	if (!plus && strncmp(argv[3], "/dev/", 5) == 0) {
		close(image.fd);
		image.fd = open(argv[3], O_RDONLY | O_CLOEXEC | O_DIRECT);
		print.rule = kj_le16_of((uint16_t)kj_print_rule_of(argv[1]));
		r = kj_print_take_fd(&print, grade, image.fd, digest);
	} else {
		r = kj_print_take(kj_print_rule_of(argv[1]), grade, &source, digest);
	}
	if (r < 0) {
		errno = -r;
		err(1, "%s", argv[3]);
	}
	for (size_t i = 0; i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	putchar('\n');
	return 0;
}
