// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration is read the way systemd's own programs read theirs, so that
 * an administrator who knows one knows the other: vendor settings in
 * /usr/lib, volatile ones in /run, the administrator's in /etc; a later line
 * wins over an earlier one.
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

static char *strip(char *s)
{
	size_t len;

	s += strspn(s, " \t\r\n");
	len = strlen(s);
	while (len && strchr(" \t\r\n", s[len - 1]))
		s[--len] = '\0';
	return s;
}

static void problem(const struct kj_ini_reader *reader, const char *file,
		    unsigned int line, const char *what)
{
	if (reader->problem)
		reader->problem(reader->ctx, file, line, what);
}

/* One line; *in_section says whether we are in the section wanted. */
static void parse_line(const struct kj_ini_reader *reader, const char *file,
		       unsigned int number, char *text, bool *in_section)
{
	char *line = strip(text), *equals;
	size_t len = strlen(line);

	if (!len || *line == '#' || *line == ';')
		return;
	if (*line == '[') {
		if (line[len - 1] != ']') {
			problem(reader, file, number, "section without \"]\"");
			return;
		}
		line[len - 1] = '\0';
		*in_section = strcmp(line + 1, reader->section) == 0;
		if (!*in_section)
			problem(reader, file, number, "unknown section, its lines are ignored");
		return;
	}
	equals = strchr(line, '=');
	if (!equals || equals == line) {
		problem(reader, file, number, "not a \"Key=Value\" line");
		return;
	}
	*equals = '\0';
	if (*in_section)
		reader->set(reader->ctx, file, number, strip(line), strip(equals + 1));
}

int kj_ini_read(const char *path, const struct kj_ini_reader *reader)
{
	kj_cleanup(fclose) FILE *f = fopen(path, "re");
	kj_autofree char *line = NULL;
	bool in_section = false;
	unsigned int number = 0;
	size_t size = 0;

	if (!f)
		return -errno;
	while (getline(&line, &size, f) >= 0)
		parse_line(reader, path, ++number, line, &in_section);
	return ferror(f) ? -EIO : 0;
}

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

static int dropins_collect(struct dropins *d, const char *dir)
{
	kj_cleanup(closedir) DIR *handle = opendir(dir);
	struct dirent *entry;

	if (!handle)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	while ((entry = readdir(handle))) {
		size_t len = strlen(entry->d_name);
		int r;

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
			r = dropins_collect(&found, dir);
		}
		if (r < 0 && !error)
			error = r;
	}
	if (found.n)
		qsort(found.list, found.n, sizeof(*found.list), compare_dropins);
	for (size_t i = 0; i < found.n; i++)
		note_result(kj_ini_read(found.list[i].path, reader), &n, &error);
	dropins_done(&found);
	return error ? error : n;
}
