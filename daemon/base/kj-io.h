/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole reads and writes, small files, sizes in words.
 */
#ifndef KJ_IO_H
#define KJ_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * kj_pread_full() / kj_pwrite_full() - transfer all of it
 *
 * Interrupted and short transfers go on.
 *
 * Return: 0, -ENODATA at the end of the file (read), or -errno.
 */
int kj_pread_full(int fd, void *buf, size_t len, off_t offset);
int kj_pwrite_full(int fd, const void *buf, size_t len, off_t offset);

/**
 * kj_read_file() - a whole small file, NUL-ended
 * @max: -EFBIG when the file is longer
 * @ret: malloc()ed
 * @ret_len: without the NUL; may be NULL
 */
int kj_read_file(const char *path, size_t max, char **ret, size_t *ret_len);

/**
 * kj_read_line() - first line of a small file, without its newline
 * @ret: malloc()ed
 */
int kj_read_line(const char *path, char **ret);

/**
 * kj_write_file_atomic() - replace a file by rename, flushed
 * @mode: of the new file
 */
int kj_write_file_atomic(const char *path, const void *data, size_t len,
			 mode_t mode);

/**
 * kj_write_string() - write to an existing (sysfs, procfs) file
 */
int kj_write_string(const char *path, const char *text);

/**
 * kj_parse_size() - "64M", "1G", "4096": bytes, powers of 1024
 *
 * Return: 0, -EINVAL, or -ERANGE.
 */
int kj_parse_size(const char *text, uint64_t *ret);

/**
 * kj_format_size() - "895.2 MiB"
 * @buf: at least 24 bytes
 *
 * Return: @buf.
 */
const char *kj_format_size(char *buf, size_t len, uint64_t bytes);

#endif /* KJ_IO_H */
