// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * C puts A's memory back while it runs itself.  What it uses must fit where A
 * has nothing: into the frames that A has free, and into B's region, which is
 * in no image.
 *
 *      |<------------------- RAM ------------------->|
 *      | in use in A                   | region| free |
 *                              |<-- needs of C -->|       does not fit: A is lost
 *
 * How much that is, the C of A's own boot has seen and written down.  A kernel
 * that was hibernated is resumed by one that boots in the same way.
 *
 * Runs in kernel A, in the worker thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-json.h"
#include "kj-log.h"
#include "kj-meminfo.h"
#include "room.h"

#define RESULT_FILE "/run/kjump/resume.json"
#define RESULT_FILE_MAX 65536
#define MIB_OF(kib) (((kib) + 1023) / 1024)

uint64_t kj_room_needs_kib(const char *path)
{
	kj_autofree char *text = NULL;
	uint64_t kib;

	if (kj_read_file(path, RESULT_FILE_MAX, &text, NULL) < 0) {
		text = NULL;
		return 0;
	}
	return kj_json_find_number(text, "needs_kib", &kib) ? kib : 0;
}

uint64_t kj_room_short_kib(uint64_t needs_kib, uint64_t free_kib, uint64_t held)
{
	uint64_t room = free_kib + held / 1024;

	return needs_kib > room ? needs_kib - room : 0;
}

/* 0 also when A's memory cannot be told. */
static uint64_t short_now(uint64_t needs_kib, uint64_t held)
{
	struct kj_meminfo now;

	return kj_meminfo_read(&now) < 0 ? 0 : kj_room_short_kib(needs_kib, now.free, held);
}

/* Only what is clean can be dropped; the call would sync a little later. */
static void drop_page_cache(uint64_t missing_kib)
{
	int r;

	kj_info("The kernel that resumes needs %" PRIu64 " MiB more: dropping the page cache.",
		MIB_OF(missing_kib));
	sync();
	r = kj_write_string("/proc/sys/vm/drop_caches", "1\n");
	if (r < 0)
		kj_warning_errno(r, "Cannot drop the page cache: %m");
}

int kj_room_check(uint64_t held, struct kj_reason *reason)
{
	uint64_t needs = kj_room_needs_kib(RESULT_FILE);
	uint64_t missing = short_now(needs, held);

	if (!missing)
		return 0;
	drop_page_cache(missing);
	missing = short_now(needs, held);
	if (!missing)
		return 0;
	return kj_reason_set(reason, ENOMEM, KJ_WHY_MEMORY,
			     "Too much memory is in use to resume this system later: the kernel that does it needs %" PRIu64 " MiB; free %" PRIu64 " MiB more: close programs, or add swap space",
			     MIB_OF(needs), MIB_OF(missing));
}
