/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the worker thread does.
 */
#ifndef KJ_JOB_H
#define KJ_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "reason.h"

enum kj_job_kind {
	KJ_JOB_PREPARE,		/* as far as Preload= says; of our own accord */
	KJ_JOB_LOAD,		/* the same, because somebody asked */
	KJ_JOB_UNLOAD,
	KJ_JOB_HIBERNATE,
	KJ_JOB_HYBRID,		/* the same, but B suspends to RAM and not off */
	KJ_JOB_PING,
	KJ_JOB_WRITE,		/* SNAPSHOT: write the image and come back */
};

/* What came out; only the worker writes it, until it says that it is done. */
struct kj_outcome {
	struct kj_reason reason;	/* error 0: success */
	bool called;			/* B was entered (HIBERNATE, WRITE, PING) */
	bool resumed;			/* C brought us here */
	bool woken;			/* HYBRID: the machine slept in RAM, B is as it was */
	uint64_t image_usec;		/* B's CLOCK_REALTIME, when the image was whole */
	uint64_t ended_usec;		/* CLOCK_REALTIME */
	uint64_t call_usec;		/* CLOCK_BOOTTIME, the whole call, S4 included */
	uint64_t bytes, pages, zero_pages;
	uint64_t write_usec, read_usec;
	uint64_t peer_free;		/* bytes that B has left when parked, 0: not known */
	char peer;			/* 'B' or 'C': whose log follows */
	char peer_log[KEXEC_CALL_BLOB_MAX + 1];	/* lines, "<N>" before each is its level */
};

/**
 * kj_job_run() - do it, in the calling thread, which may take minutes
 * @outcome: all zero before
 *
 * Reads the configuration itself.  Leaves B unloaded, loaded or parked; a
 * failure never takes away what was there before unless it was out of date.
 */
void kj_job_run(enum kj_job_kind kind, struct kj_outcome *outcome);

const char *kj_job_name(enum kj_job_kind kind);

#endif /* KJ_JOB_H */
