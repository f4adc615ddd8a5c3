/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hibernations that nobody came back from.
 */
#ifndef KJ_LOST_H
#define KJ_LOST_H

#include <stdbool.h>
#include <stddef.h>

#include "last.h"

/**
 * kj_lost_mark() - the last result is, from now on, that this system was lost
 *
 * To be called before the HIBERNATE; whoever comes back writes another result.
 */
void kj_lost_mark(void);

/**
 * kj_lost_look() - was one lost?  Then @last says so from now on, also on disk
 * @last: as kj_last_read() found it
 *
 * The reason is that of kjump-resume in this boot.
 *
 * Return: whether this boot is the first to know.
 */
bool kj_lost_look(struct kj_last *last);

/**
 * kj_lost_text() - the sentence
 * @resume: contents of kjump-resume's file, or NULL
 */
void kj_lost_text(const char *resume, char *text, size_t size);

#endif /* KJ_LOST_H */
