// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl load, unload and reload: one method call each.
 *
 * Runs in kernel A.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>

#include "client.h"
#include "kj-cleanup.h"
#include "verbs.h"

KJ_DEFINE_CLEANUP(sd_bus *, sd_bus_flush_close_unref)

static int call(const char *method, sd_bus **ret_bus)
{
	int status = client_open(ret_bus);

	return status ? status : client_call(*ret_bus, method, NULL, NULL);
}

int verb_load(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Loads the second kernel, and with Preload=park boots it and parks it.",
	};
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	return call("Load", &bus);
}

int verb_unload(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Unloads the second kernel: its memory is this kernel's again.",
	};
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	return call("Unload", &bus);
}

/* To take it over and to like it are two things. */
static void print_ignored(sd_bus *bus)
{
	struct client_properties p;

	if (client_properties(bus, &p) != KJ_EXIT_OK)
		return;
	if (client_number(&p, "ConfigProblems"))
		fprintf(stderr, "kjumpctl: %" PRIu64 " line(s) or file(s) of the configuration are ignored: see journalctl -u kjumpd\n",
			client_number(&p, "ConfigProblems"));
	client_properties_done(&p);
}

int verb_reload(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Has kjumpd take a changed configuration over.\v"
		       "The same as \"systemctl reload kjumpd\".",
	};
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	status = call("Reload", &bus);
	if (status == KJ_EXIT_OK)
		print_ignored(bus);
	return status;
}
