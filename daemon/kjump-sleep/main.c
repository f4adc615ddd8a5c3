// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjump-sleep: what systemd-hibernate.service and its kin run instead of
 * systemd-sleep.
 *
 * Around the sleep it does what systemd-sleep does, in the same order: freeze
 * user.slice, run the "pre" hooks, lock homes, say so in the journal; sleep;
 * say so, "post" hooks, thaw.  The sleep itself is one call to kjumpd; for
 * suspend-then-hibernate there are several sleeps.
 *
 * Everything that can be refused is refused before the first of these steps.
 * Where kjump cannot work but a swap area is there, systemd-sleep is run in
 * our place, so that installing kjump takes nothing away.
 *
 * A kjump-sleep that is killed leaves user.slice frozen: the unit runs
 * "kjump-sleep --cleanup" afterwards in any case, and thawing twice is harmless.
 *
 * Runs in kernel A.
 */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-log.h"
#include "sleep-bus.h"
#include "sleep-conf.h"
#include "step.h"
#include "swap.h"
#include "then-hibernate.h"

const char *argp_program_version = "kjump-sleep " KJ_VERSION;

KJ_DEFINE_CLEANUP(sd_bus *, sd_bus_flush_close_unref)

static int hibernate(sd_bus *bus)
{
	return kj_step(bus, "hibernate", "hibernate", kj_step_hibernate, NULL);
}

static int hybrid_sleep(sd_bus *bus)
{
	return kj_step(bus, "hybrid-sleep", "hybrid-sleep", kj_step_hybrid_sleep, NULL);
}

/* Ways to sleep, as systemd calls them. */
static const struct verb {
	const char *name;
	const char *allow;		/* key of sleep.conf */
	const char *problem;		/* property of kjumpd */
	int (*run)(sd_bus *bus);
	int freeze_since;		/* systemd freezes user.slice for it */
} verbs[] = {
	{ "hibernate",    "AllowHibernation", "Problem",            hibernate,    256 },
	{ "hybrid-sleep", "AllowHybridSleep", "HybridSleepProblem", hybrid_sleep, 256 },
	{ "suspend-then-hibernate", "AllowSuspendThenHibernate", "Problem",
	  kj_suspend_then_hibernate, 252 },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

struct arguments {
	bool cleanup;
	const struct verb *verb;
};

static const struct argp_option options[] = {
	{ "cleanup", 'c', NULL, 0, "Only undo what a killed kjump-sleep may have left", 0 },
	{ 0 }
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'c':
		a->cleanup = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->verb || !(a->verb = find_verb(arg)))
			argp_error(state, "the ways to sleep here are \"hibernate\", \"hybrid-sleep\" and \"suspend-then-hibernate\"");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "hibernate|hybrid-sleep|suspend-then-hibernate",
	.doc = "Has this machine sleep by kjump, with what systemd does around a sleep.\v"
	       "Run by systemd-hibernate.service and its kin: see kjump-sleep(8).",
};

/* Only returns when it cannot be run. */
static int run_systemd_sleep(const struct verb *verb, const char *problem)
{
	static const char *const paths[] = {
		"/usr/lib/systemd/systemd-sleep", "/lib/systemd/systemd-sleep",
	};

	kj_notice("kjump cannot do it (%s); leaving %s to systemd-sleep and swap.",
		  problem, verb->name);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		execl(paths[i], paths[i], verb->name, NULL);
	return kj_error_errno(errno, "Cannot run systemd-sleep: %m");
}

/* Is kjump able to, as far as can be told before anything is stopped? */
static int check(sd_bus *bus, const struct verb *verb)
{
	kj_autofree char *problem = NULL;
	const char *text;
	int r;

	if (!kj_sleep_allowed("", verb->allow))
		return kj_error_errno(EACCES, "It is forbidden by %s=no in systemd's sleep.conf",
				      verb->allow);
	r = kj_sleep_problem(bus, verb->problem, &problem);
	if (r < 0)
		problem = NULL;
	if (r == 0 && !problem)
		return 0;
	text = problem ? problem : "kjumpd does not run";
	if (kj_swap_usable())
		return run_systemd_sleep(verb, text);
	kj_err("Cannot sleep (%s): %s", verb->name, text);
	return r < 0 ? r : -EOPNOTSUPP;
}

static int run(const struct arguments *a)
{
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	bool frozen;
	int r;

	r = sd_bus_open_system(&bus);
	if (r < 0)
		return kj_error_errno(r, "Cannot connect to the system bus: %m");
	if (a->cleanup)
		return kj_sleep_thaw(bus);
	r = check(bus, a->verb);
	if (r < 0)
		return r;
	frozen = kj_sleep_want_freeze(bus, a->verb->freeze_since) && kj_sleep_freeze(bus) == 0;
	r = a->verb->run(bus);
	if (frozen)
		(void)kj_sleep_thaw(bus);
	return r;
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	return run(&a) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
