// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The last result is a small ini file, which people can read when kjumpd does
 * not run, and which survives the boot that a failed resume ends in.
 *
 * Runs in kernel A.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dropin.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "last.h"

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	{ "Time",      offsetof(struct kj_last, time_usec) },
	{ "Bytes",     offsetof(struct kj_last, bytes) },
	{ "Pages",     offsetof(struct kj_last, pages) },
	{ "ZeroPages", offsetof(struct kj_last, zero_pages) },
	{ "WriteUsec", offsetof(struct kj_last, write_usec) },
	{ "ReadUsec",  offsetof(struct kj_last, read_usec) },
	{ "CallUsec",  offsetof(struct kj_last, call_usec) },
};

#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static void last_set(void *ctx, const char *file, unsigned int line,
		     const char *key, const char *value)
{
	struct kj_last *last = ctx;

	(void)file, (void)line;
	if (strcmp(key, "Operation") == 0)
		snprintf(last->operation, sizeof(last->operation), "%s", value);
	else if (strcmp(key, "Result") == 0)
		snprintf(last->result, sizeof(last->result), "%s", value);
	else if (strcmp(key, "Errno") == 0)
		last->error = atoi(value);
	for (size_t i = 0; i < N_NUMBERS; i++)
		if (strcmp(key, numbers[i].key) == 0)
			*(uint64_t *)((char *)last + numbers[i].offset) =
				strtoull(value, NULL, 10);
}

void kj_last_read(struct kj_last *ret)
{
	const struct kj_ini_reader reader = {
		.section = "last", .set = last_set, .ctx = ret,
	};

	memset(ret, 0, sizeof(*ret));
	(void)kj_ini_read(KJ_LAST_FILE, &reader);
}

int kj_last_write(const struct kj_last *last)
{
	kj_autofree char *text = NULL;
	char result[KJ_REASON_TEXT_MAX];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	snprintf(result, sizeof(result), "%s", last->result);
	for (char *p = result; (p = strpbrk(p, "\r\n")); )
		*p = ' ';
	fprintf(f, "[last]\nOperation=%s\nResult=%s\nErrno=%d\n",
		last->operation, result, last->error);
	for (size_t i = 0; i < N_NUMBERS; i++)
		fprintf(f, "%s=%" PRIu64 "\n", numbers[i].key,
			*(const uint64_t *)((const char *)last + numbers[i].offset));
	if (fclose(f) != 0)
		return -ENOMEM;
	return kj_write_file_atomic(KJ_LAST_FILE, text, size, 0644);
}
