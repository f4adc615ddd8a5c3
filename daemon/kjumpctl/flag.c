// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One option, given or not.
 *
 * Runs in kernel A.
 */
#include "flag.h"

struct flag {
	int key;
	bool given;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct flag *flag = state->input;

	(void)arg;
	if (key != flag->key)
		return ARGP_ERR_UNKNOWN;
	flag->given = true;
	return 0;
}

bool kj_parse_flag(int argc, char **argv, const struct argp_option *options, const char *doc)
{
	const struct argp argp = { .options = options, .parser = parse_option, .doc = doc };
	struct flag flag = { .key = options->key };

	argp_parse(&argp, argc, argv, 0, NULL, &flag);
	return flag.given;
}
