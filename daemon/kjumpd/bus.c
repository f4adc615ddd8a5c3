// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The D-Bus face of the manager.
 *
 * Methods start a job, if the caller may (authorize.c), and are answered when
 * it is done.  Properties are for everybody.  A failure is an error
 * org.kjump1.Error.WHY whose message is the whole sentence.
 *
 * Runs in kernel A, in the main thread.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "authorize.h"
#include "bus.h"
#include "kj-log.h"

static int fail(sd_bus_error *error, const struct kj_reason *reason)
{
	char name[64];

	snprintf(name, sizeof(name), KJ_BUS_ERROR_PREFIX "%s",
		 reason->why ? reason->why : KJ_WHY_CALL);
	return sd_bus_error_set(error, name, reason->text);
}

static int submit(sd_bus_message *request, struct manager *m, enum kj_job_kind kind,
		  sd_bus_error *error)
{
	struct kj_reason reason;

	if (manager_submit(m, kind, request, &reason) < 0)
		return fail(error, &reason);
	return 1;			/* answered by kj_bus_answer() */
}

static int do_load(sd_bus_message *request, void *userdata, sd_bus_error *error)
{
	return submit(request, userdata, KJ_JOB_LOAD, error);
}

static int do_unload(sd_bus_message *request, void *userdata, sd_bus_error *error)
{
	return submit(request, userdata, KJ_JOB_UNLOAD, error);
}

static int do_reload(sd_bus_message *request, void *userdata, sd_bus_error *error)
{
	struct kj_reason reason;

	if (manager_reload(userdata, &reason) < 0)
		return fail(error, &reason);
	return sd_bus_reply_method_return(request, NULL);
}

static int do_hibernate(sd_bus_message *request, void *userdata, sd_bus_error *error)
{
	return submit(request, userdata, KJ_JOB_HIBERNATE, error);
}

static int do_hybrid_sleep(sd_bus_message *request, void *userdata, sd_bus_error *error)
{
	return submit(request, userdata, KJ_JOB_HYBRID, error);
}

static int do_test(sd_bus_message *request, void *userdata, sd_bus_error *error)
{
	const char *what;
	int r = sd_bus_message_read(request, "s", &what);

	if (r < 0)
		return r;
	if (strcmp(what, "ping") == 0)
		return submit(request, userdata, KJ_JOB_PING, error);
	if (strcmp(what, "write") == 0)
		return submit(request, userdata, KJ_JOB_WRITE, error);
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
				 "There is no test \"%s\": use \"ping\" or \"write\"", what);
}

/* Who may do it is asked first, of all methods alike. */
static int method(sd_bus_message *request, void *userdata, sd_bus_error *error)
{
	static const struct {
		const char *name, *action;
		sd_bus_message_handler_t run;
	} methods[] = {
		{ "Load",      KJ_ACTION_MANAGE,    do_load },
		{ "Unload",    KJ_ACTION_MANAGE,    do_unload },
		{ "Reload",    KJ_ACTION_MANAGE,    do_reload },
		{ "Hibernate", KJ_ACTION_HIBERNATE, do_hibernate },
		{ "HybridSleep", KJ_ACTION_HIBERNATE, do_hybrid_sleep },
		{ "Test",      KJ_ACTION_TEST,      do_test },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (sd_bus_message_is_method_call(request, NULL, methods[i].name))
			return kj_authorize(request, methods[i].action, methods[i].run,
					    userdata, error);
	return -ENOSYS;
}

void kj_bus_answer(sd_bus_message *request, enum kj_job_kind kind,
		   const struct kj_outcome *o)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	if (o->reason.error) {
		(void)fail(&error, &o->reason);
		r = sd_bus_reply_method_error(request, &error);
		sd_bus_error_free(&error);
	} else if (kind == KJ_JOB_PING) {
		r = sd_bus_reply_method_return(request, "ttt", (uint64_t)0, (uint64_t)0,
					       o->call_usec);
	} else if (kind == KJ_JOB_WRITE) {
		r = sd_bus_reply_method_return(request, "ttt", o->bytes, o->pages,
					       o->write_usec);
	} else {
		r = sd_bus_reply_method_return(request, NULL);
	}
	if (r < 0)
		kj_warning_errno(r, "Cannot answer a caller: %m");
}

/* ---- properties ---------------------------------------------------------- */

static const char *text_of(struct manager *m, const char *property)
{
	const struct kj_view *v = manager_view(m);
	const struct kj_last *last = manager_last(m);
	const struct {
		const char *name;
		const char *value;
	} texts[] = {
		{ "Version",       KJ_VERSION },
		{ "State",         manager_state(m) },
		{ "Target",        v->target },
		{ "TargetDevice",  v->device },
		{ "TargetKind",    v->kind },
		{ "Preload",       v->preload },
		{ "PowerOff",      v->power_off },
		{ "Encryption",    v->encryption },
		{ "Problem",       v->problem.error ? v->problem.text : "" },
		{ "HybridSleepProblem", v->hybrid_problem.error ? v->hybrid_problem.text : "" },
		{ "PrepareResult", manager_prepare_result(m) },
		{ "LastOperation", last->operation },
		{ "LastResult",    last->result },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].name, property) == 0)
			return texts[i].value ? texts[i].value : "";
	return "";
}

