// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kexec is a child of ours, in our sandbox.  dracut needs much more than the
 * sandbox allows (it makes device nodes, calls chroot, writes where it likes);
 * so kjump-mkinitrd is a unit of its own, and we ask PID 1 to run it.
 *
 * Both functions block and belong to the worker thread; kj_unit_run() has a
 * bus connection of its own, because sd-bus objects stay in one thread.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include "kj-cleanup.h"
#include "kj-log.h"
#include "kj-peers.h"
#include "process.h"

#define UNIT_TIMEOUT_USEC (15ull * 60 * 1000000)

KJ_DEFINE_CLEANUP(sd_bus *, sd_bus_flush_close_unref)
KJ_DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)

/* What a program said, for the reason of its failure: its first lines, since
 * the cause comes first and the last line mostly says "failed". */
struct said {
	char text[320];
	size_t len;
};

static void said_add(struct said *said, const char *line)
{
	size_t room = sizeof(said->text) - said->len;
	int n = snprintf(said->text + said->len, room, "%s%s",
			 said->len ? "; " : "", line);

	said->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* Reads until end of file. */
static void drain(int fd, const char *name, struct said *said)
{
	kj_cleanup(fclose) FILE *f = fdopen(fd, "r");
	kj_autofree char *line = NULL;
	size_t size = 0;

	if (!f) {
		close(fd);
		return;
	}
	while (getline(&line, &size, f) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (!*line)
			continue;
		kj_debug("%s: %s", name, line);
		said_add(said, line);
	}
}

static int start(char *const argv[], pid_t *ret_pid, int *ret_output)
{
	static char *const environment[] = {
		(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C.UTF-8", NULL,
	};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int pipe_fds[2], r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDERR_FILENO);
	r = posix_spawn(ret_pid, argv[0], &actions, &attr, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	close(pipe_fds[1]);
	if (r != 0) {
		close(pipe_fds[0]);
		return -r;
	}
	*ret_output = pipe_fds[0];
	return 0;
}

int kj_spawn(char *const argv[], const char *why, struct kj_reason *reason)
{
	struct said said = { .text = "it said nothing" };
	int output = -EBADF, status, r;
	pid_t pid;

	r = start(argv, &pid, &output);
	if (r < 0)
		return kj_reason_set(reason, r, why, "Cannot run %s: %m", argv[0]);
	drain(output, argv[0], &said);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return kj_reason_set(reason, errno, why, "Cannot wait for %s: %m", argv[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return kj_reason_set(reason, EIO, why, "%s was killed by signal %d: %s",
				     argv[0], WTERMSIG(status), said.text);
	return kj_reason_set(reason, EIO, why, "%s failed with status %d: %s",
			     argv[0], WEXITSTATUS(status), said.text);
}

struct wait_job {
	char *path;
	char result[32];		/* "" until it is done */
};

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct wait_job *job = userdata;
	const char *path, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, NULL, &result) < 0)
		return 0;
	if (job->path && strcmp(job->path, path) == 0)
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

static int start_unit(sd_bus *bus, const char *unit, struct wait_job *job)
{
	kj_cleanup(sd_bus_message_unref) sd_bus_message *reply = NULL;
	const char *path;
	int r;

	r = sd_bus_match_signal(bus, NULL, KJ_SYSTEMD, KJ_SYSTEMD_PATH,
				KJ_SYSTEMD_MANAGER, "JobRemoved",
				on_job_removed, job);
	if (r >= 0)
		r = sd_bus_call_method(bus, KJ_SYSTEMD, KJ_SYSTEMD_PATH,
				       KJ_SYSTEMD_MANAGER, "Subscribe",
				       NULL, NULL, NULL);
	if (r >= 0)
		r = sd_bus_call_method(bus, KJ_SYSTEMD, KJ_SYSTEMD_PATH,
				       KJ_SYSTEMD_MANAGER, "StartUnit",
				       NULL, &reply, "ss", unit, "replace");
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return r;
	job->path = strdup(path);
	return job->path ? 0 : -ENOMEM;
}

/* Signals that came while StartUnit was under way are still in the queue, so
 * none is missed. */
static int wait_unit(sd_bus *bus, struct wait_job *job)
{
	int r = 1;

	while (r >= 0 && !job->result[0]) {
		r = sd_bus_process(bus, NULL);
		if (r == 0) {
			r = sd_bus_wait(bus, UNIT_TIMEOUT_USEC);
			if (r == 0)
				r = -ETIMEDOUT;
		}
		if (r == -EINTR)
			r = 0;
	}
	return r < 0 ? r : 0;
}

int kj_unit_run(const char *unit, const char *why, struct kj_reason *reason)
{
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	struct wait_job job = { 0 };
	int r;

	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = start_unit(bus, unit, &job);
	if (r >= 0)
		r = wait_unit(bus, &job);
	free(job.path);
	if (r < 0)
		return kj_reason_set(reason, r, why, "Cannot run the unit %s: %m", unit);
	if (strcmp(job.result, "done") != 0)
		return kj_reason_set(reason, EIO, why,
				     "The unit %s ended with \"%s\": see journalctl -u %s",
				     unit, job.result, unit);
	return 0;
}
