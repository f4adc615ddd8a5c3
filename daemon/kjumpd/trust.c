// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel B sees all of the machine's memory, and nobody checks a signature of
 * it or of its initramfs.  Whoever can change one of those files, or put
 * another in its place, has the machine at the next hibernation: so they must
 * be root's all the way up.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kj-cleanup.h"
#include "trust.h"

/* "root" is whoever runs us; that is another in tests only. */
static bool is_root(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static int check_one(const char *path, bool directory, const char *what, const char *key,
		     struct kj_reason *reason)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_LOAD,
				     "%s %s cannot be examined: %m", what, path);
	if (!directory && !S_ISREG(st.st_mode))
		return kj_reason_set(reason, EINVAL, KJ_WHY_LOAD,
				     "%s %s is no regular file: correct %s in /etc/kjump.conf",
				     what, path, key);
	if (!is_root(st.st_uid))
		return kj_reason_set(reason, EPERM, KJ_WHY_LOAD,
				     "%s is not used: %s belongs to user %u, who could change it: chown root %s",
				     what, path, (unsigned int)st.st_uid, path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(directory && (st.st_mode & S_ISVTX)))
		return kj_reason_set(reason, EPERM, KJ_WHY_LOAD,
				     "%s is not used: %s can be written by others (mode %03o): chmod go-w %s",
				     what, path, (unsigned int)st.st_mode & 0777, path);
	return 0;
}

int kj_trust_check(const char *path, const char *what, const char *key,
		   struct kj_reason *reason)
{
	kj_autofree char *real = realpath(path, NULL);
	int r;

	if (!real)
		return kj_reason_set(reason, errno, KJ_WHY_LOAD,
				     "%s %s cannot be found: %m; correct %s in /etc/kjump.conf",
				     what, path, key);
	r = check_one(real, false, what, key, reason);
	for (char *slash; r == 0 && (slash = strrchr(real, '/')); ) {
		*slash = '\0';
		r = check_one(*real ? real : "/", true, what, key, reason);
	}
	return r;
}

/* Cuts the last name off. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

int kj_trust_private(const char *path, struct kj_reason *reason)
{
	kj_autofree char *real = realpath(path, NULL);
	struct stat file, st;

	if (!real || stat(real, &file) < 0)
		return kj_reason_set(reason, errno, KJ_WHY_TARGET,
				     "The target file %s cannot be examined: %m", path);
	if (!is_root(file.st_uid))
		return kj_reason_set(reason, EPERM, KJ_WHY_TARGET,
				     "The target file %s belongs to user %u, and all memory is written to it: chown root %s",
				     path, (unsigned int)file.st_uid, path);
	if (!(file.st_mode & 066))
		return 0;
	while (go_up(real))
		if (stat(real, &st) == 0 && is_root(st.st_uid) && !(st.st_mode & 011))
			return 0;
	return kj_reason_set(reason, EPERM, KJ_WHY_TARGET,
			     "The target file %s is open to others (mode %03o), and all memory is written to it: chmod 600 %s",
			     path, (unsigned int)file.st_mode & 0777, path);
}
