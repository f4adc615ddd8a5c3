// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl's end of org.kjump1.  A call may last from milliseconds to the
 * months for which the machine is off, so there is no timeout; kjumpd answers
 * or goes away, and both end the wait.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "kj-cleanup.h"

#define NAME		"org.kjump1"
#define PATH		"/org/kjump1"
#define INTERFACE	"org.kjump1.Manager"

KJ_DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)

int client_open(sd_bus **ret)
{
	int r = sd_bus_open_system(ret);

	if (r >= 0)
		return KJ_EXIT_OK;
	fprintf(stderr, "kjumpctl: cannot connect to the system bus: %s\n", strerror(-r));
	return KJ_EXIT_NO_DAEMON;
}

static int print_error(const sd_bus_error *error, int r)
{
	static const char *const away[] = {
		SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
		SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED,
		"org.freedesktop.DBus.Error.Spawn.ChildExited",
		"org.freedesktop.systemd1.NoSuchUnit",
	};

	for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++) {
		if (!sd_bus_error_has_name(error, away[i]))
			continue;
		fprintf(stderr, "kjumpctl: kjumpd does not run (%s): see systemctl status kjumpd\n",
			error->message);
		return KJ_EXIT_NO_DAEMON;
	}
	fprintf(stderr, "kjumpctl: %s\n", error->message ? error->message : strerror(-r));
	return KJ_EXIT_FAILED;
}

int client_call(sd_bus *bus, const char *method, const char *argument,
		sd_bus_message **ret_reply)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *call = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r, status = KJ_EXIT_OK;

	r = sd_bus_message_new_method_call(bus, &call, NAME, PATH, INTERFACE, method);
	/* A person sits here: polkit may ask for a password. */
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(call, 1);
	if (r >= 0 && argument)
		r = sd_bus_message_append(call, "s", argument);
	if (r >= 0)
		r = sd_bus_call(bus, call, UINT64_MAX, &error, ret_reply);
	if (r < 0)
		status = print_error(&error, r);
	sd_bus_error_free(&error);
	return status;
}

static int read_value(sd_bus_message *m, struct client_properties *p)
{
	const char *text;
	uint64_t wide;
	uint32_t narrow;
	char type;
	int r;

	r = sd_bus_message_peek_type(m, &type, NULL);
	if (r <= 0)
		return r;
	if (type == 's') {
		r = sd_bus_message_read(m, "s", &text);
		if (r >= 0 && !(p->list[p->n].text = strdup(text)))
			r = -ENOMEM;
	} else if (type == 't') {
		r = sd_bus_message_read(m, "t", &wide);
		p->list[p->n].number = wide;
	} else if (type == 'u' || type == 'i') {
		r = sd_bus_message_read_basic(m, type, &narrow);
		p->list[p->n].number = narrow;
	} else {
		r = -EBADMSG;
	}
	return r;
}

static int read_properties(sd_bus_message *m, struct client_properties *p)
{
	const char *name, *type;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && p->n < sizeof(p->list) / sizeof(p->list[0])) {
		r = sd_bus_message_enter_container(m, 'e', "sv");
		if (r <= 0)
			return r;
		r = sd_bus_message_read(m, "s", &name);
		if (r < 0)
			return r;
		snprintf(p->list[p->n].name, sizeof(p->list[p->n].name), "%s", name);
		r = sd_bus_message_peek_type(m, NULL, &type);
		if (r >= 0)
			r = sd_bus_message_enter_container(m, 'v', type);
		if (r >= 0)
			r = read_value(m, p);
		p->n++;
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

int client_properties(sd_bus *bus, struct client_properties *ret)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *reply = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r, status = KJ_EXIT_OK;

	memset(ret, 0, sizeof(*ret));
	r = sd_bus_call_method(bus, NAME, PATH, "org.freedesktop.DBus.Properties",
			       "GetAll", &error, &reply, "s", INTERFACE);
	if (r >= 0)
		r = read_properties(reply, ret);
	if (r < 0) {
		status = print_error(&error, r);
		client_properties_done(ret);
	}
	sd_bus_error_free(&error);
	return status;
}

void client_properties_done(struct client_properties *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].text);
	p->n = 0;
}

const char *client_text(const struct client_properties *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].name, name) == 0 && p->list[i].text)
			return p->list[i].text;
	return "";
}

uint64_t client_number(const struct client_properties *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].name, name) == 0)
			return p->list[i].number;
	return 0;
}
