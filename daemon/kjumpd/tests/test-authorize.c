// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The real kjumpd on a bus of its own, with the bus policy that is installed,
 * and somebody who plays polkit and logind: who may do what.
 *
 * kjumpd runs as "nobody" and can do nothing to this machine: what a method
 * that was allowed answers is "the kernel cannot" or the like, and that is
 * enough to know that it was run.  The caller is another ordinary user.
 *
 * Usage: test-authorize KJUMPD POLICY.  Skipped (77) without root, who alone
 * can be several users, and without dbus-daemon.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define DAEMON_UID	65534		/* nobody */
#define CALLER_UID	1		/* daemon */
#define DBUS_DAEMON	"/usr/bin/dbus-daemon"
#define PATIENCE_MS	20000

static char dir[] = "/tmp/kj-test-authorize.XXXXXX";
static const char *kjumpd_path, *policy_path;
static pid_t bus_pid, kjumpd_pid;
static sd_bus *authority, *caller, *privileged;

/* How polkit is played, and what it was asked last. */
static struct {
	enum { NO, YES, CHALLENGE, ERROR, NONSENSE, LATER } answer;
	unsigned int questions;
	char action[64], kind[64], name[64];
	uint32_t flags;
	sd_bus_message *kept;
	const char *locks;
} play;

static int on_check(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *action, *kind, *key, *name;

	(void)userdata;
	if (!sd_bus_message_is_method_call(m, "org.freedesktop.PolicyKit1.Authority",
					   "CheckAuthorization"))
		return 0;
	play.questions++;
	if (sd_bus_message_read(m, "(sa{sv})sa{ss}us", &kind, 1, &key, "s", &name,
				&action, 0, &play.flags, NULL) < 0 || strcmp(key, "name") != 0)
		return -EBADMSG;
	snprintf(play.action, sizeof(play.action), "%s", action);
	snprintf(play.kind, sizeof(play.kind), "%s", kind);
	snprintf(play.name, sizeof(play.name), "%s", name);
	switch (play.answer) {
	case ERROR:
		return sd_bus_error_set(error, "org.freedesktop.PolicyKit1.Error.Failed", "no idea");
	case NONSENSE:
		return sd_bus_reply_method_return(m, "s", "certainly");
	case LATER:
		play.kept = sd_bus_message_ref(m);
		return 1;
	default:
		return sd_bus_reply_method_return(m, "(bba{ss})", play.answer == YES,
						  play.answer == CHALLENGE, 0);
	}
}

static int get_locks(sd_bus *bus, const char *path, const char *interface,
		     const char *property, sd_bus_message *reply, void *userdata,
		     sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	return sd_bus_message_append(reply, "s", play.locks);
}

static const sd_bus_vtable logind_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("BlockInhibited", "s", get_locks, 0, 0),
	SD_BUS_VTABLE_END,
};

/* ---- the bus and who is on it -------------------------------------------- */

static pid_t start(uid_t uid, const char *const argv[])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (uid && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
		_exit(126);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static void write_bus_config(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f,
		"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"
		" \"https://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
		"<busconfig><type>system</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>\n"
		"<policy context=\"default\"><allow user=\"*\"/><deny own=\"*\"/>"
		"<deny send_type=\"method_call\"/><allow send_type=\"signal\"/>"
		"<allow send_requested_reply=\"true\" send_type=\"method_return\"/>"
		"<allow send_requested_reply=\"true\" send_type=\"error\"/>"
		"<allow receive_type=\"method_call\"/><allow receive_type=\"method_return\"/>"
		"<allow receive_type=\"error\"/><allow receive_type=\"signal\"/>"
		"<allow send_destination=\"org.freedesktop.DBus\"/>"
		"<allow send_destination=\"org.freedesktop.PolicyKit1\"/>"
		"<allow send_destination=\"org.freedesktop.login1\"/></policy>\n"
		"<policy user=\"root\"><allow own=\"*\"/></policy>\n"
		"<policy user=\"%d\"><allow own=\"org.kjump1\"/></policy>\n"
		"<include>%s</include></busconfig>\n", dir, DAEMON_UID, policy_path);
	assert_int_equal(fclose(f), 0);
}

