// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One journal message per operation, for people by its text, for programs by
 * its MESSAGE_ID and fields:
 *
 *   KJUMP_OPERATION=  hibernate, hybrid-sleep, test write, test ping, load, unload, prepare
 *   KJUMP_WHY=        last part of the D-Bus error name
 *   KJUMP_BYTES=, KJUMP_PAGES=, KJUMP_WRITE_USEC=, KJUMP_READ_USEC=
 *   KJUMP_CALL_USEC=  the whole call, the time without power included
 *   KJUMP_IMAGE_TIME= when the image was whole (a resume; usec since 1970)
 *
 *   KJUMP_KERNEL=     B or C: a line of that kernel's log
 *
 * Lines of the other kernel come before what became of it, so that the log has
 * no gap where it ran.
 *
 * Runs in kernel A, in the main thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "kj-io.h"
#include "kj-log.h"
#include "report.h"

#define ALLOW_DIR  "/run/systemd/sleep.conf.d"
#define ALLOW_FILE ALLOW_DIR "/51-kjump-state.conf"

static double seconds(uint64_t usec)
{
	return (double)usec / 1e6;
}

static void report_failure(enum kj_job_kind kind, const struct kj_outcome *o)
{
	const char *id = kind < KJ_JOB_HIBERNATE ? KJ_MESSAGE_NOT_READY :
			 o->called ? KJ_MESSAGE_FAILED : KJ_MESSAGE_REFUSED;

	(void)sd_journal_send("MESSAGE=%s.", o->reason.text,
			      "PRIORITY=%d", kind == KJ_JOB_PREPARE ? LOG_WARNING : LOG_ERR,
			      "MESSAGE_ID=%s", id,
			      "ERRNO=%d", o->reason.error,
			      "KJUMP_OPERATION=%s", kj_job_name(kind),
			      "KJUMP_WHY=%s", o->reason.why ? o->reason.why : "",
			      NULL);
}

static void report_peer_log(const struct kj_outcome *o)
{
	char text[sizeof(o->peer_log)], *state, *line;

	memcpy(text, o->peer_log, sizeof(text));
	for (line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		int level = LOG_INFO;

		if (line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>') {
			level = line[1] - '0';
			line += 3;
		}
		(void)sd_journal_send("MESSAGE=kernel %c: %s", o->peer, line,
				      "PRIORITY=%d", level,
				      "KJUMP_KERNEL=%c", o->peer, NULL);
	}
}

static void report_success(enum kj_job_kind kind, const struct kj_outcome *o)
{
	const char *id = KJ_MESSAGE_READY;
	char text[512], size[24];

	kj_format_size(size, sizeof(size), o->bytes);
	switch (kind) {
	case KJ_JOB_HYBRID:
		if (o->woken) {
			id = KJ_MESSAGE_RESUMED;
			snprintf(text, sizeof(text),
				 "Awake from hybrid-sleep: the memory was kept; %s for %" PRIu64 " pages, written in %.1f s, were not needed.",
				 size, o->pages, seconds(o->write_usec));
			break;
		}
		/* fall through */
	case KJ_JOB_HIBERNATE:
		id = KJ_MESSAGE_RESUMED;
		snprintf(text, sizeof(text),
			 "Resumed from hibernation: %s for %" PRIu64 " pages, written in %.1f s, read in %.1f s.",
			 size, o->pages, seconds(o->write_usec), seconds(o->read_usec));
		break;
	case KJ_JOB_WRITE:
		id = KJ_MESSAGE_TESTED;
		snprintf(text, sizeof(text),
			 "Test image written: %s for %" PRIu64 " pages (%" PRIu64 " of them zero) in %.1f s, %.1f s in all.",
			 size, o->pages, o->zero_pages, seconds(o->write_usec),
			 seconds(o->call_usec));
		break;
	case KJ_JOB_PING:
		id = KJ_MESSAGE_TESTED;
		snprintf(text, sizeof(text), "Kernel B answered after %.2f s.",
			 seconds(o->call_usec));
		break;
	case KJ_JOB_UNLOAD:
		snprintf(text, sizeof(text), "Kernel B is unloaded.");
		break;
	default:
		snprintf(text, sizeof(text), "Kernel B is ready.");
	}
	(void)sd_journal_send("MESSAGE=%s", text,
			      "PRIORITY=%d", LOG_INFO,
			      "MESSAGE_ID=%s", id,
			      "KJUMP_OPERATION=%s", kj_job_name(kind),
			      "KJUMP_BYTES=%" PRIu64, o->bytes,
			      "KJUMP_PAGES=%" PRIu64, o->pages,
			      "KJUMP_WRITE_USEC=%" PRIu64, o->write_usec,
			      "KJUMP_READ_USEC=%" PRIu64, o->read_usec,
			      "KJUMP_CALL_USEC=%" PRIu64, o->call_usec,
			      "KJUMP_IMAGE_TIME=%" PRIu64, o->image_usec,
			      NULL);
}

static void remember(enum kj_job_kind kind, const struct kj_outcome *o, struct kj_last *last)
{
	int r;

	memset(last, 0, sizeof(*last));
	snprintf(last->operation, sizeof(last->operation), "%s", kj_job_name(kind));
	snprintf(last->result, sizeof(last->result), "%s",
		 o->reason.error ? o->reason.text : "ok");
	last->error = o->reason.error;
	last->time_usec = o->ended_usec;
	last->bytes = o->bytes;
	last->pages = o->pages;
	last->zero_pages = o->zero_pages;
	last->write_usec = o->write_usec;
	last->read_usec = o->read_usec;
	last->call_usec = o->call_usec;
	r = kj_last_write(last);
	if (r < 0)
		kj_warning_errno(r, "Cannot write %s: %m", KJ_LAST_FILE);
}

void kj_report(enum kj_job_kind kind, const struct kj_outcome *outcome,
	       struct kj_last *last)
{
	if (kind >= KJ_JOB_HIBERNATE)
		remember(kind, outcome, last);
	report_peer_log(outcome);
	if (outcome->reason.error)
		report_failure(kind, outcome);
	else
		report_success(kind, outcome);
}

void kj_report_lost(const struct kj_last *last)
{
	(void)sd_journal_send("MESSAGE=%s.", last->result,
			      "PRIORITY=%d", LOG_WARNING,
			      "MESSAGE_ID=%s", KJ_MESSAGE_LOST,
			      "ERRNO=%d", last->error,
			      "KJUMP_OPERATION=%s", last->operation, NULL);
}

static void write_allow(const char *text)
{
	int r;

	if (access("/run/systemd/system", F_OK) < 0)
		return;			/* not booted with systemd */
	(void)mkdir(ALLOW_DIR, 0755);
	r = kj_write_file_atomic(ALLOW_FILE, text, strlen(text), 0644);
	if (r < 0)
		kj_warning_errno(r, "Cannot write %s: %m", ALLOW_FILE);
}

void kj_report_allow(const char *problem, const char *hybrid_problem)
{
	char text[2048];
	int n;

	if (!problem && !hybrid_problem) {
		if (unlink(ALLOW_FILE) < 0 && errno != ENOENT)
			kj_warning_errno(errno, "Cannot remove %s: %m", ALLOW_FILE);
		return;
	}
	n = snprintf(text, sizeof(text), "# Written by kjumpd.\n[Sleep]\n");
	if (problem)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "# %s.\nAllowHibernation=no\nAllowSuspendThenHibernate=no\n",
			      problem);
	if (hybrid_problem)
		snprintf(text + n, sizeof(text) - (size_t)n,
			 "# %s.\nAllowHybridSleep=no\n", hybrid_problem);
	write_allow(text);
}
