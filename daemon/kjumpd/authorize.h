/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may have kjumpd do something.
 */
#ifndef KJ_AUTHORIZE_H
#define KJ_AUTHORIZE_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* See conf/org.kjump1.policy. */
#define KJ_ACTION_HIBERNATE	"org.kjump1.hibernate"
#define KJ_ACTION_TEST		"org.kjump1.test"
#define KJ_ACTION_MANAGE	"org.kjump1.manage"

/**
 * kj_authorize() - do something for a caller, if he may
 * @request: a method call
 * @action: KJ_ACTION_*
 * @then: a method handler, called now or later with @userdata
 *
 * Callers with CAP_SYS_BOOT and kjumpd's own user may do everything; polkit
 * decides about all others, and asks a person if the caller allows that.
 * KJ_ACTION_HIBERNATE is also refused to them while a program holds a lock of
 * logind's against sleeping.  Nothing here waits.
 *
 * Return: as a method handler; what is refused is a D-Bus error.
 */
int kj_authorize(sd_bus_message *request, const char *action, sd_bus_message_handler_t then,
		 void *userdata, sd_bus_error *error);

#endif /* KJ_AUTHORIZE_H */
