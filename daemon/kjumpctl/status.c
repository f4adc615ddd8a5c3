// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl status: for people as text, for programs as JSON.  Two sources:
 * kjumpd's properties, and /run/kjump/resume.json, in which kjump-resume left
 * why this boot is not a resumed one.
 *
 * Runs in kernel A.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "flag.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-json.h"
#include "verbs.h"

#define RESUME_FILE "/run/kjump/resume.json"
#define RESUME_FILE_MAX 65536

KJ_DEFINE_CLEANUP(sd_bus *, sd_bus_flush_close_unref)

/* What kjump-resume left in this boot. */
struct resume {
	bool there;
	char result[64], state[64], reason[1024];
};

static void read_resume(struct resume *ret)
{
	kj_autofree char *text = NULL;

	memset(ret, 0, sizeof(*ret));
	if (kj_read_file(RESUME_FILE, RESUME_FILE_MAX, &text, NULL) < 0) {
		text = NULL;
		return;
	}
	ret->there = kj_json_find_text(text, "reason", ret->reason, sizeof(ret->reason));
	(void)kj_json_find_text(text, "result", ret->result, sizeof(ret->result));
	(void)kj_json_find_text(text, "state", ret->state, sizeof(ret->state));
}

static void print_last_json(struct kj_json *json, const struct client_properties *p)
{
	if (!*client_text(p, "LastOperation")) {
		kj_json_null(json, "last");
		return;
	}
	kj_json_begin(json, "last");
	kj_json_text(json, "operation", client_text(p, "LastOperation"));
	kj_json_bool(json, "ok", strcmp(client_text(p, "LastResult"), "ok") == 0);
	kj_json_text(json, "result", client_text(p, "LastResult"));
	kj_json_number(json, "errno", client_number(p, "LastErrno"));
	kj_json_number(json, "time_usec", client_number(p, "LastTime"));
	kj_json_number(json, "bytes", client_number(p, "LastBytes"));
	kj_json_number(json, "pages", client_number(p, "LastPages"));
	kj_json_number(json, "zero_pages", client_number(p, "LastZeroPages"));
	kj_json_number(json, "write_usec", client_number(p, "LastWriteUsec"));
	kj_json_number(json, "read_usec", client_number(p, "LastReadUsec"));
	kj_json_number(json, "call_usec", client_number(p, "LastCallUsec"));
	kj_json_end(json);
}

static void print_json(const struct client_properties *p, const struct resume *resume)
{
	struct kj_json json = { .out = stdout };

	kj_json_begin(&json, NULL);
	kj_json_text(&json, "version", client_text(p, "Version"));
	kj_json_text(&json, "state", client_text(p, "State"));
	kj_json_bool(&json, "usable", !*client_text(p, "Problem"));
	kj_json_text(&json, "problem", client_text(p, "Problem"));
	kj_json_text(&json, "preload", client_text(p, "Preload"));
	kj_json_text(&json, "power_off", client_text(p, "PowerOff"));
	kj_json_text(&json, "encryption", client_text(p, "Encryption"));
	kj_json_number(&json, "config_problems", client_number(p, "ConfigProblems"));
	kj_json_begin(&json, "target");
	kj_json_text(&json, "spec", client_text(p, "Target"));
	kj_json_text(&json, "device", client_text(p, "TargetDevice"));
	kj_json_text(&json, "kind", client_text(p, "TargetKind"));
	kj_json_number(&json, "size", client_number(p, "TargetSize"));
	kj_json_number(&json, "needed", client_number(p, "NeededSize"));
	kj_json_end(&json);
	kj_json_begin(&json, "region");
	kj_json_number(&json, "size", client_number(p, "RegionSize"));
	kj_json_number(&json, "held", client_number(p, "RegionHeld"));
	kj_json_number(&json, "free", client_number(p, "RegionFree"));
	kj_json_end(&json);
	kj_json_text(&json, "prepare_result", client_text(p, "PrepareResult"));
	print_last_json(&json, p);
	if (resume->there) {
		kj_json_begin(&json, "resume");
		kj_json_text(&json, "result", resume->result);
		kj_json_text(&json, "state", resume->state);
		kj_json_text(&json, "reason", resume->reason);
		kj_json_end(&json);
	} else {
		kj_json_null(&json, "resume");
	}
	kj_json_end(&json);
}

