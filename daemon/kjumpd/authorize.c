// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * polkit is asked over the bus, without its library (which would bring GLib),
 * and without waiting: the question may be a person's to answer.
 *
 *   request --> privileged? --> yes ------------------------------> then()
 *                   | no
 *                   v
 *               CheckAuthorization --> no, nobody to ask ---------> error
 *                   | yes
 *                   v
 *               hibernate: logind's BlockInhibited has "sleep"? --> error
 *                   | no
 *                   v
 *                 then()
 *
 * logind looks for locks before it has a unit started, and "kjumpctl
 * hibernate" goes past logind: an ordinary user must not get more that way.
 *
 * Runs in kernel A, in the main thread.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "authorize.h"
#include "bus.h"
#include "kj-peers.h"
#include "reason.h"

#define PENDING_MAX	16
#define PERSON_USEC	(120ull * 1000000)	/* to find and type a password */
#define INTERACTIVE	1u			/* AllowUserInteraction */

static unsigned int n_pending;

struct pending {
	sd_bus_message *request;
	const char *action;
	sd_bus_message_handler_t then;
	void *userdata;
};

static void pending_free(void *p)
{
	struct pending *pending = p;

	sd_bus_message_unref(pending->request);
	free(pending);
	n_pending--;
}

static struct pending *pending_new(sd_bus_message *request, const char *action,
				   sd_bus_message_handler_t then, void *userdata)
{
	struct pending *pending = malloc(sizeof(*pending));

	if (!pending)
		return NULL;
	*pending = (struct pending) {
		.request = sd_bus_message_ref(request), .action = action,
		.then = then, .userdata = userdata,
	};
	n_pending++;
	return pending;
}

/* @pending is freed with the call, whatever becomes of it. */
static int ask(sd_bus *bus, sd_bus_message *question, sd_bus_message_handler_t answered,
	       struct pending *pending, uint64_t timeout)
{
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_async(bus, &slot, question, answered, pending, timeout);

	if (r < 0) {
		pending_free(pending);
		return r;
	}
	(void)sd_bus_slot_set_destroy_callback(slot, pending_free);
	(void)sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
	return 0;
}

/* What a method handler leaves for sd-bus to do, done. */
static void finish(const struct pending *pending, int r, sd_bus_error *error)
{
	if (r < 0 || sd_bus_error_is_set(error))
		(void)sd_bus_reply_method_errno(pending->request, r, error);
	sd_bus_error_free(error);
}

static int refuse_unasked(const char *action, const sd_bus_error *why, sd_bus_error *error)
{
	if (!sd_bus_error_has_name(why, SD_BUS_ERROR_SERVICE_UNKNOWN) &&
	    !sd_bus_error_has_name(why, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
					 "polkit could not say whether this is allowed (%s): %s; do it as root",
					 action, why->message);
	return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
				 "Only root may do this (%s), for no polkit runs that could be asked", action);
}

/* ---- logind's locks ------------------------------------------------------ */

static bool has_lock(const char *list, const char *what)
{
	size_t len = strlen(what);

	for (const char *p = list; (p = strstr(p, what)); p += len)
		if ((p == list || p[-1] == ':') && (p[len] == ':' || !p[len]))
			return true;
	return false;
}

static int on_locks(sd_bus_message *answer, void *userdata, sd_bus_error *ignored)
{
	const struct pending *pending = userdata;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *locks = "";
	int r = 0;

	(void)ignored;
	/* No logind, no locks. */
	if (!sd_bus_message_is_method_error(answer, NULL) &&
	    sd_bus_message_read(answer, "v", "s", &locks) < 0)
		locks = "";
	if (has_lock(locks, "sleep"))
		r = sd_bus_error_set(&error, KJ_BUS_ERROR_PREFIX KJ_WHY_BUSY,
				     "A program has asked that this machine does not sleep now: see systemd-inhibit --list");
	else
		r = pending->then(pending->request, pending->userdata, &error);
	finish(pending, r, &error);
	return 1;
}

