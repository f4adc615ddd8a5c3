// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words of the kernel's command line.  Runs in kernels B and C.
 *
 * Words are separated by white space.  Quotes are not looked at: no word that
 * kjump reads can hold a blank.  Everything after "--" is for init alone but
 * still on /proc/cmdline, and is read like the rest.
 */
#include <string.h>

#include "cmdline.h"

#define BLANKS " \t\n"

/* The next word at or after @*p: its length, 0 at the end. */
static size_t next_word(const char **p)
{
	*p += strspn(*p, BLANKS);
	return strcspn(*p, BLANKS);
}

bool kj_cmdline_has(const char *cmdline, const char *word)
{
	size_t n, len = strlen(word);

	for (const char *p = cmdline; (n = next_word(&p)) > 0; p += n)
		if (n == len && memcmp(p, word, len) == 0)
			return true;
	return false;
}

bool kj_cmdline_get(const char *cmdline, const char *key, char *value,
		    size_t size)
{
	size_t n, len = strlen(key);
	bool found = false;

	for (const char *p = cmdline; (n = next_word(&p)) > 0; p += n) {
		if (n <= len || memcmp(p, key, len) != 0 || p[len] != '=')
			continue;
		found = n - len - 1 < size;
		if (!found)
			continue;
		memcpy(value, p + len + 1, n - len - 1);
		value[n - len - 1] = '\0';
	}
	return found;
}
