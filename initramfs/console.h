/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line on the consoles, and on a splash screen, that says how far it is; and
 * Escape.
 */
#ifndef KJ_CONSOLE_H
#define KJ_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "kj-image.h"

#define KJ_CONSOLES_MAX 4

struct kj_console {
	const char *what;		/* "writing the image" */
	unsigned int n;
	int fds[KJ_CONSOLES_MAX];
	struct termios before[KJ_CONSOLES_MAX];
	bool cancelable;
	uint64_t start_usec;
	uint64_t shown_usec;
	int splash;			/* of splash.h; negative: none */
	char on_splash[96];		/* "": nothing */
};

/** kj_now_usec() - CLOCK_MONOTONIC */
uint64_t kj_now_usec(void);

/**
 * kj_console_open() - begin; without a console nothing is shown
 * @cancelable: Escape on any console ends it, with -ECANCELED
 */
void kj_console_open(struct kj_console *console, const char *what, bool cancelable);
void kj_console_close(struct kj_console *console);

/** kj_console_progress() - for the engine; at most 5 lines a second */
struct kj_progress kj_console_progress(struct kj_console *console);

/**
 * kj_is_escape() - is the key Escape in what was typed?
 *
 * Cursor and function keys send sequences that begin with the same byte.
 */
bool kj_is_escape(const char *typed, size_t len);

#endif /* KJ_CONSOLE_H */
