// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RAM as the firmware reported it, from /proc/iomem; for A and C.
 *
 * A counts when it hibernates, C before it resumes.  The number does not
 * depend on what either kernel took for itself, so that another one means
 * that memory was added, removed or is reported differently: addresses of the
 * image may then be no RAM at all.
 */
#include <inttypes.h>
#include <string.h>

#include "kj-cleanup.h"
#include "kj-iomem.h"

#define PAGE 4096u

struct kj_ram kj_iomem_ram(FILE *iomem)
{
	struct kj_ram ram = { 0 };
	char line[256];

	while (fgets(line, sizeof(line), iomem)) {
		uint64_t first, last, first_page, end_page;
		int at = 0;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " : %n", &first, &last, &at) < 2 ||
		    line[0] == ' ' || at == 0 ||
		    strncmp(line + at, "System RAM", strlen("System RAM")) != 0)
			continue;
		first_page = (first + PAGE - 1) / PAGE;
		end_page = (last + 1) / PAGE;
		if (last <= first || end_page <= first_page)
			continue;
		ram.pages += end_page - first_page;
		if (ram.end < end_page)
			ram.end = end_page;
	}
	return ram;
}

struct kj_ram kj_ram(void)
{
	kj_cleanup(fclose) FILE *f = fopen("/proc/iomem", "re");

	return f ? kj_iomem_ram(f) : (struct kj_ram) { 0 };
}
