/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One ini file.
 */
#ifndef KJ_INI_H
#define KJ_INI_H

#include <stdbool.h>

#define KJ_INI_SIZE_MAX	(256 * 1024)	/* bytes of a file */
#define KJ_INI_LINE_MAX	4096		/* bytes of a line, its newline included */

/*
 * Who gets the contents.  set() is called for each "Key=Value" line of the
 * wanted section; value has no white space around it and may be empty.
 * problem() is called for each line that is none, with line 0 for a file that
 * is not read at all, and may be NULL.
 */
struct kj_ini_reader {
	const char *section;
	bool trusted;		/* refuse files that another user could write */
	void (*set)(void *ctx, const char *file, unsigned int line,
		    const char *key, const char *value);
	void (*problem)(void *ctx, const char *file, unsigned int line,
			const char *what);
	void *ctx;
};

/**
 * kj_ini_read() - read one file
 *
 * A UTF-8 byte order mark, CR before LF and a missing last newline are
 * accepted.  What is not text ends the reading where it begins.
 *
 * Return: 0, or -errno when it cannot be read (-ENOENT: there is none, the
 * only one that problem() is not told of).
 */
int kj_ini_read(const char *path, const struct kj_ini_reader *reader);

/** kj_ini_problem() - tell reader->problem(), if there is one */
__attribute__((format(printf, 4, 5)))
void kj_ini_problem(const struct kj_ini_reader *reader, const char *file,
		    unsigned int line, const char *format, ...);

/**
 * kj_ini_trusted() - could a user other than root and ours write there?
 * @fd: a file or a directory
 * @what: "file" or "directory"
 *
 * Return: 0, or -EPERM; problem() has been told.
 */
int kj_ini_trusted(const struct kj_ini_reader *reader, int fd, const char *path,
		   const char *what);

#endif /* KJ_INI_H */
