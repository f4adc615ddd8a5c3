// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjump takes the place of swsusp behind "systemctl hibernate".  Where kjump is
 * installed but cannot work, swsusp shall still work; this is how kjumpd and
 * kjump-sleep see whether it could.
 *
 * Runs in kernel A.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "swap.h"

static bool kernel_offers_disk(void)
{
	kj_autofree char *line = NULL;

	if (kj_read_line("/sys/power/state", &line) < 0) {
		line = NULL;
		return false;
	}
	return strstr(line, "disk") != NULL;
}

bool kj_swap_usable(void)
{
	kj_cleanup(fclose) FILE *f = fopen("/proc/swaps", "re");
	kj_autofree char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (!f || getline(&line, &size, f) < 0)		/* the heading */
		return false;
	while (!found && getline(&line, &size, f) >= 0)
		found = strncmp(line, "/dev/zram", 9) != 0;
	return found && kernel_offers_disk();
}
