/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result of the last hibernation or test, kept over restarts and boots.
 */
#ifndef KJ_LAST_H
#define KJ_LAST_H

#include <stdint.h>

#include "reason.h"

#define KJ_LAST_FILE "/var/lib/kjump/last"

struct kj_last {
	char operation[16];		/* "hibernate", "test ping", "test write"; "": never */
	char result[KJ_REASON_TEXT_MAX];/* "ok", or why not; "": never */
	int error;			/* positive errno, 0: ok */
	uint64_t time_usec;		/* CLOCK_REALTIME of its end */
	uint64_t bytes, pages, zero_pages;
	uint64_t write_usec, read_usec, call_usec;
};

/**
 * kj_last_read() - from KJ_LAST_FILE; all zero when there is none
 */
void kj_last_read(struct kj_last *ret);

/**
 * kj_last_write() - to KJ_LAST_FILE
 *
 * Return: 0, or -errno.
 */
int kj_last_write(const struct kj_last *last);

#endif /* KJ_LAST_H */
