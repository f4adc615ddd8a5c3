// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The crew: the threads of one write or one restore, in B and C.
 *
 * They share a counter, a place for the first error, and a flag.  A thread
 * that fails leaves its error and raises the flag; the others see it before
 * their next piece of work and end, so a failure is known within the time of
 * one request, and whoever started the crew has joined all of it.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"
#include "progress.h"

#define REPORT_USEC 100000u
#define STACK_BYTES (256u * 1024)
#define CREW_MAX 128u

static uint64_t usec_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

uint64_t kj_usec_monotonic(void)
{
	return usec_of(CLOCK_MONOTONIC);
}

uint64_t kj_usec_realtime(void)
{
	return usec_of(CLOCK_REALTIME);
}

unsigned int kj_usable_cpus(void)
{
	cpu_set_t set;
	long n;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	else
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (unsigned int)n : 1;
}

unsigned int kj_crew_fit(unsigned int n, unsigned int least, size_t bytes)
{
	struct sysinfo si;
	uint64_t fit;

	if (sysinfo(&si) < 0)
		return least;
	fit = (uint64_t)si.freeram * si.mem_unit / 3 * 2 / bytes;
	if (n <= fit)
		return n;
	return fit < least ? least : (unsigned int)fit;
}

void kj_crew_init(struct kj_crew *crew, const struct kj_progress *progress,
		  uint64_t pages_total)
{
	memset(crew, 0, sizeof(*crew));
	if (progress)
		crew->progress = *progress;
	crew->pages_total = pages_total;
	pthread_mutex_init(&crew->lock, NULL);
	atomic_init(&crew->stop, false);
}

void kj_crew_done(struct kj_crew *crew)
{
	pthread_mutex_destroy(&crew->lock);
}

static void fail_locked(struct kj_crew *crew, int r, const struct kj_error *error)
{
	if (crew->result == 0) {
		crew->result = r;
		crew->error = *error;
	}
	atomic_store(&crew->stop, true);
}

void kj_crew_fail(struct kj_crew *crew, int r, const struct kj_error *error)
{
	pthread_mutex_lock(&crew->lock);
	fail_locked(crew, r, error);
	pthread_mutex_unlock(&crew->lock);
}

static void report_locked(struct kj_crew *crew)
{
	struct kj_error error;
	int r;

	if (!crew->progress.report)
		return;
	r = crew->progress.report(crew->progress.ctx, crew->pages_done,
				  crew->pages_total, crew->bytes_done);
	if (r == 0)
		return;
	if (r > 0)
		r = -ECANCELED;
	kj_fail(&error, r, "canceled: %s", strerror(-r));
	fail_locked(crew, r, &error);
}

void kj_crew_advance(struct kj_crew *crew, uint64_t pages, uint64_t bytes)
{
	uint64_t now = kj_usec_monotonic();

	pthread_mutex_lock(&crew->lock);
	crew->pages_done += pages;
	crew->bytes_done += bytes;
	if (now >= crew->next_report_usec && !kj_crew_stopped(crew)) {
		crew->next_report_usec = now + REPORT_USEC;
		report_locked(crew);
	}
	pthread_mutex_unlock(&crew->lock);
}

int kj_crew_finish(struct kj_crew *crew, struct kj_error *error)
{
	if (crew->result == 0)
		report_locked(crew);
	if (crew->result < 0 && error)
		*error = crew->error;
	return crew->result;
}

void kj_crew_run(struct kj_crew *crew, void *(*work)(void *), void *contexts,
		 size_t size, unsigned int n)
{
	pthread_t threads[CREW_MAX];
	unsigned int started = 0;
	pthread_attr_t attr;
	int r = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (started < n && started < CREW_MAX) {
		r = pthread_create(&threads[started], &attr, work,
				   (char *)contexts + started * size);
		if (r != 0)
			break;
		started++;
	}
	pthread_attr_destroy(&attr);

	if (started == 0) {
		struct kj_error error;

		kj_fail(&error, -r, "cannot start a thread: %s", strerror(r));
		kj_crew_fail(crew, -r, &error);
	}
	while (started > 0)
		pthread_join(threads[--started], NULL);
}
