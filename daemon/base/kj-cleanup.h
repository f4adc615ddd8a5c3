/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cleanup attributes: what a scope owns is freed when it is left.  goto only
 * undoes changes of the system, never memory.
 */
#ifndef KJ_CLEANUP_H
#define KJ_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KJ_DEFINE_CLEANUP(type, function)				\
	static inline void function##_p(type *p)			\
	{								\
		if (*p)							\
			function(*p);					\
	}

#define kj_cleanup(function) __attribute__((cleanup(function##_p)))

static inline void kj_free_p(void *p)
{
	free(*(void **)p);
}

static inline void kj_close_p(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

KJ_DEFINE_CLEANUP(FILE *, fclose)
KJ_DEFINE_CLEANUP(DIR *, closedir)

#define kj_autofree __attribute__((cleanup(kj_free_p)))
#define kj_autoclose __attribute__((cleanup(kj_close_p)))

#define KJ_TAKE_PTR(p)					\
	({						\
		__typeof__(p) kj_taken_ = (p);		\
		(p) = NULL;				\
		kj_taken_;				\
	})

#define KJ_TAKE_FD(fd)					\
	({						\
		int kj_taken_ = (fd);			\
		(fd) = -EBADF;				\
		kj_taken_;				\
	})

#endif /* KJ_CLEANUP_H */
