// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration is read the way systemd's own programs read theirs, so that
 * an administrator who knows one knows the other: vendor settings in
 * /usr/lib, volatile ones in /run, the administrator's in /etc; a later line
 * wins over an earlier one.  A drop-in's directory that others could write to
 * is as bad as such a file, and ignored as a whole.
 *
 * The same reader serves /etc/kjump.conf (kjumpd, kjumpctl), systemd's
 * sleep.conf (kjump-sleep) and kjumpd's own record of its last result.
 *
 * Runs in kernel A.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dropin.h"
#include "kj-cleanup.h"

/* Most important first. */
static const char *const config_dirs[] = { "/etc", "/run", "/usr/lib" };
#define N_DIRS (sizeof(config_dirs) / sizeof(config_dirs[0]))

/* Drop-ins found: name is what they are sorted by and what masks. */
struct dropin {
	char *name;
	char *path;
};

struct dropins {
	struct dropin *list;
	size_t n;
};

static void dropins_done(struct dropins *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->list[i].name);
		free(d->list[i].path);
	}
	free(d->list);
}

static bool dropins_has(const struct dropins *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->list[i].name, name) == 0)
			return true;
	return false;
}

static int dropins_add(struct dropins *d, const char *dir, const char *name)
{
	kj_autofree char *path = NULL, *copy = strdup(name);
	struct dropin *list;

	if (!copy || asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	list = realloc(d->list, (d->n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	d->list = list;
	d->list[d->n++] = (struct dropin){ KJ_TAKE_PTR(copy), KJ_TAKE_PTR(path) };
	return 0;
}

static int dropins_collect(struct dropins *d, const char *dir,
			   const struct kj_ini_reader *reader)
{
	kj_cleanup(closedir) DIR *handle = opendir(dir);
	struct dirent *entry;
	int r;

	if (!handle) {
		r = errno == ENOENT ? 0 : -errno;
		if (r < 0)
			kj_ini_problem(reader, dir, 0, "cannot be read and is ignored: %s",
				       strerror(-r));
		return r;
	}
	r = kj_ini_trusted(reader, dirfd(handle), dir, "directory");
	if (r < 0)
		return r;
	while ((entry = readdir(handle))) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || len < 6 ||
		    strcmp(entry->d_name + len - 5, ".conf") != 0 ||
		    dropins_has(d, entry->d_name))
			continue;
		r = dropins_add(d, dir, entry->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare_dropins(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->name,
		      ((const struct dropin *)b)->name);
}

/* Counts a file that was read, keeps the first error of one that was not. */
static void note_result(int r, int *n, int *error)
{
	if (r >= 0)
		++*n;
	else if (r != -ENOENT && !*error)
		*error = r;
}

static void read_main_file(const char *root, const char *name,
			   const struct kj_ini_reader *reader, int *n, int *error)
{
	for (size_t i = 0; i < N_DIRS; i++) {
		kj_autofree char *path = NULL;
		int r;

		if (asprintf(&path, "%s%s/%s", root, config_dirs[i], name) < 0) {
			path = NULL;
			note_result(-ENOMEM, n, error);
			return;
		}
		r = kj_ini_read(path, reader);
		note_result(r, n, error);
		if (r != -ENOENT)
			return;
	}
}

int kj_dropin_read(const char *root, const char *name,
		   const struct kj_ini_reader *reader)
{
	struct dropins found = { 0 };
	int n = 0, error = 0, r;

	read_main_file(root, name, reader, &n, &error);
	for (size_t i = 0; i < N_DIRS; i++) {
		kj_autofree char *dir = NULL;

		if (asprintf(&dir, "%s%s/%s.d", root, config_dirs[i], name) < 0) {
			dir = NULL;
			r = -ENOMEM;
		} else {
			r = dropins_collect(&found, dir, reader);
		}
		if (r < 0 && !error)
			error = r;
	}
	if (found.n)
		qsort(found.list, found.n, sizeof(*found.list), compare_dropins);
	for (size_t i = 0; i < found.n; i++) {
		r = kj_ini_read(found.list[i].path, reader);
		if (r == -ENOENT)
			kj_ini_problem(reader, found.list[i].path, 0, "is a link to nothing");
		note_result(r, &n, &error);
	}
	dropins_done(&found);
	return error ? error : n;
}
