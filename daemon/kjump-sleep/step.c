// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs know a sleep by these hooks and messages, and those of systemd are
 * what they know.
 *
 * Runs in kernel A.
 */
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <systemd/sd-messages.h>

#include "hooks.h"
#include "sleep-bus.h"
#include "step.h"

int kj_step_hibernate(sd_bus *bus, void *ctx)
{
	(void)ctx;
	return kj_sleep_now(bus, "Hibernate");
}

int kj_step_hybrid_sleep(sd_bus *bus, void *ctx)
{
	(void)ctx;
	return kj_sleep_now(bus, "HybridSleep");
}

static void tell_start(const char *verb)
{
	(void)sd_journal_send("MESSAGE=Entering sleep state '%s'...", verb,
			      "PRIORITY=%d", LOG_INFO,
			      "MESSAGE_ID=" SD_MESSAGE_SLEEP_START_STR,
			      "SLEEP=%s", verb, NULL);
}

static void tell_stop(const char *verb, int r)
{
	if (r < 0)
		(void)sd_journal_send("MESSAGE=Failed to put system to sleep. System resumed again: %s",
				      strerror(-r), "PRIORITY=%d", LOG_ERR,
				      "MESSAGE_ID=" SD_MESSAGE_SLEEP_STOP_STR,
				      "ERRNO=%d", -r, "SLEEP=%s", verb, NULL);
	else
		(void)sd_journal_send("MESSAGE=System returned from sleep state.",
				      "PRIORITY=%d", LOG_INFO,
				      "MESSAGE_ID=" SD_MESSAGE_SLEEP_STOP_STR,
				      "SLEEP=%s", verb, NULL);
}

int kj_step(sd_bus *bus, const char *verb, const char *action,
	    int (*sleep_now)(sd_bus *bus, void *ctx), void *ctx)
{
	int r;

	setenv("SYSTEMD_SLEEP_ACTION", action, 1);
	kj_hooks_run("pre", verb);
	kj_sleep_lock_homes(bus);
	tell_start(verb);
	r = sleep_now(bus, ctx);
	tell_stop(verb, r);
	kj_hooks_run("post", verb);
	return r;
}
