// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why C did not resume, and how much memory it takes, as a file.  Runs in
 * kernel C.
 *
 *	{ "result": "refused", "state": "claimed", "reason": "...",
 *	  "needs_kib": 92160 }
 *
 * Written whole or not at all.  Nothing reads it before the boot is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-json.h"
#include "result.h"

const char *kj_state_name(enum kj_image_state state)
{
	static const char *const names[] = {
		[KJ_IMAGE_NONE]     = "none",
		[KJ_IMAGE_VALID]    = "valid",
		[KJ_IMAGE_SNAPSHOT] = "snapshot",
		[KJ_IMAGE_CLAIMED]  = "claimed",
	};

	if ((unsigned int)state >= sizeof(names) / sizeof(*names))
		return "unknown";
	return names[state];
}

void kj_result_print(FILE *file, const struct kj_result *result)
{
	struct kj_json json = { .out = file };

	kj_json_begin(&json, NULL);
	kj_json_text(&json, "result", result->result);
	kj_json_text(&json, "state", result->state);
	kj_json_text(&json, "reason", result->reason);
	if (result->needs_kib)
		kj_json_number(&json, "needs_kib", result->needs_kib);
	kj_json_end(&json);
}

int kj_result_save(const struct kj_result *result)
{
	kj_autofree char *text = NULL;
	size_t len = 0;
	FILE *file;

	file = open_memstream(&text, &len);
	if (!file)
		return -errno;
	kj_result_print(file, result);
	if (fclose(file) != 0)
		return -errno;
	if (mkdir("/run/kjump", 0755) < 0 && errno != EEXIST)
		return -errno;
	return kj_write_file_atomic(KJ_RESULT_PATH, text, len, 0644);
}
