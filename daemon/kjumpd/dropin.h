/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ini files and their drop-in directories.
 */
#ifndef KJ_DROPIN_H
#define KJ_DROPIN_H

/*
 * Who gets the contents.  set() is called for each "Key=Value" line of the
 * wanted section; value has no white space around it and may be empty.
 * problem() is called for each line that is none, and may be NULL.
 */
struct kj_ini_reader {
	const char *section;
	void (*set)(void *ctx, const char *file, unsigned int line,
		    const char *key, const char *value);
	void (*problem)(void *ctx, const char *file, unsigned int line,
			const char *what);
	void *ctx;
};

/**
 * kj_ini_read() - read one file
 *
 * Return: 0, or -errno when it cannot be read (-ENOENT: there is none).
 */
int kj_ini_read(const char *path, const struct kj_ini_reader *reader);

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
