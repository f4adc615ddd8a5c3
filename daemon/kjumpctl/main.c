// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl: the user's hand on kjump.  A table of verbs, one file for each.
 *
 * Most verbs only ask kjumpd over D-Bus.  "target", "key" and "inspect" do
 * their work themselves, so that they also serve where no kjumpd runs (a chroot, a
 * rescue system).
 *
 * Runs in kernel A.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "kj-cleanup.h"
#include "verbs.h"

const char *argp_program_version = "kjumpctl " KJ_VERSION;

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{ "status",    verb_status,    "Show what kjump has, holds and did last" },
	{ "setup",     verb_setup,     "Make this machine ready to hibernate" },
	{ "check",     verb_check,     "Check everything that hibernation needs" },
	{ "hibernate", verb_hibernate, "Hibernate now (see also systemctl hibernate)" },
	{ "test",      verb_test,      "Call the second kernel and come back" },
	{ "load",      verb_load,      "Load the second kernel, as far as Preload= says" },
	{ "unload",    verb_unload,    "Give the second kernel's memory back" },
	{ "reload",    verb_reload,    "Take a changed configuration over" },
	{ "key",       verb_key,       "Make the key for encrypted images" },
	{ "target",    verb_target,    "Show where the image goes" },
	{ "inspect",   verb_inspect,   "Show what image is on the target" },
	{ "discard",   verb_discard,   "Make the target say that there is no image" },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* Adds the verbs to --help. */
static char *filter_help(int key, const char *text, void *input)
{
	char *buf = NULL;
	size_t size;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	f = open_memstream(&buf, &size);
	if (!f)
		return (char *)text;
	fputs("Verbs:\n", f);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(f, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	fputs("\n\"kjumpctl VERB --help\" tells more; see also kjumpctl(1).", f);
	return fclose(f) == 0 ? buf : (char *)text;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	int *first = state->input;

	(void)arg;
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	*first = state->next - 1;
	state->next = state->argc;	/* the rest is the verb's */
	return 0;
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "VERB [OPTION...]",
	.doc = "Controls kjump, which hibernates this machine from a second kernel.\v",
	.help_filter = filter_help,
};

int main(int argc, char **argv)
{
	kj_autofree char *name = NULL;
	int first = 0;

	argp_err_exit_status = KJ_EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &first);
	for (size_t i = 0; first && i < N_VERBS; i++) {
		if (strcmp(argv[first], verbs[i].name) != 0)
			continue;
		if (asprintf(&name, "kjumpctl %s", verbs[i].name) < 0)
			return KJ_EXIT_FAILED;
		argv[first] = name;
		return verbs[i].run(argc - first, argv + first);
	}
	if (first)
		fprintf(stderr, "kjumpctl: there is no verb \"%s\": see kjumpctl --help\n",
			argv[first]);
	else
		argp_help(&argp, stderr, ARGP_HELP_STD_USAGE, (char *)"kjumpctl");
	return KJ_EXIT_USAGE;
}
