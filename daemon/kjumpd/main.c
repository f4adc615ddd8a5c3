// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpd: keeps kernel B ready beside the running kernel, and calls it.
 *
 *   main       this file: event loop, bus, start and stop
 *   bus        org.kjump1, method calls become jobs
 *   authorize  who may call them: polkit
 *   manager    the state machine: one job at a time, what to do after each
 *   job        what a job does, step by step, in the worker thread
 *   preflight  what is refused before anything freezes
 *   room       that C will fit beside what is in use
 *   load       B's memory: kexec-tools, unloading
 *   call       reboot(KEXEC_CALL)
 *   discard    images that must not be resumed any more
 *   watchdog   the machine's, which B has to feed
 *   lost       hibernations that nobody came back from
 *   watch      what else may change whether hibernation works
 *   report     journal, last result, the truth about CanHibernate
 *   sandbox    a child for whatever reads foreign bytes: probe, discard
 *   trust      that B's kernel and initramfs are root's
 *   conf, ini, dropin, target, tag, device, extents, last, swap: see each
 *
 * Runs in kernel A, as root.
 */
#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "bus.h"
#include "kj-cleanup.h"
#include "kj-log.h"
#include "manager.h"
#include "watch.h"

const char *argp_program_version = "kjumpd " KJ_VERSION;

KJ_DEFINE_CLEANUP(sd_event *, sd_event_unref)
KJ_DEFINE_CLEANUP(sd_bus *, sd_bus_flush_close_unref)
KJ_DEFINE_CLEANUP(struct manager *, manager_free)
KJ_DEFINE_CLEANUP(struct kj_watch *, kj_watch_free)

static const struct argp_option options[] = {
	{ "debug", 'd', NULL, 0, "Log more", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	(void)arg, (void)state;
	if (key != 'd')
		return ARGP_ERR_UNKNOWN;
	kj_log_set_max_level(LOG_DEBUG);
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.doc = "Keeps a second kernel ready, from which this machine is hibernated.\v"
	       "Started by kjumpd.service; see kjumpd(8), kjump.conf(5) and kjumpctl(1).",
};

/* Signals come through the event loop; threads inherit the mask. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int connect_bus(sd_event *event, sd_bus **ret)
{
	int r = sd_bus_open_system(ret);

	if (r < 0)
		return kj_error_errno(r, "Cannot connect to the system bus: %m");
	(void)sd_bus_set_exit_on_disconnect(*ret, 1);
	r = sd_bus_attach_event(*ret, event, SD_EVENT_PRIORITY_NORMAL);
	if (r < 0)
		return kj_error_errno(r, "Cannot watch the system bus: %m");
	return 0;
}

static void on_machine_changed(void *ctx)
{
	manager_refresh(ctx);
}

static int run(void)
{
	kj_cleanup(sd_event_unref) sd_event *event = NULL;
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	kj_cleanup(manager_free) struct manager *manager = NULL;
	kj_cleanup(kj_watch_free) struct kj_watch *watch = NULL;
	struct kj_reason reason;
	int r;

	block_signals();
	r = sd_event_default(&event);
	if (r < 0)
		return kj_error_errno(r, "Cannot make an event loop: %m");
	r = connect_bus(event, &bus);
	if (r < 0)
		return r;
	r = manager_new(event, bus, &manager);
	if (r < 0)
		return kj_error_errno(r, "Cannot start: %m");
	r = kj_bus_export(bus, manager);
	if (r < 0)
		return r;
	r = kj_watch_new(event, on_machine_changed, manager, &watch);
	if (r < 0)
		return kj_error_errno(r, "Cannot watch the machine: %m");
	manager_refresh(manager);
	(void)sd_notify(0, "READY=1");
	if (manager_submit(manager, KJ_JOB_PREPARE, NULL, &reason) < 0)
		kj_warning("%s", reason.text);
	return sd_event_loop(event);
}

int main(int argc, char **argv)
{
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	return run() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