/* A connection as another user: the bus looks at who connects. */
static sd_bus *connect_as(uid_t uid)
{
	sd_bus *bus = NULL;
	const char *name;
	int r = -ENOENT;

	for (int i = 0; r < 0 && i < PATIENCE_MS / 50; i++) {
		assert_int_equal(seteuid(uid), 0);
		r = sd_bus_open_system(&bus);
		if (r >= 0)
			r = sd_bus_get_unique_name(bus, &name);	/* waits for Hello() */
		assert_int_equal(seteuid(0), 0);
		if (r >= 0)
			break;
		bus = sd_bus_unref(bus);
		usleep(50000);
	}
	if (r < 0)
		fail_msg("user %u cannot connect to the bus: %s", uid, strerror(-r));
	return bus;
}

static int setup(void **state)
{
	char config[128], address[128];

	(void)state;
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		return -1;
	snprintf(config, sizeof(config), "%s/bus.conf", dir);
	snprintf(address, sizeof(address), "unix:path=%s/bus", dir);
	write_bus_config(config);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	bus_pid = start(0, (const char *const[]) { DBUS_DAEMON, "--nofork", "--nopidfile",
			   "--config-file", config, NULL });
	authority = connect_as(0);
	caller = connect_as(CALLER_UID);
	privileged = connect_as(DAEMON_UID);
	/* No vtable: sd-bus would see to it that the answer makes sense. */
	assert_true(sd_bus_add_object(authority, NULL, "/org/freedesktop/PolicyKit1/Authority",
				      on_check, NULL) >= 0);
	assert_true(sd_bus_add_object_vtable(authority, NULL, "/org/freedesktop/login1",
					     "org.freedesktop.login1.Manager",
					     logind_vtable, NULL) >= 0);
	kjumpd_pid = start(DAEMON_UID, (const char *const[]) { kjumpd_path, NULL });
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	sd_bus_flush_close_unref(privileged);
	sd_bus_flush_close_unref(caller);
	sd_bus_flush_close_unref(authority);
	if (kjumpd_pid > 0 && kill(kjumpd_pid, SIGTERM) == 0)
		waitpid(kjumpd_pid, NULL, 0);
	if (bus_pid > 0 && kill(bus_pid, SIGTERM) == 0)
		waitpid(bus_pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* ---- calls --------------------------------------------------------------- */

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void pump(sd_bus *bus)
{
	struct pollfd p[] = {
		{ .fd = sd_bus_get_fd(authority), .events = POLLIN },
		{ .fd = sd_bus_get_fd(bus), .events = POLLIN },
	};
	bool busy = sd_bus_process(authority, NULL) > 0;

	if (sd_bus_process(bus, NULL) > 0 || busy)
		return;
	(void)poll(p, 2, 50);
}

static int keep_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)error;
	*(sd_bus_message **)userdata = sd_bus_message_ref(m);
	return 1;
}

static sd_bus_message *message(sd_bus *bus, const char *method, const char *what)
{
	sd_bus_message *m = NULL;

	assert_true(sd_bus_message_new_method_call(bus, &m, "org.kjump1", "/org/kjump1",
						   "org.kjump1.Manager", method) >= 0);
	if (what)
		assert_true(sd_bus_message_append(m, "s", what) >= 0);
	return m;
}

static void expect_reply(sd_bus *bus, sd_bus_message **reply)
{
	long long end = now_ms() + PATIENCE_MS;

	while (!*reply) {
		if (now_ms() > end)
			fail_msg("no answer in %d s", PATIENCE_MS / 1000);
		pump(bus);
	}
}