static const char *size_of(const struct client_properties *p, const char *name,
			   char *buf, size_t len)
{
	return kj_format_size(buf, len, client_number(p, name));
}

static void print_target(const struct client_properties *p)
{
	char a[24], b[24];

	if (!*client_text(p, "Target")) {
		puts("     Target: not configured");
		return;
	}
	printf("     Target: %s\n", client_text(p, "Target"));
	if (!*client_text(p, "TargetDevice"))
		return;
	printf("             %s (%s), %s; an image may need %s now\n",
	       client_text(p, "TargetDevice"), client_text(p, "TargetKind"),
	       size_of(p, "TargetSize", a, sizeof(a)),
	       size_of(p, "NeededSize", b, sizeof(b)));
}

static void print_region(const struct client_properties *p)
{
	char a[24], b[24];

	if (!client_number(p, "RegionHeld")) {
		printf("     Memory: none held");
		if (client_number(p, "RegionSize"))
			printf(" (%s when loaded)", size_of(p, "RegionSize", a, sizeof(a)));
		putchar('\n');
		return;
	}
	printf("     Memory: %s held", size_of(p, "RegionHeld", a, sizeof(a)));
	if (client_number(p, "RegionFree"))
		printf(", %s of it free in kernel B", size_of(p, "RegionFree", b, sizeof(b)));
	putchar('\n');
}

static void print_last(const struct client_properties *p)
{
	time_t when = (time_t)(client_number(p, "LastTime") / 1000000);
	char date[64], size[24];
	struct tm tm;

	if (!*client_text(p, "LastOperation")) {
		puts("       Last: nothing yet");
		return;
	}
	localtime_r(&when, &tm);
	strftime(date, sizeof(date), "%F %T %Z", &tm);
	printf("       Last: %s, %s: %s\n", client_text(p, "LastOperation"), date,
	       client_text(p, "LastResult"));
	if (client_number(p, "LastPages"))
		printf("             %" PRIu64 " pages, %s, written in %.1f s, read in %.1f s\n",
		       client_number(p, "LastPages"), size_of(p, "LastBytes", size, sizeof(size)),
		       (double)client_number(p, "LastWriteUsec") / 1e6,
		       (double)client_number(p, "LastReadUsec") / 1e6);
}

static void print_text(const struct client_properties *p, const struct resume *resume)
{
	const char *problem = client_text(p, "Problem");
	const char *prepared = client_text(p, "PrepareResult");
	const char *encryption = client_text(p, "Encryption");

	printf("    Version: %s\n", client_text(p, "Version"));
	printf("      State: %s (Preload=%s)\n", client_text(p, "State"), client_text(p, "Preload"));
	printf("     Usable: %s%s\n", *problem ? "no: " : "yes", problem);
	print_target(p);
	print_region(p);
	printf("  Power-off: %s\n", client_text(p, "PowerOff"));
	printf(" Encryption: %s\n",
	       strcmp(encryption, "none") == 0 ? "the image is not encrypted" : encryption);
	if (client_number(p, "ConfigProblems"))
		printf("     Config: %" PRIu64 " line(s) or file(s) ignored, see journalctl -u kjumpd\n",
		       client_number(p, "ConfigProblems"));
	if (*prepared && strcmp(prepared, "ok") != 0 && strcmp(prepared, problem) != 0)
		printf("   Prepared: no: %s\n", prepared);
	print_last(p);
	if (resume->there && strcmp(resume->result, "none") != 0)
		printf("  This boot: not resumed (%s): %s\n", resume->result, resume->reason);
}

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 }
};

int verb_status(int argc, char **argv)
{
	static const char doc[] =
		"Shows what kjump has, holds and did last.";
	kj_cleanup(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	struct client_properties p;
	struct resume resume;
	bool json = kj_parse_flag(argc, argv, options, doc);
	int status;

	status = client_open(&bus);
	if (status == KJ_EXIT_OK)
		status = client_properties(bus, &p);
	if (status != KJ_EXIT_OK)
		return status;
	read_resume(&resume);
	if (json)
		print_json(&p, &resume);
	else
		print_text(&p, &resume);
	client_properties_done(&p);
	return KJ_EXIT_OK;
}
