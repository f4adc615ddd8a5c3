// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process that can be seen to go on.  Runs in the guest (kernel A).
 *
 *   kj-counter FILE
 *
 * Ten times a second it writes a count and the seconds since it began to the
 * start of FILE, which it keeps open all the time.  Time that passed while
 * the machine was off does not count (CLOCK_MONOTONIC).
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	struct timespec began, now;
	char line[64];
	int fd, n;

	if (argc != 2) {
		fprintf(stderr, "usage: kj-counter FILE\n");
		return 1;
	}
	fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (unsigned long count = 1;; count++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		n = snprintf(line, sizeof(line), "%lu %ld %d\n", count,
			     (long)(now.tv_sec - began.tv_sec), getpid());
		if (pwrite(fd, line, n, 0) != n) {
			perror(argv[1]);
			return 1;
		}
		nanosleep(&pause, NULL);
	}
}
