// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl hibernate: two ways, and what came of it.
 *
 *   hibernate         one call of kjumpd's method: at once, nobody is told
 *   hibernate --wait  what "systemctl hibernate" does: logind looks for locks,
 *                     tells programs, runs systemd-hibernate.service
 *
 * systemctl is back as soon as logind has the request, and reports success
 * whatever happens then.  --wait stays until logind says that the sleep is
 * over, and asks kjumpd how it went.  The process that waits is in the image
 * like any other; it reads the clock of the day that it wakes up to.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "duration.h"
#include "flag.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-peers.h"
#include "verbs.h"


KJ_DEFINE_CLEANUP(sd_bus *, sd_bus_flush_close_unref)
KJ_DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)

static const struct argp_option options[] = {
	{ "wait", 'w', NULL, 0, "Do it as systemctl does, and wait until the machine is back", 0 },
	{ 0 }
};

/* "Slept 8 h 31 min, from 2026-11-23 22:10:05 to 2026-11-24 06:41:12" */
static void print_times(const struct client_properties *p)
{
	uint64_t end = client_number(p, "LastTime"), took = client_number(p, "LastCallUsec");
	char from[32], to[32], length[32];
	time_t t;
	struct tm tm;

	t = (time_t)((end - took) / 1000000);
	strftime(from, sizeof(from), "%F %T", localtime_r(&t, &tm));
	t = (time_t)(end / 1000000);
	strftime(to, sizeof(to), "%F %T", localtime_r(&t, &tm));
	printf("Slept %s, from %s to %s\n",
	       format_duration(length, sizeof(length), took), from, to);
}

static void print_image(const struct client_properties *p)
{
	char memory[24], stored[24];

	printf("Saved %s of memory (%" PRIu64 " pages) as %s: written in %.1f s, read in %.1f s\n",
	       kj_format_size(memory, sizeof(memory), client_number(p, "LastPages") * 4096),
	       client_number(p, "LastPages"),
	       kj_format_size(stored, sizeof(stored), client_number(p, "LastBytes")),
	       (double)client_number(p, "LastWriteUsec") / 1e6,
	       (double)client_number(p, "LastReadUsec") / 1e6);
}

/* The last result, if it is a hibernation after @before.  Return: KJ_EXIT_*. */
static int print_result(sd_bus *bus, uint64_t before)
{
	struct client_properties p;
	int status = client_properties(bus, &p);

	if (status != KJ_EXIT_OK)
		return status;
	if (client_number(&p, "LastTime") == before ||
	    strcmp(client_text(&p, "LastOperation"), "hibernate") != 0) {
		fprintf(stderr, "kjumpctl: the machine did not hibernate by kjump: see journalctl -u systemd-hibernate -u kjumpd\n");
		status = KJ_EXIT_FAILED;
	} else if (strcmp(client_text(&p, "LastResult"), "ok") != 0) {
		fprintf(stderr, "kjumpctl: %s\n", client_text(&p, "LastResult"));
		status = KJ_EXIT_FAILED;
	} else {
		print_times(&p);
		print_image(&p);
	}
	client_properties_done(&p);
	return status;
}

/* logind says true before and false after a sleep. */
static int on_prepare_for_sleep(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	int going;

	(void)error;
	if (sd_bus_message_read(m, "b", &going) >= 0 && !going)
		*(bool *)userdata = true;
	return 0;
}

static int wait_until(sd_bus *bus, const bool *over)
{
	int r = 0;

	while (r >= 0 && !*over) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r == -EINTR)
			r = 0;
	}
	if (r >= 0)
		return KJ_EXIT_OK;
	fprintf(stderr, "kjumpctl: the system bus is gone: %s\n", strerror(-r));
	return KJ_EXIT_FAILED;
}

static int ask_logind(sd_bus *bus)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, KJ_LOGIND, KJ_LOGIND_PATH, KJ_LOGIND_MANAGER,
					   "Hibernate");
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(m, 1);
	if (r >= 0)
		r = sd_bus_message_append(m, "b", 1);
	if (r >= 0)
		r = sd_bus_call(bus, m, 0, &error, NULL);
	if (r < 0)
		fprintf(stderr, "kjumpctl: logind does not hibernate the machine: %s\n",
			error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	return r < 0 ? KJ_EXIT_FAILED : KJ_EXIT_OK;
}

/* Of what kjumpd refuses logind would only say that it cannot. */
static int look_before(sd_bus *bus, uint64_t *ret_time)
{
	struct client_properties p;
	int status = client_properties(bus, &p);

	if (status != KJ_EXIT_OK)
		return status;
	if (*client_text(&p, "Problem")) {
		fprintf(stderr, "kjumpctl: %s\n", client_text(&p, "Problem"));
		status = KJ_EXIT_FAILED;
	}
	*ret_time = client_number(&p, "LastTime");
	client_properties_done(&p);
	return status;
}

static int hibernate_and_wait(sd_bus *bus)
{
	uint64_t before = 0;
	bool over = false;
	int status = look_before(bus, &before);

	if (status != KJ_EXIT_OK)
		return status;
	/* The answer to this is there before logind is asked. */
	if (sd_bus_match_signal(bus, NULL, KJ_LOGIND, KJ_LOGIND_PATH, KJ_LOGIND_MANAGER,
				"PrepareForSleep", on_prepare_for_sleep, &over) < 0) {
		fprintf(stderr, "kjumpctl: cannot listen to logind\n");
		return KJ_EXIT_FAILED;
	}
	status = ask_logind(bus);
	if (status == KJ_EXIT_OK)
		status = wait_until(bus, &over);
	return status == KJ_EXIT_OK ? print_result(bus, before) : status;
}

int verb_hibernate(int argc, char **argv)
{
	static const char doc[] =
		"Hibernates the machine, and returns when it is back; prints how it went.\v"
		"Without --wait it is done at once: no program and no hook is told.";
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	bool wait = kj_parse_flag(argc, argv, options, doc);
	int status;

	status = client_open(&bus);
	if (status != KJ_EXIT_OK)
		return status;
	if (wait)
		return hibernate_and_wait(bus);
	status = client_call(bus, "Hibernate", NULL, NULL);
	return status == KJ_EXIT_OK ? print_result(bus, 0) : status;
}