/* @error: beginning of the error's name, NULL: it succeeds; @text: in it. */
static void expect(sd_bus *bus, sd_bus_message *m, const char *error, const char *text)
{
	sd_bus_message *reply = NULL;
	const sd_bus_error *e;

	assert_true(sd_bus_call_async(bus, NULL, m, keep_reply, &reply, 0) >= 0);
	expect_reply(bus, &reply);
	e = sd_bus_message_get_error(reply);
	if (!error && e)
		fail_msg("%s: %s", e->name, e->message);
	if (error && (!e || strncmp(e->name, error, strlen(error)) != 0 ||
		      !strstr(e->message, text)))
		fail_msg("%s: \"%s\", and not %s", e ? e->name : "success",
			 e ? e->message : "", error);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
}

static void expect_question(const char *action, uint32_t flags)
{
	const char *name = NULL;

	assert_int_equal(play.questions, 1);
	assert_string_equal(play.action, action);
	assert_string_equal(play.kind, "system-bus-name");
	sd_bus_get_unique_name(caller, &name);
	assert_string_equal(play.name, name);
	assert_int_equal(play.flags, flags);
	play.questions = 0;
}

/* ---- tests, in this order ------------------------------------------------ */

#define DENIED	SD_BUS_ERROR_ACCESS_DENIED
#define OURS	"org.kjump1.Error."

static void it_comes_up(void **state)
{
	long long end = now_ms() + PATIENCE_MS;
	int r = -ENOENT;

	(void)state;
	while (r < 0 && now_ms() < end) {
		usleep(50000);
		r = sd_bus_call_method(caller, "org.kjump1", "/org/kjump1",
				       "org.freedesktop.DBus.Peer", "Ping", NULL, NULL, NULL);
	}
	assert_true(r >= 0);
}

static void without_polkit_only_root_may(void **state)
{
	(void)state;
	expect(caller, message(caller, "Reload", NULL), DENIED, "Only root may do this");
	expect(caller, message(caller, "Hibernate", NULL), DENIED, "no polkit runs");
	expect(privileged, message(privileged, "Reload", NULL), NULL, NULL);
}

static void polkit_is_asked_for_each_action(void **state)
{
	static const struct {
		const char *method, *what, *action, *error;
	} methods[] = {
		{ "Reload",    NULL,      "org.kjump1.manage",    NULL },
		{ "Unload",    NULL,      "org.kjump1.manage",    NULL },
		{ "Load",      NULL,      "org.kjump1.manage",    OURS },
		{ "Test",      "ping",    "org.kjump1.test",      OURS },
		{ "Test",      "write",   "org.kjump1.test",      OURS },
		{ "Test",      "nothing", "org.kjump1.test",      SD_BUS_ERROR_INVALID_ARGS },
		{ "Hibernate", NULL,      "org.kjump1.hibernate", OURS },
	};

	(void)state;
	assert_true(sd_bus_request_name(authority, "org.freedesktop.PolicyKit1", 0) >= 0);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		play.answer = NO;
		expect(caller, message(caller, methods[i].method, methods[i].what), DENIED,
		       "polkit does not allow it");
		expect_question(methods[i].action, 0);
		play.answer = YES;
		expect(caller, message(caller, methods[i].method, methods[i].what),
		       methods[i].error, "");
		expect_question(methods[i].action, 0);
	}
}

static void a_password_is_asked_for_only_if_the_caller_agrees(void **state)
{
	sd_bus_message *m;

	(void)state;
	play.answer = CHALLENGE;
	expect(caller, message(caller, "Hibernate", NULL),
	       SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "needs a password");
	expect_question("org.kjump1.hibernate", 0);
	play.answer = YES;
	m = message(caller, "Reload", NULL);
	assert_true(sd_bus_message_set_allow_interactive_authorization(m, 1) >= 0);
	expect(caller, m, NULL, NULL);
	expect_question("org.kjump1.manage", 1);
}

static void what_polkit_means_must_be_clear(void **state)
{
	(void)state;
	play.answer = ERROR;
	expect(caller, message(caller, "Reload", NULL), DENIED, "could not say whether this is allowed (org.kjump1.manage): no idea");
	play.answer = NONSENSE;
	expect(caller, message(caller, "Reload", NULL), DENIED, "is not understood (org.kjump1.manage)");
	play.questions = 0;
}

