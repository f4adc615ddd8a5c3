// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A watchdog of the machine goes on counting while A is frozen and B writes.
 * B feeds it, if it knows which and with which timeout; its driver goes into
 * B's initramfs (kjump-mkinitrd looks for it in the same way).
 *
 * It is known by its identity, which each driver has; about half of them do
 * not tell sysfs which device is theirs.  softdog is a timer of A's kernel,
 * and sleeps with it.
 *
 * Runs in kernel A.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-word.h"
#include "watchdog.h"

#define CLASS "/sys/class/watchdog"
#define SOFTDOG "Software Watchdog"	/* drivers/watchdog/softdog.c */

static bool read_attribute(const char *root, const char *name, const char *attribute,
			   char **ret)
{
	char path[PATH_MAX];

	*ret = NULL;
	if (snprintf(path, sizeof(path), "%s" CLASS "/%s/%s", root, name, attribute) >=
	    (int)sizeof(path))
		return false;
	if (kj_read_line(path, ret) == 0)
		return true;
	*ret = NULL;
	return false;
}

static bool is_running(const char *root, const char *name, struct kj_watchdog *ret)
{
	kj_autofree char *state = NULL, *timeout = NULL, *identity = NULL;

	memset(ret, 0, sizeof(*ret));
	if (!read_attribute(root, name, "state", &state) || strcmp(state, "active") != 0 ||
	    !read_attribute(root, name, "timeout", &timeout) ||
	    !read_attribute(root, name, "identity", &identity) ||
	    strcmp(identity, SOFTDOG) == 0 || strlen(identity) >= sizeof(ret->name))
		return false;
	kj_word_make(identity);
	strcpy(ret->name, identity);
	ret->timeout_sec = (unsigned int)strtoul(timeout, NULL, 10);
	return ret->timeout_sec > 0 && *ret->name;
}

bool kj_watchdog_find(const char *root, struct kj_watchdog *ret)
{
	struct dirent **names;
	char path[PATH_MAX];
	bool found = false;
	int n;

	snprintf(path, sizeof(path), "%s" CLASS, root);
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (!found && names[i]->d_name[0] != '.')
			found = is_running(root, names[i]->d_name, ret);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found;
}
