// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * B's time limits.  Runs in kernel B.
 *
 * A waits in a call and cannot end it: whatever B does has to come to an end by
 * itself.  A thread of its own looks twice a second when there was progress
 * last:
 *
 *      progress ... | limit |          the work is stopped at its next step,
 *                   |       |          B calls back, and A runs on
 *                   | limit | limit |  there was no next step: a thread is
 *                                      stuck in the kernel, on a device that
 *                                      does not answer.  B cannot be frozen
 *                                      then, and so cannot call back: it
 *                                      switches the machine off
 *
 * A disk whose driver has a time limit of its own fails the request before the
 * second limit; the guard is for those that have none.  What is on the disk is
 * "no image", or the whole image, as after a power cut.
 *
 * The same thread feeds A's hardware watchdog, until it gives up: should the
 * machine not even go down then, the watchdog sees to it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "console.h"
#include "guard.h"
#include "kj-log.h"
#include "poweroff.h"
#include "watchdog.h"

#define LOOK_MSEC 500u

static struct {
	pthread_mutex_t lock;		/* of the rest */
	const char *what;		/* NULL: nothing is under way */
	unsigned int limit_msec;
	uint64_t heard_msec;		/* of the last progress */
	bool stopped;
	bool gave_up;
} guard = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t now_msec(void)
{
	return kj_now_usec() / 1000;
}

enum kj_guard_verdict kj_guard_judge(unsigned long long idle_msec,
				     unsigned int limit_msec)
{
	if (limit_msec == 0 || idle_msec < limit_msec)
		return KJ_GUARD_WAIT;
	return idle_msec / 2 < limit_msec ? KJ_GUARD_STOP : KJ_GUARD_GIVE_UP;
}

static enum kj_guard_verdict look_locked(void)
{
	enum kj_guard_verdict verdict = KJ_GUARD_WAIT;

	if (guard.what && !guard.gave_up)
		verdict = kj_guard_judge(now_msec() - guard.heard_msec, guard.limit_msec);
	if (verdict == KJ_GUARD_WAIT)
		return verdict;
	if (!guard.stopped)
		kj_err("%s made no progress for %u s: stopping it; the machine is switched off if that takes as long again",
		       guard.what, guard.limit_msec / 1000);
	guard.stopped = true;
	if (verdict == KJ_GUARD_GIVE_UP) {
		guard.gave_up = true;
		kj_err("%s cannot be stopped, and kernel A cannot be reached: switching off",
		       guard.what);
	}
	return verdict;
}

static void *watch(void *unused)
{
	const struct timespec pause = { .tv_nsec = LOOK_MSEC * 1000000L };
	enum kj_guard_verdict verdict = KJ_GUARD_WAIT;

	(void)unused;
	while (verdict != KJ_GUARD_GIVE_UP) {
		nanosleep(&pause, NULL);
		kj_watchdog_feed();
		pthread_mutex_lock(&guard.lock);
		verdict = look_locked();
		pthread_mutex_unlock(&guard.lock);
	}
	kj_power_off(KJ_POWER_S5);
	return NULL;
}

int kj_guard_start(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, watch, NULL);

	if (r == 0)
		pthread_detach(thread);
	return -r;
}

void kj_guard_begin(const char *what, unsigned int limit_msec)
{
	pthread_mutex_lock(&guard.lock);
	guard.what = what;
	guard.limit_msec = limit_msec;
	guard.heard_msec = now_msec();
	guard.stopped = false;
	pthread_mutex_unlock(&guard.lock);
}

int kj_guard_progress(void)
{
	bool stopped;

	pthread_mutex_lock(&guard.lock);
	guard.heard_msec = now_msec();
	stopped = guard.stopped;
	pthread_mutex_unlock(&guard.lock);
	return stopped ? -ETIMEDOUT : 0;
}

bool kj_guard_stopped(void)
{
	bool stopped;

	pthread_mutex_lock(&guard.lock);
	stopped = guard.stopped;
	pthread_mutex_unlock(&guard.lock);
	return stopped;
}

void kj_guard_end(void)
{
	bool gave_up;

	pthread_mutex_lock(&guard.lock);
	guard.what = NULL;
	gave_up = guard.gave_up;
	pthread_mutex_unlock(&guard.lock);
	while (gave_up)
		pause();
}