static int ask_locks(const struct pending *before)
{
	sd_bus *bus = sd_bus_message_get_bus(before->request);
	sd_bus_message *question = NULL;
	struct pending *pending;
	int r;

	r = sd_bus_message_new_method_call(bus, &question, KJ_LOGIND, KJ_LOGIND_PATH,
					   "org.freedesktop.DBus.Properties", "Get");
	if (r >= 0)
		r = sd_bus_message_append(question, "ss", KJ_LOGIND_MANAGER,
					  "BlockInhibited");
	if (r >= 0)
		r = sd_bus_message_set_auto_start(question, 0);
	if (r >= 0) {
		pending = pending_new(before->request, before->action, before->then,
				      before->userdata);
		r = pending ? ask(bus, question, on_locks, pending, 0) : -ENOMEM;
	}
	sd_bus_message_unref(question);
	return r;
}

/* ---- polkit -------------------------------------------------------------- */

/* Return: 0 when polkit said yes, else -errno with @error. */
static int judge(sd_bus_message *answer, const char *action, sd_bus_error *error)
{
	const sd_bus_error *why = sd_bus_message_get_error(answer);
	int authorized = 0, challenge = 0, r;

	if (why)
		return refuse_unasked(action, why, error);
	r = sd_bus_message_enter_container(answer, 'r', "bba{ss}");
	if (r > 0)
		r = sd_bus_message_read(answer, "bb", &authorized, &challenge);
	if (r < 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
					 "polkit's answer is not understood (%s): do it as root", action);
	if (authorized)
		return 0;
	if (challenge)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
					 "This needs a password (%s), and nobody is there to ask for it: do it as root",
					 action);
	return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
				 "polkit does not allow it (%s)", action);
}

static int on_polkit(sd_bus_message *answer, void *userdata, sd_bus_error *ignored)
{
	const struct pending *pending = userdata;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = judge(answer, pending->action, &error);

	(void)ignored;
	if (r >= 0 && strcmp(pending->action, KJ_ACTION_HIBERNATE) == 0)
		r = ask_locks(pending);
	else if (r >= 0)
		r = pending->then(pending->request, pending->userdata, &error);
	finish(pending, r, &error);
	return 1;
}

static int make_question(sd_bus_message *request, const char *action, sd_bus_message **ret)
{
	bool interactive = sd_bus_message_get_allow_interactive_authorization(request) > 0;
	sd_bus_message *m;
	int r;

	r = sd_bus_message_new_method_call(sd_bus_message_get_bus(request), &m,
					   "org.freedesktop.PolicyKit1",
					   "/org/freedesktop/PolicyKit1/Authority",
					   "org.freedesktop.PolicyKit1.Authority",
					   "CheckAuthorization");
	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "(sa{sv})sa{ss}us",
				  "system-bus-name", 1, "name", "s",
				  sd_bus_message_get_sender(request),
				  action, 0, interactive ? INTERACTIVE : 0, "");
	if (r < 0) {
		sd_bus_message_unref(m);
		return r;
	}
	*ret = m;
	return 0;
}

int kj_authorize(sd_bus_message *request, const char *action, sd_bus_message_handler_t then,
		 void *userdata, sd_bus_error *error)
{
	sd_bus_message *question;
	struct pending *pending;
	int r = sd_bus_query_sender_privilege(request, CAP_SYS_BOOT);

	if (r > 0)
		return then(request, userdata, error);
	if (n_pending >= PENDING_MAX)
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					"Too many callers wait for polkit already");
	r = make_question(request, action, &question);
	if (r < 0)
		return r;
	pending = pending_new(request, action, then, userdata);
	r = pending ? ask(sd_bus_message_get_bus(request), question, on_polkit, pending,
			  PERSON_USEC) : -ENOMEM;
	sd_bus_message_unref(question);
	return r < 0 ? r : 1;
}
