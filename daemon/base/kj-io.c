// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole reads and writes, small files, sizes in words; for A, B and C.
 *
 * Everything here goes on after EINTR and after short transfers, so that no
 * caller has to.  A file that matters is replaced, never overwritten: written
 * beside its place, flushed, renamed, and the directory flushed too.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-io.h"

#define READ_STEP 4096u

int kj_pread_full(int fd, void *buf, size_t len, off_t offset)
{
	char *p = buf;

	while (len > 0) {
		ssize_t n = pread(fd, p, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		p += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

int kj_pwrite_full(int fd, const void *buf, size_t len, off_t offset)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

static int write_full(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* stat() says 0 or 4096 for files of sysfs and procfs: read until the end. */
int kj_read_file(const char *path, size_t max, char **ret, size_t *ret_len)
{
	kj_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	kj_autofree char *buf = NULL;
	size_t size = 0, used = 0;

	if (fd < 0)
		return -errno;

	for (;;) {
		ssize_t n;

		if (size - used < 2) {
			size_t bigger = size ? size * 2 : READ_STEP;
			char *p = realloc(buf, bigger);

			if (!p)
				return -ENOMEM;
			buf = p;
			size = bigger;
		}
		n = read(fd, buf + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return -EFBIG;
	}

	buf[used] = '\0';
	if (ret_len)
		*ret_len = used;
	*ret = KJ_TAKE_PTR(buf);
	return 0;
}

int kj_read_line(const char *path, char **ret)
{
	char *text;
	int r;

	r = kj_read_file(path, 64 * 1024, &text, NULL);
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	*ret = text;
	return 0;
}

static int flush_directory_of(const char *path)
{
	kj_autofree char *dir = strdup(path);
	kj_autoclose int fd = -EBADF;
	char *slash;

	if (!dir)
		return -ENOMEM;
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir ? 1 : 0] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int kj_write_file_atomic(const char *path, const void *data, size_t len,
			 mode_t mode)
{
	kj_autofree char *temporary = NULL;
	kj_autoclose int fd = -EBADF;
	int r;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;

	r = write_full(fd, data, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
		       rename(temporary, path) < 0))
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return r;
	}
	return flush_directory_of(path);
}

/* One write(2): sysfs takes each as a whole value. */
int kj_write_string(const char *path, const char *text)
{
	kj_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int kj_parse_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGTPE";
	unsigned int shift = 0;
	uintmax_t n;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	n = strtoumax(text, &end, 10);
	if (errno == ERANGE || n > UINT64_MAX)
		return -ERANGE;

	if (*end) {
		const char *unit = strchr(units, toupper((unsigned char)*end));

		if (unit)
			shift = 10 * (unsigned int)(unit - units + 1);
		else if (toupper((unsigned char)*end) != 'B')
			return -EINVAL;
		end++;
		if (unit && strcmp(end, "iB") == 0)
			end += 2;
		else if (unit && strcmp(end, "B") == 0)
			end += 1;
		if (*end)
			return -EINVAL;
	}
	if (n > UINT64_MAX >> shift)
		return -ERANGE;
	*ret = (uint64_t)n << shift;
	return 0;
}

const char *kj_format_size(char *buf, size_t len, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB",
					     "PiB", "EiB" };
	double value = (double)bytes;
	unsigned int i = 0;

	while (value >= 1024 && i + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		i++;
	}
	snprintf(buf, len, i ? "%.1f %s" : "%.0f %s", value, units[i]);
	return buf;
}
