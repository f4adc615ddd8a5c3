/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line on the console that says how far it is.
 */
#ifndef KJ_CONSOLE_H
#define KJ_CONSOLE_H

#include <stdint.h>

#include "kj-image.h"

struct kj_console {
	const char *what;		/* "writing the image" */
	int fd;
	uint64_t start_usec;
	uint64_t shown_usec;
};

/** kj_now_usec() - CLOCK_MONOTONIC */
uint64_t kj_now_usec(void);

/** kj_console_open() - begin; without a console nothing is shown */
void kj_console_open(struct kj_console *console, const char *what);
void kj_console_close(struct kj_console *console);

/** kj_console_progress() - for the engine; at most 5 lines a second */
struct kj_progress kj_console_progress(struct kj_console *console);

#endif /* KJ_CONSOLE_H */
