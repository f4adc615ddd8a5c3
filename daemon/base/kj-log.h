/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of programs.  Libraries do not log.
 *
 * The sink is set once at start: stderr with "<N>" prefixes when it is the
 * journal (kjumpd, kjump-sleep, kjump-resume), /dev/kmsg in B.
 */
#ifndef KJ_LOG_H
#define KJ_LOG_H

#include <errno.h>
#include <stdarg.h>
#include <syslog.h>

/* Called for each message, without a newline; any thread. */
typedef void (*kj_log_sink)(int level, const char *text);

void kj_log_set_sink(kj_log_sink sink);		/* default: kj_log_stderr */
void kj_log_set_max_level(int level);		/* default: LOG_INFO */
void kj_log_stderr(int level, const char *text);
void kj_log_kmsg(int level, const char *text);	/* prefix: program's name */

__attribute__((format(printf, 2, 3)))
void kj_log(int level, const char *format, ...);

/**
 * kj_log_errno() - log, with %m being @error's text
 * @error: errno, positive or negative
 *
 * Return: -abs(@error), so that "return kj_log_errno(...)" reads well.
 */
__attribute__((format(printf, 3, 4)))
int kj_log_errno(int level, int error, const char *format, ...);

#define kj_debug(...)   kj_log(LOG_DEBUG, __VA_ARGS__)
#define kj_info(...)    kj_log(LOG_INFO, __VA_ARGS__)
#define kj_notice(...)  kj_log(LOG_NOTICE, __VA_ARGS__)
#define kj_warning(...) kj_log(LOG_WARNING, __VA_ARGS__)
#define kj_error_errno(error, ...) kj_log_errno(LOG_ERR, error, __VA_ARGS__)
#define kj_warning_errno(error, ...) kj_log_errno(LOG_WARNING, error, __VA_ARGS__)
#define kj_err(...)     kj_log(LOG_ERR, __VA_ARGS__)

#endif /* KJ_LOG_H */
