// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * logind's answer to CanHibernate comes from a file that kjumpd writes
 * (report.c), so kjumpd has to look again when somebody mounts the target,
 * starts to swap on it, puts a file system on it, pulls it out, or edits the
 * configuration.  No polling: the kernel signals mounts and swap areas on two
 * files of /proc, inotify the rest: what udev finds on a device, and devices
 * that come and go, change links.  (Its messages do not reach the unit's own
 * network.)
 *
 * Runs in kernel A, in the main thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "kj-log.h"
#include "watch.h"

#define SETTLE_USEC 500000ull
#define NAMES_CHANGE (IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE)

static const char *const proc_files[] = { "/proc/self/mountinfo", "/proc/swaps" };
static const char *const config_dirs[] = { "/etc", "/etc/kjump.conf.d", "/run/kjump.conf.d" };
static const char *const device_dirs[] = { "/dev/disk/by-partuuid", "/dev/disk/by-uuid",
					   "/dev/mapper" };

#define N_PROC (sizeof(proc_files) / sizeof(proc_files[0]))
#define N_CONFIG (sizeof(config_dirs) / sizeof(config_dirs[0]))
#define N_DEVICE (sizeof(device_dirs) / sizeof(device_dirs[0]))

struct kj_watch {
	sd_event *event;
	void (*changed)(void *ctx);
	void *ctx;
	sd_event_source *timer;
	sd_event_source *proc[N_PROC];
	sd_event_source *config[N_CONFIG];
	sd_event_source *device[N_DEVICE];
};

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct kj_watch *w = userdata;

	(void)source, (void)usec;
	w->timer = sd_event_source_unref(w->timer);
	w->changed(w->ctx);
	return 0;
}

static void settle(struct kj_watch *w)
{
	if (!w->timer)
		(void)sd_event_add_time_relative(w->event, &w->timer, CLOCK_MONOTONIC,
						 SETTLE_USEC, 0, on_settled, w);
}

/* The list changed.  Nothing has to be read: asking is what resets these
 * files, and epoll asks. */
static int on_proc(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source, (void)fd, (void)events;
	settle(userdata);
	return 0;
}

static int on_config(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	size_t len = event->len ? strlen(event->name) : 0;

	(void)source;
	if (len > 5 && strcmp(event->name + len - 5, ".conf") == 0)
		settle(userdata);
	return 0;
}

static int on_device(sd_event_source *source, const struct inotify_event *event,
		     void *userdata)
{
	(void)source, (void)event;
	settle(userdata);
	return 0;
}

static void watch_proc(struct kj_watch *w, size_t i)
{
	int fd = open(proc_files[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || sd_event_add_io(w->event, &w->proc[i], fd, EPOLLPRI, on_proc, w) < 0) {
		kj_warning("Changes of %s will not be noticed", proc_files[i]);
		if (fd >= 0)
			close(fd);
		return;
	}
	(void)sd_event_source_set_io_fd_own(w->proc[i], 1);
}

int kj_watch_new(sd_event *event, void (*changed)(void *ctx), void *ctx,
		 struct kj_watch **ret)
{
	struct kj_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->event = event;
	w->changed = changed;
	w->ctx = ctx;
	for (size_t i = 0; i < N_PROC; i++)
		watch_proc(w, i);
	for (size_t i = 0; i < N_CONFIG; i++)
		(void)sd_event_add_inotify(event, &w->config[i], config_dirs[i],
					   IN_CLOSE_WRITE | NAMES_CHANGE, on_config, w);
	for (size_t i = 0; i < N_DEVICE; i++)
		(void)sd_event_add_inotify(event, &w->device[i], device_dirs[i],
					   NAMES_CHANGE, on_device, w);
	*ret = w;
	return 0;
}

void kj_watch_free(struct kj_watch *w)
{
	if (!w)
		return;
	sd_event_source_unref(w->timer);
	for (size_t i = 0; i < N_PROC; i++)
		sd_event_source_unref(w->proc[i]);
	for (size_t i = 0; i < N_CONFIG; i++)
		sd_event_source_unref(w->config[i]);
	for (size_t i = 0; i < N_DEVICE; i++)
		sd_event_source_unref(w->device[i]);
	free(w);
}
