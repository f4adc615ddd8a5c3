// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl setup: from an installed package to a machine that hibernates.
 *
 *      choose a target   ->   say what will be done   ->   ask   ->   do it
 *
 * A row of steps, each of which knows whether it has anything to do: so a
 * second run changes nothing and says so, and --dry-run is the same code.  When
 * a step fails, the ones before it are undone.  What kernel C boots with is
 * replaced last, by a rename, after all else has worked.
 *
 * Runs in kernel A.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "checks.h"
#include "client.h"
#include "confirm.h"
#include "kj-cleanup.h"
#include "kj-io.h"
#include "kj-iomem.h"
#include "preflight.h"
#include "setup.h"
#include "verbs.h"

struct arguments {
	const char *target;		/* NULL or "auto": look for one */
	uint64_t size;
	bool encrypt, dry_run, yes;
};

static const struct kj_step *const steps[] = {
	&kj_step_key,
	&kj_step_file,
	&kj_step_conf,
	&kj_step_description,
	&kj_step_initramfs,
	&kj_step_service,
	&kj_step_load,
	&kj_step_replace,
};

#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* What was begun is undone: so no signal ends us at once. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaction(numbers[i], &action, NULL);
}

static int choose_from(struct kj_candidates *c, const struct arguments *a,
		       struct kj_reason *reason)
{
	if (c->n == 0)
		return kj_reason_set(reason, ENOENT, KJ_WHY_TARGET, "There is no place for the image: %s",
				     c->n_refused ? c->refused[c->n_refused - 1] : "");
	if (a->yes || a->dry_run || a->target || c->n == 1)
		return 1;
	puts("The image can go to:");
	for (size_t i = 0; i < c->n; i++)
		printf("  %zu. %s\n", i + 1, c->list[i].text);
	return kj_choose("Which one?", (int)c->n, reason);
}

static int choose_target(struct kj_setup *s, const struct arguments *a,
			 struct kj_reason *reason)
{
	kj_autofree struct kj_candidates *found = NULL;
	uint64_t size = a->size;
	int n;

	if (!size)
		size = kj_preflight_image_max(kj_ram().pages * 4096);
	size = (size + (1 << 20) - 1) >> 20 << 20;
	if (a->target && strcmp(a->target, "auto") != 0)
		return kj_candidate_of(&s->conf, a->target, size, &s->choice, reason);
	/* what was decided before is not decided otherwise without being asked */
	if (!a->target && *s->conf.target) {
		n = kj_candidate_of(&s->conf, s->conf.target, size, &s->choice, reason);
		if (n == 0 || a->yes || a->dry_run)
			return n;
	}
	found = calloc(1, sizeof(*found));
	if (!found)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_TARGET, "Out of memory");
	kj_candidates_find(&s->conf, size, found);
	for (size_t i = 0; i < found->n_refused; i++)
		printf("Not offered: %s\n", found->refused[i]);
	n = choose_from(found, a, reason);
	if (n > 0) {
		s->choice = found->list[n - 1];
		found->list[n - 1] = (struct kj_candidate){ 0 };
	}
	kj_candidates_done(found);
	return n < 0 ? n : 0;
}

/* The configuration that will be, to plan with. */
static int set_wanted(struct kj_setup *s, const struct arguments *a, struct kj_reason *reason)
{
	char *target = strdup(s->choice.target);

	if (!target)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "Out of memory");
	free(s->conf.target);
	s->conf.target = target;
	if (a->encrypt && s->conf.lock == KJ_LOCK_KEYFILE)
		return kj_reason_set(reason, EEXIST, KJ_WHY_CONFIG,
				     "Encryption= names a key file, %s: remove that line, and --encrypt asks for a passphrase",
				     s->conf.keyfile);
	if (a->encrypt)
		s->conf.lock = KJ_LOCK_PASSPHRASE;
	return 0;
}

/* Returns the number of steps that have something to do. */
static int print_plan(struct kj_setup *s)
{
	int n = 0;

	printf("The image goes to %s.\n", s->choice.text);
	for (size_t i = 0; i < N_STEPS; i++) {
		char text[512];
		int todo = steps[i]->plan(s, text, sizeof(text));

		if (todo < 0)
			continue;
		printf("  %s %s\n", todo ? "to do: " : "is so: ", text);
		n += todo;
	}
	fflush(stdout);
	return n;
}

