/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Progress on the splash screen (plymouth).
 */
#ifndef KJ_SPLASH_H
#define KJ_SPLASH_H

#include <stddef.h>

#define KJ_SPLASH_ADDRESS "/org/freedesktop/plymouthd"	/* abstract */

/**
 * kj_splash_open() - begin
 * @address: KJ_SPLASH_ADDRESS, or another abstract one (tests)
 *
 * Return: a descriptor for the rest, or a negative errno: there is no splash
 * screen.
 */
int kj_splash_open(const char *address);

/**
 * kj_splash_show() - a text instead of another one, and how far it is
 * @fd: what is negative is ignored
 * @before: what was shown until now; NULL: nothing
 * @text: cut off after 250 bytes
 * @percent: 0 to 100
 *
 * Does not wait, and its failure does not matter.
 */
void kj_splash_show(int fd, const char *before, const char *text, unsigned int percent);

/** kj_splash_packet() - one request; returns its length, 0: does not fit */
size_t kj_splash_packet(char type, const char *text, char *buf, size_t size);

/** kj_splash_close() - take the text back; NULL: there is none */
void kj_splash_close(int fd, const char *text);

#endif /* KJ_SPLASH_H */
