/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small tree of directories under /tmp that stands for /, and what was logged
 * meanwhile; for one test program.  Include it after cmocka.h.
 */
#ifndef KJ_TEST_TREE_H
#define KJ_TEST_TREE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kj-log.h"

static char root[32];
static char logged[16384];

static void keep_log(int level, const char *text)
{
	assert_int_equal(level, LOG_WARNING);
	strncat(logged, text, sizeof(logged) - strlen(logged) - 2);
	strcat(logged, "\n");
}

/* A shell command, in the tree. */
static inline void run(const char *command)
{
	char text[1024];

	assert_true(snprintf(text, sizeof(text), "cd %s && %s", root, command) <
		    (int)sizeof(text));
	assert_int_equal(system(text), 0);
}

/* Return: 0, or -1 as a setup function does. */
static int make_tree(const char *command)
{
	umask(022);
	logged[0] = '\0';
	strcpy(root, "/tmp/kj-test-tree.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	kj_log_set_sink(keep_log);
	run(command);
	return 0;
}

/* Also a teardown function. */
static int remove_tree(void **state)
{
	(void)state;
	run("rm -r -- \"$PWD\"");
	return 0;
}

#endif /* KJ_TEST_TREE_H */
