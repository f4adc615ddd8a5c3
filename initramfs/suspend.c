// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sleep of hybrid-sleep.  Runs in kernel B, after A's image became valid.
 *
 * It has to be B that suspends.  When A did, its processes and drivers would
 * run before and after, and change the disks that the image believes to know.
 * Here A does not run at all until B calls it:
 *
 *     image valid, S3 --+-- wakes up:      no image, DONE -> A goes on
 *                       '-- loses power:   the next boot resumes the image
 *
 * A's memory is in the same RAM as B's, and S3 keeps all of it.
 */
#include <errno.h>
#include <string.h>

#include "fail.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-log.h"
#include "suspend.h"

#define MEM_SLEEP "/sys/power/mem_sleep"

int kj_suspend(struct kj_error *error)
{
	kj_autofree char *kinds = NULL;
	int r;

	r = kj_read_line(MEM_SLEEP, &kinds);
	if (r < 0)
		return kj_fail(error, r, "kernel B cannot suspend to RAM: " MEM_SLEEP ": %s",
			       strerror(-r));
	if (!strstr(kinds, "deep"))
		return kj_fail(error, -EOPNOTSUPP,
			       "kernel B cannot suspend to RAM: the machine has no ACPI S3 (" MEM_SLEEP ": %s)",
			       kinds);
	r = kj_write_string(MEM_SLEEP, "deep");
	if (r == 0)
		r = kj_write_string("/sys/power/state", "mem");
	if (r < 0)
		return kj_fail(error, r, "kernel B could not suspend to RAM: %s", strerror(-r));
	kj_info("awake again");
	return 0;
}
