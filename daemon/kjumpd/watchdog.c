// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A watchdog of the machine goes on counting while A is frozen and B writes.
 * B feeds it, if it knows which and with which timeout; its driver goes into
 * B's initramfs (kjump-mkinitrd looks for it in the same way).
 *
 * A watchdog without a device behind it (softdog) is a timer of A's kernel,
 * and sleeps with it.
 *
 * Runs in kernel A.
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "watchdog.h"

#define CLASS "/sys/class/watchdog"

/* The last part of where a link leads. */
static bool read_place(const char *root, const char *name, const char *link,
		       char *buf, size_t size)
{
	char path[PATH_MAX], place[PATH_MAX];
	const char *last;

	if (snprintf(path, sizeof(path), "%s" CLASS "/%s/%s", root, name, link) >=
	    (int)sizeof(path) || !realpath(path, place))
		return false;
	last = basename(place);
	if (strlen(last) >= size || strpbrk(last, " \t\n\""))
		return false;
	strcpy(buf, last);
	return true;
}

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
	kj_autofree char *state = NULL, *timeout = NULL;

	memset(ret, 0, sizeof(*ret));
	if (!read_attribute(root, name, "state", &state) || strcmp(state, "active") != 0 ||
	    !read_attribute(root, name, "timeout", &timeout))
		return false;
	ret->timeout_sec = (unsigned int)strtoul(timeout, NULL, 10);
	if (ret->timeout_sec == 0 ||
	    !read_place(root, name, "device", ret->device, sizeof(ret->device)))
		return false;
	if (!read_place(root, name, "device/driver/module", ret->module, sizeof(ret->module)))
		ret->module[0] = '\0';
	return true;
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