static void polkit_is_not_asked_about_kjumpds_own_user(void **state)
{
	(void)state;
	play.answer = NO;
	expect(privileged, message(privileged, "Reload", NULL), NULL, NULL);
	assert_int_equal(play.questions, 0);
}

static void locks_against_sleeping_hold_users_back(void **state)
{
	(void)state;
	assert_true(sd_bus_request_name(authority, "org.freedesktop.login1", 0) >= 0);
	play.answer = YES;
	play.locks = "shutdown:sleep:idle";
	expect(caller, message(caller, "Hibernate", NULL), OURS "Busy", "systemd-inhibit --list");
	play.locks = "shutdown:handle-sleep-key";
	expect(caller, message(caller, "Hibernate", NULL), OURS, "kernel");
	play.locks = "sleep";
	expect(privileged, message(privileged, "Hibernate", NULL), OURS, "kernel");
	play.locks = "";
	play.questions = 0;
}

static void others_are_served_while_polkit_thinks(void **state)
{
	sd_bus_message *m = message(caller, "Reload", NULL), *reply = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	long long began = now_ms();
	char *version = NULL;

	(void)state;
	play.answer = LATER;
	assert_true(sd_bus_call_async(caller, NULL, m, keep_reply, &reply, 0) >= 0);
	while (!play.kept && now_ms() < began + PATIENCE_MS)
		pump(caller);
	assert_non_null(play.kept);
	assert_true(sd_bus_get_property_string(privileged, "org.kjump1", "/org/kjump1",
					       "org.kjump1.Manager", "Version", &error,
					       &version) >= 0);
	free(version);
	expect(privileged, message(privileged, "Reload", NULL), NULL, NULL);
	assert_null(reply);
	assert_true(sd_bus_reply_method_return(play.kept, "(bba{ss})", 1, 0, 0) >= 0);
	play.kept = sd_bus_message_unref(play.kept);
	expect_reply(caller, &reply);
	assert_false(sd_bus_message_is_method_error(reply, NULL));
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
}

/* Too many questions at once are a fault of the caller's, not ours. */
static void questions_are_limited(void **state)
{
	sd_bus_message *m[20] = { NULL }, *reply[20] = { NULL };
	unsigned int refused = 0;
	long long end = now_ms() + 2000;

	(void)state;
	play.answer = LATER;
	for (int i = 0; i < 20; i++) {
		m[i] = message(caller, "Reload", NULL);
		assert_true(sd_bus_call_async(caller, NULL, m[i], keep_reply, &reply[i], 0) >= 0);
	}
	while (now_ms() < end)
		pump(caller);
	for (int i = 0; i < 20; i++) {
		refused += reply[i] && sd_bus_message_is_method_error(reply[i],
								      SD_BUS_ERROR_LIMITS_EXCEEDED);
		sd_bus_message_unref(m[i]);
	}
	assert_int_equal(refused, 4);
	assert_int_equal(kill(kjumpd_pid, 0), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_up),
		cmocka_unit_test(without_polkit_only_root_may),
		cmocka_unit_test(polkit_is_asked_for_each_action),
		cmocka_unit_test(a_password_is_asked_for_only_if_the_caller_agrees),
		cmocka_unit_test(what_polkit_means_must_be_clear),
		cmocka_unit_test(polkit_is_not_asked_about_kjumpds_own_user),
		cmocka_unit_test(locks_against_sleeping_hold_users_back),
		cmocka_unit_test(others_are_served_while_polkit_thinks),
		cmocka_unit_test(questions_are_limited),
	};

	if (argc != 3 || geteuid() != 0 || access(DBUS_DAEMON, X_OK) < 0)
		return 77;
	kjumpd_path = argv[1];
	policy_path = argv[2];
	return cmocka_run_group_tests(tests, setup, teardown);
}