static int get_text(sd_bus *bus, const char *path, const char *interface,
		    const char *property, sd_bus_message *reply, void *userdata,
		    sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)error;
	return sd_bus_message_append(reply, "s", text_of(userdata, property));
}

static uint64_t number_of(struct manager *m, const char *property)
{
	const struct kj_view *v = manager_view(m);
	const struct kj_last *last = manager_last(m);
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "TargetSize",    v->target_size },
		{ "NeededSize",    v->needed },
		{ "RegionSize",    v->region_size },
		{ "RegionHeld",    v->region_held },
		{ "RegionFree",    manager_region_free(m) },
		{ "LastTime",      last->time_usec },
		{ "LastBytes",     last->bytes },
		{ "LastPages",     last->pages },
		{ "LastZeroPages", last->zero_pages },
		{ "LastWriteUsec", last->write_usec },
		{ "LastReadUsec",  last->read_usec },
		{ "LastCallUsec",  last->call_usec },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i].name, property) == 0)
			return numbers[i].value;
	return 0;
}

static int get_number(sd_bus *bus, const char *path, const char *interface,
		      const char *property, sd_bus_message *reply, void *userdata,
		      sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)error;
	return sd_bus_message_append(reply, "t", number_of(userdata, property));
}

static int get_last_errno(sd_bus *bus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "i", manager_last(userdata)->error);
}

static int get_config_problems(sd_bus *bus, const char *path, const char *interface,
			       const char *property, sd_bus_message *reply, void *userdata,
			       sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "u", manager_view(userdata)->config_problems);
}

#define OPEN SD_BUS_VTABLE_UNPRIVILEGED
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define TEXT(name, flags) SD_BUS_PROPERTY(name, "s", get_text, 0, flags)
#define NUMBER(name, flags) SD_BUS_PROPERTY(name, "t", get_number, 0, flags)

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Load", NULL, NULL, method, OPEN),
	SD_BUS_METHOD("Unload", NULL, NULL, method, OPEN),
	SD_BUS_METHOD("Reload", NULL, NULL, method, OPEN),
	SD_BUS_METHOD("Hibernate", NULL, NULL, method, OPEN),
	SD_BUS_METHOD("HybridSleep", NULL, NULL, method, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Test", SD_BUS_ARGS("s", what),
				SD_BUS_RESULT("t", bytes, "t", pages, "t", usec),
				method, OPEN),
	TEXT("Version", SD_BUS_VTABLE_PROPERTY_CONST),
	TEXT("State", CHANGES),
	TEXT("Target", 0),
	TEXT("TargetDevice", 0),
	TEXT("TargetKind", 0),
	NUMBER("TargetSize", 0),
	NUMBER("NeededSize", 0),
	NUMBER("RegionSize", 0),
	NUMBER("RegionHeld", 0),
	NUMBER("RegionFree", 0),
	TEXT("Preload", 0),
	TEXT("PowerOff", 0),
	TEXT("Encryption", 0),
	TEXT("Problem", 0),
	TEXT("HybridSleepProblem", 0),
	SD_BUS_PROPERTY("ConfigProblems", "u", get_config_problems, 0, 0),
	TEXT("PrepareResult", CHANGES),
	TEXT("LastOperation", CHANGES),
	TEXT("LastResult", CHANGES),
	SD_BUS_PROPERTY("LastErrno", "i", get_last_errno, 0, CHANGES),
	NUMBER("LastTime", CHANGES),
	NUMBER("LastBytes", CHANGES),
	NUMBER("LastPages", CHANGES),
	NUMBER("LastZeroPages", CHANGES),
	NUMBER("LastWriteUsec", CHANGES),
	NUMBER("LastReadUsec", CHANGES),
	NUMBER("LastCallUsec", CHANGES),
	SD_BUS_VTABLE_END,
};

void kj_bus_changed(sd_bus *bus)
{
	(void)sd_bus_emit_properties_changed(bus, KJ_BUS_PATH, KJ_BUS_INTERFACE,
					     "State", "PrepareResult", "LastOperation",
					     "LastResult", "LastErrno", "LastTime",
					     "LastBytes", "LastPages", "LastZeroPages",
					     "LastWriteUsec", "LastReadUsec",
					     "LastCallUsec", NULL);
}

int kj_bus_export(sd_bus *bus, struct manager *m)
{
	int r = sd_bus_add_object_vtable(bus, NULL, KJ_BUS_PATH, KJ_BUS_INTERFACE,
					 manager_vtable, m);

	if (r < 0)
		return kj_error_errno(r, "Cannot put %s on the bus: %m", KJ_BUS_PATH);
	r = sd_bus_request_name(bus, KJ_BUS_NAME, 0);
	if (r < 0)
		return kj_error_errno(r, "Cannot take the bus name %s: %m (is another kjumpd running?)",
				      KJ_BUS_NAME);
	return 0;
}
