/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine.  Everything here belongs to the main thread.
 */
#ifndef KJ_MANAGER_H
#define KJ_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "job.h"
#include "last.h"
#include "reason.h"

struct manager;

/* What the configuration means on this machine now. */
struct kj_view {
	char *target;			/* as configured, "" when it is not */
	char *device;			/* "/dev/vda1" or the file; "" when not found */
	const char *kind;		/* "partition", "file", "" */
	const char *preload;
	const char *power_off;
	const char *encryption;
	uint64_t target_size;		/* bytes of the store, 0 when not found */
	uint64_t needed;		/* bytes that an image may take now */
	uint64_t region_size;		/* memory that B gets, 0 when not known */
	uint64_t region_held;		/* memory that B has now */
	uint32_t config_problems;	/* lines of the configuration that are ignored */
	struct kj_reason problem;	/* why hibernation would be refused; error 0: it would not */
	struct kj_reason hybrid_problem;	/* and why hybrid-sleep */
};

/**
 * manager_new() - a manager that does nothing yet
 * @event: its loop; also ends the loop when it is told to stop
 * @bus: for change signals
 */
int manager_new(sd_event *event, sd_bus *bus, struct manager **ret);

/** manager_free() - no job may be under way */
void manager_free(struct manager *m);

/**
 * manager_submit() - do a job, after those that are waiting
 * @request: the method call that is answered when it is done, or NULL
 * @reason: why not
 *
 * Return: 0, or -EBUSY when a hibernation or test is under way or waiting and
 * this is another one, or -ENOMEM.
 */
int manager_submit(struct manager *m, enum kj_job_kind kind,
		   sd_bus_message *request, struct kj_reason *reason);

/**
 * manager_view() - look at the machine and tell logind, unless we did within the
 * last second
 *
 * Return: valid until the next call.
 */
const struct kj_view *manager_view(struct manager *m);

/**
 * manager_refresh() - something changed: look again now
 */
void manager_refresh(struct manager *m);

/**
 * manager_reload() - take a changed configuration over
 *
 * Tells systemd, looks again, and has B made ready as it is configured now;
 * that job says what of the configuration is ignored.  SIGHUP does the same.
 *
 * Return: 0, or as manager_submit().
 */
int manager_reload(struct manager *m, struct kj_reason *reason);

const struct kj_last *manager_last(const struct manager *m);

/** manager_state() - "unloaded", "loaded", "parked" or "busy" */
const char *manager_state(const struct manager *m);

/** manager_region_free() - bytes that B had left when it parked; 0: not known */
uint64_t manager_region_free(const struct manager *m);

/** manager_prepare_result() - of the last load or unload: "", "ok" or why not */
const char *manager_prepare_result(const struct manager *m);

#endif /* KJ_MANAGER_H */
