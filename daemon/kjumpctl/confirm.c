// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nothing is guessed where nobody can be asked: a script has to say --yes.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confirm.h"

/* Not from prompt.c, whose answers are secret and not echoed. */
static int ask(const char *question, char *answer, int size, struct kj_reason *reason)
{
	if (!isatty(STDIN_FILENO))
		return kj_reason_set(reason, ENOTTY, KJ_WHY_CONFIG,
				     "Standard input is no terminal, where this could be asked: \"%s\"; use --yes", question);
	fprintf(stderr, "%s ", question);
	if (!fgets(answer, size, stdin))
		*answer = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return 0;
}

static int cancelled(struct kj_reason *reason)
{
	return kj_reason_set(reason, ECANCELED, KJ_WHY_CONFIG, "Nothing was changed");
}

int kj_confirm(const char *question, bool yes, struct kj_reason *reason)
{
	char answer[64];
	int r;

	if (yes)
		return 0;
	r = ask(question, answer, sizeof(answer), reason);
	if (r < 0)
		return r;
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0 ?
	       0 : cancelled(reason);
}

int kj_choose(const char *question, int n, struct kj_reason *reason)
{
	char answer[64], *end;
	long number;
	int r = ask(question, answer, sizeof(answer), reason);

	if (r < 0)
		return r;
	number = strtol(answer, &end, 10);
	return *answer && !*end && number >= 1 && number <= n ? (int)number : cancelled(reason);
}
