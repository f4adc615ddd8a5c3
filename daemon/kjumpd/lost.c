// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A power cut while the image is written, a panic of kernel B, an image that
 * is refused: in all of them the next boot is an ordinary one, and nobody is
 * left who knows that there was a hibernation.  So A says before it leaves that
 * it is lost, as its last result; the disk has it when B begins, because the
 * call syncs.  If A comes back, it writes another one.
 *
 * Runs in kernel A: the mark in the worker thread, the rest when kjumpd starts.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-json.h"
#include "kj-log.h"
#include "lost.h"

#define RESUME_FILE "/run/kjump/resume.json"
#define RESUME_FILE_MAX 65536
#define MARK EINPROGRESS

static void write_last(const struct kj_last *last)
{
	int r = kj_last_write(last);

	if (r < 0)
		kj_warning_errno(r, "Cannot write " KJ_LAST_FILE ": %m");
}

void kj_lost_mark(void)
{
	struct kj_last last = { .operation = "hibernate", .error = MARK };
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	last.time_usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	kj_lost_text(NULL, last.result, sizeof(last.result));
	write_last(&last);
}

void kj_lost_text(const char *resume, char *text, size_t size)
{
	char result[64] = "", reason[400] = "";

	if (resume && kj_json_find_text(resume, "reason", reason, sizeof(reason)))
		(void)kj_json_find_text(resume, "result", result, sizeof(result));
	if (!*reason)
		snprintf(text, size, "The hibernated system did not come back, and nothing is known of it: kjump-resume did not run in this boot");
	else if (strcmp(result, "none") == 0)
		snprintf(text, size, "The hibernated system did not come back: the machine went off before the image was whole (a power cut, a disk that hung, or a failure of kernel B)");
	else
		snprintf(text, size, "The hibernated system did not come back: %s", reason);
}

bool kj_lost_look(struct kj_last *last)
{
	kj_autofree char *resume = NULL;

	if (last->error != MARK)
		return false;
	if (kj_read_file(RESUME_FILE, RESUME_FILE_MAX, &resume, NULL) < 0)
		resume = NULL;
	kj_lost_text(resume, last->result, sizeof(last->result));
	last->error = ENODATA;
	write_last(last);
	return true;
}
