/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting what many threads did, telling it ten times a second, and letting
 * them all stop at the first error.
 */
#ifndef KJ_IMAGE_PROGRESS_H
#define KJ_IMAGE_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>

#include "kj-image.h"

/* More threads than CPUs, so that some can wait for the disk. */
#define KJ_CREW_EXTRA 3u
#define KJ_CREW_CPUS_MAX 64u

struct kj_crew {
	struct kj_progress progress;	/* report may be NULL */
	uint64_t pages_total;

	pthread_mutex_t lock;		/* of all below, and of report() */
	uint64_t pages_done;
	uint64_t bytes_done;
	uint64_t next_report_usec;
	int result;			/* of the first that failed */
	struct kj_error error;

	atomic_bool stop;
};

void kj_crew_init(struct kj_crew *crew, const struct kj_progress *progress,
		  uint64_t pages_total);
void kj_crew_done(struct kj_crew *crew);

/** kj_crew_fail() - the first error wins; all threads stop soon */
void kj_crew_fail(struct kj_crew *crew, int r, const struct kj_error *error);

/** kj_crew_stopped() - to be asked before each piece of work */
static inline bool kj_crew_stopped(struct kj_crew *crew)
{
	return atomic_load_explicit(&crew->stop, memory_order_relaxed);
}

/** kj_crew_advance() - count work done, and report when it is time */
void kj_crew_advance(struct kj_crew *crew, uint64_t pages, uint64_t bytes);

/**
 * kj_crew_finish() - last report, after the threads have been joined
 *
 * Return: 0, or the first error, whose sentence is in *error.
 */
int kj_crew_finish(struct kj_crew *crew, struct kj_error *error);

/**
 * kj_crew_run() - run @n threads over @contexts and join them
 * @contexts: array of @n elements of @size bytes, one for each thread
 *
 * When a thread cannot be started the others do its work, unless there is
 * none.  Errors go to kj_crew_fail().
 */
void kj_crew_run(struct kj_crew *crew, void *(*work)(void *), void *contexts,
		 size_t size, unsigned int n);

/**
 * kj_crew_fit() - as many threads as free memory allows
 * @n: as many are wanted
 * @least: as many are taken in any case
 * @bytes: buffers of each; all of them take two thirds of what is free, at most
 */
unsigned int kj_crew_fit(unsigned int n, unsigned int least, size_t bytes);

/** kj_usable_cpus() - CPUs this process may run on, at least 1 */
unsigned int kj_usable_cpus(void);

uint64_t kj_usec_monotonic(void);
uint64_t kj_usec_realtime(void);

#endif /* KJ_IMAGE_PROGRESS_H */