static void undo(struct kj_setup *s, size_t last)
{
	puts("Undoing what was done.");
	for (size_t i = last + 1; i-- > 0;)
		steps[i]->undo(s);
}

static int apply(struct kj_setup *s, struct kj_reason *reason)
{
	for (size_t i = 0; i < N_STEPS; i++) {
		char text[512];
		int r = steps[i]->plan(s, text, sizeof(text));

		if (r <= 0)
			continue;
		printf("%s ...\n", text);
		fflush(stdout);
		r = steps[i]->apply(s, reason);
		if (r == 0 && interrupted)
			r = kj_reason_set(reason, EINTR, KJ_WHY_CONFIG, "Interrupted by signal %d",
					  (int)interrupted);
		if (r < 0) {
			undo(s, i);
			return r;
		}
	}
	return 0;
}

static int set_up(struct kj_setup *s, const struct arguments *a, struct kj_reason *reason)
{
	int r = kj_preflight_kernel(reason);

	if (r == 0)
		r = choose_target(s, a, reason);
	if (r == 0)
		r = set_wanted(s, a, reason);
	if (r < 0)
		return r;
	if (print_plan(s) == 0) {
		puts("There is nothing to do.");
		return 0;
	}
	if (a->dry_run)
		return 0;
	r = kj_confirm("Do this? [y/N]", a->yes, reason);
	return r < 0 ? r : apply(s, reason);
}

static void setup_done(struct kj_setup *s)
{
	kj_conf_done(&s->conf);
	kj_candidate_done(&s->choice);
	free(s->old_conf.bytes);
	free(s->old_description.bytes);
	free(s->new_initramfs);
	free(s->initramfs);
	sd_bus_flush_close_unref(s->bus);
}

static const struct argp_option options[] = {
	{ "target", 't', "TARGET", 0, "A device, a tag such as PARTUUID=..., a file that is there or "
	  "is to be made, or \"auto\"", 0 },
	{ "size", 's', "SIZE", 0, "Of a file that is made (enough for all of the memory)", 0 },
	{ "encrypt", 'e', NULL, 0, "Encrypt images; asks for a new passphrase if there is no key yet", 0 },
	{ "dry-run", 'n', NULL, 0, "Say what would be done, and change nothing", 0 },
	{ "yes", 'y', NULL, 0, "Ask nothing but a new passphrase; take the configured target, or else the best", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 't':
		a->target = arg;
		return 0;
	case 's':
		if (kj_parse_size(arg, &a->size) < 0 || a->size < 16 << 20)
			argp_error(state, "--size wants 16M or more, not \"%s\"", arg);
		return 0;
	case 'e':
		a->encrypt = true;
		return 0;
	case 'n':
		a->dry_run = true;
		return 0;
	case 'y':
		a->yes = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(const struct arguments *a, struct kj_reason *reason)
{
	struct kj_setup s = { 0 };
	struct utsname u;
	int r;

	if (geteuid() != 0)
		return kj_reason_set(reason, EPERM, KJ_WHY_CONFIG,
				     "This changes the system: run it as root");
	if (uname(&u) < 0 || kj_conf_load("", true, &s.conf) < 0)
		return kj_reason_set(reason, ENOMEM, KJ_WHY_CONFIG, "Out of memory");
	s.release = u.release;
	r = sd_bus_open_system(&s.bus);
	if (r < 0)
		kj_reason_set(reason, r, KJ_WHY_CONFIG,
			      "Cannot connect to the system bus: %m; is this machine booted with systemd?");
	else
		r = set_up(&s, a, reason);
	setup_done(&s);
	return r;
}

int verb_setup(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Makes this machine ready to hibernate: target, configuration, key, initramfs, "
		       "service; ends as \"kjumpctl check\" does.  Never overwrites anything.",
	};
	struct kj_reason reason = { 0 };
	struct arguments a = { 0 };
	struct kj_checks checks;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	catch_signals();
	if (run(&a, &reason) < 0) {
		fflush(stdout);
		fprintf(stderr, "kjumpctl: %s\n", reason.text);
		return KJ_EXIT_FAILED;
	}
	if (a.dry_run)
		return KJ_EXIT_OK;
	putchar('\n');
	kj_checks_run(&checks);
	kj_checks_print(&checks, false);
	return kj_checks_exit(&checks);
}
