/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ini files and their drop-in directories.
 */
#ifndef KJ_DROPIN_H
#define KJ_DROPIN_H

#include "ini.h"

/**
 * kj_dropin_read() - read a file and its drop-ins, least important first
 * @root: "" or a directory that stands for / (tests)
 * @name: "kjump.conf", "systemd/sleep.conf"
 *
 * The main file is the first that exists of /etc, /run, /usr/lib.  Then come
 * the NAME.d/ *.conf of all three, sorted by file name; of files of the same
 * name only the one in the most important directory is read, so that a link
 * to /dev/null in /etc masks a vendor's.
 *
 * Return: number of files read, or -errno of the first that could not be read
 * although it is there (the others are read nevertheless).
 */
int kj_dropin_read(const char *root, const char *name,
		   const struct kj_ini_reader *reader);

#endif /* KJ_DROPIN_H */
