// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files are read as an administrator may have left them: saved by another
 * system's editor, cut short, a directory in the place of a file, or no text
 * at all.  Everything that is not taken is told with file and line, once; and
 * a file that others than root could have written is not taken at all, since
 * it says which kernel gets the machine.
 *
 * Runs in kernel A.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ini.h"
#include "kj-cleanup.h"

struct ini_file {
	const struct kj_ini_reader *reader;
	const char *path;
	unsigned int line;
	enum { BEFORE_SECTIONS, IN_SECTION, IN_OTHER_SECTION } where;
};

void kj_ini_problem(const struct kj_ini_reader *reader, const char *file,
		    unsigned int line, const char *format, ...)
{
	char text[512];
	va_list ap;

	if (!reader->problem)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	reader->problem(reader->ctx, file, line, text);
}

static char *strip(char *s)
{
	size_t len;

	s += strspn(s, " \t\r\n");
	len = strlen(s);
	while (len && strchr(" \t\r\n", s[len - 1]))
		s[--len] = '\0';
	return s;
}

static void parse_section(struct ini_file *f, char *line)
{
	size_t len = strlen(line);

	f->where = IN_OTHER_SECTION;
	if (line[len - 1] != ']') {
		kj_ini_problem(f->reader, f->path, f->line,
			       "section without \"]\", its lines are ignored");
		return;
	}
	line[len - 1] = '\0';
	if (strcmp(line + 1, f->reader->section) == 0)
		f->where = IN_SECTION;
	else
		kj_ini_problem(f->reader, f->path, f->line,
			       "unknown section \"%.64s\", its lines are ignored (the only one is [%s])",
			       line + 1, f->reader->section);
}

static void parse_line(struct ini_file *f, char *text)
{
	char *line = strip(text), *equals;

	if (!*line || *line == '#' || *line == ';')
		return;
	if (*line == '[') {
		parse_section(f, line);
		return;
	}
	equals = strchr(line, '=');
	if (!equals || equals == line) {
		kj_ini_problem(f->reader, f->path, f->line, "not a \"Key=Value\" line, it is ignored");
		return;
	}
	*equals = '\0';
	if (f->where == BEFORE_SECTIONS)
		kj_ini_problem(f->reader, f->path, f->line,
			       "\"%.64s=\" stands before any section and is ignored: put [%s] above it",
			       strip(line), f->reader->section);
	else if (f->where == IN_SECTION)
		f->reader->set(f->reader->ctx, f->path, f->line, strip(line), strip(equals + 1));
}

/* The first byte that is none of text, or -1. */
static int odd_byte(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] == 0x7f ||
		    ((unsigned char)line[i] < ' ' && !strchr("\t\r\n", line[i])) || !line[i])
			return (unsigned char)line[i];
	return -1;
}

/* Return: false when the file is not to be read on. */
static bool take_line(struct ini_file *f, char *line, size_t len)
{
	int odd;

	if (f->line == 1 && len >= 2 &&
	    (memcmp(line, "\xff\xfe", 2) == 0 || memcmp(line, "\xfe\xff", 2) == 0)) {
		kj_ini_problem(f->reader, f->path, f->line,
			       "the file is UTF-16 and is ignored: save it as UTF-8");
		return false;
	}
	odd = odd_byte(line, len);
	if (odd >= 0) {
		kj_ini_problem(f->reader, f->path, f->line,
			       "not a text file (byte 0x%02x), it is ignored from here on", odd);
		return false;
	}
	if (len >= KJ_INI_LINE_MAX) {
		kj_ini_problem(f->reader, f->path, f->line,
			       "the line is longer than %d bytes and is ignored", KJ_INI_LINE_MAX - 1);
		return true;
	}
	parse_line(f, f->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0 ?
		   line + 3 : line);
	return true;
}

int kj_ini_trusted(const struct kj_ini_reader *reader, int fd, const char *path,
		   const char *what)
{
	struct stat st;

	if (!reader->trusted || fstat(fd, &st) < 0)
		return 0;
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		kj_ini_problem(reader, path, 0,
			       "the %s belongs to user %u and not to root, it is ignored: chown root %s",
			       what, (unsigned int)st.st_uid, path);
		return -EPERM;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		kj_ini_problem(reader, path, 0,
			       "the %s can be written by others (mode %03o), it is ignored: chmod go-w %s",
			       what, (unsigned int)st.st_mode & 0777, path);
		return -EPERM;
	}
	return 0;
}

/* Return: 1 to read it, 0 for an empty one, -errno; problem() has been told. */
static int check_file(const struct kj_ini_reader *reader, int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		return 0;			/* a link to /dev/null masks */
	if (!S_ISREG(st.st_mode)) {
		kj_ini_problem(reader, path, 0, "is %s and not a file, it is ignored",
			       S_ISDIR(st.st_mode) ? "a directory" : "a device or pipe");
		return -EINVAL;
	}
	if (st.st_size > KJ_INI_SIZE_MAX) {
		kj_ini_problem(reader, path, 0, "is larger than %d KiB, it is ignored",
			       KJ_INI_SIZE_MAX / 1024);
		return -EFBIG;
	}
	return kj_ini_trusted(reader, fd, path, "file") < 0 ? -EPERM : 1;
}

int kj_ini_read(const char *path, const struct kj_ini_reader *reader)
{
	struct ini_file file = { .reader = reader, .path = path };
	kj_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	kj_cleanup(fclose) FILE *f = NULL;
	kj_autofree char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r;

	if (fd < 0) {
		r = -errno;
		if (r != -ENOENT)
			kj_ini_problem(reader, path, 0, "cannot be read and is ignored: %s",
				       strerror(-r));
		return r;
	}
	r = check_file(reader, fd, path);
	if (r <= 0)
		return r;
	f = fdopen(fd, "r");
	if (!f)
		return -ENOMEM;
	(void)KJ_TAKE_FD(fd);
	while ((len = getline(&line, &size, f)) >= 0) {
		file.line++;
		if (!take_line(&file, line, (size_t)len))
			break;
	}
	if (!ferror(f))
		return 0;
	kj_ini_problem(reader, path, file.line + 1, "cannot be read on: input/output error");
	return -EIO;
}
