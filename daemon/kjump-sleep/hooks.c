// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hooks are executables in one directory, run in parallel with "pre" or "post"
 * and the verb.  A link to /dev/null is no regular file: it masks nothing here
 * but itself, since there is one directory only.
 *
 * The wait is for the exits of these very children, by their pidfds, so that
 * a hook that hangs does not keep the machine from sleeping, and so that one
 * that goes on after the time is over is left in peace.
 *
 * Runs in kernel A.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hooks.h"
#include "kj-cleanup.h"
#include "kj-log.h"

#define HOOKS_MAX 64
#define HOOKS_TIMEOUT_SEC 90

/* Where systemd was built to look: /usr is merged or not. */
static const char *const hook_dirs[] = {
	"/usr/lib/systemd/system-sleep", "/lib/systemd/system-sleep",
};

struct hook {
	pid_t pid;
	int fd;
	char name[NAME_MAX + 1];
};

static int start_hook(int dir, const char *dir_path, const char *name,
		      const char *when, const char *verb, struct hook *ret)
{
	kj_autofree char *path = NULL;
	struct stat st;
	int r;

	if (name[0] == '.' || fstatat(dir, name, &st, 0) < 0 ||
	    !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return 0;
	if (asprintf(&path, "%s/%s", dir_path, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	char *const argv[] = { path, (char *)when, (char *)verb, NULL };

	r = posix_spawn(&ret->pid, path, NULL, NULL, argv, environ);
	if (r != 0)
		return kj_warning_errno(r, "Cannot run the hook %s: %m", path);
	ret->fd = pidfd_open(ret->pid, 0);
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return 1;
}

static void reap(const struct hook *hook)
{
	int status;

	if (waitpid(hook->pid, &status, 0) < 0)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (WIFSIGNALED(status))
		kj_warning("The hook %s was killed by signal %d", hook->name, WTERMSIG(status));
	else
		kj_warning("The hook %s failed with status %d", hook->name, WEXITSTATUS(status));
}

static int remaining_ms(const struct timespec *end)
{
	struct timespec now;
	long long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (end->tv_sec - now.tv_sec) * 1000LL + (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

static void wait_for_hooks(struct hook *hooks, size_t n)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += HOOKS_TIMEOUT_SEC;
	for (size_t i = 0; i < n; i++) {
		struct pollfd p = { .fd = hooks[i].fd, .events = POLLIN };
		int r = 1;

		while (hooks[i].fd >= 0 && (r = poll(&p, 1, remaining_ms(&end))) < 0)
			if (errno != EINTR)
				break;
		if (r > 0)
			reap(&hooks[i]);
		else
			kj_warning("The hook %s still runs after %d s: going on without it",
				   hooks[i].name, HOOKS_TIMEOUT_SEC);
		if (hooks[i].fd >= 0)
			close(hooks[i].fd);
	}
}

void kj_hooks_run(const char *when, const char *verb)
{
	kj_cleanup(closedir) DIR *dir = NULL;
	struct hook hooks[HOOKS_MAX];
	const char *path = NULL;
	struct dirent *entry;
	size_t n = 0;

	for (size_t i = 0; !dir && i < sizeof(hook_dirs) / sizeof(hook_dirs[0]); i++)
		dir = opendir(path = hook_dirs[i]);
	while (dir && (entry = readdir(dir))) {
		if (n == HOOKS_MAX) {
			kj_warning("There are more than %d hooks in %s: the rest is not run",
				   HOOKS_MAX, path);
			break;
		}
		if (start_hook(dirfd(dir), path, entry->d_name, when, verb, &hooks[n]) > 0)
			n++;
	}
	wait_for_hooks(hooks, n);
}
