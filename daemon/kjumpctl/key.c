// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kjumpctl key: a new key pair for Encryption=passphrase.
 *
 * Runs in kernel A.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "flag.h"
#include "kj-cleanup.h"
#include "kj-key.h"
#include "prompt.h"
#include "recipient.h"
#include "setup.h"
#include "verbs.h"

#define SHORTEST 8

static const struct argp_option options[] = {
	{ "replace", 'r', NULL, 0, "There may be a key already; images that it locked stay its own", 0 },
	{ 0 }
};

/* Twice, so that a slip of the finger does not lock a system in. */
static int ask_twice(char *passphrase, struct kj_reason *reason)
{
	char again[KJ_PASSPHRASE_MAX];
	int len, r;

	len = kj_prompt("New passphrase:", passphrase);
	if (len < 0)
		return kj_reason_set(reason, len, KJ_WHY_CONFIG, "No passphrase was given: %m");
	if (len < SHORTEST)
		return kj_reason_set(reason, EINVAL, KJ_WHY_CONFIG,
				     "The passphrase has %d bytes: it needs %d or more",
				     len, SHORTEST);
	r = kj_prompt("The same again:", again);
	if (r != len || memcmp(passphrase, again, (size_t)len) != 0)
		len = kj_reason_set(reason, EINVAL, KJ_WHY_CONFIG,
				    "The two passphrases differ: nothing was changed");
	explicit_bzero(again, sizeof(again));
	return len;
}

int kj_make_key(bool replace, struct kj_reason *reason)
{
	char passphrase[KJ_PASSPHRASE_MAX];
	struct kj_recipient recipient;
	struct kj_error error;
	int r = ask_twice(passphrase, reason);

	if (r >= 0)
		r = kj_recipient_generate(passphrase, (size_t)r, kj_cost_default(),
					  &recipient, &error);
	explicit_bzero(passphrase, sizeof(passphrase));
	if (r < 0)
		return reason->error ? r : kj_reason_set(reason, r, KJ_WHY_CONFIG,
							 "No key was made: %s", error.text);
	r = kj_recipient_save(&recipient, replace, reason);
	explicit_bzero(&recipient, sizeof(recipient));
	return r;
}

int verb_key(int argc, char **argv)
{
	static const char doc[] =
		"Makes the key for Encryption=passphrase.  Asks for a passphrase, "
		"which is needed again after power-on.";
	struct kj_reason reason = { 0 };
	bool replace = kj_parse_flag(argc, argv, options, doc);

	if (kj_make_key(replace, &reason) < 0) {
		fprintf(stderr, "kjumpctl: %s\n", reason.text);
		return KJ_EXIT_FAILED;
	}
	puts("Written to " KJ_RECIPIENT_FILE ".  Set Encryption=passphrase in /etc/kjump.conf, and run\n"
	     "kjumpctl setup, which rebuilds the initramfs, so that it can ask for the passphrase.");
	return KJ_EXIT_OK;
}
