// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl test: calls kernel B and comes back, with or without writing the
 * image.  Everything of a hibernation but the power-off, as often as wanted.
 *
 * Runs in kernel A.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "verbs.h"

KJ_DEFINE_CLEANUP(sd_bus *, sd_bus_flush_close_unref)
KJ_DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)

struct arguments {
	bool write;
	unsigned long count;
};

static const struct argp_option options[] = {
	{ "write", 'w', NULL, 0, "Also write the image; it is marked never to be resumed", 0 },
	{ "count", 'n', "N", 0, "Do it N times (1), stop at the first failure", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	char *end;

	switch (key) {
	case 'w':
		a->write = true;
		return 0;
	case 'n':
		a->count = strtoul(arg, &end, 10);
		if (*end || !a->count)
			argp_error(state, "--count wants a number above 0, not \"%s\"", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_result(const struct arguments *a, uint64_t bytes, uint64_t pages,
			 uint64_t usec)
{
	char stored[24], speed[24];

	if (!a->write) {
		printf("Kernel B answered after %.2f s\n", (double)usec / 1e6);
		return;
	}
	kj_format_size(stored, sizeof(stored), bytes);
	kj_format_size(speed, sizeof(speed),
		       usec ? (uint64_t)((double)bytes * 1e6 / (double)usec) : 0);
	printf("Image written: %" PRIu64 " pages, %s in %.2f s (%s/s)\n",
	       pages, stored, (double)usec / 1e6, speed);
}

static int test_once(sd_bus *bus, const struct arguments *a)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *reply = NULL;
	uint64_t bytes, pages, usec;
	int status = client_call(bus, "Test", a->write ? "write" : "ping", &reply);

	if (status != KJ_EXIT_OK)
		return status;
	if (sd_bus_message_read(reply, "ttt", &bytes, &pages, &usec) < 0) {
		fprintf(stderr, "kjumpctl: kjumpd's answer is not understood: is it another version?\n");
		return KJ_EXIT_FAILED;
	}
	print_result(a, bytes, pages, usec);
	fflush(stdout);
	return KJ_EXIT_OK;
}

int verb_test(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Calls the second kernel and comes back: this machine stands still for a moment.",
	};
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	struct arguments a = { .count = 1 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = client_open(&bus);
	for (unsigned long i = 0; status == KJ_EXIT_OK && i < a.count; i++)
		status = test_once(bus, &a);
	return status;
}
