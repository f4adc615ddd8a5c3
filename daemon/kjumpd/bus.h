/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * org.kjump1 on the system bus, see org.kjump1(5).
 */
#ifndef KJ_BUS_H
#define KJ_BUS_H

#include <systemd/sd-bus.h>

#include "job.h"
#include "manager.h"

#define KJ_BUS_NAME		"org.kjump1"
#define KJ_BUS_PATH		"/org/kjump1"
#define KJ_BUS_INTERFACE	"org.kjump1.Manager"
#define KJ_BUS_ERROR_PREFIX	"org.kjump1.Error."

/**
 * kj_bus_export() - put the object on the bus and take the name
 */
int kj_bus_export(sd_bus *bus, struct manager *m);

/**
 * kj_bus_answer() - answer a method call whose job is done
 */
void kj_bus_answer(sd_bus_message *request, enum kj_job_kind kind,
		   const struct kj_outcome *outcome);

/**
 * kj_bus_changed() - signal that state and results may have changed
 */
void kj_bus_changed(sd_bus *bus);

#endif /* KJ_BUS_H */
