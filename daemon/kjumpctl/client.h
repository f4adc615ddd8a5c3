/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talking to kjumpd.
 */
#ifndef KJ_CLIENT_H
#define KJ_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* Exit statuses, see kjumpctl(1). */
enum {
	KJ_EXIT_OK		= 0,
	KJ_EXIT_FAILED		= 1,	/* refused or failed; the sentence is on stderr */
	KJ_EXIT_USAGE		= 2,
	KJ_EXIT_NO_DAEMON	= 3,	/* kjumpd cannot be reached */
	KJ_EXIT_WARNINGS	= 4,	/* kjumpctl check: nothing worse */
};

/**
 * client_open() - connect to the system bus
 *
 * Return: KJ_EXIT_*; what is wrong has been printed.
 */
int client_open(sd_bus **ret);

/**
 * client_call() - call a method, and wait as long as it takes
 * @argument: its one string argument, or NULL
 * @ret_reply: may be NULL
 *
 * Return: KJ_EXIT_*; what is wrong has been printed.
 */
int client_call(sd_bus *bus, const char *method, const char *argument,
		sd_bus_message **ret_reply);

/* All properties at one moment. */
struct client_properties {
	size_t n;
	struct {
		char name[32];
		char *text;		/* of type s, else NULL */
		uint64_t number;	/* of types t, u and i */
	} list[64];
};

/**
 * client_properties() - read them all
 *
 * Return: KJ_EXIT_*; what is wrong has been printed.
 */
int client_properties(sd_bus *bus, struct client_properties *ret);

void client_properties_done(struct client_properties *p);

/** client_text() / client_number() - "" and 0 when there is no such property */
const char *client_text(const struct client_properties *p, const char *name);
uint64_t client_number(const struct client_properties *p, const char *name);

#endif /* KJ_CLIENT_H */
